package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tailrace/broker/local"
	"tailrace/storage/env"
)

// TestBackupUnderLoad takes backups of a server under load, and starts one on each: the
// views agree with the input that the backup has, and go on from it; everything that was
// acknowledged before the backup began is in it. A copy with a flipped bit is refused.
func TestBackupUnderLoad(t *testing.T) {
	rng := seeded(t)
	s := newServer(t, "pull.timeout.ms=120000", "log.segment.bytes=1048576")
	s.start()
	prepareSeries(t, s)
	l := newLoad()
	stop := make(chan struct{})
	var sending sync.WaitGroup
	seed := rng.Int63()
	sending.Go(func() { l.run(t, s, seed, stop, false) })
	folders := []string{}
	var before []*load
	for range 2 {
		time.Sleep(700 * time.Millisecond)
		before = append(before, l.promisedSoFar())
		folder := filepath.Join(t.TempDir(), "backup")
		s.exec(s.psql(), "BACKUP TO '"+folder+"'")
		folders = append(folders, folder)
	}
	_, err := s.psql().Exec(context.Background(), "BACKUP TO '"+folders[0]+"'")
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "55000" {
		t.Errorf("a second backup into one folder: %v, want SQLSTATE 55000", err)
	}
	close(stop)
	sending.Wait()
	s.stop()
	for i, folder := range folders {
		restored := newServer(t, s.extra...)
		if _, err := local.Restore(context.Background(), env.Disk, folder, restored.dir); err != nil {
			t.Fatal(err)
		}
		restored.start()
		before[i].flush(t, restored)
		in := readInput(t, restored, before[i])
		checkSeries(t, restored, in, "restored")
		restored.stop()
	}
	refuseDamage(t, folders[1])
}

// refuseDamage flips one bit in the largest file of a backup.
func refuseDamage(t *testing.T, folder string) {
	t.Helper()
	largest, size := "", int64(0)
	_ = filepath.Walk(folder, func(path string, fi os.FileInfo, err error) error {
		if err == nil && !fi.IsDir() && fi.Size() > size {
			largest, size = path, fi.Size()
		}
		return err
	})
	content, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	content[size/2] ^= 4
	if err := os.WriteFile(largest, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := local.Restore(context.Background(), env.Disk, folder, filepath.Join(t.TempDir(), "data")); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a backup with a flipped bit was restored: %v", err)
	}
}
