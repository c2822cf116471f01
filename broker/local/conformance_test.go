package local

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/storage/commitlog"
	"tailrace/storage/commitlog/logtest"
	"tailrace/storage/env"
)

func home(t *testing.T, fs env.FS, dir string) logtest.Home {
	c := Config{FS: fs, Dir: dir}
	open := func() *Log {
		l, err := Open(c)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := open()
	return logtest.Home{Log: l, Reopen: func() commitlog.Log {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open()
		return l
	}}
}

func TestConformanceInMemory(t *testing.T) {
	logtest.Run(t, func(t *testing.T) logtest.Home { return home(t, vfs.NewMem(), "data") })
}

func TestConformanceOnDisk(t *testing.T) {
	logtest.Run(t, func(t *testing.T) logtest.Home { return home(t, env.Disk, t.TempDir()) })
}
