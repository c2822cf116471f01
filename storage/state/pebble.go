package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2"

	"tailrace/storage/env"
)

// DBOptions says how a node keeps its state.
type DBOptions struct {
	FS env.FS // default env.Disk
	// CacheBytes is the block cache: what reads below the tables in memory may hold.
	CacheBytes int64 // default 64 MiB
	// MemTableBytes is one memtable. There is no write-ahead log: what is in memtables
	// is read again from the changelogs after a crash.
	MemTableBytes uint64    // default 16 MiB
	Clock         env.Clock // default env.SystemClock; paces the wait for a full disk
	// Damaged is told what was found broken, and under which name the folder is kept.
	Damaged func(reason error, kept string)
}

// withDefaults fills in what is not set.
func (o DBOptions) withDefaults() DBOptions {
	if o.FS == nil {
		o.FS = env.Disk
	}
	if o.Clock == nil {
		o.Clock = env.SystemClock
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 64 << 20
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = 16 << 20
	}
	return o
}

// Memory is about how many bytes the files take in memory: the cache, and the memtables that
// are being filled and written down.
func (o DBOptions) Memory() int64 {
	o = o.withDefaults()
	return o.CacheBytes + 2*int64(o.MemTableBytes)
}

// DB is the state of all tasks of a node: one Pebble, with a key space for each task.
//
//	'n' name           -> id (4 bytes, big endian)   the spaces
//	's' id key         -> value                      their content
//
// Where its folder is found damaged, at any time, every space answers ErrDamaged from then
// on; Space moves the folder aside and begins a new one.
type DB struct {
	dir string
	o   DBOptions
	mu  struct {
		sync.Mutex
		gen    *generation
		next   uint32
		closed bool
	}
}

const (
	tagName  = 'n'
	tagSpace = 's'
)

// OpenDB opens the state in dir, making it when there is none. A folder whose content is
// damaged is moved aside: state can be read again from the changelogs.
func OpenDB(dir string, o DBOptions) (*DB, error) {
	d := &DB{dir: dir, o: o.withDefaults()}
	err := d.open()
	if isDamage(err) || errors.Is(err, ErrDamaged) {
		err = d.replace(err)
	}
	if err != nil {
		return nil, fmt.Errorf("open state in %s: %w", dir, err)
	}
	return d, nil
}

// open begins a generation with what is in the folder.
func (d *DB) open() error {
	g, err := openGeneration(d.dir, d.o)
	if err != nil {
		return err
	}
	d.mu.gen = g
	return d.loadNames()
}

// replace moves the folder aside and begins with an empty one.
func (d *DB) replace(reason error) error {
	if g := d.mu.gen; g != nil {
		d.mu.gen = nil
		g.fail(reason)
		go g.end()
	}
	kept, err := moveAside(d.dir, d.o)
	if err != nil {
		return errors.Join(reason, err)
	}
	if d.o.Damaged != nil {
		d.o.Damaged(reason, kept)
	}
	d.mu.next = 0
	return d.open()
}

// current is the generation to use; d.mu is held.
func (d *DB) current() (*generation, error) {
	switch g := d.mu.gen; {
	case d.mu.closed:
		return nil, ErrClosed
	case g == nil: // an earlier attempt to begin anew has failed
		if err := d.open(); err != nil {
			return nil, err
		}
	case g.damaged.Load():
		if err := d.replace(g.reason); err != nil {
			return nil, err
		}
	}
	return d.mu.gen, nil
}

// Damaged returns a channel that is closed when the spaces that will be given out next turn
// out to be damaged. Where the present ones are, it begins anew.
func (d *DB) Damaged() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	g, err := d.current()
	if err != nil {
		return nil // Space tells it
	}
	return g.broken
}

func (d *DB) loadNames() error {
	g := d.mu.gen
	return g.do(func() error {
		it, err := g.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tagName}, UpperBound: []byte{tagName + 1}})
		if err != nil {
			return err
		}
		for it.First(); it.Valid(); it.Next() {
			v, err := it.ValueAndErr()
			if err != nil {
				return errors.Join(err, it.Close())
			}
			if len(v) == 4 {
				d.mu.next = max(d.mu.next, binary.BigEndian.Uint32(v)+1)
			}
		}
		return it.Close()
	})
}

// Space returns the key space with a name, making it when there is none.
func (d *DB) Space(name string) (*Space, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.space(name)
	if errors.Is(err, ErrDamaged) {
		s, err = d.space(name)
	}
	return s, err
}

func (d *DB) space(name string) (*Space, error) {
	g, err := d.current()
	if err != nil {
		return nil, err
	}
	key := append([]byte{tagName}, name...)
	var id [4]byte
	err = g.do(func() error {
		v, closer, err := g.db.Get(key)
		if errors.Is(err, pebble.ErrNotFound) {
			binary.BigEndian.PutUint32(id[:], d.mu.next)
			d.mu.next++
			return g.db.Set(key, id[:], pebble.NoSync)
		}
		if err != nil {
			return err
		}
		copy(id[:], v)
		return closer.Close()
	})
	if err != nil {
		return nil, err
	}
	prefix := append([]byte{tagSpace}, id[:]...)
	return &Space{g: g, prefix: prefix, end: Successor(prefix)}, nil
}

// Drop removes every space whose name begins with prefix.
func (d *DB) Drop(prefix string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	g, err := d.current()
	if err != nil {
		return err
	}
	err = g.do(func() error { return dropSpaces(g.db, prefix) })
	if errors.Is(err, ErrDamaged) {
		return nil // the next generation has none of them
	}
	return err
}

func dropSpaces(db *pebble.DB, prefix string) error {
	lo := append([]byte{tagName}, prefix...)
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: lo, UpperBound: Successor(lo)})
	if err != nil {
		return err
	}
	b := db.NewBatch()
	for it.First(); it.Valid(); it.Next() {
		space := append([]byte{tagSpace}, it.Value()...)
		err = errors.Join(err, b.DeleteRange(space, Successor(space), nil), b.Delete(it.Key(), nil))
	}
	if err = errors.Join(err, it.Close()); err != nil {
		return errors.Join(err, b.Close())
	}
	return b.Commit(pebble.NoSync)
}

// DiskBytes is about how much the spaces take on disk whose names begin with prefix; what is
// in memtables is not counted. Empty: the whole folder.
func (d *DB) DiskBytes(prefix string) (n uint64, err error) {
	d.mu.Lock()
	g, err := d.current()
	d.mu.Unlock()
	if err != nil {
		return 0, err
	}
	err = g.do(func() error {
		if prefix == "" {
			n = g.db.Metrics().DiskSpaceUsage()
			return nil
		}
		lo := append([]byte{tagName}, prefix...)
		it, err := g.db.NewIter(&pebble.IterOptions{LowerBound: lo, UpperBound: Successor(lo)})
		if err != nil {
			return err
		}
		for it.First(); err == nil && it.Valid(); it.Next() {
			space := append([]byte{tagSpace}, it.Value()...)
			var part uint64
			part, err = g.db.EstimateDiskUsage(space, Successor(space))
			n += part
		}
		return errors.Join(err, it.Close())
	})
	return n, err
}

// Sync makes everything written so far durable: what a crash after it has to replay is
// only what comes later.
func (d *DB) Sync() error {
	d.mu.Lock()
	g, err := d.current()
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return g.do(g.db.Flush)
}

// Close flushes and closes the database. On a full disk it fails at once, leaving the
// rest to the end of the process: the next start reads from the changelogs what is
// missing. A damaged folder is left to the next start as well.
func (d *DB) Close() error {
	d.mu.Lock()
	g := d.mu.gen
	closed := d.mu.closed
	d.mu.closed = true
	d.mu.Unlock()
	if closed || g == nil {
		return nil
	}
	if g.damaged.Load() {
		go g.end()
		return nil
	}
	select { // somebody may have waited for the disk long ago
	case <-g.disk.blocked:
	default:
	}
	done := make(chan error, 1)
	go func() {
		err := g.do(func() error { return errors.Join(g.db.Flush(), g.db.Close()) })
		g.cache.Unref()
		if errors.Is(err, ErrDamaged) {
			err = nil // the next start finds it, and has the changelogs
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-g.broken: // what hangs in Pebble then is left to the end of the process
		return nil
	case <-g.disk.blocked:
		return fmt.Errorf("state is not written down, and will be restored from the changelogs: %w", syscall.ENOSPC)
	}
}

// Space is a Store inside a DB.
type Space struct {
	g           *generation
	prefix, end []byte
}

func (s *Space) key(dst, key []byte) []byte { return append(append(dst, s.prefix...), key...) }

func (s *Space) get(r pebble.Reader, dst, key []byte) (value []byte, ok bool, err error) {
	if err := s.g.enter(); err != nil {
		return dst, false, err
	}
	defer s.g.leave()
	defer s.g.rescue(&err)
	var buf [128]byte
	v, closer, err := r.Get(s.key(buf[:0], key))
	if errors.Is(err, pebble.ErrNotFound) {
		return dst, false, nil
	}
	if err != nil {
		return dst, false, s.g.check(err)
	}
	dst = append(dst, v...)
	return dst, true, closer.Close()
}

func (s *Space) iter(r pebble.Reader, lo, hi []byte) (_ Iter, err error) {
	if err := s.g.enter(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.g.leave()
		}
	}()
	defer s.g.rescue(&err)
	end := s.end
	if hi != nil {
		end = s.key(nil, hi)
	}
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: s.key(nil, lo), UpperBound: end})
	if err != nil {
		return nil, s.g.check(err)
	}
	return &spaceIter{g: s.g, it: it, skip: len(s.prefix)}, nil
}

// Get implements Reader.
func (s *Space) Get(dst, key []byte) ([]byte, bool, error) { return s.get(s.g.db, dst, key) }

// Iter implements Reader.
func (s *Space) Iter(lo, hi []byte) (Iter, error) { return s.iter(s.g.db, lo, hi) }

// Snapshot implements Store.
func (s *Space) Snapshot() Snapshot {
	p := &spaceSnapshot{s: s}
	if p.err = s.g.enter(); p.err == nil {
		defer s.g.rescue(&p.err)
		p.snap = s.g.db.NewSnapshot()
	}
	return p
}

// Clear implements Store.
func (s *Space) Clear() error {
	return s.g.do(func() error { return s.g.db.DeleteRange(s.prefix, s.end, pebble.NoSync) })
}

// NewBatch implements Store.
func (s *Space) NewBatch() Batch {
	return &spaceBatch{s: s, b: s.g.db.NewBatch()} // touches nothing but memory
}

// spaceSnapshot answers err, when it could not be taken.
type spaceSnapshot struct {
	s    *Space
	snap *pebble.Snapshot
	err  error
}

func (p *spaceSnapshot) Get(dst, key []byte) ([]byte, bool, error) {
	if p.err != nil {
		return dst, false, p.err
	}
	return p.s.get(p.snap, dst, key)
}

func (p *spaceSnapshot) Iter(lo, hi []byte) (Iter, error) {
	if p.err != nil {
		return nil, p.err
	}
	return p.s.iter(p.snap, lo, hi)
}

func (p *spaceSnapshot) Close() (err error) {
	if p.snap == nil {
		return nil
	}
	defer p.s.g.leave()
	defer p.s.g.rescue(&err)
	return p.s.g.check(p.snap.Close())
}

type spaceIter struct {
	g       *generation
	it      *pebble.Iterator
	skip    int
	started bool
	err     error
}

func (i *spaceIter) Next() bool {
	defer i.g.rescue(&i.err)
	if i.err != nil {
		return false
	}
	if !i.started {
		i.started = true
		return i.it.First()
	}
	return i.it.Next()
}

func (i *spaceIter) Key() []byte { return i.it.Key()[i.skip:] }

// Value of a damaged block is empty, and Close tells it.
func (i *spaceIter) Value() []byte {
	v, err := i.it.ValueAndErr()
	if err != nil && i.err == nil {
		i.err = err
	}
	return v
}

func (i *spaceIter) Close() (err error) {
	defer i.g.leave()
	defer i.g.rescue(&err)
	return i.g.check(errors.Join(i.err, i.it.Close()))
}

type spaceBatch struct {
	s   *Space
	b   *pebble.Batch
	key []byte
}

func (b *spaceBatch) Set(key, value []byte) error {
	b.key = b.s.key(b.key[:0], key)
	return b.b.Set(b.key, value, nil)
}

func (b *spaceBatch) Delete(key []byte) error {
	b.key = b.s.key(b.key[:0], key)
	return b.b.Delete(b.key, nil)
}

func (b *spaceBatch) Bytes() int { return b.b.Len() }

func (b *spaceBatch) Commit() error {
	return b.s.g.do(func() error { return errors.Join(b.b.Commit(pebble.NoSync), b.b.Close()) })
}

func (b *spaceBatch) Close() error { return b.b.Close() }
