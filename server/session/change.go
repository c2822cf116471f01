package session

import (
	"context"
	"fmt"

	"tailrace/executor/bounded"
	"tailrace/planner"
	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/commitlog"
	"tailrace/storage/memory"
	"tailrace/storage/record"
)

// prepareChange plans UPDATE or DELETE.
func (s *Session) prepareChange(ctx context.Context, stmt ast.Statement, own, text string, params []types.Type) (*Prepared, error) {
	env := s.planEnv(ctx, own, text, params)
	c, err := planner.PlanChange(stmt, env)
	if err != nil {
		return nil, err
	}
	verb := "UPDATE"
	if c.Delete {
		verb = "DELETE"
	}
	p := &Prepared{Text: text, Params: c.Query.Parameters, run: func(ctx context.Context, args []types.Value, out Result) (string, error) {
		c := c
		if env.Catalog != s.deps.Catalog.Snapshot() {
			if c, err = planner.PlanChange(stmt, s.planEnv(ctx, own, text, params)); err != nil {
				return "", err
			}
		}
		s.wroteInBlock = s.wroteInBlock || s.tx == 'T'
		n, err := s.change(ctx, c, args, out)
		return fmt.Sprintf("%s %d", verb, n), cancelled(ctx, err)
	}}
	if len(c.Returning.Columns) > 0 {
		p.Columns = columnsOf(c.Returning)
	}
	return p, nil
}

// change carries UPDATE or DELETE out: it finds the rows, and appends what becomes of them, all
// or nothing. No other statement changes rows of the table meanwhile, and what others have had
// acknowledged before is seen.
func (s *Session) change(ctx context.Context, c *planner.Change, args []types.Value, out Result) (int, error) {
	if err := s.deps.Catalog.CheckWritable(c.Target.Topic); err != nil {
		return 0, err
	}
	unlock, err := s.deps.Catalog.LockTable(ctx, c.Target.Topic)
	if err != nil {
		return 0, err
	}
	defer unlock()
	topic, err := s.deps.Log.Topic(ctx, c.Target.Topic)
	if err != nil {
		return 0, sqlerr.New(sqlerr.UndefinedTable, "topic %s of %s is gone: %w", c.Target.Topic, c.Target.Source, err)
	}
	if err := s.caughtUp(ctx, c.Target.Source, topic, out); err != nil {
		return 0, err
	}
	w, err := newChangeWriter(s, c, topic)
	if err != nil {
		return 0, err
	}
	defer w.mem.Release()
	if err := s.found(ctx, c, args, out, w.take); err != nil {
		return 0, err
	}
	if len(w.builders) > 0 {
		if err := s.append(ctx, c.Target.Topic, w.builders); err != nil {
			return 0, err
		}
	}
	if len(c.Returning.Columns) == 0 {
		return w.rows, nil
	}
	if err := out.Columns(columnsOf(c.Returning)); err != nil || w.rows == 0 {
		return w.rows, err
	}
	return w.rows, out.Rows(w.returned, w.rows)
}

// found gives the rows that the query of a change finds.
func (s *Session) found(ctx context.Context, c *planner.Change, args []types.Value, out Result, take bounded.Sink) error {
	for _, name := range sourcesOf(c.Query) {
		if err := s.waitFor(ctx, name, out); err != nil {
			return err
		}
	}
	q, err := bounded.Compile(c.Query, bounded.Env{Engine: s.deps.Engine, Params: constantsOf(args, c.Query.Parameters), Function: s.functionContext(), Memory: s.deps.Memory})
	if err != nil {
		return err
	}
	_, err = q.Run(ctx, take)
	return err
}

// caughtUp waits until the view of a table has taken in what its topic holds now.
func (s *Session) caughtUp(ctx context.Context, name string, topic commitlog.Topic, out Result) error {
	if err := s.sound(name, out); err != nil {
		return err
	}
	target := map[commitlog.TopicPartition]commitlog.Offset{}
	for p := range topic.Partitions {
		tp := commitlog.TopicPartition{Topic: topic.Name, Partition: commitlog.PartitionID(p)}
		b, err := s.deps.Log.Bounds(ctx, tp)
		if err != nil {
			return err
		}
		target[tp] = b.HighWatermark
	}
	return s.waitUntil(ctx, name, target)
}

// changeWriter makes records of the rows that a change finds.
type changeWriter struct {
	s        *Session
	c        *planner.Change
	topic    commitlog.Topic
	enc      *rowEncoder
	builders map[int32]*record.Builder
	seen     map[string]bool // keys: a row that is found several times is changed once
	returned []*vector.Vector
	now      int64
	rows     int
	bytes    int
	mem      *memory.Held
}

func newChangeWriter(s *Session, c *planner.Change, topic commitlog.Topic) (*changeWriter, error) {
	enc, err := newRowEncoder(c.Target, s.functionContext())
	w := &changeWriter{s: s, c: c, topic: topic, enc: enc, builders: map[int32]*record.Builder{}, seen: map[string]bool{},
		now: s.deps.Clock.Now().UnixMilli(), mem: s.deps.Memory.Hold()}
	for _, col := range c.Returning.Columns {
		w.returned = append(w.returned, vector.New(col.Type, 0))
	}
	return w, err
}

// take makes records of a batch of rows.
func (w *changeWriter) take(cols []*vector.Vector, n int) error {
	place := map[int]*vector.Vector{}
	for i, column := range w.c.Columns {
		place[column] = cols[i]
	}
	row := func(columns []int, i int) []types.Value {
		out := make([]types.Value, len(columns))
		for k, c := range columns {
			out[k] = place[c].Value(i)
		}
		return out
	}
	for i := range n {
		key, err := w.enc.encodeKey(row(w.enc.key, i))
		if err != nil {
			return err
		}
		if w.seen[string(key)] {
			continue
		}
		w.seen[string(key)] = true
		var value []byte // none: the row is gone
		if !w.c.Delete {
			if value, err = w.enc.encodeValue(row(w.enc.value, i)); err != nil {
				return err
			}
		}
		p := w.s.partitionFor(key, w.topic.Partitions)
		if w.builders[p] == nil {
			w.builders[p] = record.NewBuilder(record.Options{})
		}
		w.builders[p].Append(w.now, key, value, nil)
		for k, v := range w.returned {
			v.AppendFrom(cols[len(w.c.Columns)+k], i)
		}
		w.rows++
		w.bytes += 2*len(key) + len(value) + 64
	}
	held := w.bytes
	for _, v := range w.returned {
		held += v.MemBytes()
	}
	return w.mem.Ask(int64(held))
}
