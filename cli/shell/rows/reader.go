package rows

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Value is a value of a row: a text (CSV, TSV) or what JSON has.
type Value struct {
	Text string
	JSON any // string, json.Number, bool, []any, map[string]any; nil for a text
	Null bool
}

// Row is a row of a file.
type Row struct {
	Line   int  // where it begins, from 1
	Blank  bool // there is nothing on the line: no row, unless rows have one value
	Values []Value
	// Names are the columns of the values, when the row names them itself (JSON).
	Names []string
}

// Reader reads the rows of a file one by one; io.EOF ends them.
type Reader interface {
	Next() (Row, error)
}

// LineError is a fault at a line of a file.
type LineError struct {
	Line   int
	Reason string
}

// Error implements error.
func (e *LineError) Error() string { return e.Reason }

// lines reads bytes and counts lines.
type lines struct {
	r    *bufio.Reader
	line int // of the next byte, from 1
}

func newLines(r io.Reader) *lines { return &lines{bufio.NewReaderSize(r, 64<<10), 1} }

func (l *lines) byte() (byte, error) {
	b, err := l.r.ReadByte()
	if b == '\n' && err == nil {
		l.line++
	}
	return b, err
}

// skipBOM skips the byte order mark that some programs put in front of UTF-8.
func (l *lines) skipBOM() {
	if b, _ := l.r.Peek(3); string(b) == "\xef\xbb\xbf" {
		_, _ = l.r.Discard(3)
	}
}

// csvReader reads CSV as RFC 4180 has it: a field in quotes may hold separators, line
// breaks, and doubled quotes. An empty field is NULL, "" an empty string.
type csvReader struct {
	in    *lines
	comma byte
	null  string
	begun bool
}

// NewCSV makes a reader of CSV with a separator, in which a text without quotes is NULL.
func NewCSV(r io.Reader, comma byte, null string) Reader {
	return &csvReader{in: newLines(r), comma: comma, null: null}
}

// Next implements Reader. A line without anything is a row of one value that is NULL.
func (c *csvReader) Next() (Row, error) {
	if !c.begun {
		c.in.skipBOM()
		c.begun = true
	}
	row := Row{Line: c.in.line}
	for {
		v, end, err := c.field()
		if err != nil {
			return Row{}, err
		}
		if end == endOfFile && row.Values == nil && v.Text == "" && !v.quoted {
			return Row{}, io.EOF
		}
		row.Values = append(row.Values, v.Value)
		if end != endOfField {
			row.Blank = len(row.Values) == 1 && v.Text == "" && !v.quoted
			return row, nil
		}
	}
}

// csvField is a value, and whether quotes stood around it.
type csvField struct {
	Value
	quoted bool
}

type fieldEnd byte

const (
	endOfField fieldEnd = iota
	endOfRow
	endOfFile
)

func (c *csvReader) field() (v csvField, end fieldEnd, err error) {
	var b strings.Builder
	quoted := false
	line := c.in.line
	for {
		ch, err := c.in.byte()
		switch {
		case errors.Is(err, io.EOF):
			end = endOfFile
		case err != nil:
			return v, end, err
		case ch == '"' && b.Len() == 0 && !quoted:
			quoted = true
			if err := c.inQuotes(&b, line); err != nil {
				return v, end, err
			}
			continue
		case ch == c.comma:
			end = endOfField
		case ch == '\n':
			end = endOfRow
		case ch == '\r':
			if next, _ := c.in.r.Peek(1); len(next) == 0 || next[0] == '\n' {
				continue
			}
			b.WriteByte(ch)
			continue
		case quoted:
			return v, end, &LineError{c.in.line, fmt.Sprintf("there is %q behind a closing quote; quotes inside quotes are doubled", string(ch))}
		default:
			b.WriteByte(ch)
			continue
		}
		text := b.String()
		return csvField{Value{Text: text, Null: !quoted && text == c.null}, quoted}, end, nil
	}
}

func (c *csvReader) inQuotes(b *strings.Builder, line int) error {
	for {
		ch, err := c.in.byte()
		if errors.Is(err, io.EOF) {
			return &LineError{line, "a quote that begins in this row is not closed"}
		}
		if err != nil {
			return err
		}
		if ch != '"' {
			b.WriteByte(ch)
			continue
		}
		if next, _ := c.in.r.Peek(1); len(next) == 0 || next[0] != '"' {
			return nil
		}
		_, _ = c.in.byte()
		b.WriteByte('"')
	}
}

// tsvReader reads the text format of PostgreSQL's COPY: a row a line, tabs between values,
// backslashes in front of what they escape, \N for NULL, and \. for the end.
type tsvReader struct {
	in    *lines
	comma string
	null  string
	begun bool
}

// NewTSV makes a reader of TSV, with another separator if wanted.
func NewTSV(r io.Reader, comma byte, null string) Reader {
	return &tsvReader{in: newLines(r), comma: string(comma), null: null}
}

// Next implements Reader.
func (t *tsvReader) Next() (Row, error) {
	if !t.begun {
		t.in.skipBOM()
		t.begun = true
	}
	row := Row{Line: t.in.line}
	line, err := t.in.r.ReadString('\n')
	if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
		return Row{}, err
	}
	t.in.line++
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == `\.` {
		return Row{}, io.EOF
	}
	for _, field := range strings.Split(line, t.comma) {
		v := Value{Text: field, Null: field == t.null}
		if !v.Null {
			v.Text = unescapeTSV.Replace(field)
		}
		row.Values = append(row.Values, v)
	}
	return row, nil
}

var unescapeTSV = strings.NewReplacer(`\t`, "\t", `\n`, "\n", `\r`, "\r", `\b`, "\b", `\f`, "\f", `\v`, "\v", `\\`, `\`)

// jsonReader reads objects: one a line, or an array of them, or one behind the other.
type jsonReader struct {
	d       *json.Decoder
	counted *countingReader
	inArray bool
	begun   bool
}

// NewJSON makes a reader of JSON and of JSON lines.
func NewJSON(r io.Reader) Reader {
	counted := &countingReader{r: r}
	d := json.NewDecoder(counted)
	d.UseNumber()
	return &jsonReader{d: d, counted: counted}
}

// Next implements Reader.
func (j *jsonReader) Next() (Row, error) {
	if !j.begun {
		j.begun = true
		if first, err := j.counted.firstByte(); err == nil && first == '[' {
			if _, err := j.d.Token(); err != nil {
				return Row{}, j.fault(err)
			}
			j.inArray = true
		}
	}
	if j.inArray && !j.d.More() {
		if _, err := j.d.Token(); err != nil {
			return Row{}, j.fault(err)
		}
		return Row{}, io.EOF
	}
	t, err := j.d.Token()
	if errors.Is(err, io.EOF) && !j.inArray {
		return Row{}, io.EOF
	}
	row := Row{Line: j.counted.lineAt(j.d.InputOffset() - 1)}
	if err != nil {
		return Row{}, j.fault(err)
	}
	if t != json.Delim('{') {
		return Row{}, &LineError{row.Line, fmt.Sprintf("a row is an object, {\"COLUMN\": value, ...}, not %v", t)}
	}
	for j.d.More() {
		name, err := j.d.Token()
		if err != nil {
			return Row{}, j.fault(err)
		}
		var v any
		if err := j.d.Decode(&v); err != nil {
			return Row{}, j.fault(err)
		}
		row.Names = append(row.Names, name.(string))
		row.Values = append(row.Values, Value{JSON: v, Null: v == nil})
	}
	if _, err := j.d.Token(); err != nil {
		return Row{}, j.fault(err)
	}
	return row, nil
}

func (j *jsonReader) fault(err error) error {
	at := j.d.InputOffset()
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		at = max(at, syntax.Offset) + 1
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("the file ends in the middle of a row")
	default:
		return err
	}
	return &LineError{j.counted.lineAt(at), fmt.Sprintf("this is not JSON: %s", err)}
}

// countingReader remembers where lines end, as far as they may still be asked for.
type countingReader struct {
	r     io.Reader
	held  []byte // read ahead by firstByte
	total int64
	ends  []int64 // offsets of line ends that lineAt has not passed
	line  int     // lines that lineAt has passed
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (n int, err error) {
	if len(c.held) > 0 {
		n = copy(p, c.held)
		c.held = c.held[n:]
	} else {
		n, err = c.r.Read(p)
	}
	for i, b := range p[:n] {
		if b == '\n' {
			c.ends = append(c.ends, c.total+int64(i))
		}
	}
	c.total += int64(n)
	return n, err
}

// firstByte is the first byte that is no white space; it stays to be read.
func (c *countingReader) firstByte() (byte, error) {
	buf := make([]byte, 512)
	for {
		n, err := c.r.Read(buf)
		c.held = append(c.held, buf[:n]...)
		if len(c.held) >= 3 && string(c.held[:3]) == "\xef\xbb\xbf" {
			c.held = c.held[3:]
		}
		if t := strings.TrimLeft(string(c.held), " \t\r\n"); t != "" {
			return t[0], nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// lineAt is the line of an offset; offsets must not go back.
func (c *countingReader) lineAt(offset int64) int {
	n := 0
	for n < len(c.ends) && c.ends[n] < offset {
		n++
	}
	c.ends, c.line = c.ends[n:], c.line+n
	return c.line + 1
}
