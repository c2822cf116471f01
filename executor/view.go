package executor

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/executor/task"
	"tailrace/planner/plan"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/commitlog"
	"tailrace/storage/state"
)

// View is the materialized result of a query, in as many shards as the query has tasks.
// It may be used by anybody. Readers see what has been committed, and of each shard one
// moment.
type View struct {
	e      *Engine
	q      *query
	name   string
	schema types.Schema
	keys   []int
	values []int
	// windowed: the last two key columns are the bounds of a window.
	windowed bool
	bits     int // of the rows' layout

	readers sync.Pool // *reader
	mu      struct {
		sync.RWMutex
		shards []*task.Task
	}
}

func newView(e *Engine, q *query, m *plan.Materialize) *View {
	v := &View{e: e, q: q, name: m.Name, schema: m.Out, keys: m.Out.Key(), values: op.Others(m.Out), windowed: m.Window != nil, bits: m.RowBits}
	return v
}

// attach gives the view its shards; nil lets readers wait for the next ones.
func (v *View) attach(shards []*task.Task) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mu.shards = shards
}

// Name is the name of the table.
func (v *View) Name() string { return v.name }

// Schema is the columns of the chunks that Get and Scan give: keys, with the bounds of
// the window when there is one, and values. The time of a row is its ROWTIME.
func (v *View) Schema() types.Schema { return v.schema }

// Windowed reports whether the last two key columns are the bounds of a window.
func (v *View) Windowed() bool { return v.windowed }

// shards waits until the view has been opened, or its query has failed.
func (v *View) shards(ctx context.Context) ([]*task.Task, error) {
	for {
		v.mu.RLock()
		shards := v.mu.shards
		v.mu.RUnlock()
		if shards != nil {
			return shards, nil
		}
		err, changed := v.q.failure()
		if err != nil {
			return nil, err
		}
		v.mu.RLock()
		shards = v.mu.shards // given since, and before changed
		v.mu.RUnlock()
		if shards != nil {
			return shards, nil
		}
		if v.q.idle() {
			return nil, fmt.Errorf("%w: query %s is not running, so it cannot be restored", state.ErrDamaged, v.q.plan.ID)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// again reports whether a read that failed with err is to be done once more: the state was
// found damaged before anything was given out, and is being restored.
func (v *View) again(ctx context.Context, was []*task.Task, out *reader, err error) bool {
	if !errors.Is(err, state.ErrDamaged) || out.given || v.q.idle() {
		return false
	}
	v.mu.Lock()
	if slices.Equal(v.mu.shards, was) {
		v.mu.shards = nil
	}
	v.mu.Unlock()
	out.b.Reset()
	return ctx.Err() == nil
}

// Get looks rows up by key. Each of keys is a value for each key column, or for the first
// few of them: then all rows that begin with them are meant, as all windows of a key. fn
// may keep nothing of the chunks that it gets; an error ends the search.
func (v *View) Get(ctx context.Context, keys [][]types.Value, fn func(*chunk.Chunk) error) error {
	out := v.reader(fn)
	defer v.release(out)
	for {
		shards, err := v.shards(ctx)
		if err == nil {
			err = v.get(ctx, shards, keys, out)
		}
		if !v.again(ctx, shards, out, err) {
			return err
		}
	}
}

func (v *View) get(ctx context.Context, shards []*task.Task, keys [][]types.Value, out *reader) (err error) {
	key, row := out.key, out.row0
	defer func() { out.key, out.row0 = key, row }()
	for _, values := range keys {
		key = key[:0]
		for i, x := range values {
			key = vector.AppendKeyValue(key, v.schema.Columns[v.keys[i]].Type, x)
		}
		for _, t := range shards {
			if len(values) < len(v.keys) {
				if err := t.View().Scan(key, state.Successor(key), out.row); err != nil {
					return ended(err)
				}
				continue
			}
			var ok bool
			if row, ok, err = t.View().Get(row[:0], key); err != nil {
				return err
			}
			if ok {
				if _, err := out.row(key, row); err != nil {
					return ended(err)
				}
				break // a key lives in one shard
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return ended(out.flush())
}

// Range bounds a Scan by the first key columns: Low and High are values for some of them
// each; nil is no bound. Whether rows equal to a bound belong is said by the flags.
type Range struct {
	Low, High                 []types.Value
	LowExclusive, HighInclude bool
}

// ErrStop, returned by the function given to Get or Scan, ends it without an error.
var ErrStop = errors.New("stop")

// Scan gives all rows in a range of keys, in order of their keys within each shard, with the
// columns of Schema that are wanted (nil: all): the others have no rows. fn may keep nothing of
// the chunks that it gets; an error ends the scan.
func (v *View) Scan(ctx context.Context, r Range, want []bool, fn func(*chunk.Chunk) error) error {
	lo, hi := v.bounds(r)
	if hi != nil && bytes.Compare(lo, hi) >= 0 {
		return nil
	}
	out := v.reader(fn)
	out.narrow(v, want)
	defer v.release(out)
	for {
		shards, err := v.shards(ctx)
		if err == nil {
			err = v.scan(ctx, shards, lo, hi, out)
		}
		if !v.again(ctx, shards, out, err) {
			return err
		}
	}
}

func (v *View) scan(ctx context.Context, shards []*task.Task, lo, hi []byte, out *reader) error {
	n := 0
	for _, t := range shards {
		err := t.View().Scan(lo, hi, func(k, row []byte) (bool, error) {
			if n++; n%1024 == 0 && ctx.Err() != nil {
				return false, ctx.Err()
			}
			return out.row(k, row)
		})
		if err != nil {
			return ended(err)
		}
	}
	return ended(out.flush())
}

func ended(err error) error {
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

func (v *View) bounds(r Range) (lo, hi []byte) {
	encode := func(values []types.Value) []byte {
		out := []byte{}
		for i, x := range values {
			out = vector.AppendKeyValue(out, v.schema.Columns[v.keys[i]].Type, x)
		}
		return out
	}
	if r.Low != nil {
		if lo = encode(r.Low); r.LowExclusive {
			if lo = state.Successor(lo); lo == nil {
				return []byte{}, []byte{} // nothing is greater
			}
		}
	}
	if r.High != nil {
		if hi = encode(r.High); r.HighInclude {
			hi = state.Successor(hi)
		}
	}
	return lo, hi
}

// reader decodes stored rows into chunks.
type reader struct {
	fn        func(*chunk.Chunk) error
	b         *chunk.Builder
	keys      []*vector.Vector
	vals      []*vector.Vector
	key, row0 []byte
	c         chunk.Chunk // that fn gets
	bits      int         // of the rows' layout
	bytes     int         // of the stored rows in b
	most      int         // bytes in a chunk
	want      []bool      // of vals; nil: all
	noKeys    bool        // no key is wanted
	large     bool        // b has held many
	given     bool        // fn has been called
}

// largeReader is how many bytes of rows a reader may have held that goes into the pool.
const largeReader = 1 << 20

// reader takes a reader from the pool.
func (v *View) reader(fn func(*chunk.Chunk) error) *reader {
	r, ok := v.readers.Get().(*reader)
	if !ok {
		r = &reader{b: chunk.NewBuilder(v.schema), bits: v.bits, most: v.e.transient.Part(64, chunk.MaxBytes)}
		r.keys, r.vals = r.b.Chunk().Columns(v.keys), r.b.Chunk().Columns(v.values)
	}
	r.fn = fn
	return r
}

// narrow has the reader decode only what is wanted.
func (r *reader) narrow(v *View, want []bool) {
	r.want, r.noKeys = r.want[:0], want != nil
	if want == nil {
		r.want = nil
		return
	}
	for _, k := range v.keys {
		r.noKeys = r.noKeys && !want[k]
	}
	for _, c := range v.values {
		r.want = append(r.want, want[c])
	}
}

func (v *View) release(r *reader) {
	if r.large {
		return // its memory is not kept for the next one
	}
	r.b.Reset()
	r.fn, r.given, r.bytes, r.want, r.noKeys = nil, false, 0, nil, false
	v.readers.Put(r)
}

var errView = errors.New("malformed row of a view in state")

func (r *reader) row(key, row []byte) (bool, error) {
	time, n := binary.Varint(row)
	if n <= 0 {
		return false, errView
	}
	if !r.noKeys {
		if _, err := state.DecodeKey(key, r.keys); err != nil {
			return false, err
		}
	}
	if _, err := state.DecodeSome(row[n:], r.vals, r.want, r.bits); err != nil {
		return false, err
	}
	r.b.End(chunk.Insert, time)
	r.bytes += len(key) + len(row)
	if r.b.Len() < chunk.MaxRows && r.bytes < r.most {
		return true, nil
	}
	return true, r.flush()
}

func (r *reader) flush() error {
	if r.b.Len() == 0 {
		return nil
	}
	r.given = true
	r.c = *r.b.Chunk()
	r.c.Ops = nil
	err := r.fn(&r.c)
	r.b.Reset()
	r.large = r.large || r.bytes > largeReader
	r.bytes = 0
	return err
}

// Applied returns, for the partitions that the tasks of the view read, the offsets below
// which everything is visible in it.
func (v *View) Applied() map[commitlog.TopicPartition]commitlog.Offset {
	v.mu.RLock()
	defer v.mu.RUnlock()
	out := map[commitlog.TopicPartition]commitlog.Offset{}
	for _, t := range v.mu.shards {
		at, _ := t.Applied()
		maps.Copy(out, at)
	}
	return out
}

// WaitApplied waits until the view shows everything below the given offsets, which may be
// of topics that it reads or of topics that those are made from by queries of this engine.
// Topics that the view does not depend on do not count.
func (v *View) WaitApplied(ctx context.Context, target map[commitlog.TopicPartition]commitlog.Offset) error {
	return v.e.waitApplied(ctx, v.q, target)
}
