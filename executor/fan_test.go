package executor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/executor/chunk"
	"tailrace/planner/plan"
	"tailrace/sql/types"
)

// follower is a push query over events, SELECT * WHERE V > least, and what it was given.
type follower struct {
	cancel context.CancelFunc
	done   chan error
	gate   chan struct{} // closed: it may take rows

	mu   sync.Mutex
	seen []int // V, in order of arrival
}

func follow(t *testing.T, n *node, least, limit int64, blocked bool) *follower {
	src := events(t)
	filter := &plan.Filter{Input: plan.Ref{Node: src}, Predicate: greater(2, least)}
	filter.Out = src.Out
	q := &plan.Query{Version: plan.Version, ID: fmt.Sprintf("transient_%p", src), Kind: plan.Push, Root: plan.Ref{Node: filter}, Limit: limit}
	f := &follower{done: make(chan error, 1), gate: make(chan struct{})}
	if !blocked {
		close(f.gate)
	}
	var ctx context.Context
	ctx, f.cancel = context.WithTimeout(context.Background(), time.Minute)
	go func() {
		f.done <- n.eng.RunPush(ctx, q, "latest", func(c *chunk.Chunk, _ bool) error {
			select {
			case <-f.gate:
			case <-ctx.Done():
				return ctx.Err()
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			for i := range c.N {
				f.seen = append(f.seen, int(c.Cols[2].Value(i).(int64)))
			}
			return nil
		})
	}()
	t.Cleanup(f.cancel)
	return f
}

func (f *follower) rows() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

func (f *follower) end(t *testing.T) {
	t.Helper()
	f.cancel()
	if err := <-f.done; !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled query ended with %v", err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 40 s: %s", what)
		}
	}
}

// probe produces single events from from on until all followers have seen one; it returns
// the next number.
func (n *node) probe(from int, fs ...*follower) int {
	n.t.Helper()
	ready := func() bool {
		return !slices.ContainsFunc(fs, func(f *follower) bool { return len(f.rows()) == 0 })
	}
	for range 5000 {
		if ready() {
			return from
		}
		n.produce("events", 0, event("g", from))
		from++
		time.Sleep(2 * time.Millisecond)
	}
	n.t.Fatal("followers did not get a row")
	return 0
}

// contiguous checks that every number from the first seen to last came, once and in
// order.
func contiguous(t *testing.T, who string, seen []int, last int) {
	t.Helper()
	for i, v := range seen {
		if v != seen[0]+i {
			t.Fatalf("%s: row %d is %d, after %d", who, i, v, seen[i-1])
		}
	}
	if len(seen) == 0 || seen[len(seen)-1] != last {
		t.Fatalf("%s: %d rows, without the last, %d", who, len(seen), last)
	}
}

func hasLast(f *follower, last int) func() bool {
	return func() bool { rows := f.rows(); return len(rows) > 0 && rows[len(rows)-1] >= last }
}

func streaming(t *testing.T) *node {
	t.Helper()
	n := start(t, vfs.NewMem(), false, nil)
	n.topic("events", 1)
	return n
}

func TestPushQueriesOfOnePlanShareATask(t *testing.T) {
	n := streaming(t)
	defer n.close()
	a, b, other := follow(t, n, 0, 0, false), follow(t, n, 0, 0, false), follow(t, n, 1, 0, false)
	next := n.probe(10, a, b, other)
	got := n.eng.Followers()
	slices.Sort(got)
	if !slices.Equal(got, []int{1, 2}) {
		t.Errorf("queries of shared tasks: %v, want the two of one plan and the one of another", got)
	}
	n.produce("events", 0, event("g", next), event("g", -1), event("g", next+1))
	for name, f := range map[string]*follower{"a": a, "b": b, "other": other} {
		eventually(t, "the last row", hasLast(f, next+1))
		contiguous(t, name, f.rows(), next+1)
	}
	a.end(t)
	n.produce("events", 0, event("g", next+2))
	eventually(t, "a row after another query's end", hasLast(b, next+2))
	contiguous(t, "b", b.rows(), next+2)
	b.end(t)
	other.end(t)
	if got := n.eng.Followers(); len(got) > 0 {
		t.Errorf("tasks left behind: %v", got)
	}
}

func TestSharedTaskKeepsLimits(t *testing.T) {
	n := streaming(t)
	defer n.close()
	long, short := follow(t, n, 0, 0, false), follow(t, n, 0, 3, false)
	next := n.probe(1, long, short)
	n.produce("events", 0, event("g", next), event("g", next+1), event("g", next+2), event("g", next+3))
	if err := <-short.done; err != nil {
		t.Errorf("a query at its limit ended with %v", err)
	}
	if rows := short.rows(); len(rows) != 3 || rows[2] != rows[0]+2 {
		t.Errorf("LIMIT 3 gave %v", rows)
	}
	eventually(t, "the last row", hasLast(long, next+3))
	contiguous(t, "without limit", long.rows(), next+3)
	long.end(t)
}

func TestJoinersOfASharedTaskMissNothing(t *testing.T) {
	n := streaming(t)
	defer n.close()
	first := follow(t, n, 0, 0, false)
	next := n.probe(1, first)
	stop, produced := make(chan struct{}), make(chan int)
	go func() {
		for {
			select {
			case <-stop:
				produced <- next - 1
				return
			default:
			}
			n.produce("events", 0, event("g", next), event("g", next+1), event("g", next+2))
			next += 3
		}
	}()
	all := []*follower{first}
	for range 20 {
		f := follow(t, n, 0, 0, false)
		all = append(all, f)
		eventually(t, "the first row of a joiner", func() bool { return len(f.rows()) > 0 })
		if len(all)%5 == 0 {
			all[len(all)-2].end(t)
			all = slices.Delete(all, len(all)-2, len(all)-1)
		}
	}
	close(stop)
	last := <-produced
	for i, f := range all {
		eventually(t, "the last row", hasLast(f, last))
		contiguous(t, fmt.Sprintf("joiner %d", i), f.rows(), last)
	}
	if got := n.eng.Followers(); !slices.Equal(got, []int{len(all)}) {
		t.Errorf("queries of shared tasks: %v, want %d of one", got, len(all))
	}
	for _, f := range all {
		f.end(t)
	}
}

func TestSlowMemberOfASharedTaskIsLeftToItself(t *testing.T) {
	n := streaming(t)
	defer n.close()
	fast, slow := follow(t, n, 0, 0, false), follow(t, n, 0, 0, true)
	eventually(t, "two members", func() bool { return slices.Equal(n.eng.Followers(), []int{2}) })
	next := n.probe(1, fast)
	pad := strings.Repeat("x", 200)
	for range 200 {
		var rs []rec
		for range 1000 {
			rs = append(rs, event(pad, next))
			next++
		}
		n.produce("events", 0, rs...)
	}
	eventually(t, "the last row of the fast one, while the slow one stands still", hasLast(fast, next-1))
	contiguous(t, "fast", fast.rows(), next-1)
	close(slow.gate)
	eventually(t, "the last row of the slow one", hasLast(slow, next-1))
	contiguous(t, "slow", slow.rows(), next-1)
	if got := n.eng.Followers(); !slices.Equal(got, []int{1}) {
		t.Errorf("queries of shared tasks: %v, want the fast one alone", got)
	}
	slow.end(t)
	fast.end(t)
}

// A Filter over a table knows what its rows were: it begins with each query.
func TestPushQueriesWithStateAreNotShared(t *testing.T) {
	n := streaming(t)
	defer n.close()
	src := events(t)
	src.Base.Table, src.StateID = true, "Source-1"
	filter := &plan.Filter{Input: plan.Ref{Node: src}, Predicate: greater(2, 0)}
	filter.Out, filter.Base.Table = src.Out, true
	q := &plan.Query{Version: plan.Version, ID: "transient_1", Kind: plan.Push, Root: plan.Ref{Node: filter}, Table: true, Limit: 1}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	done, seen := make(chan error, 1), make(chan types.Value, 10)
	go func() {
		done <- n.eng.RunPush(ctx, q, "latest", func(c *chunk.Chunk, _ bool) error {
			seen <- c.Cols[2].Value(0)
			return nil
		})
	}()
	for v := 1; len(seen) == 0 && ctx.Err() == nil; v++ {
		n.produce("events", 0, event("g", v))
		if got := n.eng.Followers(); len(got) > 0 {
			t.Fatalf("queries of shared tasks: %v", got)
		}
		time.Sleep(2 * time.Millisecond)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
