package session

import (
	"context"
	"fmt"

	"tailrace/planner"
	"tailrace/planner/plan"
	"tailrace/server/query"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
	"tailrace/storage/serde"
)

// prepareInsert plans INSERT INTO ... VALUES.
func (s *Session) prepareInsert(ctx context.Context, a *ast.InsertValues, own, text string, params []types.Type) (*Prepared, error) {
	p, err := planner.PlanInsertValues(a, s.planEnv(ctx, own, text, params))
	if err != nil {
		return nil, err
	}
	return &Prepared{Text: text, Params: p.Parameters, run: func(ctx context.Context, args []types.Value, _ Result) (string, error) {
		s.wroteInBlock = s.wroteInBlock || s.tx == 'T'
		n, err := s.insert(ctx, p, args)
		return fmt.Sprintf("INSERT 0 %d", n), err
	}}, nil
}

// insert appends the rows, each to the partition that Kafka's own producers would choose
// for its key. It returns when they are durable.
func (s *Session) insert(ctx context.Context, p *plan.Insert, args []types.Value) (int, error) {
	topic, err := s.deps.Log.Topic(ctx, p.Topic)
	if err != nil {
		return 0, sqlerr.New(sqlerr.UndefinedTable, "topic %s of %s is gone: %w", p.Topic, p.Source, err)
	}
	enc, err := newRowEncoder(p)
	if err != nil {
		return 0, err
	}
	constants := constantsOf(args, p.Parameters)
	builders := map[int32]*record.Builder{}
	for i, row := range p.Rows {
		key, value, err := enc.encode(row, constants)
		if err != nil {
			return 0, err
		}
		at, err := s.rowTime(p, i, constants)
		if err != nil {
			return 0, err
		}
		partition := s.partitionFor(key, topic.Partitions)
		if builders[partition] == nil {
			builders[partition] = record.NewBuilder(record.Options{})
		}
		builders[partition].Append(at, key, value, nil)
	}
	for partition, b := range builders {
		if err := s.append(ctx, commitlog.TopicPartition{Topic: p.Topic, Partition: commitlog.PartitionID(partition)}, b); err != nil {
			return 0, err
		}
	}
	return len(p.Rows), nil
}

func (s *Session) append(ctx context.Context, tp commitlog.TopicPartition, b *record.Builder) error {
	n := b.Count()
	batch, err := b.Finish()
	if err != nil {
		return err
	}
	base, err := s.deps.Log.Append(ctx, commitlog.PartitionBatch{TopicPartition: tp, Batch: batch}, commitlog.AcksDurable)
	if err != nil {
		return fmt.Errorf("append to %s: %w", tp, err)
	}
	s.wrote(tp, base+commitlog.Offset(n))
	return nil
}

// partitionFor is Kafka's default partitioner: murmur2 of the key; rows without a key are
// spread.
func (s *Session) partitionFor(key []byte, partitions int32) int32 {
	if key == nil {
		s.spread++
		return int32(s.spread % uint32(partitions))
	}
	return record.PartitionFor(key, partitions)
}

func (s *Session) rowTime(p *plan.Insert, row int, args []expr.Constant) (int64, error) {
	if p.RowTime[row] == nil {
		return s.deps.Clock.Now().UnixMilli(), nil
	}
	v, err := query.Constant(p.RowTime[row], args)
	if err != nil {
		return 0, err
	}
	ms, ok := v.(int64)
	if !ok || ms < 0 {
		return 0, sqlerr.New(sqlerr.InvalidParameter, "ROWTIME must be a time since 1970, not %v", v)
	}
	return ms, nil
}

func constantsOf(args []types.Value, ts []types.Type) []expr.Constant {
	out := make([]expr.Constant, len(args))
	for i, v := range args {
		out[i] = expr.Constant{V: v, Type: ts[i]}
	}
	return out
}

// rowEncoder turns a row of expressions into the bytes of a record.
type rowEncoder struct {
	plan             *plan.Insert
	key, value       []int // columns of the schema
	keyCols, valCols []types.Column
}

func newRowEncoder(p *plan.Insert) (*rowEncoder, error) {
	e := &rowEncoder{plan: p, key: p.Schema.Key(), value: p.Schema.Value()}
	for _, i := range e.key {
		e.keyCols = append(e.keyCols, p.Schema.Columns[i])
	}
	for _, i := range e.value {
		e.valCols = append(e.valCols, p.Schema.Columns[i])
	}
	return e, nil
}

func (e *rowEncoder) encode(row []*expr.Expr, args []expr.Constant) (key, value []byte, err error) {
	keyRow, anyKey, err := values(row, e.key, args)
	if err != nil {
		return nil, nil, err
	}
	if anyKey {
		if key, err = serde.EncodeRow(serdeFormat(e.plan.Key), e.keyCols, keyRow); err != nil {
			return nil, nil, err
		}
	}
	valueRow, _, err := values(row, e.value, args)
	if err != nil {
		return nil, nil, err
	}
	value, err = serde.EncodeRow(serdeFormat(e.plan.Value), e.valCols, valueRow)
	return key, value, err
}

// values evaluates the expressions of some columns; anything reports a value that is not
// NULL.
func values(row []*expr.Expr, columns []int, args []expr.Constant) (out []types.Value, anything bool, err error) {
	out = make([]types.Value, len(columns))
	for i, c := range columns {
		if row[c] == nil {
			continue
		}
		if out[i], err = query.Constant(row[c], args); err != nil {
			return nil, false, err
		}
		anything = anything || out[i] != nil
	}
	return out, anything, nil
}

func serdeFormat(f plan.Format) serde.Format {
	return serde.Format{Name: f.Name, Delimiter: f.Delimiter, Unwrapped: f.Unwrapped, Options: f.Options}
}
