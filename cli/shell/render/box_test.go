package render

import (
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/mattn/go-runewidth"
)

var typeOIDs = map[string]uint32{"bool": 16, "int": 23, "bigint": 20, "double": 701, "decimal": 1700, "text": 25,
	"json": 114, "ints": 1007, "texts": 1009, "date": 1082, "time": 1083, "timestamp": 1114}

// TestTable prints results. The first line of the input names the columns, as name:type,
// the others are rows; cells stand between |, NULL is NULL, and a cell in double quotes
// has Go's escapes. Arguments: width of the screen (0 is a pipe), ascii, color, vertical,
// push=n (n rows are shown before the rest is known), records (of a topic), interrupted,
// and those of applyArgs.
func TestTable(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) { testTables(t, path) })
}

func testTables(t *testing.T, path string) {
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		width, push := 0, 0
		d.MaybeScanArgs(t, "width", &width)
		pushed := d.MaybeScanArgs(t, "push", &push)
		screen := Screen{Width: width, Terminal: width > 0, Unicode: width > 0 && !d.HasArg("ascii"), Color: d.HasArg("color")}
		var out strings.Builder
		header, rows, _ := strings.Cut(d.Input, "\n")
		var columns []Column
		for _, c := range strings.Split(header, "|") {
			name, typ, _ := strings.Cut(strings.TrimSpace(c), ":")
			columns = append(columns, Column{Name: name, OID: typeOIDs[typ]})
		}
		o := Options{Screen: screen}
		if d.HasArg("vertical") {
			o.Expanded = On
		}
		kind := Whole
		if pushed {
			kind = Live
		}
		if d.HasArg("records") {
			kind = Records
		}
		applyArgs(t, d, &o)
		p := New(&out, columns, kind, o)
		n := 0
		for row := range strings.Lines(rows) {
			if pushed && n == push {
				p.Flush()
			}
			p.Add(parseRow(t, strings.TrimSuffix(row, "\n")))
			n++
		}
		if pushed && n <= push {
			p.Flush()
		}
		p.Finish(d.HasArg("interrupted"))
		for line := range strings.Lines(out.String()) {
			if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); width > 0 && !screen.Color && o.Format == Aligned && kind != Records && o.Expanded != Off && w > width && !strings.HasPrefix(line, "\r") {
				t.Errorf("%s: a line is %d wide:\n%s", d.Pos, w, line)
			}
		}
		return strings.NewReplacer("\x1b", `\e`, "\r", `\r`).Replace(out.String())
	})
}

// applyArgs sets what the arguments say: format=, expanded=, null=, separator=, no-header,
// tuples-only.
func applyArgs(t *testing.T, d *datadriven.TestData, o *Options) {
	t.Helper()
	var format, expanded, null string
	if d.MaybeScanArgs(t, "format", &format) {
		var err error
		if o.Format, err = ParseFormat(format); err != nil {
			d.Fatalf(t, "%v", err)
		}
	}
	if d.MaybeScanArgs(t, "expanded", &expanded) {
		o.Expanded = map[string]Expanded{"auto": Auto, "on": On, "off": Off}[expanded]
	}
	if d.MaybeScanArgs(t, "null", &null) {
		o.Null = &null
	}
	d.MaybeScanArgs(t, "separator", &o.Separator)
	o.NoHeader, o.TuplesOnly = d.HasArg("no-header"), d.HasArg("tuples-only")
}

func parseRow(t *testing.T, row string) []Cell {
	var cells []Cell
	for _, text := range strings.Split(row, "|") {
		text = strings.TrimSpace(text)
		c := Cell{Text: text, Null: text == "NULL"}
		if strings.HasPrefix(text, `"`) {
			var err error
			if c.Text, err = strconv.Unquote(text); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		cells = append(cells, c)
	}
	return cells
}

func TestScreenOf(t *testing.T) {
	for _, tc := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, true},
		{map[string]string{"LANG": "de_DE.UTF-8"}, true},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LANG": "C", "LC_ALL": "C.utf8"}, true},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_CTYPE": "POSIX"}, false},
	} {
		if got := isUTF8(func(n string) string { return tc.env[n] }); got != tc.want {
			t.Errorf("isUTF8(%v) = %v", tc.env, got)
		}
	}
}
