package render

import (
	"fmt"
	"io"
	"strings"
)

// Format is how results are written.
type Format byte

// The formats, in the order in which they are listed.
const (
	Aligned Format = iota
	Unaligned
	CSV
	TSV
	JSON
	JSONLines
	Markdown
)

var formatNames = []string{"aligned", "unaligned", "csv", "tsv", "json", "jsonl", "markdown"}

// String is the name of a format.
func (f Format) String() string { return formatNames[f] }

// FormatNames lists the formats.
func FormatNames() []string { return append([]string(nil), formatNames...) }

// ParseFormat finds a format by its name in any case of letters, or by the beginning of
// one.
func ParseFormat(name string) (Format, error) {
	found := -1
	for i, n := range formatNames {
		switch {
		case strings.EqualFold(n, name):
			return Format(i), nil
		case name != "" && len(name) < len(n) && strings.EqualFold(n[:len(name)], name):
			if found >= 0 {
				return 0, fmt.Errorf("format %q may be %s or %s", name, formatNames[found], n)
			}
			found = i
		}
	}
	if found < 0 {
		return 0, fmt.Errorf("there is no format %q: %s", name, strings.Join(formatNames, ", "))
	}
	return Format(found), nil
}

// ForPrograms says that nothing but rows may be written with this format: no counts of
// rows, no messages.
func (f Format) ForPrograms() bool { return f != Aligned && f != Unaligned }

// Expanded says whether results are shown one column a line.
type Expanded byte

// Auto shows one column a line where a box would not fit the screen, or needs more lines.
const (
	Auto Expanded = iota
	On
	Off
)

// Options say how rows are written.
type Options struct {
	Format     Format
	Expanded   Expanded
	NoHeader   bool
	Null       *string // how NULL is written; nil: as the format has it
	Separator  string  // between the columns of unaligned output; empty: |
	Comma      rune    // between the columns of CSV; 0: a comma
	Screen     Screen
	TuplesOnly bool // rows alone: no header, no count
}

// Kind is what is known about a result before its rows come.
type Kind byte

const (
	Whole   Kind = iota // it ends
	Live                // it goes on until somebody ends it; rows are shown as they come
	Records             // the records of a topic, as they come: time, partition, offset, key, value
)

// Writer writes the rows of one result. What it writes may be held back until Flush or
// Finish.
type Writer interface {
	// Add takes the next row.
	Add(row []Cell)
	// Flush shows what is held back although more rows may come.
	Flush()
	// Finish ends the result. interrupted says that it was Ctrl-C that ended it: a terminal
	// has echoed ^C, which the next line overwrites.
	Finish(interrupted bool)
}

// New makes the writer of a result.
func New(out io.Writer, columns []Column, kind Kind, o Options) Writer {
	o.NoHeader = o.NoHeader || o.TuplesOnly
	base := writer{out: out, columns: columns, looks: looksOf(columns), kind: kind, Options: o}
	switch o.Format {
	case Unaligned:
		return &plainWriter{writer: base, style: &unaligned}
	case CSV:
		return &plainWriter{writer: base, style: &csvStyle}
	case TSV:
		return &plainWriter{writer: base, style: &tsvStyle}
	case Markdown:
		return &plainWriter{writer: base, style: &markdown}
	case JSON, JSONLines:
		return &jsonWriter{writer: base}
	}
	if kind == Records && o.Expanded != On {
		return &recordWriter{writer: base}
	}
	return newBox(base)
}

// writer is what all writers have.
type writer struct {
	out     io.Writer
	columns []Column
	looks   []look
	kind    Kind
	rows    int
	Options
}

// null is how NULL is written.
func (w *writer) null(byDefault string) string {
	if w.Null != nil {
		return *w.Null
	}
	return byDefault
}

// overwrite goes back to the beginning of the line that ^C was echoed on.
func (w *writer) overwrite(interrupted bool) {
	if interrupted && w.Screen.Terminal {
		fmt.Fprint(w.out, "\r\x1b[K")
	}
}

// safe is a text as it is, but on a terminal without what could steer it.
func (w *writer) safe(text string) string {
	if w.Screen.Terminal {
		return escape(text, "\n\t")
	}
	return text
}
