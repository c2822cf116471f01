package delimited_test

import (
	"fmt"
	"strings"
	"testing"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde"
	"tailrace/storage/serde/delimited"
)

func columnsOf(t *testing.T, list string) (columns []types.Column) {
	t.Helper()
	for i, text := range strings.Split(list, ";") {
		typ, err := types.ParseType(text)
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, types.Column{Name: fmt.Sprintf("C%d", i), Type: typ})
	}
	return columns
}

// show writes a row as JSON values, or the error.
func show(columns []types.Column, row []types.Value, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var parts []string
	for i, v := range row {
		parts = append(parts, string(serde.AppendJSON(nil, columns[i].Type, v)))
	}
	return strings.Join(parts, " ")
}

func TestDecode(t *testing.T) {
	for _, tc := range []struct{ rule, delim, types, text, want string }{
		{"fields", "", "BIGINT;STRING;INT", `0,zero,-5`, `0 "zero" -5`},
		{"quotes", "", "STRING;STRING", `"foo","b,a""r"`, `"foo" "b,a\"r"`},
		{"a quoted number", "", "DOUBLE;DECIMAL(6,4)", `"123.456","12.0"`, `123.456 12.0000`},
		{"empty is NULL", "", "STRING;INT;STRING", `,,""`, `null null null`},
		{"a trailing delimiter is a field", "", "STRING;STRING", `a,`, `"a" null`},
		{"blanks are kept", "", "STRING;STRING", ` a , b`, `" a " " b"`},
		{"white space after a quote", "", "STRING;STRING", "\"a\" \t,b", `"a" "b"`},
		{"line ends in quotes", "", "STRING;INT", "\"a\r\nb\",1", `"a\r\nb" 1`},
		{"empty lines before are skipped", "", "INT;INT", "\n\r\n1,2\n", `1 2`},
		{"the first line counts", "", "INT;INT", "1,2\n3,4", `1 2`},
		{"a quote inside is a character", "", "STRING;STRING", `a"b,c`, `"a\"b" "c"`},
		{"SPACE", "SPACE", "BIGINT;STRING;INT", `0 zero 0`, `0 "zero" 0`},
		{"SPACE after a quote delimits", "space", "STRING;STRING", `"a" b`, `"a" "b"`},
		{"TAB", "TAB", "INT;INT", "1\t2", `1 2`},
		{"a delimiter beyond ASCII", "§", "INT;STRING", "1§a,b", `1 "a,b"`},
		{"all kinds", "", "BOOLEAN;BOOLEAN;DATE;TIME;TIMESTAMP;BYTES", "TRUE,yes,-10,10,1700000000000,ew==", `true false -10 10 1700000000000 "ew=="`},
		{"decimals", "", "DECIMAL(33,16);DECIMAL(4,2)", ".12,+1.5", `0.1200000000000000 1.50`},
		{"not UTF-8", "", "STRING", "a\xffb", `"a�b"`},
		{"too few fields", "", "INT;INT", "1", "error: Column count mismatch on deserialization. expected: 2, got: 1"},
		{"too many fields", "", "INT", "1,2", "error: Column count mismatch on deserialization. expected: 1, got: 2"},
		{"nothing", "", "INT", "", "error: No fields in record"},
		{"an open quote", "", "STRING", `"a`, "error: EOF reached before encapsulated token finished"},
		{"text after a quote", "", "STRING;STRING", `"a"b,c`, "error: invalid char between encapsulated token and delimiter, at byte 4"},
		{"a bad number", "", "STRING;INT", `a, 1`, "error: column `C1`: invalid INTEGER: \" 1\""},
		{"an INT does not wrap", "", "INT", `2147483648`, "error: column `C0`: Number does not fit the type. targetType: INTEGER"},
		{"a DECIMAL is not rounded", "", "DECIMAL(4,2)", `1.505`, "error: column `C0`: rounding necessary: cannot fit decimal '1.505' into DECIMAL(4, 2)"},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			columns := columnsOf(t, tc.types)
			row, err := serde.DecodeRow(serde.Format{Name: "DELIMITED", Delimiter: tc.delim}, columns, []byte(tc.text))
			if got := show(columns, row, err); got != tc.want {
				t.Errorf("%q\n got %s\nwant %s", tc.text, got, tc.want)
			}
		})
	}
}

// The quoting is that of Commons CSV: what begins a line with anything but a letter or a
// digit is quoted, elsewhere only what would be read otherwise.
func TestEncode(t *testing.T) {
	dec, err := types.ParseDec("-12345.1200")
	if err != nil {
		t.Fatal(err)
	}
	str := types.StringType
	for _, tc := range []struct {
		rule, delim string
		types       []types.Type
		row         []types.Value
		want        string
	}{
		{"plain", "", []types.Type{types.BigintType, str, types.BooleanType}, []types.Value{int64(1), "x y", true}, `1,x y,true`},
		{"a negative number first", "", []types.Type{types.DecimalOf(9, 4), types.IntType}, []types.Value{dec, int32(-1)}, `"-12345.1200",-1`},
		{"NULL first", "", []types.Type{str, str}, []types.Value{nil, nil}, `,`},
		{"an empty string first", "", []types.Type{str, str}, []types.Value{"", ""}, `"",`},
		{"delimiters and quotes", "", []types.Type{str, str, str}, []types.Value{"a,b", `say "hi"`, `"`}, `"a,b","say ""hi""",""""`},
		{"line ends", "", []types.Type{str, str}, []types.Value{"a\nb", "c\r"}, "\"a\nb\",\"c\r\""},
		{"blanks at the edges", "", []types.Type{str, str, str}, []types.Value{"a", " b", "c "}, `a," b","c "`},
		{"a comment sign", "", []types.Type{str, str}, []types.Value{"a", "#b"}, `a,"#b"`},
		{"beyond ASCII first", "", []types.Type{str, str}, []types.Value{"é", "é"}, `"é",é`},
		{"TAB", "TAB", []types.Type{str, str}, []types.Value{"a,b", "c\td"}, "a,b\t\"c\td\""},
		{"doubles as Java writes them", "", []types.Type{types.DoubleType, types.DoubleType}, []types.Value{1.0, 1e10}, `1.0,1.0E10`},
		{"the rest as numbers and base64", "", []types.Type{types.DateType, types.TimeType, types.TimestampType, types.BytesType},
			[]types.Value{types.DateVal(10), types.TimeVal(20), types.TimestampVal(30), []byte("{")}, `10,20,30,ew==`},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			var columns []types.Column
			for i, typ := range tc.types {
				columns = append(columns, types.Column{Name: fmt.Sprintf("C%d", i), Type: typ})
			}
			got, err := serde.EncodeRow(serde.Format{Name: "DELIMITED", Delimiter: tc.delim}, columns, tc.row)
			if err != nil || string(got) != tc.want {
				t.Errorf("\n got %q, %v\nwant %q", got, err, tc.want)
			}
		})
	}
}

func TestParseDelimiter(t *testing.T) {
	const blank = "Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values 'TAB' or 'SPACE'\nExample valid value: ';'"
	for _, tc := range []struct{ text, want, err string }{
		{"", ",", ""}, {";", ";", ""}, {"tab", "\t", ""}, {"Space", " ", ""}, {"§", "§", ""}, {"\t", "", blank}, {" ", "", blank},
		{"<~>", "", "Invalid delimiter value: '<~>'. Delimiter must be a single character or TAB,SPACE\nExample valid value: ';'"},
		{`"`, "", `Invalid delimiter value: '"'. It is the character that quotes fields`},
	} {
		got, err := delimited.ParseDelimiter(tc.text)
		if got != tc.want || (err == nil) != (tc.err == "") || err != nil && err.Error() != tc.err {
			t.Errorf("%q: got %q, %v", tc.text, got, err)
		}
	}
}

// FuzzDelimited reads any text without a panic, with the same outcome for all columns and
// for one of them as far as the text splits, and what it has read it writes so that it
// reads the same again.
func FuzzDelimited(f *testing.F) {
	for _, seed := range []string{"a,1,2.5", `"a""b",,`, "\"a\r\nb\" ,-1,1E400", "\n\nx,y,z", `"`, "a\xff,1,NaN", `""`, "é,+7,0x1p3d"} {
		f.Add([]byte(seed), ",")
		f.Add([]byte(seed), "TAB")
	}
	columns := []types.Column{{Name: "A", Type: types.StringType}, {Name: "B", Type: types.IntType}, {Name: "C", Type: types.DoubleType}}
	f.Fuzz(func(t *testing.T, data []byte, delim string) {
		format := serde.Format{Name: "DELIMITED", Delimiter: delim}
		if serde.Check(format, columns) != nil {
			return
		}
		row, err := serde.DecodeRow(format, columns, data)
		d, err2 := serde.NewDecoder(format, columns, []int{0})
		if err2 != nil {
			t.Fatal(err2)
		}
		out := []*vector.Vector{vector.New(types.StringType, 1)}
		if one := d.Decode(data, out); err == nil && (one != nil || !types.Equal(out[0].Value(0), row[0])) {
			t.Fatalf("%q: all columns %v, one column %v", data, row, one)
		}
		if err != nil {
			return
		}
		text, err := serde.EncodeRow(format, columns, row)
		if err != nil {
			t.Fatal(err)
		}
		again, err := serde.DecodeRow(format, columns, text)
		for i := range row {
			if err != nil || !types.Equal(again[i], row[i]) && (row[i] == row[i] || again[i] == again[i]) {
				t.Fatalf("%q is read as %v, written as %q, and read as %v, %v", data, row, text, again, err)
			}
		}
	})
}

// BenchmarkDecode picks 3 of 10 fields; walk only looks at every byte.
func BenchmarkDecode(b *testing.B) {
	columns := make([]types.Column, 10)
	for i := range columns {
		columns[i] = types.Column{Name: fmt.Sprintf("C%d", i), Type: types.StringType}
	}
	columns[0].Type, columns[4].Type = types.BigintType, types.DoubleType
	data := []byte("100000,customer-00001,SKU-000001,7,12.50,EUR,DE,1700000000000,shipped,true")
	d, err := delimited.NewDecoder(columns, []int{0, 4, 6}, "")
	if err != nil {
		b.Fatal(err)
	}
	out := []*vector.Vector{vector.New(types.BigintType, 1024), vector.New(types.DoubleType, 1024), vector.New(types.StringType, 1024)}
	b.Run("3 of 10", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if out[0].N == 1024 {
				for _, v := range out {
					v.Reset()
				}
			}
			if err := d.Decode(data, out); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrec/s")
	})
	b.Run("walk", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		commas := 0
		for b.Loop() {
			for _, c := range data {
				if c == ',' || c == '"' {
					commas++
				}
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrec/s")
	})
}
