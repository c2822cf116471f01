package json_test

import (
	"bytes"
	stdjson "encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/json"
)

// FuzzJSONDecode holds the decoder against encoding/json: they accept the same text, and
// find the same values. The record is decoded cold, warm after itself and warm after a
// record of another shape: all three must agree.
func FuzzJSONDecode(f *testing.F) {
	for _, seed := range []string{
		`{"A":1,"b":"x","c":1.5,"d":[1,{"e":null}]}`, `{"a":-12345678901,"B":"\u00e9\n","C":1e-7}`, ` { "A" : 1 , "C" : 2 } `,
		`{"A":1,"A":2,"a":3}`, `{"A":01}`, `{"A":1}x`, `{"B":"` + "\xff" + `"}`, `[1,2]`, `null`, `"`, `{"A":1,"C":1.}`, `{"A":1e}`,
		"\xEF\xBB\xBF{}", `{"B":{"x":[1,2.50]}}`, `{"a":123456789012345678901234567890}`, `{"C":0.1234567,"A":12345678}`,
	} {
		f.Add([]byte(seed))
	}
	columns := []types.Column{{Name: "A", Type: types.BigintType}, {Name: "B", Type: types.StringType}, {Name: "C", Type: types.DoubleType}}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")) {
			data = data[3:]
		}
		valid := stdjson.Valid(data) && depth(data) <= json.MaxDepth
		if got := json.Valid(data); got != valid {
			t.Fatalf("%q: valid is %v, want %v", data, got, valid)
		}
		decode := func(before ...[]byte) (values []types.Value, err error) {
			d, err := json.NewDecoder(columns, []int{0, 1, 2}, false)
			if err != nil {
				t.Fatal(err)
			}
			out := []*vector.Vector{vector.New(types.BigintType, 0), vector.New(types.StringType, 0), vector.New(types.DoubleType, 0)}
			for _, b := range before {
				_ = d.Decode(b, out)
			}
			n := out[0].N
			// What lies behind the record would go on with it, were it read.
			room := append(append([]byte{}, data...), `1234567890,"A":7}}"""`...)
			err = d.Decode(room[:len(data)], out)
			for _, v := range out {
				if want := n + b2i(err == nil); v.N != want {
					t.Fatalf("%q: %d rows, want %d, after %v", data, v.N, want, err)
				}
				if err == nil {
					values = append(values, v.Value(n))
				}
			}
			return values, err
		}
		cold, err := decode()
		shape := []byte(`{"A":1,"b":"x","c":1.5}`)
		for _, before := range [][][]byte{{data}, {shape}, {shape, data, []byte(`{"c": 1, "d":[], "B": "" } `), []byte(`{"a":2}`)}} {
			warm, err2 := decode(before...)
			if (err == nil) != (err2 == nil) || !types.Equal(types.ArrayVal(cold), types.ArrayVal(warm)) {
				t.Fatalf("%q after %q\ncold %v %v\nwarm %v %v", data, before, cold, err, warm, err2)
			}
		}
		if err == nil && !valid {
			t.Fatalf("%q is decoded and is not valid", data)
		}
		if valid && err == nil && utf8.Valid(data) {
			compare(t, data, cold)
		}
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// depth is how deep valid JSON nests.
func depth(data []byte) (most int) {
	d := stdjson.NewDecoder(bytes.NewReader(data))
	for now := 0; ; {
		tok, err := d.Token()
		if err != nil {
			return most
		}
		if delim, ok := tok.(stdjson.Delim); ok {
			if delim == '{' || delim == '[' {
				now++
			} else {
				now--
			}
			most = max(most, now)
		}
	}
}

// compare checks values against those of encoding/json, where the language converts none.
func compare(t *testing.T, data []byte, got []types.Value) {
	var members map[string]stdjson.RawMessage
	if stdjson.Unmarshal(data, &members) != nil || members == nil {
		return // null, or not an object
	}
	for i, name := range []string{"A", "B", "C"} {
		raw, ok := members[name]
		if !ok {
			for k := range members {
				if strings.ToUpper(k) == name {
					return // which of several in another case wins is not the map's to say
				}
			}
			if got[i] != nil {
				t.Fatalf("%q: %s is %v, want NULL", data, name, got[i])
			}
			continue
		}
		var want types.Value
		var x int64
		var f float64
		var s string
		switch {
		case string(raw) == "null":
		case i == 0 && stdjson.Unmarshal(raw, &x) == nil:
			want = x
		case i == 1 && raw[0] == '"' && stdjson.Unmarshal(raw, &s) == nil:
			want = s
		case i == 2 && stdjson.Unmarshal(raw, &f) == nil:
			want = f
		default:
			continue // a conversion, or a number beyond a double
		}
		if !types.Equal(got[i], want) {
			t.Fatalf("%q: %s is %v, want %v", data, name, got[i], want)
		}
	}
}
