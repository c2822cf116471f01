package expr

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"tailrace/sql/types"
)

// The JSON of a Constant is {"type": T, "value": V}. V is null for NULL and else by type:
//
//	BOOLEAN                      true or false
//	INT, BIGINT                  a number
//	DATE, TIME, TIMESTAMP        a number, as types counts them
//	DOUBLE                       a number, or "NaN", "Infinity", "-Infinity", "-0"
//	DECIMAL, NUMERIC             its text, with all the digits of its scale
//	INTERVAL                     [months, days, microseconds]
//	STRING                       a string; {"base64": ...} where it is not UTF-8
//	BYTES                        base64
//	ARRAY, STRUCT                an array, fields in order
//	MAP                          an array of [key, value]
type constantJSON struct {
	Type  types.Type      `json:"type"`
	Value json.RawMessage `json:"value"`
}

// MarshalJSON writes the constant exactly.
func (c *Constant) MarshalJSON() ([]byte, error) {
	v, err := appendConstant(nil, c.Type, c.V)
	if err != nil {
		return nil, err
	}
	return json.Marshal(constantJSON{Type: c.Type, Value: v})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Constant) UnmarshalJSON(text []byte) error {
	var raw constantJSON
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	v, err := parseConstant(raw.Type, raw.Value)
	if err != nil {
		return fmt.Errorf("constant of type %s: %w", raw.Type, err)
	}
	c.Type, c.V = raw.Type, v
	return nil
}

func appendConstant(dst []byte, t types.Type, v types.Value) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int32:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case types.DateVal:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case types.TimeVal:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case types.TimestampVal:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case float64:
		return appendDouble(dst, v), nil
	case types.Dec:
		return append(v.Append(append(dst, '"')), '"'), nil
	case types.IntervalVal:
		return fmt.Appendf(dst, "[%d,%d,%d]", v.Months, v.Days, v.Micros), nil
	case string:
		if !utf8.ValidString(v) {
			return append(base64.StdEncoding.AppendEncode(append(dst, `{"base64":"`...), []byte(v)), `"}`...), nil
		}
		text, err := json.Marshal(v)
		return append(dst, text...), err
	case []byte:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v), '"'), nil
	}
	return appendNested(dst, t, v)
}

func appendNested(dst []byte, t types.Type, v types.Value) ([]byte, error) {
	var err error
	item := func(i int, t types.Type, v types.Value) {
		if i > 0 {
			dst = append(dst, ',')
		}
		if err == nil {
			dst, err = appendConstant(dst, t, v)
		}
	}
	dst = append(dst, '[')
	switch v := v.(type) {
	case types.ArrayVal:
		for i, e := range v {
			item(i, *t.Elem, e)
		}
	case types.StructVal:
		for i, f := range t.Fields {
			item(i, f.Type, v[i])
		}
	case *types.MapVal:
		for i, k := range v.Keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, '[')
			item(0, *t.Key, k)
			item(1, *t.Elem, v.Values[i])
			dst = append(dst, ']')
		}
	default:
		return nil, fmt.Errorf("%T is not a value of the language", v)
	}
	return append(dst, ']'), err
}

func appendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(types.AppendDouble(append(dst, '"'), f), '"')
	case f == 0 && math.Signbit(f):
		return append(dst, `"-0"`...)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

func parseConstant(t types.Type, raw json.RawMessage) (types.Value, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	switch t.Kind {
	case types.Boolean:
		return parseAs[bool](raw)
	case types.Int:
		return parseAs[int32](raw)
	case types.Bigint:
		return parseAs[int64](raw)
	case types.Date:
		v, err := parseAs[int32](raw)
		return types.DateVal(v), err
	case types.Time:
		v, err := parseAs[int64](raw)
		return types.TimeVal(v), err
	case types.Timestamp:
		v, err := parseAs[int64](raw)
		return types.TimestampVal(v), err
	case types.Double:
		return parseDouble(raw)
	case types.Interval:
		p, err := parseAs[[3]int64](raw)
		return types.IntervalVal{Months: int32(p[0]), Days: int32(p[1]), Micros: p[2]}, err
	case types.Decimal, types.Numeric:
		text, err := parseAs[string](raw)
		if err != nil {
			return nil, err
		}
		d, err := types.ParseDec(text)
		if err == nil && t.Kind == types.Decimal {
			d, err = d.Fit(t.Precision, t.Scale, types.Unnecessary)
		}
		return d, err
	case types.String, types.JSON, types.JSONB:
		if raw[0] == '{' {
			wrapped, err := parseAs[struct{ Base64 []byte }](raw)
			return string(wrapped.Base64), err
		}
		return parseAs[string](raw)
	case types.Bytes:
		text, err := parseAs[string](raw)
		if err != nil {
			return nil, err
		}
		return base64.StdEncoding.DecodeString(text)
	case types.Array, types.Struct, types.Map:
		return parseNested(t, raw)
	}
	return nil, fmt.Errorf("a value for NULL")
}

func parseAs[T any](raw json.RawMessage) (v T, err error) {
	err = json.Unmarshal(raw, &v)
	return v, err
}

func parseDouble(raw json.RawMessage) (types.Value, error) {
	if raw[0] != '"' {
		return parseAs[float64](raw)
	}
	switch string(raw) {
	case `"NaN"`:
		return math.NaN(), nil
	case `"Infinity"`:
		return math.Inf(1), nil
	case `"-Infinity"`:
		return math.Inf(-1), nil
	case `"-0"`:
		return math.Copysign(0, -1), nil
	}
	return nil, fmt.Errorf("%s is not a double", raw)
}

func parseNested(t types.Type, raw json.RawMessage) (types.Value, error) {
	items, err := parseAs[[]json.RawMessage](raw)
	if err != nil {
		return nil, err
	}
	switch t.Kind {
	case types.Array:
		out := make(types.ArrayVal, len(items))
		for i, item := range items {
			if out[i], err = parseConstant(*t.Elem, item); err != nil {
				return nil, err
			}
		}
		return out, nil
	case types.Struct:
		if len(items) != len(t.Fields) {
			return nil, fmt.Errorf("%d fields instead of %d", len(items), len(t.Fields))
		}
		out := make(types.StructVal, len(items))
		for i, item := range items {
			if out[i], err = parseConstant(t.Fields[i].Type, item); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	b := types.NewMapBuilder(len(items))
	for _, item := range items {
		pair, err := parseAs[[]json.RawMessage](item)
		if err != nil || len(pair) != 2 {
			return nil, fmt.Errorf("a map entry that is no pair")
		}
		k, err := parseConstant(*t.Key, pair[0])
		if err != nil || k == nil {
			return nil, fmt.Errorf("a map key that is none")
		}
		v, err := parseConstant(*t.Elem, pair[1])
		if err != nil {
			return nil, err
		}
		b.Put(k, v)
	}
	return b.Map(), nil
}
