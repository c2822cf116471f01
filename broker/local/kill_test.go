package local

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tailrace/storage/commitlog"
	"tailrace/storage/commitlog/logtest"
	"tailrace/storage/record"
)

// childEnv makes the test binary a writer that is to be killed: its value is the data
// folder. childSize is the size of a batch in bytes.
const (
	childEnv  = "TAILRACE_TEST_WRITER"
	childSize = "TAILRACE_TEST_WRITER_BATCH"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		fmt.Println("writer ended:", writeForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const killPartitions = 4

// writeForever appends "p/i" to each partition, and says so when it is acknowledged.
func writeForever(dir string) error {
	size, _ := strconv.Atoi(os.Getenv(childSize))
	l, err := Open(Config{Dir: dir})
	if err != nil {
		return err
	}
	errs := make(chan error)
	var out sync.Mutex
	for p := range killPartitions {
		tp := part("t", p)
		b, err := l.Bounds(context.Background(), tp)
		if err != nil {
			return err
		}
		go func() {
			w := record.NewBuilder(record.Options{})
			pad := make([]byte, max(size-100, 0))
			for i := int(b.HighWatermark); ; i++ {
				w.Reset(record.Options{})
				w.Append(1, pad, fmt.Appendf(nil, "%d/%d", p, i), nil)
				batch, err := w.Finish()
				if err == nil {
					_, err = l.Append(context.Background(), commitlog.PartitionBatch{TopicPartition: tp, Batch: batch}, commitlog.AcksDurable)
				}
				if err != nil {
					errs <- err
					return
				}
				out.Lock()
				fmt.Printf("%d %d\n", p, i)
				out.Unlock()
			}
		}()
	}
	return <-errs
}

// writer runs the child until enough says so, kills it, and returns the last record of
// each partition that was acknowledged.
func writer(t testing.TB, dir string, batch int, enough func(p, i int) bool) [killPartitions]int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir, childSize+"="+strconv.Itoa(batch))
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked := [killPartitions]int{-1, -1, -1, -1}
	killed := false
	s := bufio.NewScanner(pipe)
	for s.Scan() {
		var p, i int
		if _, err := fmt.Sscan(s.Text(), &p, &i); err != nil {
			if !killed {
				t.Errorf("the writer says: %s", s.Text())
			}
			continue
		}
		acked[p] = i
		if !killed && enough(p, i) {
			killed = true
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, _ = io.Copy(io.Discard, pipe)
	_ = cmd.Wait()
	return acked
}

// TestKill kills a process that writes at full speed, again and again.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, Config{Dir: dir})
	mustCreate(t, l, "t", killPartitions, map[string]string{"internal.segment.bytes": "100000", "retention.ms": "-1"})
	mustClose(t, l)
	rng := rand.New(rand.NewPCG(seedFor(t), 0))
	for round := range 4 {
		n, limit := 0, 1+rng.IntN(2000)
		acked := writer(t, dir, 200, func(int, int) bool { n++; return n >= limit })
		l := mustOpen(t, Config{Dir: dir})
		for p := range killPartitions {
			vs, err := logtest.ReadAll(context.Background(), l, part("t", p))
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			for i, v := range vs {
				if want := fmt.Sprintf("%d/%d", p, i); v.Value != want || v.Offset != commitlog.Offset(i) {
					t.Fatalf("round %d, partition %d: %v where %s was due", round, p, v, want)
				}
			}
			if len(vs) <= acked[p] {
				t.Errorf("round %d, partition %d: %d was acknowledged, %d records are there", round, p, acked[p], len(vs))
			}
		}
		if round%2 == 0 {
			mustClose(t, l)
		} else {
			_ = l.Close()
		}
	}
}

// BenchmarkOpenAfterKill is the start after kill -9. The small size runs always; the real
// one, 10 GiB, with TAILRACE_BENCH=full.
func BenchmarkOpenAfterKill(b *testing.B) {
	gib := 0.25
	if strings.Contains(os.Getenv("TAILRACE_BENCH"), "full") {
		gib = 10
	}
	const batch = 1 << 20
	dir := b.TempDir()
	l := mustOpen(b, Config{Dir: dir})
	mustCreate(b, l, "t", killPartitions, map[string]string{"retention.ms": "-1"})
	mustClose(b, l)
	n := 0
	writer(b, dir, batch, func(int, int) bool { n++; return n >= int(gib*1024) })
	// The first start is the one that is measured; later ones follow a clean end.
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		l := mustOpen(b, Config{Dir: dir})
		if i == 0 {
			b.ReportMetric(time.Since(start).Seconds(), "s/start")
			b.ReportMetric(gib, "GiB")
		}
		b.StopTimer()
		_ = l.Close()
		b.StartTimer()
	}
}
