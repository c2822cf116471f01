package json

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"strings"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/cell"
)

// byteOrderMark may stand before the text, though the RFC would rather it did not.
const byteOrderMark = "\xEF\xBB\xBF"

// Decoder reads JSON records into the vectors of the wanted columns. It remembers the
// shape of the records it has seen, so it serves one stream and one goroutine.
type Decoder struct {
	columns   []types.Column // wanted
	unwrapped bool

	byName map[string]int // column name to its index in columns
	shape  shape
	misses int // records in a row that the shape did not fit

	// Of the record at hand:
	found   []found // by column
	values  []span  // of all members, in order
	targets []target
	key     []byte // room for a key with escapes, or in upper case
	padded  []byte // a copy of a record without Padding
}

// span is a part of the record.
type span struct{ start, end int }

// found is where the value of a column lies, and how well its key matched.
type found struct {
	span
	match match
}

type match uint8

const (
	absent match = iota
	folded       // in upper case
	exact
)

// target is which columns a member is a candidate for; -1 is none.
type target struct{ exact, folded int }

// NewDecoder makes a decoder for the columns of wanted, which are indexes into columns.
// unwrapped says that the record is the value of the only column itself.
func NewDecoder(columns []types.Column, wanted []int, unwrapped bool) (*Decoder, error) {
	if unwrapped && len(columns) != 1 {
		return nil, fmt.Errorf("json: unwrapping is for single columns, not %d", len(columns))
	}
	d := &Decoder{unwrapped: unwrapped, byName: make(map[string]int, len(wanted)), found: make([]found, len(wanted))}
	for i, w := range wanted {
		c := columns[w]
		if _, ok := d.byName[c.Name]; ok {
			return nil, fmt.Errorf("json: column %s is wanted twice", types.QuoteName(c.Name))
		}
		d.byName[c.Name] = i
		d.columns = append(d.columns, c)
	}
	return d, nil
}

// Decode appends the wanted values of one record, one row to each vector, or returns an
// error and appends nothing. nil data is a NULL record. Data with Padding more bytes of
// capacity, which may hold anything but must not be written to meanwhile, is read in
// place; other data is copied first.
func (d *Decoder) Decode(data []byte, out []*vector.Vector) error {
	if data == nil {
		appendNulls(out)
		return nil
	}
	n := len(data)
	b := data
	if cap(data)-n >= Padding {
		b = data[:n+Padding]
	} else {
		d.padded = append(append(d.padded[:0], data...), make([]byte, Padding)...)
		b = d.padded
	}
	if len(d.shape.slots) > 0 && d.fast(b, n, out) {
		d.misses = 0
		return nil
	}
	return d.full(b, n, out)
}

func appendNulls(out []*vector.Vector) {
	for _, v := range out {
		v.AppendNull()
	}
}

// full decodes a record without assumptions.
func (d *Decoder) full(b []byte, n int, out []*vector.Vector) error {
	start := 0
	if strings.HasPrefix(cell.View(b[:n]), byteOrderMark) {
		start = len(byteOrderMark)
	}
	p := skipSpace(b, start, n)
	if d.unwrapped || p < n && b[p] != '{' {
		return d.single(b, p, n, out)
	}
	if p = d.scan(b, p, n); p < 0 || skipSpace(b, p, n) != n {
		return malformed(b[start:n])
	}
	for i := range d.found {
		f := &d.found[i]
		if f.match == absent {
			out[i].AppendNull()
			continue
		}
		if err := appendToken(out[i], b[f.start:f.end]); err != nil {
			for _, v := range out[:i] {
				cell.Pop(v)
			}
			return d.fault(under(err, "."+d.columns[i].Name))
		}
	}
	d.learn(b, n)
	return nil
}

// single decodes a record that is one value, not an object of columns.
func (d *Decoder) single(b []byte, p, n int, out []*vector.Vector) error {
	end := skipValue(b, p, n, MaxDepth)
	if end < 0 || skipSpace(b, end, n) != n {
		return malformed(b[p:n])
	}
	token := b[p:end]
	if !d.unwrapped {
		if token[0] == 'n' {
			appendNulls(out)
			return nil
		}
		return d.fault(under(sqlerr.New(sqlerr.DataException,
			"Can't convert type. sourceType: %s, requiredType: STRUCT", source(token)), ""))
	}
	if len(out) == 0 {
		return nil
	}
	if err := appendToken(out[0], token); err != nil {
		return d.fault(under(err, ""))
	}
	return nil
}

// fault keeps the SQLSTATE of a conversion's error and adds the path to its message.
func (d *Decoder) fault(err error) error {
	return sqlerr.New(sqlerr.CodeOf(err), "%w", err)
}

// scan checks the object at p and notes where its values lie. It returns the position
// after it, or -1.
func (d *Decoder) scan(b []byte, p, n int) int {
	clear(d.found)
	d.values, d.targets = d.values[:0], d.targets[:0]
	if p >= n {
		return -1
	}
	p = skipSpace(b, p+1, n)
	if p < n && b[p] == '}' {
		return p + 1
	}
	for {
		if p >= n || b[p] != '"' {
			return -1
		}
		start := p
		if p = skipString(b, p+1, n); p < 0 {
			return -1
		}
		t := d.target(b[start:p])
		if p = skipSpace(b, p, n); p >= n || b[p] != ':' {
			return -1
		}
		start = skipSpace(b, p+1, n)
		if p = skipValue(b, start, n, MaxDepth-1); p < 0 {
			return -1
		}
		d.note(t, span{start, p})
		if p = skipSpace(b, p, n); p >= n {
			return -1
		}
		switch b[p] {
		case '}':
			return p + 1
		case ',':
			p = skipSpace(b, p+1, n)
		default:
			return -1
		}
	}
}

// target looks a quoted key up. A column `a` takes the key "a" exactly; a column A takes
// it too, in upper case.
func (d *Decoder) target(quoted []byte) target {
	key := quoted[1 : len(quoted)-1]
	t := target{-1, -1}
	ascii := true
	for _, c := range key {
		if c == '\\' {
			d.key, _ = appendUnquoted(d.key[:0], quoted)
			key = d.key
			break
		}
		ascii = ascii && c < 0x80
	}
	if i, ok := d.byName[string(key)]; ok {
		t.exact = i
	}
	var i int
	var ok bool
	if ascii {
		d.key = append(d.key[:0], key...)
		for j, c := range d.key {
			if c >= 'a' && c <= 'z' {
				d.key[j] = c - 0x20
			}
		}
		i, ok = d.byName[string(d.key)]
	} else {
		i, ok = d.byName[strings.ToUpper(string(key))]
	}
	if ok && i != t.exact {
		t.folded = i
	}
	return t
}

func (d *Decoder) note(t target, s span) {
	d.values, d.targets = append(d.values, s), append(d.targets, t)
	if t.exact >= 0 {
		d.found[t.exact] = found{s, exact}
	}
	if t.folded >= 0 && d.found[t.folded].match != exact {
		d.found[t.folded] = found{s, folded}
	}
}

// malformed says what is wrong with text that the scanner refuses.
func malformed(text []byte) error {
	var syntax *stdjson.SyntaxError
	var raw stdjson.RawMessage
	err := stdjson.Unmarshal(text, &raw)
	if errors.As(err, &syntax) {
		return sqlerr.New(sqlerr.InvalidText, "malformed JSON: %s, at byte %d", syntax.Error(), syntax.Offset)
	}
	return sqlerr.New(sqlerr.TooComplex, "malformed JSON: nested deeper than %d", MaxDepth)
}
