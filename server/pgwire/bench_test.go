package pgwire

import (
	"fmt"
	"testing"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// benchColumns are rows of an order: two numbers, two texts, a double, a time.
func benchColumns(n int) []*vector.Vector {
	ts := []types.Type{types.IntType, types.BigintType, types.StringType, types.StringType, types.DoubleType, types.TimestampType}
	cols := make([]*vector.Vector, len(ts))
	for i, t := range ts {
		cols[i] = vector.New(t, n)
	}
	for i := range n {
		for c, v := range []types.Value{int32(i), int64(i) * 1_000_003, fmt.Sprintf("customer-%06d", i), "open", float64(i) * 1.25,
			types.TimestampVal(1_700_000_000_000 + int64(i))} {
			cols[c].AppendValue(v)
		}
	}
	return cols
}

// BenchmarkDataRow encodes rows. The ceiling is a copy of the encoded bytes.
func BenchmarkDataRow(b *testing.B) {
	const n = 1000
	cols := benchColumns(n)
	for _, format := range []int16{textFormat, binaryFormat} {
		formats := []int16{format, format, format, format, format, format}
		b.Run([]string{"text", "binary"}[format], func(b *testing.B) {
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				out = out[:0]
				for i := range n {
					out = appendRow(out, cols, i, formats)
				}
			}
			b.SetBytes(int64(len(out)))
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
		b.Run([]string{"text", "binary"}[format]+"/ceiling=copy", func(b *testing.B) {
			var rows [][]byte
			for i := range n {
				rows = append(rows, appendRow(nil, cols, i, formats))
			}
			var out []byte
			for b.Loop() {
				out = out[:0]
				for _, r := range rows {
					out = append(out, r...)
				}
			}
			b.SetBytes(int64(len(out)))
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
