package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"
	"unsafe"

	"tailrace/executor/chunk"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
	"tailrace/storage/serde"
)

// pipeline is log -> JSON -> WHERE -> GROUP BY -> view, with changelog and exactly-once
// commits, on one core. The ceiling reads, verifies and walks the same log and decodes
// the same three columns, and does nothing else. Rates are per second of processor time:
// on a machine that others use too, that is what holds still.
func pipeline(tb testing.TB, records, keys int, by string) figures {
	n := open(tb)
	n.execute(createEvents, fromStart)
	end := n.append("events", eventBatches(tb, records, random(keys)))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ceiling := timed(func() { scan(tb, n.log, records) })
	stop := profile(tb, "pipeline-"+by)
	ours := timed(func() {
		n.execute("CREATE TABLE COUNTS AS SELECT " + by + ", COUNT(*) C, SUM(V) S FROM EVENTS WHERE V >= 10 GROUP BY " + by)
		n.applied("COUNTS", "events", end)
	})
	stop()
	counted := n.execute("SELECT CAST(SUM(C) AS BIGINT), COUNT(*) FROM COUNTS")
	if want := int64(records - records/10); counted[0][0] != want {
		tb.Fatalf("%v records counted, not %d", counted[0][0], want)
	}
	r := float64(records)
	return figures{
		"Mrec/cpu-s": r / ours.cpu.Seconds() / 1e6, "Mrec/s": r / ours.wall.Seconds() / 1e6,
		"ceiling-Mrec/cpu-s": r / ceiling.cpu.Seconds() / 1e6, "%ofceiling": 100 * ceiling.cpu.Seconds() / ours.cpu.Seconds(),
	}
}

type spent struct{ wall, cpu time.Duration }

func timed(f func()) spent {
	runtime.GC()
	began, used := time.Now(), cpu()
	f()
	return spent{time.Since(began), cpu() - used}
}

// profile writes a processor profile into the folder that BENCH_PROFILES names.
func profile(tb testing.TB, name string) (stop func()) {
	dir, ok := os.LookupEnv("BENCH_PROFILES")
	if !ok {
		return func() {}
	}
	f, err := os.Create(fmt.Sprintf("%s/%s.pprof", dir, name))
	if err != nil {
		tb.Fatal(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		tb.Fatal(err)
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}
}

// scan decodes three columns of the log of events into vectors.
func scan(tb testing.TB, log commitlog.Log, records int) {
	tb.Helper()
	var columns []types.Column
	for _, c := range []string{"ID", "NAME", "G", "STATUS", "REGION", "V", "PRICE", "FLAG", "NOTE", "TS"} {
		t := types.StringType
		switch c {
		case "ID", "V", "TS":
			t = types.BigintType
		case "PRICE":
			t = types.DoubleType
		case "FLAG":
			t = types.BooleanType
		}
		columns = append(columns, types.Column{Name: c, Type: t})
	}
	dec, err := serde.NewDecoder(serde.Format{Name: "JSON"}, columns, []int{2, 5, 6})
	if err != nil {
		tb.Fatal(err)
	}
	out := []*vector.Vector{vector.New(types.StringType, 0), vector.New(types.BigintType, 0), vector.New(types.DoubleType, 0)}
	buf := make([]byte, 256<<10)
	var it record.Iter
	at, seen := commitlog.Offset(0), 0
	for seen < records {
		f, err := log.Read(context.Background(), commitlog.TopicPartition{Topic: "events"}, at, buf)
		if err != nil {
			tb.Fatal(err)
		}
		for b := f.Batches; len(b) > 0; {
			h, err := record.Verify(b)
			if err == nil {
				err = it.Reset(b)
			}
			if err != nil {
				tb.Fatal(err)
			}
			for it.Next() {
				v := it.Record().Value
				v = unsafe.Slice(unsafe.SliceData(v), len(v)+record.Slack)[:len(v)] // decoded in place, as a source does
				if err := dec.Decode(v, out); err != nil {
					tb.Fatal(err)
				}
				if seen++; seen%chunk.MaxRows == 0 {
					for _, v := range out {
						v.Reset()
					}
				}
			}
			at, b = commitlog.Offset(h.NextOffset()), b[h.Size():]
		}
	}
}

func TestPipeline(t *testing.T) {
	for _, by := range []string{"K", "G"} {
		pipeline(t, 5000, 100, by)
	}
}

// BenchmarkPipeline: by=K groups by the key of the records, by=G by a column, which goes
// through an internal topic.
func BenchmarkPipeline(b *testing.B) {
	for _, by := range []string{"K", "G"} {
		b.Run("by="+by, func(b *testing.B) {
			measure(b, func() figures { return pipeline(b, 3_000_000, 100_000, by) })
		})
	}
}
