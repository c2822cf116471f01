package shell

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// printer writes the rows of one result as they come. Widths start with what the first
// rows need and grow when a later row needs more: a result that never ends cannot be
// measured first.
type printer struct {
	out      io.Writer
	names    []string
	numeric  []bool // right-aligned
	vertical bool
	maxWidth int // of the terminal; 0: unlimited

	widths []int
	held   [][]cell
	shown  bool // the header is out
	rows   int
}

// cell is one value; NULL is not the same as an empty string.
type cell struct {
	text string
	null bool
}

// holdRows is how many rows are measured before the header is printed.
const holdRows = 200

func (p *printer) add(row []cell) {
	p.rows++
	if p.vertical {
		p.printVertical(row)
		return
	}
	if p.shown {
		p.printRow(row)
		return
	}
	if p.held = append(p.held, row); len(p.held) >= holdRows {
		p.flush()
	}
}

// flush prints what is held back.
func (p *printer) flush() {
	if p.vertical {
		return
	}
	if !p.shown {
		p.measure()
		p.printHeader()
		p.shown = true
	}
	for _, row := range p.held {
		p.printRow(row)
	}
	p.held = p.held[:0]
}

// measure sets the widths from the names and the rows held back, and narrows the widest
// columns when the terminal is too small.
func (p *printer) measure() {
	p.widths = make([]int, len(p.names))
	for i, n := range p.names {
		p.widths[i] = runewidth.StringWidth(n)
	}
	for _, row := range p.held {
		for i, c := range row {
			p.widths[i] = max(p.widths[i], width(c))
		}
	}
	for p.maxWidth > 0 && p.total() > p.maxWidth {
		widest := 0
		for i, w := range p.widths {
			if w > p.widths[widest] {
				widest = i
			}
		}
		if p.widths[widest] <= 12 {
			return
		}
		p.widths[widest] = max(12, p.widths[widest]-(p.total()-p.maxWidth))
	}
}

func (p *printer) total() int {
	sum := 1
	for _, w := range p.widths {
		sum += w + 3
	}
	return sum
}

func width(c cell) int { return runewidth.StringWidth(display(c)) }

// display is the text of a cell on one line.
func display(c cell) string {
	if c.null {
		return "NULL"
	}
	if strings.ContainsAny(c.text, "\n\t\r") || !utf8.ValidString(c.text) {
		return strings.Trim(fmt.Sprintf("%q", c.text), `"`)
	}
	return c.text
}

func (p *printer) printHeader() {
	p.rule("┌", "┬", "┐")
	var b strings.Builder
	for i, n := range p.names {
		b.WriteString("│ " + runewidth.FillRight(runewidth.Truncate(n, p.widths[i], "…"), p.widths[i]) + " ")
	}
	fmt.Fprintln(p.out, b.String()+"│")
	p.rule("├", "┼", "┤")
}

func (p *printer) rule(left, middle, right string) {
	parts := make([]string, len(p.widths))
	for i, w := range p.widths {
		parts[i] = strings.Repeat("─", w+2)
	}
	fmt.Fprintln(p.out, left+strings.Join(parts, middle)+right)
}

func (p *printer) printRow(row []cell) {
	var b strings.Builder
	for i, c := range row {
		text := display(c)
		if w := runewidth.StringWidth(text); w > p.widths[i] && p.maxWidth == 0 {
			p.widths[i] = w
		}
		text = runewidth.Truncate(text, p.widths[i], "…")
		if p.numeric[i] {
			text = runewidth.FillLeft(text, p.widths[i])
		} else {
			text = runewidth.FillRight(text, p.widths[i])
		}
		b.WriteString("│ " + text + " ")
	}
	fmt.Fprintln(p.out, b.String()+"│")
}

func (p *printer) printVertical(row []cell) {
	wide := 0
	for _, n := range p.names {
		wide = max(wide, runewidth.StringWidth(n))
	}
	fmt.Fprintf(p.out, "─[ row %d ]%s\n", p.rows, strings.Repeat("─", max(0, wide)))
	for i, c := range row {
		fmt.Fprintf(p.out, "%s │ %s\n", runewidth.FillRight(p.names[i], wide), display(c))
	}
}

// finish ends the table.
func (p *printer) finish() {
	p.flush()
	if !p.vertical {
		p.rule("└", "┴", "┘")
	}
}
