package pgcatalog

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// compare orders two values of one shape, NULL last.
func compare(a, b any) int {
	if a == nil || b == nil {
		return cmp.Compare(b2i(a == nil), b2i(b == nil))
	}
	switch x := a.(type) {
	case bool:
		if y, ok := b.(bool); ok {
			return cmp.Compare(b2i(x), b2i(y))
		}
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case types.TimestampVal:
		if y, ok := b.(types.TimestampVal); ok {
			return cmp.Compare(x, y)
		}
	case array:
		if y, ok := b.(array); ok {
			return slices.CompareFunc(x, y, compare)
		}
	case record:
		if y, ok := b.(record); ok {
			return slices.CompareFunc(x, y, compare)
		}
	}
	x, xok := number(a)
	y, yok := number(b)
	if xok && yok {
		if i, ok := a.(int64); ok {
			if j, ok := b.(int64); ok {
				return cmp.Compare(i, j)
			}
		}
		return cmp.Compare(x, y)
	}
	return strings.Compare(text(a), text(b))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// key is a value as the key of a Go map, for grouping and hashing.
func key(v any) any {
	switch v.(type) {
	case array, record:
		return "\x00" + text(v)
	}
	return v
}

func keys(values []any) string {
	var b strings.Builder
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			b.WriteString("n;")
		case string:
			b.WriteString("s" + strconv.Itoa(len(v)) + ":" + v)
		default:
			s := text(v)
			b.WriteString("v" + strconv.Itoa(len(s)) + ":" + s)
		}
	}
	return b.String()
}

// text is the text form of a value without regard to its type; toText knows the names of
// objects.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "t"
		}
		return "f"
	case int64:
		return itoa(v)
	case float64:
		return floatText(v)
	case types.TimestampVal:
		return v.Go().Format("2006-01-02 15:04:05.999")
	case array:
		return joinParts('{', '}', v, func(e any) string { return arrayElement(e, text(e)) })
	case record:
		return joinParts('(', ')', array(v), func(e any) string { return recordField(e, text(e)) })
	}
	return ""
}

func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e15) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func joinParts(open, end byte, parts []any, one func(any) string) string {
	b := []byte{open}
	for i, e := range parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, one(e)...)
	}
	return string(append(b, end))
}

func arrayElement(v any, s string) string {
	if v == nil {
		return "NULL"
	}
	if _, nested := v.(array); nested {
		return s
	}
	if s == "" || strings.EqualFold(s, "null") || strings.ContainsAny(s, "{},\"\\ \t\r\n") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	return s
}

func recordField(v any, s string) string {
	if v == nil {
		return ""
	}
	if s == "" || strings.ContainsAny(s, "(),\"\\ \t\r\n") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `""`).Replace(s) + `"`
	}
	return s
}

// toText is the text form of a value of a type: object identifiers of the reg types are
// written as names.
func (ex *execution) toText(v any, t typ) string {
	switch {
	case v == nil:
		return ""
	case t.isName():
		n, _ := v.(int64)
		return ex.objectName(n, t)
	case t.oid == oidInt2Vector || t.oid == oidOidVector:
		parts := []string{}
		for _, e := range v.(array) {
			parts = append(parts, text(e))
		}
		return strings.Join(parts, " ")
	}
	switch x := v.(type) {
	case bool:
		if x {
			return "true"
		}
		return "false"
	case array:
		return joinParts('{', '}', x, func(e any) string { return arrayElement(e, ex.outText(e, t.elem())) })
	case record:
		i := -1
		return joinParts('(', ')', array(x), func(e any) string {
			i++
			if i < len(t.fields) {
				return recordField(e, ex.outText(e, t.fields[i].typ))
			}
			return recordField(e, text(e))
		})
	}
	return text(v)
}

// outText is the output form, which differs from a cast to text for booleans.
func (ex *execution) outText(v any, t typ) string {
	if b, ok := v.(bool); ok {
		return text(b)
	}
	return ex.toText(v, t)
}

// fromText is PostgreSQL's input of a type.
func (ex *execution) fromText(s string, t typ) (any, error) {
	bad := func() (any, error) {
		return nil, sqlerr.New(sqlerr.InvalidText, "invalid input syntax for type %s: %q", t, s)
	}
	trimmed := strings.TrimSpace(s)
	if t.isName() {
		return ex.findObject(s, t)
	}
	switch t.shape() {
	case isBool:
		switch l := strings.ToLower(trimmed); {
		case l != "" && (strings.HasPrefix("true", l) || strings.HasPrefix("yes", l)), l == "on", l == "1":
			return true, nil
		case l != "" && (strings.HasPrefix("false", l) || strings.HasPrefix("no", l)), l == "off", l == "0":
			return false, nil
		}
		return bad()
	case isInt:
		n, err := strconv.ParseInt(trimmed, 10, 64)
		if err != nil {
			return bad()
		}
		return n, nil
	case isFloat:
		f, err := strconv.ParseFloat(trimmed, 64)
		if err != nil {
			return bad()
		}
		return f, nil
	case isTime:
		at, err := types.ParseTimestamp(strings.Replace(trimmed, " ", "T", 1))
		if err != nil {
			return bad()
		}
		return at, nil
	case isArray:
		if typeByOID[t.oid] != nil {
			return ex.vectorFromText(trimmed, t)
		}
		return ex.arrayFromText(trimmed, t)
	case isRecord:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "input of records is not supported")
	}
	switch {
	case t.oid == oidChar && len(s) > 1:
		return s[:1], nil
	case t.oid == oidName && len(s) > 63:
		return s[:63], nil
	}
	return s, nil
}

func (ex *execution) vectorFromText(s string, t typ) (any, error) {
	out := array{}
	for _, part := range strings.Fields(s) {
		v, err := ex.fromText(part, t.elem())
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// arrayFromText reads {a,"b c",NULL}.
func (ex *execution) arrayFromText(s string, t typ) (any, error) {
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' {
		return nil, sqlerr.New(sqlerr.InvalidText, "malformed array literal: %q", s)
	}
	out := array{}
	body := s[1 : len(s)-1]
	for i := 0; i < len(body); {
		part, quoted, next := arrayPart(body, i)
		i = next + 1
		if !quoted && strings.EqualFold(part, "null") {
			out = append(out, nil)
			continue
		}
		v, err := ex.fromText(part, t.elem())
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// arrayPart reads the element at i; next is where the comma after it stands.
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

// fromValue takes over a parameter's value.
func fromValue(v types.Value) any {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, types.TimestampVal:
		return v
	case int32:
		return int64(v)
	case types.Dec:
		return v.Float64()
	case []byte:
		return string(v)
	case types.ArrayVal:
		out := make(array, len(v))
		for i, e := range v {
			out[i] = fromValue(e)
		}
		return out
	case interface{ String() string }:
		return v.String()
	}
	return nil
}

// toValue hands a result over as columnType has promised.
func (ex *execution) toValue(v any, t typ, as types.Type) types.Value {
	if v == nil {
		return nil
	}
	switch as.Kind {
	case types.Boolean:
		if b, ok := v.(bool); ok {
			return b
		}
	case types.Int:
		if n, ok := number(v); ok {
			return int32(uint32(int64(n)))
		}
	case types.Bigint:
		if n, ok := v.(int64); ok {
			return n
		}
		if n, ok := number(v); ok {
			return int64(n)
		}
	case types.Double:
		if n, ok := number(v); ok {
			return n
		}
	case types.Timestamp:
		if at, ok := v.(types.TimestampVal); ok {
			return at
		}
	case types.Array:
		if a, ok := v.(array); ok {
			out := make(types.ArrayVal, len(a))
			for i, e := range a {
				out[i] = ex.toValue(e, t.elem(), *as.Elem)
			}
			return out
		}
	default:
		return ex.outText(v, t)
	}
	return nil
}
