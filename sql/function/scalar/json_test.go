package scalar_test

import (
	"testing"

	"tailrace/sql/types"
)

func TestJSON(t *testing.T) {
	const doc = `{"name": "cdc", "n": 1.50, "big": 12345678901234567890, "a": [1, {"b": null}], "@type": "UDF"}}`
	check(t, []row{
		{"EXTRACTJSONFIELD", in(doc, "$.name"), "cdc"}, {"EXTRACTJSONFIELD", in(doc, "$.@type"), "UDF"}, {"EXTRACTJSONFIELD", in(doc, "$.n"), "1.50"}, {"EXTRACTJSONFIELD", in(doc, "$.big"), "12345678901234567890"},
		{"EXTRACTJSONFIELD", in(doc, "$.a"), `[1,{"b":null}]`}, {"EXTRACTJSONFIELD", in(doc, "$.a[1].b"), "null"}, {"EXTRACTJSONFIELD", in(doc, "$.a.0"), "1"}, {"EXTRACTJSONFIELD", in(doc, "$.x"), "NULL"}, {"EXTRACTJSONFIELD", in("{", "$.x"), "!Invalid JSON format: {"}, {"EXTRACTJSONFIELD", in(doc, "x"), `!invalid JSON path "x": it must start with $`}, {"EXTRACTJSONFIELD", in(nil, "$"), "NULL"},
		{"IS_JSON_STRING", in("[1, 2, 3]"), "true"}, {"IS_JSON_STRING", in(`"abc"`), "true"}, {"IS_JSON_STRING", in("abc"), "false"}, {"IS_JSON_STRING", in(""), "false"}, {"IS_JSON_STRING", in(typed{"STRING", nil}), "false"},
		{"JSON_ARRAY_CONTAINS", in("[1, 2.5]", 1), "true"}, {"JSON_ARRAY_CONTAINS", in("[1, 2.5]", 2.5), "true"}, {"JSON_ARRAY_CONTAINS", in("[1]", 1.0), "false"}, {"JSON_ARRAY_CONTAINS", in("[2.5]", dec("2.5")), "false"}, {"JSON_ARRAY_CONTAINS", in(`["a", true, null]`, "a"), "true"}, {"JSON_ARRAY_CONTAINS", in(`["a", true, null]`, false), "false"}, {"JSON_ARRAY_CONTAINS", in(`["a", null]`, nil), "true"}, {"JSON_ARRAY_CONTAINS", in(`[["a"]]`, "a"), "false"}, {"JSON_ARRAY_CONTAINS", in(`{}`, "a"), "false"}, {"JSON_ARRAY_CONTAINS", in(`[1`, 1), "false"},
		{"JSON_ARRAY_LENGTH", in(`["Red", "Green"]`), "2"}, {"JSON_ARRAY_LENGTH", in("[]"), "0"}, {"JSON_ARRAY_LENGTH", in(""), "NULL"}, {"JSON_ARRAY_LENGTH", in("1"), "NULL"}, {"JSON_ARRAY_LENGTH", in("["), "!Invalid JSON format: ["},
		{"JSON_ITEMS", in(`[{"a": 1}, {}]`), `[{"a":1}, {}]`}, {"JSON_ITEMS", in(`[{"a": 1}, "x", null, 1e3]`), `[{"a":1}, "x", null, 1E+3]`}, {"JSON_ITEMS", in(`{}`), "NULL"}, {"JSON_ITEMS", in("[]"), "[]"}, {"JSON_KEYS", in(`{"Red": 3, "Green": 5, "Red": 1}`), "[Red, Green]"}, {"JSON_KEYS", in("[]"), "NULL"}, {"JSON_RECORDS", in(`{"Red": 3, "s": "x", "o": {"t": "y"}, "n": null}`), `{Red=3, s=x, o={"t":"y"}, n=null}`},
		{"JSON_CONCAT", in(`{"a": 1, "b": 2}`, `{"b": 3}`), `{"a":1,"b":3}`}, {"JSON_CONCAT", in("[1, 2]", "3", `{"a": 1}`), `[1,2,3,{"a":1}]`}, {"JSON_CONCAT", in("[1e3, 0.0000001]", "-0.0"), "[1000,0.0000001,0.0]"}, {"JSON_CONCAT", in("1", nil), "NULL"}, {"JSON_CONCAT", in("1", "x"), "!Invalid JSON format: x"},
	})
}

func TestToJSONString(t *testing.T) {
	strct := typed{"STRUCT<`name` STRING, ID INTEGER>", types.StructVal{"Alice", int32(1)}}
	check(t, []row{
		{"TO_JSON_STRING", in("a\"b\n\x01é"), `"a\"b\n\u0001é"`}, {"TO_JSON_STRING", in(typed{"STRING", nil}), "null"}, {"TO_JSON_STRING", in(123.456), "123.456"}, {"TO_JSON_STRING", in(dec("123.450")), "123.450"}, {"TO_JSON_STRING", in(types.DateVal(1000)), `"1972-09-27"`},
		{"TO_JSON_STRING", in(types.TimestampVal(60220000000)), `"1971-11-28T23:46:40.000"`}, {"TO_JSON_STRING", in(ints(1, 2, nil)), "[1,2,null]"}, {"TO_JSON_STRING", in(strct), `{"ID":1,"name":"Alice"}`}, {"TO_JSON_STRING", in(intMap("b", 1, "a", nil)), `{"a":null,"b":1}`}, {"TO_JSON_STRING", in([]byte("a")), `"YQ=="`}, {"TO_JSON_STRING", in(true), "true"},
	})
}
