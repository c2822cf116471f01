package pgcatalog

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"

	"tailrace/sql/sqlerr"
)

// Functions over text, numbers and arrays.
func init() {
	textFunctions()
	partFunctions()
	patternFunctions()
	arrayFunctions()
	setReturning()
}

func textFunctions() {
	text1 := func(name string, do func(string) any) {
		define(name+"(text)text", func(_ *execution, a []any) (any, error) { return do(a[0].(string)), nil })
	}
	text1("lower", func(s string) any { return strings.ToLower(s) })
	text1("upper", func(s string) any { return strings.ToUpper(s) })
	text1("quote_ident", func(s string) any { return quoteName(s) })
	text1("quote_literal", func(s string) any { return quoteLiteral(s) })
	text1("md5", func(s string) any { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) })
	for _, name := range []string{"length", "char_length", "character_length", "octet_length"} {
		bytes := name == "octet_length"
		define(name+"(text)int4", func(_ *execution, a []any) (any, error) {
			if bytes {
				return int64(len(a[0].(string))), nil
			}
			return int64(utf8.RuneCountInString(a[0].(string))), nil
		})
	}
	trim := func(name string, do func(s, cut string) string) {
		define(name+"(text,text?)text", func(_ *execution, a []any) (any, error) {
			cut := " "
			if len(a) > 1 {
				cut = a[1].(string)
			}
			return do(a[0].(string), cut), nil
		})
	}
	trim("btrim", strings.Trim)
	trim("ltrim", strings.TrimLeft)
	trim("rtrim", strings.TrimRight)
	define("replace(text,text,text)text", func(_ *execution, a []any) (any, error) {
		return strings.ReplaceAll(a[0].(string), a[1].(string), a[2].(string)), nil
	})
	define("repeat(text,int4)text", func(_ *execution, a []any) (any, error) {
		s, n := a[0].(string), max(a[1].(int64), 0)
		if int64(len(s))*n > 1<<20 {
			return nil, sqlerr.New(sqlerr.LimitExceeded, "requested length too large")
		}
		return strings.Repeat(s, int(n)), nil
	})
	define("strpos(text,text)int4", func(_ *execution, a []any) (any, error) { return position(a[0].(string), a[1].(string)), nil })
	define("position(text,text)int4", func(_ *execution, a []any) (any, error) { return position(a[1].(string), a[0].(string)), nil })
	define("starts_with(text,text)bool", func(_ *execution, a []any) (any, error) {
		return strings.HasPrefix(a[0].(string), a[1].(string)), nil
	})
	defineNulls("concat(any...)text", func(_ *execution, a []any) (any, error) {
		var b strings.Builder
		for _, v := range a {
			b.WriteString(text(v))
		}
		return b.String(), nil
	})
	defineNulls("concat_ws(text,any...)text", func(_ *execution, a []any) (any, error) {
		var parts []string
		for _, v := range a[1:] {
			if v != nil {
				parts = append(parts, text(v))
			}
		}
		return strings.Join(parts, text(a[0])), nil
	})
	defineNulls("quote_nullable(text)text", func(_ *execution, a []any) (any, error) {
		if a[0] == nil {
			return "NULL", nil
		}
		return quoteLiteral(a[0].(string)), nil
	})
	defineNulls("format(text,any...)text", formatText)
	defineNulls("json_build_object(any...)json", buildObject)
}

// buildObject is json_build_object: names and values in turn.
func buildObject(_ *execution, a []any) (any, error) {
	if len(a)%2 != 0 {
		return nil, sqlerr.New(sqlerr.InvalidParameter, "argument list must have even number of elements")
	}
	var b strings.Builder
	for i := 0; i < len(a); i += 2 {
		if i > 0 {
			b.WriteString(", ")
		}
		name, err := json.Marshal(text(a[i]))
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(a[i+1])
		if err != nil {
			return nil, err
		}
		b.WriteString(string(name) + " : " + string(value))
	}
	return "{" + b.String() + "}", nil
}

func position(s, sub string) int64 {
	i := strings.Index(s, sub)
	if i < 0 {
		return 0
	}
	return int64(utf8.RuneCountInString(s[:i]) + 1)
}

func quoteLiteral(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// formatText is format(): %s, %I, %L and %%.
func formatText(_ *execution, a []any) (any, error) {
	if a[0] == nil {
		return nil, nil
	}
	var b strings.Builder
	f, next := a[0].(string), 1
	for i := 0; i < len(f); i++ {
		if f[i] != '%' || i+1 == len(f) {
			b.WriteByte(f[i])
			continue
		}
		i++
		if f[i] == '%' {
			b.WriteByte('%')
			continue
		}
		if next >= len(a) {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "too few arguments for format()")
		}
		v := a[next]
		next++
		switch f[i] {
		case 's':
			b.WriteString(text(v))
		case 'I':
			b.WriteString(quoteName(text(v)))
		case 'L':
			b.WriteString(quoteLiteral(text(v)))
		default:
			return nil, sqlerr.New(sqlerr.InvalidParameter, "unrecognized format() type specifier %q", f[i:i+1])
		}
	}
	return b.String(), nil
}

// substring counts characters from 1, as the standard does: a start before the text
// uses up some of the length.
func substring(_ *execution, a []any) (any, error) {
	runes := []rune(a[0].(string))
	from := a[1].(int64) - 1
	to := int64(len(runes))
	if len(a) > 2 {
		if a[2].(int64) < 0 {
			return nil, sqlerr.New("22011", "negative substring length not allowed")
		}
		to = min(to, from+min(a[2].(int64), 1<<31))
	}
	from = max(from, 0)
	if from >= to {
		return "", nil
	}
	return string(runes[from:to]), nil
}

// partFunctions cut text into parts.
func partFunctions() {
	define("substr(text,int4,int4?)text", substring)
	define("substring(text,any,int4?)text", func(ex *execution, a []any) (any, error) {
		pattern, ok := a[1].(string)
		if !ok {
			return substring(ex, a)
		}
		re, err := ex.pattern(pattern, false)
		if err != nil {
			return nil, sqlerr.New(sqlerr.InvalidRegexp, "invalid regular expression: %s", err)
		}
		m := re.FindStringSubmatch(a[0].(string))
		if m == nil {
			return nil, nil
		}
		return m[min(1, len(m)-1)], nil
	})
	define("left(text,int4)text", func(_ *execution, a []any) (any, error) {
		r, n := []rune(a[0].(string)), a[1].(int64)
		if n < 0 {
			n += int64(len(r))
		}
		return string(r[:min(max(n, 0), int64(len(r)))]), nil
	})
	define("right(text,int4)text", func(_ *execution, a []any) (any, error) {
		r, n := []rune(a[0].(string)), a[1].(int64)
		if n < 0 {
			n += int64(len(r))
		}
		return string(r[int64(len(r))-min(max(n, 0), int64(len(r))):]), nil
	})
	define("split_part(text,text,int4)text", func(_ *execution, a []any) (any, error) {
		parts, n := strings.Split(a[0].(string), a[1].(string)), a[2].(int64)
		if n < 0 {
			n += int64(len(parts)) + 1
		}
		if n < 1 || n > int64(len(parts)) {
			return "", nil
		}
		return parts[n-1], nil
	})
	define("translate(text,text,text)text", func(_ *execution, a []any) (any, error) {
		from, to := []rune(a[1].(string)), []rune(a[2].(string))
		return strings.Map(func(r rune) rune {
			for i, f := range from {
				if f == r && i < len(to) {
					return to[i]
				} else if f == r {
					return -1
				}
			}
			return r
		}, a[0].(string)), nil
	})
}

// patternFunctions match regular expressions.
func patternFunctions() {
	define("regexp_replace(text,text,text,text?)text", func(ex *execution, a []any) (any, error) {
		flags := ""
		if len(a) > 3 {
			flags = a[3].(string)
		}
		re, err := ex.pattern(a[1].(string), strings.Contains(flags, "i"))
		if err != nil {
			return nil, sqlerr.New(sqlerr.InvalidRegexp, "invalid regular expression: %s", err)
		}
		return regexpReplace(re, a[0].(string), a[2].(string), strings.Contains(flags, "g")), nil
	})
	define("regexp_match(text,text)text[]", func(ex *execution, a []any) (any, error) {
		re, err := ex.pattern(a[1].(string), false)
		if err != nil {
			return nil, sqlerr.New(sqlerr.InvalidRegexp, "invalid regular expression: %s", err)
		}
		m := re.FindStringSubmatch(a[0].(string))
		if m == nil {
			return nil, nil
		}
		out := array{}
		for _, g := range m[min(1, len(m)-1):] {
			out = append(out, g)
		}
		return out, nil
	})
}

// regexpReplace replaces the first match, or all; \1 and \& stand for what matched.
func regexpReplace(re *regexp.Regexp, s, with string, all bool) string {
	var b strings.Builder
	for i := 0; i < len(with); i++ {
		switch {
		case with[i] == '$':
			b.WriteString("$$")
		case with[i] == '\\' && i+1 < len(with) && with[i+1] >= '1' && with[i+1] <= '9':
			b.WriteString("${" + with[i+1:i+2] + "}")
			i++
		case with[i] == '\\' && i+1 < len(with) && with[i+1] == '&':
			b.WriteString("${0}")
			i++
		default:
			b.WriteByte(with[i])
		}
	}
	if all {
		return re.ReplaceAllString(s, b.String())
	}
	at := re.FindStringSubmatchIndex(s)
	if at == nil {
		return s
	}
	return s[:at[0]] + string(re.ExpandString(nil, b.String(), s, at)) + s[at[1]:]
}

func arrayFunctions() {
	bound := func(name string, do func(n, base int64) any) {
		define(name+"(any,int4)int4", func(_ *execution, a []any) (any, error) {
			list, ok := a[0].(array)
			if !ok || len(list) == 0 || a[1].(int64) != 1 {
				return nil, nil
			}
			return do(int64(len(list)), 1), nil
		})
	}
	bound("array_length", func(n, _ int64) any { return n })
	bound("array_upper", func(n, base int64) any { return n + base - 1 })
	bound("array_lower", func(_, base int64) any { return base })
	define("cardinality(any)int4", func(_ *execution, a []any) (any, error) {
		list, _ := a[0].(array)
		return int64(len(list)), nil
	})
	define("array_ndims(any)int4", func(_ *execution, a []any) (any, error) {
		if list, _ := a[0].(array); len(list) == 0 {
			return nil, nil
		}
		return int64(1), nil
	})
	defineNulls("array_to_string(any,text,text?)text", func(_ *execution, a []any) (any, error) {
		list, ok := a[0].(array)
		if !ok || a[1] == nil {
			return nil, nil
		}
		var parts []string
		for _, v := range list {
			if v != nil {
				parts = append(parts, text(v))
			} else if len(a) > 2 && a[2] != nil {
				parts = append(parts, a[2].(string))
			}
		}
		return strings.Join(parts, a[1].(string)), nil
	})
	defineNulls("string_to_array(text,text)text[]", func(_ *execution, a []any) (any, error) {
		if a[0] == nil || a[1] == nil {
			return nil, nil
		}
		out := array{}
		if a[0] == "" {
			return out, nil
		}
		for _, p := range strings.Split(a[0].(string), a[1].(string)) {
			out = append(out, p)
		}
		return out, nil
	})
	changeArrays()
}

// changeArrays are the functions that make an array of another.
func changeArrays() {
	defineNulls("array_append(any,any)=1", func(_ *execution, a []any) (any, error) {
		list, _ := a[0].(array)
		return append(append(array{}, list...), a[1]), nil
	})
	defineNulls("array_cat(any,any)=1", func(_ *execution, a []any) (any, error) {
		l, _ := a[0].(array)
		r, _ := a[1].(array)
		return append(append(array{}, l...), r...), nil
	})
	define("array_position(any,any)int4", func(_ *execution, a []any) (any, error) {
		list, _ := a[0].(array)
		for i, v := range list {
			if v != nil && compare(v, a[1]) == 0 {
				return int64(i + 1), nil
			}
		}
		return nil, nil
	})
	defineNulls("array_remove(any,any)=1", func(_ *execution, a []any) (any, error) {
		list, ok := a[0].(array)
		if !ok {
			return nil, nil
		}
		out := array{}
		for _, v := range list {
			if compare(v, a[1]) != 0 {
				out = append(out, v)
			}
		}
		return out, nil
	})
	define("abs(any)=1", func(_ *execution, a []any) (any, error) {
		switch n := a[0].(type) {
		case int64:
			return max(n, -n), nil
		case float64:
			return max(n, -n), nil
		}
		return nil, sqlerr.New(sqlerr.UndefinedFunction, "abs takes a number")
	})
}

func setReturning() {
	defineSet("unnest(anyarray)#1", "", func(_ *execution, a []any) ([]any, error) { return a[0].(array), nil })
	defineSet("_pg_expandarray(anyarray)record", "x:#1 n:int4", func(_ *execution, a []any) ([]any, error) {
		var out []any
		for i, v := range a[0].(array) {
			out = append(out, record{v, int64(i + 1)})
		}
		return out, nil
	})
	defineSet("generate_series(int8,int8,int8?)=1", "", func(ex *execution, a []any) ([]any, error) {
		step := int64(1)
		if len(a) > 2 {
			step = a[2].(int64)
		}
		if step == 0 {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "step size cannot equal zero")
		}
		var out []any
		for n := a[0].(int64); step > 0 && n <= a[1].(int64) || step < 0 && n >= a[1].(int64); n += step {
			if err := ex.room(len(out)); err != nil {
				return nil, err
			}
			out = append(out, n)
			if step > 0 && n > n+step || step < 0 && n < n+step {
				break // the next would overflow
			}
		}
		return out, nil
	})
	defineSet("generate_subscripts(any,int4)int4", "", func(_ *execution, a []any) ([]any, error) {
		list, _ := a[0].(array)
		out := make([]any, len(list))
		for i := range out {
			out[i] = int64(i) + a[len(a)-1].(int64)
		}
		return out, nil
	})
	defineSet("string_to_table(text,text)text", "", func(_ *execution, a []any) ([]any, error) { return split(a) })
	defineSet("pg_get_keywords()record", "word:text catcode:char barelabel:bool catdesc:text baredesc:text", func(*execution, []any) ([]any, error) {
		var out []any
		for _, w := range strings.Fields(keywordList) {
			out = append(out, record{w, "R", true, "reserved", "can be bare label"})
		}
		return out, nil
	})
	none := func(*execution, []any) ([]any, error) { return nil, nil }
	defineSet("aclexplode(any)record", "grantor:oid grantee:oid privilege_type:text is_grantable:bool", none)
	defineSet("pg_options_to_table(any)record", "option_name:text option_value:text", none)
	defineSet("pg_get_publication_tables(text)record", "relid:oid attrs:int2vector qual:text", none)
	defineSet("pg_partition_ancestors(regclass)regclass", "", none)
	defineSet("pg_show_all_file_settings()record", "sourcefile:text name:text setting:text", none)
}

func split(a []any) ([]any, error) {
	var out []any
	for _, p := range strings.Split(a[0].(string), a[1].(string)) {
		out = append(out, p)
	}
	return out, nil
}
