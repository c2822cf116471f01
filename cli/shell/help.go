package shell

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

	"tailrace/cli/shell/render"
	"tailrace/cli/shell/syntax"
	"tailrace/sql/sqlerr"
)

// helpOn is \h: the statements there are, or how one is written.
func helpOn(s *Shell, _ context.Context, arg string) error {
	words := strings.Trim(arg, "; \t")
	if words == "" {
		return s.page(listStatements)
	}
	found := syntax.Find(words)
	if found == nil {
		first, _, _ := strings.Cut(words, " ")
		if near := sqlerr.Closest(first, firstWords()); near != "" {
			return fmt.Errorf(`there is no help on %q; did you mean \h %s? \h lists the statements`, words, near)
		}
		return fmt.Errorf(`there is no help on %q; \h lists the statements, \? the commands of the shell, \df NAME explains a function`, words)
	}
	return s.page(func(w io.Writer, screen Screen) {
		for i, st := range found {
			if i > 0 {
				fmt.Fprintln(w)
			}
			explain(w, screen, st)
		}
	})
}

// firstWords are the words that statements begin with.
func firstWords() []string {
	var out []string
	for _, name := range syntax.Names() {
		first, _, _ := strings.Cut(name, " ")
		out = append(out, first)
	}
	return out
}

// listStatements lists the names of all statements with what they do.
func listStatements(w io.Writer, screen Screen) {
	fmt.Fprint(w, "\\h STATEMENT explains one, as in \\h create stream; \\? lists the commands of the shell.\n\n")
	for i, section := range syntax.Sections {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, screen.Paint(render.Bold, section.Title))
		for _, st := range section.Statements {
			printUsage(w, st.Name, st.Short, screen.Width)
		}
	}
}

// textWidth is how wide lines of explanation are at most: longer ones are hard to read.
const textWidth = 100

// explain prints what there is to know about a statement.
func explain(w io.Writer, screen Screen, st syntax.Statement) {
	width := textWidth
	if screen.Width > 0 {
		width = min(width, screen.Width)
	}
	fmt.Fprintf(w, "%s: %s\n\n", screen.Paint(render.Bold, st.Name), st.Short)
	indented(w, st.Syntax, width)
	for _, paragraph := range strings.Split(st.Text, "\n\n") {
		if paragraph = strings.Join(strings.Fields(linkless(paragraph)), " "); paragraph != "" {
			fmt.Fprintln(w)
			for _, line := range render.Wrap(paragraph, width) {
				fmt.Fprintln(w, line)
			}
		}
	}
	fmt.Fprintf(w, "\n%s\n", screen.Paint(render.Dim, "Example:"))
	indented(w, st.Example, width)
}

// linkless writes links of Markdown as the names of the pages.
func linkless(text string) string {
	for {
		at := strings.Index(text, "](")
		if at < 0 {
			return text
		}
		end := strings.IndexByte(text[at:], ')')
		open := strings.LastIndexByte(text[:at], '[')
		if end < 0 || open < 0 {
			return text
		}
		text = text[:open] + "docs/" + text[open+1:at] + text[at+end+1:]
	}
}

// indented prints lines two columns to the right; what does not fit is broken at blanks and
// goes on further in.
func indented(w io.Writer, text string, width int) {
	for _, line := range strings.Split(text, "\n") {
		in := 2 + len(line) - len(strings.TrimLeft(line, " "))
		for _, part := range render.Wrap(strings.TrimLeft(line, " "), max(20, width-in-4)) {
			fmt.Fprintln(w, strings.TrimRight(runewidth.FillLeft("", in)+part, " "))
			in = max(in, 6)
		}
	}
}
