package pgwire

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/pgtext"
)

// parseText reads PostgreSQL's input text of a scalar type.
func parseText(text string, t types.Type) (types.Value, error) {
	trimmed := strings.TrimSpace(text)
	switch t.Kind {
	case types.Boolean:
		return parseBool(trimmed)
	case types.Int:
		n, err := strconv.ParseInt(trimmed, 10, 32)
		return int32(n), numberError(err, "INT", trimmed)
	case types.Bigint:
		n, err := strconv.ParseInt(trimmed, 10, 64)
		return n, numberError(err, "BIGINT", trimmed)
	case types.Double:
		f, err := strconv.ParseFloat(trimmed, 64)
		return f, numberError(err, "DOUBLE", trimmed)
	case types.Decimal:
		d, err := types.ParseDec(trimmed)
		if err != nil {
			return nil, err
		}
		return fit(d, t)
	case types.Bytes:
		if digits, ok := strings.CutPrefix(text, `\x`); ok {
			return hex.DecodeString(digits)
		}
		return []byte(text), nil
	case types.Date:
		return types.ParseDate(trimmed)
	case types.Time:
		return types.ParseTime(trimmed)
	case types.Timestamp:
		return types.ParseTimestamp(strings.Replace(trimmed, " ", "T", 1))
	case types.String:
		return text, nil
	case types.Numeric, types.Interval, types.JSON, types.JSONB:
		return pgtext.Parse(text, t)
	case types.Array:
		return parseArray(trimmed, *t.Elem)
	}
	return nil, fmt.Errorf("%s parameters are not supported; write the value into the statement", t)
}

// parseArray reads {1,NULL,"a b"}: one dimension.
func parseArray(text string, elem types.Type) (types.Value, error) {
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return nil, fmt.Errorf("malformed array literal: %q", text)
	}
	out := types.ArrayVal{}
	body := text[1 : len(text)-1]
	for at := 0; at < len(body); {
		part, quoted, next := arrayPart(body, at)
		if at = next + 1; next == len(body)-1 {
			return nil, fmt.Errorf("malformed array literal: %q", text)
		}
		if !quoted && strings.EqualFold(part, "null") {
			out = append(out, nil)
			continue
		}
		if !quoted && strings.HasPrefix(part, "{") {
			return nil, fmt.Errorf("arrays of several dimensions are not supported")
		}
		v, err := parseText(part, elem)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// arrayPart reads the element at i; next is where the comma after it stands, or the end.
func arrayPart(s string, i int) (part string, quoted bool, next int) {
	var b strings.Builder
	inside := false
	for ; i < len(s) && (inside || s[i] != ','); i++ {
		switch {
		case s[i] == '"':
			inside, quoted = !inside, true
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	if quoted {
		return b.String(), true, i
	}
	return strings.TrimSpace(b.String()), false, i
}

func numberError(err error, kind, text string) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, strconv.ErrRange) {
		return sqlerr.New(sqlerr.NumericOutOfRange, "%q is out of range for %s", text, kind)
	}
	return fmt.Errorf("%q does not read as %s", text, kind)
}

func parseBool(text string) (types.Value, error) {
	switch strings.ToLower(text) {
	case "t", "true", "y", "yes", "on", "1":
		return true, nil
	case "f", "false", "n", "no", "off", "0":
		return false, nil
	}
	return nil, fmt.Errorf("%q does not read as BOOLEAN", text)
}

// convert turns a value that came in a client's binary type into the type that the
// statement wants, if nothing is lost.
func convert(v types.Value, t types.Type) (types.Value, error) {
	switch x := v.(type) {
	case int32:
		return convertInt(int64(x), t)
	case int64:
		return convertInt(x, t)
	case types.Dec:
		if t.Kind == types.Decimal {
			return fit(x, t)
		}
		if n, ok := x.Int64(); ok && (t.Kind == types.Int || t.Kind == types.Bigint) {
			return convertInt(n, t)
		}
		if t.Kind == types.Double {
			return x.Float64(), nil
		}
		if t.Kind == types.Numeric {
			return x, nil
		}
	case float64:
		if t.Kind == types.Double {
			return x, nil
		}
	case types.DateVal:
		if t.Kind == types.Timestamp {
			return x.Timestamp(), nil
		}
	case types.ArrayVal:
		return convertArray(x, t)
	}
	if valueKind(v) == t.Kind {
		return v, nil
	}
	if text, ok := v.(string); ok {
		return parseText(text, t)
	}
	if t.Kind == types.String {
		return string(appendValueText(nil, v, types.Type{Kind: valueKind(v)})), nil
	}
	return nil, fmt.Errorf("a %s cannot stand for a %s", valueKind(v), t)
}

// fit rounds a number to the scale of its column: columns of decimals hold unscaled
// numbers of one scale.
func fit(d types.Dec, t types.Type) (types.Value, error) {
	fitted, err := d.Fit(t.Precision, t.Scale, types.HalfUp)
	if err != nil {
		return nil, sqlerr.New(sqlerr.NumericOutOfRange, "%s is out of range for %s", d, t)
	}
	return fitted, nil
}

func convertArray(a types.ArrayVal, t types.Type) (types.Value, error) {
	if t.Kind != types.Array {
		return nil, fmt.Errorf("an ARRAY cannot stand for a %s", t)
	}
	out := make(types.ArrayVal, len(a))
	for i, v := range a {
		if v == nil {
			continue
		}
		var err error
		if out[i], err = convert(v, *t.Elem); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func convertInt(n int64, t types.Type) (types.Value, error) {
	switch t.Kind {
	case types.Int:
		if n < math.MinInt32 || n > math.MaxInt32 {
			return nil, sqlerr.New(sqlerr.NumericOutOfRange, "%d is out of range for INT", n)
		}
		return int32(n), nil
	case types.Bigint:
		return n, nil
	case types.Double:
		return float64(n), nil
	case types.Decimal:
		return fit(types.DecOf(n), t)
	case types.Numeric:
		return types.DecOf(n), nil
	case types.String:
		return strconv.FormatInt(n, 10), nil
	}
	return nil, fmt.Errorf("a number cannot stand for a %s", t)
}

func valueKind(v types.Value) types.Kind {
	switch v.(type) {
	case bool:
		return types.Boolean
	case int32:
		return types.Int
	case int64:
		return types.Bigint
	case float64:
		return types.Double
	case types.Dec:
		return types.Decimal
	case types.IntervalVal:
		return types.Interval
	case string:
		return types.String
	case []byte:
		return types.Bytes
	case types.DateVal:
		return types.Date
	case types.TimeVal:
		return types.Time
	case types.TimestampVal:
		return types.Timestamp
	}
	return types.Null
}
