package segment

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tailrace/storage/env"
)

const snapshotSuffix = ".snapshot"

func (l *Log) snapshotPath(offset int64) string {
	return l.o.FS.PathJoin(l.o.Dir, fmt.Sprintf("%020d%s", offset, snapshotSuffix))
}

// snapshot writes the producers as of the end of the log. It is not fsynced: its CRC
// tells a whole one from a torn one, and recovery then takes an older one and reads more.
func (l *Log) snapshot() error {
	end := l.mu.end
	path := l.snapshotPath(end)
	f, err := l.o.FS.Create(path+".tmp", env.MetaWrites)
	if err != nil {
		return err
	}
	_, err = f.Write(l.producers.encode())
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := l.o.FS.Rename(path+".tmp", path); err != nil {
		return err
	}
	if n := len(l.snapshots); n == 0 || l.snapshots[n-1] != end {
		l.snapshots = append(l.snapshots, end)
	}
	l.sinceSnap = 0
	l.pruneSnapshots()
	return nil
}

// pruneSnapshots keeps the newest two snapshots, and those where a segment begins.
func (l *Log) pruneSnapshots() {
	for i := 0; i < len(l.snapshots)-2; {
		offset := l.snapshots[i]
		isBase := slices.ContainsFunc(l.mu.segs, func(s *seg) bool { return s.base == offset })
		if isBase || l.o.FS.Remove(l.snapshotPath(offset)) != nil {
			i++
			continue
		}
		l.snapshots = slices.Delete(l.snapshots, i, i+1)
	}
}

// loadSnapshot sets the producers from the newest good snapshot at or below limit and
// returns its offset, or -1. Snapshots above limit are removed: they may know batches
// that the crash took.
func (l *Log) loadSnapshot(names []string, limit int64) int64 {
	for _, name := range names {
		if base, ok := strings.CutSuffix(name, snapshotSuffix); ok {
			if offset, err := strconv.ParseInt(base, 10, 64); err == nil {
				l.snapshots = append(l.snapshots, offset)
			}
		}
	}
	slices.Sort(l.snapshots)
	for len(l.snapshots) > 0 {
		n := len(l.snapshots) - 1
		offset := l.snapshots[n]
		if offset <= limit {
			if b, err := env.ReadFile(l.o.FS, l.snapshotPath(offset)); err == nil {
				if t, err := decodeProducers(b); err == nil {
					l.producers = t
					return offset
				}
			}
		}
		_ = l.o.FS.Remove(l.snapshotPath(offset))
		l.snapshots = l.snapshots[:n]
	}
	return -1
}
