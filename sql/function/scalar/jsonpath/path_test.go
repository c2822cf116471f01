package jsonpath_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tailrace/sql/function/scalar/jsonpath"
)

func TestNumbers(t *testing.T) {
	for text, want := range map[string][2]string{ // as BigDecimal.toString and toPlainString say
		"1": {"1", "1"}, "-1": {"-1", "-1"}, "-0": {"0", "0"}, "-0.00": {"0.00", "0.00"}, "1.50": {"1.50", "1.50"}, "1e3": {"1E+3", "1000"}, "1E0": {"1", "1"}, "1.25e1": {"12.5", "12.5"},
		"1.5e3": {"1.5E+3", "1500"}, "-12e-1": {"-1.2", "-1.2"}, "0.000001": {"0.000001", "0.000001"}, "0.0000001": {"1E-7", "0.0000001"}, "-0.00000012": {"-1.2E-7", "-0.00000012"},
		"123e-10": {"1.23E-8", "0.0000000123"}, "0e5": {"0E+5", "0"}, "0.0000000": {"0E-7", "0.0000000"}, "12345678901234567890": {"12345678901234567890", "12345678901234567890"}, "1e99999": {"1e99999", "1e99999"},
	} {
		v, err := jsonpath.First([]byte(text))
		if got := [2]string{v.Compact(), v.Plain()}; err != nil || got != want {
			t.Errorf("%s\n got %q, %v\nwant %q", text, got, err, want)
		}
		if v.Text() != want[0] || string(v.Bytes()) != want[0] {
			t.Errorf("%s is %s and %s", text, v.Text(), v.Bytes())
		}
	}
}

func TestFind(t *testing.T) {
	const doc = ` {"a": {"b": [10, {"c" : "x\n\u00e9"}, 1.50]}, "@type": "UDF", "a.b": true, "n": null, "d": 1, "d": 2, "e\"": 3e2} } trailing`
	for path, want := range map[string]string{
		"$": `{"a":{"b":[10,{"c":"x\né"},1.50]},"@type":"UDF","a.b":true,"n":null,"d":1,"d":2,"e\"":3E+2}`, "$.a.b[0]": "10", "$.a.b[1].c": "x\né",
		"$.a.b[1]": `{"c":"x\né"}`, "$.a.b[2]": "1.50", "$.@type": "UDF", "$['a.b']": "true", `$["a"]['b'][0]`: "10", "$.n": "null", "$.d": "2", `$['e"']`: "3E+2",
		"$.a.b[3]": "-", "$.a[0]": "-", "$.x": "-", "$[a][b][0]": "10", "$.a.b[-1]": "-", "$.a.b.c": "-", "$.a.b[0].x": "-",
	} {
		p, err := jsonpath.Parse(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		v, err := jsonpath.First([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		got := "-"
		if x, ok := p.Find(v); ok {
			got = x.Text()
			if string(x.Bytes()) != got {
				t.Errorf("%s: Bytes is %s, Text is %s", path, x.Bytes(), got)
			}
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", path, got, want)
		}
	}
	for _, bad := range []string{"", "a", "$a", "$.", "$..a", "$[", "$[x y]", "$[.]", "$['a", "$['a'x", "$[]"} {
		if p, err := jsonpath.Parse(bad); err == nil {
			t.Errorf("path %q is %v", bad, p)
		}
	}
	for _, bad := range []string{"", "{", `{"a"}`, "[1,]", "01", "1.", "tru", `"\x"`, `"`, "\"\n\"", "nul", "-", "1e", strings.Repeat("[", 1000)} {
		if v, err := jsonpath.First([]byte(bad)); err == nil {
			t.Errorf("text %q is %s", bad, v)
		}
	}
}

// FuzzFirst: reading any text never panics, agrees with encoding/json on what is a value,
// and loses nothing in the parts.
func FuzzFirst(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.50,{"b":"\ud83d\ude00"}],"c":null}`), "$.a[2].b")
	f.Add([]byte(` [true , -0.1e+3] x`), "$[1]")
	f.Add([]byte(`"\ud800x"`), "$['\\'']")
	f.Fuzz(func(t *testing.T, text []byte, path string) {
		v, err := jsonpath.First(text)
		if json.Valid(text) && err != nil && err != jsonpath.ErrDepth {
			t.Fatalf("%q is JSON: %v", text, err)
		}
		if err != nil {
			return
		}
		if !json.Valid(v) || !json.Valid([]byte(v.Compact())) {
			t.Fatalf("%q has no JSON value %q", text, v)
		}
		if v.Kind() == jsonpath.String {
			var want string
			if err := json.Unmarshal(v, &want); err != nil || v.Text() != want {
				t.Fatalf("%q\n got %q\nwant %q", v, v.Text(), want)
			}
			if back, err := jsonpath.First(jsonpath.Quote(nil, want)); err != nil || back.Text() != want {
				t.Fatalf("quoting %q: %q, %v", want, back, err)
			}
		}
		for _, x := range v.Elements() {
			if !json.Valid(x) {
				t.Fatalf("element %q of %q", x, v)
			}
		}
		for _, m := range v.Members() {
			if !json.Valid(m.Value) {
				t.Fatalf("member %q of %q", m.Value, v)
			}
		}
		if p, err := jsonpath.Parse(path); err == nil {
			if x, ok := p.Find(v); ok && !json.Valid(x) {
				t.Fatalf("%s of %q is %q", path, v, x)
			}
		}
	})
}
