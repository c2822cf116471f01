package rule_test

import (
	"strings"
	"testing"

	"tailrace/planner/explain"
	"tailrace/planner/plan"
	"tailrace/planner/rule"
	"tailrace/sql/expr"
	"tailrace/sql/types"
)

// source is S(K key, A, B, ROWTIME), a stream or a table.
func source(name string, table bool) *plan.Source {
	s := &plan.Source{Name: name, Topic: name, Key: plan.Format{Name: "KAFKA"}, Value: plan.Format{Name: "JSON"}}
	s.Declared = types.Schema{Columns: []types.Column{
		{Name: name + "_K", Type: types.IntType, In: types.InKey}, {Name: name + "_A", Type: types.IntType}, {Name: name + "_B", Type: types.StringType}}}
	s.Out.Columns = append(s.Out.Columns, s.Declared.Columns...)
	s.Out.Columns = append(s.Out.Columns, types.Column{Name: "ROWTIME", Type: types.BigintType})
	s.Fields = []plan.SourceField{{Column: 0}, {Column: 1}, {Column: 2}, {Pseudo: "ROWTIME"}}
	if s.Table = table; table {
		s.StateID = name
	}
	return s
}

func col(n plan.Node, i int) *expr.Expr {
	c := n.Schema().Columns[i]
	return expr.Col(i, c.Name, c.Type)
}

func greater(n plan.Node, i, than int) *expr.Expr {
	return &expr.Expr{Op: expr.OpGt, Type: types.BooleanType, Args: []*expr.Expr{col(n, i), expr.Lit(types.IntType, int32(than))}}
}

func both(a, b *expr.Expr) *expr.Expr {
	return &expr.Expr{Op: expr.OpAnd, Type: types.BooleanType, Args: []*expr.Expr{a, b}}
}

func filter(n plan.Node, p *expr.Expr) plan.Node {
	f := &plan.Filter{Input: plan.Ref{Node: n}, Predicate: p}
	f.Out, f.Table = n.Schema(), plan.IsTable(n)
	return f
}

// project selects columns of n; the first is the key.
func project(n plan.Node, columns ...int) plan.Node {
	p := &plan.Project{Input: plan.Ref{Node: n}}
	for i, c := range columns {
		out := n.Schema().Columns[c]
		out.In = types.InValue
		if i == 0 {
			out.In = types.InKey
		}
		p.Out.Columns, p.Exprs = append(p.Out.Columns, out), append(p.Exprs, col(n, c))
	}
	p.Table = plan.IsTable(n)
	return p
}

func rekey(n plan.Node, c int) plan.Node {
	r := &plan.Rekey{Input: plan.Ref{Node: n}, Keys: []*expr.Expr{col(n, c)}}
	key := n.Schema().Columns[c]
	key.In = types.InKey
	r.Out.Columns = append(r.Out.Columns, key)
	for _, out := range n.Schema().Columns {
		out.In = types.InValue
		r.Out.Columns = append(r.Out.Columns, out)
	}
	return r
}

// join looks rows of l up in r: the key, all other columns of l, those of r.
func join(l, r plan.Node) *plan.StreamTableJoin {
	j := &plan.StreamTableJoin{Left: plan.Ref{Node: l}, Right: plan.Ref{Node: r}, Type: plan.Inner, StateID: "Join"}
	add := func(n plan.Node, side string, skipKey bool) {
		for i, c := range n.Schema().Columns {
			if skipKey && c.In == types.InKey {
				continue
			}
			if side != "key" {
				c.In = types.InValue
			}
			j.Out.Columns, j.Output = append(j.Out.Columns, c), append(j.Output, plan.JoinColumn{Side: side, Column: i})
			if side == "key" {
				return
			}
		}
	}
	add(l, "key", false)
	add(l, "left", true)
	add(r, "right", false)
	return j
}

func text(t *testing.T, n plan.Node) string {
	t.Helper()
	q := &plan.Query{ID: "q", Root: plan.Ref{Node: n}}
	if err := plan.Check(q); err != nil {
		t.Fatal(err)
	}
	out := strings.Join(strings.Split(strings.TrimSpace(explain.Text(q)), "\n")[1:], "\n")
	return strings.ReplaceAll(out, ", key KAFKA, value JSON", "")
}

func TestRules(t *testing.T) {
	for _, tc := range []struct {
		name string
		tree func() plan.Node
		want string
	}{
		{"a source reads what the projection and the filter use", func() plan.Node {
			s := source("S", false)
			return project(filter(s, greater(s, 1, 5)), 0, 2)
		}, `
Project: S_K INTEGER KEY, S_B STRING
  S_K
  S_B
  Filter (S_A > 5)
    Source S (topic S): S_K INTEGER KEY, S_A INTEGER, S_B STRING`},
		{"the key of a stream goes when nobody works by it", func() plan.Node {
			return project(rekey(source("S", false), 1), 0, 3)
		}, `
Project: S_A INTEGER KEY, S_B STRING
  S_A
  S_B
  Rekey S_A
    Source S (topic S): S_A INTEGER, S_B STRING`},
		{"the key of a table stays", func() plan.Node {
			return project(source("T", true), 1, 2)
		}, `
Project: T_A INTEGER KEY, T_B STRING
  T_A
  T_B
  Source T (topic T): T_K INTEGER KEY, T_A INTEGER, T_B STRING state=T`},
		{"a source keeps a column to count rows by", func() plan.Node {
			p := &plan.Project{Input: plan.Ref{Node: source("S", false)}, Exprs: []*expr.Expr{expr.Lit(types.IntType, int32(1))}}
			p.Out.Columns = []types.Column{{Name: "ONE", Type: types.IntType}}
			return p
		}, `
Project: ONE INTEGER
  1
  Source S (topic S): S_K INTEGER KEY`},
		{"conditions on the stream go below a stream-table join, others stay", func() plan.Node {
			j := join(source("S", false), source("T", true))
			return project(filter(j, both(greater(j, 1, 5), greater(j, 5, 6))), 0, 1)
		}, `
Project: S_K INTEGER KEY, S_A INTEGER
  S_K
  S_A
  Filter (T_A > 6)
    StreamTableJoin INNER: S_K INTEGER KEY, S_A INTEGER, T_A INTEGER state=Join
      Filter (S_A > 5)
        Source S (topic S): S_K INTEGER KEY, S_A INTEGER
      Source T (topic T): T_K INTEGER KEY, T_A INTEGER state=T`},
		{"and below the new key, whose expression stands for it", func() plan.Node {
			j := join(rekey(source("S", false), 1), source("T", true))
			return project(filter(j, greater(j, 0, 5)), 0, 3)
		}, `
Project: S_A INTEGER KEY, S_B STRING
  S_A
  S_B
  StreamTableJoin INNER: S_A INTEGER KEY, S_B STRING state=Join
    Rekey S_A
      Filter (S_A > 5)
        Source S (topic S): S_A INTEGER, S_B STRING
    Source T (topic T): T_K INTEGER KEY state=T`},
	} {
		tree := tc.tree()
		schema := tree.Schema().String()
		out := rule.Apply(tree)
		got := strings.ReplaceAll(text(t, out), "`", "")
		if got != strings.TrimSpace(tc.want) {
			t.Errorf("%s:\n got\n%s\nwant\n%s", tc.name, got, strings.TrimSpace(tc.want))
		}
		if out.Schema().String() != schema {
			t.Errorf("%s: the result's schema changes from %s to %s", tc.name, schema, out.Schema())
		}
	}
}
