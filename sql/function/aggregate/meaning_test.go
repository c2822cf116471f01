package aggregate_test

import (
	"fmt"
	"math"
	"slices"

	"tailrace/sql/function"
	"tailrace/sql/types"
)

func laws() []law {
	return slices.Concat(fixedLaws(), variantLaws(), orderedLaws(), anyLaws())
}

// fixedLaws are the functions of few types.
func fixedLaws() []law {
	out := []law{
		{name: "COUNT", naive: func(rows [][]types.Value) types.Value { return int64(len(rows)) }},
		{name: "SUM", args: []types.Type{types.IntType}, naive: fold(int32(0), func(s, x types.Value) types.Value { return s.(int32) + x.(int32) })},
		{name: "SUM", args: []types.Type{types.BigintType}, naive: fold(int64(0), func(s, x types.Value) types.Value { return s.(int64) + x.(int64) })},
		{name: "SUM", args: []types.Type{types.DoubleType}, naive: func(rows [][]types.Value) types.Value { _, sum := moments(rows); return sum }},
		{name: "SUM", args: []types.Type{decimal}, naive: fold(types.Dec{Scale: 2}, func(s, x types.Value) types.Value {
			sum, _ := s.(types.Dec).Unscaled.Add(x.(types.Dec).Unscaled)
			return types.Dec{Unscaled: sum, Scale: 2}
		})},
		{name: "SUM_LIST", args: []types.Type{types.ArrayOf(types.IntType)}, naive: fold(int32(0), func(s, x types.Value) types.Value {
			for _, e := range x.(types.ArrayVal) {
				if e != nil {
					s = s.(int32) + e.(int32)
				}
			}
			return s
		})},
		{name: "SUMMARY_STATS", args: []types.Type{types.DoubleType}, naive: func(rows [][]types.Value) types.Value {
			n, sum := moments(rows)
			return &types.MapVal{Keys: []types.Value{"mean", "sample_size", "sum"}, Values: []types.Value{sum / n, n, sum}}
		}},
		{name: "HISTOGRAM", args: []types.Type{types.StringType}, naive: naiveHistogram},
		{name: "CORRELATION", args: []types.Type{types.DoubleType, types.DoubleType}, slack: 1e-6, naive: naiveCorrelation},
		{name: "TOPK", args: []types.Type{types.IntType, types.StringType, types.DoubleType}, initial: []types.Value{int32(4)}, naive: func(rows [][]types.Value) types.Value {
			var all types.ArrayVal
			for _, r := range rows {
				if r[0] != nil {
					all = append(all, types.StructVal(slices.Clone(r)))
				}
			}
			slices.SortStableFunc(all, func(a, b types.Value) int { return types.Compare(b.(types.StructVal)[0], a.(types.StructVal)[0]) })
			return all[:min(4, len(all))]
		}},
	}
	for _, t := range []types.Type{types.IntType, types.BigintType, types.DoubleType} {
		one, slack := []types.Type{t}, 1e-6
		if t.Kind == types.Bigint {
			slack *= 1 << 33
		}
		out = append(out,
			law{name: "AVG", args: one, naive: func(rows [][]types.Value) types.Value {
				n, sum := moments(rows)
				return sum / max(n, 1)
			}},
			law{name: "STDDEV_SAMP", args: one, slack: slack * slack, naive: variance},
			law{name: "STDDEV_SAMPLE", args: one, slack: slack, naive: func(rows [][]types.Value) types.Value { return math.Sqrt(variance(rows).(float64)) }})
	}
	return out
}

// orderedLaws are the functions of values that compare.
func orderedLaws() (out []law) {
	for _, t := range scalars {
		one := []types.Type{t}
		out = append(out,
			law{name: "MIN", args: one, naive: fold(nil, func(s, x types.Value) types.Value { return pick(s, x, -1) })},
			law{name: "MAX", args: one, naive: fold(nil, func(s, x types.Value) types.Value { return pick(s, x, 1) })},
			law{name: "TOPK", args: one, initial: []types.Value{int32(3)}, naive: naiveTop(3, false)},
			law{name: "TOPKDISTINCT", args: one, initial: []types.Value{int32(3)}, naive: naiveTop(3, true)})
	}
	return out
}

// anyLaws are the functions of any type.
func anyLaws() (out []law) {
	for _, t := range everything {
		one := []types.Type{t}
		values := func(rows [][]types.Value, nulls bool) types.ArrayVal {
			out := types.ArrayVal{}
			for _, r := range rows {
				if nulls || r[0] != nil {
					out = append(out, r[0])
				}
			}
			return out
		}
		last := func(a types.ArrayVal, n int) types.ArrayVal { return a[max(0, len(a)-n):] }
		first := func(a types.ArrayVal, n int) types.ArrayVal { return a[:min(n, len(a))] }
		single := func(a types.ArrayVal) types.Value {
			if len(a) == 0 {
				return nil
			}
			return a[0]
		}
		out = append(out,
			law{name: "COUNT", args: one, naive: func(rows [][]types.Value) types.Value { return int64(len(values(rows, false))) }},
			law{name: "COUNT_DISTINCT", args: one, naive: func(rows [][]types.Value) types.Value { return int64(len(unique(values(rows, false)))) }},
			law{name: "COLLECT_LIST", args: one, naive: func(rows [][]types.Value) types.Value { return values(rows, true) }},
			law{name: "COLLECT_SET", args: one, naive: func(rows [][]types.Value) types.Value { return unique(values(rows, true)) }},
			law{name: "ATTR", args: one, naive: func(rows [][]types.Value) types.Value {
				if u := unique(values(rows, true)); len(u) == 1 {
					return u[0]
				}
				return nil
			}},
			law{name: "LATEST_BY_OFFSET", args: one, naive: func(rows [][]types.Value) types.Value { return single(last(values(rows, false), 1)) }},
			law{name: "LATEST_BY_OFFSET", args: one, initial: []types.Value{false}, naive: func(rows [][]types.Value) types.Value { return single(last(values(rows, true), 1)) }},
			law{name: "LATEST_BY_OFFSET", args: one, initial: []types.Value{int32(2)}, naive: func(rows [][]types.Value) types.Value { return last(values(rows, false), 2) }},
			law{name: "LATEST_BY_OFFSET", args: one, initial: []types.Value{int32(2), false}, naive: func(rows [][]types.Value) types.Value { return last(values(rows, true), 2) }},
			law{name: "EARLIEST_BY_OFFSET", args: one, naive: func(rows [][]types.Value) types.Value { return single(values(rows, false)) }},
			law{name: "EARLIEST_BY_OFFSET", args: one, initial: []types.Value{false}, naive: func(rows [][]types.Value) types.Value { return single(values(rows, true)) }},
			law{name: "EARLIEST_BY_OFFSET", args: one, initial: []types.Value{int32(2)}, naive: func(rows [][]types.Value) types.Value { return first(values(rows, false), 2) }},
			law{name: "EARLIEST_BY_OFFSET", args: one, initial: []types.Value{int32(2), false}, naive: func(rows [][]types.Value) types.Value { return first(values(rows, true), 2) }})
	}
	return out
}

// variantLaws are the standard's aggregates, and those that retract at a price.
func variantLaws() []law {
	standard, retract := function.Variant{Standard: true}, function.Variant{Standard: true, Retract: true}
	unlessEmpty := func(f func(n, sum float64, rows [][]types.Value) types.Value) func([][]types.Value) types.Value {
		return func(rows [][]types.Value) types.Value {
			n, sum := moments(rows)
			if n == 0 {
				return nil
			}
			return f(n, sum, rows)
		}
	}
	fixed := func(x float64, scale int32) types.Dec {
		d, err := types.ParseDec(fmt.Sprintf("%.*f", scale, x))
		if err != nil {
			panic(err)
		}
		return d
	}
	out := []law{
		{name: "SUM", args: []types.Type{types.IntType}, variant: standard, naive: unlessEmpty(func(_, sum float64, _ [][]types.Value) types.Value { return int64(sum) })},
		{name: "SUM", args: []types.Type{types.BigintType}, variant: standard, naive: unlessEmpty(func(_, sum float64, _ [][]types.Value) types.Value { return fixed(sum, 0) })},
		{name: "SUM", args: []types.Type{types.DoubleType}, variant: standard, naive: unlessEmpty(func(_, sum float64, _ [][]types.Value) types.Value { return sum })},
		{name: "SUM", args: []types.Type{decimal}, variant: standard, naive: fold(nil, func(s, x types.Value) types.Value {
			if s == nil {
				return x
			}
			sum, _ := s.(types.Dec).Unscaled.Add(x.(types.Dec).Unscaled)
			return types.Dec{Unscaled: sum, Scale: 2}
		})},
		{name: "AVG", args: []types.Type{types.DoubleType}, variant: standard, naive: unlessEmpty(func(n, sum float64, _ [][]types.Value) types.Value { return sum / n })},
	}
	for _, t := range []types.Type{types.IntType, types.DoubleType} {
		out = append(out, law{name: "STDDEV_SAMP", args: []types.Type{t}, variant: standard, slack: 1e-6, naive: unlessEmpty(func(n, _ float64, rows [][]types.Value) types.Value {
			if n < 2 {
				return nil
			}
			return math.Sqrt(variance(rows).(float64))
		})})
	}
	for _, t := range scalars {
		one, k := []types.Type{t}, []types.Value{int32(3)}
		out = append(out,
			law{name: "MIN", args: one, variant: retract, naive: fold(nil, func(s, x types.Value) types.Value { return pick(s, x, -1) })},
			law{name: "MAX", args: one, variant: retract, naive: fold(nil, func(s, x types.Value) types.Value { return pick(s, x, 1) })},
			law{name: "TOPK", args: one, initial: k, variant: retract, naive: naiveTop(3, false)},
			law{name: "TOPKDISTINCT", args: one, initial: k, variant: retract, naive: naiveTop(3, true)})
	}
	for _, t := range everything {
		column := func(rows [][]types.Value, nulls bool) types.ArrayVal {
			all := types.ArrayVal{}
			for _, r := range rows {
				if nulls || r[0] != nil {
					all = append(all, r[0])
				}
			}
			all = unique(all)
			slices.SortFunc(all, types.Compare)
			return all
		}
		out = append(out,
			law{name: "COUNT_DISTINCT", args: []types.Type{t}, variant: retract, naive: func(rows [][]types.Value) types.Value { return int64(len(column(rows, false))) }},
			law{name: "COLLECT_SET", args: []types.Type{t}, variant: retract, naive: func(rows [][]types.Value) types.Value { return column(rows, true) }})
	}
	return out
}

func pick(s, x types.Value, sign int) types.Value {
	if s == nil || types.Compare(x, s)*sign > 0 {
		return x
	}
	return s
}

func fold(init types.Value, f func(s, x types.Value) types.Value) func([][]types.Value) types.Value {
	return func(rows [][]types.Value) types.Value {
		s := init
		for _, r := range rows {
			if r[0] != nil {
				s = f(s, r[0])
			}
		}
		return s
	}
}

func float(x types.Value) float64 {
	switch x := x.(type) {
	case int32:
		return float64(x)
	case int64:
		return float64(x)
	}
	return x.(float64)
}

func moments(rows [][]types.Value) (n, sum float64) {
	for _, r := range rows {
		if r[0] != nil {
			n, sum = n+1, sum+float(r[0])
		}
	}
	return n, sum
}

func variance(rows [][]types.Value) types.Value {
	n, sum := moments(rows)
	if n < 2 {
		return 0.0
	}
	m2 := 0.0
	for _, r := range rows {
		if r[0] != nil {
			m2 += (float(r[0]) - sum/n) * (float(r[0]) - sum/n)
		}
	}
	return m2 / (n - 1)
}

func unique(all types.ArrayVal) types.ArrayVal {
	out := types.ArrayVal{}
	for _, x := range all {
		if !slices.ContainsFunc(out, func(y types.Value) bool { return types.Equal(x, y) }) {
			out = append(out, x)
		}
	}
	return out
}

func naiveTop(k int, distinct bool) func([][]types.Value) types.Value {
	return func(rows [][]types.Value) types.Value {
		all := types.ArrayVal{}
		for _, r := range rows {
			if r[0] != nil {
				all = append(all, r[0])
			}
		}
		if distinct {
			all = unique(all)
		}
		slices.SortStableFunc(all, func(a, b types.Value) int { return types.Compare(b, a) })
		return all[:min(k, len(all))]
	}
}

func naiveHistogram(rows [][]types.Value) types.Value {
	m := types.NewMapBuilder(0)
	counts := map[string]int64{}
	for _, r := range rows {
		if s, ok := r[0].(string); ok {
			counts[s]++
			m.Put(s, counts[s])
		}
	}
	return m.Map()
}

func naiveCorrelation(rows [][]types.Value) types.Value {
	var xs, ys []float64
	var mx, my float64
	for _, r := range rows {
		if r[0] != nil && r[1] != nil {
			xs, ys = append(xs, float(r[0])), append(ys, float(r[1]))
			mx, my = mx+float(r[0]), my+float(r[1])
		}
	}
	mx, my = mx/float64(len(xs)), my/float64(len(xs))
	var sxy, sx, sy float64
	for i := range xs {
		sxy, sx, sy = sxy+(xs[i]-mx)*(ys[i]-my), sx+(xs[i]-mx)*(xs[i]-mx), sy+(ys[i]-my)*(ys[i]-my)
	}
	return sxy / math.Sqrt(sx*sy)
}
