package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// seriesRounds is how many faults a series has: TAILRACE_ROUNDS (make crash sets it), or a
// few.
func seriesRounds(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("TAILRACE_ROUNDS")); err == nil {
		return n
	}
	if testing.Short() {
		return 2
	}
	return 5
}

// TestFaultSeries puts a server under load through kills, pauses, clean stops, a full disk
// and damage to what is only a copy (state, indexes, producer snapshots), in random order,
// with queries of every kind running and statements made, replaced and dropped meanwhile. Nothing
// that was acknowledged is lost; every query's result is what its input gives, once.
func TestFaultSeries(t *testing.T) {
	rng := seeded(t)
	s := newServer(t, "pull.timeout.ms=120000", "log.segment.bytes=4194304", "ksql.query.retry.backoff.initial.ms=100",
		"auto.offset.reset=earliest")
	disk := smallDisk(s.dir, "3g")
	if disk {
		t.Cleanup(func() { _ = syscall.Unmount(s.dir, syscall.MNT_DETACH) })
	}
	t.Cleanup(s.keepIfFailed) // before the disk goes
	s.start()
	l := newLoad()
	prepareSeries(t, s)
	stop := make(chan struct{})
	var sending sync.WaitGroup
	seed := rng.Int63()
	sending.Go(func() { l.run(t, s, seed, stop, false) })
	churn := newChurn(rng.Int63())
	for round := range seriesRounds(t) {
		time.Sleep(time.Duration(200+rng.Intn(800)) * time.Millisecond)
		churn.step(t, s)
		answered := churn.meanwhile(t, s)
		fault := rng.Intn(7)
		t.Logf("round %d: fault %d", round, fault)
		switch fault {
		case 0, 1:
			s.kill()
			for rng.Intn(3) == 0 { // again, before it is up or soon after
				if _, err := s.launch(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(rng.Intn(600)) * time.Millisecond)
				s.kill()
			}
			s.start()
		case 2:
			_ = s.cmd.Process.Signal(syscall.SIGSTOP)
			time.Sleep(time.Duration(rng.Intn(3000)) * time.Millisecond)
			_ = s.cmd.Process.Signal(syscall.SIGCONT)
		case 3:
			s.stop()
			s.start()
		case 4:
			if disk {
				fillDisk(t, s, rng)
			}
		case 5:
			if rng.Intn(2) == 0 {
				s.stop()
			} else {
				s.kill()
			}
			damageCopies(t, s.dir, rng)
			s.start()
		case 6: // stopped, and killed before it goes on
			_ = s.cmd.Process.Signal(syscall.SIGSTOP)
			time.Sleep(time.Duration(rng.Intn(1000)) * time.Millisecond)
			s.kill()
			s.start()
		}
		answered()
	}
	close(stop)
	sending.Wait()
	l.flush(t, s)
	in := readInput(t, s, l)
	checkSeries(t, s, in, "after the faults")
	churn.check(t, s, in)
	s.stop()
	s.start()
	checkSeries(t, s, in, "after a clean stop")
	churn.check(t, s, in)
	t.Logf("%d events, %d payments", l.evs.Load(), l.pays.Load())
}

// prepareSeries makes the queries and fills the table that does not change.
func prepareSeries(t *testing.T, s *server) {
	t.Helper()
	c := s.psql()
	s.exec(c, "SET 'auto.offset.reset' = 'earliest'")
	s.exec(c, seriesQueries...)
	for i := range 7 {
		s.exec(c, fmt.Sprintf("INSERT INTO names (g, name) VALUES ('g%d', 'name %d')", i, i))
	}
}

// fillDisk takes all room for a moment, and sometimes kills the server in it.
func fillDisk(t *testing.T, s *server, rng *rand.Rand) {
	t.Helper()
	name := filepath.Join(s.dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Logf("the disk is full already: %v", err)
		return
	}
	block := make([]byte, 1<<20)
	for err == nil {
		_, err = f.Write(block)
	}
	f.Close()
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(200+rng.Intn(1500)) * time.Millisecond)
	dead := rng.Intn(2) == 0
	if dead {
		s.kill()
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if dead {
		s.start()
	}
}

// smallDisk is mountSmallDisk for a test that can do without.
func smallDisk(dir, size string) bool {
	return os.MkdirAll(dir, 0o755) == nil && syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size) == nil
}

// damageCopies harms a few files of which the log is the truth: the state's, indexes and
// producer snapshots.
func damageCopies(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "LOCK" && isCopy(dir, path) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range min(len(files), 1+rng.Intn(3)) {
		name := files[rng.Intn(len(files))]
		content, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed in this loop
		} else if err != nil {
			t.Fatal(err)
		}
		how := rng.Intn(3)
		t.Logf("damage %d to %s", how, strings.TrimPrefix(name, dir))
		switch {
		case how == 0 || len(content) == 0:
			err = os.Remove(name)
		case how == 1:
			err = os.Truncate(name, int64(rng.Intn(len(content))))
		default:
			content[rng.Intn(len(content))] ^= 1 << rng.Intn(8)
			err = os.WriteFile(name, content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func isCopy(dir, path string) bool {
	rel, _ := filepath.Rel(dir, path)
	switch filepath.Ext(path) {
	case ".index", ".timeindex", ".snapshot":
		return true
	}
	return strings.HasPrefix(rel, "state"+string(filepath.Separator))
}
