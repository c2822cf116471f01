package partition

import (
	"sync"
	"time"

	"tailrace/storage/commitlog"
)

// Flusher makes the partitions of a node durable. Partitions queue for it, each at most
// once; while one is being fsynced, appends to it and to others go on, and the next fsync
// serves all of them. Several workers run side by side because the file system's journal
// commits for all that wait.
type Flusher struct {
	// flushed is told how long the log of a partition took to become durable.
	flushed func(commitlog.TopicPartition, time.Duration)

	mu struct {
		sync.Mutex
		wanted sync.Cond // queue is not empty, or closed
		idle   sync.Cond // some partition is not being flushed any more
		queue  []*Partition
		closed bool
	}
	done sync.WaitGroup
}

// flushState is a partition's place in the flusher; guarded by Flusher.mu.
type flushState uint8

const (
	flushIdle flushState = iota
	flushQueued
	flushRunning
	flushAgain // running, and wanted once more
)

// NewFlusher starts a flusher with some workers. flushed is told how long the log of a
// partition took to become durable; nil: nobody is.
func NewFlusher(workers int, flushed func(commitlog.TopicPartition, time.Duration)) *Flusher {
	f := &Flusher{flushed: flushed}
	f.mu.wanted.L, f.mu.idle.L = &f.mu, &f.mu
	f.done.Add(workers)
	for range workers {
		go f.run()
	}
	return f
}

// enqueue asks for p to be flushed soon.
func (f *Flusher) enqueue(p *Partition) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch p.flush {
	case flushIdle:
		p.flush = flushQueued
		f.mu.queue = append(f.mu.queue, p)
		f.mu.wanted.Signal()
	case flushRunning:
		p.flush = flushAgain
	}
}

func (f *Flusher) run() {
	defer f.done.Done()
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		for len(f.mu.queue) == 0 {
			if f.mu.closed {
				return
			}
			f.mu.wanted.Wait()
		}
		p := f.mu.queue[0]
		f.mu.queue[0] = nil
		f.mu.queue = f.mu.queue[1:]
		p.flush = flushRunning
		f.mu.Unlock()
		p.flushNow()
		f.mu.Lock()
		if p.flush == flushAgain {
			p.flush = flushQueued
			f.mu.queue = append(f.mu.queue, p)
			continue // this worker takes it, or the one behind it in the queue
		}
		p.flush = flushIdle
		f.mu.idle.Broadcast()
	}
}

// exclude waits until no worker flushes p, and takes it out of the queue.
func (f *Flusher) exclude(p *Partition) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for p.flush == flushRunning || p.flush == flushAgain {
		f.mu.idle.Wait()
	}
	if p.flush == flushQueued {
		for i, q := range f.mu.queue {
			if q == p {
				f.mu.queue = append(f.mu.queue[:i:i], f.mu.queue[i+1:]...)
				break
			}
		}
		p.flush = flushIdle
	}
}

// Close serves what is queued and stops the workers.
func (f *Flusher) Close() {
	f.mu.Lock()
	f.mu.closed = true
	f.mu.wanted.Broadcast()
	f.mu.Unlock()
	f.done.Wait()
}
