package expr_test

import (
	"fmt"
	"testing"

	"tailrace/sql/expr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

const benchRows = 4096

var benchScope = expr.ColumnScope{
	{Name: "A", Type: types.BigintType, Index: 0}, {Name: "K", Type: types.IntType, Index: 1},
	{Name: "U", Type: types.BigintType, Index: 2}, {Name: "S", Type: types.StringType, Index: 3},
	{Name: "M", Type: types.DecimalOf(12, 2), Index: 4}, {Name: "D", Type: types.DoubleType, Index: 5},
	{Name: "N", Type: types.IntType, Index: 6},
}

func benchColumns(n int) []*vector.Vector {
	cols := make([]*vector.Vector, len(benchScope))
	for i, c := range benchScope {
		cols[i] = vector.New(c.Type, n)
	}
	for i := range n {
		x := uint64(i+1) * 0x9e3779b97f4a7c15 >> 33
		cols[0].AppendValue(int64(x % 1000))
		cols[1].AppendValue(int32(x / 7 % 4))
		cols[2].AppendValue(int64(i))
		cols[3].AppendValue(fmt.Sprintf("user-%d@example.com", x%5000))
		cols[4].AppendValue(types.Dec{Unscaled: types.Int128Of(int64(x % 100000)), Scale: 2})
		cols[5].AppendValue(float64(x%1000) / 8)
		if i%5 == 0 {
			cols[6].AppendNull()
		} else {
			cols[6].AppendValue(int32(x % 10))
		}
	}
	return cols
}

func compile(b testing.TB, text string) *expr.Program {
	p, err := expr.Compile(mustBind(b, text, benchScope, expr.Options{}), expr.CompileEnv{})
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func rate(b *testing.B) {
	b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

// BenchmarkFilterProject is the budget of DESIGN section 5 for filter and project: a > 500
// AND k = 3 -> u + 1, a * 0.93. The ceiling is one loop written by hand that does the same
// to the same columns.
func BenchmarkFilterProject(b *testing.B) {
	cols := benchColumns(benchRows)
	b.Run("compiled", func(b *testing.B) {
		filter, left, right := compile(b, "A > 500 AND K = 3"), compile(b, "U + 1"), compile(b, "A * 0.93E0")
		var sel []int32
		kept := []*vector.Vector{{Type: types.BigintType}, nil, {Type: types.BigintType}}
		b.ReportAllocs()
		for b.Loop() {
			keep, err := filter.EvalBool(cols, benchRows, nil)
			if err != nil {
				b.Fatal(err)
			}
			sel = keep.AppendIndexes(sel[:0])
			cols[0].GatherInto(kept[0], sel)
			cols[2].GatherInto(kept[2], sel)
			x, err := left.Eval(kept, len(sel), nil)
			if err != nil {
				b.Fatal(err)
			}
			y, err := right.Eval(kept, len(sel), nil)
			if err != nil || x.N != y.N {
				b.Fatal(err)
			}
		}
		rate(b)
	})
	b.Run("ceiling=fused loop", func(b *testing.B) {
		x, y := make([]int64, 0, benchRows), make([]float64, 0, benchRows)
		for b.Loop() {
			x, y = x[:0], y[:0]
			a, k, u := cols[0].I64, cols[1].I32[:len(cols[0].I64)], cols[2].I64[:len(cols[0].I64)]
			for i, v := range a {
				if v > 500 && k[i] == 3 {
					x, y = append(x, u[i]+1), append(y, float64(v)*0.93)
				}
			}
		}
		rate(b)
	})
}

// BenchmarkExpressions measures kernels one by one.
func BenchmarkExpressions(b *testing.B) {
	cols := benchColumns(benchRows)
	for _, text := range []string{
		"A > 500", "A + U", "A / 7", "U / (A + 1)", "D * 2E0 + 1E0", "N + 1", "M + M", "M * M", "M / 2.0", "M > 500.00",
		"S = 'user-77@example.com'", "S LIKE 'user-7%'", "S LIKE '%77@%'", "S LIKE 'u_er%9@%'", "S || '!'", "CAST(A AS STRING)",
		"CAST(A AS DOUBLE)", "A IN (1, 2, 3)", "A IN (1,2,3,4,5,6,7,8,9,10,11,12)", "S IN ('a', 'user-5@example.com')",
		"CASE WHEN A > 500 THEN U ELSE A END", "CASE WHEN A > 900 THEN U / A WHEN A > 500 THEN 1 ELSE A * 2 END", "N IS NULL OR N > 3",
	} {
		b.Run(text, func(b *testing.B) {
			p := compile(b, text)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Eval(cols, benchRows, nil); err != nil {
					b.Fatal(err)
				}
			}
			rate(b)
		})
	}
}

// Evaluation allocates by the batch at most, never by the row: as often for 4,096 rows as
// for 64.
func TestNoAllocationPerRow(t *testing.T) {
	for _, text := range []string{
		"A > 500 AND K = 3", "U + 1", "A * 0.93E0", "U / (A + 1)", "N + 1 > 3 OR N IS NULL", "M * M + M", "M / 2.0", "M % 7.5",
		"S = 'x'", "S < 'x'", "S LIKE '%77%'", "S LIKE 'u_er%9'", "S || S", "CAST(A AS STRING)", "CAST(D AS STRING)", "CAST(M AS STRING)",
		"CAST(D AS BIGINT)", "CAST(M AS DOUBLE)", "A IN (1, 2, 3)", "A IN (1,2,3,4,5,6,7,8,9,10,11,12)", "S IN ('a', 'b')", "M IN (1.5, 2)",
		"CASE WHEN A > 500 THEN U / A ELSE A END", "N IS DISTINCT FROM K", "K = 0 OR U / K > 1", "S IN (S, 'a')",
	} {
		p := compile(t, text)
		var allocs [2]float64
		for i, n := range []int{64, benchRows} {
			cols := benchColumns(n)
			eval := func() {
				if _, err := p.Eval(cols, n, nil); err != nil {
					t.Fatal(err)
				}
			}
			eval()
			allocs[i] = testing.AllocsPerRun(5, eval)
		}
		if allocs[1] > allocs[0] || allocs[1] > 16 {
			t.Errorf("%s: %v allocations for 64 rows, %v for %d", text, allocs[0], allocs[1], benchRows)
		}
	}
}
