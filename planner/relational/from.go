package relational

import (
	"strings"

	"tailrace/planner/bind"
	"tailrace/planner/logical"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// relations binds what stands in FROM. left is what stands to the left of it: lateral items
// see it.
func (k *block) relations(r ast.Relation, left *from) (*from, error) {
	switch r := r.(type) {
	case *ast.Table:
		return k.table(r)
	case *ast.Derived:
		return k.derived(r, left)
	case *ast.TableFunction:
		return k.tableFunction(r, left)
	case *ast.Join:
		return k.join(r, left)
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "this kind of relation is not supported").At(r.Pos())
}

func one(n algebra.Node, r *relation) *from { return &from{node: n, rels: []*relation{r}} }

// table is a common table expression, stream or table by its name.
func (k *block) table(t *ast.Table) (*from, error) {
	b := k.b
	alias := t.Alias.Name
	if c := k.ctes.find(t.Name.Name); c != nil && t.Name.Schema.Empty() {
		if alias == "" {
			alias = t.Name.Name
		}
		n, r := b.shared(c, alias)
		return one(n, r), r.rename(t.Columns, t.Pos())
	}
	src, ok := b.Catalog.Lookup(t.Name.Name, t.Name.Quoted)
	if !ok {
		return nil, bind.UnknownSource(b.Catalog, t.Name)
	}
	if alias == "" {
		alias = src.Name
	}
	n, r := b.scan(src, alias, t.Pos())
	return one(n, r), r.rename(t.Columns, t.Pos())
}

// shared reads a common table expression under new ids.
func (b *binder) shared(c *cte, alias string) (algebra.Node, *relation) {
	r := &relation{alias: alias}
	var ids []algebra.ID
	for _, o := range c.cols {
		id := b.column(o.name, b.cols[o.id].Type)
		ids = append(ids, id)
		r.fields = append(r.fields, field{name: o.name, id: id})
	}
	if c.working {
		return &algebra.Working{CTE: c.plan, IDs: ids}, r
	}
	return &algebra.Shared{CTE: c.plan, IDs: ids}, r
}

// scan reads a stream or table.
func (b *binder) scan(src *catalog.Source, alias string, pos int) (algebra.Node, *relation) {
	topic := logical.FullScan(src)
	n := &algebra.Scan{Name: src.Name, Table: src.Table, Topic: topic, Pos: pos}
	view := src.Table && b.Kept(src)
	if view {
		n.Topic = nil
	}
	r := &relation{alias: alias, source: src}
	hidden := map[string]bool{}
	for _, name := range src.Hidden {
		hidden[name] = true
	}
	for _, p := range pseudo {
		hidden[p] = true
	}
	for i, c := range topic.Out.Columns {
		if p := topic.Fields[i].Pseudo; view && (p == types.RowPartition || p == types.RowOffset) {
			continue // a row of a view has no place in a topic
		}
		id := b.column(c.Name, c.Type)
		b.cols[id].In = c.In
		n.IDs, n.Names = append(n.IDs, id), append(n.Names, c.Name)
		if src.Table && c.In == types.InKey && topic.Fields[i].Pseudo == "" {
			n.Keys = append(n.Keys, id)
		}
		r.fields = append(r.fields, field{name: c.Name, id: id, pseudo: hidden[c.Name]})
	}
	return n, r
}

// rename gives the first columns of a relation other names.
func (r *relation) rename(names []ast.Ident, pos int) error {
	visible := 0
	for i := range r.fields {
		if r.fields[i].pseudo {
			continue
		}
		if visible < len(names) {
			r.fields[i].name = names[visible].Name
		}
		visible++
	}
	if len(names) > visible {
		return sqlerr.New(sqlerr.InvalidColumnReference, "table %q has %d columns available but %d columns specified", r.alias, visible, len(names)).At(pos)
	}
	return nil
}

// lateral is the scope of what may see the relations to its left.
func (k *block) lateral(left *from) *scope {
	if left == nil {
		return k.outer
	}
	return &scope{parent: k.outer, from: *left, b: k.b}
}

func (k *block) derived(d *ast.Derived, left *from) (*from, error) {
	outer := k.outer
	if d.Lateral {
		outer = k.lateral(left)
	}
	q, err := k.b.query(d.Query, outer, k.ctes)
	if err != nil {
		return nil, err
	}
	r := &relation{alias: d.Alias.Name}
	seen := map[algebra.ID]bool{}
	for _, c := range q.cols {
		id := c.id
		if seen[id] { // the same column twice
			id = k.b.column(c.name, k.b.cols[c.id].Type)
			q.node = &algebra.Compute{Input: q.node, IDs: []algebra.ID{id}, Exprs: []*expr.Expr{k.b.ref(c.id, 0)}}
		}
		seen[id] = true
		r.fields = append(r.fields, field{name: c.name, id: id})
	}
	return one(q.node, r), r.rename(d.Columns, d.Pos())
}

// tableFunction is a function in FROM: a table function, or one that gives one value.
func (k *block) tableFunction(t *ast.TableFunction, left *from) (*from, error) {
	inner := &block{b: k.b, outer: k.outer, ctes: k.ctes, node: &algebra.Values{Rows: [][]*expr.Expr{nil}}}
	inner.scope = k.lateral(left)
	if inner.scope == nil {
		inner.scope = &scope{b: k.b}
	}
	r := &relation{alias: t.Alias.Name}
	name := strings.ToUpper(t.Call.Name.Name)
	if !k.b.isTable(t.Call) {
		e, err := inner.expr(t.Call, "FROM")
		if err != nil {
			return nil, err
		}
		id := k.b.column(t.Alias.Name, e.Type)
		r.fields = []field{{name: t.Alias.Name, id: id}}
		return one(&algebra.Compute{Input: inner.node, IDs: []algebra.ID{id}, Exprs: []*expr.Expr{e}}, r), r.rename(t.Columns, t.Pos())
	}
	n := &algebra.Unnest{Ordinality: -1}
	calls := []*ast.FunctionCall{t.Call}
	if name == "UNNEST" && len(t.Call.Args) > 1 { // several arrays side by side
		calls = nil
		for _, a := range t.Call.Args {
			c := *t.Call
			c.Args = []ast.Expr{a}
			calls = append(calls, &c)
		}
	}
	for _, c := range calls {
		call, err := inner.tableCall(c)
		if err != nil {
			return nil, err
		}
		field := field{name: t.Alias.Name, id: k.b.column(t.Alias.Name, call.Type)}
		n.Calls, n.IDs, r.fields = append(n.Calls, call), append(n.IDs, field.id), append(r.fields, field)
	}
	if t.Ordinality {
		n.Ordinality = k.b.column("ORDINALITY", types.BigintType)
		r.fields = append(r.fields, field{name: "ORDINALITY", id: n.Ordinality})
	}
	n.Input = inner.node
	return one(n, r), r.rename(t.Columns, t.Pos())
}

// tableCall binds a call of a table function.
func (k *block) tableCall(call *ast.FunctionCall) (algebra.TableCall, error) {
	args, given, err := k.callArgs(call.Args, "SELECT")
	if err != nil {
		return algebra.TableCall{}, err
	}
	bound, err := function.ResolveTableVariant(call.Name.Name, given, function.Variant{Standard: k.b.Standard, Numeric: k.b.Standard})
	if err != nil {
		return algebra.TableCall{}, position(err, call.Pos())
	}
	for i, t := range bound.ArgTypes {
		args[i] = expr.Cast(args[i], t, k.b.Standard)
	}
	return algebra.TableCall{Name: strings.ToUpper(call.Name.Name), Overload: bound.Canonical, Args: args, Type: bound.Result}, nil
}

// callArgs binds the arguments of a call and describes them for resolution.
func (k *block) callArgs(list []ast.Expr, clause string) ([]*expr.Expr, []function.ArgType, error) {
	var args []*expr.Expr
	var given []function.ArgType
	for _, a := range list {
		e, err := k.expr(a, clause)
		if err != nil {
			return nil, nil, err
		}
		g := function.ArgType{Type: e.Type, Text: k.b.show(a)}
		if e.Op == expr.OpLiteral && (k.b.Standard || ast.Literal(a)) {
			g.Literal, g.Value = true, e.Value.V
		}
		args, given = append(args, e), append(given, g)
	}
	return args, given, nil
}

func (b *binder) show(e ast.Expr) string {
	if b.Show != nil {
		return b.Show(e)
	}
	return ast.Shown(e)
}

// position gives a user's error a place if it has none.
func position(err error, pos int) error {
	if e, ok := sqlerr.As(err); ok {
		e.At(pos)
	}
	return err
}
