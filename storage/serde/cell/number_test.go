package cell_test

import (
	"math"
	"testing"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/cell"
)

func TestParseInteger(t *testing.T) {
	for _, tc := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"+7", 7, true}, {"-7", -7, true}, {"007", 7, true}, {"", 0, false}, {"-", 0, false}, {" 1", 0, false}, {"1.0", 0, false},
		{"9223372036854775807", math.MaxInt64, true}, {"9223372036854775808", 0, false},
		{"-9223372036854775808", math.MinInt64, true}, {"-9223372036854775809", 0, false}, {"99999999999999999999", 0, false},
	} {
		if got, ok := cell.ParseInteger([]byte(tc.text)); ok != tc.ok || ok && got != tc.want {
			t.Errorf("%q: got %d, %v", tc.text, got, ok)
		}
	}
}

func TestParseDouble(t *testing.T) {
	inf := math.Inf(1)
	for _, tc := range []struct {
		text string
		want float64
		ok   bool
	}{
		{"1", 1, true}, {" -1.5e3\n", -1500, true}, {".5", .5, true}, {"5.", 5, true}, {"1d", 1, true}, {"1.5F", 1.5, true}, {"0x1p3", 8, true},
		{"0x1p3d", 8, true}, {"0x1fp0", 31, true}, {"1e400", inf, true}, {"Infinity", inf, true}, {"-Infinity", -inf, true}, {"+Infinity", inf, true},
		{"inf", 0, false}, {"nan", 0, false}, {"infinity", 0, false}, {"1_0", 0, false}, {"", 0, false}, {"d", 0, false}, {"1dd", 0, false}, {"0xd", 0, false},
	} {
		if got, ok := cell.ParseDouble([]byte(tc.text)); ok != tc.ok || ok && got != tc.want {
			t.Errorf("%q: got %v, %v", tc.text, got, ok)
		}
	}
}

// The expected texts are what Java's new BigDecimal(text).toString() gives.
func TestAppendBigDecimal(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"1.50", "1.50"}, {"-0.0", "0.0"}, {"1e10", "1E+10"}, {"12.5e3", "1.25E+4"}, {"1.5e1", "15"}, {"0.000001", "0.000001"},
		{"0.0000001", "1E-7"}, {"123e-10", "1.23E-8"}, {"0e5", "0E+5"}, {"0.00", "0.00"}, {"100", "100"}, {"-1.0E-3", "-0.0010"},
	} {
		if got := string(cell.AppendBigDecimal(nil, []byte(tc.text))); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.text, got, tc.want)
		}
	}
}

// Pop undoes an append of any type, the mark of a NULL and the arena included.
func TestPop(t *testing.T) {
	for _, tc := range []struct {
		typ   types.Type
		value types.Value
	}{
		{types.BooleanType, true}, {types.IntType, int32(1)}, {types.DateType, types.DateVal(1)}, {types.BigintType, int64(1)},
		{types.TimeType, types.TimeVal(1)}, {types.TimestampType, types.TimestampVal(1)}, {types.DoubleType, 1.5},
		{types.DecimalOf(4, 2), types.Dec{Unscaled: types.Int128Of(150), Scale: 2}}, {types.StringType, "abc"}, {types.StringType, ""},
		{types.BytesType, []byte("abc")}, {types.ArrayOf(types.IntType), types.ArrayVal{int32(1)}},
	} {
		v := vector.New(tc.typ, 0)
		v.AppendValue(tc.value)
		arena := len(v.Arena)
		v.AppendNull()
		v.AppendValue(tc.value)
		cell.Pop(v)
		cell.Pop(v)
		if v.N != 1 || len(v.Arena) != arena {
			t.Errorf("%v: %d rows, %d bytes", tc.typ, v.N, len(v.Arena))
		}
		v.AppendValue(tc.value)
		if !types.Equal(v.Value(1), tc.value) || !types.Equal(v.Value(0), tc.value) {
			t.Errorf("%v: got %v and %v after Pop", tc.typ, v.Value(0), v.Value(1))
		}
	}
}
