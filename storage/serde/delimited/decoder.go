package delimited

import (
	"bytes"
	"strings"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/cell"
)

// Supports reports whether the format has the type: every type but nested ones.
func Supports(t types.Type) bool { return !t.IsNested() && t.Kind != types.Null }

// Decoder reads delimited records.
type Decoder struct {
	columns []types.Column
	wanted  []int
	delim   string
	fields  []field
	buf     []byte
}

// field is where a field lies in the record, without its quotes. doubled says that it
// holds quotes, each written twice.
type field struct {
	start, end int
	doubled    bool
}

// NewDecoder makes a decoder for the wanted ones of columns, whose types must be
// supported. The delimiter is what ParseDelimiter takes.
func NewDecoder(columns []types.Column, wanted []int, delimiter string) (*Decoder, error) {
	delim, err := ParseDelimiter(delimiter)
	return &Decoder{columns: columns, wanted: wanted, delim: delim}, err
}

// Decode appends the wanted fields of the first line, one row to each vector, or nothing
// and an error.
func (d *Decoder) Decode(data []byte, out []*vector.Vector) error {
	if data == nil {
		for _, v := range out {
			v.AppendNull()
		}
		return nil
	}
	if err := d.split(data); err != nil {
		return err
	}
	if len(d.fields) != len(d.columns) {
		return sqlerr.New(sqlerr.DataException, "Column count mismatch on deserialization. expected: %d, got: %d",
			len(d.columns), len(d.fields))
	}
	for i, w := range d.wanted {
		f := d.fields[w]
		text := data[f.start:f.end]
		if f.doubled {
			d.buf = appendSingled(d.buf[:0], text)
			text = d.buf
		}
		if err := appendText(out[i], text); err != nil {
			for _, v := range out[:i] {
				cell.Pop(v)
			}
			return sqlerr.New(sqlerr.CodeOf(err), "column %s: %w", types.QuoteName(d.columns[w].Name), err)
		}
	}
	return nil
}

// split finds the fields of the first line that is not empty.
func (d *Decoder) split(b []byte) error {
	d.fields = d.fields[:0]
	p := 0
	for p < len(b) && (b[p] == '\n' || b[p] == '\r') {
		p++
	}
	if p == len(b) {
		return sqlerr.New(sqlerr.DataException, "No fields in record")
	}
	for {
		var f field
		if p < len(b) && b[p] == '"' {
			f.start = p + 1
			if f.end, f.doubled = closingQuote(b, p+1); f.end < 0 {
				return sqlerr.New(sqlerr.DataException, "EOF reached before encapsulated token finished")
			}
			for p = f.end + 1; p < len(b) && isBlank(b[p]) && !d.delimiterAt(b, p); {
				p++
			}
		} else {
			f.start = p
			for p < len(b) && b[p] != '\n' && b[p] != '\r' && !d.delimiterAt(b, p) {
				p++
			}
			f.end = p
		}
		d.fields = append(d.fields, f)
		switch {
		case p == len(b) || b[p] == '\n' || b[p] == '\r':
			return nil
		case d.delimiterAt(b, p):
			p += len(d.delim)
		default:
			return sqlerr.New(sqlerr.DataException, "invalid char between encapsulated token and delimiter, at byte %d", p+1)
		}
	}
}

func (d *Decoder) delimiterAt(b []byte, p int) bool {
	return b[p] == d.delim[0] && (len(d.delim) == 1 || bytes.HasPrefix(b[p:], []byte(d.delim)))
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\v' || c == '\f' }

// closingQuote finds the quote that ends a field, which is one that no other follows.
func closingQuote(b []byte, p int) (at int, doubled bool) {
	for {
		i := bytes.IndexByte(b[p:], '"')
		if i < 0 {
			return -1, doubled
		}
		p += i
		if p+1 == len(b) || b[p+1] != '"' {
			return p, doubled
		}
		p, doubled = p+2, true
	}
}

// appendSingled appends text in which every quote is written twice.
func appendSingled(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '"')
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i+1]...)
		text = text[i+2:]
	}
}

// appendText converts a field to the type of a vector and appends it.
func appendText(v *vector.Vector, text []byte) error {
	if len(text) == 0 {
		v.AppendNull()
		return nil
	}
	switch t := v.Type; t.Kind {
	case types.String:
		start := len(v.Arena)
		v.Arena = cell.AppendUTF8(v.Arena, text)
		return cell.CloseArena(v, start)
	case types.Bytes:
		return cell.AppendBase64(v, text)
	case types.Boolean: // everything but true is false
		v.Bool = append(v.Bool, strings.EqualFold(cell.View(text), "true"))
	case types.Double:
		x, ok := cell.ParseDouble(text)
		if !ok {
			return invalid(t, text)
		}
		v.F64 = append(v.F64, x)
	case types.Decimal:
		x, err := cell.ParseDecimal(text, t.Precision, t.Scale)
		if err != nil {
			return err
		}
		v.Dec = append(v.Dec, x)
	default:
		x, ok := cell.ParseInteger(text)
		if !ok {
			return invalid(t, text)
		}
		return cell.AppendInteger(v, x)
	}
	v.N++
	return nil
}

func invalid(t types.Type, text []byte) error {
	const shown = 64 // of a field that may be a whole file
	if len(text) > shown {
		text = text[:shown]
	}
	return sqlerr.New(sqlerr.InvalidText, "invalid %s: %q", t.Kind, text)
}
