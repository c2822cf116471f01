package render

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
	// used is what each column has needed so far: a number or a time its whole width, a
	// text no more than its column gives it. The rest of a width is reserve.
	used []int
	// least is how narrow each column may be made: a text wraps, a number does not.
	least []int
}

// narrowest is how narrow a column of text may be made to fit a screen. Below it a box
// says nothing, and the result is better shown one column a line.
const narrowest = 8

// measure lays out columns for the rows known so far. With reserve, columns get the width
// that their types usually need, as far as the screen has it. ok is false when the screen
// is too narrow for a box.
func measure(names []string, looks []look, rows [][]string, screen int, reserve bool) (l layout, ok bool) {
	l.widths, l.least = make([]int, len(names)), make([]int, len(names))
	for _, row := range rows {
		for i, text := range row {
			l.widths[i] = max(l.widths[i], runewidth.StringWidth(text))
		}
	}
	for i, k := range looks {
		l.least[i] = l.widths[i]
		if !k.rigid() {
			l.least[i] = min(l.least[i], narrowest)
		}
		name := max(1, runewidth.StringWidth(names[i]))
		l.least[i] = max(l.least[i], min(name, narrowest)) // a name wraps too
		l.widths[i] = max(l.widths[i], name)
	}
	l.used = append([]int(nil), l.widths...)
	if reserve {
		l.spread(looks, screen)
	}
	return l, l.shrink(screen)
}

// spread widens columns to what their types ask for, with the room that the screen has:
// first those whose values do not wrap, then the others, the narrowest first.
func (l *layout) spread(looks []look, screen int) {
	for _, rigid := range []bool{true, false} {
		for screen <= 0 || l.total() < screen {
			at := -1
			for i, k := range looks {
				if k.rigid() == rigid && l.widths[i] < k.reserve && (at < 0 || l.widths[i] < l.widths[at]) {
					at = i
				}
			}
			if at < 0 {
				break
			}
			l.widths[at]++
		}
	}
}

// shrink narrows the widest columns until the box fits the screen.
func (l *layout) shrink(screen int) (ok bool) {
	for screen > 0 && l.total() > screen {
		widest := -1
		for i, w := range l.widths {
			if w > l.least[i] && (widest < 0 || w > l.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return false
		}
		l.widths[widest]--
		l.used[widest] = min(l.used[widest], l.widths[widest])
	}
	return true
}

// grow returns the layout that a row needs which is wider than the present one, with some
// room for the next. When the screen has no room left, columns first give up what they
// reserve and have not used, then texts are made narrower: for a number as far as they may
// be, for another text down to an equal share of the screen. changed is false when the row
// fits as it is, or no room can be found for it: its texts wrap. fits is false when a
// number does not fit.
func (l *layout) grow(looks []look, row []string, screen int) (grown layout, changed, fits bool) {
	grown = layout{append([]int(nil), l.widths...), append([]int(nil), l.used...), append([]int(nil), l.least...)}
	fits = true
	for i, text := range row {
		need := runewidth.StringWidth(text)
		rigid := looks[i].rigid()
		if rigid {
			grown.least[i] = max(grown.least[i], need)
		}
		grown.used[i] = max(grown.used[i], min(need, grown.widths[i]))
		if need <= grown.widths[i] {
			continue
		}
		want := need + min(need/4, 16) - grown.widths[i]
		if screen > 0 {
			room := screen - grown.total()
			if want > room {
				room += grown.reclaim(want-room, i, grown.used)
			}
			must, floor := need-grown.widths[i], grown.least
			if !rigid {
				must, floor = min(need, grown.share(screen))-grown.widths[i], grown.atLeast(grown.share(screen))
			}
			if must > room {
				room += grown.reclaim(must-room, i, floor)
				fits = fits && (must <= room || !rigid)
			}
			want = max(0, min(want, room))
		}
		grown.widths[i] += want
		grown.used[i] = min(need, grown.widths[i])
		changed = changed || want > 0
	}
	if !changed { // what was used is worth remembering all the same
		l.used, l.least = grown.used, grown.least
	}
	return grown, changed, fits
}

// reclaim takes up to n cells of width from the other columns, down to a floor, and
// returns how many it got. The widest give first.
func (l *layout) reclaim(n, except int, floor []int) (got int) {
	for got < n {
		from := -1
		for i := range l.widths {
			if i != except && l.widths[i] > floor[i] && (from < 0 || l.widths[i] > l.widths[from]) {
				from = i
			}
		}
		if from < 0 {
			return got
		}
		l.widths[from]--
		l.used[from] = min(l.used[from], l.widths[from])
		got++
	}
	return got
}

// share is the width of each column if all had the same.
func (l *layout) share(screen int) int {
	n := len(l.widths)
	return max(narrowest, (screen-1)/max(1, n)-3)
}

// atLeast are the least widths of all columns, but not below a width.
func (l *layout) atLeast(width int) []int {
	out := make([]int, len(l.least))
	for i, n := range l.least {
		out[i] = max(n, width)
	}
	return out
}

// total is the width of the box with its edges.
func (l *layout) total() int {
	sum := 1
	for _, w := range l.widths {
		sum += w + 3
	}
	return sum
}

// Escape writes control characters, bidirectional overrides and bytes that are not UTF-8
// as Go writes them in strings: a value must not be able to steer the terminal.
func Escape(text string) string { return escape(text, "") }

// escape is Escape but for some characters that stay as they are.
func escape(text, except string) string {
	plain := true
	for i := 0; i < len(text) && plain; i++ {
		plain = text[i] >= ' ' && text[i] < 0x7f
	}
	if plain {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case strings.ContainsRune(except, r):
			b.WriteRune(r)
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

// fill fills a text up to a width.
func fill(text string, width int, right bool) string {
	if right {
		return runewidth.FillLeft(text, width)
	}
	return runewidth.FillRight(text, width)
}

// wrap breaks a text into lines of a width, behind one of some characters where there is
// one behind the first third of the line, between two characters otherwise. A width that
// is not positive is no limit.
func wrap(text string, width int, behind string) []string {
	if width <= 0 {
		return []string{text}
	}
	var out []string
	for {
		// A line is found in a piece that surely holds one, so that long texts cost no more
		// than they are long.
		piece := text
		if n := 8*width + 64; len(piece) > n {
			for n > 0 && !utf8.RuneStart(piece[n]) {
				n--
			}
			piece = piece[:n]
		} else if runewidth.StringWidth(piece) <= width {
			return append(out, text)
		}
		cut := len(runewidth.Truncate(piece, width, ""))
		if cut == 0 { // a character that is wider than the column
			_, cut = utf8.DecodeRuneInString(text)
		}
		if cut == len(text) {
			return append(out, text)
		}
		if at := strings.LastIndexAny(text[:min(cut+1, len(text))], behind); at >= cut/3 {
			cut = min(at+1, cut)
			if text[at] == ' ' {
				cut = at + 1
			}
		}
		out = append(out, strings.TrimRight(text[:cut], " "))
		text = text[cut:]
	}
}

// height is about how many lines wrap makes of a text.
func height(text string, width int) int {
	return max(1, (runewidth.StringWidth(text)+width-1)/max(1, width))
}

// Wrap breaks a text into lines of a width.
func Wrap(text string, width int) []string { return wrap(text, width, " ") }
