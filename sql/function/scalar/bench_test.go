package scalar_test

import (
	"fmt"
	"strings"
	"testing"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// BenchmarkKernel runs functions over a batch; the ceiling copies the first column.
func BenchmarkKernel(b *testing.B) {
	const n = 2048
	text, num, doc, stamp := vector.New(types.StringType, n), vector.New(types.DoubleType, n), vector.New(types.StringType, n), vector.New(types.StringType, n)
	for i := range n {
		text.AppendString(fmt.Sprintf("some text %d", i))
		num.AppendValue(float64(i) / 7)
		doc.AppendString(fmt.Sprintf(`{"id": %d, "name": "n%d", "tags": ["a", "b"], "nested": {"x": %d.50}}`, i, i, i))
		stamp.AppendString(types.TimestampVal(int64(i) * 86_399_999).String())
	}
	constant := func(v types.Value, t types.Type) *vector.Vector { return vector.Const(t, v, n) }
	for _, bc := range []struct {
		name string
		args []*vector.Vector
	}{
		{"UCASE", []*vector.Vector{text}},
		{"LEN", []*vector.Vector{text}},
		{"SUBSTRING", []*vector.Vector{text, constant(int32(3), types.IntType), constant(int32(4), types.IntType)}},
		{"CONCAT", []*vector.Vector{text, constant("-", types.StringType), text}},
		{"SQRT", []*vector.Vector{num}},
		{"ROUND", []*vector.Vector{num, constant(int32(2), types.IntType)}},
		{"COALESCE", []*vector.Vector{num, num}},
		{"REGEXP_EXTRACT", []*vector.Vector{constant(`\d+`, types.StringType), text}},
		{"EXTRACTJSONFIELD", []*vector.Vector{doc, constant("$.nested.x", types.StringType)}},
		{"PARSE_TIMESTAMP", []*vector.Vector{stamp, constant("yyyy-MM-dd'T'HH:mm:ss.SSS", types.StringType)}},
		{"SPLIT", []*vector.Vector{text, constant(" ", types.StringType)}},
	} {
		var args []function.ArgType
		var argTypes []types.Type
		for _, v := range bc.args {
			args = append(args, function.ArgType{Type: v.Type})
		}
		bound, err := function.Resolve(bc.name, args)
		if err != nil {
			b.Fatal(err)
		}
		argTypes = bound.ArgTypes
		kernel, err := bound.Signature.Compile(argTypes, bound.Result)
		if err != nil {
			b.Fatal(err)
		}
		ctx := &function.Context{Fail: func(row int, err error) { b.Fatal(row, err) }}
		b.Run(strings.ToLower(bc.name), func(b *testing.B) {
			b.ReportAllocs()
			out := vector.New(bound.Result, n)
			for b.Loop() {
				out.Reset()
				if err := kernel(ctx, bc.args, n, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
	b.Run("ceiling", func(b *testing.B) {
		out := vector.New(types.StringType, n)
		for b.Loop() {
			out.Reset()
			out.AppendVector(text)
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
	})
}
