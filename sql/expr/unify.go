package expr

import (
	"slices"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Unify brings expressions to their common type, as those of a column of VALUES or of the
// queries of a UNION; all NULL are text. Parameters without a type get it.
func Unify(es []*Expr, opts Options) (types.Type, []*Expr, error) {
	b := &binder{scope: NoColumns, opts: opts}
	var common types.Type
	for _, e := range es {
		t, ok, err := commonWith(common, e)
		if err == nil && !ok {
			err = sqlerr.New(sqlerr.DatatypeMismatch, "types %s and %s cannot be matched", common, e.Type).
				Hint("Cast one of them: CAST(x AS %s).", common)
		}
		if err != nil {
			return common, nil, plainError(err, e.Pos)
		}
		common = t
	}
	if common.Kind == types.Null {
		common = types.StringType
	}
	if opts.Standard && common.Kind == types.Decimal && slices.ContainsFunc(es, func(e *Expr) bool { return !e.Type.Equal(common) }) {
		common = types.NumericType // each keeps its digits
	}
	out := make([]*Expr, len(es))
	for i, e := range es {
		var err error
		if out[i], err = b.convert(e, common); err != nil {
			return common, nil, plainError(err, e.Pos)
		}
	}
	return common, out, nil
}

// CompareOf binds l op r, two values that are bound already; op is of a comparison.
func CompareOf(op ast.BinaryOp, l, r *Expr, opts Options) (*Expr, error) {
	b := &binder{scope: NoColumns, opts: opts}
	out, err := b.compare(op, shownAs(l), l, shownAs(r), r)
	if err != nil {
		return nil, plainError(err, l.Pos)
	}
	return out, nil
}

// shownAs stands for a bound expression in messages.
func shownAs(e *Expr) ast.Expr {
	return &ast.ColumnRef{Loc: ast.Loc(e.Pos), Name: ast.Ident{Name: pick(e.Name != "", e.Name, string(e.Op))}}
}

// plainError is the error for the user, without what marks the phase that found it.
func plainError(err error, pos int) error {
	if known, ok := sqlerr.As(err); ok {
		return known.At(pos)
	}
	return err
}

// Typed gives a parameter without a type, or a literal NULL, a type; others stay as they are.
func Typed(e *Expr, t types.Type, opts Options) *Expr {
	b := &binder{scope: NoColumns, opts: opts}
	return b.typed(e, t)
}
