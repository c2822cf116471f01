package json_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/json"
)

func TestEncode(t *testing.T) {
	dec := func(text string) types.Dec {
		d, err := types.ParseDec(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, tc := range []struct {
		rule  string
		typ   types.Type
		value types.Value
		want  string
	}{
		{"NULL", types.IntType, nil, `{"V":null}`},
		{"a DOUBLE has a point", types.DoubleType, 10.0, `{"V":10.0}`},
		{"a large DOUBLE is scientific", types.DoubleType, 1e10, `{"V":1.0E10}`},
		{"a small DOUBLE is scientific", types.DoubleType, 0.00012, `{"V":1.2E-4}`},
		{"NaN is a string", types.DoubleType, math.NaN(), `{"V":"NaN"}`},
		{"infinity is a string", types.DoubleType, math.Inf(-1), `{"V":"-Infinity"}`},
		{"a DECIMAL keeps its zeros", types.DecimalOf(6, 4), dec("1.0000"), `{"V":1.0000}`},
		{"a small DECIMAL is plain", types.DecimalOf(20, 12), dec("0.000000000001"), `{"V":0.000000000001}`},
		{"BYTES are base64", types.BytesType, []byte("variations"), `{"V":"dmFyaWF0aW9ucw=="}`},
		{"a DATE is a number", types.DateType, types.DateVal(-10), `{"V":-10}`},
		{"a TIME is a number", types.TimeType, types.TimeVal(10), `{"V":10}`},
		{"a TIMESTAMP is a number", types.TimestampType, types.TimestampVal(1), `{"V":1}`},
		{"escapes", types.StringType, "\"\\/\b\f\n\r\t\x01\x1f\u2028é", `{"V":"\"\\/\b\f\n\r\t\u0001\u001F` + "\u2028é" + `"}`},
		{"an ARRAY", types.ArrayOf(types.DoubleType), types.ArrayVal{1.0, nil}, `{"V":[1.0,null]}`},
		{"a MAP", types.MapOf(types.StringType, types.IntType),
			&types.MapVal{Keys: []types.Value{"b", "a"}, Values: []types.Value{int32(1), nil}}, `{"V":{"b":1,"a":null}}`},
		{"a MAP without names", types.MapOf(types.IntType, types.IntType),
			&types.MapVal{Keys: []types.Value{int32(1)}, Values: []types.Value{int32(2)}}, `{"V":[[1,2]]}`},
		{"a STRUCT keeps its order and its NULLs", types.StructOf(types.Field{Name: "b", Type: types.IntType}, types.Field{Name: "A", Type: types.IntType}),
			types.StructVal{int32(1), nil}, `{"V":{"b":1,"A":null}}`},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			e, err := json.NewEncoder([]types.Column{{Name: "V", Type: tc.typ}}, false)
			if err != nil {
				t.Fatal(err)
			}
			v := vector.New(tc.typ, 1)
			v.AppendValue(tc.value)
			got, null, err := e.Append(nil, []*vector.Vector{v}, 0)
			if err != nil || null || string(got) != tc.want {
				t.Errorf("\n got %s (null %v, error %v)\nwant %s", got, null, err, tc.want)
			}
		})
	}
}

// An unwrapped NULL has no text: the record is NULL.
func TestEncodeUnwrapped(t *testing.T) {
	e, err := json.NewEncoder([]types.Column{{Name: "V", Type: types.IntType}}, true)
	if err != nil {
		t.Fatal(err)
	}
	v := vector.New(types.IntType, 2)
	v.AppendValue(int32(5))
	v.AppendNull()
	cols := []*vector.Vector{v}
	if got, null, err := e.Append([]byte("x"), cols, 0); string(got) != "x5" || null || err != nil {
		t.Errorf("got %q, null %v, error %v", got, null, err)
	}
	if got, null, err := e.Append([]byte("x"), cols, 1); string(got) != "x" || !null || err != nil {
		t.Errorf("got %q, null %v, error %v", got, null, err)
	}
}

// Doubles come out as types.AppendDouble writes them, whichever way they go.
func TestEncodeDoubles(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	check := func(x float64) {
		if got, want := string(json.AppendValue(nil, types.DoubleType, x)), string(types.AppendDouble(nil, x)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for _, x := range []float64{0, 1, 0.001, 0.0099, 9999999, 9999999.9999, 9999999.99999, 1e7, 0.29, 1.005, 2.675, math.Copysign(0, -1)} {
		check(x)
		check(-x)
		check(math.Nextafter(x, 1e9))
	}
	for range 20000 {
		check(float64(r.IntN(1e9)) / math.Pow10(r.IntN(7)))
		check(r.Float64() * 1e7)
		check(math.Float64frombits(r.Uint64()>>2 | 0x3<<60))
	}
}

// BenchmarkEncode writes the benchmark's records from ten columns.
func BenchmarkEncode(b *testing.B) {
	const n = 256
	batch, ends := orders(n, "")
	d, err := json.NewDecoder(orderColumns, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, false)
	if err != nil {
		b.Fatal(err)
	}
	var cols []*vector.Vector
	for _, c := range orderColumns {
		cols = append(cols, vector.New(c.Type, n))
	}
	start := 0
	for _, end := range ends {
		if err := d.Decode(batch[start:end], cols); err != nil {
			b.Fatal(err)
		}
		start = end
	}
	e, err := json.NewEncoder(orderColumns, false)
	if err != nil {
		b.Fatal(err)
	}
	var dst []byte
	b.ReportAllocs()
	b.SetBytes(int64(ends[n-1] / n))
	i := 0
	for b.Loop() {
		dst, _, _ = e.Append(dst[:0], cols, i%n)
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrec/s")
}
