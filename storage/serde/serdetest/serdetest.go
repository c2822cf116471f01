// Package serdetest is what every format must obey: the conformance suite of the seam
// storage/serde.
package serdetest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde"
)

// Samples are values of every type that has to survive a trip through a format.
var Samples = []struct {
	Type   types.Type
	Values []types.Value
}{
	{types.BooleanType, []types.Value{true, false}},
	{types.IntType, []types.Value{int32(0), int32(7), int32(-1), int32(2147483647), int32(-2147483648)}},
	{types.BigintType, []types.Value{int64(0), int64(1528224275715), int64(9223372036854775807), int64(-9223372036854775808)}},
	{types.DoubleType, []types.Value{0.0, 1.5, -0.25, 1e300, 5e-324, 123456789.125, 0.1}},
	{types.DecimalOf(6, 4), []types.Value{dec("10.0000"), dec("-0.0001"), dec("0.0000")}},
	{types.DecimalOf(38, 10), []types.Value{dec("1234567890123456789012345678.0123456789")}},
	{types.StringType, []types.Value{"a", "plain text", "quote \" comma , backslash \\", "line\nend\r\ttab", "žluťoučký 猫 😀", " padded ", "{\"a\":1}", "#", "-1"}},
	{types.BytesType, []types.Value{[]byte("any"), []byte{0, 255, 16}, []byte("a longer run of bytes, for padding")}},
	{types.DateType, []types.Value{types.DateVal(0), types.DateVal(-10), types.DateVal(19000)}},
	{types.TimeType, []types.Value{types.TimeVal(0), types.TimeVal(86399999)}},
	{types.TimestampType, []types.Value{types.TimestampVal(0), types.TimestampVal(-1), types.TimestampVal(1700000000000)}},
	{types.ArrayOf(types.IntType), []types.Value{types.ArrayVal{}, types.ArrayVal{int32(1), nil, int32(3)}}},
	{types.MapOf(types.StringType, types.DoubleType), []types.Value{&types.MapVal{},
		&types.MapVal{Keys: []types.Value{"k\"1", "k2"}, Values: []types.Value{1.5, nil}}}},
	{types.StructOf(types.Field{Name: "A", Type: types.StringType}, types.Field{Name: "b", Type: types.ArrayOf(types.DecimalOf(4, 2))}),
		[]types.Value{types.StructVal{"x", types.ArrayVal{dec("1.50")}}, types.StructVal{nil, nil}}},
}

func dec(text string) types.Dec {
	d, err := types.ParseDec(text)
	if err != nil {
		panic(err)
	}
	return d
}

// Run holds a format to the contract of the seam. f says how records of several columns
// are written; unwrapped single columns are run beside it.
func Run(t *testing.T, f serde.Format) {
	info, err := serde.Lookup(f.Name)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Samples {
		columns := []types.Column{{Name: "V", Type: s.Type}}
		if !info.Supports(s.Type) {
			t.Run("refuses "+s.Type.String(), func(t *testing.T) { refuses(t, f, columns) })
			continue
		}
		single := f
		single.Unwrapped = true
		t.Run(s.Type.String(), func(t *testing.T) { roundTrip(t, single, columns, rowsOf(s.Values)) })
	}
	if info.Columns < 0 {
		t.Run("records", func(t *testing.T) { records(t, f, info) })
	}
}

func refuses(t *testing.T, f serde.Format, columns []types.Column) {
	if _, err := serde.NewDecoder(f, columns, nil); err == nil {
		t.Error("NewDecoder takes a type that the format does not support")
	}
	if _, err := serde.NewEncoder(f, columns); err == nil {
		t.Error("NewEncoder takes a type that the format does not support")
	}
}

func rowsOf(values []types.Value) (rows [][]types.Value) {
	for _, v := range values {
		rows = append(rows, []types.Value{v})
	}
	return rows
}

// records runs rows of all supported types, with NULLs here and there.
func records(t *testing.T, f serde.Format, info *serde.Info) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	var columns []types.Column
	var samples [][]types.Value
	for i, s := range Samples {
		if info.Supports(s.Type) {
			columns = append(columns, types.Column{Name: fmt.Sprintf("C%d", i), Type: s.Type})
			samples = append(samples, s.Values)
		}
	}
	var rows [][]types.Value
	for range 40 {
		row := make([]types.Value, len(columns))
		for i := range row {
			if r.IntN(5) > 0 || i == 0 {
				row[i] = samples[i][r.IntN(len(samples[i]))]
			}
		}
		rows = append(rows, row)
	}
	roundTrip(t, f, columns, rows)
	subset(t, f, columns, rows, r)
}

func roundTrip(t *testing.T, f serde.Format, columns []types.Column, rows [][]types.Value) {
	e, err := serde.NewEncoder(f, columns)
	if err != nil {
		t.Fatal(err)
	}
	d, err := serde.NewDecoder(f, columns, serde.All(columns))
	if err != nil {
		t.Fatal(err)
	}
	in, out := vectors(columns, nil), vectors(columns, nil)
	for _, row := range rows {
		for i, v := range row {
			in[i].AppendValue(v)
		}
	}
	var texts [][]byte
	for i, row := range rows {
		text, null, err := e.Append([]byte("prefix"), in, i)
		if err != nil || null || string(text[:6]) != "prefix" {
			t.Fatalf("Append of %v: null=%v err=%v %q", row, null, err, text)
		}
		text = text[6:]
		texts = append(texts, text)
		scratch := append([]byte{}, text...)
		if err := d.Decode(scratch, out); err != nil {
			t.Fatalf("Decode of %q: %v", text, err)
		}
		clear(scratch) // the decoder keeps nothing of it
		want(t, text, out, i, row)
		again, err := serde.DecodeRow(f, columns, text)
		if err != nil || !types.Equal(types.ArrayVal(again), types.ArrayVal(row)) {
			t.Errorf("DecodeRow of %q: %v, %v", text, again, err)
		}
	}
	if err := d.Decode(nil, out); err != nil {
		t.Fatalf("a NULL record: %v", err)
	}
	want(t, nil, out, len(rows), make([]types.Value, len(columns)))
	damaged(t, d, texts, columns)
}

// damaged feeds records that are cut and bent: what fails appends nothing and leaves no
// trace, and padding makes no difference.
func damaged(t *testing.T, d serde.Decoder, texts [][]byte, columns []types.Column) {
	out, padded := vectors(columns, nil), vectors(columns, nil)
	for _, text := range texts {
		for cut := range len(text) {
			bent := append([]byte{}, text...)
			bent[cut] ^= 0x15
			for _, bad := range [][]byte{text[:cut:cut], bent} {
				n := out[0].N
				err := d.Decode(bad[:len(bad):len(bad)], out)
				room := append(append(make([]byte, 0, len(bad)+serde.Padding), bad...), text[:min(serde.Padding, len(text))]...)
				err2 := d.Decode(room[:len(bad)], padded)
				if (err == nil) != (err2 == nil) {
					t.Fatalf("%q: without padding %v, with padding %v", bad, err, err2)
				}
				if err == nil {
					n++
				}
				for i := range out {
					if out[i].N != n || padded[i].N != n {
						t.Fatalf("%q: column %s has %d and %d rows, not %d, after %v", bad, columns[i].Name, out[i].N, padded[i].N, n, err)
					}
					if n > 0 && !same(out[i].Value(n-1), padded[i].Value(n-1)) {
						t.Fatalf("%q: without padding %v, with padding %v", bad, out[i].Value(n-1), padded[i].Value(n-1))
					}
				}
			}
			if err := d.Decode(text, out); err != nil {
				t.Fatalf("%q after damage: %v", text, err)
			}
			if err := d.Decode(text, padded); err != nil {
				t.Fatalf("%q after damage: %v", text, err)
			}
		}
	}
}

func same(a, b types.Value) bool {
	return types.Equal(a, b) || a != a && b != b // NaN is what it is
}

// subset decodes some columns and expects what decoding all of them gives.
func subset(t *testing.T, f serde.Format, columns []types.Column, rows [][]types.Value, r *rand.Rand) {
	for range 20 {
		wanted := []int{} // none, as for COUNT(*), now and then
		for _, i := range r.Perm(len(columns)) {
			if r.IntN(3) == 0 {
				wanted = append(wanted, i)
			}
		}
		d, err := serde.NewDecoder(f, columns, wanted)
		if err != nil {
			t.Fatal(err)
		}
		out := vectors(columns, wanted)
		for n, row := range rows {
			text, err := serde.EncodeRow(f, columns, row)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Decode(text, out); err != nil {
				t.Fatalf("columns %v of %q: %v", wanted, text, err)
			}
			picked := make([]types.Value, len(wanted))
			for i, w := range wanted {
				picked[i] = row[w]
			}
			want(t, text, out, n, picked)
		}
	}
}

func vectors(columns []types.Column, wanted []int) []*vector.Vector {
	if wanted == nil {
		wanted = serde.All(columns)
	}
	out := make([]*vector.Vector, len(wanted))
	for i, w := range wanted {
		out[i] = vector.New(columns[w].Type, 0)
	}
	return out
}

func want(t *testing.T, text []byte, out []*vector.Vector, row int, values []types.Value) {
	t.Helper()
	for i, v := range out {
		if v.N != row+1 {
			t.Fatalf("%q: %d rows in vector %d, want %d", text, v.N, i, row+1)
		}
		if got := v.Value(row); !same(got, values[i]) {
			t.Errorf("%q: vector %d\n got %v\nwant %v", text, i, got, values[i])
		}
	}
}
