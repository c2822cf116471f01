package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"tailrace/storage/env"
)

// ErrDamaged is what every operation answers once the folder was found damaged: who asks
// opens its space anew, and fills it from the changelogs.
var ErrDamaged = errors.New("the state is damaged")

// generation is one opening of the folder. Damage ends it: nothing of it is used again, its
// folder is moved aside, and the next generation begins with an empty one.
type generation struct {
	db    *pebble.DB
	disk  *patient
	cache *pebble.Cache

	damaged atomic.Bool
	broken  chan struct{} // closed with damaged
	once    sync.Once
	reason  error // why; set before broken is closed

	// uses counts operations, iterators and snapshots; gone is told when there are none any
	// more, for Pebble is closed after them only.
	uses atomic.Int64
	gone chan struct{}
}

// openGeneration opens dir. It fails with errors of the machine as they are; all others
// are damage.
func openGeneration(dir string, o DBOptions) (g *generation, err error) {
	g = &generation{disk: newPatient(o.FS, o.Clock), broken: make(chan struct{}), gone: make(chan struct{}, 1)}
	if err := unmarked(dir, o.FS); err != nil {
		return nil, err
	}
	g.cache = pebble.NewCache(o.CacheBytes)
	opts := &pebble.Options{
		FS: g.disk, Cache: g.cache, DisableWAL: true, MemTableSize: o.MemTableBytes,
		FormatMajorVersion: pebble.FormatNewest, Logger: warden{g},
		EventListener: &pebble.EventListener{
			DataCorruption:  func(c pebble.DataCorruptionInfo) { g.fail(fmt.Errorf("%s: %w", c.Path, c.Details)) },
			BackgroundError: func(err error) { g.check(err) },
		},
	}
	// Most misses ask for keys that were never there: filters answer those from memory.
	for i := range opts.Levels {
		opts.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	defer func() {
		if err != nil {
			g.disk.cut()
			g.cache.Unref()
			g = nil
		}
	}()
	defer g.rescue(&err)
	g.db, err = pebble.Open(dir, opts)
	return g, err
}

// unmarked finds tables without the marker that names their manifest: Pebble would take
// the folder for a new one, and remove them.
func unmarked(dir string, files env.FS) error {
	names, err := files.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	tables := false
	for _, n := range names {
		if strings.HasPrefix(n, "marker.manifest.") {
			return nil
		}
		tables = tables || strings.HasSuffix(n, ".sst")
	}
	if tables && err == nil {
		return fmt.Errorf("%s has tables and no marker of a manifest: %w", dir, pebble.ErrCorruption)
	}
	return err
}

// isDamage tells content that is not as it was written from a machine that refuses.
func isDamage(err error) bool {
	var no syscall.Errno
	switch {
	case err == nil || errors.Is(err, pebble.ErrNotFound) || errors.Is(err, pebble.ErrClosed) || errors.Is(err, pebble.ErrCancelledCompaction):
		return false
	case errors.Is(err, fs.ErrNotExist) || pebble.IsCorruptionError(err):
		return true
	case errors.As(err, &no):
		return no == syscall.EIO || no == syscall.ENOTDIR || no == syscall.EISDIR
	}
	return !errors.Is(err, os.ErrPermission)
}

// fail ends the generation.
func (g *generation) fail(err error) {
	g.once.Do(func() {
		g.reason = err
		g.damaged.Store(true)
		g.disk.cut()
		close(g.broken)
	})
}

// check ends the generation when err is damage, and tells so to whoever asked.
func (g *generation) check(err error) error {
	if isDamage(err) {
		g.fail(err)
	}
	if err != nil && g.damaged.Load() {
		return fmt.Errorf("%w: %w", ErrDamaged, g.reason)
	}
	return err
}

// enter is called before every use of db, and leave after it.
func (g *generation) enter() error {
	g.uses.Add(1)
	if g.damaged.Load() {
		g.leave()
		return fmt.Errorf("%w: %w", ErrDamaged, g.reason)
	}
	return nil
}

func (g *generation) leave() {
	if g.uses.Add(-1) == 0 && g.damaged.Load() {
		select {
		case g.gone <- struct{}{}:
		default:
		}
	}
}

// do runs f against the database.
func (g *generation) do(f func() error) (err error) {
	if err := g.enter(); err != nil {
		return err
	}
	defer g.leave()
	defer g.rescue(&err)
	return g.check(f())
}

// rescue, deferred, makes a panic of Pebble damage: bytes that pass their checksum and
// make no sense, or a fatal error that it found on our goroutine.
func (g *generation) rescue(err *error) {
	switch p := recover().(type) {
	case nil:
	case error:
		if errors.Is(p, pebble.ErrClosed) {
			*err = ErrClosed
			return
		}
		g.fail(p)
		*err = fmt.Errorf("%w: %w", ErrDamaged, g.reason)
	default:
		g.fail(fmt.Errorf("%v", p))
		*err = fmt.Errorf("%w: %w", ErrDamaged, g.reason)
	}
}

// end closes what is left of a damaged generation when nobody uses it any more. What
// Pebble says to that does not matter: its files have been moved away.
func (g *generation) end() {
	var err error
	defer g.rescue(&err)
	for g.uses.Load() > 0 {
		<-g.gone
	}
	_ = g.db.Close()
	g.cache.Unref()
}

// warden is Pebble's logger: its chatter is dropped, and what is fatal to it is not fatal
// to us.
type warden struct{ g *generation }

func (warden) Infof(string, ...any)  {}
func (warden) Errorf(string, ...any) {}

// Fatalf must not return. On our goroutines it unwinds to where Pebble was called; one of
// Pebble's own ends here.
func (w warden) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	w.g.fail(err)
	if calledByUs() {
		panic(err)
	}
	runtime.Goexit()
}

// calledByUs reports whether somebody in this package, Fatalf aside, is on the stack.
func calledByUs() bool {
	pcs := make([]uintptr, 128)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if strings.Contains(f.Function, "tailrace/storage/state.(*generation)") {
			return true
		}
		if !more {
			return false
		}
	}
}

// damagedCopies is how many damaged folders are kept: the newest ones. A state may be
// large, and its content can be had again.
const damagedCopies = 2

const damagedSuffix = ".damaged-"

// moveAside gives dir another name, which it returns, and forgets the oldest of those that
// were moved before.
func moveAside(dir string, o DBOptions) (string, error) {
	parent := o.FS.PathDir(dir)
	prefix := o.FS.PathBase(dir) + damagedSuffix
	names, err := o.FS.List(parent)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // in memory there is no "."
		return "", err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, prefix) })
	slices.Sort(names)
	to := prefix + o.Clock.Now().UTC().Format("20060102T150405.000000000Z")
	for slices.Contains(names, to) {
		to += "+"
	}
	for len(names) >= damagedCopies {
		if err := o.FS.RemoveAll(o.FS.PathJoin(parent, names[0])); err != nil {
			return "", err
		}
		names = names[1:]
	}
	to = o.FS.PathJoin(parent, to)
	return to, o.FS.Rename(dir, to)
}
