package shell

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// cell is one value; NULL is not the same as an empty string.
type cell struct {
	text string
	null bool
}

// column is a column of a result.
type column struct {
	name  string
	right bool // numbers stand at the right
	// reserve is the width that values of the type usually have. A result that is shown
	// before its end keeps it free, because wider values may follow.
	reserve int
	boolean bool // t and f on the wire
}

// printer writes the rows of one result as they come. What fits in memory and ends soon is
// measured as a whole; a result that does not end cannot be, so its columns are as wide as
// their types ask for, and a value that is wider still ends the box and begins a new one.
type printer struct {
	out      io.Writer
	screen   Screen
	columns  []column
	vertical bool

	layout layout
	held   [][]cell
	shown  bool // the header is out
	rows   int
}

// A result is held back until its end or until it has holdRows rows; those are enough of a
// sample when they are at least sampleRows, otherwise types decide about widths.
const (
	holdRows   = 1000
	sampleRows = 100
)

// add takes the next row.
func (p *printer) add(row []cell) {
	p.rows++
	for i := range row {
		if p.columns[i].boolean && !row[i].null {
			row[i].text = booleanText(row[i].text)
		}
	}
	switch {
	case p.vertical:
		p.printVertical(row)
	case p.shown:
		p.printStreamed(row)
	default:
		if p.held = append(p.held, row); len(p.held) >= holdRows {
			p.flush()
		}
	}
}

// booleanText spells a boolean out, which the wire shortens to a letter.
func booleanText(text string) string {
	switch text {
	case "t":
		return "true"
	case "f":
		return "false"
	}
	return text
}

// flush shows what is held back although more rows may come.
func (p *printer) flush() {
	if p.vertical || p.shown && len(p.held) == 0 {
		return
	}
	if !p.shown && !p.begin(len(p.held) < sampleRows) {
		return
	}
	for _, row := range p.held {
		p.printStreamed(row)
	}
	p.held = p.held[:0]
}

// begin measures what is held and prints the header. It reports false when the screen is
// so narrow that the result goes on vertically.
func (p *printer) begin(reserve bool) bool {
	l, ok := measure(p.columns, p.held, p.screen.Width, reserve)
	if !ok {
		p.vertical = true
		held := p.held
		p.held, p.rows = nil, 0
		for _, row := range held {
			p.rows++
			p.printVertical(row)
		}
		return false
	}
	p.layout, p.shown = l, true
	p.printHeader()
	return true
}

// finish ends the table. interrupted says that it was Ctrl-C that ended it: the terminal
// has echoed ^C, which the last line overwrites.
func (p *printer) finish(interrupted bool) {
	if interrupted && p.screen.Terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	if p.vertical || !p.shown && !p.begin(false) {
		return
	}
	for _, row := range p.held {
		p.printWrapped(row)
	}
	l := p.screen.lines()
	p.rule(l.bottomLeft, l.bottomMiddle, l.bottomRight)
}

func (p *printer) printHeader() {
	l := p.screen.lines()
	p.rule(l.topLeft, l.topMiddle, l.topRight)
	texts := make([]string, len(p.columns))
	for i, c := range p.columns {
		texts[i] = p.screen.paint(bold, fit(c.name, p.layout.widths[i], false, l.ellipsis))
	}
	p.line(texts)
	p.rule(l.left, l.middle, l.right)
}

func (p *printer) rule(left, middle, right string) {
	parts := make([]string, len(p.layout.widths))
	for i, w := range p.layout.widths {
		parts[i] = strings.Repeat(p.screen.lines().horizontal, w+2)
	}
	fmt.Fprintln(p.out, p.screen.paint(dim, left+strings.Join(parts, middle)+right))
}

// line prints cells that have their widths.
func (p *printer) line(texts []string) {
	edge := p.screen.paint(dim, p.screen.lines().vertical)
	fmt.Fprintln(p.out, edge+" "+strings.Join(texts, " "+edge+" ")+" "+edge)
}

// printStreamed prints a row under a header that is out. A row that does not fit it gets
// a new header, as wide as the screen lets it be.
func (p *printer) printStreamed(row []cell) {
	if grown, ok := p.layout.grow(row, p.screen.Width); ok {
		l := p.screen.lines()
		p.rule(l.bottomLeft, l.bottomMiddle, l.bottomRight)
		p.layout = grown
		p.printHeader()
	}
	texts := make([]string, len(row))
	for i, c := range row {
		texts[i] = p.paintCell(c, fit(display(c), p.layout.widths[i], p.columns[i].right, p.screen.lines().ellipsis))
	}
	p.line(texts)
}

// wrapLines is how many lines a value may take in its cell before it is cut.
const wrapLines = 16

// printWrapped prints a row of a result that is known as a whole: values that are wider
// than the screen allows go on in a next line of their cell.
func (p *printer) printWrapped(row []cell) {
	cells, height := make([][]string, len(row)), 1
	for i, c := range row {
		cells[i] = wrap(display(c), p.layout.widths[i], wrapLines, p.screen.lines().ellipsis)
		height = max(height, len(cells[i]))
	}
	for n := range height {
		texts := make([]string, len(row))
		for i, c := range row {
			text := ""
			if n < len(cells[i]) {
				text = cells[i][n]
			}
			texts[i] = p.paintCell(c, fit(text, p.layout.widths[i], p.columns[i].right, p.screen.lines().ellipsis))
		}
		p.line(texts)
	}
}

func (p *printer) paintCell(c cell, text string) string {
	if c.null {
		return p.screen.paint(dim, text)
	}
	return text
}

// printVertical prints a row as one column a line; values are whole, whatever their width.
func (p *printer) printVertical(row []cell) {
	wide := 0
	for _, c := range p.columns {
		wide = max(wide, runewidth.StringWidth(c.name))
	}
	l := p.screen.lines()
	title := fmt.Sprintf("%srow %d%s", l.recordStart, p.rows, l.recordEnd)
	fmt.Fprintln(p.out, p.screen.paint(dim, title+strings.Repeat(l.recordHorizontal, max(4, wide+12-runewidth.StringWidth(title)))))
	for i, c := range row {
		fmt.Fprintf(p.out, "%s %s %s\n", p.screen.paint(bold, runewidth.FillRight(p.columns[i].name, wide)),
			p.screen.paint(dim, l.vertical), p.paintCell(c, display(c)))
	}
}
