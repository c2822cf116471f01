package vector

import (
	"bytes"
	"cmp"
	"testing"

	"pgregory.net/rapid"

	"tailrace/sql/types"
)

// anyType draws a type that keys and columns may have, nested to a small depth.
func anyType(t *rapid.T, depth int) types.Type {
	kinds := []types.Kind{types.Boolean, types.Int, types.Bigint, types.Double, types.Decimal, types.String,
		types.Bytes, types.Date, types.Time, types.Timestamp, types.Numeric, types.Interval}
	if depth > 0 {
		kinds = append(kinds, types.Array, types.Map, types.Struct)
	}
	switch k := rapid.SampledFrom(kinds).Draw(t, "kind"); k {
	case types.Decimal:
		return types.DecimalOf(20, 4)
	case types.Array:
		return types.ArrayOf(anyType(t, depth-1))
	case types.Map:
		return types.MapOf(types.StringType, anyType(t, depth-1))
	case types.Struct:
		return types.StructOf(types.Field{Name: "A", Type: anyType(t, depth-1)}, types.Field{Name: "B", Type: anyType(t, depth-1)})
	default:
		return types.Type{Kind: k}
	}
}

// anyValue draws a value of a type, NULL now and then.
func anyValue(t *rapid.T, typ types.Type) types.Value {
	if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
		return nil
	}
	switch typ.Kind {
	case types.Boolean:
		return rapid.Bool().Draw(t, "b")
	case types.Int:
		return rapid.Int32().Draw(t, "i")
	case types.Date:
		return types.DateVal(rapid.Int32().Draw(t, "d"))
	case types.Bigint:
		return rapid.Int64().Draw(t, "l")
	case types.Time:
		return types.TimeVal(rapid.Int64Range(0, 86399999).Draw(t, "t"))
	case types.Timestamp:
		return types.TimestampVal(rapid.Int64().Draw(t, "ts"))
	case types.Double:
		return rapid.Float64().Draw(t, "f")
	case types.Decimal:
		return types.Dec{Unscaled: types.Int128Of(rapid.Int64().Draw(t, "u")), Scale: 4}
	case types.Numeric: // small ones collide
		if rapid.Bool().Draw(t, "small") {
			return types.Dec{Unscaled: types.Int128Of(rapid.Int64Range(-20, 20).Draw(t, "u")), Scale: rapid.Int32Range(0, 2).Draw(t, "scale")}
		}
		return types.Dec{Unscaled: types.Int128Of(rapid.Int64().Draw(t, "u")), Scale: rapid.Int32Range(0, 40).Draw(t, "scale")}
	case types.Interval:
		if rapid.Bool().Draw(t, "small") {
			return types.IntervalVal{Months: rapid.Int32Range(-1, 1).Draw(t, "m"), Days: rapid.Int32Range(-30, 30).Draw(t, "d")}
		}
		return types.IntervalVal{Months: rapid.Int32().Draw(t, "m"), Days: rapid.Int32().Draw(t, "d"), Micros: rapid.Int64().Draw(t, "us")}
	case types.String:
		return rapid.StringN(0, 4, -1).Draw(t, "s")
	case types.Bytes:
		return rapid.SliceOfN(rapid.ByteRange(0, 2), 0, 4).Draw(t, "bytes")
	case types.Array:
		out := types.ArrayVal{}
		for range rapid.IntRange(0, 3).Draw(t, "len") {
			out = append(out, anyValue(t, *typ.Elem))
		}
		return out
	case types.Map:
		out := &types.MapVal{}
		for range rapid.IntRange(0, 3).Draw(t, "len") {
			out.Put(rapid.StringN(0, 2, -1).Draw(t, "k"), anyValue(t, *typ.Elem))
		}
		return out
	}
	out := types.StructVal{}
	for _, f := range typ.Fields {
		out = append(out, anyValue(t, f.Type))
	}
	return out
}

func anyVector(t *rapid.T, typ types.Type, n int) *Vector {
	v := New(typ, 0)
	for range n {
		v.AppendValue(anyValue(t, typ))
	}
	return v
}

// Keys sort as values do, and decode to values equal to those they were made of.
func TestKeysSortAsValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := anyType(t, 2)
		v := anyVector(t, typ, 2)
		a, b := v.AppendKeyColumn(nil, 0), v.AppendKeyColumn(nil, 1)
		x, y := v.Value(0), v.Value(1)
		if got, want := bytes.Compare(a, b), types.Compare(x, y); got != want {
			t.Fatalf("%v: %v against %v\n got %d (%x, %x)\nwant %d", typ, x, y, got, a, b, want)
		}
		if got := cmp.Compare(v.CompareAt(0, v, 1), 0); got != types.Compare(x, y) {
			t.Fatalf("CompareAt(%v, %v) = %d", x, y, got)
		}
		back, rest, err := DecodeKeyValue(append(a, 7), typ)
		if err != nil || len(rest) != 1 || !types.Equal(back, x) && types.Compare(back, x) != 0 {
			t.Fatalf("%v: key %x of %v reads back as %v, rest %x, %v", typ, a, x, back, rest, err)
		}
		var h [2]uint64
		HashRows([]*Vector{v}, 2, 1, h[:])
		if v.EqualAt(0, v, 1) && h[0] != h[1] {
			t.Fatalf("%v and %v are equal and hash apart", x, y)
		}
		if got, want := v.EqualAt(0, v, 1), bytes.Equal(a, b); got != want {
			t.Fatalf("EqualAt(%v, %v) = %v, their keys say %v", x, y, got, want)
		}
	})
}

// Whatever moves rows keeps their values: gather, slice, append, concat, clone, repeat.
func TestRowsKeepTheirValuesWhenMoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := anyType(t, 1)
		n := rapid.IntRange(1, 150).Draw(t, "n")
		v := anyVector(t, typ, n)
		same := func(what string, got *Vector, i, j int) {
			if !types.Equal(got.Value(i), v.Value(j)) {
				t.Fatalf("%s: row %d is %v, want %v", what, i, got.Value(i), v.Value(j))
			}
		}
		sel := rapid.SliceOf(rapid.Int32Range(0, int32(n-1))).Draw(t, "sel")
		g := v.Gather(sel)
		for i, row := range sel {
			same("gather", g, i, int(row))
		}
		from := rapid.IntRange(0, n).Draw(t, "from")
		to := rapid.IntRange(from, n).Draw(t, "to")
		s := v.Slice(from, to)
		for i := range s.N {
			same("slice", s, i, from+i)
		}
		both := Concat(typ, s, v, s)
		if both.N != n+2*s.N {
			t.Fatalf("concat has %d rows", both.N)
		}
		for i := range n {
			same("concat", both, s.N+i, i)
		}
		for i := range s.N {
			same("concat tail", both, s.N+n+i, from+i)
		}
		s.AppendFrom(v, 0) // must not write into v
		same("append to a slice", s, s.N-1, 0)
		if to < n {
			same("the slice's owner", v, to, to)
		}
		c := Const(typ, v.Value(0), 70)
		same("const", c, 69, 0)
		for i := range v.Clone().N {
			same("clone", v.Clone(), i, i)
		}
	})
}

func TestBitmapsAgreeWithSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "n")
		draw := func(name string) (Bitmap, []bool) {
			bs := make([]bool, n)
			b := NewBitmap(rapid.IntRange(0, n).Draw(t, name+".len")) // may be short
			for i := range bs {
				if i>>6 < len(b) && rapid.Bool().Draw(t, name) {
					bs[i] = true
					b.Set(i)
				}
			}
			return b, bs
		}
		a, as := draw("a")
		b, bs := draw("b")
		and, or, andNot, not := And(nil, a, b, n), Or(nil, a, b, n), AndNot(nil, a, b, n), Not(nil, a, n)
		count := 0
		for i := range n {
			if and.Get(i) != (as[i] && bs[i]) || or.Get(i) != (as[i] || bs[i]) ||
				andNot.Get(i) != (as[i] && !bs[i]) || not.Get(i) == as[i] {
				t.Fatalf("bit %d of %d: a=%v b=%v and=%v or=%v andnot=%v not=%v", i, n, as[i], bs[i], and.Get(i), or.Get(i), andNot.Get(i), not.Get(i))
			}
			if !as[i] {
				count++
			}
		}
		if not.Count() != count {
			t.Fatalf("NOT has %d bits, want %d: bits past the end are set", not.Count(), count)
		}
		if sel := or.AppendIndexes(nil); len(sel) != or.Count() || len(sel) > 0 && int(sel[0]) != or.Next(0) {
			t.Fatalf("indexes %v of %b", sel, or)
		}
		if !Fill(nil, n).All(n) || n > 0 && Zero(nil, n).All(n) {
			t.Fatalf("Fill or All wrong at %d", n)
		}
	})
}

func FuzzDecodeKey(f *testing.F) {
	typ := types.StructOf(types.Field{Name: "A", Type: types.ArrayOf(types.StringType)},
		types.Field{Name: "B", Type: types.MapOf(types.StringType, types.DecimalOf(20, 2))}, types.Field{Name: "C", Type: types.DoubleType})
	f.Add(AppendKeyValue(nil, typ, types.StructVal{types.ArrayVal{"a", nil, "\x00b"}, &types.MapVal{Keys: []types.Value{"k"}, Values: []types.Value{nil}}, 1.5}))
	f.Fuzz(func(t *testing.T, src []byte) {
		x, rest, err := DecodeKeyValue(src, typ)
		if err == nil && len(rest) > len(src) {
			t.Errorf("decoding %x to %v left %x", src, x, rest)
		}
	})
}

func TestHashRowsDoesNotAllocate(t *testing.T) {
	v, s := Const(types.BigintType, int64(7), 1000), Const(types.StringType, "seven", 1000)
	out := make([]uint64, 1000)
	keys := []*Vector{v, s}
	if n := testing.AllocsPerRun(10, func() { HashRows(keys, 1000, 1, out) }); n != 0 {
		t.Errorf("HashRows makes %v allocations, want 0", n)
	}
}
