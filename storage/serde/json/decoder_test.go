package json_test

import (
	"fmt"
	"strings"
	"testing"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/json"
)

// decodeOne decodes text as a record of one column V and shows the value as JSON, or the
// error. It runs the record as the first one, on the full path, and after a record of the
// same shape, on the fast one; both must agree.
func decodeOne(t *testing.T, typ, name, text string) string {
	t.Helper()
	vt, err := types.ParseType(typ)
	if err != nil {
		t.Fatal(err)
	}
	columns := []types.Column{{Name: name, Type: vt}}
	show := func(warm bool) string {
		d, err := json.NewDecoder(columns, []int{0}, false)
		if err != nil {
			t.Fatal(err)
		}
		out := []*vector.Vector{vector.New(vt, 1)}
		if warm {
			_ = d.Decode([]byte(text), out)
			out[0].Reset()
		}
		if err := d.Decode([]byte(text), out); err != nil {
			if out[0].N != 0 || len(out[0].Arena) != 0 {
				t.Errorf("%s: rows are left after an error", text)
			}
			return "error: " + err.Error()
		}
		return string(json.AppendValue(nil, vt, out[0].Value(0)))
	}
	full, fast := show(false), show(true)
	if full != fast {
		t.Errorf("%s as %s:\nfull %s\nfast %s", text, typ, full, fast)
	}
	return full
}

// valueCases are one rule of conversion a line.
var valueCases = []struct{ rule, typ, value, want string }{
	{"a number into a string keeps its text", "STRING", `12`, `"12"`},
	{"a fraction into a string keeps its zeros", "STRING", `1.50`, `"1.50"`},
	{"an exponent into a string is a BigDecimal's", "STRING", `1e10`, `"1E+10"`},
	{"a small fraction into a string", "STRING", `0.00000012`, `"1.2E-7"`},
	{"a boolean into a string", "STRING", `true`, `"true"`},
	{"an object into a string is compact JSON", "STRING", `{ "a" : [ 1, {"b":null} ], "c":"x\ty" }`, `"{\"a\":[1,{\"b\":null}],\"c\":\"x\\ty\"}"`},
	{"equal keys in an object into a string", "STRING", `{"a":1,"b":2,"a":3}`, `"{\"a\":3,\"b\":2}"`},
	{"an array into a string is Java's list", "STRING", `["a", 1, null, [true]]`, `"[a, 1, null, [true]]"`},
	{"escapes", "STRING", `"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00"`, `"\"\\/\b\f\n\r\tAé😀"`},
	{"half a surrogate pair is U+FFFD", "STRING", `"\ud83dx"`, `"�x"`},
	{"a surrogate before another escape", "STRING", `"\ud83d\u0041"`, `"�A"`},
	{"a long string with characters beyond ASCII", "STRING", `"0123456789 žluťoučký"`, `"0123456789 žluťoučký"`},
	{"an empty string is no NULL", "STRING", `""`, `""`},
	{"null", "STRING", `null`, `null`},

	{"an INT", "INT", `-12`, `-12`},
	{"an INT from a string", "INT", `"+12"`, `12`},
	{"an INT cuts a fraction off", "INT", `-1.9`, `-1`},
	{"an INT from an exponent", "INT", `12e2`, `1200`},
	{"an INT does not wrap", "INT", `2147483648`, `error: Number does not fit the type. targetType: INTEGER, path: $.V`},
	{"an INT from a string does not wrap", "INT", `"2147483648"`, `error: Number does not fit the type. targetType: INTEGER, path: $.V`},
	{"an INT from text", "INT", `"x"`, `error: Can't coerce string to type. targetType: INTEGER, path: $.V`},
	{"an INT from a boolean", "INT", `true`, `error: Can't convert type. sourceType: BooleanNode, requiredType: INTEGER, path: $.V`},
	{"an INT from an object", "INT", `{}`, `error: Can't convert type. sourceType: ObjectNode, requiredType: INTEGER, path: $.V`},
	{"a BIGINT of 13 digits", "BIGINT", `1528224275715`, `1528224275715`},
	{"a BIGINT of 8 digits", "BIGINT", `12345678`, `12345678`},
	{"a BIGINT of 16 digits", "BIGINT", `1234567890123456`, `1234567890123456`},
	{"the least BIGINT", "BIGINT", `-9223372036854775808`, `-9223372036854775808`},
	{"beyond BIGINT", "BIGINT", `9223372036854775808`, `error: Number does not fit the type. targetType: BIGINT, path: $.V`},
	{"a large exponent is beyond BIGINT", "BIGINT", `1e400`, `error: Number does not fit the type. targetType: BIGINT, path: $.V`},

	{"a DOUBLE from an integer", "DOUBLE", `10`, `10.0`},
	{"a DOUBLE", "DOUBLE", `-12.5`, `-12.5`},
	{"a DOUBLE with many digits", "DOUBLE", `6.27276558443913`, `6.27276558443913`},
	{"a DOUBLE with an exponent", "DOUBLE", `1E10`, `1.0E10`},
	{"a DOUBLE from a string", "DOUBLE", `" 1.5 "`, `1.5`},
	{"NaN is a string", "DOUBLE", `"NaN"`, `"NaN"`},
	{"so is infinity", "DOUBLE", `"-Infinity"`, `"-Infinity"`},
	{"inf is not Java's", "DOUBLE", `"inf"`, `error: Can't coerce string to type. targetType: DOUBLE, path: $.V`},
	{"too large is infinite", "DOUBLE", `1e400`, `"Infinity"`},

	{"a DECIMAL takes its scale", "DECIMAL(6,4)", `10`, `10.0000`},
	{"a DECIMAL from a string", "DECIMAL(6,4)", `"12.3650"`, `12.3650`},
	{"a DECIMAL with zeros too many", "DECIMAL(6,2)", `1.5000`, `1.50`},
	{"a DECIMAL of 38 digits", "DECIMAL(38,19)", `1234567890123456789.1234567890123456789`, `1234567890123456789.1234567890123456789`},
	{"a DECIMAL with an exponent", "DECIMAL(6,2)", `1.5e2`, `150.00`},
	{"a DECIMAL is not rounded", "DECIMAL(6,2)", `1.505`, `error: rounding necessary: cannot fit decimal '1.505' into DECIMAL(6, 2), path: $.V`},
	{"a DECIMAL does not overflow", "DECIMAL(4,2)", `100`, `error: numeric field overflow: A field with precision 4 and scale 2 must round to an absolute value less than 10^2. Got 100, path: $.V`},

	{"a BOOLEAN", "BOOLEAN", `true`, `true`},
	{"a BOOLEAN is not in a string", "BOOLEAN", `"true"`, `error: Can't convert type. sourceType: TextNode, requiredType: BOOLEAN, path: $.V`},
	{"a DATE is days", "DATE", `-10`, `-10`},
	{"a DATE from a string", "DATE", `"10"`, `10`},
	{"a TIME is milliseconds", "TIME", `86399999`, `86399999`},
	{"a TIME lies within a day", "TIME", `-1`, `error: Time values must use number of milliseconds greater than 0 and less than 86400000., path: $.V`},
	{"a TIMESTAMP is milliseconds", "TIMESTAMP", `1700000000000`, `1700000000000`},
	{"BYTES are base64", "BYTES", `"dmFyaWF0aW9ucw=="`, `"dmFyaWF0aW9ucw=="`},
	{"BYTES that are not base64", "BYTES", `"???"`, `error: Value is not a valid Base64 encoded string, path: $.V`},
	{"BYTES from a number", "BYTES", `1`, `error: Can't convert type. sourceType: NumericNode, requiredType: BYTES, path: $.V`},

	{"an ARRAY with NULL", "ARRAY<INT>", `[1, null, "3"]`, `[1,null,3]`},
	{"an ARRAY's fault says where", "ARRAY<INT>", `[1, "x"]`, `error: Can't coerce string to type. targetType: INTEGER, path: $.V[1]`},
	{"a MAP", "MAP<STRING, DOUBLE>", `{"k": 1, "l": null, "k": 2.5}`, `{"k":2.5,"l":null}`},
	{"a STRUCT by name", "STRUCT<A INT, `b` STRING>", `{"x":[{}], "a":1, "b":{"c":1.0}}`, `{"A":1,"b":"{\"c\":1.0}"}`},
	{"a STRUCT's missing field", "STRUCT<A INT, B INT>", `{"b":2}`, `{"A":null,"B":2}`},
	{"a STRUCT's fault says where", "STRUCT<A ARRAY<INT>>", `{"a":[true]}`, `error: Can't convert type. sourceType: BooleanNode, requiredType: INTEGER, path: $.V.A[0]`},
	{"nested types", "ARRAY<STRUCT<D DATE, T TIME, S TIMESTAMP, B BYTES, C DECIMAL(3,1)>>",
		`[{"D":1,"T":"2","S":3,"B":"ew==","C":4}]`, `[{"D":1,"T":2,"S":3,"B":"ew==","C":4.0}]`},
}

func TestDecodeValues(t *testing.T) {
	for _, tc := range valueCases {
		t.Run(tc.rule, func(t *testing.T) {
			if got := decodeOne(t, tc.typ, "V", `{"V":`+tc.value+`}`); got != tc.want {
				t.Errorf("%s as %s\n got %s\nwant %s", tc.value, tc.typ, got, tc.want)
			}
		})
	}
}

func TestDecodeRecords(t *testing.T) {
	deep := strings.Repeat("[", json.MaxDepth) + strings.Repeat("]", json.MaxDepth)
	for _, tc := range []struct{ rule, column, text, want string }{
		{"exact name", "V", `{"V":1}`, `1`},
		{"lower case finds upper", "V", `{"v":1}`, `1`},
		{"upper case does not find lower", "v", `{"V":1}`, `null`},
		{"the exact name wins, first", "VA", `{"VA":1,"va":2}`, `1`},
		{"the exact name wins, last", "VA", `{"va":2,"VA":1}`, `1`},
		{"the last of equal names", "V", `{"V":1,"V":2}`, `2`},
		{"the last in another case", "VA", `{"va":1,"Va":2}`, `2`},
		{"a name with escapes", "V", `{"\u0056":1}`, `1`},
		{"a name beyond ASCII", "ÉTÉ", `{"été":1}`, `1`},
		{"a name that is longer than sixteen bytes", "A_RATHER_LONG_COLUMN_NAME", `{"a_rather_long_column_nam":1,"a_rather_long_column_name":2}`, `2`},
		{"no such member", "V", `{"w":1}`, `null`},
		{"no members", "V", `{}`, `null`},
		{"white space", "V", " \n{ \"a\" : { } ,\t\"V\" : 1 , \"b\" : [ ] } \r\n", `1`},
		{"a byte order mark", "V", "\xEF\xBB\xBF{\"V\":1}", `1`},
		{"null is a NULL record", "V", `null`, `null`},
		{"skipped values of all kinds", "V", `{"a":"\u00e9\"","b":-1.5e-3,"c":true,"d":false,"e":null,"f":[[],{}],"g":{"h":[1,2]},"V":1}`, `1`},
		{"an array is no record", "V", `[1]`, "error: Can't convert type. sourceType: ArrayNode, requiredType: STRUCT, path: $"},
		{"nothing", "V", ``, "error: malformed JSON: unexpected end of JSON input, at byte 0"},
		{"a tail", "V", `{"V":1} x`, "error: malformed JSON: invalid character 'x' after top-level value, at byte 9"},
		{"a record that is cut", "V", `{"V":1`, "error: malformed JSON: unexpected end of JSON input, at byte 6"},
		{"a fault behind the wanted column", "V", `{"V":1,"w":01}`, "error: malformed JSON: invalid character '1' after object key:value pair, at byte 13"},
		{"a fault in a skipped string", "V", "{\"w\":\"\x01\",\"V\":1}", `error: malformed JSON: invalid character '\x01' in string literal, at byte 7`},
		{"a comma too many", "V", `{"V":1,}`, "error: malformed JSON: invalid character '}' looking for beginning of object key string, at byte 8"},
		{"NaN is no number", "V", `{"V":NaN}`, "error: malformed JSON: invalid character 'N' looking for beginning of value, at byte 6"},
		{"not UTF-8, skipped", "V", "{\"w\":\"\xff\",\"V\":1}", `1`},
		{"nested as deep as may be", "V", `{"w":` + deep[1:len(deep)-1] + `,"V":1}`, `1`},
		{"nested deeper", "V", `{"w":` + deep + `,"V":1}`, fmt.Sprintf("error: malformed JSON: nested deeper than %d", json.MaxDepth)},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			if got := decodeOne(t, "INT", tc.column, tc.text); got != tc.want {
				t.Errorf("%.80s\n got %s\nwant %s", tc.text, got, tc.want)
			}
		})
	}
	t.Run("not UTF-8, wanted", func(t *testing.T) {
		want := "error: Invalid UTF-8 in string, path: $.V"
		if got := decodeOne(t, "STRING", "V", "{\"V\":\"\xff\"}"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// One member may serve two columns: exactly and in upper case.
func TestOneMemberTwoColumns(t *testing.T) {
	columns := []types.Column{{Name: "a", Type: types.IntType}, {Name: "A", Type: types.IntType}}
	d, err := json.NewDecoder(columns, []int{0, 1}, false)
	if err != nil {
		t.Fatal(err)
	}
	out := []*vector.Vector{vector.New(types.IntType, 0), vector.New(types.IntType, 0)}
	for _, text := range []string{`{"a":1}`, `{"a":1}`, `{"a":1,"A":2}`, `{"A":2,"a":1}`, `{"A":3}`} {
		if err := d.Decode([]byte(text), out); err != nil {
			t.Fatal(err)
		}
	}
	got := fmt.Sprint(out[0].Value(0), out[1].Value(0), "|", out[0].Value(2), out[1].Value(2), "|",
		out[0].Value(3), out[1].Value(3), "|", out[0].Value(4), out[1].Value(4))
	if want := "1 1|1 2|1 2|<nil> 3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestUnwrapped(t *testing.T) {
	for _, tc := range []struct{ rule, typ, text, want string }{
		{"a number", "BIGINT", `10827272222`, `10827272222`},
		{"a string", "STRING", ` "hello" `, `"hello"`},
		{"a struct", "STRUCT<F1 STRING>", `{"f1":"bar"}`, `{"F1":"bar"}`},
		{"an array", "ARRAY<STRING>", `["a","b",null]`, `["a","b",null]`},
		{"null", "BOOLEAN", `null`, `null`},
		{"a fault", "INT", `"x"`, `error: Can't coerce string to type. targetType: INTEGER, path: $`},
		{"a tail", "INT", `1 2`, `error: malformed JSON: invalid character '2' after top-level value, at byte 3`},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			typ, err := types.ParseType(tc.typ)
			if err != nil {
				t.Fatal(err)
			}
			d, err := json.NewDecoder([]types.Column{{Name: "V", Type: typ}}, []int{0}, true)
			if err != nil {
				t.Fatal(err)
			}
			out := []*vector.Vector{vector.New(typ, 0)}
			// What follows the record in its buffer must not become a part of it.
			got, data := "", append([]byte(tc.text), "12345678901234567890"...)
			if err := d.Decode(data[:len(tc.text)], out); err != nil {
				got = "error: " + err.Error()
			} else {
				got = string(json.AppendValue(nil, typ, out[0].Value(0)))
			}
			if got != tc.want {
				t.Errorf("%s\n got %s\nwant %s", tc.text, got, tc.want)
			}
		})
	}
}

// Records whose shape changes all the time decode as they would alone.
func TestShapesChange(t *testing.T) {
	columns := []types.Column{{Name: "A", Type: types.BigintType}, {Name: "B", Type: types.StringType}, {Name: "C", Type: types.DoubleType}}
	texts := []string{
		`{"a":1,"b":"x","c":1.5}`, `{"a":2,"b":"y","c":2.5}`, `{"a":3,"c":3.5}`, `{"b":"z"}`, `{"c":4.5,"a":4}`,
		`{"a": 5, "b": "w", "c": 5.5}`, `{"a":6,"d":{"e":[1]},"b":"v","c":6.5}`, `{"a":7,"b":null,"c":null}`, `{"a":8,"b":"u","c":8}`,
		`{}`, `null`, `{"a":9,"b":"a longer string","c":0.001}`, `{"a":"10","b":11,"c":"12"}`, `{"a":1.5,"b":"x","c":1e3}`,
		`{"a":1,"b":"x","c":1.5} `, `{"a":1,"b":"x","c":1.5,"a":2}`, `{"a":1,"b":"x`, `{"a":1,"b":"x","c":}`, `{"a":1,"b":"x","c":1.5}}`,
	}
	shared, err := json.NewDecoder(columns, []int{2, 0, 1}, false)
	if err != nil {
		t.Fatal(err)
	}
	row := func(d *json.Decoder, text string) string {
		out := []*vector.Vector{vector.New(types.DoubleType, 0), vector.New(types.BigintType, 0), vector.New(types.StringType, 0)}
		if err := d.Decode([]byte(text), out); err != nil {
			return "error: " + err.Error()
		}
		return fmt.Sprint(out[0].Value(0), out[1].Value(0), out[2].Value(0))
	}
	for round := range 7 {
		for i := range texts {
			text := texts[(i*(round+1))%len(texts)]
			alone, err := json.NewDecoder(columns, []int{2, 0, 1}, false)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := row(shared, text), row(alone, text); got != want {
				t.Fatalf("round %d, %s\n got %s\nwant %s", round, text, got, want)
			}
		}
	}
}

// Members without end: the decoder forgets what does not come again, and stays right.
func TestManyMembers(t *testing.T) {
	columns := []types.Column{{Name: "V", Type: types.IntType}}
	d, err := json.NewDecoder(columns, []int{0}, false)
	if err != nil {
		t.Fatal(err)
	}
	out := []*vector.Vector{vector.New(types.IntType, 0)}
	wide := strings.Builder{}
	for i := range 300 {
		fmt.Fprintf(&wide, `"w%d":[%d],`, i, i)
	}
	for i := range 5000 {
		text := fmt.Sprintf(`{"k%d":{},"v":%d,"l%d":"x"}`, i, i, i*7)
		if i%500 == 0 {
			text = fmt.Sprintf(`{%s"V":%d}`, wide.String(), i)
		}
		if err := d.Decode([]byte(text), out); err != nil {
			t.Fatalf("%.80s: %v", text, err)
		}
		if got := out[0].Value(i); got != int32(i) {
			t.Fatalf("%.80s: got %v", text, got)
		}
	}
}

// Decoding into vectors with room allocates nothing, escapes and missing fields or not.
func TestDecodeAllocatesNothing(t *testing.T) {
	columns := []types.Column{{Name: "A", Type: types.BigintType}, {Name: "B", Type: types.StringType}, {Name: "D", Type: types.DecimalOf(9, 2)}}
	d, err := json.NewDecoder(columns, []int{0, 1, 2}, false)
	if err != nil {
		t.Fatal(err)
	}
	out := []*vector.Vector{vector.New(types.BigintType, 64), vector.New(types.StringType, 64), vector.New(types.DecimalOf(9, 2), 64)}
	records := [][]byte{[]byte(`{"a":1,"x":[1,2],"b":"x\ny","d":1.5}`), []byte(`{"a":"12","x":null,"d":"7"}`), []byte(`{"d":1,"b":"z"}`)}
	pass := func() {
		for _, v := range out {
			v.Reset()
		}
		for range 8 {
			for _, r := range records {
				if err := d.Decode(r, out); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	pass()
	if n := testing.AllocsPerRun(20, pass); n > 0 {
		t.Errorf("%v allocations in 24 records", n)
	}
}
