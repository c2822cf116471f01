// Package journal keeps files of CRC-framed entries that are durable when Append returns:
// the redo journal of atomic commits, and the metadata log. docs/format/journal.md has
// the bytes.
//
//	file   | "TRJRNL" 0 3 | number u64 | before u64 | crc32c u32 | frame | frame | ... | garbage
//	frame  | marker u32 | length u32 | crc32c u32 | synced u64 | payload |
//
// A file ends at the first frame that does not hold, unless a later one, or the file that
// follows, says that more of it had been durable: then that is damage. Numbers only grow: a file is
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
	before  int64 // where the file before next ends; 0: not known
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
	olds, err := j.read(visit, damaged)
	if err != nil {
		return nil, err
	}
	for _, o := range olds {
		if o.damaged {
			if err := fs.Rename(j.path(o.name), j.path(o.name)+damagedSuffix); err != nil {
				return nil, err
			}
			continue
		}
		j.numbers = append(j.numbers, o.number)
	}
	if err := j.each(freeSuffix, func(name string) error { return fs.Remove(j.path(name)) }); err != nil {
		return nil, err
	}
	return j, j.Rotate()
}

// Verify tells what Open would not be able to read, and changes nothing.
func Verify(fs env.FS, dir string, damaged func(Damage)) error {
	j := &Journal{fs: fs, dir: dir, next: 1}
	_, err := j.read(func([]byte) error { return nil }, damaged)
	return err
}

// old is a file of a former life of the journal.
type old struct {
	number  uint64
	name    string
	damaged bool
}

// read visits the entries of all files, in order.
func (j *Journal) read(visit func([]byte) error, damaged func(Damage)) (olds []*old, err error) {
	aside := map[uint64]bool{}
	err = j.each("", func(name string) error {
		n, kind := parseName(name)
		switch kind {
		case suffix:
			olds = append(olds, &old{number: n, name: name})
		case suffix + damagedSuffix:
			aside[n] = true
		case "":
			damaged(Damage{j.path(name), -1, "this file does not belong into the journal; it is left alone"})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(olds, func(a, b *old) int { return cmp.Compare(a.number, b.number) })
	for i, o := range olds {
		c, err := j.replay(o, i == len(olds)-1, visit, damaged)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			switch before := olds[i-1]; {
			case o.number > j.next && !aside[o.number-1]:
				damaged(Damage{j.path(fileName(o.number - 1)), -1, "the file is missing, and the one that follows is there"})
			case o.number == j.next && !before.damaged && c.Before > j.before:
				before.damaged = true
				damaged(Damage{j.path(before.name), j.before,
					fmt.Sprintf("%d bytes at its end do not hold, and the next file says that they had been durable", c.Before-j.before)})
			}
		}
		j.next, j.before = o.number+1, c.End
	}
	return olds, nil
}

// each calls f with the names in the folder that end so.
func (j *Journal) each(end string, f func(name string) error) error {
	names, err := j.fs.List(j.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, end) {
			if err := f(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// parseName returns the number in a file's name and what follows it: suffix alone for a
// file of the journal; "" for a name that none of ours has.
func parseName(name string) (number uint64, kind string) {
	digits, _, _ := strings.Cut(name, ".")
	n, err := strconv.ParseUint(digits, 10, 64)
	kind = name[len(digits):]
	if err != nil || kind != suffix && kind != suffix+freeSuffix && !strings.HasPrefix(kind, suffix+damagedSuffix) {
		return 0, ""
	}
	return n, kind
}

// replay visits the entries of one file. A file is durable under its name before its first
// entry, and the next one is begun when it is over: only the last may be without a head.
func (j *Journal) replay(o *old, last bool, visit func([]byte) error, damaged func(Damage)) (Contents, error) {
	path := j.path(o.name)
	tell := func(at int64, reason string) {
		o.damaged = true
		damaged(Damage{path, at, reason})
	}
	c, err := ReadFrames(j.fs, path, visit)
	switch {
	case errors.Is(err, ErrCorrupt):
		tell(0, err.Error())
		return Contents{}, nil
	case err != nil:
		return c, fmt.Errorf("journal: replay %s: %w", o.name, err)
	case c.Version == 0 && !last, c.Version != 0 && c.Number != o.number:
		tell(0, fmt.Sprintf("the file is empty, or holds journal file %d", c.Number))
	}
	for _, h := range c.Holes {
		tell(h.From, fmt.Sprintf("%d bytes do not hold, and valid entries follow", h.To-h.From))
	}
	return c, nil
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
	if j.current != nil {
		j.before = j.current.Size()
	}
	f, err := CreateFile(j.fs, path, number, j.before)
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
