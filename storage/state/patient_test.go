package state_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"tailrace/storage/env"
	"tailrace/storage/state"
)

// fillable is a disk in memory that can be full, for files whose name has a part.
func fillable(part string) (env.FS, *atomic.Bool) {
	full := &atomic.Bool{}
	return errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpCreate, errorfs.OpReuseForWrite:
			if full.Load() && strings.Contains(op.Path, part) {
				return syscall.ENOSPC
			}
		}
		return nil
	})), full
}

// What is written down on a full disk, tables or the manifest that names them, is written
// when there is room: nothing fails, nothing is lost, the process lives.
func TestFullDiskIsWaitedFor(t *testing.T) {
	for _, part := range []string{"", "MANIFEST", ".sst"} {
		t.Run("full for "+part, func(t *testing.T) {
			fs, full := fillable(part)
			db, err := state.OpenDB("state", state.DBOptions{FS: fs})
			if err != nil {
				t.Fatal(err)
			}
			space, err := db.Space("task")
			if err != nil {
				t.Fatal(err)
			}
			b := space.NewBatch()
			for i := range 100 {
				if err := b.Set([]byte(keyOf(i)), []byte(fmt.Sprint(i))); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.Commit(); err != nil {
				t.Fatal(err)
			}
			full.Store(true)
			done := make(chan error, 1)
			go func() { done <- db.Sync() }()
			select {
			case err := <-done:
				t.Fatalf("written down on a full disk: %v", err)
			case <-time.After(250 * time.Millisecond):
			}
			if v, ok, err := space.Get(nil, []byte(keyOf(7))); err != nil || !ok || string(v) != "7" {
				t.Errorf("reading meanwhile: %q %v %v", v, ok, err)
			}
			full.Store(false)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if db, err = state.OpenDB("state", state.DBOptions{FS: fs}); err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if space, err = db.Space("task"); err != nil {
				t.Fatal(err)
			}
			for i := range 100 {
				if v, ok, err := space.Get(nil, []byte(keyOf(i))); err != nil || !ok || string(v) != fmt.Sprint(i) {
					t.Fatalf("%s is %q %v %v", keyOf(i), v, ok, err)
				}
			}
		})
	}
}

// Close does not wait for room: the state is a copy of the changelogs.
func TestCloseOnAFullDisk(t *testing.T) {
	fs, full := fillable("")
	db, err := state.OpenDB("state", state.DBOptions{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Space("task"); err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	if err := db.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close on a full disk: %v", err)
	}
	full.Store(false) // lets go of what waits
}
