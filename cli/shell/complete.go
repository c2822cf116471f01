package shell

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// completer completes what is typed by what may stand in its place (spot.go, offers.go), with the
// names that the server knows (catalog.go).
type completer struct {
	shell   *Shell
	pending string    // the lines of the statement above the present one
	list    io.Writer // where candidates are listed; prints above the prompt
	names   *catalog  // nil: to be fetched
	asked   string    // the line of the last Tab that could not decide
}

func newCompleter(s *Shell) *completer { return &completer{shell: s} }

// forget drops the names, because a statement may have changed them.
func (c *completer) forget() { c.names = nil }

// Do implements readline.AutoCompleter. It completes as far as the candidates agree; a
// second Tab at the same place lists them, and how the function is called whose arguments
// are typed.
func (c *completer) Do(line []rune, pos int) (rests [][]rune, length int) {
	before, after := string(line[:pos]), string(line[pos:])
	done := c.complete(before, after)
	again := c.asked == before
	c.asked = ""
	switch {
	case done.rest != "":
		return [][]rune{[]rune(done.rest)}, len([]rune(done.word))
	case done.word == "" && !done.inQuotes && (strings.TrimSpace(before) == "" || !strings.HasSuffix(before, " ") && !strings.HasSuffix(before, "(") && !strings.HasSuffix(before, ".")):
		if before != "" || c.pending != "" { // a tab that was pasted is white space
			return [][]rune{[]rune(" ")}, 0
		}
	}
	if again && (len(done.all) > 1 || done.function != "") {
		c.show(done)
	} else {
		c.asked = before
	}
	return nil, 0
}

// completion is what can be done at a place.
type completion struct {
	word     string   // that is completed
	rest     string   // what all candidates agree to add to it
	all      []string // the candidates
	function string   // whose arguments are typed; empty outside of a call
	inQuotes bool
}

// complete finds the candidates for the word that ends a text.
func (c *completer) complete(before, after string) completion {
	text := c.pending + before
	p := spotOf(text, after)
	p.completer = c
	done := completion{word: p.word, inQuotes: p.quote != outside, function: p.function()}
	if p.quote == inComment {
		return done
	}
	for _, offers := range p.offers() {
		if offers.kind == names && (p.quote == inBacktick || p.quote == inQuoted) {
			offers.kind = exact
		}
		if done.all = offers.matching(p.word, p.style()); len(done.all) > 0 || done.function != "" && p.word == "" {
			break // how the function is called says more than all that there is
		}
	}
	if len(done.all) == 0 {
		return done
	}
	common := done.all[0]
	for _, a := range done.all[1:] {
		for !strings.HasPrefix(a, common) {
			common = common[:len(common)-1]
		}
	}
	done.rest = strings.ToValidUTF8(common[min(len(p.word), len(common)):], "")
	if len(done.all) == 1 {
		done.rest += p.closing(common)
	}
	return done
}

// offers is candidates of one kind.
type offers struct {
	texts []string
	kind  offerKind
}

type offerKind byte

const (
	keywords offerKind = iota // in the letters in which the rest is typed
	names                     // of SQL: in capitals, or quoted
	exact                     // as they are: topics, settings, files
)

// style is how keywords and names are written.
type style byte

const (
	upper style = iota
	lower
)

// matching returns the offers that go on from a word, as they would be typed.
func (o offers) matching(word string, s style) []string {
	var out []string
	for _, text := range o.texts {
		switch {
		case o.kind == exact:
			if strings.HasPrefix(text, word) {
				out = append(out, text)
			}
			continue
		case o.kind == names && text != strings.ToUpper(text): // without quotes it would be another name
			if word == "" {
				out = append(out, quoteName(text))
			}
			continue
		case len(text) < len(word) || !strings.EqualFold(text[:len(word)], word):
			continue
		}
		if s == lower {
			text = strings.ToLower(text)
		}
		out = append(out, word+text[len(word):])
	}
	sort.Strings(out)
	return slices.Compact(out)
}

// styleOf says how somebody writes who has typed a text: in small letters or in capitals.
func styleOf(text string) style {
	for _, r := range text {
		switch {
		case unicode.IsLower(r):
			return lower
		case unicode.IsUpper(r):
			return upper
		}
	}
	return upper
}

// listWidth is how wide a list of candidates is at most where the screen has no width, and
// listHeight how many lines it has.
const (
	listWidth  = 80
	listHeight = 20
)

// show lists the signatures of a function, and candidates in columns, above the prompt.
func (c *completer) show(done completion) {
	if c.list == nil {
		return
	}
	screen := c.shell.screen()
	width, height := screen.Width, screen.Height-3
	if width == 0 {
		width = listWidth
	}
	if height <= 0 {
		height = listHeight
	}
	var b strings.Builder
	all := done.all
	if done.function != "" && done.word == "" {
		for _, line := range c.signaturesOf(done.function) {
			if !screen.Unicode && screen.Terminal {
				line = strings.ReplaceAll(line, "→", "->")
			}
			fmt.Fprintln(&b, line)
			height--
		}
	}
	wide := 0
	for _, a := range all {
		wide = max(wide, runewidth.StringWidth(a))
	}
	perLine := max(1, width/(wide+2))
	left := 0
	if fits := perLine * max(1, height-1); len(all) > fits {
		left, all = len(all)-fits, all[:fits]
	}
	for i, a := range all {
		if i > 0 && i%perLine == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(runewidth.FillRight(a, wide+2))
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n... and %d more", left)
	}
	fmt.Fprintln(c.list, strings.TrimRight(b.String(), "\n"))
}
