package logical

import (
	"fmt"
	"strconv"
	"strings"

	"tailrace/planner/bind"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Topics answers how many partitions a topic has.
type Topics func(topic string) (partitions int32, ok bool)

// Target is what the result must fit: the schema of the stream of INSERT INTO.
type Target struct{ Schema types.Schema }

type builder struct {
	q      *bind.Query
	topics Topics
	target *Target
	// noUndo are the aggregates that a table cannot be aggregated with.
	noUndo []string
	names  *bind.Names
	// foreign: the last join is on a foreign key.
	foreign bool
	// hidden are the names of key columns that the select list lacks.
	hidden []string
}

// Build makes the operators of a continuous query. The result's schema is that of the
// sink: key columns, the bounds of a window, values; for a query without a sink all
// columns are values, in the order of the select list. hidden are the key columns that
// the select list lacks, where the dialect allows that.
func Build(q *bind.Query, topics Topics, target *Target) (root plan.Node, hidden []string, err error) {
	b := &builder{q: q, topics: topics, target: target}
	root, err = b.build()
	return root, b.hidden, err
}

func (b *builder) build() (plan.Node, error) {
	q := b.q
	var schemas []types.Schema
	for _, s := range q.Sources {
		schemas = append(schemas, s.Src.Schema)
	}
	b.names = bind.NewNames(schemas...)
	r, err := b.from()
	if err != nil {
		return nil, err
	}
	if q.Where != nil {
		if r, err = b.filter(r, q.Where, "WHERE"); err != nil {
			return nil, err
		}
	}
	if q.Select.PartitionBy != nil {
		if r, err = b.partitionBy(r); err != nil {
			return nil, err
		}
	}
	if len(q.TableCalls) > 0 {
		if r, err = b.flatMap(r); err != nil {
			return nil, err
		}
	}
	if q.Grouped {
		if r, err = b.aggregate(r); err != nil {
			return nil, err
		}
	} else if q.Select.Emit == ast.EmitFinal {
		return nil, sqlerr.New(sqlerr.WindowingError, "EMIT FINAL is only supported for windowed aggregations.").At(q.Select.Pos())
	}
	if q.Sink == "" {
		return b.output(r)
	}
	return b.project(r)
}

// filter keeps the rows for which a condition is true.
func (b *builder) filter(r *relation, cond ast.Expr, clause string) (*relation, error) {
	p, err := b.predicate(r, cond, clause)
	if err != nil {
		return nil, err
	}
	n := &plan.Filter{Input: plan.Ref{Node: r.node}, Predicate: p}
	n.Out, n.Table = r.schema(), r.table()
	out := *r
	out.node = n
	return &out, nil
}

// rekey gives the rows a new key. The old columns stay behind it, as values.
func (b *builder) rekey(r *relation, keys []*expr.Expr, names, holds []string, dropNull bool) *relation {
	n := &plan.Rekey{Input: plan.Ref{Node: r.node}, Keys: keys, DropNull: dropNull}
	n.Table = r.table()
	for i, k := range keys {
		n.Out.Columns = append(n.Out.Columns, types.Column{Name: names[i], Type: k.Type, In: types.InKey})
	}
	for _, c := range r.schema().Columns {
		c.In = types.InValue
		n.Out.Columns = append(n.Out.Columns, c)
	}
	return &relation{node: n, holds: append(append([]string{}, holds...), r.holds...), rekeyed: true, from: r.from}
}

// errWindowed is why a windowed source cannot get another key.
func errWindowed(pos int) error {
	return sqlerr.New(sqlerr.FeatureNotSupported, "Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.").At(pos)
}

func (b *builder) partitionBy(r *relation) (*relation, error) {
	q := b.q
	if !q.PartitionNull && r.keyedBy(q.PartitionBy) {
		return r, nil
	}
	if r.table() {
		return nil, b.errTable(r)
	}
	if r.windowed {
		return nil, errWindowed(q.Select.PartitionBy[0].Pos())
	}
	var keys []*expr.Expr
	var names, holds []string
	var columns []types.Column
	for _, e := range q.PartitionBy {
		k, err := b.bind(r, e, "PARTITION BY")
		if err != nil {
			return nil, err
		}
		name := b.keyName(e)
		keys, names, holds = append(keys, k), append(names, name), append(holds, bind.Text(e))
		columns = append(columns, types.Column{Name: name, Type: k.Type, In: types.InKey})
	}
	if err := bind.CheckKeyTypes(columns); err != nil {
		return nil, position(err, q.Select.PartitionBy[0].Pos())
	}
	return b.rekey(r, keys, names, holds, false), nil
}

// errTable is why a table cannot get another key.
func (b *builder) errTable(r *relation) error {
	list := b.q.Select.PartitionBy
	var shown []string
	for _, e := range list {
		shown = append(shown, b.q.Display(e))
	}
	advice := "joins on tables with multiple columns is not yet supported."
	if s := r.node.Schema(); len(s.Key()) == 1 {
		advice = fmt.Sprintf("make sure that the criteria uses the TABLE's key column %s instead of [%s]", s.Columns[s.Key()[0]].Name, strings.Join(shown, ", "))
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, "Cannot repartition a TABLE source. If this is a join, %s", advice).At(list[0].Pos()).
		Hint("A table of another key is made with GROUP BY.")
}

// keyName names a key column: a column keeps its name, an expression has that of the
// select list, or a generated one.
func (b *builder) keyName(e ast.Expr) string {
	if at := b.q.Selected(e); len(at) > 0 {
		return b.q.Items[at[0]].Alias
	}
	if ref := bind.Column(e); ref != nil {
		return b.q.FlatName(ref)
	}
	return b.names.For(e)
}

// flatMap runs the table functions: their results are columns behind the input's.
func (b *builder) flatMap(r *relation) (*relation, error) {
	n := &plan.FlatMap{Input: plan.Ref{Node: r.node}}
	n.Out.Columns = append(n.Out.Columns, r.schema().Columns...)
	out := *r
	out.holds = append([]string{}, r.holds...)
	for i, call := range b.q.TableCalls {
		c, err := b.tableCall(r, call)
		if err != nil {
			return nil, err
		}
		n.Calls = append(n.Calls, c)
		n.Out.Columns = append(n.Out.Columns, types.Column{Name: "KSQL_SYNTH_" + strconv.Itoa(i), Type: c.Type})
		out.holds = append(out.holds, bind.Text(call))
	}
	out.node = n
	return &out, nil
}
