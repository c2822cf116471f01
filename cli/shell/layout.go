package shell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// layout is the widths of the columns of a box, in terminal cells.
type layout struct {
	widths []int
	used   []int // the widest that was needed so far; the rest is reserve
}

// narrowest is how narrow a column may be made to fit a screen. Below it a box says
// nothing, and the result is better shown vertically.
const narrowest = 6

// measure lays out columns for the rows known so far. With reserve, columns get the width
// that their types usually need, as far as the screen has it. ok is false when the screen
// is too narrow for a box.
func measure(columns []column, rows [][]cell, screen int, reserve bool) (l layout, ok bool) {
	l.widths = make([]int, len(columns))
	for i, c := range columns {
		l.widths[i] = max(1, runewidth.StringWidth(c.name))
	}
	for _, row := range rows {
		for i, c := range row {
			l.widths[i] = max(l.widths[i], cellWidth(c))
		}
	}
	l.used = append([]int(nil), l.widths...)
	if reserve {
		l.spread(columns, screen)
	}
	return l, l.shrink(screen)
}

// spread widens columns to what their types ask for, from the left, with the room that
// the screen has.
func (l *layout) spread(columns []column, screen int) {
	for i, c := range columns {
		more := max(0, c.reserve-l.widths[i])
		if screen > 0 {
			more = min(more, max(0, screen-l.total()))
		}
		l.widths[i] += more
	}
}

// shrink narrows the widest columns until the box fits the screen.
func (l *layout) shrink(screen int) (ok bool) {
	for screen > 0 && l.total() > screen {
		widest := 0
		for i, w := range l.widths {
			if w > l.widths[widest] {
				widest = i
			}
		}
		if l.widths[widest] <= narrowest {
			return false
		}
		l.widths[widest]--
	}
	return true
}

// grow returns the layout that a row needs which is wider than the present one, with some
// room for the next; ok is false when nothing changes. When the screen has no room left,
// other columns give up what they reserve and have not used.
func (l *layout) grow(row []cell, screen int) (grown layout, ok bool) {
	room := 1 << 30
	if screen > 0 {
		room = screen - l.total()
	}
	for i, c := range row {
		need := cellWidth(c)
		l.used[i] = max(l.used[i], min(need, l.widths[i]))
		if need <= l.widths[i] {
			continue
		}
		if grown.widths == nil {
			grown = layout{append([]int(nil), l.widths...), l.used}
		}
		want := need + min(need/4, 16) - l.widths[i]
		if want > room {
			room += grown.reclaim(want-room, i)
		}
		more := max(0, min(want, room))
		grown.widths[i] += more
		room -= more
		ok = ok || more > 0
	}
	return grown, ok
}

// reclaim takes up to n cells of width from columns that have not used them, and returns
// how many it got.
func (l *layout) reclaim(n, except int) (got int) {
	for i := range l.widths {
		if give := min(l.widths[i]-l.used[i], n-got); i != except && give > 0 {
			l.widths[i] -= give
			got += give
		}
	}
	return got
}

// total is the width of the box with its edges.
func (l *layout) total() int {
	sum := 1
	for _, w := range l.widths {
		sum += w + 3
	}
	return sum
}

func cellWidth(c cell) int { return runewidth.StringWidth(display(c)) }

// display is the text of a cell on one line. Control characters are escaped: a value must
// not be able to steer the terminal.
func display(c cell) string {
	if c.null {
		return "NULL"
	}
	for i := 0; i < len(c.text); i++ {
		if c.text[i] < ' ' || c.text[i] >= 0x7f {
			return escape(c.text)
		}
	}
	return c.text
}

// escape writes control characters, bidirectional overrides and bytes that are not UTF-8
// as Go writes them in strings.
func escape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.Is(unicode.Bidi_Control, r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// fit cuts or fills a text to exactly a width.
func fit(text string, width int, right bool, ellipsis string) string {
	text = runewidth.Truncate(text, width, ellipsis)
	if right {
		return runewidth.FillLeft(text, width)
	}
	return runewidth.FillRight(text, width)
}

// wrap breaks a text into lines of a width, after a space or comma where there is one
// behind the first third of the line. What is beyond limit lines is cut.
func wrap(text string, width, limit int, ellipsis string) []string {
	var out []string
	for runewidth.StringWidth(text) > width {
		if len(out) == limit-1 {
			return append(out, runewidth.Truncate(text, width, ellipsis))
		}
		cut := len(runewidth.Truncate(text, width, ""))
		if cut == 0 { // a rune that is wider than the column
			_, cut = utf8.DecodeRuneInString(text)
		}
		if at := strings.LastIndexAny(text[:min(cut+1, len(text))], " ,"); at >= cut/3 {
			cut = min(at+1, cut)
			if text[at] == ' ' {
				cut = at + 1
			}
		}
		out = append(out, strings.TrimRight(text[:cut], " "))
		text = text[cut:]
	}
	return append(out, text)
}
