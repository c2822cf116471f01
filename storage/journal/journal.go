// Package journal keeps files of CRC-framed entries that are durable when Append returns:
// the redo journal of atomic commits, and the metadata log. docs/format/journal.md has
// the bytes.
//
//	file   | "TRJRNL" 0 2 | number u64 | crc32c u32 | frame | frame | ... | garbage
//	frame  | marker u32 | length u32 | crc32c u32 | synced u64 | payload |
//
// A file ends at the first frame that does not hold, unless a later one says that more of
// it had been durable: then what lies between is damage. Numbers only grow: a file is
// reused under the next number, and frames of its former life do not match.
package journal

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tailrace/storage/env"
)

const (
	suffix     = ".journal"
	freeSuffix = ".free"
	// damagedSuffix marks what was found damaged: kept for whoever wants to look.
	damagedSuffix = ".damaged"
	// FileBytes is the size after which Full reports that it is time to Rotate. It
	// bounds what is replayed after a crash, per file that is still needed.
	FileBytes = 32 << 20
	maxFree   = 2
)

// Journal is a run of journal files in a folder. It has one user at a time.
type Journal struct {
	fs      env.FS
	dir     string
	numbers []uint64 // of the files that exist, ascending; the last is current
	free    []string // files to be reused
	next    uint64
	current *File
}

// Damage is what Open could not read of a file.
type Damage struct {
	File   string
	Offset int64 // -1: the file as a whole
	Reason string
}

// Open opens the journal in dir, replaying every entry in order, and begins a new file.
// Entries behind damage are replayed too; what could not be read is told to damaged, and
// its file is kept, with the suffix .damaged.
func Open(fs env.FS, dir string, visit func(payload []byte) error, damaged func(Damage)) (*Journal, error) {
	j := &Journal{fs: fs, dir: dir, next: 1}
	if err := env.MakeDir(fs, dir); err != nil {
		return nil, err
	}
	names, err := fs.List(dir)
	if err != nil {
		return nil, err
	}
	type old struct {
		number uint64
		name   string
	}
	var olds []old
	for _, name := range names {
		if strings.HasSuffix(name, freeSuffix) {
			if err := fs.Remove(j.path(name)); err != nil {
				return nil, err
			}
			continue
		}
		base, ok := strings.CutSuffix(name, suffix)
		n, err := strconv.ParseUint(base, 10, 64)
		if !ok || err != nil {
			if !strings.HasSuffix(name, damagedSuffix) {
				damaged(Damage{j.path(name), -1, "this file does not belong into the journal; it is left alone"})
			}
			continue
		}
		olds = append(olds, old{n, name})
	}
	slices.SortFunc(olds, func(a, b old) int { return cmp.Compare(a.number, b.number) })
	for i, o := range olds {
		keep, err := j.replay(o.name, o.number, i == len(olds)-1, visit, damaged)
		if err != nil {
			return nil, err
		}
		if j.next = max(j.next, o.number+1); keep {
			if err := fs.Rename(j.path(o.name), j.path(o.name)+damagedSuffix); err != nil {
				return nil, err
			}
			continue
		}
		j.numbers = append(j.numbers, o.number)
	}
	return j, j.Rotate()
}

// replay visits the entries of one file and reports whether it has damage. A file is
// durable under its name before its first entry, and the next one is begun after it: only
// the last may be without a head.
func (j *Journal) replay(name string, number uint64, last bool, visit func([]byte) error, damaged func(Damage)) (bool, error) {
	path := j.path(name)
	c, err := ReadFrames(j.fs, path, visit)
	switch {
	case errors.Is(err, ErrCorrupt):
		damaged(Damage{path, 0, err.Error()})
		return true, nil
	case err != nil:
		return false, fmt.Errorf("journal: replay %s: %w", name, err)
	case c.Version == 0 && !last, c.Version != 0 && c.Number != number:
		damaged(Damage{path, 0, fmt.Sprintf("the file is empty, or holds journal file %d", c.Number)})
		return true, nil
	}
	for _, h := range c.Holes {
		damaged(Damage{path, h.From, fmt.Sprintf("%d bytes do not hold, and valid entries follow", h.To-h.From)})
	}
	return len(c.Holes) > 0, nil
}

func (j *Journal) path(name string) string { return j.fs.PathJoin(j.dir, name) }

func fileName(number uint64) string { return fmt.Sprintf("%020d%s", number, suffix) }

// Append makes entries durable in the current file.
func (j *Journal) Append(payloads ...[]byte) error { return j.current.Append(payloads...) }

// Full reports that the current file has reached FileBytes.
func (j *Journal) Full() bool { return j.current.Size() >= FileBytes }

// Empty reports that the current file has no entries.
func (j *Journal) Empty() bool { return j.current.Size() <= headSize }

// Number is the number of the current file.
func (j *Journal) Number() uint64 { return j.numbers[len(j.numbers)-1] }

// Rotate ends the current file and begins the next.
func (j *Journal) Rotate() error {
	number := j.next
	path := j.path(fileName(number))
	if n := len(j.free); n > 0 {
		if err := j.fs.Rename(j.free[n-1], path); err != nil {
			return err
		}
		j.free = j.free[:n-1]
	}
	f, err := CreateFile(j.fs, path, number)
	if err != nil {
		return err
	}
	// The name must be durable before the first entry is acknowledged.
	if err := f.f.Sync(); err != nil {
		return err
	}
	if err := env.SyncDir(j.fs, j.dir); err != nil {
		return err
	}
	if j.current != nil {
		_ = j.current.Close()
	}
	j.next++
	j.current = f
	j.numbers = append(j.numbers, number)
	return nil
}

// Remove forgets every file numbered below number but the current one: what they redo is
// durable elsewhere. Some are kept to be reused.
func (j *Journal) Remove(below uint64) error {
	for len(j.numbers) > 1 && j.numbers[0] < below {
		path := j.path(fileName(j.numbers[0]))
		var err error
		if len(j.free) < maxFree {
			free := path + freeSuffix
			if err = j.fs.Rename(path, free); err == nil {
				j.free = append(j.free, free)
			}
		} else {
			err = j.fs.Remove(path)
		}
		if err != nil {
			return err
		}
		j.numbers = j.numbers[1:]
	}
	return nil
}

// SetAside gives the files before the current one a name under which they are kept, and
// returns these: somebody may still need what they hold.
func (j *Journal) SetAside() ([]string, error) {
	var kept []string
	for len(j.numbers) > 1 {
		path := j.path(fileName(j.numbers[0]))
		if err := j.fs.Rename(path, path+damagedSuffix); err != nil {
			return kept, err
		}
		kept = append(kept, path+damagedSuffix)
		j.numbers = j.numbers[1:]
	}
	return kept, env.SyncDir(j.fs, j.dir)
}

// Close closes the current file.
func (j *Journal) Close() error {
	if j.current == nil {
		return nil
	}
	return j.current.Close()
}
