package serde_test

import (
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"testing"

	"tailrace/sql/types"
	"tailrace/storage/serde"
)

func TestCheck(t *testing.T) {
	key := func(name, typ string) types.Column {
		tt, err := types.ParseType(typ)
		if err != nil {
			t.Fatal(err)
		}
		return types.Column{Name: name, Type: tt, In: types.InKey}
	}
	value := func(name, typ string) types.Column {
		c := key(name, typ)
		c.In = types.InValue
		return c
	}
	for _, tc := range []struct {
		rule    string
		format  string
		columns []types.Column
		want    string
	}{
		{"an unknown format", "FOO", nil, "Unknown format: FOO"},
		{"a format that is known and not built", "avro", nil, "the AVRO format is not supported"},
		{"names in any case", "Delimited", []types.Column{value("A", "INT")}, ""},
		{"no columns fit anything", "KAFKA", nil, ""},
		{"NONE holds no columns", "NONE", []types.Column{key("K", "STRING")},
			"The 'NONE' format can only be used when no columns are defined. Got: [`K` STRING KEY]"},
		{"KAFKA holds one column", "KAFKA", []types.Column{value("V0", "INT"), value("V1", "STRING")},
			"The 'KAFKA' format only supports a single field. Got: [`V0` INTEGER, `V1` STRING]"},
		{"KAFKA's types", "KAFKA", []types.Column{value("V", "BOOLEAN")}, "The 'KAFKA' format does not support type 'BOOLEAN'"},
		{"DELIMITED is flat", "DELIMITED", []types.Column{key("K", "ARRAY<DOUBLE>")}, "The 'DELIMITED' format does not support type 'ARRAY', column: `K`"},
		{"JSON has names for keys", "JSON", []types.Column{value("V", "ARRAY<MAP<INT, INT>>")}, "JSON only supports MAP types with STRING keys"},
		{"JSON has the rest", "JSON", []types.Column{value("V", "STRUCT<A MAP<STRING, ARRAY<DECIMAL(4, 2)>>>")}, ""},
	} {
		err := serde.Check(serde.Format{Name: tc.format}, tc.columns)
		if got := message(err); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.rule, got, tc.want)
		}
	}
	err := serde.CheckSchema(serde.Format{Name: "KAFKA"}, []types.Column{key("K", "DECIMAL(21,19)")}, true)
	want := "Key format does not support schema.\nformat: KAFKA\nschema: Persistence{columns=[`K` DECIMAL(21, 19) KEY], features=[]}\nreason: The 'KAFKA' format does not support type 'DECIMAL'"
	if message(err) != want {
		t.Errorf("got %s\nwant %s", message(err), want)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestIsNull(t *testing.T) {
	for _, tc := range []struct {
		f    serde.Format
		data []byte
		want bool
	}{
		{serde.Format{Name: "KAFKA"}, nil, true},
		{serde.Format{Name: "KAFKA"}, []byte("null"), false},
		{serde.Format{Name: "JSON"}, []byte(" null\n"), true},
		{serde.Format{Name: "JSON"}, []byte("{}"), false},
		{serde.Format{Name: "JSON", Unwrapped: true}, []byte("null"), false},
	} {
		if got := serde.IsNull(tc.f, tc.data); got != tc.want {
			t.Errorf("%v %q: got %v", tc.f, tc.data, got)
		}
	}
}

func TestWindowedKeys(t *testing.T) {
	key, start, err := serde.SplitTimeWindow(serde.AppendTimeWindow([]byte("k"), 30000))
	if string(key) != "k" || start != 30000 || err != nil {
		t.Errorf("got %q, %d, %v", key, start, err)
	}
	data := serde.AppendSessionWindow([]byte("k"), 1, 2)
	if binary.BigEndian.Uint64(data[1:]) != 2 || binary.BigEndian.Uint64(data[9:]) != 1 {
		t.Errorf("the end of a session comes first: %x", data)
	}
	key, start, end, err := serde.SplitSessionWindow(data)
	if string(key) != "k" || start != 1 || end != 2 || err != nil {
		t.Errorf("got %q, %d, %d, %v", key, start, end, err)
	}
	if _, _, err := serde.SplitTimeWindow(make([]byte, 7)); err == nil {
		t.Error("7 bytes hold no window")
	}
	if _, _, _, err := serde.SplitSessionWindow(make([]byte, 15)); err == nil {
		t.Error("15 bytes hold no session")
	}
}

func TestGuess(t *testing.T) {
	i32 := binary.BigEndian.AppendUint32(nil, 7)
	i64 := binary.BigEndian.AppendUint64(nil, 7)
	f64 := binary.BigEndian.AppendUint64(nil, math.Float64bits(1.5))
	tumbling := serde.AppendTimeWindow([]byte("abc"), 1700000000000)
	session := serde.AppendSessionWindow(i32, 1700000000000, 1700000001000)
	for _, tc := range []struct {
		rule    string
		key     bool
		data    [][]byte
		texts   string
		formats string
	}{
		{"JSON is text too", false, [][]byte{[]byte(`{"a":1}`)}, `{"a":1}`, "JSON KAFKA_STRING"},
		{"text that is not JSON", false, [][]byte{[]byte(`{"a":1}`), []byte("hello")}, `{"a":1} hello`, "KAFKA_STRING"},
		{"four bytes", false, [][]byte{i32}, "7", "KAFKA_INT KAFKA_STRING"},
		{"eight bytes", false, [][]byte{i64, f64}, "7 4609434218613702656", "KAFKA_BIGINT KAFKA_DOUBLE"},
		{"NULL tells nothing", false, [][]byte{nil}, "<null>", ""},
		{"no format", false, [][]byte{{0xff, 0xfe, 0xfd}}, "fffefd", ""},
		{"a windowed key", true, [][]byte{tumbling}, "[abc@1700000000000/-]", "HOPPING(KAFKA_STRING) TUMBLING(KAFKA_STRING)"},
		{"a session", true, [][]byte{session}, "[7@1700000000000/1700000001000]", "SESSION(KAFKA_INT) SESSION(KAFKA_STRING)"},
		{"a text key is no window", true, [][]byte{[]byte("a rather long text key")}, "a rather long text key", "KAFKA_STRING"},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			g := serde.NewGuesser(tc.key)
			var texts []string
			for _, d := range tc.data {
				texts = append(texts, g.Text(d))
			}
			if got := strings.Join(texts, " "); got != tc.texts {
				t.Errorf("texts\n got %s\nwant %s", got, tc.texts)
			}
			if got := strings.Join(g.Formats(), " "); got != tc.formats {
				t.Errorf("formats\n got %s\nwant %s", got, tc.formats)
			}
		})
	}
}

// NONE ignores what is there, and writes nothing.
func TestNone(t *testing.T) {
	f := serde.Format{Name: "NONE"}
	row, err := serde.DecodeRow(f, nil, []byte("data that should be ignored"))
	if len(row) != 0 || err != nil {
		t.Errorf("got %v, %v", row, err)
	}
	data, err := serde.EncodeRow(f, nil, nil)
	if data != nil || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
}

func TestDecodeRowOfNothing(t *testing.T) {
	columns := []types.Column{{Name: "A", Type: types.IntType}, {Name: "B", Type: types.StringType}}
	row, err := serde.DecodeRow(serde.Format{Name: "JSON"}, columns, nil)
	if err != nil || !reflect.DeepEqual(row, []types.Value{nil, nil}) {
		t.Errorf("got %v, %v", row, err)
	}
}
