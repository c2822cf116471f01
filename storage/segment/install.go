package segment

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tailrace/storage/env"
)

const (
	cleanedSuffix = ".cleaned"
	// manifestName names the file that makes an installation atomic: it lists the new
	// segment's base offset and those of the segments that it replaces. While it exists,
	// Open carries the installation through; without it, cleaned files are garbage.
	manifestName = "compaction-manifest"
)

// Install puts the new segments in the place of the old. Writer only.
func (c *Compaction) Install() error {
	defer c.discard()
	if err := c.l.extendChain(c.end); err != nil {
		return c.l.refuse(err)
	}
	for len(c.outputs) > 0 {
		out := c.outputs[0]
		if !c.current(out) {
			return nil // retention took one of the old segments: try again next time
		}
		if err := c.l.install(out); err != nil {
			return c.l.fail(err)
		}
		c.outputs = c.outputs[1:]
	}
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	c.l.mu.cleanedTo = max(c.l.mu.cleanedTo, c.end)
	return nil
}

// CleanedTo is the offset up to which the log has been compacted.
func (l *Log) CleanedTo() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.mu.cleanedTo
}

func (c *Compaction) current(out *output) bool {
	for _, s := range out.old {
		if !slices.Contains(c.l.mu.segs, s) {
			return false
		}
	}
	return len(out.old) > 0
}

// install swaps one new segment in. Readers wait for Log.mu; those that hold an old file
// keep reading it.
func (l *Log) install(out *output) error {
	var text strings.Builder
	for _, s := range out.old {
		fmt.Fprintf(&text, "%d\n", s.base)
	}
	fs := l.o.FS
	if err := env.SyncDir(fs, l.o.Dir); err != nil {
		return err
	}
	if err := env.ReplaceFile(fs, fs.PathJoin(l.o.Dir, manifestName), []byte(text.String())); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range out.old {
		l.killFiles(s)
		l.dropDirty(s)
	}
	bases := make([]int64, len(out.old))
	for i, s := range out.old {
		bases[i] = s.base
	}
	if err := l.finishInstall(bases); err != nil {
		return err
	}
	s := l.newSeg(out.s.base)
	s.size, s.next, s.reserved = out.s.size, out.s.next, out.s.size
	s.maxTime, s.maxTimeAt, s.firstTime = out.s.maxTime, out.s.maxTimeAt, out.s.firstTime
	s.offsets.n, s.times.n = out.s.offsets.n, out.s.times.n
	s.rolled, s.cleaned = true, true
	i := slices.Index(l.mu.segs, out.old[0])
	l.mu.segs = slices.Concat(l.mu.segs[:i:i], []*seg{s}, l.mu.segs[i+len(out.old):])
	l.hints.clear()
	return nil
}

// finishInstall moves the cleaned files of the segment bases[0] to their names, removes
// the other segments, and ends the installation. It may be repeated at any point.
func (l *Log) finishInstall(bases []int64) error {
	fs := l.o.FS
	for _, path := range l.newSeg(bases[0]).paths() {
		if err := fs.Rename(path+cleanedSuffix, path); err != nil && !env.IsNotExist(err) {
			return err
		}
	}
	for _, base := range bases[1:] {
		for _, path := range l.newSeg(base).paths() {
			if err := fs.Remove(path); err != nil && !env.IsNotExist(err) {
				return err
			}
		}
	}
	if err := env.SyncDir(fs, l.o.Dir); err != nil {
		return err
	}
	if err := l.unchain(bases[1:]); err != nil {
		return err
	}
	// The manifest must not come back after the next compaction has begun to write files
	// of the same names.
	if err := fs.Remove(fs.PathJoin(l.o.Dir, manifestName)); err != nil {
		return err
	}
	return env.SyncDir(fs, l.o.Dir)
}

// settle brings the folder to rest: it carries an interrupted installation through and
// removes what deletions and compactions left. It returns the names that remain.
func (l *Log) settle(names []string) ([]string, error) {
	fs := l.o.FS
	if slices.Contains(names, manifestName) {
		b, err := env.ReadFile(fs, fs.PathJoin(l.o.Dir, manifestName))
		if err != nil {
			return nil, err
		}
		var bases []int64
		for _, line := range strings.Fields(string(b)) {
			base, err := strconv.ParseInt(line, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", manifestName, err)
			}
			bases = append(bases, base)
		}
		if len(bases) > 0 {
			if err := l.finishInstall(bases); err != nil {
				return nil, err
			}
		}
		if names, err = fs.List(l.o.Dir); err != nil {
			return nil, err
		}
	}
	kept := names[:0]
	for _, name := range names {
		switch fs.PathBase(name) {
		case "", ".", "..":
			continue
		}
		if strings.HasSuffix(name, deletedSuffix) || strings.HasSuffix(name, cleanedSuffix) || strings.HasSuffix(name, ".tmp") {
			if err := fs.Remove(fs.PathJoin(l.o.Dir, name)); err != nil && !env.IsNotExist(err) {
				return nil, err
			}
			continue
		}
		kept = append(kept, name)
	}
	return kept, nil
}
