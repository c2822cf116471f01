package scalar

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/function/scalar/jsonpath"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

func init() {
	register := func(name, doc string, overloads ...function.Signature) {
		function.RegisterScalar(function.Scalar{Name: name, Text: name, Category: "JSON", Doc: doc, Overloads: overloads})
	}
	function.RegisterScalar(function.Scalar{Name: "EXTRACTJSONFIELD", Category: "JSON", Overloads: []function.Signature{extractJSONField()},
		Doc: "The part of a JSON text that the path ($.name, $['name'], $[0], ...) leads to: strings without quotes, anything else as JSON; numbers keep their digits, and the JSON null is the text null. NULL when there is none."})
	register("IS_JSON_STRING", "Whether the text begins with a JSON value; FALSE for NULL.",
		function.Rows([]string{"STRING input"}, "BOOLEAN", func(_ *function.Context, a []types.Value) (types.Value, error) {
			s, ok := a[0].(string)
			if !ok {
				return false, nil
			}
			_, err := jsonpath.First([]byte(s))
			return err == nil, nil
		}))
	register("JSON_ARRAY_CONTAINS", "Whether a JSON array has the value: a string, boolean or NULL, a whole number for INTEGER and BIGINT, one with a fraction for DOUBLE.",
		function.Rows([]string{"STRING jsonArray", "T val"}, "BOOLEAN", jsonArrayContains))
	register("JSON_ARRAY_LENGTH", "Number of elements of a JSON array; NULL for other values.",
		ofKind("INTEGER", jsonpath.Array, func(v jsonpath.Value) types.Value { return int32(len(v.Elements())) }))
	register("JSON_ITEMS", "The elements of a JSON array, each as JSON; NULL for other values.",
		ofKind("ARRAY<STRING>", jsonpath.Array, func(v jsonpath.Value) types.Value {
			out := types.ArrayVal{}
			for _, x := range v.Elements() {
				out = append(out, x.Compact())
			}
			return out
		}))
	register("JSON_KEYS", "The names of the members of a JSON object; NULL for other values.",
		ofKind("ARRAY<STRING>", jsonpath.Object, func(v jsonpath.Value) types.Value {
			out := types.ArrayVal{}
			for _, m := range uniqueMembers(v) {
				out = append(out, m.Name)
			}
			return out
		}))
	register("JSON_RECORDS", "Map of the members of a JSON object: strings as they are, other values as JSON. NULL for other values.",
		ofKind("MAP<STRING, STRING>", jsonpath.Object, func(v jsonpath.Value) types.Value {
			out := types.NewMapBuilder(8)
			for _, m := range v.Members() {
				out.Put(m.Name, m.Value.Text())
			}
			return out.Map()
		}))
	register("JSON_CONCAT", "The JSON values as one: objects are merged, later members winning; otherwise arrays are joined, with every other value as an array of one. NULL when one is NULL.",
		function.Rows([]string{"STRING jsonStrings", "STRING others"}, "STRING", jsonConcat).Repeat())
	register("TO_JSON_STRING", "The value as JSON: dates and times as ISO 8601, BYTES as base64, structs and maps with sorted names.",
		typedRows([]string{"T val"}, "STRING", func(t []types.Type, a []types.Value) (types.Value, error) {
			return string(appendJSON(nil, t[0], a[0])), nil
		}))
}

// extractJSONField compiles each path once, however many rows have it.
func extractJSONField() function.Signature {
	return function.Signature{Params: []string{"STRING input", "STRING path"}, Result: "STRING", NullIn: true,
		Compile: func([]types.Type, types.Type) (function.Kernel, error) {
			var paths memo[jsonpath.Path]
			return function.Lift2(func(doc []byte, path string) ([]byte, error) {
				p, err := paths.get(path, compilePath)
				if err != nil {
					return nil, err
				}
				v, err := firstJSON(doc)
				if err != nil {
					return nil, err
				}
				x, ok := p.Find(v)
				if !ok {
					return nil, function.ErrNull
				}
				return x.Bytes(), nil
			}), nil
		}}
}

func compilePath(path string) (jsonpath.Path, error) {
	p, err := jsonpath.Parse(path)
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidParameter, "%w", err)
	}
	return p, nil
}

func firstJSON(text []byte) (jsonpath.Value, error) {
	v, err := jsonpath.First(text)
	if err != nil {
		shown := string(text[:min(len(text), 80)])
		return nil, sqlerr.New(sqlerr.InvalidText, "Invalid JSON format: %s", shown)
	}
	return v, nil
}

// ofKind lifts a function of JSON values of one kind; others and empty text give NULL.
func ofKind(result string, kind jsonpath.Kind, f func(v jsonpath.Value) types.Value) function.Signature {
	return function.F1("STRING json", result, func(text []byte) (types.Value, error) {
		if len(text) == 0 {
			return nil, nil
		}
		v, err := firstJSON(text)
		if err != nil || v.Kind() != kind {
			return nil, err
		}
		return f(v), nil
	})
}

// uniqueMembers keeps the place of the first and the value of the last of equal names.
func uniqueMembers(v jsonpath.Value) []jsonpath.Member {
	var out []jsonpath.Member
	at := map[string]int{}
	for _, m := range v.Members() {
		if i, ok := at[m.Name]; ok {
			out[i].Value = m.Value
			continue
		}
		at[m.Name] = len(out)
		out = append(out, m)
	}
	return out
}

func jsonArrayContains(_ *function.Context, a []types.Value) (types.Value, error) {
	s, ok := a[0].(string)
	if !ok {
		return false, nil
	}
	v, err := jsonpath.First([]byte(s))
	if err != nil || v.Kind() != jsonpath.Array {
		return false, nil
	}
	return slices.ContainsFunc(v.Elements(), func(x jsonpath.Value) bool { return jsonEqual(x, a[1]) }), nil
}

func jsonEqual(x jsonpath.Value, v types.Value) bool {
	switch v := v.(type) {
	case nil:
		return x.Kind() == jsonpath.Null
	case bool:
		return x.Kind() == jsonpath.Bool && (x[0] == 't') == v
	case string:
		return x.Kind() == jsonpath.String && x.Text() == v
	case int32:
		n, err := strconv.ParseInt(string(x), 10, 64)
		return err == nil && n == int64(v)
	case int64:
		n, err := strconv.ParseInt(string(x), 10, 64)
		return err == nil && n == v
	case float64:
		f, err := strconv.ParseFloat(string(x), 64)
		return err == nil && f == v && strings.ContainsAny(string(x), ".eE")
	}
	return false // a DECIMAL is in no array, as in ksqlDB
}

func jsonConcat(_ *function.Context, a []types.Value) (types.Value, error) {
	values, objects := make([]jsonpath.Value, len(a)), true
	for i, x := range a {
		s, ok := x.(string)
		if !ok || s == "" {
			return nil, nil
		}
		v, err := firstJSON([]byte(s))
		if err != nil {
			return nil, err
		}
		values[i] = v
		objects = objects && v.Kind() == jsonpath.Object
	}
	if len(values) == 1 {
		return values[0].Plain(), nil
	}
	if objects {
		return mergeObjects(values), nil
	}
	var parts []string
	for _, v := range values {
		if v.Kind() != jsonpath.Array {
			parts = append(parts, v.Plain())
			continue
		}
		for _, x := range v.Elements() {
			parts = append(parts, x.Plain())
		}
	}
	return "[" + strings.Join(parts, ",") + "]", nil
}

func mergeObjects(values []jsonpath.Value) string {
	merged := types.NewMapBuilder(8)
	for _, v := range values {
		for _, m := range v.Members() {
			merged.Put(m.Name, m.Value.Plain())
		}
	}
	out := []byte{'{'}
	m := merged.Map()
	for i, k := range m.Keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(jsonpath.Quote(out, k.(string)), ':')
		out = append(out, m.Values[i].(string)...)
	}
	return string(append(out, '}'))
}

// appendJSON writes a value as JSON.
func appendJSON(dst []byte, t types.Type, v types.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case string:
		return jsonpath.Quote(dst, v)
	case []byte:
		return jsonpath.Quote(dst, base64.StdEncoding.EncodeToString(v))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return jsonpath.Quote(dst, types.Text(t, v))
		}
	case types.DateVal, types.TimeVal, types.TimestampVal, types.IntervalVal:
		return jsonpath.Quote(dst, types.Text(t, v))
	case types.ArrayVal:
		dst = append(dst, '[')
		for i, x := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, *t.Elem, x)
		}
		return append(dst, ']')
	case types.StructVal:
		order := make([]int, len(v))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return strings.Compare(t.Fields[a].Name, t.Fields[b].Name) })
		dst = append(dst, '{')
		for n, i := range order {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsonpath.Quote(dst, t.Fields[i].Name), ':')
			dst = appendJSON(dst, t.Fields[i].Type, v[i])
		}
		return append(dst, '}')
	case *types.MapVal:
		dst = append(dst, '{')
		for n, i := range v.SortedKeys() {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsonpath.Quote(dst, types.Text(*t.Key, v.Keys[i])), ':')
			dst = appendJSON(dst, *t.Elem, v.Values[i])
		}
		return append(dst, '}')
	}
	return types.AppendText(dst, t, v)
}
