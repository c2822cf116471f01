package pgwire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"

	"tailrace/sql/types"
)

// appendJSON writes a value as JSON, as to_json of PostgreSQL would: dates and times as
// ISO strings, decimals as exact numbers, bytes as base64.
func appendJSON(dst []byte, v types.Value, t types.Type) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case types.ArrayVal:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e, *t.Elem)
		}
		return append(dst, ']')
	case types.StructVal:
		dst = append(dst, '{')
		for i, f := range t.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(append(appendJSONString(dst, f.Name), ':'), v[i], f.Type)
		}
		return append(dst, '}')
	case *types.MapVal:
		dst = append(dst, '{')
		for i, k := range v.Keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendJSONString(dst, fmt.Sprint(k)), ':')
			dst = appendJSON(dst, v.Values[i], *t.Elem)
		}
		return append(dst, '}')
	case bool, int32, int64, types.Dec:
		if b, ok := v.(bool); ok {
			return fmt.Appendf(dst, "%v", b)
		}
		return appendValueText(dst, v, t)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(append(append(dst, '"'), appendFloat(nil, v)...), '"')
		}
		return appendFloat(dst, v)
	case []byte:
		return appendJSONString(dst, base64.StdEncoding.EncodeToString(v))
	}
	return appendJSONString(dst, string(appendValueText(nil, v, t)))
}

func appendJSONString(dst []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always encodes
	}
	return append(dst, text...)
}
