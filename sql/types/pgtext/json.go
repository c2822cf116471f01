package pgtext

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

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
	case string:
		if t.Kind == types.JSON || t.Kind == types.JSONB {
			return append(dst, v...)
		}
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

// parseJSON checks a JSON text; as JSONB it is brought to the one form.
func parseJSON(text string, t types.Type) (types.Value, error) {
	if !json.Valid([]byte(text)) {
		return nil, syntax(text, t)
	}
	if t.Kind == types.JSON {
		return text, nil
	}
	return CanonicalJSON(text)
}

// CanonicalJSON is a JSON text as jsonb writes it: a space behind colons and commas, members by
// the length of their names and then by bytes, the last of equal names, numbers without exponent.
func CanonicalJSON(text string) (string, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", syntax(text, types.JSONBType)
	}
	return string(appendCanonical(nil, v)), nil
}

func appendCanonical(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case json.Number:
		if d, err := types.ParseDec(v.String()); err == nil {
			return d.Append(dst)
		}
		return append(dst, v.String()...)
	case string:
		return AppendJSONString(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, x := range v {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendCanonical(dst, x)
		}
		return append(dst, ']')
	}
	object := v.(map[string]any)
	names := slices.SortedFunc(maps.Keys(object), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(AppendJSONString(dst, name), ": "...)
		dst = appendCanonical(dst, object[name])
	}
	return append(dst, '}')
}

// PrettyJSON is a JSON text as jsonb_pretty writes it.
func PrettyJSON(text string) (string, error) {
	s, err := CanonicalJSON(text)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(s), "", "    "); err != nil {
		return "", err
	}
	lines := strings.Split(out.String(), "\n")
	for i, line := range lines { // what is empty takes two lines
		body := strings.TrimSuffix(line, ",")
		for _, empty := range []string{"{}", "[]"} {
			if open, found := strings.CutSuffix(body, empty); found {
				indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
				lines[i] = open + empty[:1] + "\n" + indent + empty[1:] + line[len(body):]
			}
		}
	}
	return strings.Join(lines, "\n"), nil
}
