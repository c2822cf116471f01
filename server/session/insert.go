package session

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"tailrace/executor/bounded"
	"tailrace/planner"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/function"
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
	r, err := planner.PlanReturning(a, s.planEnv(ctx, own, text, nil))
	if err != nil {
		return nil, err
	}
	out := &Prepared{Text: text, Params: p.Parameters, run: func(ctx context.Context, args []types.Value, out Result) (string, error) {
		s.wroteInBlock = s.wroteInBlock || s.tx == 'T'
		rows, err := s.insert(ctx, p, args)
		if err == nil && r != nil {
			err = s.insertReturning(ctx, p, r, rows, out)
		}
		return fmt.Sprintf("INSERT 0 %d", len(p.Rows)), err
	}}
	if r != nil {
		out.Columns = columnsOf(r.Query.Schema())
	}
	return out, nil
}

// insertReturning answers RETURNING for rows that have been written.
func (s *Session) insertReturning(ctx context.Context, p *plan.Insert, r *planner.Returning, rows []insertedRow, out Result) error {
	r.Set(len(rows), func(i int, column string) types.Value {
		if column == types.RowTime {
			return rows[i].time
		}
		if c := p.Schema.Find(column); c >= 0 {
			return rows[i].values[c]
		}
		return nil
	})
	_, err := s.pull(ctx, r.Query, nil, columnsOf(r.Query.Schema()), out)
	return err
}

// insertedRow is a row that was written: a value for each column of the schema.
type insertedRow struct {
	values []types.Value
	time   int64
}

// insert appends the rows, each to the partition that Kafka's own producers would choose
// for its key. It returns them when they are durable.
func (s *Session) insert(ctx context.Context, p *plan.Insert, args []types.Value) ([]insertedRow, error) {
	if err := s.deps.Catalog.CheckWritable(p.Topic); err != nil {
		return nil, err
	}
	topic, err := s.deps.Log.Topic(ctx, p.Topic)
	if err != nil {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "topic %s of %s is gone: %w", p.Topic, p.Source, err)
	}
	enc, err := newRowEncoder(p, s.functionContext())
	if err != nil {
		return nil, err
	}
	rows := make([]insertedRow, len(p.Rows))
	constants := constantsOf(args, p.Parameters)
	builders := map[int32]*record.Builder{}
	for i, row := range p.Rows {
		if rows[i].values, err = enc.values(row, constants); err != nil {
			return nil, err
		}
		key, value, err := enc.encode(rows[i].values)
		if err != nil {
			return nil, err
		}
		at, err := s.rowTime(p, i, constants)
		if err != nil {
			return nil, err
		}
		rows[i].time = at
		partition := s.partitionFor(key, topic.Partitions)
		if builders[partition] == nil {
			builders[partition] = record.NewBuilder(record.Options{})
		}
		builders[partition].Append(at, key, value, nil)
	}
	return rows, s.append(ctx, p.Topic, builders)
}

// insertTasks is how many INSERTs into several partitions may be on their way at once: each
// takes a task of the log's, whose producer ids make them atomic.
const insertTasks = 16

// append adds a batch to each of some partitions: all of them, or none.
func (s *Session) append(ctx context.Context, topic string, builders map[int32]*record.Builder) error {
	commit := commitlog.Commit{Group: "_tailrace_insert", Task: strconv.Itoa(int(s.deps.Rand.Uint64() % insertTasks)), Owner: 1}
	var counts []int
	for partition, b := range builders {
		counts = append(counts, b.Count())
		batch, err := b.Finish()
		if err != nil {
			return err
		}
		tp := commitlog.TopicPartition{Topic: topic, Partition: commitlog.PartitionID(partition)}
		commit.Appends = append(commit.Appends, commitlog.PartitionBatch{TopicPartition: tp, Batch: batch})
	}
	var bases []commitlog.Offset
	var err error
	if len(commit.Appends) == 1 {
		bases = make([]commitlog.Offset, 1)
		bases[0], err = s.deps.Log.Append(ctx, commit.Appends[0], commitlog.AcksDurable)
	} else {
		bases, err = s.deps.Log.Commit(ctx, commit)
	}
	if err != nil {
		return fmt.Errorf("append to %s: %w", topic, err)
	}
	at, err := s.deps.Log.Topic(ctx, topic)
	if err != nil {
		return nil // it has been deleted meanwhile
	}
	for i, b := range commit.Appends {
		s.wrote(at, b.TopicPartition, bases[i]+commitlog.Offset(counts[i]))
	}
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
	v, err := bounded.Constant(p.RowTime[row], args, s.functionContext())
	if err != nil {
		return 0, err
	}
	ms, ok := v.(int64)
	if v == nil {
		return 0, sqlerr.New(sqlerr.NullNotAllowed, "ROWTIME must be a time since 1970, not NULL").
			Hint("Leave the column out: a row is given the time of its insertion.")
	}
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
	ctx              *function.Context
}

func newRowEncoder(p *plan.Insert, ctx *function.Context) (*rowEncoder, error) {
	e := &rowEncoder{plan: p, ctx: ctx, key: p.Schema.Key(), value: p.Schema.Value()}
	for _, i := range e.key {
		e.keyCols = append(e.keyCols, p.Schema.Columns[i])
	}
	for _, i := range e.value {
		e.valCols = append(e.valCols, p.Schema.Columns[i])
	}
	return e, nil
}

// encode makes key and value of a row; the key of a row whose key columns are all NULL is none.
func (e *rowEncoder) encode(row []types.Value) (key, value []byte, err error) {
	keyRow := picked(row, e.key)
	if slices.ContainsFunc(keyRow, func(v types.Value) bool { return v != nil }) {
		if key, err = e.encodeKey(keyRow); err != nil {
			return nil, nil, err
		}
	}
	value, err = e.encodeValue(picked(row, e.value))
	return key, value, err
}

func picked(row []types.Value, columns []int) []types.Value {
	out := make([]types.Value, len(columns))
	for i, c := range columns {
		out[i] = row[c]
	}
	return out
}

// values evaluates the expressions of a row: a value for each column.
func (e *rowEncoder) values(row []*expr.Expr, args []expr.Constant) ([]types.Value, error) {
	out := make([]types.Value, len(row))
	for i, x := range row {
		if x == nil {
			continue
		}
		var err error
		if out[i], err = bounded.Constant(x, args, e.ctx); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *rowEncoder) encodeKey(row []types.Value) ([]byte, error) {
	return serde.EncodeRow(serdeFormat(e.plan.Key), e.keyCols, row)
}

func (e *rowEncoder) encodeValue(row []types.Value) ([]byte, error) {
	return serde.EncodeRow(serdeFormat(e.plan.Value), e.valCols, row)
}

func serdeFormat(f plan.Format) serde.Format {
	return serde.Format{Name: f.Name, Delimiter: f.Delimiter, Unwrapped: f.Unwrapped, Options: f.Options}
}
