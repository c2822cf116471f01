package delimited

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// Encoder writes delimited records. It may serve many goroutines.
type Encoder struct{ delim string }

// NewEncoder makes an encoder of records with these columns, whose types must be
// supported.
func NewEncoder(columns []types.Column, delimiter string) (*Encoder, error) {
	delim, err := ParseDelimiter(delimiter)
	return &Encoder{delim: delim}, err
}

// Append writes a row as one line without an end. NULL is an empty field; so is an empty
// string, but for the first, which gets quotes.
func (e *Encoder) Append(dst []byte, cols []*vector.Vector, row int) (out []byte, null bool, err error) {
	for i, v := range cols {
		if i > 0 {
			dst = append(dst, e.delim...)
		}
		if v.IsNull(row) {
			continue
		}
		start := len(dst)
		dst = appendCell(dst, v, row)
		if e.needsQuotes(dst[start:], i == 0) {
			dst = quote(dst, start)
		}
	}
	return dst, false, nil
}

func appendCell(dst []byte, v *vector.Vector, i int) []byte {
	switch v.Type.Kind {
	case types.Boolean:
		return strconv.AppendBool(dst, v.Bool[i])
	case types.Int, types.Date:
		return strconv.AppendInt(dst, int64(v.I32[i]), 10)
	case types.Double:
		return types.AppendDouble(dst, v.F64[i])
	case types.Decimal:
		return types.Dec{Unscaled: v.Dec[i], Scale: int32(v.Type.Scale)}.Append(dst)
	case types.String:
		return append(dst, v.Bytes(i)...)
	case types.Bytes:
		return base64.StdEncoding.AppendEncode(dst, v.Bytes(i))
	}
	return strconv.AppendInt(dst, v.I64[i], 10)
}

// needsQuotes is Commons CSV's rule for "minimal" quoting: a first field that does not
// begin with a letter or digit (so a negative number), a field that begins with a byte up
// to '#' or ends with one up to blank, and one that holds a delimiter, quote or line end.
func (e *Encoder) needsQuotes(text []byte, first bool) bool {
	if len(text) == 0 {
		return first
	}
	c := text[0]
	alphanumeric := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
	return first && !alphanumeric || c <= '#' || text[len(text)-1] <= ' ' ||
		bytes.ContainsAny(text, "\"\r\n") || bytes.Contains(text, []byte(e.delim))
}

// quote puts what follows start into quotes and doubles those inside.
func quote(dst []byte, start int) []byte {
	n := len(dst)
	added := 2 + bytes.Count(dst[start:], []byte{'"'})
	dst = append(slices.Grow(dst, added), make([]byte, added)...)
	to := len(dst) - 1
	dst[to] = '"'
	for from := n - 1; from >= start; from-- { // from the end: what is read has not been written
		to--
		if dst[to] = dst[from]; dst[to] == '"' {
			to--
			dst[to] = '"'
		}
	}
	dst[start] = '"'
	return dst
}
