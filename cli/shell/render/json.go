package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// jsonWriter writes an object a row: all of them in one array, or one a line. Numbers,
// booleans, arrays and nested values are JSON's own; the value of a record that is an
// object or an array is one too.
type jsonWriter struct {
	writer
	keys  [][]byte
	begun bool
}

// Add takes the next row.
func (w *jsonWriter) Add(row []Cell) {
	w.begin()
	w.rows++
	var b bytes.Buffer
	for i, c := range row {
		b.WriteByte("{,"[min(i, 1)])
		b.Write(w.keys[i])
		b.WriteByte(':')
		b.Write(w.value(i, c))
	}
	b.WriteByte('}')
	if len(row) == 0 {
		b.Reset()
		b.WriteString("{}")
	}
	line := b.Bytes()
	if w.Expanded == On {
		var pretty bytes.Buffer
		if json.Indent(&pretty, line, "", "  ") == nil {
			line = pretty.Bytes()
		}
	}
	switch {
	case w.Format == JSONLines:
		fmt.Fprintf(w.out, "%s\n", line)
	case w.rows == 1:
		fmt.Fprintf(w.out, "%s", line)
	default:
		fmt.Fprintf(w.out, ",\n%s", line)
	}
}

// begin opens the array. Keys are the names of the columns; one that is there already gets
// a number, because readers keep only one of two.
func (w *jsonWriter) begin() {
	if w.begun {
		return
	}
	w.begun = true
	used := map[string]bool{}
	for _, c := range w.columns {
		name := c.Name
		for n := 1; used[name]; n++ {
			name = fmt.Sprintf("%s_%d", c.Name, n)
		}
		used[name] = true
		w.keys = append(w.keys, quoteJSON(name))
	}
	if w.Format == JSON {
		fmt.Fprint(w.out, "[")
	}
}

// Flush shows that the array has begun.
func (w *jsonWriter) Flush() { w.begin() }

// Finish closes the array.
func (w *jsonWriter) Finish(interrupted bool) {
	w.overwrite(interrupted && w.rows == 0)
	w.begin()
	if w.Format == JSON {
		fmt.Fprintln(w.out, "]")
	}
}

func (w *jsonWriter) value(column int, c Cell) []byte {
	if c.Null {
		return []byte("null")
	}
	k := w.looks[column]
	if w.kind == Records && k.kind == text {
		if t := strings.TrimSpace(c.Text); t != "" && (t[0] == '{' || t[0] == '[') {
			k.kind = nested
		}
	}
	if k.kind == list {
		if elements, ok := parseArray(c.Text, lookOf(k.elem)); ok {
			return elements
		}
	}
	return jsonOf(k, c)
}

// jsonOf writes a value that is no array and not NULL.
func jsonOf(k look, c Cell) []byte {
	switch k.kind {
	case number, boolean, nested: // NaN is not among JSON's numbers
		raw := []byte(k.value(c))
		if json.Valid(raw) {
			var b bytes.Buffer
			_ = json.Compact(&b, raw)
			return b.Bytes()
		}
	}
	return quoteJSON(c.Text)
}

// quoteJSON writes a JSON string, with what could steer a terminal escaped.
func quoteJSON(text string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text)
	out := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if bytes.ContainsFunc(out, steers) {
		var safe bytes.Buffer
		for _, r := range string(out) {
			if steers(r) {
				fmt.Fprintf(&safe, `\u%04x`, r)
			} else {
				safe.WriteRune(r)
			}
		}
		return safe.Bytes()
	}
	return out
}

// steers are the characters beyond ASCII's own controls, which JSON escapes anyway.
func steers(r rune) bool {
	return r >= 0x7f && r < 0xa0 || r >= 0x200e && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// parseArray turns an array as PostgreSQL writes it, {1,NULL,"a b"}, into JSON.
func parseArray(text string, elem look) (out []byte, ok bool) {
	p := arrayParser{text: text, elem: elem}
	if !p.array() || p.at != len(text) {
		return nil, false
	}
	return p.out, true
}

type arrayParser struct {
	text string
	at   int
	elem look
	out  []byte
}

func (p *arrayParser) next() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *arrayParser) array() bool {
	if p.next() != '{' {
		return false
	}
	p.at++
	p.out = append(p.out, '[')
	for first := true; p.next() != '}'; first = false {
		if !first {
			if p.next() != ',' {
				return false
			}
			p.at++
			p.out = append(p.out, ',')
		}
		if !p.element() {
			return false
		}
	}
	p.at++
	p.out = append(p.out, ']')
	return true
}

func (p *arrayParser) element() bool {
	switch p.next() {
	case '{':
		return p.array()
	case '"':
		var b strings.Builder
		for p.at++; p.next() != '"'; p.at++ {
			if p.next() == '\\' {
				p.at++
			}
			if p.at >= len(p.text) {
				return false
			}
			b.WriteByte(p.text[p.at])
		}
		p.at++
		p.out = append(p.out, jsonOf(p.elem, Cell{Text: b.String()})...)
		return true
	}
	n := strings.IndexAny(p.text[p.at:], ",}")
	if n <= 0 {
		return false
	}
	word := p.text[p.at : p.at+n]
	p.at += n
	if word == "NULL" {
		p.out = append(p.out, "null"...)
	} else {
		p.out = append(p.out, jsonOf(p.elem, Cell{Text: word})...)
	}
	return true
}

// ArrayJSON turns an array as PostgreSQL writes it into JSON, with its elements as strings.
func ArrayJSON(text string) ([]byte, bool) { return parseArray(text, look{}) }
