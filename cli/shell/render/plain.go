package render

import (
	"fmt"
	"strings"
)

// plainWriter writes a row a line, its values between separators.
type plainWriter struct {
	writer
	style *plainStyle
	begun bool
}

// plainStyle is how a format quotes and separates values.
type plainStyle struct {
	separator   func(*Options) string
	open, shut  string // around a row
	null        string
	quote       func(text, separator string) string
	rule        func(looks []look) string // under the header; nil: none
	canVertical bool
}

var (
	unaligned = plainStyle{
		separator:   func(o *Options) string { return orElse(o.Separator, "|") },
		quote:       func(text, _ string) string { return text },
		canVertical: true,
	}
	// csvStyle is RFC 4180 with the line ends of Unix. NULL is empty, an empty string is
	// "": COPY of PostgreSQL tells them apart in the same way.
	csvStyle = plainStyle{
		separator: func(o *Options) string {
			if o.Comma != 0 {
				return string(o.Comma)
			}
			return ","
		},
		quote: quoteCSV,
	}
	// tsvStyle is the text format of PostgreSQL's COPY: tabs, line breaks and backslashes
	// are escaped, so that a tab always ends a value and a line break a row.
	tsvStyle = plainStyle{
		separator: func(*Options) string { return "\t" },
		null:      `\N`,
		quote:     func(text, _ string) string { return tsvEscapes.Replace(text) },
	}
	markdown = plainStyle{
		separator: func(*Options) string { return " | " },
		open:      "| ", shut: " |",
		null:  "NULL",
		quote: func(text, _ string) string { return markdownEscapes.Replace(text) },
		rule: func(looks []look) string {
			cells := make([]string, len(looks))
			for i, k := range looks {
				if cells[i] = "---"; k.kind == number {
					cells[i] = "--:"
				}
			}
			return "| " + strings.Join(cells, " | ") + " |"
		},
	}

	tsvEscapes      = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)
	markdownEscapes = strings.NewReplacer("\\", `\\`, "|", `\|`, "\r\n", "<br>", "\n", "<br>", "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`")
)

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// quoteCSV quotes what a reader would otherwise take for something else.
func quoteCSV(text, separator string) string {
	if text != "" && !strings.ContainsAny(text, "\"\r\n"+separator) && strings.TrimSpace(text) == text && text != `\.` {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

// Add takes the next row.
func (w *plainWriter) Add(row []Cell) {
	w.begin()
	w.rows++
	separator := w.style.separator(&w.Options)
	texts := make([]string, len(row))
	for i, c := range row {
		if c.Null {
			texts[i] = w.safe(w.null(w.style.null))
		} else {
			texts[i] = w.safe(w.style.quote(w.looks[i].value(c), separator))
		}
	}
	if !w.vertical() {
		w.line(texts)
		return
	}
	if w.rows > 1 {
		fmt.Fprintln(w.out)
	}
	for i, text := range texts {
		fmt.Fprintf(w.out, "%s%s%s\n", w.safe(w.columns[i].Name), separator, text)
	}
}

func (w *plainWriter) vertical() bool { return w.style.canVertical && w.Expanded == On }

func (w *plainWriter) line(texts []string) {
	fmt.Fprintln(w.out, w.style.open+strings.Join(texts, w.style.separator(&w.Options))+w.style.shut)
}

// begin writes the header, before the first row.
func (w *plainWriter) begin() {
	if w.begun {
		return
	}
	w.begun = true
	if w.NoHeader || w.vertical() {
		return
	}
	names := make([]string, len(w.columns))
	for i, c := range w.columns {
		names[i] = w.safe(w.style.quote(c.Name, w.style.separator(&w.Options)))
	}
	w.line(names)
	if w.style.rule != nil {
		fmt.Fprintln(w.out, w.style.rule(w.looks))
	}
}

// Flush shows the header although no row has come yet.
func (w *plainWriter) Flush() { w.begin() }

// Finish ends the result.
func (w *plainWriter) Finish(interrupted bool) {
	w.overwrite(interrupted)
	w.begin()
}
