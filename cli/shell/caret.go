package shell

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-runewidth"

	"tailrace/cli/shell/render"
)

// printError shows an error as psql does: where it happened when that is a script, the
// message, the line with a caret under the fault, detail and hint.
func (s *Shell) printError(text, where string, e *pgconn.PgError) {
	paint := func(style, t string) string { return Screen{Color: s.opts.ErrColor}.Paint(style, t) }
	if where != "" {
		where += ": "
	}
	s.printFault(where+paint(render.Red, e.Severity+":"), len(where+e.Severity)+3, e.Message)
	if line, column, number, ok := lineAt(text, int(e.Position)); ok {
		prefix := fmt.Sprintf("LINE %d: ", number)
		line, column = window(line, column, s.screen().Width-len(prefix))
		fmt.Fprintf(s.errOut, "%s%s\n%s%s\n", prefix, line, strings.Repeat(" ", len(prefix)+column), paint(render.Red, "^"))
	}
	if e.Detail != "" {
		s.printFault("DETAIL:", 9, e.Detail)
	}
	if e.Hint != "" {
		s.printFault(paint(render.Yellow, "HINT:"), 7, e.Hint)
	}
}

// printFault prints a sentence behind a label that takes some columns. On a terminal words
// stay whole where it goes on in the next line.
func (s *Shell) printFault(label string, columns int, text string) {
	width := s.screen().Width
	for _, line := range strings.Split(text, "\n") {
		for first := true; first || line != ""; first = false {
			part := line
			if room := width - columns; width > 0 {
				part = render.Wrap(line, max(20, room))[0]
			}
			rest := strings.TrimLeft(line[len(part):], " ")
			if label != "" {
				part = label + "  " + part
			}
			fmt.Fprintln(s.errOut, part)
			label, columns, line = "", 0, rest
		}
	}
}

// lineAt finds the line of a position, which counts characters from 1 as Postgres' field P
// does, and the column of the terminal that it stands in. Tabs count and print as one
// space, control characters as nothing that moves the cursor.
func lineAt(text string, position int) (line string, column, number int, ok bool) {
	if position <= 0 {
		return "", 0, 0, false
	}
	at := position - 1
	for i, l := range strings.Split(text, "\n") {
		n := utf8.RuneCountInString(l)
		if at > n {
			at -= n + 1
			continue
		}
		runes := []rune(strings.ReplaceAll(strings.TrimSuffix(l, "\r"), "\t", " "))
		at = min(at, len(runes))
		before := render.Escape(string(runes[:at]))
		return before + render.Escape(string(runes[at:])), runewidth.StringWidth(before), i + 1, true
	}
	return "", 0, 0, false
}

// window cuts a line that is longer than a width to the part around a column, with "..."
// where something is missing. A width that is not positive is no limit.
func window(line string, column, width int) (string, int) {
	const dots = "..."
	if width <= 0 || runewidth.StringWidth(line) <= width || width < 20 {
		return line, column
	}
	start := 0 // the first column that is shown
	if column > width*2/3 {
		start = column - width/2
	}
	var b strings.Builder
	at, shown := 0, 0
	if start > 0 {
		b.WriteString(dots)
		shown = len(dots)
	}
	caret := 0
	for _, r := range line {
		w := runewidth.RuneWidth(r)
		if at == column {
			caret = shown
		}
		if at >= start {
			if shown+w > width-len(dots) {
				b.WriteString(dots)
				break
			}
			b.WriteRune(r)
			shown += w
		}
		at += w
	}
	if at == column { // behind the last character
		caret = shown
	}
	return b.String(), caret
}
