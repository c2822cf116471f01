package pgtext

import (
	"encoding/base64"
	"math"
	"strconv"

	"tailrace/sql/types"
)

// AppendJSON writes a value as to_json of PostgreSQL does: dates and times as ISO 8601
// strings, decimals as exact numbers; bytes are base64.
func AppendJSON(dst []byte, t types.Type, v types.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case types.ArrayVal:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, *t.Elem, e)
		}
		return append(dst, ']')
	case types.StructVal:
		dst = append(dst, '{')
		for i, f := range t.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(append(AppendJSONString(dst, f.Name), ':'), f.Type, v[i])
		}
		return append(dst, '}')
	case *types.MapVal:
		dst = append(dst, '{')
		for i, k := range v.Keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(AppendJSONString(dst, string(AppendCast(nil, *t.Key, k))), ':')
			dst = AppendJSON(dst, *t.Elem, v.Values[i])
		}
		return append(dst, '}')
	case bool:
		return strconv.AppendBool(dst, v)
	case int32, int64, types.Dec: // in digits
		return Append(dst, t, v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(AppendFloat(append(dst, '"'), v), '"')
		}
		return AppendFloat(dst, v)
	case []byte:
		return AppendJSONString(dst, base64.StdEncoding.EncodeToString(v))
	case types.TimestampVal:
		start := len(dst) + 1
		dst = AppendTimestamp(append(dst, '"'), v)
		for i, c := range dst[start:] {
			if c == ' ' {
				dst[start+i] = 'T'
				break
			}
		}
		return append(dst, '"')
	}
	return AppendJSONString(dst, string(Append(nil, t, v)))
}

// AppendJSONString writes a JSON string, in which only quotes, backslashes and control
// characters are escaped.
func AppendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			if c < ' ' {
				dst = append(dst, `\u00`...)
				dst = append(dst, hex[c>>4], hex[c&15])
				continue
			}
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
