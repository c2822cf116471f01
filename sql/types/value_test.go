package types

import "testing"

func TestTextIsJavas(t *testing.T) {
	s := StructOf(Field{"F0", IntType}, Field{"f1", IntType})
	for _, tc := range []struct {
		t    Type
		v    Value
		want string
	}{
		{ArrayOf(IntType), ArrayVal{int32(1), int32(3)}, "[1, 3]"},
		{ArrayOf(IntType), ArrayVal{int32(1), nil}, "[1, null]"},
		{MapOf(StringType, IntType), &MapVal{Keys: []Value{"this"}, Values: []Value{int32(1)}}, "{this=1}"},
		{s, StructVal{int32(1), int32(3)}, "Struct{F0=1,f1=3}"},
		{s, StructVal{nil, int32(3)}, "Struct{f1=3}"},
		{DoubleType, 1.0, "1.0"},
		{DoubleType, -0.0, "0.0"},
		{DoubleType, 1e7, "1.0E7"},
		{DoubleType, 9999999.5, "9999999.5"},
		{DoubleType, 0.001, "0.001"},
		{DoubleType, 0.0001, "1.0E-4"},
		{DoubleType, 1.234e-10, "1.234E-10"},
		{DoubleType, 5e-324, "4.9E-324"},
		{DoubleType, -5e-324, "-4.9E-324"},
		{DoubleType, 1e23, "1.0E23"},
		{BooleanType, true, "true"},
		{DateType, DateVal(18262), "2020-01-01"},
	} {
		if got := Text(tc.t, tc.v); got != tc.want {
			t.Errorf("text of %v\n got %s\nwant %s", tc.v, got, tc.want)
		}
	}
}

func TestMapBuilderKeepsOrderAndLastValue(t *testing.T) {
	b := NewMapBuilder(0)
	for i := range 100 {
		b.Put(int64(i%20), int64(i))
	}
	m := b.Map()
	for i := range 20 {
		if m.Keys[i] != int64(i) || m.Values[i] != int64(80+i) {
			t.Fatalf("entry %d is %v=%v, want %d=%d", i, m.Keys[i], m.Values[i], i, 80+i)
		}
	}
	if m.Len() != 20 {
		t.Errorf("%d entries, want 20", m.Len())
	}
}

func FuzzParseType(f *testing.F) {
	for _, s := range []string{"INT", "DECIMAL(4, 2)", "ARRAY<MAP<STRING, STRUCT<`a``b` INT, C DOUBLE>>>", "varchar(10)", "STRUCT<>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		typ, err := ParseType(s)
		if err != nil {
			return
		}
		again, err := ParseType(typ.String())
		if err != nil || !again.Equal(typ) {
			t.Errorf("ParseType(%q) = %v, which reads back as %v, %v", s, typ, again, err)
		}
	})
}
