package bind

import (
	"slices"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Qualify is columns for clauses that are bound later, as ORDER BY.
func (q *Query) Qualify(e ast.Expr, clause string) (ast.Expr, error) { return q.columns(e, clause) }

// columns qualifies every column of an expression with the alias of its source. A name
// that no source has stays as it is where it may still mean something: the bounds of the
// query's own window, or the synthetic key of a join.
func (q *Query) columns(e ast.Expr, clause string) (ast.Expr, error) {
	if e == nil {
		return nil, nil
	}
	if q.LegacySubstring {
		var err error
		if e, err = Rewrite(e, legacySubstring); err != nil {
			return nil, err
		}
	}
	return Rewrite(e, func(e ast.Expr, shadowed map[string]bool) (ast.Expr, error) {
		switch e := e.(type) {
		case *ast.ColumnRef:
			if e.Qualifier.Empty() && shadowed[e.Name.Name] {
				return e, nil
			}
			return q.column(e, clause)
		case *ast.Lambda:
			return nil, q.checkLambda(e, shadowed)
		case *ast.FunctionCall:
			return nil, checkCall(e)
		}
		return nil, nil
	})
}

// checkCall refuses what calls may have in queries that end only.
func checkCall(e *ast.FunctionCall) error {
	what, pos := "window functions are", e.Pos()
	switch {
	case e.Over != nil:
		pos = e.Over.Pos()
	case e.Within:
		what = "WITHIN GROUP is"
	case e.OrderBy != nil:
		what, pos = "ORDER BY inside of a call is", e.OrderBy[0].Expr.Pos()
	default:
		return nil
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, "%s not supported in a continuous query", what).At(pos)
}

// legacySubstring is what a call of SUBSTRING means that counts from 0 and takes an end: NULL
// outside of the text. It is nil for anything else.
func legacySubstring(e ast.Expr, _ map[string]bool) (ast.Expr, error) {
	call, ok := e.(*ast.FunctionCall)
	if !ok || !strings.EqualFold(call.Name.Name, "SUBSTRING") || len(call.Args) < 2 || len(call.Args) > 3 {
		return nil, nil
	}
	args := make([]ast.Expr, len(call.Args))
	for i, a := range call.Args {
		var err error
		if args[i], err = Rewrite(a, legacySubstring); err != nil {
			return nil, err
		}
	}
	number := func(n int64) ast.Expr { return &ast.Int{Loc: call.Loc, Value: n} }
	binary := func(op ast.BinaryOp, l, r ast.Expr) ast.Expr { return &ast.Binary{Loc: call.Loc, Op: op, L: l, R: r} }
	length := &ast.FunctionCall{Loc: call.Loc, Name: ast.Ident{Loc: call.Loc, Name: "LEN"}, Args: args[:1]}
	inside := binary(ast.And, binary(ast.Ge, args[1], number(0)), binary(ast.Le, args[1], length))
	now := *call
	now.Args = []ast.Expr{args[0], binary(ast.Add, args[1], number(1))}
	if len(args) == 3 {
		inside = binary(ast.And, inside, binary(ast.And, binary(ast.Ge, args[2], args[1]), binary(ast.Le, args[2], length)))
		now.Args = append(now.Args, binary(ast.Sub, args[2], args[1]))
	}
	return &ast.Case{Loc: call.Loc, Whens: []ast.When{{Cond: inside, Result: &now}}}, nil
}

func (q *Query) checkLambda(e *ast.Lambda, shadowed map[string]bool) error {
	for _, p := range e.Params {
		if shadowed[p.Name] {
			return sqlerr.New(sqlerr.DuplicateAlias, "Reusing lambda arguments in nested lambda is not allowed").At(p.Pos())
		}
		for _, s := range q.Sources {
			if s.Src.Schema.Find(p.Name) >= 0 {
				return sqlerr.New(sqlerr.DuplicateAlias, "Lambda function argument can't be a column name: %s", p.Name).At(p.Pos())
			}
		}
	}
	return nil
}

// column finds the source of a column.
func (q *Query) column(ref *ast.ColumnRef, clause string) (ast.Expr, error) {
	name := ref.Name.Name
	if !ref.Qualifier.Empty() {
		s := q.sourceNamed(ref.Qualifier)
		if s == nil {
			return nil, q.unknownAlias(ref.Qualifier)
		}
		if q.Window != nil && windowBound(name) && s.Src.Window == nil && clause != "WHERE" {
			return &ast.ColumnRef{Loc: ref.Loc, Name: ref.Name}, nil
		}
		if real, ok := s.column(name, ref.Name.Quoted && q.folds()); ok {
			return qualified(ref.Loc, s.Alias, real), nil
		}
		return nil, q.unknownColumn(s.Alias+"."+name, ref, clause)
	}
	if q.Window != nil && windowBound(name) && clause != "WHERE" {
		if len(q.Joins) > 0 && !q.Standard {
			return nil, q.unknownColumn(name, ref, clause)
		}
		return ref, nil
	}
	var found []*Source
	real := name
	for _, quoted := range []bool{false, ref.Name.Quoted && q.folds()} {
		for _, s := range q.Sources {
			if r, ok := s.column(name, quoted); ok {
				found, real = append(found, s), r
			}
		}
		if len(found) > 0 {
			break
		}
	}
	switch {
	case len(found) == 1:
		return qualified(ref.Loc, found[0].Alias, real), nil
	case len(found) > 1:
		var could []string
		for _, s := range found {
			could = append(could, s.Alias+"."+name)
		}
		slices.Sort(could)
		prefix := Prefix(q.Text, ref.Pos())
		if q.Standard {
			prefix = ""
		}
		return nil, sqlerr.New(sqlerr.AmbiguousColumn, "%sColumn '%s' is ambiguous. Could be %s.", prefix, name, or(could)).At(ref.Pos())
	case len(q.Joins) > 0 && strings.HasPrefix(name, "ROWKEY") && clause != "JOIN ON":
		return ref, nil // perhaps the join's synthetic key: known when the joins are
	case q.Window != nil && windowBound(name):
		return nil, sqlerr.New(sqlerr.UndefinedColumn, "Error in %s expression: Unknown column %s.", clause, name).At(ref.Pos())
	}
	if function.Niladic(name) && !ref.Name.Quoted {
		return &ast.FunctionCall{Loc: ref.Loc, Name: ref.Name}, nil
	}
	return nil, q.unknownColumn(name, ref, clause)
}

func windowBound(name string) bool { return name == types.WindowStart || name == types.WindowEnd }

// column finds a column or pseudo column of a source; a quoted name may fall back to its
// folded form, as Postgres clients expect.
func (s *Source) column(name string, quoted bool) (string, bool) {
	if s.has(name) {
		return name, true
	}
	if up := strings.ToUpper(name); quoted && up != name && s.has(up) {
		return up, true
	}
	return "", false
}

func (s *Source) has(name string) bool {
	switch name {
	case types.RowTime, types.RowPartition, types.RowOffset:
		return true
	case types.WindowStart, types.WindowEnd:
		return s.Src.Window != nil
	}
	return s.Src.Schema.Find(name) >= 0
}

// TypeOfColumn is the type of a column or pseudo column of a source.
func (s *Source) TypeOfColumn(name string) (types.Type, bool) {
	switch name {
	case types.RowTime, types.RowOffset:
		return types.BigintType, true
	case types.RowPartition:
		return types.IntType, true
	case types.WindowStart, types.WindowEnd:
		return types.BigintType, s.Src.Window != nil
	}
	if i := s.Src.Schema.Find(name); i >= 0 {
		return s.Src.Schema.Columns[i].Type, true
	}
	return types.Type{}, false
}

// TypeOf is the type of a qualified expression over the columns of the sources.
func (q *Query) TypeOf(e ast.Expr) (types.Type, error) {
	bound, err := expr.Bind(e, sourceScope{q}, expr.Options{Standard: q.Standard, Params: q.Params, Type: CustomTypes(q.Catalog)})
	if err != nil {
		return types.Type{}, err
	}
	return bound.Type, nil
}

// sourceScope knows the types of the sources' columns; their indexes mean nothing.
type sourceScope struct{ q *Query }

// Lookup implements expr.Scope.
func (s sourceScope) Lookup(qualifier, name string) []expr.Column {
	var out []expr.Column
	for _, src := range s.q.Sources {
		if t, ok := src.TypeOfColumn(name); ok && (qualifier == "" || qualifier == src.Alias) {
			out = append(out, expr.Column{Qualifier: src.Alias, Name: name, Type: t})
		}
	}
	return out
}

// All implements expr.Scope.
func (s sourceScope) All() []expr.Column {
	var out []expr.Column
	for _, src := range s.q.Sources {
		for _, c := range src.Src.Schema.Columns {
			out = append(out, expr.Column{Qualifier: src.Alias, Name: c.Name, Type: c.Type})
		}
	}
	return out
}

// SourceOf finds a source by its alias.
func (q *Query) SourceOf(alias string) *Source {
	for _, s := range q.Sources {
		if s.Alias == alias {
			return s
		}
	}
	return nil
}

// sourceNamed finds a source by alias, else by its own name.
func (q *Query) sourceNamed(name ast.Ident) *Source {
	if s := q.SourceOf(name.Name); s != nil {
		return s
	}
	for _, s := range q.Sources {
		if s.Src.Name == name.Name || name.Quoted && s.Alias == strings.ToUpper(name.Name) {
			return s
		}
	}
	return nil
}

func (q *Query) unknownAlias(name ast.Ident) error {
	err := sqlerr.New(sqlerr.UndefinedTable, "Failed to prepare statement: '%s' is not a valid stream/table name or alias.", name.Name).At(name.Pos())
	var names []string
	for _, s := range q.Sources {
		names = append(names, s.Alias)
	}
	if best := sqlerr.Closest(name.Name, names); best != "" {
		err.Hint("Perhaps you meant %s.", best)
	}
	return err
}

// unknownColumn is the error for a column that no source has, with the nearest one as a
// hint.
func (q *Query) unknownColumn(shown string, ref *ast.ColumnRef, clause string) error {
	reason := "cannot be resolved."
	if clause == "PARTITION BY" {
		reason = "cannot be resolved. '" + shown + "' must be a column in the source schema since PARTITION BY is applied on the input."
	}
	err := sqlerr.New(sqlerr.UndefinedColumn, "%s%s column '%s' %s", Prefix(q.Text, ref.Pos()), clause, shown, reason).At(ref.Pos())
	if q.Standard {
		err = sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", shown).At(ref.Pos())
	}
	var names []string
	owner := map[string]*Source{}
	for _, s := range q.Sources {
		for _, c := range s.Src.Schema.Columns {
			names = append(names, c.Name)
			owner[c.Name] = s
		}
	}
	if best := sqlerr.Closest(ref.Name.Name, names); best != "" {
		s := owner[best].Src
		err.Hint("Perhaps you meant the column %q of %s %q.", best, strings.ToLower(s.Keyword()), s.Name)
	}
	return err
}

// folds says that a quoted name without an exact match falls back to its folded form: for
// the clients that quote what they read in lower case.
func (q *Query) folds() bool { return q.Standard || q.Bounded }
