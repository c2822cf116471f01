package segment

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"tailrace/storage/env"
	"tailrace/storage/record"
)

// Report is what Verify found in a partition's folder.
type Report struct {
	Segments   int
	Bytes      int64
	Start, End int64 // offsets
	Holes      []Hole
	// TornTail is how many bytes behind the last batch are no batch: what a crash left of
	// a write that nobody was promised. The next start cuts them.
	TornTail int64
	// Notes are faults of files that are made anew: indexes, producer snapshots.
	Notes []string
}

// Verify checks every batch of a log that nobody has open, with its checksum, and compares
// the log with what the options say of it. It changes nothing.
func Verify(o Options) (r Report, err error) {
	l := &Log{o: o}
	l.mu.cfg, l.mu.cleanedTo = o.Config, o.CleanedTo
	names, err := o.FS.List(o.Dir)
	if err != nil && !env.IsNotExist(err) {
		return r, err
	}
	if err := l.load(names); err != nil {
		return r, err
	}
	segs := l.mu.segs
	r.Segments, r.Start, r.End = len(segs), o.StartOffset, o.StartOffset
	for i, s := range segs {
		next := int64(math.MaxInt64)
		if i+1 < len(segs) {
			next = segs[i+1].base
		}
		if err := l.verifySegment(&r, s, next); err != nil {
			return r, err
		}
	}
	if len(segs) > 0 {
		r.Start = max(o.StartOffset, segs[0].base)
		if base := segs[0].base; base > o.StartOffset && !o.StartUnknown {
			r.Start = o.StartOffset
			r.Holes = slices.Insert(r.Holes, 0, Hole{From: o.StartOffset, To: base, File: o.Dir, Pos: -1, Reason: "the first segments are missing"})
		}
	}
	r.Holes = append(r.Holes, l.unlinked(r.End)...)
	if r.End < o.RecoveryPoint {
		r.Holes = append(r.Holes, Hole{From: r.End, To: o.RecoveryPoint, File: o.Dir, Pos: -1, Reason: "the end of the log is missing"})
		r.End = o.RecoveryPoint
	}
	r.Notes = append(r.Notes, l.verifySnapshots(names)...)
	return r, nil
}

// verifySegment checks one segment, whose records are before next.
func (l *Log) verifySegment(r *Report, s *seg, next int64) error {
	f, err := l.o.FS.Open(s.logPath())
	if err != nil {
		return err
	}
	defer f.Close()
	holes, _, end := l.examine(f, s, s.size, next)
	r.Bytes += s.size
	if n := len(holes); n > 0 && holes[n-1].To == math.MaxInt64 { // the last segment: nothing follows
		tail := holes[n-1]
		holes = holes[:n-1]
		r.Bytes -= s.size - tail.Pos
		if !zeroes(f, tail.Pos, s.size) {
			r.TornTail = s.size - tail.Pos
		}
	}
	holes = slices.DeleteFunc(holes, func(h Hole) bool { return h.From >= h.To })
	for _, h := range holes {
		end = max(end, h.To)
	}
	if next != math.MaxInt64 && end < next && !l.mayGap(s, end) {
		holes = append(holes, Hole{From: end, To: next, File: s.logPath(), Pos: s.size, Reason: "records at the end of the segment are missing"})
	}
	r.Holes = append(r.Holes, holes...)
	r.End = end
	if next != math.MaxInt64 {
		r.End = next
	}
	for _, x := range []*index{&s.offsets, &s.times} {
		if why := l.verifyIndex(x, s); why != "" {
			r.Notes = append(r.Notes, fmt.Sprintf("%s: %s; it is made anew", x.path, why))
		}
	}
	return nil
}

// zeroes reports whether a file has nothing but zeroes from pos on: blocks reserved ahead.
func zeroes(f io.ReaderAt, pos, size int64) bool {
	buf := make([]byte, scanChunk)
	for pos < size {
		n := min(int64(len(buf)), size-pos)
		if _, err := f.ReadAt(buf[:n], pos); err != nil {
			return false
		}
		if strings.Trim(string(buf[:n]), "\x00") != "" {
			return false
		}
		pos += n
	}
	return true
}

// verifyIndex says what is wrong with an index, "" for nothing.
func (l *Log) verifyIndex(x *index, s *seg) string {
	b, err := env.ReadFile(l.o.FS, x.path)
	if err != nil && s.size <= l.mu.cfg.IndexIntervalBytes {
		return "" // a short segment has none
	}
	if err != nil {
		return "it is missing"
	}
	lastKey, lastValue := int64(-1), int64(-1)
	for i := 0; i+x.entry <= len(b); i += x.entry {
		key, value := entryDelta(b[i:]), int64(0)
		if x.entry == offsetEntry {
			value = entryPos(b[i:])
		} else {
			key, value = entryTimeDelta(b[i:]), entryTime(b[i:])
		}
		if i > 0 && (key <= lastKey || value <= lastValue) || x.entry == offsetEntry && value >= s.size {
			if key == 0 && value == 0 {
				break // reserved ahead
			}
			return fmt.Sprintf("entry %d does not follow the one before it", i/x.entry)
		}
		lastKey, lastValue = key, value
	}
	return ""
}

func (l *Log) verifySnapshots(names []string) (notes []string) {
	for _, name := range names {
		if !strings.HasSuffix(name, snapshotSuffix) {
			continue
		}
		path := l.o.FS.PathJoin(l.o.Dir, name)
		b, err := env.ReadFile(l.o.FS, path)
		if err == nil {
			_, err = decodeProducers(b)
		}
		if err != nil {
			notes = append(notes, fmt.Sprintf("%s: %v; an older one is taken", path, err))
		}
	}
	return notes
}

const repairedSuffix = ".repaired"

// Repair makes the holes of a log that nobody has open gaps, as compaction leaves them:
// batches without records that stand for their offsets. What is whole of a damaged segment
// is kept, as segments of its own, and the damaged file goes to aside.
func Repair(o Options, r Report, aside func(path string) error) error {
	l := &Log{o: o}
	if err := env.MakeDir(o.FS, o.Dir); err != nil {
		return err
	}
	names, err := o.FS.List(o.Dir)
	if err != nil {
		return err
	}
	// A repair that was cut short has written what is whole: it only needs its names.
	for i, name := range names {
		if to, ok := strings.CutSuffix(name, repairedSuffix); ok {
			if err := o.FS.Rename(o.FS.PathJoin(o.Dir, name), o.FS.PathJoin(o.Dir, to)); err != nil {
				return err
			}
			names[i] = to
		}
	}
	if err := l.load(slices.Compact(names)); err != nil {
		return err
	}
	for i, s := range l.mu.segs {
		next := int64(math.MaxInt64)
		if i+1 < len(l.mu.segs) {
			next = l.mu.segs[i+1].base
		}
		if err := l.split(s, next, aside); err != nil {
			return err
		}
	}
	for _, h := range r.Holes {
		if h.Pos >= 0 && h.Pos < fileSize(o.FS, h.File) {
			continue // inside of a file: split has filled it
		}
		s := l.newSeg(h.From)
		for _, path := range s.paths() {
			if err := aside(path); err != nil && !env.IsNotExist(err) {
				return err
			}
		}
		if err := writeParts(o.FS, s.logPath(), nil, 0, 0, h); err != nil {
			return err
		}
		if err := o.FS.Rename(s.logPath()+repairedSuffix, s.logPath()); err != nil {
			return err
		}
	}
	return env.SyncDir(o.FS, o.Dir)
}

func fileSize(fs env.FS, name string) int64 {
	st, err := fs.Stat(name)
	if err != nil {
		return 0
	}
	return st.Size()
}

// split keeps what is whole of a damaged segment, and puts an empty batch where a hole is.
func (l *Log) split(s *seg, next int64, aside func(string) error) error {
	fs := l.o.FS
	f, err := fs.Open(s.logPath())
	if err != nil {
		return err
	}
	defer f.Close()
	holes, bad, _ := l.examine(f, s, s.size, next)
	if next == math.MaxInt64 && len(bad) > 0 && bad[len(bad)-1].to == s.size {
		bad = bad[:len(bad)-1] // the next start cuts it, or an empty segment stands for it
	}
	if len(bad) == 0 {
		return nil
	}
	var made []string
	from, base := int64(0), s.base
	for i := 0; i <= len(bad); i++ {
		to, hole := s.size, Hole{}
		if i < len(bad) {
			to, hole = bad[i].from, holes[i]
		}
		if to > from || hole.To > hole.From {
			name := l.newSeg(base).logPath()
			if err := writeParts(fs, name, f, from, to, hole); err != nil {
				return err
			}
			made = append(made, name)
		}
		if i < len(bad) {
			from, base = bad[i].to, hole.To
		}
	}
	for _, path := range s.paths() {
		if err := aside(path); err != nil && !env.IsNotExist(err) {
			return err
		}
	}
	for _, name := range made {
		if err := fs.Rename(name+repairedSuffix, name); err != nil {
			return err
		}
	}
	return env.SyncDir(fs, l.o.Dir)
}

// writeParts writes the bytes [from, to) of f, and batches that stand for a hole, into what
// will be the file name.
func writeParts(fs env.FS, name string, f io.ReaderAt, from, to int64, h Hole) (err error) {
	out, err := fs.Create(name+repairedSuffix, env.LogWrites)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if to > from {
		if _, err := io.Copy(out, io.NewSectionReader(f, from, to-from)); err != nil {
			return err
		}
	}
	for at := h.From; at < h.To; {
		end := min(h.To, at+1<<30)
		if _, err := out.Write(record.Empty(at, end)); err != nil {
			return err
		}
		at = end
	}
	return out.Sync()
}
