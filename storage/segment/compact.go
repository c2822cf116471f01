package segment

import (
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/cespare/xxhash/v2"

	"tailrace/storage/env"
	"tailrace/storage/record"
)

// maxCompactKeys bounds the map of keys that one compaction looks at (some 100 MiB). What
// lies behind the key that does not fit any more is cleaned the next time.
const maxCompactKeys = 2 << 20

// keyHash is 128 bits of a key. Two keys that share them are taken for one: with maps of
// two million that does not happen.
type keyHash [2]uint64

var keySeed = maphash.MakeSeed()

func hashKey(k []byte) keyHash { return keyHash{xxhash.Sum64(k), maphash.Bytes(keySeed, k)} }

// Compaction rewrites closed segments so that of each key the last record stays, at its
// offset. Plan it, Run it beside writer and readers, and Install it as the writer.
//
// A tombstone stays for delete.retention.ms after the first compaction that saw it: that
// one writes the time into the batch (its delete horizon). The last batch of a producer
// stays, without records if need be, because it carries the producer's sequence.
type Compaction struct {
	l       *Log
	cfg     Config
	now     time.Time
	segs    []*seg
	dirty   int64 // first offset that was never cleaned
	end     int64 // first offset that is not looked at
	keeps   map[int64]int64
	last    map[keyHash]int64
	outputs []*output

	it      record.Iter
	builder record.Builder
}

// output is one new segment and the old ones that it replaces.
type output struct {
	s   *seg
	old []*seg
	f   env.File
	buf []byte
}

// PlanCompaction returns the compaction that is due, or nil. An active segment whose first
// record is older than MaxCompactionLag is closed, so that the next one can take it. Writer
// only.
func (l *Log) PlanCompaction(now time.Time, highWatermark int64) (*Compaction, error) {
	if err := l.closeOverdue(now); err != nil {
		return nil, err
	}
	return l.planCompaction(now, highWatermark), nil
}

func (l *Log) closeOverdue(now time.Time) error {
	l.mu.RLock()
	cfg, n := &l.mu.cfg, len(l.mu.segs)
	overdue := n > 0 && cfg.Compact && l.usable() == nil && overdue(cfg, l.mu.segs[n-1], now)
	l.mu.RUnlock()
	if !overdue {
		return nil
	}
	return l.Roll()
}

// overdue reports whether s has a record that must be compacted by now.
func overdue(cfg *Config, s *seg, now time.Time) bool {
	return cfg.MaxCompactionLag < 1<<62 && s.firstTime >= 0 && now.UnixMilli()-s.firstTime > cfg.MaxCompactionLag.Milliseconds()
}

func (l *Log) planCompaction(now time.Time, highWatermark int64) *Compaction {
	l.mu.RLock()
	defer l.mu.RUnlock()
	c := &Compaction{l: l, cfg: l.mu.cfg, now: now, dirty: l.mu.cleanedTo}
	if !c.cfg.Compact || l.usable() != nil {
		return nil
	}
	total, dirty, late := int64(0), int64(0), false
	for i, s := range l.mu.segs {
		young := s.maxTime > now.Add(-c.cfg.MinCompactionLag).UnixMilli() && c.cfg.MinCompactionLag > 0
		if i == len(l.mu.segs)-1 || s.next > highWatermark || young || len(s.bad) > 0 {
			break // damage is not cleaned away
		}
		c.segs = append(c.segs, s)
		total += s.size
		if s.next > c.dirty {
			dirty += s.size
			late = late || overdue(&c.cfg, s, now)
		}
	}
	if dirty == 0 || float64(dirty) < c.cfg.MinDirtyRatio*float64(total) && !late {
		return nil
	}
	c.keeps = make(map[int64]int64, len(l.producers.byID))
	for id, p := range l.producers.byID {
		c.keeps[id] = p.last().LastOffset
	}
	return c
}

// Run writes the new segments beside the old.
func (c *Compaction) Run() error {
	err := c.mapKeys()
	if err == nil {
		err = c.clean()
	}
	if err != nil {
		c.discard()
		if errors.Is(err, errGone) {
			return nil // retention was faster: nothing to install
		}
		return fmt.Errorf("compact %s: %w", c.l.o.Dir, err)
	}
	return nil
}

// mapKeys learns the last offset of each key in the dirty part.
func (c *Compaction) mapKeys() error {
	c.last = map[keyHash]int64{}
	for _, s := range c.segs {
		c.end = s.next
		if s.next <= c.dirty {
			continue
		}
		full := false
		err := c.scan(s, func(sc *scanner) error {
			if full || sc.h.LastOffset() < c.dirty || sc.h.Control() {
				return nil
			}
			if len(c.last)+int(sc.h.Count) > maxCompactKeys && len(c.last) > 0 {
				full, c.end = true, sc.h.BaseOffset
				return nil
			}
			return c.records(sc, func(r *record.Record) {
				if r.Key != nil {
					c.last[hashKey(r.Key)] = r.Offset
				}
			})
		})
		if err != nil || full {
			return err
		}
	}
	return nil
}

func (c *Compaction) records(sc *scanner, f func(*record.Record)) error {
	if err := c.it.Reset(sc.batch); err != nil {
		return err
	}
	for c.it.Next() {
		f(c.it.Record())
	}
	return c.it.Err()
}

// scan walks all batches of a segment, with their CRCs checked.
func (c *Compaction) scan(s *seg, visit func(*scanner) error) error {
	if s.size == 0 {
		return nil
	}
	f, err := c.l.o.Files.acquire(&s.log, s.logPath(), readOnly)
	if err != nil {
		return err
	}
	defer f.Release()
	sc := scanner{full: true, chunk: scanChunk}
	sc.start(f, 0, s.size)
	for sc.step() {
		if _, err := record.Verify(sc.batch); err != nil {
			return err
		}
		if err := visit(&sc); err != nil {
			return err
		}
	}
	return sc.err
}

// clean writes the segments, as many old ones into a new one as fit.
func (c *Compaction) clean() error {
	var out *output
	size := int64(0)
	for _, s := range c.segs {
		if s.base >= c.end {
			break
		}
		if out == nil || size+s.size > c.cfg.SegmentBytes || s.next-out.s.base > 1<<31-1 {
			if err := c.closeOutput(out); err != nil {
				return err
			}
			var err error
			if out, err = c.openOutput(s.base); err != nil {
				return err
			}
			size = 0
		}
		size += s.size
		out.old = append(out.old, s)
		err := c.scan(s, func(sc *scanner) error { return c.cleanBatch(out, sc) })
		if err != nil {
			return err
		}
		out.s.next = s.next
	}
	return c.closeOutput(out)
}

func (c *Compaction) openOutput(base int64) (*output, error) {
	s := c.l.newSeg(base)
	f, err := c.l.o.FS.Create(s.logPath()+cleanedSuffix, env.LogWrites)
	if err != nil {
		return nil, err
	}
	s.offsets.path += cleanedSuffix
	s.times.path += cleanedSuffix
	for _, x := range []*index{&s.offsets, &s.times} {
		xf, err := c.l.o.FS.Create(x.path, env.LogWrites)
		if err = errors.Join(err, closeIf(xf)); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	out := &output{s: s, f: f}
	c.outputs = append(c.outputs, out)
	return out, nil
}

func closeIf(f env.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// cleanBatch writes what stays of the batch on which sc stands.
func (c *Compaction) cleanBatch(out *output, sc *scanner) error {
	h := &sc.h
	if h.Control() || h.BaseOffset >= c.end || h.Count == 0 && c.keeps[h.ProducerID] == h.LastOffset() {
		return c.write(out, sc.batch, h)
	}
	hasHorizon := h.Attributes&record.DeleteHorizonBit != 0
	kept, tombstones := int32(0), false
	keep := func(r *record.Record) bool {
		if r.Key == nil {
			return false
		}
		if last, ok := c.last[hashKey(r.Key)]; ok && r.Offset < last {
			return false
		}
		return r.Value != nil || !hasHorizon || c.now.UnixMilli() < h.BaseTimestamp
	}
	err := c.records(sc, func(r *record.Record) {
		if keep(r) {
			kept++
			tombstones = tombstones || r.Value == nil
		}
	})
	if err != nil {
		return err
	}
	setHorizon := tombstones && !hasHorizon
	isLast := h.ProducerID >= 0 && c.keeps[h.ProducerID] == h.LastOffset()
	switch {
	case kept == h.Count && kept > 0 && !setHorizon:
		return c.write(out, sc.batch, h)
	case kept == 0 && !isLast:
		return nil
	}
	b, err := c.rebuild(sc, keep, setHorizon, hasHorizon)
	if err != nil {
		return err
	}
	nh, err := record.ParseHeader(b)
	if err != nil {
		return err
	}
	return c.write(out, b, &nh)
}

// rebuild encodes the records that stay, at their offsets.
func (c *Compaction) rebuild(sc *scanner, keep func(*record.Record) bool, setHorizon, hasHorizon bool) ([]byte, error) {
	h := &sc.h
	c.builder.Reset(record.Options{
		Codec: h.Codec(), Idempotent: h.ProducerID >= 0, ProducerID: h.ProducerID,
		ProducerEpoch: h.ProducerEpoch, BaseSequence: h.BaseSequence, Transactional: h.Transactional(),
	})
	switch {
	case setHorizon:
		c.builder.SetDeleteHorizon(c.now.Add(c.cfg.DeleteRetention).UnixMilli())
	case hasHorizon:
		c.builder.SetDeleteHorizon(h.BaseTimestamp)
	}
	err := c.records(sc, func(r *record.Record) {
		if keep(r) {
			c.builder.AppendRaw(int32(r.Offset-h.BaseOffset), r)
		}
	})
	if err != nil {
		return nil, err
	}
	b, err := c.builder.FinishAt(h.BaseOffset, h.LastOffsetDelta)
	if err != nil {
		return nil, err
	}
	record.SetLeaderEpoch(b, h.LeaderEpoch)
	if h.LogAppendTime() || c.builder.Count() == 0 {
		record.SetMaxTimestamp(b, h.MaxTimestamp)
		if h.LogAppendTime() {
			record.SetLogAppendTime(b, h.MaxTimestamp)
		}
		record.Seal(b)
	}
	return b, nil
}

func (c *Compaction) write(out *output, b []byte, h *record.Header) error {
	c.l.extend(out.s, h, int64(len(b)), c.cfg.IndexIntervalBytes)
	out.buf = append(out.buf, b...)
	if len(out.buf) < scanChunk {
		return nil
	}
	return out.flush()
}

func (out *output) flush() error {
	_, err := out.f.Write(out.buf)
	out.buf = out.buf[:0]
	return err
}

// closeOutput makes a new segment durable under its temporary names.
func (c *Compaction) closeOutput(out *output) error {
	if out == nil {
		return nil
	}
	l := c.l
	l.addTime(out.s)
	err := errors.Join(out.flush(), out.s.offsets.flush(l.o.Files), out.s.times.flush(l.o.Files))
	if err == nil {
		err = errors.Join(out.f.Sync(), l.syncIndex(&out.s.offsets), l.syncIndex(&out.s.times))
	}
	err = errors.Join(err, out.f.Close())
	out.f, out.buf = nil, nil
	l.o.Files.close(&out.s.offsets.h, false)
	l.o.Files.close(&out.s.times.h, false)
	return err
}

func (c *Compaction) discard() {
	for _, out := range c.outputs {
		_ = closeIf(out.f)
		c.l.killFiles(out.s)
		for _, name := range []string{out.s.logPath() + cleanedSuffix, out.s.offsets.path, out.s.times.path} {
			_ = c.l.o.FS.Remove(name) // Open removes what is left
		}
	}
	c.outputs = nil
}
