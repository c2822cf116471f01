package expr

import (
	"tailrace/sql/ast"
	"tailrace/sql/expr/kernel"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// comparison maps the operators to operations and to what ksqlDB's messages call them.
var comparison = map[ast.BinaryOp]struct {
	op   Op
	name string
}{
	ast.Eq: {OpEq, "EQUAL"}, ast.Ne: {OpNe, "NOT_EQUAL"},
	ast.Lt: {OpLt, "LESS_THAN"}, ast.Le: {OpLe, "LESS_THAN_OR_EQUAL"},
	ast.Gt: {OpGt, "GREATER_THAN"}, ast.Ge: {OpGe, "GREATER_THAN_OR_EQUAL"},
	ast.IsDistinct: {OpDistinct, "IS_DISTINCT_FROM"}, ast.IsNotDistinct: {OpNotDistinct, "IS_NOT_DISTINCT_FROM"},
}

// compare binds l op r, whose operands are bound already.
func (b *binder) compare(op ast.BinaryOp, la ast.Expr, l *Expr, ra ast.Expr, r *Expr) (*Expr, error) {
	var err error
	if l, r, err = b.magicTime(l, r); err != nil {
		return nil, err
	}
	l, r = b.beside(l, r.Type), b.beside(r, l.Type)
	l, r = b.literalFor(l, r.Type), b.literalFor(r, l.Type)
	if !b.opts.Standard && (l.Type.Kind == types.Null || r.Type.Kind == types.Null) {
		return nil, typeError{sqlerr.New(sqlerr.DatatypeMismatch,
			"Comparison with NULL not supported: %s %s %s\nUse 'IS NULL' or 'IS NOT NULL' instead.",
			l.Type.Kind, op, r.Type.Kind).At(ra.Pos())}
	}
	if l.Type.Kind == types.Null { // NULL = NULL, by the standard
		l, r = b.typed(l, types.BooleanType), b.typed(r, types.BooleanType)
	}
	lt, rt := l.Type, r.Type
	if l, r, err = b.alignTimes(l, r); err != nil {
		return nil, err
	}
	if l, r, err = b.alignNumbers(l, r); err != nil {
		return nil, err
	}
	if !comparable2(l.Type, r.Type) || !b.ordered(op, l.Type) {
		return nil, typeError{sqlerr.New(sqlerr.DatatypeMismatch, "Cannot compare %s (%s) to %s (%s) with %s.",
			b.show(la), lt, b.show(ra), rt, comparison[op].name).
			At(la.Pos()).Hint("You might need to add an explicit cast.")}
	}
	return &Expr{Op: comparison[op].op, Type: types.BooleanType, Args: []*Expr{l, r}, Standard: b.opts.Standard}, nil
}

// beside gives a parameter without a type, and by the standard a NULL, the type of what it is
// compared with.
func (b *binder) beside(x *Expr, t types.Type) *Expr {
	switch {
	case x.Op == OpParam && x.Type.Kind == types.Null:
		return b.typed(x, besideType(t))
	case x.Op == OpParam, b.opts.Standard:
		return b.typed(x, t)
	}
	return x
}

// besideType is the type of a parameter that is compared with a t. Beside a DECIMAL it has more
// digits on both sides of the point: it is compared as it came, and not rounded to the
// other's scale.
func besideType(t types.Type) types.Type {
	if t.Kind != types.Decimal {
		return t
	}
	spare := max((types.MaxPrecision-t.Precision)/2, 6)
	return types.DecimalOf(types.MaxPrecision, min(t.Scale+spare, types.MaxPrecision))
}

// ordered says that op is defined on a type: ksqlDB knows only equality of booleans and
// nested values.
func (b *binder) ordered(op ast.BinaryOp, t types.Type) bool {
	if op == ast.Eq || op == ast.Ne || op == ast.IsDistinct || op == ast.IsNotDistinct {
		return true
	}
	if b.opts.Standard {
		return t.Kind != types.Map
	}
	return t.Kind != types.Boolean && !t.IsNested()
}

// magicTime reads a string literal that is compared with a time column of the system as a
// timestamp, in milliseconds.
func (b *binder) magicTime(l, r *Expr) (*Expr, *Expr, error) {
	var err error
	switch {
	case isSystemTime(l):
		r, err = timeLiteral(r)
	case isSystemTime(r):
		l, err = timeLiteral(l)
	}
	return l, r, err
}

func isSystemTime(e *Expr) bool {
	return e.Op == OpColumn && e.Type.Kind == types.Bigint &&
		(e.Name == types.RowTime || e.Name == types.WindowStart || e.Name == types.WindowEnd)
}

func timeLiteral(e *Expr) (*Expr, error) {
	if e.Op != OpLiteral || e.Type.Kind != types.String {
		return e, nil
	}
	ts, err := types.ParseTimestamp(e.Value.V.(string))
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidDatetime, "%s", err.Error()).At(e.Pos)
	}
	lit := Lit(types.BigintType, int64(ts))
	lit.Pos = e.Pos
	return lit, nil
}

func isTime(t types.Type) bool {
	return t.Kind == types.Date || t.Kind == types.Time || t.Kind == types.Timestamp
}

// alignTimes reads text that is compared with a date or time as one, and a date that is
// compared with a timestamp as its midnight.
func (b *binder) alignTimes(l, r *Expr) (*Expr, *Expr, error) {
	var err error
	switch {
	case isTemporal(l.Type) && r.Type.Kind == types.String:
		r, err = b.readTime(r, l.Type)
	case isTemporal(r.Type) && l.Type.Kind == types.String:
		l, err = b.readTime(l, r.Type)
	case l.Type.Kind == types.Date && r.Type.Kind == types.Timestamp:
		l = Cast(l, types.TimestampType, b.opts.Standard)
	case r.Type.Kind == types.Date && l.Type.Kind == types.Timestamp:
		r = Cast(r, types.TimestampType, b.opts.Standard)
	}
	return l, r, err
}

func (b *binder) readTime(e *Expr, t types.Type) (*Expr, error) {
	if e.Op == OpLiteral && e.Value.V != nil {
		if _, err := kernel.ParseValue(e.Value.V.(string), t, b.opts.Standard); err != nil {
			if b.opts.Standard {
				return nil, err
			}
			return nil, sqlerr.New(sqlerr.InvalidDatetime, "%s", err.Error()).At(e.Pos)
		}
	}
	return Cast(e, t, b.opts.Standard), nil
}

// alignNumbers widens numbers, and nested types of numbers, to their common type.
// Decimals keep their scales.
func (b *binder) alignNumbers(l, r *Expr) (*Expr, *Expr, error) {
	if l.Type.Kind == types.Decimal && r.Type.Kind == types.Decimal {
		return l, r, nil
	}
	t, ok := CommonType(l.Type, r.Type)
	if !ok {
		return l, r, nil
	}
	if t.Kind == types.Decimal {
		return Cast(l, asDecimal(l.Type), b.opts.Standard), Cast(r, asDecimal(r.Type), b.opts.Standard), nil
	}
	return Cast(l, t, b.opts.Standard), Cast(r, t, b.opts.Standard), nil
}

// logical flattens chains of one operator into one node.
func (b *binder) logical(e *ast.Binary) (*Expr, error) {
	op := pick(e.Op == ast.And, OpAnd, OpOr)
	var parts []ast.Expr
	left := ast.Expr(e)
	for { // down the left side, which may be thousands deep
		l, ok := left.(*ast.Binary)
		if !ok || l.Op != e.Op {
			parts = append(parts, left)
			break
		}
		parts, left = append(parts, l.R), l.L
	}
	out := &Expr{Op: op, Type: types.BooleanType, Standard: b.opts.Standard}
	for i := len(parts) - 1; i >= 0; i-- {
		x, err := b.bind(parts[i])
		if err != nil {
			return nil, err
		}
		if x, err = b.condition(parts[i], x, e.Op.String()); err != nil {
			return nil, err
		}
		if x.Op == op && x.Standard == out.Standard {
			out.Args = append(out.Args, x.Args...)
		} else {
			out.Args = append(out.Args, x)
		}
	}
	return out, nil
}

// condition requires an operand of a logical operator to be BOOLEAN.
func (b *binder) condition(e ast.Expr, x *Expr, operator string) (*Expr, error) {
	x = b.typed(x, types.BooleanType)
	if x.Type.Kind != types.Boolean {
		return nil, typeError{sqlerr.New(sqlerr.DatatypeMismatch,
			"argument of %s must be BOOLEAN, not %s: %s", operator, x.Type, b.show(e)).At(e.Pos())}
	}
	return x, nil
}

func (b *binder) not(e *ast.Not) (*Expr, error) {
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	if x, err = b.condition(e.X, x, "NOT"); err != nil {
		return nil, err
	}
	return b.negated(x), nil
}

func (b *binder) negated(x *Expr) *Expr {
	return &Expr{Op: OpNot, Type: types.BooleanType, Args: []*Expr{x}, Standard: b.opts.Standard, Pos: x.Pos}
}

// isBool is x IS [NOT] TRUE or FALSE, which is never NULL.
func (b *binder) isBool(e *ast.IsBool) (*Expr, error) {
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	if x, err = b.condition(e.X, x, "IS"); err != nil {
		return nil, err
	}
	op := pick(e.Not, OpDistinct, OpNotDistinct)
	return &Expr{Op: op, Type: types.BooleanType, Args: []*Expr{x, Lit(types.BooleanType, e.Value)}, Standard: b.opts.Standard}, nil
}

func (b *binder) between(e *ast.Between) (*Expr, error) {
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	low, err := b.bind(e.Low)
	if err != nil {
		return nil, err
	}
	high, err := b.bind(e.High)
	if err != nil {
		return nil, err
	}
	ge, err := b.compare(ast.Ge, e.X, x, e.Low, low)
	if err != nil {
		return nil, err
	}
	le, err := b.compare(ast.Le, e.X, x, e.High, high)
	if err != nil {
		return nil, err
	}
	out := &Expr{Op: OpAnd, Type: types.BooleanType, Args: []*Expr{ge, le}, Standard: b.opts.Standard}
	if e.Not {
		return b.negated(out), nil
	}
	return out, nil
}

func (b *binder) like(e *ast.Like) (*Expr, error) {
	out := &Expr{Op: OpLike, Type: types.BooleanType, Name: pick(e.Fold, FoldCase, ""), Standard: b.opts.Standard}
	for _, a := range []ast.Expr{e.X, e.Pattern} {
		x, err := b.bind(a)
		if err != nil {
			return nil, err
		}
		if x = b.typed(x, types.StringType); x.Type.Kind != types.String {
			return nil, typeError{sqlerr.New(sqlerr.DatatypeMismatch, "operand of LIKE must be STRING, not %s: %s", x.Type, b.show(a)).
				At(a.Pos()).Hint("You might need to add an explicit cast.")}
		}
		out.Args = append(out.Args, x)
	}
	escape := e.Escape
	if escape == "" && b.opts.Standard {
		escape = `\`
	}
	if escape != "" {
		if len([]rune(escape)) != 1 {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "Expected single character escape but got: %s", escape).At(e.Pos())
		}
		out.Args = append(out.Args, Lit(types.StringType, escape))
	}
	if p := out.Args[1]; p.Op == OpLiteral && p.Value.V != nil {
		if _, err := kernel.CompileLike(p.Value.V.(string), firstRune(escape), e.Fold); err != nil {
			return nil, codeError{sqlerr.New(pick(b.opts.Standard, sqlerr.InvalidEscape, sqlerr.InvalidParameter), "%s", err.Error()).At(p.Pos)}
		}
	}
	if e.Not {
		return b.negated(out), nil
	}
	return out, nil
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}
