package e2e

import (
	"context"
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
// with queries of every kind running and statements made and dropped meanwhile. Nothing
// that was acknowledged is lost; every query's result is what its input gives, once.
func TestFaultSeries(t *testing.T) {
	rng := seeded(t)
	s := newServer(t, "pull.timeout.ms=120000", "log.segment.bytes=4194304", "ksql.query.retry.backoff.initial.ms=100",
		"auto.offset.reset=earliest")
	disk := smallDisk(s.dir, "3g")
	if disk {
		t.Cleanup(func() { _ = syscall.Unmount(s.dir, syscall.MNT_DETACH) })
	}
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
		fault := rng.Intn(6)
		t.Logf("round %d: fault %d", round, fault)
		switch fault {
		case 0, 1:
			s.kill()
			for rng.Intn(3) == 0 { // again, before it is up
				if _, err := s.launch(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(rng.Intn(200)) * time.Millisecond)
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
		}
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

// churn makes and drops statements while a series runs. A statement whose answer a kill
// has swallowed may have happened or not.
type churn struct {
	rng   *rand.Rand
	n     int
	there map[string]int // streams that were made, and not dropped: the remainder that they select
}

func newChurn(seed int64) *churn {
	return &churn{rng: rand.New(rand.NewSource(seed)), there: map[string]int{}}
}

// step makes a stream and, now and then, drops one.
func (ch *churn) step(t *testing.T, s *server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := s.psql()
	s.exec(c, "SET 'auto.offset.reset' = 'earliest'")
	ch.n++
	name := fmt.Sprint("churn_", ch.n)
	rest := ch.rng.Intn(5)
	if _, err := c.Exec(ctx, fmt.Sprintf("CREATE STREAM %s AS SELECT k, v FROM ev WHERE v %% 5 = %d", name, rest)); err != nil {
		t.Errorf("create %s: %v", name, err)
		return
	}
	ch.there[name] = rest
	if ch.rng.Intn(2) == 0 {
		for old := range ch.there {
			if _, err := c.Exec(ctx, "DROP STREAM "+old+" DELETE TOPIC"); err != nil {
				t.Errorf("drop %s: %v", old, err)
			}
			delete(ch.there, old)
			return
		}
	}
}

// check compares the streams that are left with the input, and that none is there that was
// dropped.
func (ch *churn) check(t *testing.T, s *server, in *input) {
	t.Helper()
	for name, rest := range ch.there {
		want := 0
		in.each(func(e evRecord) {
			if e.V%5 == int64(rest) {
				want++
			}
		})
		eventually(t, func() error {
			got := 0
			for _, end := range s.ends(strings.ToUpper(name)) {
				got += int(end)
			}
			if got != want {
				return fmt.Errorf("%s has %d records, want %d", name, got, want)
			}
			return nil
		})
	}
	c := s.psql()
	for i := 1; i <= ch.n; i++ {
		name := fmt.Sprint("churn_", i)
		_, there := ch.there[name]
		if _, err := s.tryEnds(strings.ToUpper(name)); (err == nil) != there {
			t.Errorf("topic of %s: %v, want it there: %v", name, err, there)
		}
		if _, err := c.Exec(context.Background(), "DESCRIBE "+name); (err == nil) != there {
			t.Errorf("DESCRIBE %s: %v, want it there: %v", name, err, there)
		}
	}
}
