package shell

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestError prints errors at the place that is marked with ^^ in the statement: as many
// times as it is marked. \t is a tab.
func TestError(t *testing.T) {
	datadriven.RunTest(t, "testdata/error", func(t *testing.T, d *datadriven.TestData) string {
		width, where := 0, ""
		d.MaybeScanArgs(t, "width", &width)
		d.MaybeScanArgs(t, "where", &where)
		text := strings.ReplaceAll(d.Input, `\t`, "\t")
		var out strings.Builder
		for {
			before, after, found := strings.Cut(text, "^^")
			if !found {
				break
			}
			text = before + after
			s := &Shell{errOut: &out, opts: Options{Screen: func() Screen { return Screen{Width: width} }, ErrColor: d.HasArg("color")}}
			e := &pgconn.PgError{Severity: "ERROR", Message: "it is wrong", Position: int32(len([]rune(before)) + 1)}
			if d.HasArg("message") {
				e.Message, e.Hint = "it is wrong in a way that takes many words to tell, more than a line has\nand more lines", "Do it right, or somebody will have to do it in your place."
			}
			if d.HasArg("hint") {
				e.Detail, e.Hint = "Because.", "Do it right."
			}
			s.printError(strings.ReplaceAll(text, "^^", ""), where, e)
			for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
				if width > 0 && len([]rune(line)) > width {
					t.Errorf("%s: wider than the screen: %s", d.Pos, line)
				}
			}
		}
		return strings.ReplaceAll(out.String(), "\x1b", `\e`)
	})
}
