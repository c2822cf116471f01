package json

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// Encoder writes rows as JSON records. It may serve many goroutines.
type Encoder struct {
	columns   []types.Column
	names     [][]byte // `{"A":`, `,"B":`, ...
	unwrapped bool
}

// NewEncoder makes an encoder of records with these columns, in their order.
func NewEncoder(columns []types.Column, unwrapped bool) (*Encoder, error) {
	if unwrapped && len(columns) != 1 {
		return nil, fmt.Errorf("json: unwrapping is for single columns, not %d", len(columns))
	}
	e := &Encoder{columns: columns, unwrapped: unwrapped}
	for i, c := range columns {
		name := []byte{'{'}
		if i > 0 {
			name[0] = ','
		}
		e.names = append(e.names, append(AppendString(name, bytesOf(c.Name)), ':'))
	}
	return e, nil
}

// Append writes row i of the columns' vectors to dst. NULLs are written as null; null
// reports that the record is NULL itself, as an unwrapped NULL is.
func (e *Encoder) Append(dst []byte, cols []*vector.Vector, row int) (out []byte, null bool, err error) {
	if e.unwrapped {
		if cols[0].IsNull(row) {
			return dst, true, nil
		}
		return appendCell(dst, cols[0], row), false, nil
	}
	if len(cols) == 0 {
		return append(dst, '{', '}'), false, nil
	}
	for i, v := range cols {
		dst = appendCell(append(dst, e.names[i]...), v, row)
	}
	return append(dst, '}'), false, nil
}

// appendCell writes one value of a vector.
func appendCell(dst []byte, v *vector.Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	switch v.Type.Kind {
	case types.Boolean:
		return strconv.AppendBool(dst, v.Bool[i])
	case types.Int, types.Date:
		return strconv.AppendInt(dst, int64(v.I32[i]), 10)
	case types.Bigint, types.Time, types.Timestamp:
		return strconv.AppendInt(dst, v.I64[i], 10)
	case types.Double:
		return appendDouble(dst, v.F64[i])
	case types.Decimal:
		return types.Dec{Unscaled: v.Dec[i], Scale: int32(v.Type.Scale)}.Append(dst)
	case types.String:
		return AppendString(dst, v.Bytes(i))
	case types.Bytes:
		return appendBytes(dst, v.Bytes(i))
	}
	return AppendValue(dst, v.Type, v.Obj[i])
}

// appendDouble writes a double; JSON has no infinities, so those are strings.
func appendDouble(dst []byte, x float64) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(types.AppendDouble(append(dst, '"'), x), '"')
	}
	if x >= 1e-3 && x < 1e7 {
		if out, ok := appendShort(dst, x); ok {
			return out
		}
	}
	return types.AppendDouble(dst, x)
}

// appendShort writes a double that is a decimal of at most four places. The first number
// of places that reads back is the shortest text there is: below 15 digits no two decimals
// of one length are the same double, and the division rounds as reading them would.
func appendShort(dst []byte, x float64) ([]byte, bool) {
	for places := range 5 {
		scale := floatPow10[places]
		m := uint64(x*scale + 0.5)
		if float64(m)/scale != x {
			continue
		}
		unit := uint64Pow10[places]
		dst = append(strconv.AppendUint(dst, m/unit, 10), '.')
		if places == 0 {
			return append(dst, '0'), true
		}
		for m %= unit; unit > 1; m %= unit {
			unit /= 10
			dst = append(dst, '0'+byte(m/unit))
		}
		return dst, true
	}
	return dst, false
}

func appendBytes(dst, b []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(dst, '"'), b), '"')
}

// AppendValue writes a value of type t as a record holds it: structs and maps as objects,
// decimals plain with all digits of their scale, dates and times as numbers, bytes as
// base64. A map whose keys are not strings becomes an array of [key, value] pairs.
func AppendValue(dst []byte, t types.Type, v types.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int32:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case types.DateVal:
		return strconv.AppendInt(dst, int64(v), 10)
	case types.TimeVal:
		return strconv.AppendInt(dst, int64(v), 10)
	case types.TimestampVal:
		return strconv.AppendInt(dst, int64(v), 10)
	case float64:
		return appendDouble(dst, v)
	case types.Dec:
		return v.Append(dst)
	case types.IntervalVal:
		return AppendString(dst, v.Append(nil))
	case string:
		return AppendString(dst, bytesOf(v))
	case []byte:
		return appendBytes(dst, v)
	case types.ArrayVal:
		dst = append(dst, '[')
		for i, x := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendValue(dst, *t.Elem, x)
		}
		return append(dst, ']')
	case *types.MapVal:
		return appendMap(dst, t, v)
	case types.StructVal:
		dst = append(dst, '{')
		for i, x := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(AppendString(dst, bytesOf(t.Fields[i].Name)), ':')
			dst = AppendValue(dst, t.Fields[i].Type, x)
		}
		return append(dst, '}')
	}
	panic(fmt.Sprintf("json: %T is not a value of the language", v))
}

func appendMap(dst []byte, t types.Type, m *types.MapVal) []byte {
	object := t.Key.Kind == types.String
	open, closing := byte('['), byte(']')
	if object {
		open, closing = '{', '}'
	}
	dst = append(dst, open)
	for i, k := range m.Keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		if object {
			dst = append(AppendString(dst, bytesOf(k.(string))), ':')
			dst = AppendValue(dst, *t.Elem, m.Values[i])
			continue
		}
		dst = append(AppendValue(append(dst, '['), *t.Key, k), ',')
		dst = append(AppendValue(dst, *t.Elem, m.Values[i]), ']')
	}
	return append(dst, closing)
}
