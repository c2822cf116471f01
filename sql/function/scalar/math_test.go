package scalar_test

import (
	"math"
	"testing"

	"tailrace/sql/types"
)

func TestMath(t *testing.T) {
	check(t, []row{
		{"EXP", in(nil), "NULL"}, {"EXP", in(1), "2.718281828459045"}, {"EXP", in(int64(-2)), "0.1353352832366127"},
		{"LN", in(-1), "NaN"}, {"LN", in(0), "-Infinity"}, {"LOG", in(2.0, 8.0), "3.0"}, {"LOG", in(1.0, 8.0), "NaN"},
		{"SQRT", in(dec("4.00")), "2.0 :: DOUBLE"}, {"CBRT", in(-8), "-2.0"}, {"COT", in(0), "Infinity"}, {"ASIN", in(2), "NaN"},
		{"ATAN2", in(-2, 0), "-1.5707963267948966"}, {"POWER", in(2, 10), "1024.0"}, {"PI", in(), "3.141592653589793"},
		{"SIGN", in(-3), "-1"}, {"SIGN", in(0.0), "0"}, {"SIGN", in(dec("0.05")), "1"},
		{"ABS", in(-3), "3 :: INTEGER"}, {"ABS", in(dec("-1.50")), "1.50 :: DECIMAL(3, 2)"}, {"ABS", in(math.MinInt32), "-2147483648"},
		{"CEIL", in(dec("1.10")), "2.00 :: DECIMAL(3, 2)"}, {"CEIL", in(dec("-1.10")), "-1.00"}, {"FLOOR", in(dec("-1.10")), "-2.00"}, {"FLOOR", in(1.5), "1.0"},
		{"DEGREES", in(2), "114.59155902616465"}, {"RADIANS", in(180), "3.141592653589793"},
	})
}

func TestRound(t *testing.T) {
	large := typed{"DECIMAL(33, 16)", dec("12345678987654321.2345678987654321")}
	check(t, []row{
		{"ROUND", in(1.5), "2 :: BIGINT"}, {"ROUND", in(-1.5), "-1"}, {"ROUND", in(-1.7), "-2"}, {"ROUND", in(0.49999999999999994), "0"}, {"ROUND", in(1e300), "9223372036854775807"},
		{"ROUND", in(1.234567, 2), "1.23 :: DOUBLE"}, {"ROUND", in(1.15, 1), "1.2"}, {"ROUND", in(-1.5, 0), "-1.0"}, {"ROUND", in(12345.678, -2), "12300.0"}, {"ROUND", in(1.2, -1), "0.0"}, {"ROUND", in(1.2, 10), "1.2"},
		{"ROUND", in(-2.5, 0), "-2.0"}, {"ROUND", in(-2.51, 0), "-3.0"}, {"ROUND", in(2.5, 0), "3.0"}, {"ROUND", in(5.0, -1), "10.0"}, {"ROUND", in(-5.0, -1), "0.0"}, {"ROUND", in(1e22, -3), "1.0E22"}, {"ROUND", in(123456789.12345679, 7), "1.234567891234568E8"}, {"ROUND", in(4e-320, 5), "0.0"}, {"ROUND", in(-1.25e300, -299), "-1.2E300"},
		{"ROUND", in(7), "7 :: BIGINT"}, {"ROUND", in(int64(2147483648)), "2147483648"},
		{"ROUND", in(large), "12345678987654321 :: DECIMAL(17, 0)"},
		{"ROUND", in(large, 10), "12345678987654321.2345678988000000 :: DECIMAL(33, 16)"},
		{"ROUND", in(large, -2), "12345678987654300.0000000000000000"},
		{"ROUND", in(dec("9.95"), 1), "!numeric field overflow..."},
		{"TRUNC", in(1.7), "1"}, {"TRUNC", in(-1.7), "-1"}, {"TRUNC", in(1.79, 1), "1.7"}, {"TRUNC", in(dec("-1.79"), 1), "-1.70"}, {"TRUNC", in(dec("1.79")), "1 :: DECIMAL(1, 0)"},
	})
}

func TestGreatestLeast(t *testing.T) {
	check(t, []row{
		{"GREATEST", in(1, 3, nil, 2), "3 :: INTEGER"}, {"LEAST", in("b", nil, "a"), "a"}, {"GREATEST", in(1, 2.5, nil), "2.5 :: DOUBLE"},
		{"GREATEST", in(typed{"DECIMAL(9, 2)", dec("1234567.89")}, typed{"DECIMAL(7, 6)", dec("1.234567")}), "1234567.890000 :: DECIMAL(13, 6)"},
		{"GREATEST", in(typed{"INTEGER", nil}, nil), "NULL"}, {"GREATEST", in([]byte("a"), []byte("zebra")), "0x7a65627261"},
		{"LEAST", in(types.DateVal(3), types.DateVal(1)), "1970-01-02"},
		{"GREATEST", in(1, int64(2)), "!Function 'greatest' cannot be resolved due to ambiguous method parameters (INTEGER, BIGINT)."},
		{"LEAST", in(nil, nil, nil, nil), "!Function 'least' cannot be resolved due to ambiguous method parameters (null, null, null, null)."},
	})
}

func TestRandomIsInRange(t *testing.T) {
	if got := call(t, "RANDOM"); len(got) < 3 || got[:2] != "0." {
		t.Errorf("RANDOM() = %s", got)
	}
	if got := call(t, "UUID"); len(got) != 36 || got[14] != '4' {
		t.Errorf("UUID() = %s, want version 4", got)
	}
}

func TestGeoDistance(t *testing.T) {
	check(t, []row{
		{"GEO_DISTANCE", in(37.4439, -122.1663, 51.5257, -0.1122), "8634.659796579..."},
		{"GEO_DISTANCE", in(37.4439, -122.1663, 51.5257, -0.1122, "MI"), "5365.6597291882..."},
		{"GEO_DISTANCE", in(37.4439, -122.1663, 51.5257, -0.1122, nil), "8634.659796579..."},
		{"GEO_DISTANCE", in(39.18660374, -76.73262144, 39.18660374, -76.73222145), "0.034473668..."},
		{"GEO_DISTANCE", in(51.0, nil, 1.0, 1.0), "NULL"},
		{"GEO_DISTANCE", in(91, 0, 0, 0), "!valid latitude values..."},
		{"GEO_DISTANCE", in(1, 0, 0, 0, "LY"), "!GeoDistance function units must be KM or MI, not LY"},
	})
}
