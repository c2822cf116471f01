package shell

import (
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-runewidth"
)

var typeOIDs = map[string]uint32{"bool": 16, "int": 23, "bigint": 20, "double": 701, "decimal": 1700, "text": 25,
	"date": 1082, "time": 1083, "timestamp": 1114}

// TestTable prints results. The first line of the input names the columns, as name:type,
// the others are rows; cells stand between |, NULL is NULL, and a cell in double quotes
// has Go's escapes. Arguments: width of the screen (0 is a pipe), ascii, color, vertical,
// push=n (n rows are shown before the rest is known), interrupted.
func TestTable(t *testing.T) {
	datadriven.RunTest(t, "testdata/table", func(t *testing.T, d *datadriven.TestData) string {
		width, push := 0, 0
		d.MaybeScanArgs(t, "width", &width)
		pushed := d.MaybeScanArgs(t, "push", &push)
		screen := Screen{Width: width, Terminal: width > 0, Unicode: width > 0 && !d.HasArg("ascii"), Color: d.HasArg("color")}
		var out strings.Builder
		s := &Shell{out: &out, vertical: d.HasArg("vertical"), opts: Options{Screen: func() Screen { return screen }}}
		header, rows, _ := strings.Cut(d.Input, "\n")
		var fields []pgconn.FieldDescription
		for _, c := range strings.Split(header, "|") {
			name, typ, _ := strings.Cut(strings.TrimSpace(c), ":")
			fields = append(fields, pgconn.FieldDescription{Name: name, DataTypeOID: typeOIDs[typ]})
		}
		p := s.newPrinter(fields)
		n := 0
		for row := range strings.Lines(rows) {
			if pushed && n == push {
				p.flush()
			}
			p.add(parseRow(t, strings.TrimSuffix(row, "\n")))
			n++
		}
		if pushed && n <= push {
			p.flush()
		}
		p.finish(d.HasArg("interrupted"))
		for line := range strings.Lines(out.String()) {
			if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); width > 0 && !p.vertical && !screen.Color && w > width && !strings.HasPrefix(line, "\r") {
				t.Errorf("%s: a line is %d wide:\n%s", d.Pos, w, line)
			}
		}
		return strings.NewReplacer("\x1b", `\e`, "\r", `\r`).Replace(out.String())
	})
}

func parseRow(t *testing.T, row string) []cell {
	var cells []cell
	for _, text := range strings.Split(row, "|") {
		text = strings.TrimSpace(text)
		c := cell{text: text, null: text == "NULL"}
		if strings.HasPrefix(text, `"`) {
			var err error
			if c.text, err = strconv.Unquote(text); err != nil {
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
