// Package journal keeps files of CRC-framed entries that are durable when Append returns:
// the redo journal of atomic commits, and the metadata log. docs/format/journal.md has
// the bytes.
//
//	file   | "TRJRNL" 0 1 | number u64 | frame | frame | ... | garbage
//	frame  | length u32 | crc32c(number, length, payload) u32 | payload |
//
// A file ends at the first frame that does not hold. Numbers only grow: a file is reused
// under the next number, and frames of its former life do not match.
package journal

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tailrace/storage/env"
)

const (
	suffix     = ".journal"
	freeSuffix = ".free"
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

// Open opens the journal in dir, replaying every entry in order, and begins a new file.
func Open(fs env.FS, dir string, visit func(payload []byte) error) (*Journal, error) {
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
			return nil, fmt.Errorf("journal: file %s does not belong here", j.path(name))
		}
		olds = append(olds, old{n, name})
	}
	slices.SortFunc(olds, func(a, b old) int { return cmp.Compare(a.number, b.number) })
	for _, o := range olds {
		number, _, err := ReadFrames(fs, j.path(o.name), func(p []byte) error {
			return visit(p)
		})
		if err != nil {
			return nil, fmt.Errorf("journal: replay %s: %w", o.name, err)
		}
		j.numbers = append(j.numbers, o.number)
		j.next = max(j.next, o.number+1, number+1)
	}
	return j, j.Rotate()
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

// Close closes the current file.
func (j *Journal) Close() error {
	if j.current == nil {
		return nil
	}
	return j.current.Close()
}
