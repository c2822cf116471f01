// Package logical builds the tree of operators of a bound query.
//
// It speaks in the nodes of package plan, without what only running needs: state ids,
// repartitions, formats of internal topics. Package physical adds those.
//
//	CREATE STREAM AS SELECT   Project(Rekey?(FlatMap?(Filter?(from))))
//	with GROUP BY             Project(Filter?(Suppress?(Aggregate(Rekey(Filter?(from))))))
//	from                      Source, or a left-deep chain of joins of Sources
//
// Between operators, columns are found by what they are: each column of a relation knows
// the canonical text of the expression whose value it holds ("FLIGHTS.ORIGIN",
// "COUNT(*)"), and binding an expression replaces its largest parts that the input
// already holds. That one rule covers plain columns, grouping expressions, aggregates,
// PARTITION BY expressions, table functions and join keys.
package logical

import (
	"tailrace/planner/bind"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/types"
)

// relation is an operator's output while a query is built.
type relation struct {
	node plan.Node
	// holds says, for each column of the node's schema, which expression's value it is;
	// "" for columns that nothing may refer to.
	holds []string
	// windowed: the last two key columns are the bounds of a window.
	windowed bool
	// rekeyed: the rows are not partitioned by their key any more.
	rekeyed bool
	// from are the sources below.
	from []*bind.Source
}

func (r *relation) schema() types.Schema { return r.node.Schema() }

func (r *relation) table() bool { return plan.IsTable(r.node) }

// find is the first column that holds an expression, or -1.
func (r *relation) find(text string) int {
	for i, h := range r.holds {
		if h == text {
			return i
		}
	}
	return -1
}

// keys are the texts of the key columns, without the bounds of a window.
func (r *relation) keys() []string {
	var out []string
	for _, i := range r.schema().Key() {
		out = append(out, r.holds[i])
	}
	if r.windowed {
		out = out[:len(out)-2]
	}
	return out
}

// keyedBy says that the key is exactly the given expressions, in order.
func (r *relation) keyedBy(exprs []ast.Expr) bool {
	keys := r.keys()
	if len(keys) != len(exprs) {
		return false
	}
	for i, e := range exprs {
		if keys[i] != bind.Text(e) {
			return false
		}
	}
	return true
}

// source builds the scan of one source with every column that anything could ask for;
// what is not used is pruned later.
func (b *builder) source(s *bind.Source) *relation {
	src := s.Src
	n := &plan.Source{Name: src.Name, Topic: src.Topic, Declared: src.Schema, Key: plan.Format(src.Key), Value: plan.Format(src.Value)}
	n.Table = src.Table
	if src.Window != nil {
		n.Window = &plan.KeyWindow{Kind: src.Window.Kind, Size: src.Window.Size}
	}
	if src.Timestamp != nil {
		n.Timestamp = &plan.Timestamp{Column: src.Schema.Find(src.Timestamp.Column), Format: src.Timestamp.Format}
	}
	r := &relation{node: n, windowed: src.Window != nil, from: []*bind.Source{s}}
	add := func(name string, in types.Namespace, f plan.SourceField) {
		t, _ := s.TypeOfColumn(name)
		ref := columnOf(s.Alias, name)
		n.Out.Columns = append(n.Out.Columns, types.Column{Name: b.q.FlatName(ref), Type: t, In: in})
		n.Fields = append(n.Fields, f)
		r.holds = append(r.holds, bind.Text(ref))
	}
	for _, i := range src.Schema.Key() {
		add(src.Schema.Columns[i].Name, types.InKey, plan.SourceField{Column: i})
	}
	if r.windowed {
		add(types.WindowStart, types.InKey, plan.SourceField{Pseudo: types.WindowStart})
		add(types.WindowEnd, types.InKey, plan.SourceField{Pseudo: types.WindowEnd})
	}
	for i, c := range src.Schema.Columns {
		if c.In != types.InKey {
			add(c.Name, types.InValue, plan.SourceField{Column: i})
		}
	}
	for _, name := range []string{types.RowTime, types.RowPartition, types.RowOffset} {
		add(name, types.InValue, plan.SourceField{Pseudo: name})
	}
	return r
}

func columnOf(alias, name string) *ast.ColumnRef {
	return &ast.ColumnRef{Qualifier: ast.Ident{Name: alias}, Name: ast.Ident{Name: name}}
}

// FullScan reads a stream or table with every column that anything could ask for: its key,
// the bounds of its window, values, and the pseudo columns.
func FullScan(src *catalog.Source) *plan.Source {
	b := &builder{q: &bind.Query{Sources: []*bind.Source{{Alias: src.Name, Src: src}}}}
	return b.source(b.q.Sources[0]).node.(*plan.Source)
}

// Scan reads a table as it is declared: what a materialization of the table itself keeps.
func Scan(src *catalog.Source) plan.Node {
	b := &builder{q: &bind.Query{Sources: []*bind.Source{{Alias: src.Name, Src: src}}}}
	n := b.source(b.q.Sources[0]).node.(*plan.Source)
	declared := len(n.Fields) - 3 // without the pseudo columns
	n.Fields, n.Out.Columns = n.Fields[:declared], n.Out.Columns[:declared]
	return n
}
