package executor

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"tailrace/executor/chunk"
)

// ErrSlow is what a subscriber gets who has let too many changes pile up.
var ErrSlow = errors.New("the subscriber is too slow: changes were lost")

// subscriptionRows is how many rows wait for a subscriber at most: some seconds of a busy
// view, a few megabytes.
const subscriptionRows = 1 << 16

// feeds hands the committed changes of queries to subscribers. A chunk is copied once,
// however many there are.
type feeds struct {
	mu struct {
		sync.Mutex
		subs   map[string]map[*Subscription]struct{}
		closed bool
	}
	count atomic.Int64
}

func (f *feeds) init() { f.mu.subs = map[string]map[*Subscription]struct{}{} }

func (f *feeds) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.closed = true
	for _, subs := range f.mu.subs {
		for s := range subs {
			s.end(ErrClosed)
		}
	}
}

// tap is where one task's output meets its subscribers: collected as it is emitted,
// delivered when it is committed.
type tap struct {
	f       *feeds
	name    string
	pending []*chunk.Chunk
}

func (f *feeds) tap(name string) *tap { return &tap{f: f, name: name} }

// Emit implements chunk.Emitter.
func (t *tap) Emit(c *chunk.Chunk) error {
	if t.f.count.Load() == 0 {
		return nil
	}
	t.f.mu.Lock()
	n := len(t.f.mu.subs[t.name])
	t.f.mu.Unlock()
	if n > 0 {
		t.pending = append(t.pending, c.Clone())
	}
	return nil
}

func (t *tap) committed() {
	if len(t.pending) == 0 {
		return
	}
	t.f.mu.Lock()
	defer t.f.mu.Unlock()
	for s := range t.f.mu.subs[t.name] {
		s.deliver(t.pending)
	}
	t.pending = nil
}

// Subscription is a feed of the committed changes of a stream or table.
type Subscription struct {
	f    *feeds
	name string
	wake chan struct{}
	mu   struct {
		sync.Mutex
		queue []*chunk.Chunk
		rows  int
		err   error
	}
}

// Subscribe follows the changes of the stream or table name, made by a query of this
// engine, from now on. The chunks have the schema of the query's result; in those of a
// table an update may come without its half before.
func (e *Engine) Subscribe(name string) (*Subscription, error) {
	found := false
	for _, r := range e.all() {
		found = found || r.output() == name
	}
	if !found {
		return nil, ErrUnknownQuery
	}
	s := &Subscription{f: &e.feeds, name: name, wake: make(chan struct{}, 1)}
	e.feeds.mu.Lock()
	defer e.feeds.mu.Unlock()
	if e.feeds.mu.closed {
		return nil, ErrClosed
	}
	if e.feeds.mu.subs[name] == nil {
		e.feeds.mu.subs[name] = map[*Subscription]struct{}{}
	}
	e.feeds.mu.subs[name][s] = struct{}{}
	e.feeds.count.Add(1)
	return s, nil
}

func (s *Subscription) deliver(cs []*chunk.Chunk) {
	s.mu.Lock()
	for _, c := range cs {
		if s.mu.err == nil && s.mu.rows+c.N > subscriptionRows && len(s.mu.queue) > 0 {
			s.mu.err = ErrSlow
		}
		if s.mu.err != nil {
			break
		}
		s.mu.queue, s.mu.rows = append(s.mu.queue, c), s.mu.rows+c.N
	}
	s.mu.Unlock()
	s.signal()
}

func (s *Subscription) end(err error) {
	s.mu.Lock()
	if s.mu.err == nil {
		s.mu.err = err
	}
	s.mu.Unlock()
	s.signal()
}

func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Next waits for a chunk of changes. It is read only: others have it too. After ErrSlow or
// ErrClosed, which come when what was queued has been taken, there is no more.
func (s *Subscription) Next(ctx context.Context) (*chunk.Chunk, error) {
	for {
		s.mu.Lock()
		if len(s.mu.queue) > 0 {
			c := s.mu.queue[0]
			s.mu.queue, s.mu.rows = s.mu.queue[1:], s.mu.rows-c.N
			s.mu.Unlock()
			return c, nil
		}
		err := s.mu.err
		s.mu.Unlock()
		if err != nil {
			return nil, err
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	if _, ok := s.f.mu.subs[s.name][s]; ok {
		delete(s.f.mu.subs[s.name], s)
		s.f.count.Add(-1)
	}
	s.end(ErrClosed)
}
