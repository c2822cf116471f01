package relational

import (
	"slices"
	"strings"

	"tailrace/planner/plan/algebra"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// entry is an entry of the select list behind the expansion of *: an expression, or a column.
type entry struct {
	expr  ast.Expr
	id    algebra.ID // of a column; -1 for an expression
	name  string
	alias bool // name was written
	pos   int
}

// expand replaces the stars of a select list by columns.
func (k *block) expand(items []ast.SelectItem) ([]entry, error) {
	var out []entry
	for _, it := range items {
		switch it.Star {
		case ast.AllColumns:
			fields, err := k.star(it)
			if err != nil {
				return nil, err
			}
			for _, f := range fields {
				out = append(out, entry{id: f.id, name: f.name, pos: it.Pos()})
			}
		case ast.AllFields:
			fields, err := k.allFields(it)
			if err != nil {
				return nil, err
			}
			out = append(out, fields...)
		default:
			e := entry{expr: it.Expr, id: -1, name: it.Alias.Name, alias: !it.Alias.Empty(), pos: it.Pos()}
			if !e.alias {
				e.name = nameOf(it.Expr)
			}
			out = append(out, e)
		}
	}
	return out, nil
}

func (k *block) star(it ast.SelectItem) ([]field, error) {
	if it.Source.Name != "" {
		for _, r := range k.scope.rels {
			if !r.named(it.Source.Name) {
				continue
			}
			var out []field
			for _, f := range r.fields {
				if !f.pseudo {
					out = append(out, f)
				}
			}
			return out, nil
		}
		return nil, k.scope.unknown(&ast.ColumnRef{Loc: it.Loc, Qualifier: it.Source.Ident})
	}
	if len(k.scope.rels) == 0 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "SELECT * with no tables specified is not valid").At(it.Pos())
	}
	return k.scope.visible(), nil
}

// allFields expands struct->*.
func (k *block) allFields(it ast.SelectItem) ([]entry, error) {
	before := k.node
	e, err := k.expr(it.Expr, "SELECT")
	k.node = before // it is bound again for each field
	if err != nil {
		return nil, err
	}
	if e.Type.Kind != types.Struct {
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "%s is not a STRUCT type.", k.b.show(it.Expr)).At(it.Pos())
	}
	var out []entry
	for _, f := range e.Type.Fields {
		d := &ast.Deref{Loc: it.Loc, X: it.Expr, Field: ast.Ident{Loc: it.Loc, Name: f.Name, Quoted: true}}
		out = append(out, entry{expr: d, id: -1, name: f.Name, pos: it.Pos()})
	}
	return out, nil
}

// nameOf is the name PostgreSQL gives an expression without an alias.
func nameOf(e ast.Expr) string {
	if name := inner(e); name != "" {
		return name
	}
	return "?column?"
}

func inner(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ColumnRef:
		return e.Name.Name
	case *ast.FunctionCall:
		return e.Name.Name
	case *ast.Cast:
		if name := inner(e.X); name != "" {
			return name
		}
		return pgTypeName(e.Type)
	case *ast.Deref:
		return e.Field.Name
	case *ast.Subscript:
		return inner(e.X)
	case *ast.Slice:
		return inner(e.X)
	case *ast.Collate:
		return inner(e.X)
	case *ast.AtTimeZone:
		return "TIMEZONE"
	case *ast.Case:
		if e.Else != nil {
			if name := inner(e.Else); name != "" {
				return name
			}
		}
		return "CASE"
	case *ast.ArrayLit, *ast.ArrayQuery:
		return "ARRAY"
	case *ast.Row:
		return "ROW"
	case *ast.Exists:
		return "EXISTS"
	case *ast.Interval:
		return "INTERVAL"
	case *ast.Bool:
		return "BOOL"
	case *ast.Subquery:
		return ofQuery(e.Query)
	}
	return ""
}

// ofQuery is the name of the first column of a query.
func ofQuery(q ast.Query) string {
	switch q := q.(type) {
	case *ast.Select:
		if len(q.Items) == 1 && q.Items[0].Star == ast.NoStar {
			if it := q.Items[0]; !it.Alias.Empty() {
				return it.Alias.Name
			}
			return inner(q.Items[0].Expr)
		}
	case *ast.SetOp:
		return ofQuery(q.Left)
	case *ast.Values:
		return "COLUMN1"
	}
	return ""
}

// pgTypeName is the name of a type in PostgreSQL's catalog, in upper case.
func pgTypeName(t *ast.TypeName) string {
	switch t.Name {
	case "INT", "INTEGER", "INT4":
		return "INT4"
	case "BIGINT", "INT8":
		return "INT8"
	case "SMALLINT":
		return "INT2"
	case "DOUBLE", "FLOAT", "DOUBLE PRECISION":
		return "FLOAT8"
	case "DECIMAL", "NUMERIC":
		return "NUMERIC"
	case "BOOLEAN":
		return "BOOL"
	case "STRING":
		return "TEXT"
	case "CHAR":
		return "BPCHAR"
	}
	return t.Name
}

// selectList binds the entries: each is a column of the result.
func (k *block) selectList(list []entry, assign []types.Type) error {
	names, exprs := make([]string, len(list)), make([]*expr.Expr, len(list))
	for i, en := range list {
		e, err := k.entry(en)
		if err != nil {
			return err
		}
		if assign != nil {
			if e, err = k.b.assigned(e, assign[i], en); err != nil {
				return err
			}
		}
		if e.Type.Kind == types.Null && e.Op != expr.OpParam {
			if !k.b.Standard {
				return sqlerr.New(sqlerr.IndeterminateType, "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).").At(en.pos)
			}
			e = expr.Lit(types.StringType, nil)
		}
		names[i], exprs[i] = en.name, e
	}
	node, ids := k.b.compute(k.node, names, exprs)
	k.node = node
	for i, en := range list {
		it := item{output: output{name: en.name, id: ids[i]}, ast: en.expr}
		if e := exprs[i]; e.Op == expr.OpLiteral {
			it.expr = e
		}
		k.items = append(k.items, it)
	}
	return nil
}

// returning binds RETURNING behind the entries of an UPDATE or DELETE.
func (k *block) returning() error {
	rels := make([]*relation, len(k.scope.rels))
	for i, r := range k.scope.rels {
		if rels[i] = r; r.alias != k.b.Target {
			continue
		}
		now := *r
		now.fields = slices.Clone(r.fields)
		for _, it := range k.items {
			for j := range now.fields {
				if now.fields[j].name == it.name {
					now.fields[j].id = it.id
				}
			}
		}
		rels[i] = &now
	}
	k.scope.rels = rels
	list, err := k.expand(k.b.Returning)
	if err != nil {
		return err
	}
	return k.selectList(list, nil)
}

// assigned is a value as one of the column that it goes to: numbers become each other, and
// literals are read as what is wanted.
func (b *binder) assigned(e *expr.Expr, want types.Type, en entry) (*expr.Expr, error) {
	e = expr.Typed(e, want, b.options("SET"))
	if e.Type.Equal(want) {
		return e, nil
	}
	if e.Type.IsNumeric() && want.IsNumeric() {
		return expr.Cast(e, want, true), nil
	}
	out, err := expr.Coerce(e, want, true)
	if err != nil {
		if known, ok := sqlerr.As(err); ok && known.Code != sqlerr.DatatypeMismatch {
			return nil, known.At(en.pos)
		}
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "column %q is of type %s but expression is of type %s", strings.ToLower(en.name), want, e.Type).At(en.pos).
			Hint("You will need to rewrite or cast the expression.")
	}
	return out, nil
}

func (k *block) entry(en entry) (*expr.Expr, error) {
	if en.id < 0 {
		e, err := k.expr(en.expr, "SELECT")
		return e, position(err, en.pos)
	}
	if k.groups != nil {
		return k.groups.column(k, en.id, &ast.ColumnRef{Loc: ast.Loc(en.pos), Name: ast.Ident{Name: en.name}})
	}
	return k.b.ref(en.id, en.pos), nil
}

// order binds DISTINCT and ORDER BY, which share the result's columns.
func (k *block) order(s *ast.Select) error {
	distinct := s.Distinct && len(s.DistinctOn) == 0
	if distinct {
		k.distinct()
	}
	var order []algebra.Order
	for _, o := range s.OrderBy {
		id, err := k.sortKey(o.Expr, distinct)
		if err != nil {
			return err
		}
		order = append(order, orderOf(id, o))
	}
	var on []algebra.ID
	for i, e := range s.DistinctOn {
		id, err := k.sortKey(e, false)
		if err != nil {
			return err
		}
		if i < len(order) && !holds(order[:len(s.DistinctOn)], id) {
			return sqlerr.New(sqlerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions").At(e.Pos())
		}
		on = append(on, id)
	}
	if len(order) > 0 {
		k.node = &algebra.Sort{Input: k.node, Order: order}
	}
	if len(on) > 0 {
		d := &algebra.Distinct{Input: k.node, On: on}
		k.node = d
		if len(order) > 0 { // the rest of the order holds for what is left
			k.node = &algebra.Sort{Input: d, Order: order}
		}
	}
	return nil
}

func holds(order []algebra.Order, id algebra.ID) bool {
	for _, o := range order {
		if o.ID == id {
			return true
		}
	}
	return false
}

func orderOf(id algebra.ID, o ast.OrderItem) algebra.Order {
	first := o.Nulls == ast.NullsFirst || o.Nulls == ast.NullsDefault && o.Desc
	return algebra.Order{ID: id, Desc: o.Desc, NullsFirst: first}
}

// distinct drops rows that are equal in all columns of the result.
func (k *block) distinct() {
	d := &algebra.Distinct{Input: k.node}
	for _, it := range k.items {
		d.On = append(d.On, it.id)
	}
	k.node = d
}

// sortKey is the column to sort by: one of the result by number or name, or an expression.
// listed says that it must be in the select list.
func (k *block) sortKey(e ast.Expr, listed bool) (algebra.ID, error) {
	if n, ok := e.(*ast.Int); ok {
		if n.Value < 1 || n.Value > int64(len(k.items)) {
			return 0, sqlerr.New(sqlerr.InvalidColumnReference, "ORDER BY position %d is not in select list", n.Value).At(e.Pos())
		}
		return k.items[n.Value-1].id, nil
	}
	if ref, ok := e.(*ast.ColumnRef); ok && ref.Qualifier.Empty() {
		id, found, err := named(outputs(k.items), ref)
		if found || err != nil {
			return id, err
		}
	}
	bound, err := k.expr(e, "ORDER BY")
	if err != nil {
		return 0, err
	}
	if bound.Op == expr.OpLiteral && k.b.Standard {
		return 0, sqlerr.New(sqlerr.SyntaxError, "non-integer constant in ORDER BY").At(e.Pos())
	}
	id := k.computed(bound)
	if listed && !shows(k.items, id) {
		return 0, sqlerr.New(sqlerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list").At(e.Pos())
	}
	return id, nil
}

// computed is the column of an expression: one that is there, else a new one.
func (k *block) computed(e *expr.Expr) algebra.ID {
	for n := k.node; ; {
		switch c := n.(type) {
		case *algebra.Distinct:
			n = c.Input
			continue
		case *algebra.Sort:
			n = c.Input
			continue
		case *algebra.Compute:
			if at := find(c.Exprs, e); at >= 0 {
				return c.IDs[at]
			}
			n = c.Input
			continue
		}
		break
	}
	node, ids := k.b.compute(k.node, []string{"?column?"}, []*expr.Expr{e})
	k.node = node
	return ids[0]
}

func shows(items []item, id algebra.ID) bool {
	for _, it := range items {
		if it.id == id {
			return true
		}
	}
	return false
}

func outputs(items []item) []output {
	out := make([]output, len(items))
	for i, it := range items {
		out[i] = it.output
	}
	return out
}

// named finds the column of a result by its name; a name of several different ones is an
// error.
func named(cols []output, ref *ast.ColumnRef) (algebra.ID, bool, error) {
	for _, name := range spellings(ref.Name.Name) {
		found := -1
		for _, c := range cols {
			if c.name != name || c.id == found {
				continue
			}
			if found >= 0 {
				return 0, false, sqlerr.New(sqlerr.AmbiguousColumn, "ORDER BY %q is ambiguous", strings.ToLower(name)).At(ref.Pos())
			}
			found = c.id
		}
		if found >= 0 {
			return found, true, nil
		}
	}
	return 0, false, nil
}
