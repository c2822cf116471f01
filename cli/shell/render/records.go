package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// recordWriter writes records of a topic, one a line and whole: a topic has no columns
// that could be measured, and what a person looks for may stand anywhere.
type recordWriter struct {
	writer
}

// Add takes the next record.
func (w *recordWriter) Add(row []Cell) {
	w.rows++
	parts := make([]string, len(row))
	for i, c := range row {
		text := w.Screen.paint(dim, "<null>")
		switch {
		case !c.Null && w.looks[i].kind == moment:
			text = withMillis(c.Text)
		case !c.Null:
			text = Escape(oneLine(c.Text))
		}
		parts[i] = w.Screen.paint(cyan, w.columns[i].Name+":") + " " + text
	}
	fmt.Fprintln(w.out, strings.Join(parts, ", "))
}

// oneLine writes JSON that has line breaks without them: those between its tokens mean
// nothing.
func oneLine(text string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return text
	}
	return b.String()
}

// withMillis writes a time with all three digits of its milliseconds, so that what follows
// stands in one column.
func withMillis(text string) string {
	digits := 0
	if at := strings.LastIndexByte(text, '.'); at >= 0 {
		digits = len(text) - at - 1
	} else {
		text += "."
	}
	return text + strings.Repeat("0", max(0, 3-digits))
}

// Flush has nothing to show: nothing is held back.
func (w *recordWriter) Flush() {}

// Finish ends the records.
func (w *recordWriter) Finish(interrupted bool) { w.overwrite(interrupted) }
