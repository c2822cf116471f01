package rows

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"tailrace/sql/types"
)

// TestReaders reads files of every format: rows as line:value|value, NULL as NULL, texts in
// quotes, and the error or EOF that ends them.
func TestReaders(t *testing.T) {
	csv := func(r io.Reader) Reader { return NewCSV(r, ',', "") }
	tsv := func(r io.Reader) Reader { return NewTSV(r, '\t', `\N`) }
	for _, tc := range []struct {
		name, text, want string
		reader           func(io.Reader) Reader
	}{
		{"nothing", "", "EOF", csv},
		{"no line break at the end", "1,a", `1:"1"|"a" EOF`, csv},
		{"lines of Windows, and a mark", "\xef\xbb\xbf1,a\r\n2,\r\n", `1:"1"|"a" 2:"2"|NULL EOF`, csv},
		{"quotes", "\"a \"\"b\"\"\",\"c,d\",\"\"\n", `1:"a \"b\""|"c,d"|"" EOF`, csv},
		{"a line break in quotes", "\"a\nb\",1\nc,2\n", `1:"a\nb"|"1" 3:"c"|"2" EOF`, csv},
		{"a blank line", "a\n\nb\n", `1:"a" 2:blank 3:"b" EOF`, csv},
		{"an empty string alone", "\"\"\n", `1:"" EOF`, csv},
		{"a carriage return in a value", "a\rb\n", `1:"a\rb" EOF`, csv},
		{"quotes within a value", "a\"b\n", `1:"a\"b" EOF`, csv},
		{"an open quote", "1,2\n\"a\n", `1:"1"|"2" 2:a quote that begins in this row is not closed`, csv},
		{"behind a quote", "\"a\"b\n", `1:there is "b" behind a closing quote; quotes inside quotes are doubled`, csv},
		{"tabs", "1\ta\\tb\\\\N\t\\N\n\n", `1:"1"|"a\tb\\N"|NULL 2:"" EOF`, tsv},
		{"the end mark", "1\n\\.\n2\n", `1:"1" EOF`, tsv},
		{"objects one a line", "{\"a\":1,\"b\":null}\n{\"a\":[1,{}]}\n", `1:a=1|b=NULL 2:a=[1,{}] EOF`, NewJSON},
		{"an array", "\xef\xbb\xbf[\n {\"a\":\"x\"},\n\n {\"a\":true}\n]", `2:a="x" 4:a=true EOF`, NewJSON},
		{"an empty array", " [ ] ", "EOF", NewJSON},
		{"one behind the other", `{"a":1}{"a":2}`, `1:a=1 1:a=2 EOF`, NewJSON},
		{"an exact number", `{"a":9007199254740993.10}`, `1:a=9007199254740993.10 EOF`, NewJSON},
		{"no JSON", "{\"a\":1}\nhello", `1:a=1 2:this is not JSON: invalid character 'h' looking for beginning of value`, NewJSON},
		{"no object", "[1]", `1:a row is an object, {"COLUMN": value, ...}, not 1`, NewJSON},
		{"an end too early", `{"a"`, `1:this is not JSON: the file ends in the middle of a row`, NewJSON},
	} {
		r := tc.reader(strings.NewReader(tc.text))
		var got []string
		for {
			row, err := r.Next()
			if err != nil {
				got = append(got, faultText(err))
				break
			}
			got = append(got, fmt.Sprintf("%d:%s", row.Line, rowText(row)))
		}
		if text := strings.Join(got, " "); text != tc.want {
			t.Errorf("%s: %q\n got %s\nwant %s", tc.name, tc.text, text, tc.want)
		}
	}
}

func faultText(err error) string {
	var line *LineError
	if errors.As(err, &line) {
		return fmt.Sprintf("%d:%s", line.Line, err)
	}
	return err.Error()
}

func rowText(row Row) string {
	if row.Blank {
		return "blank"
	}
	var parts []string
	for i, v := range row.Values {
		text := fmt.Sprintf("%q", v.Text)
		if row.Names != nil {
			text = row.Names[i] + "=" + shown(v.JSON)
		}
		if v.Null {
			text = strings.TrimSuffix(text, "null")
			text = strings.TrimSuffix(text, fmt.Sprintf("%q", v.Text)) + "NULL"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "|")
}

func TestLiteral(t *testing.T) {
	for _, tc := range []struct{ typ, text, want string }{
		{"INT", " +42 ", "42"}, {"INT", "1e3", "1e3"}, {"INT", "4 2", `error: "4 2" is no INTEGER`}, {"DOUBLE", "NaN", `error: "NaN" is no DOUBLE`},
		{"INT", "1); DROP TABLE t", `error: "1); DROP TABLE t" is no INTEGER`},
		{"BOOLEAN", "T", "TRUE"}, {"BOOLEAN", "yes", `error: "yes" is no BOOLEAN`},
		{"STRING", "it's ${x}", "'it''s $' || '{x}'"},
		{"TIMESTAMP", " 2001-01-01 ", "'2001-01-01'"},
		{"BYTES", `\x61`, "TO_BYTES('61', 'hex')"}, {"BYTES", "YQ==", "TO_BYTES('YQ==', 'base64')"},
		{"BYTES", `\x6`, `error: "\\x6" is no BYTES: behind \x there are hexadecimal digits`}, {"BYTES", "'", `error: "'" is no BYTES: they are written as \x and hexadecimal digits, or in base64`},
		{"ARRAY<INT>", "{1,NULL}", "ARRAY[1, CAST(NULL AS INTEGER)]"}, {"ARRAY<INT>", "[1]", "ARRAY[1]"}, {"ARRAY<INT>", "1", "error: 1 is no ARRAY<INTEGER>"},
		{"ARRAY<INT>", "{1", `error: "{1" is no array`}, {"ARRAY<INT>", "nix", `error: "nix" is not JSON, which ARRAY<INTEGER> is written in`},
		{"MAP<STRING, INT>", `{"b":2,"a":1}`, "MAP('a' := 1, 'b' := 2)"},
		{"STRUCT<x INT, y STRING>", `{"x":1}`, "STRUCT(`X` := 1, `Y` := CAST(NULL AS STRING))"},
		{"STRUCT<x INT>", `{"z":1}`, "error: STRUCT<`X` INTEGER> has no field \"z\""},
		{"STRUCT<x INT>", `{"x":"a"}`, `error: X: "a" is no INTEGER`},
	} {
		typ, err := types.ParseType(tc.typ)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Literal(typ, Value{Text: tc.text})
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != tc.want {
			t.Errorf("%s as %s\n got %s\nwant %s", tc.text, tc.typ, got, tc.want)
		}
	}
}

// FuzzReaders: every file ends in EOF or a fault, and its lines never go back.
func FuzzReaders(f *testing.F) {
	for _, s := range []string{"1,\"a\nb\"\r\n,\n", "a\tb\\N\n\\.\n", "[{\"a\":[1,null]},{}]", "{\"a\":1}\n\n{\"b\":\"\\u00e9\"}", "\xef\xbb\xbf\"", "[[", "{\"a\":1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for i, r := range []Reader{NewCSV(strings.NewReader(text), ',', ""), NewTSV(strings.NewReader(text), '\t', `\N`), NewJSON(strings.NewReader(text))} {
			line := 0
			for n := 0; ; n++ {
				row, err := r.Next()
				if err != nil {
					break
				}
				if row.Line < line || n > len(text)+1 {
					t.Fatalf("reader %d: row %d of %q is at line %d, behind line %d", i, n, text, row.Line, line)
				}
				line = row.Line
			}
		}
	})
}
