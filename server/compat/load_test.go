package compat

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// loadText loads a folder with one file.
func loadText(t *testing.T, text string) ([]Case, error) {
	t.Helper()
	dir := t.TempDir()
	sub := filepath.Join(dir, "query-validation-tests")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(sub, "f.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Load(dir)
}

func TestLoadExpands(t *testing.T) {
	for _, tc := range []struct{ rule, tests, want string }{
		{"a case is one", `{"name": "a", "statements": ["S;"]}`, "f/a: S;"},
		{"one for each format, put into the statements", `{"name": "a", "format": ["JSON", "AVRO"], "statements": ["S '{FORMAT}';", "T;"]}`,
			"f/a - JSON: S 'JSON'; T; | f/a - AVRO: S 'AVRO'; T;"},
		{"one for each configuration, put into the property", `{"name": "a", "config": ["1", "2"], "properties": {"p": "{CONFIG}"}, "statements": ["S;"]}`,
			"f/a - p=1: S; p=1 | f/a - p=2: S; p=2"},
		{"formats times configurations", `{"name": "a", "format": ["X", "Y"], "config": ["1", "2"], "properties": {"p": "{CONFIG}"}, "statements": ["{FORMAT}"]}`,
			"f/a - X - p=1: X p=1 | f/a - X - p=2: X p=2 | f/a - Y - p=1: Y p=1 | f/a - Y - p=2: Y p=2"},
		{"numbers and truth are properties too", `{"name": "a", "properties": {"n": 7}, "statements": ["S;"]}`, "f/a: S; n=7"},
		{"a case that is not enabled is none", `{"name": "a", "enabled": false, "statements": ["S;"]}`, ""},
		{"a case that says it is enabled is one", `{"name": "a", "enabled": true, "statements": ["S;"]}`, "f/a: S;"},
		{"the runner's own property is no property", `{"name": "a", "properties": {"use.exact.numeric.comparison": false}, "statements": ["S;"]}`, "f/a: S; loose"},
		{"comments go, in strings they stay", "{\"name\": \"a\", // no\n /* not \n this */ \"statements\": [\"// S /* */ \\\" // T;\"]}", `f/a: // S /* */ " // T;`},
	} {
		cases, err := loadText(t, `{"comments": [], "tests": [`+tc.tests+`]}`)
		if err != nil {
			t.Errorf("%s: %v", tc.rule, err)
			continue
		}
		var got []string
		for _, c := range cases {
			line := c.FullName() + ": " + strings.Join(c.Statements, " ")
			for k, v := range c.Properties {
				line += " " + k + "=" + v
			}
			if c.ExactOff {
				line += " loose"
			}
			got = append(got, line)
		}
		if joined := strings.Join(got, " | "); joined != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.rule, joined, tc.want)
		}
	}
}

func TestLoadNamesTheBrokenFile(t *testing.T) {
	if _, err := loadText(t, `{"tests": [`); err == nil || !strings.Contains(err.Error(), "f.json") {
		t.Errorf("error %v does not name f.json", err)
	}
}

// Numbers keep their text: a decimal's trailing zeros count.
func TestLoadKeepsTheTextOfNumbers(t *testing.T) {
	cases, err := loadText(t, `{"tests": [{"name": "a", "statements": [], "inputs": [{"topic": "t", "key": 1, "value": {"D": 5.0500000}}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(cases[0].Inputs[0].Value); got != `{"D": 5.0500000}` {
		t.Errorf("value %s lost its text", got)
	}
}

func FuzzStripComments(f *testing.F) {
	for _, seed := range []string{`{"a": "//"} // x`, `/* */ 1`, `"\"/*"`, `/*`, `"`, `/* x`, `//`, `"\`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if out := stripComments(text); len(out) != len(text) {
			t.Errorf("%q: %d bytes became %d", text, len(text), len(out))
		}
	})
}

func TestSkipsByRule(t *testing.T) {
	for _, tc := range []struct {
		rule string
		c    Case
		want string
	}{
		{"formats that are built run", Case{Statements: []string{"CREATE STREAM S (A INT) WITH (value_format='JSON');"}}, ""},
		{"a format of the schema registry", Case{Statements: []string{"... WITH (value_format='avro');"}}, "format AVRO is not built"},
		{"the longer of two names", Case{Statements: []string{"... WITH (format='PROTOBUF_NOSR');"}}, "format PROTOBUF_NOSR is not built"},
		{"a format by property", Case{Properties: map[string]string{"ksql.persistence.default.format.value": "JSON_SR"}}, "format JSON_SR is not built"},
		{"a format of a topic", Case{Topics: []Topic{{Name: "t", KeyFormat: "AVRO"}}}, "format AVRO is not built"},
		{"a topic with a schema and no format is AVRO", Case{Topics: []Topic{{Name: "t", ValueSchema: []byte(`{}`)}}}, "format AVRO is not built"},
		{"a function of ksqlDB's tests", Case{Statements: []string{"SELECT test_udf (A) FROM S;"}}, "test-only function"},
		{"a column called like one is none", Case{Statements: []string{"SELECT TEST_UDF FROM S;"}}, ""},
	} {
		if got := skipReason(&tc.c); got != tc.want {
			t.Errorf("%s\n got %q\nwant %q", tc.rule, got, tc.want)
		}
	}
}
