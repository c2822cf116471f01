package render

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
)

// boxWriter draws a box. What fits in memory and ends soon is measured as a whole; a
// result that does not end cannot be, so its columns are as wide as their types ask for,
// and a value that is wider still ends the box and begins a new one.
type boxWriter struct {
	writer
	names    []string
	layout   layout
	held     [][]string // rows that are not shown yet
	nulls    [][]bool   // which of their values are NULL
	shown    bool       // the header is out
	vertical bool
}

// A result is held back until its end or until it has holdRows rows; those are enough of a
// sample when they are at least sampleRows, otherwise types decide about widths.
const (
	holdRows   = 1000
	sampleRows = 100
)

func newBox(base writer) *boxWriter {
	b := &boxWriter{writer: base, vertical: base.Expanded == On}
	for _, c := range base.columns {
		b.names = append(b.names, Escape(c.Name))
	}
	return b
}

// Add takes the next row.
func (b *boxWriter) Add(row []Cell) {
	b.rows++
	texts, nulls := make([]string, len(row)), make([]bool, len(row))
	for i, c := range row {
		if nulls[i] = c.Null; c.Null {
			texts[i] = Escape(b.null("NULL"))
		} else {
			texts[i] = Escape(b.looks[i].value(c))
		}
	}
	if b.vertical {
		b.printVertical(texts, nulls)
		return
	}
	if b.shown {
		b.printStreamed(texts, nulls)
		return
	}
	b.held, b.nulls = append(b.held, texts), append(b.nulls, nulls)
	if len(b.held) >= holdRows {
		b.Flush()
	}
}

// Flush shows what is held back although more rows may come.
func (b *boxWriter) Flush() {
	if b.vertical || b.shown && len(b.held) == 0 {
		return
	}
	if !b.shown && !b.begin(len(b.held) < sampleRows) {
		return
	}
	for i, row := range b.held {
		b.printStreamed(row, b.nulls[i])
	}
	b.held, b.nulls = nil, nil
}

// begin measures what is held and prints the header. It reports false when the result
// goes on vertically.
func (b *boxWriter) begin(reserve bool) bool {
	width := b.Screen.Width
	if b.Expanded == Off {
		width = 0
	}
	l, ok := measure(b.names, b.looks, b.held, width, reserve)
	if !ok || !reserve && b.Expanded == Auto && b.tooTall(l) {
		b.turnVertical()
		return false
	}
	b.layout, b.shown = l, true
	b.printHeader()
	return true
}

// turnVertical goes on one column a line, with the rows that are held.
func (b *boxWriter) turnVertical() {
	b.vertical = true
	held, nulls := b.held, b.nulls
	b.held, b.nulls, b.rows = nil, nil, b.rows-len(held)
	for i, row := range held {
		b.rows++
		b.printVertical(row, nulls[i])
	}
}

// tooTall says that a box needs more lines than one column a line does: texts that are
// long beside columns that leave them no room.
func (b *boxWriter) tooTall(l layout) bool {
	if b.Screen.Width == 0 {
		return false
	}
	values := b.valueWidth()
	box, vertical := 0, 0
	for _, row := range b.held {
		tallest := 1
		for i, text := range row {
			tallest = max(tallest, height(text, l.widths[i]))
			vertical += height(text, values)
		}
		box += tallest
		vertical++
	}
	return box > vertical
}

// Finish ends the table.
func (b *boxWriter) Finish(interrupted bool) {
	b.overwrite(interrupted)
	if b.vertical || !b.shown && !b.begin(false) {
		return
	}
	for i, row := range b.held {
		b.printRow(row, b.nulls[i])
	}
	b.held, b.nulls = nil, nil
	l := b.Screen.lines()
	b.rule(l.bottomLeft, l.bottomMiddle, l.bottomRight)
}

func (b *boxWriter) printHeader() {
	l := b.Screen.lines()
	b.rule(l.topLeft, l.topMiddle, l.topRight)
	if b.NoHeader {
		return
	}
	b.printLines(b.names, " _", func(i int, text string) string {
		return b.Screen.paint(bold, fill(text, b.layout.widths[i], false))
	})
	b.rule(l.left, l.middle, l.right)
}

func (b *boxWriter) rule(left, middle, right string) {
	parts := make([]string, len(b.layout.widths))
	for i, w := range b.layout.widths {
		parts[i] = strings.Repeat(b.Screen.lines().horizontal, w+2)
	}
	fmt.Fprintln(b.out, b.Screen.paint(dim, left+strings.Join(parts, middle)+right))
}

// printStreamed prints a row under a header that is out. A row that does not fit it gets
// a new header, as wide as the screen lets it be.
func (b *boxWriter) printStreamed(row []string, nulls []bool) {
	width := b.Screen.Width
	if b.Expanded == Off {
		width = 0
	}
	grown, changed, fits := b.layout.grow(b.looks, row, width)
	if !fits || changed {
		l := b.Screen.lines()
		b.rule(l.bottomLeft, l.bottomMiddle, l.bottomRight)
		b.layout = grown
	}
	if !fits { // the screen is too narrow for the numbers
		b.vertical = true
		b.printVertical(row, nulls)
		return
	}
	if changed {
		b.printHeader()
	}
	b.printRow(row, nulls)
}

// printRow prints a row; values that are wider than their column go on in a next line of
// their cell.
func (b *boxWriter) printRow(row []string, nulls []bool) {
	b.printLines(row, " ,", func(i int, text string) string {
		text = fill(text, b.layout.widths[i], b.looks[i].kind == number)
		if nulls[i] {
			return b.Screen.paint(dim, text)
		}
		return text
	})
}

// printLines prints texts side by side, each in its column, on as many lines as the
// tallest needs.
func (b *boxWriter) printLines(texts []string, behind string, paint func(i int, text string) string) {
	cells, tallest := make([][]string, len(texts)), 1
	for i, text := range texts {
		cells[i] = wrap(text, b.layout.widths[i], behind)
		tallest = max(tallest, len(cells[i]))
	}
	edge := b.Screen.paint(dim, b.Screen.lines().vertical)
	line := make([]string, len(texts))
	for n := range tallest {
		for i := range texts {
			text := ""
			if n < len(cells[i]) {
				text = cells[i][n]
			}
			line[i] = paint(i, text)
		}
		fmt.Fprintln(b.out, edge+" "+strings.Join(line, " "+edge+" ")+" "+edge)
	}
}

// nameWidth is how wide the names are that stand in front of values, one a line.
func (b *boxWriter) nameWidth() int {
	wide := 0
	for _, name := range b.names {
		wide = max(wide, runewidth.StringWidth(name))
	}
	return wide
}

// valueWidth is how wide a value may be, one a line, before it wraps; 0 is no limit.
func (b *boxWriter) valueWidth() int {
	if b.Screen.Width == 0 {
		return 0
	}
	return max(2*narrowest, b.Screen.Width-b.nameWidth()-3)
}

// printVertical prints a row as one column a line.
func (b *boxWriter) printVertical(row []string, nulls []bool) {
	wide, l := b.nameWidth(), b.Screen.lines()
	title := fmt.Sprintf("%srow %d%s", l.recordStart, b.rows, l.recordEnd)
	if !b.TuplesOnly {
		fmt.Fprintln(b.out, b.Screen.paint(dim, title+strings.Repeat(l.recordHorizontal, max(4, wide+12-runewidth.StringWidth(title)))))
	} else if b.rows > 1 {
		fmt.Fprintln(b.out)
	}
	edge := b.Screen.paint(dim, l.vertical)
	for i, text := range row {
		name := b.names[i]
		for _, line := range wrap(text, b.valueWidth(), " ,") {
			if nulls[i] {
				line = b.Screen.paint(dim, line)
			}
			fmt.Fprintf(b.out, "%s %s %s\n", b.Screen.paint(bold, runewidth.FillRight(name, wide)), edge, line)
			name = ""
		}
	}
}
