package local

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/damage"
	"tailrace/storage/env"
	"tailrace/storage/journal"
	"tailrace/storage/record/kerr"
	"tailrace/storage/segment"
)

const (
	// maxGroupBytes bounds what one fsync of the journal takes along.
	maxGroupBytes = 16 << 20
	// maxApplying bounds how many groups may be durable and not yet in the partitions.
	maxApplying = 4
	// applyRetry is how long a full disk is given before an append is tried again.
	applyRetry = 100 * time.Millisecond
)

// item is one batch of a commit and where it goes.
type item struct {
	p *partition.Partition
	b partition.Prepared
}

// work is a commit on its way. offsets and err are set before done is closed.
type work struct {
	run     func() // instead of a commit: runs between those before it and those after it
	frame   []byte
	items   []item
	offsets []commitlog.Offset // -1: the topic was deleted meanwhile
	err     error
	done    chan struct{}
}

// applied is a group of commits that the journal holds.
type durable struct {
	number uint64 // of the journal file
	works  []*work
}

// committer runs two stages: one makes commits durable, all that wait with one fsync; the
// other appends them to their partitions in the order of the journal, so that a replay
// gives every record the offset that it had.
type committer struct {
	l       *Log
	applyCh chan durable
	stages  sync.WaitGroup

	jmu     sync.Mutex // guards journal and files; taken after mu
	journal *journal.Journal
	files   map[uint64]*journalFile

	mu struct {
		sync.Mutex
		cond    sync.Cond
		tasks   map[taskKey]*task
		waiting []*work
		stopped bool
		failed  error
	}
}

// journalFile is what must be on disk before a journal file may go.
type journalFile struct {
	pending int // commits that are not in the partitions yet
	needs   map[*partition.Partition]commitlog.Offset
}

// openCommits replays the journal into the partitions.
func (l *Log) openCommits() error {
	c := &committer{l: l, applyCh: make(chan durable, maxApplying), files: map[uint64]*journalFile{}}
	c.mu.cond.L = &c.mu
	c.mu.tasks = map[taskKey]*task{}
	l.commits = c
	r := redoing{l: l, touched: map[*partition.Partition]bool{}}
	var err error
	if c.journal, err = l.openJournal(r.entry); err != nil {
		return err
	}
	l.recovery.Redone = r.batches
	// What the journal held is durable in the partitions before the journal goes.
	for p := range r.touched {
		if _, err := p.Log().Flush(); err != nil {
			l.disable(p, err)
			r.skipped++
		}
	}
	if r.skipped > 0 {
		kept, err := c.journal.SetAside()
		if err != nil {
			return err
		}
		l.c.Damage.Report(damage.Fault{Part: "journal", File: l.path("journal"), Offset: -1, Reason: fmt.Sprintf(
			"%d batches of commits could not be carried out, the last because: %v", r.skipped, r.cause),
			Remedy: "what they belong to is told beside this; their journal is kept: " + strings.Join(kept, ", ")})
	}
	return c.journal.Remove(math.MaxUint64)
}

// redoing carries out the commits of the journal when it is opened.
type redoing struct {
	l       *Log
	touched map[*partition.Partition]bool
	batches int
	skipped int // batches that could not be carried out
	cause   error
}

// entry appends the batches of a commit that the crash took from their partitions. A batch
// that is there is known by its producer's sequence: a partition lost a suffix at most, and
// the batches of one producer stand in the journal in order. A partition that is damaged
// does not keep the others from what is theirs.
func (r *redoing) entry(frame []byte) error {
	skip := func(err error) {
		r.skipped++
		r.cause = err
	}
	err := decodeCommit(frame, func(id [16]byte, pid commitlog.PartitionID, batch []byte) error {
		p, err := r.l.PartitionByID(id, pid)
		if err != nil {
			return nil // deleted since
		}
		if err := p.Serving(); err != nil {
			skip(err)
			return nil
		}
		r.touched[p] = true
		b, err := partition.Restore(append([]byte(nil), batch...))
		if err != nil {
			skip(err)
			return nil
		}
		if last, ok := p.LastSequence(b.ProducerID()); ok && !sequenceAfter(b.LastSequence(), last) {
			return nil
		}
		if _, err = p.AppendPrepared(&b, true); env.IsNoSpace(err) {
			return err // a start is not the time to give up on it
		} else if err != nil {
			r.l.disable(p, err)
			skip(err)
			return nil
		}
		r.batches++
		return nil
	})
	if errors.Is(err, errCommitFormat) {
		skip(err)
		return nil
	}
	return err
}

// sequenceAfter reports whether a comes after b on the circle of sequences.
func sequenceAfter(a, b int32) bool {
	d := uint32(a-b) & (1<<31 - 1)
	return d != 0 && d < 1<<30
}

func (c *committer) start() {
	c.stages.Add(2)
	go c.runJournal()
	go c.runApply()
}

// stop ends both stages after what has been submitted, and reports whether every durable
// commit is in its partitions.
func (c *committer) stop() bool {
	c.mu.Lock()
	c.mu.stopped = true
	c.mu.cond.Broadcast()
	c.mu.Unlock()
	c.stages.Wait()
	c.jmu.Lock()
	defer c.jmu.Unlock()
	for _, f := range c.files {
		if f.pending > 0 {
			return false
		}
	}
	return true
}

// forgetAll empties the journal: every partition is on disk.
func (c *committer) forgetAll() error {
	c.jmu.Lock()
	defer c.jmu.Unlock()
	if c.journal.Empty() {
		return c.journal.Remove(math.MaxUint64)
	}
	if err := c.journal.Rotate(); err != nil {
		return err
	}
	return c.journal.Remove(math.MaxUint64)
}

func (c *committer) submit(w *work) error {
	if len(w.frame) > journal.MaxFrame {
		return fmt.Errorf("%w: %w: a commit of %d bytes", commitlog.ErrBatchTooLarge, kerr.MessageTooLarge, len(w.frame))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.stopped {
		return commitlog.ErrClosed
	}
	if c.mu.failed != nil {
		return c.mu.failed
	}
	c.mu.waiting = append(c.mu.waiting, w)
	c.mu.cond.Signal()
	return nil
}

// between runs fn when every commit that is durable is in its partitions, and no later one
// is.
func (c *committer) between(fn func()) error {
	w := &work{run: fn, done: make(chan struct{})}
	if err := c.submit(w); err != nil {
		return err
	}
	<-w.done
	return w.err
}

// take waits for commits and returns as many as one fsync should serve; nil at the end.
func (c *committer) take() []*work {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.mu.waiting) == 0 {
		if c.mu.stopped {
			return nil
		}
		c.mu.cond.Wait()
	}
	n, size := 0, 0
	for n < len(c.mu.waiting) && (n == 0 || size+len(c.mu.waiting[n].frame) <= maxGroupBytes) {
		size += len(c.mu.waiting[n].frame)
		n++
	}
	ws := c.mu.waiting[:n:n]
	c.mu.waiting = c.mu.waiting[n:]
	return ws
}

func (c *committer) runJournal() {
	defer c.stages.Done()
	defer close(c.applyCh)
	var frames [][]byte
	for ws := c.take(); ws != nil; ws = c.take() {
		frames = frames[:0]
		for _, w := range ws {
			if w.run == nil {
				frames = append(frames, w.frame)
			}
		}
		number, err := c.write(frames)
		if err != nil {
			err = c.l.storageError(err)
			if errors.Is(err, journal.ErrFailed) {
				c.fail(err)
			}
			for _, w := range ws {
				w.finish(err)
			}
			continue
		}
		for _, w := range ws {
			w.frame = nil
		}
		c.applyCh <- durable{number, ws}
	}
}

func (c *committer) write(frames [][]byte) (uint64, error) {
	c.jmu.Lock()
	defer c.jmu.Unlock()
	if c.journal.Full() {
		if err := c.journal.Rotate(); err != nil {
			return 0, err
		}
	}
	number := c.journal.Number()
	if len(frames) == 0 {
		return number, nil
	}
	began := c.l.c.Clock.Now()
	if err := c.journal.Append(frames...); err != nil {
		return 0, err
	}
	c.l.synced(c.l.meters.journalSync, began, "file", "journal")
	f := c.files[number]
	if f == nil {
		f = &journalFile{needs: map[*partition.Partition]commitlog.Offset{}}
		c.files[number] = f
	}
	f.pending += len(frames)
	return number, nil
}

func (c *committer) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.failed == nil {
		c.mu.failed = err
		c.l.reportFailed("commits", c.l.path("journal"), err)
	}
}

func (w *work) finish(err error) {
	w.err = err
	close(w.done)
}

func (c *committer) runApply() {
	defer c.stages.Done()
	for d := range c.applyCh {
		for _, w := range d.works {
			c.mu.Lock()
			err := c.mu.failed
			c.mu.Unlock()
			switch {
			case err != nil:
			case w.run != nil:
				w.run()
			default:
				if err = c.apply(w); err == nil {
					c.noteApplied(d.number, w)
				}
			}
			w.finish(err)
		}
	}
}

// apply appends a durable commit to its partitions. It cannot be refused any more: a full
// disk is waited for, and when a partition has failed for good no further commit is
// taken, since the order of the journal could not be kept; the next start redoes it.
func (c *committer) apply(w *work) error {
	for i := range w.items {
		it := &w.items[i]
		for {
			res, err := it.p.AppendPrepared(&it.b, true)
			if err == nil {
				w.offsets[i] = res.BaseOffset
				break
			}
			if errors.Is(err, kerr.UnknownTopicOrPartition) {
				w.offsets[i] = -1
				break
			}
			if errors.Is(err, segment.ErrFailed) || !errors.Is(err, kerr.StorageError) {
				err = fmt.Errorf("commit is durable but not applied: %w", err)
				c.fail(err)
				return err
			}
			c.l.c.Logger.Warn("commit waits for the disk", "partition", it.p.TopicPartition().String(), "err", err)
			if !c.pause() {
				return fmt.Errorf("%w: commit is durable but not applied: %w", commitlog.ErrClosed, err)
			}
		}
	}
	return nil
}

// pause waits a little; false means that the log is closing.
func (c *committer) pause() bool {
	t := c.l.c.Clock.NewTimer(applyRetry)
	defer t.Stop()
	select {
	case <-t.C():
		return true
	case <-c.l.closing:
		return false
	}
}

func (c *committer) noteApplied(number uint64, w *work) {
	c.jmu.Lock()
	defer c.jmu.Unlock()
	f := c.files[number]
	f.pending--
	for i := range w.items {
		if w.offsets[i] >= 0 {
			end := w.offsets[i] + commitlog.Offset(w.items[i].b.Count())
			f.needs[w.items[i].p] = max(f.needs[w.items[i].p], end)
		}
	}
}

// trim removes the journal files whose commits are on disk in their partitions. The
// current file is ended when nothing in it is needed any more, so that an idle log has
// an empty journal.
func (c *committer) trim() error {
	c.jmu.Lock()
	defer c.jmu.Unlock()
	current := c.journal.Number()
	for number := range c.files {
		if !c.files[number].settled() {
			continue
		}
		if number == current {
			if err := c.journal.Rotate(); err != nil {
				return err
			}
		}
		delete(c.files, number)
	}
	oldest := c.journal.Number()
	for number := range c.files {
		oldest = min(oldest, number)
	}
	return c.journal.Remove(oldest)
}

func (f *journalFile) settled() bool {
	if f.pending > 0 {
		return false
	}
	for p, end := range f.needs {
		if err := p.Failed(); errors.Is(err, segment.ErrClosed) {
			continue // deleted: there is nothing to redo
		}
		if commitlog.Offset(p.Log().Flushed()) < end {
			return false
		}
	}
	return true
}
