package rows

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"tailrace/cli/shell/render"
	"tailrace/sql/types"
)

// Literal writes a value as an expression of SQL that has the type of a column. A value
// that cannot have the type is an error; so is one that the language cannot write.
func Literal(t types.Type, v Value) (string, error) {
	switch {
	case v.Null:
		return "NULL", nil
	case v.JSON != nil:
		return literal(t, v.JSON)
	case t.IsNested():
		nested, err := parseNested(t, v.Text)
		if err != nil {
			return "", err
		}
		return literal(t, nested)
	}
	return literal(t, v.Text)
}

// parseNested reads a nested value that stands in a text: JSON, or an array as PostgreSQL
// writes it.
func parseNested(t types.Type, text string) (any, error) {
	text = strings.TrimSpace(text)
	if t.Kind == types.Array && strings.HasPrefix(text, "{") {
		array, ok := render.ArrayJSON(text)
		if !ok {
			return nil, fmt.Errorf("%q is no array", text)
		}
		text = string(array)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		return nil, fmt.Errorf("%q is not JSON, which %s is written in", text, t)
	}
	return v, nil
}

var aNumber = regexp.MustCompile(`^-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$`)

// literal writes a value that JSON has, or a text.
func literal(t types.Type, v any) (string, error) {
	if v == nil {
		return "CAST(NULL AS " + t.String() + ")", nil // a bare NULL has no type inside of others
	}
	switch t.Kind {
	case types.Boolean:
		switch strings.ToLower(textOf(v)) {
		case "true", "t":
			return "TRUE", nil
		case "false", "f":
			return "FALSE", nil
		}
	case types.Int, types.Bigint, types.Double, types.Decimal:
		if text := strings.TrimPrefix(strings.TrimSpace(textOf(v)), "+"); !isNested(v) && aNumber.MatchString(text) {
			return text, nil
		}
	case types.String:
		return Quote(textOf(v)), nil
	case types.Date, types.Time, types.Timestamp:
		if text, ok := v.(string); ok {
			return Quote(strings.TrimSpace(text)), nil
		}
	case types.Bytes:
		if text, ok := v.(string); ok {
			return bytesLiteral(text)
		}
	case types.Array:
		if list, ok := v.([]any); ok {
			return arrayLiteral(t, list)
		}
	case types.Map:
		if object, ok := v.(map[string]any); ok {
			return mapLiteral(t, object)
		}
	case types.Struct:
		if object, ok := v.(map[string]any); ok {
			return structLiteral(t, object)
		}
	}
	return "", fmt.Errorf("%s is no %s", shown(v), t)
}

func isNested(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}

// textOf is a value as a text: strings as they are, others as JSON.
func textOf(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return strings.TrimSpace(b.String())
}

// shown is a value in an error: as JSON, and not too much of it.
func shown(v any) string {
	text := textOf(v)
	if s, ok := v.(string); ok {
		text = fmt.Sprintf("%q", s)
	}
	if r := []rune(text); len(r) > 60 {
		text = string(r[:57]) + "..."
	}
	return text
}

// Quote writes a string. ${ stands in two halves, since the server would put the value of
// a variable there.
func Quote(text string) string {
	text = "'" + strings.ReplaceAll(text, "'", "''") + "'"
	return strings.ReplaceAll(text, "${", "$' || '{")
}

// bytesLiteral writes bytes that are given in hexadecimal, as the shell shows them, or in
// base64, as JSON has them.
func bytesLiteral(text string) (string, error) {
	if digits, ok := strings.CutPrefix(text, `\x`); ok {
		if _, err := hex.DecodeString(digits); err != nil {
			return "", fmt.Errorf("%s is no BYTES: behind \\x there are hexadecimal digits", shown(text))
		}
		return "TO_BYTES('" + digits + "', 'hex')", nil
	}
	if _, err := base64.StdEncoding.DecodeString(text); err != nil {
		return "", fmt.Errorf("%s is no BYTES: they are written as \\x and hexadecimal digits, or in base64", shown(text))
	}
	return "TO_BYTES('" + text + "', 'base64')", nil
}

// arrayLiteral writes an array. The language has no empty one: it is what is left of an
// array of one when nothing is kept.
func arrayLiteral(t types.Type, list []any) (string, error) {
	if len(list) == 0 {
		return "FILTER(ARRAY[CAST(NULL AS " + t.Elem.String() + ")], X => FALSE)", nil
	}
	parts := make([]string, len(list))
	for i, v := range list {
		var err error
		if parts[i], err = literal(*t.Elem, v); err != nil {
			return "", err
		}
	}
	return "ARRAY[" + strings.Join(parts, ", ") + "]", nil
}

func mapLiteral(t types.Type, object map[string]any) (string, error) {
	if len(object) == 0 {
		key, err := literal(*t.Key, "0")
		if err != nil {
			return "", err
		}
		return "FILTER(MAP(" + key + " := CAST(NULL AS " + t.Elem.String() + ")), (K, V) => FALSE)", nil
	}
	var parts []string
	for _, name := range sortedKeys(object) {
		key, err := literal(*t.Key, name)
		if err != nil {
			return "", err
		}
		value, err := literal(*t.Elem, object[name])
		if err != nil {
			return "", err
		}
		parts = append(parts, key+" := "+value)
	}
	return "MAP(" + strings.Join(parts, ", ") + ")", nil
}

func structLiteral(t types.Type, object map[string]any) (string, error) {
	var parts []string
	used := 0
	for _, f := range t.Fields {
		v, ok := object[f.Name]
		if !ok {
			for name := range object {
				if strings.EqualFold(name, f.Name) {
					v, ok = object[name], true
				}
			}
		}
		if ok {
			used++
		}
		value, err := literal(f.Type, v)
		if err != nil {
			return "", fmt.Errorf("%s: %w", f.Name, err)
		}
		parts = append(parts, types.QuoteName(f.Name)+" := "+value)
	}
	if used < len(object) {
		for _, name := range sortedKeys(object) {
			if !hasField(t, name) {
				return "", fmt.Errorf("%s has no field %q", t, name)
			}
		}
	}
	return "STRUCT(" + strings.Join(parts, ", ") + ")", nil
}

func hasField(t types.Type, name string) bool {
	for _, f := range t.Fields {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

func sortedKeys(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
