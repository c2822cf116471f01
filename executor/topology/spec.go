package topology

import (
	"fmt"

	"tailrace/executor/chunk"
	"tailrace/executor/sink"
	"tailrace/executor/source"
	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde"
)

var pseudoColumns = map[string]source.Pseudo{
	types.RowTime: source.RowTime, types.RowPartition: source.RowPartition, types.RowOffset: source.RowOffset,
	types.WindowStart: source.WindowStart, types.WindowEnd: source.WindowEnd,
}

const sessionWindow = "SESSION"

func formatOf(f plan.Format) serde.Format {
	return serde.Format{Name: f.Name, Delimiter: f.Delimiter, Unwrapped: f.Unwrapped, Options: f.Options}
}

// SourceSpec says how the records of a leaf become rows.
func (t *Topology) SourceSpec(leaf plan.Node, rt *Runtime) (source.Spec, error) {
	if n, ok := leaf.(*plan.Source); ok {
		return SourceSpec(n, rt)
	}
	n := leaf.(*plan.Repartition)
	s := source.Spec{
		Topic: t.Topic(n), Schema: n.Out, Declared: n.Out,
		Key: formatOf(n.Key), Value: formatOf(n.Value), Table: n.Table, Changes: n.Table,
	}
	for i := range n.Out.Columns {
		s.Fields = append(s.Fields, source.Field{Column: i})
	}
	return s, nil
}

// SourceSpec says how the records of a Source become rows.
func SourceSpec(n *plan.Source, rt *Runtime) (source.Spec, error) {
	s := source.Spec{
		Topic: n.Topic, Schema: n.Out, Declared: n.Declared,
		Key: formatOf(n.Key), Value: formatOf(n.Value), Table: n.Table,
	}
	if n.Window != nil {
		s.Window = &source.Window{Session: n.Window.Kind == sessionWindow, Size: n.Window.Size}
	}
	for _, f := range n.Fields {
		field := source.Field{Column: f.Column}
		if f.Pseudo != "" {
			p, ok := pseudoColumns[f.Pseudo]
			if !ok {
				return s, fmt.Errorf("source %s: unknown pseudo column %s", n.Name, f.Pseudo)
			}
			field.Pseudo = p
		}
		s.Fields = append(s.Fields, field)
	}
	if n.Timestamp != nil {
		at, err := timesOf(n.Declared.Columns[n.Timestamp.Column].Type, n.Timestamp.Format, rt)
		if err != nil {
			return s, fmt.Errorf("timestamp column of %s: %w", n.Name, err)
		}
		s.Time = &source.TimeColumn{Column: n.Timestamp.Column, At: at, Strict: rt.StrictTime}
	}
	return s, nil
}

// timesOf makes the function that tells event times of a column.
func timesOf(t types.Type, format string, rt *Runtime) (func(*vector.Vector) ([]int64, vector.Bitmap, error), error) {
	switch t.Kind {
	case types.Bigint, types.Timestamp:
		return func(v *vector.Vector) ([]int64, vector.Bitmap, error) { return v.I64, v.Nulls, nil }, nil
	case types.String:
	default:
		return nil, fmt.Errorf("a column of type %s cannot hold a timestamp", t)
	}
	call := &expr.Expr{
		Op: expr.OpCall, Type: types.BigintType, Name: "STRINGTOTIMESTAMP", Overload: "STRINGTOTIMESTAMP(STRING, STRING)",
		Args: []*expr.Expr{
			{Op: expr.OpColumn, Type: types.StringType, Column: 0},
			{Op: expr.OpLiteral, Type: types.StringType, Value: &expr.Constant{V: format, Type: types.StringType}},
		},
	}
	schema := types.Schema{Columns: []types.Column{{Name: "T", Type: types.StringType}}}
	quiet := *rt
	quiet.Log = nil // the caller reports the record as a whole
	c, err := compile(call, schema, &quiet)
	if err != nil {
		return nil, err
	}
	return func(v *vector.Vector) ([]int64, vector.Bitmap, error) {
		out, err := c.Eval(&chunk.Chunk{Schema: schema, N: v.N, Cols: []*vector.Vector{v}})
		if err != nil {
			return nil, nil, err
		}
		return out.I64, out.Nulls, nil
	}, nil
}

// SinkSpec says how the rows of a sub-topology become records of a topic with that many
// partitions.
func (t *Topology) SinkSpec(s *Sub, partitions, home int32, rt *Runtime) (sink.Spec, error) {
	if r := s.Out; r != nil {
		return sink.Spec{
			Topic: RepartitionTopic(t.AppID, r.Name), Schema: r.Out, Key: formatOf(r.Key), Value: formatOf(r.Value),
			Table: r.Table, Changes: r.Table, Partitions: partitions, Home: home,
		}, nil
	}
	k := t.Query.Sink
	out := sink.Spec{
		Topic: k.Topic, Schema: s.Root.Schema(), Key: formatOf(k.Key), Value: formatOf(k.Value),
		Table: k.Table, Partitions: partitions, Home: home,
	}
	if k.Window != nil {
		out.Window = &sink.Window{Session: k.Window.Kind == sessionWindow}
	}
	if k.Timestamp != nil {
		at, err := timesOf(out.Schema.Columns[k.Timestamp.Column].Type, k.Timestamp.Format, rt)
		if err != nil {
			return out, fmt.Errorf("timestamp column of %s: %w", k.Name, err)
		}
		column := k.Timestamp.Column
		out.Time = func(c *chunk.Chunk) ([]int64, vector.Bitmap, error) { return at(c.Cols[column]) }
	}
	return out, nil
}
