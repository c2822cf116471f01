package standard

import (
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/function/scalar/jsonpath"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/pgtext"
)

// jsonFunction adds a function over JSON: with the types JSON and JSONB where results are not
// stored, with STRING elsewhere. Overloads of JSON come first, and text goes to them.
func jsonFunction(name, doc string, overloads ...function.Signature) {
	differs(jsons, name, doc, overloads...)
	if function.KindOf(name) != function.NotAFunction {
		return // ksqlDB has one over text
	}
	var plain []function.Signature
	seen := map[string]bool{}
	asText := strings.NewReplacer("JSONB", "STRING", "JSON", "STRING")
	for _, o := range overloads {
		params := make([]string, len(o.Params))
		for i, p := range o.Params {
			kind, name, _ := strings.Cut(p, " ")
			params[i] = asText.Replace(kind) + " " + name
		}
		key := strings.Join(params, ",")
		if seen[key] {
			continue
		}
		seen[key] = true
		o.Params, o.Result = params, asText.Replace(o.Result)
		plain = append(plain, o)
	}
	both(jsons, name, doc, plain...)
}

// onJSON lifts f over a JSON value and further arguments, for JSON and JSONB. Any NULL makes the
// result NULL.
func onJSON(others []string, result string, f func(v jsonpath.Value, a []types.Value) (types.Value, error)) []function.Signature {
	var out []function.Signature
	for _, kind := range []string{"JSON", "JSONB"} {
		of := strings.ReplaceAll(result, "SAME", kind)
		out = append(out, strict(append([]string{kind + " json"}, others...), of, func(_ *function.Context, a []types.Value) (types.Value, error) {
			v, err := parseJSON(a[0].(string))
			if err != nil {
				return nil, err
			}
			return f(v, a[1:])
		}))
	}
	return out
}

func parseJSON(s string) (jsonpath.Value, error) {
	v, err := jsonpath.First([]byte(s))
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidText, "invalid input syntax for type json")
	}
	return v, nil
}

// member is the value of a name, the last where there are several; nil when there is none.
func member(v jsonpath.Value, name string) jsonpath.Value {
	var found jsonpath.Value
	if v.Kind() == jsonpath.Object {
		for _, m := range v.Members() {
			if m.Name == name {
				found = m.Value
			}
		}
	}
	return found
}

// item is element n of an array, from 0 or backwards from -1.
func item(v jsonpath.Value, n int) jsonpath.Value {
	if v.Kind() != jsonpath.Array {
		return nil
	}
	all := v.Elements()
	if n < 0 {
		n += len(all)
	}
	if n < 0 || n >= len(all) {
		return nil
	}
	return all[n]
}

// asJSON and asText are what -> and ->> make of a value.
func asJSON(v jsonpath.Value) types.Value {
	if v == nil {
		return nil
	}
	return string(v)
}

func asText(v jsonpath.Value) types.Value {
	if v == nil || v.Kind() == jsonpath.Null {
		return nil
	}
	if v.Kind() == jsonpath.String {
		return v.Text()
	}
	return string(v)
}

// step follows a name or a number written as text.
func step(v jsonpath.Value, key string) jsonpath.Value {
	if v.Kind() == jsonpath.Array {
		n, sign := 0, 1
		digits := key
		if rest, ok := strings.CutPrefix(key, "-"); ok {
			digits, sign = rest, -1
		}
		if digits == "" || len(digits) > 9 {
			return nil
		}
		for _, c := range digits {
			if c < '0' || c > '9' {
				return nil
			}
			n = n*10 + int(c-'0')
		}
		return item(v, sign*n)
	}
	return member(v, key)
}

func follow(v jsonpath.Value, keys []types.Value) jsonpath.Value {
	for _, k := range keys {
		if k == nil || v == nil {
			return nil
		}
		v = step(v, k.(string))
	}
	return v
}

func init() {
	makers()
	for name, end := range map[string]func(jsonpath.Value) types.Value{"": asJSON, "_TEXT": asText} {
		result, what := "SAME", "as JSON"
		if name != "" {
			result, what = "STRING", "as text"
		}
		jsonFunction("JSON_GET"+name, "The member of an object, or the element of an array from 0, "+what+": json -> key, json ->> key.", append(
			onJSON([]string{"STRING key"}, result, func(v jsonpath.Value, a []types.Value) (types.Value, error) {
				return end(member(v, a[0].(string))), nil
			}),
			onJSON([]string{"INTEGER index"}, result, func(v jsonpath.Value, a []types.Value) (types.Value, error) {
				return end(item(v, int(a[0].(int32)))), nil
			})...)...)
		path := onJSON([]string{"ARRAY<STRING> path"}, result, func(v jsonpath.Value, a []types.Value) (types.Value, error) {
			return end(follow(v, a[0].(types.ArrayVal))), nil
		})
		jsonFunction("JSON_GET_PATH"+name, "What the path of names and indexes leads to, "+what+": json #> path, json #>> path.", path...)
		keys := onJSON([]string{"STRING keys"}, result, func(v jsonpath.Value, a []types.Value) (types.Value, error) { return end(follow(v, a)), nil })
		for i := range keys {
			keys[i] = keys[i].Repeat()
		}
		for i, prefix := range []string{"JSON", "JSONB"} {
			jsonFunction(prefix+"_EXTRACT_PATH"+name, "What the names and indexes lead to, "+what+".", keys[i])
		}
	}
	length := onJSON(nil, "INTEGER", func(v jsonpath.Value, _ []types.Value) (types.Value, error) {
		if v.Kind() != jsonpath.Array {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "cannot get array length of a non-array")
		}
		return int32(len(v.Elements())), nil
	})
	typeOf := onJSON(nil, "STRING", func(v jsonpath.Value, _ []types.Value) (types.Value, error) {
		return [...]string{"", "null", "boolean", "number", "string", "array", "object"}[v.Kind()], nil
	})
	for i, prefix := range []string{"JSON", "JSONB"} {
		jsonFunction(prefix+"_ARRAY_LENGTH", "Number of elements of a JSON array; 22023 for other values.", length[i])
		jsonFunction(prefix+"_TYPEOF", "What the JSON value is: object, array, string, number, boolean or null.", typeOf[i])
	}
	contains()
	jsonTables()
}

func contains() {
	jsonFunction("JSONB_CONTAINS", "Whether all of other is in the JSON value, json @> other.", strict([]string{"JSONB json", "JSONB other"}, "BOOLEAN", func(_ *function.Context, a []types.Value) (types.Value, error) {
		return containsRow(a[0].(string), a[1].(string))
	}))
	jsonFunction("JSONB_CONTAINED", "Whether all of the JSON value is in other, json <@ other.", strict([]string{"JSONB json", "JSONB other"}, "BOOLEAN", func(_ *function.Context, a []types.Value) (types.Value, error) {
		return containsRow(a[1].(string), a[0].(string))
	}))
	jsonFunction("JSONB_EXISTS", "Whether an object has a member of the name, or an array such a string, json ? key.", strict([]string{"JSONB json", "STRING key"}, "BOOLEAN", func(_ *function.Context, a []types.Value) (types.Value, error) {
		v, err := parseJSON(a[0].(string))
		if err != nil {
			return nil, err
		}
		key := a[1].(string)
		if v.Kind() == jsonpath.Array {
			for _, x := range v.Elements() {
				if x.Kind() == jsonpath.String && x.Text() == key {
					return true, nil
				}
			}
			return false, nil
		}
		return member(v, key) != nil || v.Kind() == jsonpath.String && v.Text() == key, nil
	}))
	jsonFunction("JSONB_CONCAT", "The members of both objects, those of other winning, or the elements of both arrays, json || other.", strict([]string{"JSONB json", "JSONB other"}, "JSONB", func(_ *function.Context, a []types.Value) (types.Value, error) {
		return concatJSON(a[0].(string), a[1].(string))
	}))
}

func containsRow(a, b string) (types.Value, error) {
	v, err := parseJSON(a)
	if err != nil {
		return nil, err
	}
	w, err := parseJSON(b)
	if err != nil {
		return nil, err
	}
	if v.Kind() == jsonpath.Array && w.Kind() != jsonpath.Array && w.Kind() != jsonpath.Object { // at the top only
		w = jsonpath.Value("[" + string(w) + "]")
	}
	return within2(v, w), nil
}

// within2 says that v holds all of w.
func within2(v, w jsonpath.Value) bool {
	if v.Kind() != w.Kind() {
		return false
	}
	switch w.Kind() {
	case jsonpath.Object:
		for _, m := range w.Members() {
			if x := member(v, m.Name); x == nil || !within2(x, m.Value) {
				return false
			}
		}
		return true
	case jsonpath.Array:
		for _, y := range w.Elements() {
			found := false
			for _, x := range v.Elements() {
				found = found || within2(x, y)
			}
			if !found {
				return false
			}
		}
		return true
	case jsonpath.Number:
		a, err := types.ParseDec(string(v))
		b, err2 := types.ParseDec(string(w))
		return err == nil && err2 == nil && a.Cmp(b) == 0
	case jsonpath.String:
		return v.Text() == w.Text()
	}
	return string(v) == string(w)
}

func concatJSON(a, b string) (types.Value, error) {
	v, err := parseJSON(a)
	if err != nil {
		return nil, err
	}
	w, err := parseJSON(b)
	if err != nil {
		return nil, err
	}
	var out []byte
	if v.Kind() == jsonpath.Object && w.Kind() == jsonpath.Object {
		out = append(out, '{')
		for i, m := range append(v.Members(), w.Members()...) {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(append(pgtext.AppendJSONString(out, m.Name), ':'), m.Value...)
		}
		out = append(out, '}')
	} else {
		var all []jsonpath.Value
		for _, x := range []jsonpath.Value{v, w} {
			if x.Kind() == jsonpath.Array {
				all = append(all, x.Elements()...)
			} else {
				all = append(all, x)
			}
		}
		out = append(out, '[')
		for i, x := range all {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, x...)
		}
		out = append(out, ']')
	}
	s, err := pgtext.CanonicalJSON(string(out))
	return s, err
}

// makers build JSON of values.
func makers() {
	canonical := func(f func(ctx *function.Context, t []types.Type, a []types.Value) (types.Value, error)) func(*function.Context, []types.Type, []types.Value) (types.Value, error) {
		return func(ctx *function.Context, t []types.Type, a []types.Value) (types.Value, error) {
			v, err := f(ctx, t, a)
			if err != nil || v == nil {
				return v, err
			}
			s, err := pgtext.CanonicalJSON(v.(string))
			return s, err
		}
	}
	for prefix, as := range map[string]func(f func(*function.Context, []types.Type, []types.Value) (types.Value, error)) func(*function.Context, []types.Type, []types.Value) (types.Value, error){
		"JSON": func(f func(*function.Context, []types.Type, []types.Value) (types.Value, error)) func(*function.Context, []types.Type, []types.Value) (types.Value, error) {
			return f
		}, "JSONB": canonical} {
		jsonFunction(prefix+"_BUILD_OBJECT", "The JSON object of names and values in turn.", typed(nil, prefix, as(buildObject)), typed([]string{"ANY namesAndValues"}, prefix, as(buildObject)).Repeat())
		jsonFunction(prefix+"_BUILD_ARRAY", "The JSON array of the values.", typed(nil, prefix, as(buildArray)), typed([]string{"ANY values"}, prefix, as(buildArray)).Repeat())
		jsonFunction("TO_"+prefix, "The value as JSON.", typed([]string{"ANY value"}, prefix, as(toJSON)))
	}
	jsonFunction("ROW_TO_JSON", "The fields of a row as a JSON object.", typed([]string{"STRUCT row"}, "JSON", toJSON))
	jsonFunction("ARRAY_TO_JSON", "The array as JSON.", typed([]string{"ARRAY<T> array"}, "JSON", toJSON))
	jsonFunction("JSONB_PRETTY", "The JSON value with a member or element a line.", strict([]string{"JSONB json"}, "STRING", func(_ *function.Context, a []types.Value) (types.Value, error) {
		s, err := pgtext.PrettyJSON(a[0].(string))
		return s, err
	}))
}

func toJSON(_ *function.Context, t []types.Type, a []types.Value) (types.Value, error) {
	if a[0] == nil {
		return nil, nil
	}
	return string(pgtext.AppendJSON(nil, t[0], a[0])), nil
}

func buildObject(_ *function.Context, t []types.Type, a []types.Value) (types.Value, error) {
	if len(a)%2 != 0 {
		return nil, sqlerr.New(sqlerr.InvalidParameter, "argument list must have even number of elements")
	}
	out := []byte{'{'}
	for i := 0; i < len(a); i += 2 {
		if i > 0 {
			out = append(out, ", "...)
		}
		switch {
		case a[i] == nil:
			return nil, sqlerr.New(sqlerr.InvalidParameter, "argument %d cannot be null", i+1)
		case t[i].IsNested():
			return nil, sqlerr.New(sqlerr.InvalidParameter, "key value must be scalar, not array, composite, or json")
		}
		out = append(pgtext.AppendJSONString(out, string(pgtext.AppendCast(nil, t[i], a[i]))), " : "...)
		out = pgtext.AppendJSON(out, t[i+1], a[i+1])
	}
	return string(append(out, '}')), nil
}

func buildArray(_ *function.Context, t []types.Type, a []types.Value) (types.Value, error) {
	out := []byte{'['}
	for i, x := range a {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = pgtext.AppendJSON(out, t[i], x)
	}
	return string(append(out, ']')), nil
}

// jsonTables are the table functions over JSON.
func jsonTables() {
	table := func(name, doc, result string, f func(v jsonpath.Value) ([]types.Value, error)) {
		expand := known(func(a []types.Value) ([]types.Value, error) {
			v, err := parseJSON(a[0].(string))
			if err != nil {
				return nil, err
			}
			return f(v)
		})
		for _, prefix := range []string{"JSON", "JSONB"} {
			of := strings.ReplaceAll(result, "SAME", prefix)
			function.RegisterStandardTable(function.Table{Name: prefix + name, Doc: doc, Overloads: []function.TableSignature{
				{Params: []string{prefix + " json"}, Result: of, Expand: expand}}})
			function.RegisterTable(function.Table{Name: prefix + name, Doc: doc, Overloads: []function.TableSignature{{Params: []string{"STRING json"}, Result: "STRING", Expand: expand}}})
		}
	}
	elements := func(end func(jsonpath.Value) types.Value) func(v jsonpath.Value) ([]types.Value, error) {
		return func(v jsonpath.Value) ([]types.Value, error) {
			if v.Kind() != jsonpath.Array {
				return nil, sqlerr.New(sqlerr.InvalidParameter, "cannot extract elements from a non-array")
			}
			var out []types.Value
			for _, x := range v.Elements() {
				out = append(out, end(x))
			}
			return out, nil
		}
	}
	table("_ARRAY_ELEMENTS", "One row for each element of a JSON array.", "SAME", elements(asJSON))
	table("_ARRAY_ELEMENTS_TEXT", "One row for each element of a JSON array, as text.", "STRING", elements(asText))
	table("_OBJECT_KEYS", "One row for each name of a JSON object.", "STRING", func(v jsonpath.Value) ([]types.Value, error) {
		if v.Kind() != jsonpath.Object {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "cannot call json_object_keys on a non-object")
		}
		var out []types.Value
		for _, m := range v.Members() {
			out = append(out, m.Name)
		}
		return out, nil
	})
}
