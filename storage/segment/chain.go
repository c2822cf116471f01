package segment

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"

	"tailrace/storage/env"
)

// chainName names the file that lists the base offsets of the segments that compaction has
// rewritten, and of the one behind them, in order. Compaction leaves gaps, so that a segment
// which is missing among them could not be told otherwise.
const chainName = "compacted-segments"

func (l *Log) chainPath() string { return l.o.FS.PathJoin(l.o.Dir, chainName) }

// readChain returns nil where there is no chain, or one that does not hold: the next
// compaction writes it anew.
func (l *Log) readChain() []int64 {
	b, err := env.ReadFile(l.o.FS, l.chainPath())
	if err != nil {
		return nil
	}
	lines := strings.Fields(string(b))
	if len(lines) < 2 || chainText(lines[:len(lines)-1]) != string(b) {
		return nil
	}
	var bases []int64
	for _, line := range lines[:len(lines)-1] {
		base, err := strconv.ParseInt(line, 10, 64)
		if err != nil {
			return nil
		}
		bases = append(bases, base)
	}
	return bases
}

// chainText is the lines and, on the last, their CRC32-C.
func chainText(lines []string) string {
	text := strings.Join(lines, "\n") + "\n"
	return fmt.Sprintf("%s%08x\n", text, crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))
}

func (l *Log) writeChain(bases []int64) error {
	lines := make([]string, len(bases))
	for i, base := range bases {
		lines[i] = strconv.FormatInt(base, 10)
	}
	return env.ReplaceFile(l.o.FS, l.chainPath(), []byte(chainText(lines)))
}

// unchain takes the segments that an installation removes out of the chain. It may be
// repeated.
func (l *Log) unchain(gone []int64) error {
	bases := l.readChain()
	kept := slices.DeleteFunc(slices.Clone(bases), func(base int64) bool { return slices.Contains(gone, base) })
	if len(kept) == len(bases) {
		return nil
	}
	return l.writeChain(kept)
}

// extendChain writes the chain up to the first segment that begins at or behind end.
func (l *Log) extendChain(end int64) error {
	var bases []int64
	for _, s := range l.mu.segs {
		if bases = append(bases, s.base); s.base >= end {
			break
		}
	}
	return l.writeChain(bases)
}

// mayGap reports whether compaction may have taken what is missing between the last record
// of s, before next, and the segment behind it.
func (l *Log) mayGap(s *seg, next int64) bool {
	if n := len(l.chain); n > 0 {
		return s.base < l.chain[n-1]
	}
	// How far compaction has come is stored a while after it.
	return l.mu.cfg.Compact || next < l.mu.cleanedTo
}

// unlinked lists the holes that segments leave which are missing among the compacted ones of
// a log that ends at end. What is missing at its front is told by its start.
func (l *Log) unlinked(end int64) []Hole {
	var holes []Hole
	for _, base := range l.chain {
		i, there := slices.BinarySearchFunc(l.mu.segs, base, func(s *seg, base int64) int { return cmp.Compare(s.base, base) })
		to := end
		if i < len(l.mu.segs) {
			to = l.mu.segs[i].base
		}
		if i > 0 && !there {
			holes = append(holes, Hole{From: base, To: to, File: l.newSeg(base).logPath(), Pos: -1, Reason: "the segment is missing"})
		}
	}
	return holes
}
