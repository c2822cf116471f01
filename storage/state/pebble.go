package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

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
	// Emptied is told why the folder was emptied, when it was.
	Emptied func(error)
}

// DB is the state of all tasks of a node: one Pebble, with a key space for each task.
//
//	'n' name           -> id (4 bytes, big endian)   the spaces
//	's' id key         -> value                      their content
type DB struct {
	db    *pebble.DB
	disk  *patient
	cache *pebble.Cache
	mu    struct {
		sync.Mutex
		next   uint32
		closed bool
	}
}

const (
	tagName  = 'n'
	tagSpace = 's'
)

// OpenDB opens the state in dir, making it when there is none. A folder whose content is
// damaged is emptied: state can be read again from the changelogs.
func OpenDB(dir string, o DBOptions) (*DB, error) {
	if o.FS == nil {
		o.FS = env.Disk
	}
	d, err := openDB(dir, o)
	if err == nil || !pebble.IsCorruptionError(err) {
		return d, err
	}
	if o.Emptied != nil {
		o.Emptied(err)
	}
	if err := o.FS.RemoveAll(dir); err != nil {
		return nil, err
	}
	return openDB(dir, o)
}

func openDB(dir string, o DBOptions) (*DB, error) {
	if o.Clock == nil {
		o.Clock = env.SystemClock
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 64 << 20
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = 16 << 20
	}
	cache := pebble.NewCache(o.CacheBytes)
	disk := newPatient(o.FS, o.Clock)
	opts := &pebble.Options{
		FS: disk, Cache: cache, DisableWAL: true, MemTableSize: o.MemTableBytes,
		FormatMajorVersion: pebble.FormatNewest, Logger: silent{},
	}
	// Most misses ask for keys that were never there: filters answer those from memory.
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := pebble.Open(dir, opts)
	if err != nil {
		cache.Unref()
		return nil, fmt.Errorf("open state in %s: %w", dir, err)
	}
	d := &DB{db: db, disk: disk, cache: cache}
	if err := d.loadNames(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *DB) loadNames() error {
	it, err := d.db.NewIter(&pebble.IterOptions{LowerBound: []byte{tagName}, UpperBound: []byte{tagName + 1}})
	if err != nil {
		return err
	}
	for it.First(); it.Valid(); it.Next() {
		if v := it.Value(); len(v) == 4 {
			d.mu.next = max(d.mu.next, binary.BigEndian.Uint32(v)+1)
		}
	}
	return it.Close()
}

// Space returns the key space with a name, making it when there is none.
func (d *DB) Space(name string) (*Space, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mu.closed {
		return nil, ErrClosed
	}
	key := append([]byte{tagName}, name...)
	var id [4]byte
	switch v, closer, err := d.db.Get(key); {
	case err == nil:
		copy(id[:], v)
		if err := closer.Close(); err != nil {
			return nil, err
		}
	case errors.Is(err, pebble.ErrNotFound):
		binary.BigEndian.PutUint32(id[:], d.mu.next)
		d.mu.next++
		if err := d.db.Set(key, id[:], pebble.NoSync); err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	prefix := append([]byte{tagSpace}, id[:]...)
	return &Space{d: d, prefix: prefix, end: Successor(prefix)}, nil
}

// Drop removes every space whose name begins with prefix.
func (d *DB) Drop(prefix string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mu.closed {
		return ErrClosed
	}
	lo := append([]byte{tagName}, prefix...)
	it, err := d.db.NewIter(&pebble.IterOptions{LowerBound: lo, UpperBound: Successor(lo)})
	if err != nil {
		return err
	}
	b := d.db.NewBatch()
	for it.First(); it.Valid(); it.Next() {
		space := append([]byte{tagSpace}, it.Value()...)
		err = errors.Join(err, b.DeleteRange(space, Successor(space), nil), b.Delete(it.Key(), nil))
	}
	if err = errors.Join(err, it.Close()); err != nil {
		return errors.Join(err, b.Close())
	}
	return b.Commit(pebble.NoSync)
}

// Sync makes everything written so far durable: what a crash after it has to replay is
// only what comes later.
func (d *DB) Sync() error { return d.db.Flush() }

// SyncSoon is Sync in the background.
func (d *DB) SyncSoon() error {
	_, err := d.db.AsyncFlush()
	return err
}

// Metrics are Pebble's own.
func (d *DB) Metrics() *pebble.Metrics { return d.db.Metrics() }

// Close flushes and closes the database. On a full disk it fails at once, leaving the
// rest to the end of the process: the next start reads from the changelogs what is
// missing.
func (d *DB) Close() error {
	d.mu.Lock()
	if d.mu.closed {
		d.mu.Unlock()
		return nil
	}
	d.mu.closed = true
	d.mu.Unlock()
	select { // somebody may have waited for the disk long ago
	case <-d.disk.blocked:
	default:
	}
	done := make(chan error, 1)
	go func() {
		err := errors.Join(d.db.Flush(), d.db.Close())
		d.cache.Unref()
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-d.disk.blocked:
		return fmt.Errorf("state is not written down, and will be restored from the changelogs: %w", syscall.ENOSPC)
	}
}

// Space is a Store inside a DB.
type Space struct {
	d           *DB
	prefix, end []byte
}

func (s *Space) key(dst, key []byte) []byte { return append(append(dst, s.prefix...), key...) }

func (s *Space) get(r pebble.Reader, dst, key []byte) ([]byte, bool, error) {
	var buf [128]byte
	v, closer, err := r.Get(s.key(buf[:0], key))
	if errors.Is(err, pebble.ErrNotFound) {
		return dst, false, nil
	}
	if err != nil {
		return dst, false, err
	}
	dst = append(dst, v...)
	return dst, true, closer.Close()
}

func (s *Space) iter(r pebble.Reader, lo, hi []byte) (Iter, error) {
	end := s.end
	if hi != nil {
		end = s.key(nil, hi)
	}
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: s.key(nil, lo), UpperBound: end})
	if err != nil {
		return nil, err
	}
	return &spaceIter{it: it, skip: len(s.prefix)}, nil
}

// Get implements Reader.
func (s *Space) Get(dst, key []byte) ([]byte, bool, error) { return s.get(s.d.db, dst, key) }

// Iter implements Reader.
func (s *Space) Iter(lo, hi []byte) (Iter, error) { return s.iter(s.d.db, lo, hi) }

// Snapshot implements Store.
func (s *Space) Snapshot() Snapshot { return &spaceSnapshot{s: s, snap: s.d.db.NewSnapshot()} }

// Clear implements Store.
func (s *Space) Clear() error { return s.d.db.DeleteRange(s.prefix, s.end, pebble.NoSync) }

// NewBatch implements Store.
func (s *Space) NewBatch() Batch { return &spaceBatch{s: s, b: s.d.db.NewBatch()} }

type spaceSnapshot struct {
	s    *Space
	snap *pebble.Snapshot
}

func (p *spaceSnapshot) Get(dst, key []byte) ([]byte, bool, error) { return p.s.get(p.snap, dst, key) }
func (p *spaceSnapshot) Iter(lo, hi []byte) (Iter, error)          { return p.s.iter(p.snap, lo, hi) }
func (p *spaceSnapshot) Close() error                              { return p.snap.Close() }

type spaceIter struct {
	it      *pebble.Iterator
	skip    int
	started bool
}

func (i *spaceIter) Next() bool {
	if !i.started {
		i.started = true
		return i.it.First()
	}
	return i.it.Next()
}

func (i *spaceIter) Key() []byte   { return i.it.Key()[i.skip:] }
func (i *spaceIter) Value() []byte { return i.it.Value() }
func (i *spaceIter) Close() error  { return i.it.Close() }

type spaceBatch struct {
	s   *Space
	b   *pebble.Batch
	key []byte
	end []byte
}

func (b *spaceBatch) Set(key, value []byte) error {
	b.key = b.s.key(b.key[:0], key)
	return b.b.Set(b.key, value, nil)
}

func (b *spaceBatch) Delete(key []byte) error {
	b.key = b.s.key(b.key[:0], key)
	return b.b.Delete(b.key, nil)
}

func (b *spaceBatch) DeleteRange(lo, hi []byte) error {
	b.key, b.end = b.s.key(b.key[:0], lo), b.s.key(b.end[:0], hi)
	return b.b.DeleteRange(b.key, b.end, nil)
}

func (b *spaceBatch) Bytes() int    { return b.b.Len() }
func (b *spaceBatch) Commit() error { return errors.Join(b.b.Commit(pebble.NoSync), b.b.Close()) }
func (b *spaceBatch) Close() error  { return b.b.Close() }

// silent drops Pebble's chatter; what fails comes back as an error.
type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}

// Fatalf is called when the disk no longer does what it promised: nothing that was
// written can be trusted, so the process must end.
func (silent) Fatalf(format string, args ...any) { panic(fmt.Sprintf("state: "+format, args...)) }
