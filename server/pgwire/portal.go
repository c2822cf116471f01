package pgwire

import (
	"context"
	"iter"
	"sync"
	"time"

	"tailrace/server/session"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// portal is a bound statement. With row limits it runs as a coroutine that stands still
// inside Result.Rows while the client has had enough, so nothing is gathered for a client
// that is slow.
type portal struct {
	statement *statement
	args      []types.Value
	formats   []int16
	bytes     int64
	finished  bool // ran to its end, or without a limit

	next   func() (batch, bool)
	stop   func()
	cancel context.CancelFunc
	batch  batch
	at     int // rows of batch that have been sent
	tag    string
	err    error

	// took is what the client has waited for so far; counted ends with the statement.
	took    time.Duration
	counted func()
}

// batch is what one call of Result.Rows or Flush hands over.
type batch struct {
	cols  []*vector.Vector
	n     int
	flush bool
}

func (p *portal) started() bool { return p.next != nil }

// start makes the coroutine, which runs only inside of fetch.
func (p *portal) start(c *conn) {
	if p.started() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.counted = sync.OnceFunc(func() { c.ran(p.statement, p.took) })
	p.next, p.stop = iter.Pull(func(yield func(batch) bool) {
		p.tag, p.err = p.statement.prepared.Run(ctx, p.args, &portalResult{c: c, yield: yield})
	})
}

// fetch runs the statement to its next batch; false means that it has ended, with p.tag
// or p.err.
func (p *portal) fetch() bool {
	var ok bool
	p.batch, ok = p.next()
	p.at = 0
	p.finished = !ok
	return ok
}

func (p *portal) close() {
	if p.started() {
		p.cancel()
		p.stop()
		p.counted()
	}
}

// worked adds the time since began, in which the statement ran; one that has ended is counted.
// What the client does in between is not the statement's.
func (p *portal) worked(c *conn, began time.Time) {
	p.took += c.since(began)
	if p.finished {
		p.counted()
	}
}

// portalResult is the session.Result of a portal with row limits.
type portalResult struct {
	c     *conn
	yield func(batch) bool
}

// Columns does nothing: Describe has told the client.
func (r *portalResult) Columns([]session.Column) error { return nil }

// Rows hands a batch to the connection and stands still until it wants more.
func (r *portalResult) Rows(cols []*vector.Vector, n int) error {
	if !r.yield(batch{cols: cols, n: n}) {
		return context.Canceled
	}
	return nil
}

// Flush asks the connection to send what it has.
func (r *portalResult) Flush() error {
	if !r.yield(batch{flush: true}) {
		return context.Canceled
	}
	return nil
}

// Notice sends a NoticeResponse.
func (r *portalResult) Notice(n session.Notice) { r.c.notice(n) }
