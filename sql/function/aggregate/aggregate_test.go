package aggregate_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"tailrace/sql/function"
	"tailrace/sql/function/aggregate"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// run adds values one by one to one group and writes the result after each.
func run(t *testing.T, l law, limits function.Limits, columns ...[]types.Value) string {
	t.Helper()
	b := bind(t, l)
	acc, err := b.Signature.New(b.ArgTypes, b.Initial, b.Result, limits)
	if err != nil {
		return "!" + err.Error()
	}
	acc.Resize(1)
	var out []string
	for i := range columns[0] {
		args := make([]*vector.Vector, len(l.args))
		for j, typ := range l.args {
			args[j] = vector.Const(typ, columns[j][i], 1)
		}
		if err := acc.Add([]int32{0}, nil, args); err != nil {
			out = append(out, "!"+err.Error())
			continue
		}
		v := resultOf(t, acc, b, 0)
		if v == nil {
			out = append(out, "NULL")
		} else {
			out = append(out, types.Text(b.Result, v))
		}
	}
	return strings.Join(out, " | ")
}

func list(xs ...types.Value) []types.Value { return xs }

func TestResults(t *testing.T) {
	dec := func(text string) types.Value {
		d, err := types.ParseDec(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	i32, i64, f64, str := types.IntType, types.BigintType, types.DoubleType, types.StringType
	for _, tc := range []struct {
		rule    string
		law     law
		limits  function.Limits
		columns [][]types.Value
		want    string
	}{
		{"INT sums wrap", law{name: "SUM", args: []types.Type{i32}}, nil, [][]types.Value{list(int32(math.MaxInt32), int32(1))}, "2147483647 | -2147483648"},
		{"a decimal sum keeps its type and refuses what it does not hold", law{name: "SUM", args: []types.Type{types.DecimalOf(4, 1)}}, nil,
			[][]types.Value{list(dec("500.9"), dec("300.8"), dec("400.8"))}, "500.9 | 801.7 | !Numeric field overflow"},
		{"the average of BIGINTs does not overflow", law{name: "AVG", args: []types.Type{i64}}, nil,
			[][]types.Value{list(int64(math.MaxInt64), int64(math.MaxInt64))}, "9.223372036854776E18 | 9.223372036854776E18"},
		{"averages pass over NULL", law{name: "AVG", args: []types.Type{i32}}, nil, [][]types.Value{list(int32(1), int32(2), nil, int32(2))}, "1.0 | 1.5 | 1.5 | 1.6666666666666667"},
		{"STDDEV_SAMP is the variance", law{name: "STDDEV_SAMP", args: []types.Type{i32}}, nil, [][]types.Value{list(int32(0), int32(10))}, "0.0 | 50.0"},
		{"STDDEV_SAMPLE is the standard deviation", law{name: "STDDEV_SAMPLE", args: []types.Type{i64}}, nil, [][]types.Value{list(int64(500), int64(100))}, "0.0 | 282.842712474619"},
		{"large squares keep every bit", law{name: "STDDEV_SAMP", args: []types.Type{i64}}, nil, [][]types.Value{list(int64(2147483648), int64(100))}, "0.0 | 2.3058427944653343E18"},
		{"a correlation of one row is not defined", law{name: "CORRELATION", args: []types.Type{f64, f64}}, nil,
			[][]types.Value{list(1.5, -1.0, -4.5, 13.1), list(8.0, -2.0, -1.0, nil)}, "NaN | 1.0 | 0.7580764521133173 | 0.7580764521133173"},
		{"collected lists stop at their limit", law{name: "COLLECT_LIST", args: []types.Type{i32}}, function.Limits{aggregate.CollectListLimit: 1}, [][]types.Value{list(int32(0), int32(100))}, "[0] | [0]"},
		{"collected sets stop at their limit", law{name: "COLLECT_SET", args: []types.Type{i32}}, function.Limits{aggregate.CollectSetLimit: 1}, [][]types.Value{list(int32(0), int32(100))}, "[0] | [0]"},
		{"sets hold NULL", law{name: "COLLECT_SET", args: []types.Type{str}}, nil, [][]types.Value{list("baz", "foo", "baz", nil)}, "[baz] | [baz, foo] | [baz, foo] | [baz, foo, null]"},
		{"equal tops stay in order of arrival", law{name: "TOPK", args: []types.Type{i32, str}, initial: list(int32(2))}, nil,
			[][]types.Value{list(int32(100), int32(0), nil, int32(100)), list("one", "zero", "three", nil)},
			"[Struct{sort_col=100,col0=one}] | [Struct{sort_col=100,col0=one}, Struct{sort_col=0,col0=zero}] | [Struct{sort_col=100,col0=one}, Struct{sort_col=0,col0=zero}] | [Struct{sort_col=100,col0=one}, Struct{sort_col=100}]"},
		{"TOPKDISTINCT shows a value once", law{name: "TOPKDISTINCT", args: []types.Type{i64}, initial: list(int32(3))}, nil,
			[][]types.Value{list(int64(7), int64(100), int64(99), int64(100))}, "[7] | [100, 7] | [100, 99, 7] | [100, 99, 7]"},
		{"k is positive", law{name: "TOPK", args: []types.Type{i32}, initial: list(int32(0))}, nil, [][]types.Value{list(int32(0))}, "!k must be 1 or greater, not 0"},
		{"ATTR of two values is NULL, NULL counts as one", law{name: "ATTR", args: []types.Type{str}}, nil, [][]types.Value{list("1", nil, "1")}, "1 | NULL | NULL"},
		{"NaN is the greatest double", law{name: "MAX", args: []types.Type{f64}}, nil, [][]types.Value{list(1.0, math.NaN(), 2.0)}, "1.0 | NaN | NaN"},
		{"and never the least of two", law{name: "MIN", args: []types.Type{f64}}, nil, [][]types.Value{list(math.NaN(), 1.0, math.NaN())}, "NaN | 1.0 | 1.0"},
		{"n by offset passes over NULL", law{name: "EARLIEST_BY_OFFSET", args: []types.Type{i32}, initial: list(int32(2))}, nil, [][]types.Value{list(nil, int32(13))}, "[] | [13]"},
		{"or not", law{name: "EARLIEST_BY_OFFSET", args: []types.Type{i32}, initial: list(int32(2), false)}, nil, [][]types.Value{list(nil, int32(13))}, "[null] | [null, 13]"},
		{"the standard's average is exact", law{name: "AVG", args: []types.Type{i32}, variant: function.Variant{Standard: true}}, nil, [][]types.Value{list(nil, int32(1), int32(2), int32(2))},
			"NULL | 1.0000000000000000 | 1.5000000000000000 | 1.6666666666666667"},
		{"the standard's sum of BIGINTs is a DECIMAL", law{name: "SUM", args: []types.Type{i64}, variant: function.Variant{Standard: true}}, nil, [][]types.Value{list(int64(math.MaxInt64), int64(1))},
			"9223372036854775807 | 9223372036854775808"},
		{"counting NULL literals", law{name: "COUNT", args: []types.Type{types.NullType}}, nil, [][]types.Value{list(nil)}, "0"},
	} {
		if got := run(t, tc.law, tc.limits, tc.columns...); got != tc.want {
			t.Errorf("%s: %s\n got %s\nwant %s", tc.rule, tc.law.name, got, tc.want)
		}
	}
}

// TestMergeByArrival: merged sessions know which value came first, whatever their order.
func TestMergeByArrival(t *testing.T) {
	for _, tc := range []struct {
		name    string
		initial []types.Value
		want    string
	}{
		{"EARLIEST_BY_OFFSET", nil, "1"}, {"LATEST_BY_OFFSET", nil, "3"},
		{"EARLIEST_BY_OFFSET", list(int32(2)), "[1, 2]"}, {"LATEST_BY_OFFSET", list(int32(2)), "[2, 3]"},
	} {
		b := bind(t, law{name: tc.name, args: []types.Type{types.IntType}, initial: tc.initial})
		acc := accumulatorOf(t, b, 2)
		v := vector.New(types.IntType, 3)
		for _, x := range []int32{1, 2, 3} {
			v.AppendValue(x)
		}
		if err := acc.Add([]int32{1, 0, 1}, nil, []*vector.Vector{v}); err != nil {
			t.Fatal(err)
		}
		if err := acc.Merge(0, 1); err != nil {
			t.Fatal(err)
		}
		if got := types.Text(b.Result, resultOf(t, acc, b, 0)); got != tc.want {
			t.Errorf("%s%v: got %s, want %s", tc.name, tc.initial, got, tc.want)
		}
	}
}

// TestUndoOfLists: the last occurrence goes, and HISTOGRAM drops values that are gone.
func TestUndoOfLists(t *testing.T) {
	for name, want := range map[string]string{"COLLECT_LIST": "[a, b]", "HISTOGRAM": "{a=1, b=1}"} {
		b := bind(t, law{name: name, args: []types.Type{types.StringType}})
		acc := accumulatorOf(t, b, 1)
		for _, x := range []string{"a", "b", "a", "c"} {
			if err := acc.Add([]int32{0}, nil, []*vector.Vector{vector.Const(types.StringType, x, 1)}); err != nil {
				t.Fatal(err)
			}
		}
		for _, x := range []string{"c", "a", "zzz"} {
			if err := acc.Undo([]int32{0}, nil, []*vector.Vector{vector.Const(types.StringType, x, 1)}); err != nil {
				t.Fatal(err)
			}
		}
		if got := types.Text(b.Result, resultOf(t, acc, b, 0)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestCountDistinctIsClose(t *testing.T) {
	b := bind(t, law{name: "COUNT_DISTINCT", args: []types.Type{types.BigintType}})
	for _, n := range []int{256, 257, 2000, 10_000, 50_000, 300_000} {
		acc := accumulatorOf(t, b, 2)
		v, slots := vector.New(types.BigintType, n), make([]int32, n)
		for i := range n {
			v.AppendValue(int64(i) * 7919)
			slots[i] = int32(i % 2)
		}
		if err := acc.Add(slots, nil, []*vector.Vector{v}); err != nil {
			t.Fatal(err)
		}
		if err := acc.Merge(0, 1); err != nil {
			t.Fatal(err)
		}
		got := float64(resultOf(t, acc, b, 0).(int64))
		if off := math.Abs(got-float64(n)) / float64(n); off > 0.05 {
			t.Errorf("%d distinct values counted as %.0f", n, got)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	const n = 4096
	for _, groups := range []int{100, 100_000} {
		slots, v := make([]int32, n), vector.New(types.BigintType, n)
		for i := range n {
			slots[i] = int32(i * 7919 % groups)
			v.AppendValue(int64(i))
		}
		ceiling := make([]int64, groups)
		b.Run(fmt.Sprintf("groups=%d/ceiling", groups), func(b *testing.B) {
			for b.Loop() {
				for i, s := range slots {
					ceiling[s] += v.I64[i]
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
		for _, name := range []string{"COUNT", "SUM", "AVG", "MIN", "LATEST_BY_OFFSET"} {
			bound, err := function.ResolveAggregate(name, []function.ArgType{{Type: types.BigintType}})
			if err != nil {
				b.Fatal(err)
			}
			acc, err := bound.Signature.New(bound.ArgTypes, nil, bound.Result, nil)
			if err != nil {
				b.Fatal(err)
			}
			acc.Resize(groups)
			b.Run(fmt.Sprintf("groups=%d/%s", groups, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := acc.Add(slots, nil, []*vector.Vector{v}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			})
		}
	}
}
