// Package partition is one partition of a topic as its leader sees it: what may be
// appended, how far it is durable, who waits for it.
//
//	append -> page cache -> LogEnd
//	                 flusher: one fsync for all that came meanwhile -> HighWatermark
//
// LogStart <= LastStable <= HighWatermark <= LogEnd. Readers see what is below the high
// watermark. It is the end of what has been fsynced, or LogEnd itself in a topic that
// chose the page cache (flush.messages or flush.ms). Batches that are durable elsewhere
// (the commit journal of package local) move it without an fsync of their own, as long as
// everything before them is durable too.
//
// A Partition may be used by many goroutines. Lock order: appendMu, mu, then the locks of
// package segment.
package partition

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/record"
	"tailrace/storage/record/kerr"
	"tailrace/storage/segment"
)

// Offset, as commitlog's.
type Offset = commitlog.Offset

// Options makes a Partition.
type Options struct {
	TopicPartition commitlog.TopicPartition
	TopicID        [16]byte
	Config         Config
	Clock          env.Clock
	Flusher        *Flusher
	// System: only the server itself may append.
	System bool
	// StoreStarts stores the log starts of the node durably.
	StoreStarts func() error
}

// Partition is one partition.
type Partition struct {
	tp      commitlog.TopicPartition
	topicID [16]byte
	clock   env.Clock
	flusher *Flusher
	starts  func() error
	system  bool
	log     *segment.Log

	counts   counts
	appendMu sync.Mutex // makes its holder the writer of log
	flush    flushState // guarded by Flusher.mu

	mu struct {
		sync.Mutex
		cfg       *Config
		hw        segment.Mark
		end       segment.Mark
		covered   []covered
		unflushed struct { // appended since the last flush began
			records, bytes int64
			since          time.Time // of the first
		}
		moved    chan struct{} // closed when hw moves or the state changes; nil when nobody waits
		watchers []*watcher
		state    error // why there is no service any more
	}
}

// maxUnflushed bounds what recovery has to verify in a partition that nobody waits for.
const maxUnflushed = 64 << 20

// covered is a run of batches above the high watermark that is durable elsewhere.
type covered struct {
	from Offset
	to   segment.Mark
}

type watcher struct{ wake chan<- struct{} }

// New makes a partition over an open log, all of which is durable.
func New(o Options, log *segment.Log) *Partition {
	p := &Partition{tp: o.TopicPartition, topicID: o.TopicID, clock: o.Clock, flusher: o.Flusher,
		starts: o.StoreStarts, system: o.System, log: log}
	p.mu.cfg = &o.Config
	p.mu.end = log.End()
	p.mu.hw = p.mu.end
	return p
}

// NewUnavailable makes a partition whose log could not be opened, for cause: everything that
// is asked of it is refused with KAFKA_STORAGE_ERROR, until the next start.
func NewUnavailable(o Options, log *segment.Log, cause error) *Partition {
	p := New(o, log)
	p.Disable(cause)
	return p
}

// Disable takes a partition out of service, for cause.
func (p *Partition) Disable(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.state == nil {
		p.mu.state = p.refuse(kerr.StorageError, cause, "out of service: %v", cause)
		p.notify()
	}
}

// Serving returns why the partition does not serve, or nil.
func (p *Partition) Serving() error { return p.gone() }

// TopicPartition names the partition.
func (p *Partition) TopicPartition() commitlog.TopicPartition { return p.tp }

// System reports whether the topic is the server's own: clients append nothing to it.
func (p *Partition) System() bool { return p.system }

// TopicID is the id of its topic.
func (p *Partition) TopicID() [16]byte { return p.topicID }

// Log is the log underneath, for dumps and checkpoints. Its writer is the partition.
func (p *Partition) Log() *segment.Log { return p.log }

// SizeBytes is the size of all segments.
func (p *Partition) SizeBytes() int64 { return p.log.Size() }

// Bounds are the offsets of a partition at one moment.
type Bounds struct {
	LogStart      Offset
	LastStable    Offset // = HighWatermark: the log holds no open transactions
	HighWatermark Offset
	LogEnd        Offset
}

// Bounds returns the offsets now.
func (p *Partition) Bounds() Bounds {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.boundsLocked()
}

func (p *Partition) boundsLocked() Bounds {
	hw := Offset(p.mu.hw.Offset)
	return Bounds{LogStart: min(Offset(p.log.Start()), hw), LastStable: hw, HighWatermark: hw, LogEnd: Offset(p.mu.end.Offset)}
}

func (p *Partition) config() *Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.cfg
}

// SetConfig changes the configuration from the next append on.
func (p *Partition) SetConfig(c Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.cfg = &c
	p.log.SetConfig(c.Segment)
	if c.PageCache && p.mu.hw.Offset < p.mu.end.Offset {
		p.mu.covered = nil
		p.moveTo(p.mu.end)
	}
}

// AppendOptions says how to append.
type AppendOptions struct {
	// Acks AcksDurable waits until the batch is below the high watermark; AcksLeader
	// (and 0) returns when it is in the log.
	Acks commitlog.Acks
	// NoWait with AcksDurable returns without the wait: the caller waits for the high
	// watermark itself, for many batches at once.
	NoWait bool
	// Internal batches come from the server itself: the topic's timestamp bounds do not
	// apply to them.
	Internal bool
}

// Result is what became of an appended batch.
type Result struct {
	BaseOffset Offset
	// NextOffset is the offset after the last record: WaitHighWatermark(NextOffset)
	// waits for the batch to be durable.
	NextOffset Offset
	// LogAppendTimeMs is -1 unless the topic stamps records itself.
	LogAppendTimeMs int64
	LogStart        Offset
	// Duplicate: an idempotent producer sent the batch before. The offsets are those of
	// the first time.
	Duplicate bool
}

// Append checks one record batch v2 and adds it to the log. It patches base offset and
// leader epoch into batch itself (and the timestamp where the topic stamps records), so
// the caller must not share it. Errors are *Error, or ctx.Err() when the wait for
// durability was cut short: the batch is in the log then.
func (p *Partition) Append(ctx context.Context, batch []byte, o AppendOptions) (Result, error) {
	b, err := p.Prepare(batch, o)
	if err != nil {
		return Result{}, err
	}
	res, err := p.AppendPrepared(&b, false)
	if err != nil || o.Acks != commitlog.AcksDurable || o.NoWait {
		return res, err
	}
	return res, p.WaitHighWatermark(ctx, res.NextOffset)
}

// AppendPrepared adds a batch that Prepare has passed, and does not wait. durable says
// that the batch will survive a crash by other means.
func (p *Partition) AppendPrepared(b *Prepared, durable bool) (Result, error) {
	p.appendMu.Lock()
	defer p.appendMu.Unlock()
	h := &b.header
	res := Result{LogAppendTimeMs: b.logAppendTime}
	if err := p.gone(); err != nil {
		return res, err
	}
	if h.ProducerID >= 0 {
		dup, err := p.log.Producers().Check(h)
		if err != nil {
			return res, p.refuseSequence(err)
		}
		if dup != nil {
			res.BaseOffset, res.NextOffset, res.Duplicate = Offset(dup.BaseOffset()), Offset(dup.LastOffset+1), true
			res.LogStart = Offset(p.log.Start())
			return res, nil
		}
	}
	h.BaseOffset = p.log.End().Offset
	record.SetBaseOffset(b.batch, h.BaseOffset)
	record.SetLeaderEpoch(b.batch, p.LeaderEpoch())
	end, err := p.log.Append(b.batch, h, p.clock.Now())
	if err != nil {
		return res, p.storageError(err)
	}
	res.BaseOffset, res.NextOffset, res.LogStart = Offset(h.BaseOffset), Offset(end.Offset), Offset(p.log.Start())
	p.counts.appendedRecords.Add(int64(h.Count))
	p.counts.appendedBytes.Add(int64(h.Size()))
	if p.published(h, end, durable) {
		p.flusher.enqueue(p)
	}
	return res, nil
}

// published makes an appended batch known and reports whether a flush is wanted now.
func (p *Partition) published(h *record.Header, end segment.Mark, durable bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if end.Offset > p.mu.end.Offset {
		p.mu.end = end
	}
	if p.mu.unflushed.records == 0 {
		p.mu.unflushed.since = p.clock.Now()
	}
	p.mu.unflushed.records += int64(h.Count)
	p.mu.unflushed.bytes += int64(h.Size())
	large := p.mu.unflushed.bytes >= maxUnflushed
	switch {
	case p.mu.cfg.PageCache:
		p.moveTo(end)
		return large || p.mu.unflushed.records >= p.mu.cfg.FlushMessages ||
			p.mu.cfg.FlushInterval != Forever && p.clock.Now().Sub(p.mu.unflushed.since) >= p.mu.cfg.FlushInterval
	case !durable:
		return true
	case h.BaseOffset <= p.mu.hw.Offset:
		p.moveTo(end)
		return large
	}
	p.mu.covered = append(p.mu.covered, covered{Offset(h.BaseOffset), end})
	return true
}

// moveTo moves the high watermark, as far as covered batches carry it, and tells those
// who wait. mu is held.
func (p *Partition) moveTo(m segment.Mark) {
	if m.Offset <= p.mu.hw.Offset {
		return
	}
	p.mu.hw = m
	if m.Offset > p.mu.end.Offset {
		p.mu.end = m // the flusher was faster than the append that it served
	}
	c := p.mu.covered
	for len(c) > 0 && int64(c[0].from) <= p.mu.hw.Offset {
		if c[0].to.Offset > p.mu.hw.Offset {
			p.mu.hw = c[0].to
		}
		c = c[1:]
	}
	p.mu.covered = c
	p.notify()
}

// check panics when the offsets are out of order. mu is held.
func (p *Partition) check() {
	if start := p.log.Start(); start > p.mu.hw.Offset || p.mu.hw.Offset > p.mu.end.Offset {
		panic(fmt.Sprintf("partition %v: log start %d, high watermark %d, log end %d", p.tp, start, p.mu.hw.Offset, p.mu.end.Offset))
	}
}

func (p *Partition) notify() {
	if invariants {
		p.check()
	}
	if p.mu.moved != nil {
		close(p.mu.moved)
		p.mu.moved = nil
	}
	for _, w := range p.mu.watchers {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// flushNow runs on a worker of the flusher.
func (p *Partition) flushNow() {
	p.mu.Lock()
	p.mu.unflushed.records, p.mu.unflushed.bytes = 0, 0
	p.mu.Unlock()
	began := p.clock.Now()
	mark, err := p.log.Flush()
	if err == nil && p.flusher.flushed != nil {
		p.flusher.flushed(p.tp, p.clock.Now().Sub(began))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.moveTo(mark)
	} else if p.mu.state == nil {
		if p.log.Failed() == nil {
			p.flusher.enqueue(p) // the disk was not asked: no descriptor was left
		}
		p.notify() // waiters find the failure in the log
	}
}

// Failed returns why the partition takes no appends any more, or nil.
func (p *Partition) Failed() error { return p.log.Failed() }

// FlushSoon asks for everything appended so far to be made durable.
func (p *Partition) FlushSoon() {
	if p.log.Flushed() < p.log.End().Offset {
		p.flusher.enqueue(p)
	}
}

// WaitHighWatermark returns when the high watermark has reached off, ctx ends, or the
// partition can no longer get there (closed, deleted, disk failure).
func (p *Partition) WaitHighWatermark(ctx context.Context, off Offset) error {
	for {
		p.mu.Lock()
		if Offset(p.mu.hw.Offset) >= off {
			p.mu.Unlock()
			return nil
		}
		if p.mu.state != nil {
			defer p.mu.Unlock()
			return p.mu.state
		}
		if p.mu.moved == nil {
			p.mu.moved = make(chan struct{})
		}
		moved := p.mu.moved
		p.mu.Unlock()
		if err := p.log.Failed(); err != nil {
			return p.storageError(err)
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Settle returns the bounds with a high watermark that is at least the log end of now: what
// was acknowledged without waiting for the disk is below it. When ctx ends, or the disk has
// failed, it is where it is.
func (p *Partition) Settle(ctx context.Context) Bounds {
	b := p.Bounds()
	if b.HighWatermark < b.LogEnd {
		p.FlushSoon()
		_ = p.WaitHighWatermark(ctx, b.LogEnd) // what is not settled is not told
		b = p.Bounds()
	}
	return b
}

// Watch sends to wake, without blocking, whenever the high watermark moves or the
// partition is closed or deleted, until cancel is called.
func (p *Partition) Watch(wake chan<- struct{}) (cancel func()) {
	w := &watcher{wake}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.watchers = append(p.mu.watchers, w)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i, v := range p.mu.watchers {
			if v == w {
				last := len(p.mu.watchers) - 1
				p.mu.watchers[i] = p.mu.watchers[last]
				p.mu.watchers[last] = nil
				p.mu.watchers = p.mu.watchers[:last]
				return
			}
		}
	}
}

// Producers are the idempotent producers that the partition knows.
func (p *Partition) Producers() []segment.KnownProducer {
	p.appendMu.Lock()
	defer p.appendMu.Unlock()
	return p.log.Producers().List()
}

// LastSequence returns the last sequence of a producer in this partition.
func (p *Partition) LastSequence(producerID int64) (seq int32, ok bool) {
	p.appendMu.Lock()
	defer p.appendMu.Unlock()
	return p.log.Producers().LastSequence(producerID)
}

func (p *Partition) gone() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.state
}

// LeaderEpoch is the epoch that new batches are stamped with: 0 for ever, since no other
// node ever led the partition.
func (p *Partition) LeaderEpoch() int32 { return 0 }

// EpochEnd answers OffsetForLeaderEpoch: the largest epoch not above epoch that has
// records, and the offset where it ends; -1, -1 when there is none.
func (p *Partition) EpochEnd(epoch int32) (int32, Offset) {
	switch ours := p.LeaderEpoch(); {
	case epoch == ours:
		return epoch, p.Bounds().LogEnd
	case epoch < -1: // before the first: it ended where that began
		return epoch, p.Bounds().LogStart
	}
	return -1, -1
}

// Close makes the log durable and ends the service.
func (p *Partition) Close() error { return p.end(false, p.log.Close) }

// Delete ends the service and removes the files.
func (p *Partition) Delete() error { return p.end(true, p.log.Delete) }

func (p *Partition) end(deleted bool, finish func() error) error {
	p.appendMu.Lock()
	defer p.appendMu.Unlock()
	p.mu.Lock()
	if err, ok := p.mu.state.(*Error); ok && err.Code == kerr.StorageError && deleted {
		p.mu.state = nil // what could not be opened can be deleted
	}
	if p.mu.state != nil {
		p.mu.Unlock()
		return nil
	}
	p.mu.state = p.errGone(deleted)
	p.mu.Unlock()
	p.flusher.exclude(p)
	err := finish()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notify()
	return err
}
