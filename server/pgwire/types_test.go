package pgwire

import (
	"fmt"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"tailrace/server/session"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// samples are values of every type that travels as itself.
var samples = []struct {
	t      types.Type
	values []types.Value
}{
	{types.BooleanType, []types.Value{true, false}},
	{types.IntType, []types.Value{int32(0), int32(-1), int32(math.MaxInt32), int32(math.MinInt32)}},
	{types.BigintType, []types.Value{int64(0), int64(math.MaxInt64), int64(math.MinInt64)}},
	{types.DoubleType, []types.Value{0.0, -1.5, 1e300, 1e-300, 123456789.125, math.Inf(1), math.Inf(-1), 1e15, 0.0001}},
	{types.StringType, []types.Value{"", "hello", "naïve ☃", `a"b\c{d},e`, "NULL"}},
	{types.BytesType, []types.Value{[]byte{}, []byte{0, 1, 255}}},
	{types.DecimalOf(38, 10), decimals("0", "0.00", "1", "-1", "12345678901234567890.0123456789", "-0.0001", "10000", "0.5", "99999999", "1234.5000")},
	{types.NumericType, []types.Value{decimal("1.50"), decimal("0"), decimal("-0.0001"), decimal("12345678901234567890")}},
	{types.IntervalType, []types.Value{types.IntervalVal{}, types.IntervalVal{Months: 14, Days: -3, Micros: 14_706_500_000}, types.IntervalVal{Months: -1, Days: 2, Micros: -1}}},
	{types.ArrayOf(types.IntervalType), []types.Value{types.ArrayVal{types.IntervalVal{Days: 1}, nil}}},
	{types.DateType, []types.Value{types.DateVal(0), types.DateVal(-1), types.DateVal(20000), types.DateVal(-100000)}},
	{types.TimeType, []types.Value{types.TimeVal(0), types.TimeVal(86_399_999)}},
	{types.TimestampType, []types.Value{types.TimestampVal(0), types.TimestampVal(-1), types.TimestampVal(1_700_000_000_123)}},
	{types.ArrayOf(types.StringType), []types.Value{types.ArrayVal{}, types.ArrayVal{"a", nil, "", "NULL", `q"u\o`, "a,b", "{", " x "}}},
	{types.ArrayOf(types.IntType), []types.Value{types.ArrayVal{}, types.ArrayVal{int32(1), nil, int32(-3)}}},
	{types.ArrayOf(types.BooleanType), []types.Value{types.ArrayVal{true, false, nil}}},
	{types.ArrayOf(types.DoubleType), []types.Value{types.ArrayVal{1.5, math.Inf(1)}}},
	{types.ArrayOf(types.BigintType), []types.Value{types.ArrayVal{int64(1)}}},
	{types.ArrayOf(types.DateType), []types.Value{types.ArrayVal{types.DateVal(0)}}},
	{types.ArrayOf(types.TimestampType), []types.Value{types.ArrayVal{types.TimestampVal(-1)}}},
	{types.ArrayOf(types.BytesType), []types.Value{types.ArrayVal{[]byte{1}, []byte{}}}},
}

func decimals(texts ...string) []types.Value {
	var out []types.Value
	for _, s := range texts {
		d, err := types.ParseDec(s)
		if err == nil {
			d, err = d.Fit(38, 10, types.Unnecessary)
		}
		if err != nil {
			panic(err)
		}
		out = append(out, d)
	}
	return out
}

func decimal(text string) types.Value {
	d, err := types.ParseDec(text)
	if err != nil {
		panic(err)
	}
	return d
}

// field encodes one value as a row of one column and takes the field out of it.
func field(t types.Type, v types.Value, format int16) []byte {
	col := vector.New(t, 1)
	col.AppendValue(v)
	row := appendRow(nil, []*vector.Vector{col}, 0, []int16{format})
	return row[11:]
}

// What a result says, a parameter reads back: both formats, every type.
func TestValuesComeBack(t *testing.T) {
	for _, s := range samples {
		for _, v := range s.values {
			for _, format := range []int16{textFormat, binaryFormat} {
				raw := field(s.t, v, format)
				got, err := decodeParam(raw, format, infoOf(s.t).oid, s.t, 1)
				if err != nil || !types.Equal(got, v) {
					t.Errorf("%s %v, format %d, as %q\n got %v, %v", s.t, v, format, raw, got, err)
				}
			}
		}
	}
}

// pgx reads what the server writes, and the server what pgx writes.
func TestPgxAgrees(t *testing.T) {
	m := pgtype.NewMap()
	for _, s := range samples {
		oid := infoOf(s.t).oid
		for _, v := range s.values {
			texts := map[int16]string{}
			for _, format := range []int16{textFormat, binaryFormat} {
				raw := field(s.t, v, format)
				codec, ok := m.TypeForOID(oid)
				if !ok {
					t.Fatalf("pgx does not know type %d", oid)
				}
				value, err := codec.Codec.DecodeValue(m, oid, format, raw)
				if err != nil {
					t.Errorf("%s %v, format %d: pgx reads %q: %v", s.t, v, format, raw, err)
					continue
				}
				texts[format] = fmt.Sprint(value)
				back, err := m.Encode(oid, format, value, []byte{})
				if err != nil {
					t.Errorf("%s %v, format %d: pgx does not write %v: %v", s.t, v, format, value, err)
					continue
				}
				if got, err := decodeParam(back, format, oid, s.t, 1); err != nil || !types.Equal(got, v) {
					t.Errorf("%s %v, format %d: pgx writes %q, which reads as %v, %v", s.t, v, format, back, got, err)
				}
			}
			if texts[textFormat] != texts[binaryFormat] && s.t.Kind != types.Decimal {
				t.Errorf("%s %v: pgx reads the text as %s and the binary as %s", s.t, v, texts[textFormat], texts[binaryFormat])
			}
		}
	}
}

func TestTextIsPostgres(t *testing.T) {
	info := types.StructOf(types.Field{Name: "A", Type: types.IntType}, types.Field{Name: "b", Type: types.ArrayOf(types.DoubleType)})
	m := &types.MapVal{}
	m.Put("k", types.DateVal(0))
	for _, tc := range []struct {
		t    types.Type
		v    types.Value
		want string
	}{
		{types.BooleanType, true, "t"},
		{types.DoubleType, 100000.0, "100000"},
		{types.DoubleType, 1e15, "1e+15"},
		{types.DoubleType, 0.00001, "1e-05"},
		{types.DoubleType, math.NaN(), "NaN"},
		{types.BytesType, []byte{0xde, 0xad}, `\xdead`},
		{types.TimestampType, types.TimestampVal(-1), "1969-12-31 23:59:59.999"},
		{types.TimestampType, types.TimestampVal(1_700_000_000_000), "2023-11-14 22:13:20"},
		{types.TimestampType, types.TimestampVal(1_700_000_000_120), "2023-11-14 22:13:20.12"},
		{types.TimestampType, types.DateVal(-719529).Timestamp() + 500, "0002-12-31 00:00:00.5 BC"},
		{types.DateType, types.DateVal(-719162 - 366), "0001-01-01 BC"},
		{types.DateType, types.DateVal(3_000_000), "10183-09-21"},
		{types.TimeType, types.TimeVal(3_600_000), "01:00:00"},
		{types.ArrayOf(types.StringType), types.ArrayVal{"a b", nil, "null", ""}, `{"a b",NULL,"null",""}`},
		{info, types.StructVal{int32(1), types.ArrayVal{1.5, nil}}, `{"A":1,"b":[1.5,null]}`},
		{types.MapOf(types.StringType, types.DateType), m, `{"k":"1970-01-01"}`},
		{types.ArrayOf(info), types.ArrayVal{types.StructVal{nil, nil}}, `[{"A":null,"b":null}]`},
	} {
		if got := string(field(tc.t, tc.v, textFormat)); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.t, got, tc.want)
		}
	}
}

// A client may declare another type than the statement wants.
func TestParametersConvert(t *testing.T) {
	binary := func(oid uint32, v any) []byte {
		raw, err := pgtype.NewMap().Encode(oid, binaryFormat, v, nil)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for _, tc := range []struct {
		name     string
		raw      []byte
		declared uint32
		want     types.Type
		value    types.Value // nil: refused
	}{
		{"int8 for INT", binary(oidInt8, int64(7)), oidInt8, types.IntType, int32(7)},
		{"int8 too large for INT", binary(oidInt8, int64(1)<<40), oidInt8, types.IntType, nil},
		{"int2 for BIGINT", binary(oidInt2, int16(-7)), oidInt2, types.BigintType, int64(-7)},
		{"int4 for DOUBLE", binary(oidInt4, int32(7)), oidInt4, types.DoubleType, 7.0},
		{"int4 for STRING", binary(oidInt4, int32(7)), oidInt4, types.StringType, "7"},
		{"text for INT", []byte("42"), oidText, types.IntType, int32(42)},
		{"text that is no INT", []byte("x"), oidText, types.IntType, nil},
		{"float4 for DOUBLE", binary(oidFloat4, float32(1.5)), oidFloat4, types.DoubleType, 1.5},
		{"numeric for INT", binary(oidNumeric, pgtype.Numeric{Int: big.NewInt(12), Valid: true}), oidNumeric, types.IntType, int32(12)},
		{"date for TIMESTAMP", binary(oidDate, time.Unix(86400, 0).UTC()), oidDate, types.TimestampType, types.TimestampVal(86_400_000)},
		{"timestamptz for TIMESTAMP", binary(oidTimestamptz, time.Unix(1, 0)), oidTimestamptz, types.TimestampType, types.TimestampVal(1000)},
		{"uuid for STRING", []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, oidUUID, types.StringType, "00010203-0405-0607-0809-0a0b0c0d0e0f"},
		{"jsonb for STRING", append([]byte{1}, "{}"...), oidJSONB, types.StringType, "{}"},
		{"int4[] for ARRAY<BIGINT>", binary(1007, []int32{1, 2}), 1007, types.ArrayOf(types.BigintType), types.ArrayVal{int64(1), int64(2)}},
		{"boolean for INT", binary(oidBool, true), oidBool, types.IntType, nil},
		{"nothing declared", binary(oidInt8, int64(5)), 0, types.BigintType, int64(5)},
		{"short", []byte{1, 2}, oidInt8, types.BigintType, nil},
		{"NaN for DECIMAL", binary(oidNumeric, pgtype.Numeric{NaN: true, Valid: true}), oidNumeric, types.DecimalOf(10, 2), nil},
		{"numeric of another scale", binary(oidNumeric, pgtype.Numeric{Int: big.NewInt(12345), Exp: -3, Valid: true}), oidNumeric, types.DecimalOf(8, 2), decimal("12.35")},
		{"int8 for DECIMAL", binary(oidInt8, int64(5)), oidInt8, types.DecimalOf(8, 2), decimal("5.00")},
		{"text for DECIMAL", []byte("1.5"), oidText, types.DecimalOf(8, 2), decimal("1.50")},
		{"numeric too large for DECIMAL", binary(oidNumeric, pgtype.Numeric{Int: big.NewInt(1), Exp: 9, Valid: true}), oidNumeric, types.DecimalOf(8, 2), nil},
		{"a text with a NUL", []byte("a\x00"), oidText, types.StringType, nil},
	} {
		got, err := decodeParam(tc.raw, binaryFormat, tc.declared, tc.want, 1)
		same := types.Equal(got, tc.value)
		if d, ok := tc.value.(types.Dec); ok {
			same = got == types.Value(d) // to the scale
		}
		if (err != nil) != (tc.value == nil) || err == nil && !same {
			t.Errorf("%s: got %v, %v; want %v", tc.name, got, err, tc.value)
		}
	}
	if v, err := decodeParam(nil, binaryFormat, oidInt4, types.IntType, 1); v != nil || err != nil {
		t.Errorf("NULL reads as %v, %v", v, err)
	}
}

func TestCatalogColumnsKeepTheirTypes(t *testing.T) {
	d := rowDescription([]session.Column{{Name: "oid", Type: types.IntType, OID: 26}, {Name: "relname", Type: types.StringType, OID: 19},
		{Name: "price", Type: types.DecimalOf(8, 2)}}, make([]int16, 3))
	for i, want := range []typeInfo{{26, 4, -1}, {19, 64, -1}, {1700, -1, 8<<16 | 6}} {
		f := d.Fields[i]
		if got := (typeInfo{f.DataTypeOID, f.DataTypeSize, f.TypeModifier}); got != want {
			t.Errorf("%s: got %v, want %v", f.Name, got, want)
		}
	}
}

// FuzzDecodeParam: no bytes bring the server down, and what reads in binary form reads
// again as what it is written.
func FuzzDecodeParam(f *testing.F) {
	for i, s := range samples {
		for _, v := range s.values {
			f.Add(field(s.t, v, binaryFormat), true, uint8(i))
			f.Add(field(s.t, v, textFormat), false, uint8(i))
		}
	}
	f.Add([]byte{0x7f, 0xff, 0x7f, 0xff, 0, 0, 0, 0}, true, uint8(6)) // numeric: many digits claimed
	f.Add([]byte{0, 1, 0x7f, 0xff, 0, 0, 0, 0, 0, 1}, true, uint8(6)) // numeric: huge weight
	f.Fuzz(func(t *testing.T, raw []byte, isBinary bool, of uint8) {
		s := samples[int(of)%len(samples)]
		format := int16(textFormat)
		if isBinary {
			format = binaryFormat
		}
		v, err := decodeParam(raw, format, infoOf(s.t).oid, s.t, 1)
		if err != nil || v == nil {
			return
		}
		if !valueFits(v, s.t) {
			t.Fatalf("%q reads as %v (%T), which is no %s", raw, v, v, s.t)
		}
		again, err := decodeParam(field(s.t, v, binaryFormat), binaryFormat, infoOf(s.t).oid, s.t, 1)
		if err != nil || !types.Equal(again, v) {
			t.Errorf("%s: %q reads as %v, and that reads back as %v, %v", s.t, raw, v, again, err)
		}
	})
}

func valueFits(v types.Value, t types.Type) bool {
	a, ok := v.(types.ArrayVal)
	if !ok {
		k := valueKind(v)
		return k == t.Kind || k == types.Decimal && t.Kind == types.Numeric
	}
	for _, e := range a {
		if e != nil && !valueFits(e, *t.Elem) {
			return false
		}
	}
	return t.Kind == types.Array
}
