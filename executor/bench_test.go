package executor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/executor/chunk"
	"tailrace/executor/op"
	"tailrace/executor/op/agg"
	"tailrace/planner/plan"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/record"
	"tailrace/storage/state"
)

// size picks the small or the real size of a benchmark: the small one runs in make test,
// so that none rots.
func size(small, full int) int {
	if os.Getenv("BENCH_FULL") != "" {
		return full
	}
	return small
}

var sunk int64

// drop counts the rows that come out.
var drop = chunk.EmitFunc(func(c *chunk.Chunk) error { sunk += int64(c.N); return nil })

type program struct{ p *expr.Program }

func (p program) Eval(in *chunk.Chunk) (*vector.Vector, error) { return p.p.Eval(in.Cols, in.N, nil) }
func (p program) EvalBool(in *chunk.Chunk) (vector.Bitmap, error) {
	return p.p.EvalBool(in.Cols, in.N, nil)
}

func compile(b *testing.B, e *expr.Expr) program {
	p, err := expr.Compile(e, expr.CompileEnv{})
	if err != nil {
		b.Fatal(err)
	}
	return program{p}
}

// BenchmarkFilterProject is WHERE a > 500 AND k = 3 -> u + 1, d * 0.93 over columns; the
// ceiling is the loop that generated code would be.
func BenchmarkFilterProject(b *testing.B) {
	const n = 1024
	in := &chunk.Chunk{N: n, Time: make([]int64, n)}
	for _, t := range []types.Type{types.BigintType, types.BigintType, types.BigintType, types.DoubleType} {
		v := vector.New(t, n)
		for range n {
			if t.Kind == types.Double {
				v.AppendValue(rand.Float64())
			} else {
				v.AppendValue(rand.Int64N(1000))
			}
		}
		in.Cols = append(in.Cols, v)
	}
	for i := range n {
		in.Cols[1].I64[i] %= 8
	}
	lit := func(x int64) *expr.Expr { return expr.Lit(types.BigintType, x) }
	pred := &expr.Expr{Op: expr.OpAnd, Type: types.BooleanType, Args: []*expr.Expr{
		{Op: expr.OpGt, Type: types.BooleanType, Args: []*expr.Expr{col(0, types.BigintType), lit(500)}},
		{Op: expr.OpEq, Type: types.BooleanType, Args: []*expr.Expr{col(1, types.BigintType), lit(3)}},
	}}
	plus := &expr.Expr{Op: expr.OpAdd, Type: types.BigintType, Args: []*expr.Expr{col(2, types.BigintType), lit(1)}}
	times := &expr.Expr{Op: expr.OpMul, Type: types.DoubleType, Args: []*expr.Expr{col(3, types.DoubleType), expr.Lit(types.DoubleType, 0.93)}}
	b.Run("engine", func(b *testing.B) {
		f := op.NewFilter(compile(b, pred))
		p := op.NewProject(types.Schema{}, []op.Eval{compile(b, plus), compile(b, times)})
		next := chunk.EmitFunc(func(c *chunk.Chunk) error { return p.Push(0, c, drop) })
		b.ReportAllocs()
		for b.Loop() {
			if err := f.Push(0, in, next); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
	})
	b.Run("ceiling", func(b *testing.B) {
		us, ds := make([]int64, n), make([]float64, n)
		a, k, u, d := in.Cols[0].I64, in.Cols[1].I64, in.Cols[2].I64, in.Cols[3].F64
		for b.Loop() {
			w := 0
			for i := range n {
				if a[i] > 500 && k[i] == 3 {
					us[w], ds[w] = u[i]+1, d[i]*0.93
					w++
				}
			}
			sunk += int64(w)
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
	})
}

// groupChunks are rows of keys "key-<n>" and a number.
func groupChunks(keys, chunks int) []*chunk.Chunk {
	schema := types.Schema{Columns: []types.Column{{Name: "K", Type: types.StringType, In: types.InKey}, {Name: "V", Type: types.BigintType}}}
	var out []*chunk.Chunk
	for range chunks {
		b := chunk.NewBuilder(schema)
		for range chunk.MaxRows {
			b.Add(chunk.Insert, 1, fmt.Sprintf("key-%09d", rand.IntN(keys)), int64(1))
		}
		c := b.Chunk()
		c.Ops = nil
		out = append(out, c)
	}
	return out
}

// BenchmarkGroup is COUNT(*), SUM(v) by a text key; the ceiling is a bare loop over the
// same table and two columns.
func BenchmarkGroup(b *testing.B) {
	for _, keys := range []int{1000, 100_000} {
		in := groupChunks(keys, 64)
		b.Run(fmt.Sprintf("keys=%d/engine", keys), func(b *testing.B) { benchAggregate(b, in) })
		b.Run(fmt.Sprintf("keys=%d/ceiling", keys), func(b *testing.B) {
			var table state.Table
			var batch state.Keys
			slots := make([]int32, chunk.MaxRows)
			count, sum := make([]int64, 2*keys), make([]int64, 2*keys)
			i := 0
			for b.Loop() {
				c := in[i%len(in)]
				i++
				batch.Reset()
				state.AppendKeys(&batch, c.Cols[:1], nil, c.N)
				table.Insert(&batch, slots, nil)
				v := c.Cols[1].I64
				for r, s := range slots {
					count[s]++
					sum[s] += v[r]
				}
			}
			b.ReportMetric(float64(chunk.MaxRows*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}

func benchAggregate(b *testing.B, in []*chunk.Chunk) {
	spec := agg.Spec{Keys: []int{0}, Schema: types.Schema{Columns: []types.Column{
		{Name: "K", Type: types.StringType, In: types.InKey}, {Name: "C", Type: types.BigintType}, {Name: "S", Type: types.BigintType}}}}
	for overload, args := range map[string][]op.Eval{"COUNT()": nil, "SUM(BIGINT)": {op.Column(1)}} {
		sig, err := function.FindAggregate(overload)
		if err != nil {
			b.Fatal(err)
		}
		acc, err := sig.New([]types.Type{types.BigintType}[:len(args)], nil, types.BigintType, nil)
		if err != nil {
			b.Fatal(err)
		}
		spec.Calls = append(spec.Calls, agg.Call{Acc: acc, Args: args, Type: types.BigintType})
	}
	task := state.NewTask(nil)
	a, err := agg.NewAggregate(spec, task, "a")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := a.Push(0, in[i%len(in)], drop); err != nil {
			b.Fatal(err)
		}
		if i++; i%256 == 0 { // a commit a million rows
			if err := a.Flush(drop); err != nil {
				b.Fatal(err)
			}
			task.Committed()
		}
	}
	b.ReportMetric(float64(chunk.MaxRows*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

// jsonBatches are batches of JSON records of about 200 bytes and ten fields.
func jsonBatches(b *testing.B, records, keys int) [][]byte {
	var out [][]byte
	for at := 0; at < records; {
		build := record.NewBuilder(record.Options{})
		for range min(2000, records-at) {
			k := fmt.Sprintf("key-%09d", rand.IntN(keys))
			v := fmt.Sprintf(`{"ID":%d,"NAME":"customer name %d","G":%q,"STATUS":"active","REGION":"eu-central-1","V":%d,"PRICE":%.2f,"FLAG":true,"NOTE":"some text that nobody reads","TS":%d}`,
				at, at%1000, k, rand.IntN(100), rand.Float64()*100, 1700000000000+at)
			build.Append(1700000000000+int64(at), []byte(k), []byte(v), nil)
			at++
		}
		batch, err := build.Finish()
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, batch)
	}
	return out
}

// BenchmarkEndToEnd is log -> JSON -> WHERE -> GROUP BY key -> view, with changelogs and
// exactly-once commits, on the disk. The ceilings of its stages stand in the benchmarks of
// storage/record, storage/serde and BenchmarkGroup.
func BenchmarkEndToEnd(b *testing.B) {
	records := size(100_000, 3_000_000)
	batches := jsonBatches(b, records, 100_000)
	for _, repartition := range []bool{false, true} {
		b.Run(fmt.Sprintf("repartition=%v", repartition), func(b *testing.B) {
			var total, busy time.Duration
			for b.Loop() {
				b.StopTimer()
				took, cpu := endToEnd(b, batches, records, repartition)
				total, busy = total+took, busy+cpu
				b.StartTimer()
			}
			b.ReportMetric(float64(records*b.N)/total.Seconds()/1e6, "Mrec/s")
			b.ReportMetric(float64(records*b.N)/busy.Seconds()/1e6, "Mrec/cpu-s")
		})
	}
}

func endToEnd(b *testing.B, batches [][]byte, records int, repartition bool) (took, cpu time.Duration) {
	dir := b.TempDir()
	log, err := local.Open(local.Config{FS: env.Disk, Dir: dir + "/log"})
	if err != nil {
		b.Fatal(err)
	}
	eng, err := executor.New(executor.Config{Log: log, FS: env.Disk, Dir: dir + "/state", ServiceID: "bench_"})
	if err != nil {
		b.Fatal(err)
	}
	n := &node{t: b, log: log, eng: eng}
	defer n.close()
	n.topic("events", 1)
	tp := commitlog.TopicPartition{Topic: "events"}
	for _, batch := range batches {
		copied := append(make([]byte, 0, len(batch)+record.Slack), batch...)
		if _, err := log.Append(context.Background(), commitlog.PartitionBatch{TopicPartition: tp, Batch: copied}, commitlog.AcksLeader); err != nil {
			b.Fatal(err)
		}
	}
	q := counts(b, nil)
	if !repartition {
		keepKey(b, q)
	}
	begin, busy := time.Now(), cpuTime(b)
	n.start(q)
	v, _ := eng.View("COUNTS")
	if err := v.WaitApplied(context.Background(), map[commitlog.TopicPartition]commitlog.Offset{tp: commitlog.Offset(records)}); err != nil {
		b.Fatal(err)
	}
	return time.Since(begin), cpuTime(b) - busy
}

// cpuTime is what the process has used of all cores: on a busy machine it says more than
// the clock.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// keepKey makes the query group by the key of the stream: no repartition.
func keepKey(t testing.TB, q *plan.Query) {
	a := q.Root.Node.(*plan.Materialize).Input.Node.(*plan.Aggregate)
	filter := a.Input.Node.(*plan.Repartition).Input.Node.(*plan.Rekey).Input
	a.Input = filter
	a.Calls[1].Args[0] = col(2, types.BigintType)
}

// BenchmarkLookup is a row of a view by its key, in process.
func BenchmarkLookup(b *testing.B) {
	dir := b.TempDir()
	log, err := local.Open(local.Config{FS: env.Disk, Dir: dir + "/log"})
	if err != nil {
		b.Fatal(err)
	}
	eng, err := executor.New(executor.Config{Log: log, FS: env.Disk, Dir: dir + "/state", ServiceID: "bench_"})
	if err != nil {
		b.Fatal(err)
	}
	n := &node{t: b, log: log, eng: eng}
	defer n.close()
	n.topic("events", 1)
	q := counts(b, nil)
	keepKey(b, q)
	n.start(q)
	const keys = 10_000
	var end commitlog.Offset
	for at := 0; at < keys; {
		var rs []rec
		for range 1000 {
			rs = append(rs, rec{key: fmt.Sprintf("key-%d", at), value: `{"G":"g","V":1}`, time: 1})
			at++
		}
		end = n.produce("events", 0, rs...)
	}
	v, _ := eng.View("COUNTS")
	ctx := context.Background()
	if err := v.WaitApplied(ctx, map[commitlog.TopicPartition]commitlog.Offset{{Topic: "events"}: end}); err != nil {
		b.Fatal(err)
	}
	key := make([][]types.Value, keys)
	for i := range key {
		key[i] = []types.Value{fmt.Sprintf("key-%d", i)}
	}
	found, i := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		if err := v.Get(ctx, key[i%keys:i%keys+1], func(c *chunk.Chunk) error { found += c.N; return nil }); err != nil {
			b.Fatal(err)
		}
		i++
	}
	if found != i {
		b.Fatalf("%d of %d rows found", found, i)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mlookups/s")
}
