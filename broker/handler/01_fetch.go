package handler

import (
	"context"
	"slices"
	"sync"
	"time"

	"tailrace/broker/conn"
	"tailrace/broker/partition"
	"tailrace/broker/wire"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
	"tailrace/storage/segment"
)

// Fetch, API key 1: whole batches from these offsets on.
//
//	v4 isolation level (KIP-98)   v7 sessions (KIP-227)    v9 leader epoch (KIP-320)
//	v11 rack (KIP-392)   v12 flexible, last fetched epoch (KIP-595)   v13 topic ids (KIP-516)
//
// The records of an answer are ranges of segment files. The first batch is returned even
// if it is larger than the limits, or a consumer with small limits would never get past
// it. When there is less than min_bytes, the request waits for the high watermarks of
// its partitions, up to max_wait; an error in any slot ends the wait.
//
// No session is ever opened: a request for one is answered in full with session id 0,
// which KIP-227 allows. Consumers that read committed get what is below the last stable
// offset, which is the high watermark while there are no transactions.
func init() { registerRaw(1, versions{4, 18}, (*API).fetch) }

// copyBytes bounds how much of one answer is read into memory when it is found (see
// segment.ReadLimit). Ranges beyond it are read, or spliced, when they are sent.
const copyBytes = 2 * conn.SendfileBytes

// fetched is a Fetch in progress.
type fetched struct {
	req   wire.FetchRequest
	slots []slot
	bytes int64
	data  int  // bytes of ranges that are in memory
	done  bool // a slot has news that are not records: an error, or a wrong position
}

// slot is the answer for one partition.
type slot struct {
	wire.FetchResult
	rng  segment.Range
	p    *partition.Partition
	from int64 // the offset that is asked for
}

var fetchedPool = sync.Pool{New: func() any { return new(fetched) }}

func (a *API) fetch(ctx context.Context, r *conn.Request, answer *wire.Body) conn.Outcome {
	f := fetchedPool.Get().(*fetched)
	defer fetchedPool.Put(f)
	f.slots = f.slots[:0]
	if err := f.req.Read(r.Version, r.Body); err != nil {
		return conn.Outcome{Err: err}
	}
	// Kafka tells nothing of a topic of which no partition is asked for.
	f.req.Topics = slices.DeleteFunc(f.req.Topics, func(t wire.FetchTopic) bool { return len(t.Partitions) == 0 })
	if code := sessionCode(&f.req); code != 0 {
		a.count(wire.Fetch, int16(code))
		answer.Bytes = wire.AppendFetchHead(answer.Bytes, r.Version, int16(code), 0)
		answer.Bytes = wire.AppendEndTags(answer.Bytes, wire.Fetch.Flexible(r.Version))
		return conn.Outcome{}
	}
	a.read(f)
	if f.bytes < int64(f.req.MinBytes) && !f.done && f.req.MaxWaitMillis > 0 && len(f.slots) > 0 {
		a.awaitRecords(ctx, f)
	}
	a.answerFetch(f, answer)
	clear(f.slots)
	return conn.Outcome{}
}

// sessionCode refuses requests that lean on a session, because there are none.
func sessionCode(req *wire.FetchRequest) kerr.Code {
	switch {
	case req.SessionID != 0 && req.SessionEpoch > 0:
		return kerr.FetchSessionIDNotFound
	case req.SessionEpoch > 0:
		return kerr.InvalidFetchSessionEpoch
	}
	return 0
}

// read fills the slots with what there is now.
func (a *API) read(f *fetched) {
	f.slots = f.slots[:0]
	f.bytes, f.data, f.done = 0, 0, false
	left := int(min(f.req.MaxBytes, a.cfg.FetchMaxBytes))
	for i := range f.req.Topics {
		t := &f.req.Topics[i]
		for j := range t.Partitions {
			s := a.readOne(f.req.Version, t, &t.Partitions[j], partition.ReadOptions{
				MaxBytes: left, MinOneBatch: f.bytes == 0,
				CopyBytes: min(conn.SendfileBytes-1, copyBytes-f.data), Buffers: &wire.RangeBuffers,
			})
			f.data += len(s.rng.Data)
			left = max(left-s.rng.Len, 0)
			f.bytes += int64(s.rng.Len)
			f.done = f.done || s.Code != 0 || s.Diverging != nil
			f.slots = append(f.slots, s)
		}
	}
}

// readOne answers for one partition, within o and the request's own limit.
func (a *API) readOne(version int16, t *wire.FetchTopic, q *wire.FetchPartition, o partition.ReadOptions) slot {
	s := slot{FetchResult: wire.FetchResult{
		Index: q.Index, HighWatermark: -1, LastStableOffset: -1, LogStartOffset: -1,
	}}
	p, code := a.partitionFor(version >= 13, t.Name, t.ID, q.Index)
	if code == 0 {
		code = checkEpoch(p, max(-1, q.CurrentLeaderEpoch)) // here all below 0 mean none, as in Kafka
	}
	if code != 0 {
		s.Code = int16(code)
		return s
	}
	s.p = p
	if code := s.diverge(p, q); code != 0 || s.Diverging != nil {
		s.Code = int16(code)
		return s
	}
	o.MaxBytes = min(o.MaxBytes, int(max(q.MaxBytes, 0)))
	rng, b, err := p.ReadRange(commitlog.Offset(q.Offset), o)
	if err != nil {
		s.Code = int16(a.fail("fetch", err))
		return s
	}
	s.rng, s.from = rng, q.Offset
	s.RecordsBytes = int64(rng.Len)
	s.bounds(b)
	return s
}

func (s *slot) bounds(b partition.Bounds) {
	s.HighWatermark, s.LastStableOffset, s.LogStartOffset = int64(b.HighWatermark), int64(b.LastStable), int64(b.LogStart)
}

// diverge answers a client that tells the epoch of the record before its position, if this log
// is another than the one it read: it has to go back to where the epoch ends here. If that is
// not known, it is out of range (KIP-595).
func (s *slot) diverge(p *partition.Partition, q *wire.FetchPartition) kerr.Code {
	if q.LastFetchedEpoch < 0 {
		return 0
	}
	b := p.Bounds()
	epoch, end := p.EpochEnd(q.LastFetchedEpoch)
	switch {
	case epoch < 0 || commitlog.Offset(q.Offset) < b.LogStart:
		return kerr.OffsetOutOfRange
	case epoch < q.LastFetchedEpoch || end < commitlog.Offset(q.Offset):
		s.Diverging = &wire.EpochEnd{Epoch: epoch, End: int64(end)}
		s.bounds(b)
	}
	return 0
}

// checkEpoch compares the client's idea of the leader epoch with ours (KIP-320).
func checkEpoch(p *partition.Partition, epoch int32) kerr.Code {
	switch ours := p.LeaderEpoch(); {
	case epoch == -1 || epoch == ours:
		return 0
	case epoch < ours:
		return kerr.FencedLeaderEpoch
	}
	return kerr.UnknownLeaderEpoch
}

// awaitRecords reads again whenever a high watermark has moved, until there is enough or
// the time is up.
func (a *API) awaitRecords(ctx context.Context, f *fetched) {
	wake := make(chan struct{}, 1)
	for i := range f.slots {
		defer f.slots[i].p.Watch(wake)()
	}
	timer := a.cfg.Clock.NewTimer(time.Duration(f.req.MaxWaitMillis) * time.Millisecond)
	defer timer.Stop()
	// What came before the watches were in place has rung no bell: look at once.
	for {
		f.release()
		a.read(f)
		if f.bytes >= int64(f.req.MinBytes) || f.done {
			return
		}
		select {
		case <-wake:
		case <-timer.C():
			return
		case <-ctx.Done():
			return
		}
	}
}

func (f *fetched) release() {
	for i := range f.slots {
		f.slots[i].rng.Release()
	}
}

// answerFetch encodes the slots; the ranges belong to the answer afterwards.
func (a *API) answerFetch(f *fetched, answer *wire.Body) {
	v := f.req.Version
	flexible := wire.Fetch.Flexible(v)
	answer.Bytes = wire.AppendFetchHead(answer.Bytes, v, 0, len(f.req.Topics))
	next := 0
	for i := range f.req.Topics {
		t := &f.req.Topics[i]
		answer.Bytes = wire.AppendFetchTopic(answer.Bytes, v, t, len(t.Partitions))
		for range t.Partitions {
			s := &f.slots[next]
			next++
			a.count(wire.Fetch, s.Code)
			if s.rng.Len > 0 {
				s.p.Fetched(s.rng.Next-s.from, int64(s.rng.Len))
			}
			answer.Bytes = wire.AppendFetchResult(answer.Bytes, v, &s.FetchResult)
			answer.AddRange(s.rng)
			answer.Bytes = wire.AppendFetchResultEnd(answer.Bytes, v, &s.FetchResult)
		}
		answer.Bytes = wire.AppendEndTags(answer.Bytes, flexible)
	}
	answer.Bytes = wire.AppendEndTags(answer.Bytes, flexible)
}
