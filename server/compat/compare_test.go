package compat

import (
	"encoding/json"
	"strings"
	"testing"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/storage/serde"
)

func value(name string, t types.Type) types.Column { return types.Column{Name: name, Type: t} }

// What of two JSON values counts as equal, with the type of the column where one is known.
func TestCompareValues(t *testing.T) {
	dec := types.Type{Kind: types.Decimal, Precision: 9, Scale: 2}
	for _, tc := range []struct {
		rule      string
		t         types.Type
		want, got string
		loose     bool
		equal     bool
	}{
		{rule: "whole numbers exactly", t: types.IntType, want: "1", got: "1", equal: true},
		{rule: "whole numbers exactly", t: types.IntType, want: "1", got: "2"},
		{rule: "doubles within a millionth", t: types.DoubleType, want: "1.0", got: "1.0000001", equal: true},
		{rule: "doubles within a millionth", t: types.DoubleType, want: "1.0", got: "1.00001"},
		{rule: "doubles in another form", t: types.DoubleType, want: "1", got: "1.0", equal: true},
		{rule: "decimals with their scale", t: dec, want: "1.50", got: "1.50", equal: true},
		{rule: "decimals with their scale", t: dec, want: "1.5", got: "1.50"},
		{rule: "decimals without it where the case says so", t: dec, want: "1.5", got: "1.50", loose: true, equal: true},
		{rule: "a number is no text", t: types.StringType, want: "1", got: `"1"`},
		{rule: "text", t: types.StringType, want: `"a"`, got: `"a"`, equal: true},
		{rule: "text", t: types.StringType, want: `"a"`, got: `"b"`},
		{rule: "special doubles are text", t: types.DoubleType, want: `"NaN"`, got: `"NaN"`, equal: true},
		{rule: "null is null", t: types.IntType, want: "null", got: "null", equal: true},
		{rule: "null is no number", t: types.IntType, want: "null", got: "0"},
		{rule: "truth", t: types.BooleanType, want: "true", got: "false"},
		{rule: "arrays in order", t: types.ArrayOf(types.IntType), want: "[1, 2]", got: "[1, 2]", equal: true},
		{rule: "arrays in order", t: types.ArrayOf(types.IntType), want: "[1, 2]", got: "[2, 1]"},
		{rule: "arrays of one length", t: types.ArrayOf(types.IntType), want: "[1]", got: "[1, null]"},
	} {
		c := &Case{ExactOff: tc.loose}
		shape := topicShape{value: serde.Format{Name: "JSON"}, valueColumns: []types.Column{value("V", tc.t), value("W", types.IntType)}}
		err := compareNode(c, shape, shape.value, shape.valueColumns, json.RawMessage(`{"V": `+tc.want+`, "W": 1}`), []byte(`{"V":`+tc.got+`,"W":1}`))
		if (err == nil) != tc.equal {
			t.Errorf("%s: %s against %s: %v", tc.rule, tc.want, tc.got, err)
		}
	}
}

func TestCompareNodes(t *testing.T) {
	text, js := serde.Format{Name: "DELIMITED"}, serde.Format{Name: "JSON"}
	bare := serde.Format{Name: "JSON", Unwrapped: true}
	one := []types.Column{value("V", types.IntType)}
	for _, tc := range []struct {
		rule  string
		f     serde.Format
		want  string
		got   []byte
		equal bool
	}{
		{"no record at all", js, "null", nil, true},
		{"no record at all", js, "", nil, true},
		{"a record where none should be", js, "null", []byte(`{}`), false},
		{"none where one should be", js, `{"V": 1}`, nil, false},
		{"names in the case as they are or in upper case", js, `{"v": 1}`, []byte(`{"V":1}`), true},
		{"as many fields", js, `{"V": 1}`, []byte(`{"V":1,"W":null}`), false},
		{"a null field that has another name", js, `{"X": null}`, []byte(`{"V":null}`), true},
		{"a field that is missing", js, `{"X": 1}`, []byte(`{"V":1}`), false},
		{"text as it stands", text, `"1,a"`, []byte("1,a"), true},
		{"text as it stands", text, `"1,a"`, []byte("1,b"), false},
		{"a single column bare", bare, `5`, []byte("5"), true},
		{"what is no JSON", js, `{"V": 1}`, []byte("{"), false},
	} {
		shape := topicShape{value: tc.f, valueColumns: one}
		if err := compareNode(&Case{}, shape, tc.f, one, json.RawMessage(tc.want), tc.got); (err == nil) != tc.equal {
			t.Errorf("%s: %s against %q: %v", tc.rule, tc.want, tc.got, err)
		}
	}
}

func TestCompareRecords(t *testing.T) {
	at := int64(7)
	shape := topicShape{key: serde.Format{Name: "KAFKA"}, value: serde.Format{Name: "JSON"},
		keyColumns: []types.Column{value("K", types.StringType)}, valueColumns: []types.Column{value("V", types.IntType)}}
	rec := func(edit func(*Record)) Record {
		r := Record{Topic: "t", Key: json.RawMessage(`"k"`), Value: json.RawMessage(`{"V": 1}`)}
		edit(&r)
		return r
	}
	plain := Seen{Key: []byte("k"), Value: []byte(`{"V":1}`), Timestamp: 7}
	windowed, session, header := plain, plain, plain
	windowed.Key = serde.AppendTimeWindow([]byte("k"), 10)
	session.Key = serde.AppendSessionWindow([]byte("k"), 10, 20)
	header.Headers = []RecordHeader{{Key: "h"}}
	for _, tc := range []struct {
		rule string
		want Record
		got  Seen
		err  string
	}{
		{"a time that is not given is not looked at", rec(func(*Record) {}), plain, ""},
		{"a time that is given", rec(func(r *Record) { r.Timestamp = &at }), plain, ""},
		{"another time", rec(func(r *Record) { r.Timestamp = new(int64) }), plain, "timestamp 7, want 0"},
		{"a window", rec(func(r *Record) { r.Window = &RecordWindow{Start: 10, End: 20, Type: "time"} }), windowed, ""},
		{"another window", rec(func(r *Record) { r.Window = &RecordWindow{Start: 11, Type: "time"} }), windowed, "window starts at 10"},
		{"a session", rec(func(r *Record) { r.Window = &RecordWindow{Start: 10, End: 20, Type: "session"} }), session, ""},
		{"another session", rec(func(r *Record) { r.Window = &RecordWindow{Start: 10, End: 21, Type: "session"} }), session, "window [10,20]"},
		{"a window where none should be", rec(func(*Record) {}), windowed, "key"},
		{"headers that are not expected", rec(func(*Record) {}), header, "1 headers, want 0"},
		{"headers", rec(func(r *Record) { r.Headers = header.Headers }), header, ""},
		{"another value of a header", rec(func(r *Record) { v := []byte("x"); r.Headers = []RecordHeader{{Key: "h", Value: &v}} }), header, `header "h" is ""`},
		{"another header", rec(func(r *Record) { r.Headers = []RecordHeader{{Key: "g"}} }), header, `header "h"`},
	} {
		err := compareRecord(&Case{}, shape, tc.want, tc.got)
		if tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
			t.Errorf("%s: %v, want %q", tc.rule, err, tc.err)
		}
	}
	two := []Record{rec(func(*Record) {}), rec(func(*Record) {})}
	if err := compareTopic(&Case{}, shape, "t", two, []Seen{plain}); err == nil || !strings.Contains(err.Error(), "1 records, want 2") {
		t.Errorf("a record is missing: %v", err)
	}
	if err := compareTopic(&Case{}, shape, "t", two[:1], []Seen{plain, plain}); err == nil || !strings.Contains(err.Error(), "2 records, want 1") {
		t.Errorf("a record too many: %v", err)
	}
}

// A message is found in the error, or in how ksqlDB would put it, white space aside.
func TestMessages(t *testing.T) {
	c := &Case{Statements: []string{"CREATE STREAM S (A INT);", "SELECT  x FROM S;"}}
	syntax := sqlerr.New(sqlerr.SyntaxError, "Syntax Error: unexpected x").At(9)
	for _, tc := range []struct {
		rule string
		err  error
		want any
		ok   bool
	}{
		{"a part of it", sqlerr.New(sqlerr.InvalidParameter, "Unknown format: FOO"), "format: FOO", true},
		{"another one", sqlerr.New(sqlerr.InvalidParameter, "Unknown format: FOO"), "format: BAR", false},
		{"white space", sqlerr.New(sqlerr.InvalidParameter, "a\n  b"), "a b", true},
		{"any error will do", sqlerr.New(sqlerr.InvalidParameter, "x"), nil, true},
		{"lines count over the statements", syntax, "line 2:9: Syntax Error", true},
		{"the token that no rule goes on with", syntax, "Syntax error at or near 'x' at line 2:9", true},
		{"lines in front of the message", sqlerr.New(sqlerr.UndefinedColumn, "Line: 1, Col: 9: no X").At(9), "Line: 2, Col: 9: no X", true},
	} {
		if err := matchMessage(tc.want, messageForms(c, tc.err, c.Statements[1])...); (err == nil) != tc.ok {
			t.Errorf("%s: %v against %v: %v", tc.rule, tc.err, tc.want, err)
		}
	}
}
