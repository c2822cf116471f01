package segment

import (
	"bytes"
	"encoding/binary"
	"sort"
	"sync"

	"tailrace/storage/env"
)

const (
	offsetEntry = 8
	timeEntry   = 12
	// indexTail is how many bytes of new entries an index keeps in memory before it
	// writes them out.
	indexTail = 4096
	// indexBlock is how much of an index file a search reads at once.
	indexBlock = 4096
)

// index is a sparse index file of entries of one size in ascending order: its written
// part on disk, its tail in memory. Losing entries costs time, never correctness. It is
// guarded by Log.mu, but for the file reads.
type index struct {
	entry int
	path  string
	// beside is an index whose file is made before this one's: Kafka's tools look for the
	// .index when they read a .timeindex. nil: none.
	beside *index
	h      handle
	n      int64 // entries in the file
	tail   []byte
	last   lastBlock
}

// lastBlock is the block of the file that a search has read last: a consumer that reads
// on finds its next entries there. Entries that were written do not change.
type lastBlock struct {
	mu  sync.Mutex
	buf *[indexBlock]byte
}

// indexView is an index at one moment, searchable without the lock.
type indexView struct {
	x    *index
	n    int64
	tail []byte
}

func (x *index) view() indexView { return indexView{x, x.n, x.tail} }

func (x *index) count() int64 { return x.n + int64(len(x.tail)/x.entry) }

func (x *index) bytes() int64 { return x.count() * int64(x.entry) }

// flush writes the tail to the file. Views of the old tail stay valid.
func (x *index) flush(files *Files) error {
	if len(x.tail) == 0 {
		return nil
	}
	if x.beside != nil && x.beside.n == 0 && x.n == 0 {
		f, err := files.acquire(&x.beside.h, x.beside.path, readWrite)
		if err != nil {
			return err
		}
		f.Release()
	}
	f, err := files.acquire(&x.h, x.path, readWrite)
	if err != nil {
		return err
	}
	defer f.Release()
	if _, err := f.WriteAt(append([]byte(nil), x.tail...), x.n*int64(x.entry)); err != nil {
		return err
	}
	x.n += int64(len(x.tail) / x.entry)
	x.tail = nil
	return nil
}

func (x *index) add(files *Files, e []byte) {
	x.tail = append(x.tail, e...)
	if len(x.tail) >= indexTail {
		// A failure leaves the entries in memory; the next add tries again.
		_ = x.flush(files)
	}
}

// reset forgets all entries after the first n and cuts the file.
func (x *index) reset(fs env.FS, files *Files, n int64) error {
	x.tail = nil
	x.n = n
	x.last.mu.Lock()
	x.last.buf = nil
	x.last.mu.Unlock()
	files.close(&x.h, false)
	if _, err := fs.Stat(x.path); env.IsNotExist(err) {
		x.n = 0
		return nil
	}
	return env.Truncate(fs, x.path, n*int64(x.entry))
}

// search returns the last entry for which before is true, given that it is true for a
// prefix of the entries; nil when for none.
func (v indexView) search(files *Files, before func(e []byte) bool) ([]byte, error) {
	return v.searchNear(files, 0, before)
}

// searchNear is search for a caller who can tell about where the entry is: at fraction
// of all entries. A good guess costs one read of the file, a bad one what search costs.
func (v indexView) searchNear(files *Files, fraction float64, before func(e []byte) bool) ([]byte, error) {
	size := v.x.entry
	if k := len(v.tail) / size; k > 0 && before(v.tail[:size]) {
		i := sort.Search(k, func(i int) bool { return !before(v.tail[i*size : (i+1)*size]) })
		return v.tail[(i-1)*size : i*size], nil
	}
	if v.n == 0 {
		return nil, nil
	}
	f, err := files.acquire(&v.x.h, v.x.path, readOnly)
	if err != nil {
		return nil, err
	}
	defer f.Release()
	var one [timeEntry]byte
	lo, hi := int64(0), v.n // the answer is in [lo-1, hi)
	if fraction > 0 {
		guess := int64(fraction * float64(v.count()))
		e, err := v.narrow(f, guess, &lo, &hi, before)
		if e != nil || err != nil {
			return e, err
		}
	}
	for hi-lo > int64(indexBlock/size) {
		mid := (lo + hi) / 2
		if _, err := f.ReadAt(one[:size], mid*int64(size)); err != nil {
			return nil, err
		}
		if before(one[:size]) {
			lo = mid
		} else {
			hi = mid
		}
	}
	block := blocks.Get().(*[indexBlock]byte)
	defer blocks.Put(block)
	buf := block[:(hi-lo)*int64(size)]
	if _, err := f.ReadAt(buf, lo*int64(size)); err != nil {
		return nil, err
	}
	i := sort.Search(int(hi-lo), func(i int) bool { return !before(buf[i*size : (i+1)*size]) })
	if i == 0 {
		return nil, nil
	}
	return bytes.Clone(buf[(i-1)*size : i*size]), nil
}

var blocks = sync.Pool{New: func() any { return new([indexBlock]byte) }}

// narrow looks into the block that was read last, else it reads the one round guess. It returns the entry if that is in the block, else
// it moves lo or hi past the block.
func (v indexView) narrow(f *File, guess int64, lo, hi *int64, before func(e []byte) bool) ([]byte, error) {
	size := int64(v.x.entry)
	block := indexBlock / size
	if v.n <= block {
		return nil, nil // search reads it all at once anyway
	}
	b := &v.x.last
	b.mu.Lock()
	defer b.mu.Unlock()
	inside := func() (buf []byte, i int64) {
		buf = b.buf[:block*size]
		return buf, int64(sort.Search(int(block), func(i int) bool { return !before(buf[int64(i)*size : int64(i+1)*size]) }))
	}
	if b.buf == nil {
		b.buf = new([indexBlock]byte)
	} else if buf, i := inside(); i > 0 && i < block {
		return bytes.Clone(buf[(i-1)*size : i*size]), nil
	}
	from := min(max(guess-block/4, 0), v.n-block) // more ahead than behind
	if _, err := f.ReadAt(b.buf[:block*size], from*size); err != nil {
		b.buf = nil
		return nil, err
	}
	buf, i := inside()
	switch {
	case i == 0:
		*hi = from
	case i == block && from+block < v.n:
		*lo = from + block
	default:
		return bytes.Clone(buf[(i-1)*size : i*size]), nil
	}
	return nil, nil
}

// count is the number of entries.
func (v indexView) count() int64 { return v.n + int64(len(v.tail)/v.x.entry) }

// last returns the last entry, or nil.
func (v indexView) last(files *Files) ([]byte, error) {
	return v.search(files, func([]byte) bool { return true })
}

func putOffsetEntry(e []byte, delta int32, pos int64) []byte {
	e = binary.BigEndian.AppendUint32(e, uint32(delta))
	return binary.BigEndian.AppendUint32(e, uint32(pos))
}

func entryDelta(e []byte) int64 { return int64(int32(binary.BigEndian.Uint32(e))) }
func entryPos(e []byte) int64   { return int64(binary.BigEndian.Uint32(e[4:])) }

func putTimeEntry(e []byte, ms int64, delta int32) []byte {
	e = binary.BigEndian.AppendUint64(e, uint64(ms))
	return binary.BigEndian.AppendUint32(e, uint32(delta))
}

func entryTime(e []byte) int64      { return int64(binary.BigEndian.Uint64(e)) }
func entryTimeDelta(e []byte) int64 { return int64(int32(binary.BigEndian.Uint32(e[8:]))) }
