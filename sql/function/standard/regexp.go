package standard

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

const patternDoc = " Patterns are PostgreSQL's, without look-around and back-references."

// matcher lifts f over text, pattern, what stands between, and flags where n parameters are
// given in full; the pattern is compiled once for all rows with the same.
func matcher(params []string, flagsAt int, result string, f func(ctx *function.Context, m *pattern, a []types.Value) (types.Value, error)) function.Signature {
	s := function.Signature{Params: params, Result: result, NullIn: true}
	s.Compile = func([]types.Type, types.Type) (function.Kernel, error) {
		var last memo[*pattern]
		return function.LiftRows(func(ctx *function.Context, a []types.Value) (types.Value, error) {
			for _, x := range a {
				if x == nil {
					return nil, nil
				}
			}
			flags := ""
			if flagsAt < len(a) {
				flags = a[flagsAt].(string)
			}
			m, err := last.get(flags+"/"+a[1].(string), func(string) (*pattern, error) { return compile(a[1].(string), flags) })
			if err != nil {
				return nil, err
			}
			return f(ctx, m, a)
		}), nil
	}
	return s
}

func init() {
	const none = 99 // no parameter holds flags
	two, three := []string{"STRING text", "STRING pattern"}, []string{"STRING text", "STRING pattern", "STRING flags"}
	upTo := func(kind string, params []string, result string, f func(ctx *function.Context, m *pattern, a []types.Value) (types.Value, error)) []function.Signature {
		return []function.Signature{matcher(params, none, result, f), matcher(append(params[:len(params):len(params)], kind), len(params), result, f)}
	}
	like := upTo("STRING flags", two, "BOOLEAN", func(_ *function.Context, m *pattern, a []types.Value) (types.Value, error) {
		return m.re.MatchString(a[0].(string)), nil
	})
	both(regexps, "REGEXP_LIKE", "Whether the pattern matches in the text."+patternDoc, like...)
	match := func(_ *function.Context, m *pattern, a []types.Value) (types.Value, error) {
		if m.global {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "regexp_match() does not support the \"global\" option").
				Hint("Use the regexp_matches function instead.")
		}
		s := a[0].(string)
		at := m.re.FindStringSubmatchIndex(s)
		if at == nil {
			return nil, nil
		}
		return groups(s, at), nil
	}
	both(regexps, "REGEXP_MATCH", "The groups of the first match of the pattern in the text, or all of it when there are none; NULL without a match."+patternDoc,
		upTo("STRING flags", two, "ARRAY<STRING>", match)...)
	both(regexps, "REGEXP_COUNT", "Number of matches of the pattern in the text, from a place on."+patternDoc,
		matcher(two, none, "INTEGER", countMatches),
		matcher([]string{"STRING text", "STRING pattern", "INTEGER start"}, none, "INTEGER", countMatches),
		matcher([]string{"STRING text", "STRING pattern", "INTEGER start", "STRING flags"}, 3, "INTEGER", countMatches))
	both(regexps, "REGEXP_SUBSTR", "The first match of the pattern in the text, or the n-th from a place on, or a group of it; NULL when there is none."+patternDoc,
		matcher(two, none, "STRING", substr),
		matcher([]string{"STRING text", "STRING pattern", "INTEGER start"}, none, "STRING", substr),
		matcher([]string{"STRING text", "STRING pattern", "INTEGER start", "INTEGER n"}, none, "STRING", substr),
		matcher([]string{"STRING text", "STRING pattern", "INTEGER start", "INTEGER n", "STRING flags"}, 4, "STRING", substr),
		matcher([]string{"STRING text", "STRING pattern", "INTEGER start", "INTEGER n", "STRING flags", "INTEGER group"}, 4, "STRING", substr))
	both(regexps, "REGEXP_INSTR", "Where the first match of the pattern in the text begins, or the n-th from a place on; 0 when there is none."+patternDoc,
		matcher(two, none, "INTEGER", instr),
		matcher([]string{"STRING text", "STRING pattern", "INTEGER start"}, none, "INTEGER", instr),
		matcher([]string{"STRING text", "STRING pattern", "INTEGER start", "INTEGER n"}, none, "INTEGER", instr))
	differs(regexps, "REGEXP_SPLIT_TO_ARRAY", "Array of the parts of the text between the matches of the pattern."+patternDoc,
		upTo("STRING flags", two, "ARRAY<STRING>", func(ctx *function.Context, m *pattern, a []types.Value) (types.Value, error) {
			return m.split(a[0].(string)), nil
		})...)
	differs(regexps, "REGEXP_REPLACE", "The text with the first match of the pattern replaced, with flag g every match; \\1 stands for the first group, \\& for all of the match."+patternDoc,
		upTo("STRING flags", []string{"STRING text", "STRING pattern", "STRING replacement"}, "STRING", func(ctx *function.Context, m *pattern, a []types.Value) (types.Value, error) {
			return m.replace(ctx, a[0].(string), a[2].(string))
		})...)
	regexpTables(two, three)
}

// regexpTables are the table functions over patterns.
func regexpTables(two, three []string) {
	set := func(name, doc, result string, each func(m *pattern, s string) []types.Value) {
		overload := function.TableSignature{Params: two, Result: result, Expand: func(a []types.Value) ([]types.Value, error) {
			flags := ""
			for _, x := range a {
				if x == nil {
					return nil, nil
				}
			}
			if len(a) == 3 {
				flags = a[2].(string)
			}
			m, err := compile(a[1].(string), flags)
			if err != nil {
				return nil, err
			}
			return each(m, a[0].(string)), nil
		}}
		withFlags := overload
		withFlags.Params = three
		function.RegisterTable(function.Table{Name: name, Doc: doc + patternDoc, Overloads: []function.TableSignature{overload, withFlags}})
	}
	set("REGEXP_MATCHES", "One row for the first match of the pattern in the text, with flag g one for each: its groups, or all of it when there are none.", "ARRAY<STRING>",
		func(m *pattern, s string) (out []types.Value) {
			for _, at := range m.find(s) {
				out = append(out, groups(s, at))
			}
			return out
		})
	set("REGEXP_SPLIT_TO_TABLE", "One row for each part of the text between the matches of the pattern.", "STRING",
		func(m *pattern, s string) []types.Value { return m.split(s) })
}

// regexSubstring is SUBSTRING(text FROM pattern).
func regexSubstring() function.Signature {
	return matcher([]string{"STRING text", "STRING pattern"}, 2, "STRING", func(_ *function.Context, m *pattern, a []types.Value) (types.Value, error) {
		s := a[0].(string)
		at := m.re.FindStringSubmatchIndex(s)
		if len(at) > 2 {
			at = at[2:4]
		}
		if at == nil || at[0] < 0 {
			return nil, nil
		}
		return s[at[0]:at[1]], nil
	})
}

// pattern is a compiled pattern with its flags.
type pattern struct {
	re     *regexp.Regexp
	global bool
}

// compile reads a pattern of PostgreSQL's advanced regular expressions with RE2, which takes
// linear time whatever the pattern. The longest match counts, or the shortest where the first
// quantifier of the pattern is not greedy. A dot takes line ends, and ^ and $ are the ends of the
// text, unless flag n says otherwise.
func compile(text, flags string) (*pattern, error) {
	p, mode, lines := &pattern{}, "s", false
	literal := false
	for _, f := range flags {
		switch f {
		case 'g':
			p.global = true
		case 'i':
			mode += "i"
		case 'c':
			mode = strings.ReplaceAll(mode, "i", "")
		case 'n', 'm':
			lines = true
		case 's':
			lines = false
		case 'q':
			literal = true
		case 'e', 'b', 't':
		default:
			return nil, sqlerr.New(sqlerr.InvalidParameter, "invalid regular expression option: \"%c\"", f)
		}
	}
	if lines {
		mode = "m" + strings.TrimPrefix(mode, "s")
	}
	source, greedy := text, true
	if literal {
		source = regexp.QuoteMeta(text)
	} else {
		if source, greedy = translateARE(text); !greedy {
			mode += "U"
		}
	}
	re, err := regexp.Compile("(?" + mode + ")" + source)
	if err != nil {
		reason := err.Error()
		if at := strings.Index(reason, ": "); at >= 0 {
			reason = reason[at+2:]
		}
		return nil, sqlerr.New(sqlerr.InvalidRegexp, "invalid regular expression: %s", reason)
	}
	if greedy {
		re.Longest()
	}
	p.re = re
	return p, nil
}

// escapesARE are the escapes that RE2 writes in another way.
var escapesARE = map[byte]string{'y': `\b`, 'm': `\b`, 'M': `\b`, 'Y': `\B`, 'Z': `\z`, 'e': `\x1b`, 'B': `\\`}

// translateARE writes a pattern as RE2 has it, with all quantifiers alike: greedy is what the
// first one is.
func translateARE(text string) (out string, greedy bool) {
	var b strings.Builder
	greedy = true
	class, quantified := false, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			i++
			if to, ok := escapesARE[text[i]]; ok && !class {
				b.WriteString(to)
			} else {
				b.WriteString(text[i-1 : i+1])
			}
			continue
		case class && c == '[' && i+1 < len(text) && strings.IndexByte(":.=", text[i+1]) >= 0:
			if end := strings.Index(text[i+2:], text[i+1:i+2]+"]"); end >= 0 {
				b.WriteString(text[i : i+2+end+2])
				i += 2 + end + 1
				continue
			}
		case class && c == '[':
			b.WriteByte('\\')
		case c == '[':
			class = true
			b.WriteByte(c)
			if strings.HasPrefix(text[i+1:], "^") {
				b.WriteByte('^')
				i++
			}
			if strings.HasPrefix(text[i+1:], "]") { // stands for itself
				b.WriteString(`\]`)
				i++
			}
			continue
		case class && c == ']':
			class = false
		case !class && strings.IndexByte("*+?}", c) >= 0:
			lazy := strings.HasPrefix(text[i+1:], "?") && b.Len() > 0 && !strings.HasSuffix(b.String(), "(")
			if !quantified {
				quantified, greedy = true, !lazy
			}
			if lazy {
				i++
			}
		}
		b.WriteByte(c)
	}
	return b.String(), greedy
}

// groups are the groups of a match, or all of it when there are none.
func groups(s string, at []int) types.ArrayVal {
	if len(at) == 2 {
		return types.ArrayVal{s[at[0]:at[1]]}
	}
	out := make(types.ArrayVal, 0, len(at)/2-1)
	for g := 2; g < len(at); g += 2 {
		if at[g] < 0 {
			out = append(out, nil)
		} else {
			out = append(out, s[at[g]:at[g+1]])
		}
	}
	return out
}

// find lists the matches, with flag g all of them.
func (m *pattern) find(s string) [][]int {
	n := 1
	if m.global {
		n = -1
	}
	return m.re.FindAllStringSubmatchIndex(s, n)
}

// split parts a text; an empty match parts characters, but not at the ends.
func (m *pattern) split(s string) types.ArrayVal {
	out, end := types.ArrayVal{}, 0
	for _, at := range m.re.FindAllStringIndex(s, -1) {
		if at[0] == at[1] && (at[0] == 0 || at[0] == len(s)) {
			continue
		}
		out = append(out, s[end:at[0]])
		end = at[1]
	}
	return append(out, s[end:])
}

func (m *pattern) replace(ctx *function.Context, s, template string) (types.Value, error) {
	var b strings.Builder
	end := 0
	for _, at := range m.find(s) {
		b.WriteString(s[end:at[0]])
		end = at[1]
		for i := 0; i < len(template); i++ {
			if template[i] != '\\' || i+1 == len(template) {
				b.WriteByte(template[i])
				continue
			}
			i++
			switch c := template[i]; {
			case c == '&':
				b.WriteString(s[at[0]:at[1]])
			case c >= '1' && c <= '9':
				if g := 2 * int(c-'0'); g < len(at) && at[g] >= 0 {
					b.WriteString(s[at[g]:at[g+1]])
				}
			case c == '\\':
				b.WriteByte('\\')
			default:
				b.WriteByte('\\')
				b.WriteByte(c)
			}
		}
		if b.Len() > function.RowBytes {
			return nil, ctx.Grow(int64(b.Len()))
		}
	}
	b.WriteString(s[end:])
	return b.String(), nil
}

// from cuts what stands before a place, counted from 1, which must be one.
func from(s string, start int32, what string) (string, error) {
	if start < 1 {
		return "", sqlerr.New(sqlerr.InvalidParameter, "invalid value for parameter \"%s\": %d", what, start)
	}
	return s[offset(s, int(start)-1):], nil
}

func countMatches(_ *function.Context, m *pattern, a []types.Value) (types.Value, error) {
	s := a[0].(string)
	if len(a) > 2 {
		var err error
		if s, err = from(s, a[2].(int32), "start"); err != nil {
			return nil, err
		}
	}
	return int32(len(m.re.FindAllStringIndex(s, -1))), nil
}

// nth finds match n from a place on; nil when there is none. cut is how many bytes were left out.
func nth(m *pattern, a []types.Value) (s string, at []int, err error) {
	s = a[0].(string)
	n := int32(1)
	if len(a) > 2 {
		if s, err = from(s, a[2].(int32), "start"); err != nil {
			return "", nil, err
		}
	}
	if len(a) > 3 {
		if n = a[3].(int32); n < 1 {
			return "", nil, sqlerr.New(sqlerr.InvalidParameter, "invalid value for parameter \"%s\": %d", "n", n)
		}
	}
	if all := m.re.FindAllStringSubmatchIndex(s, int(n)); len(all) == int(n) {
		at = all[n-1]
	}
	return s, at, nil
}

func substr(_ *function.Context, m *pattern, a []types.Value) (types.Value, error) {
	s, at, err := nth(m, a)
	if err != nil || at == nil {
		return nil, err
	}
	g := 0
	if len(a) > 5 {
		if g = 2 * int(a[5].(int32)); g < 0 {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "invalid value for parameter \"%s\": %d", "subexpr", a[5])
		}
	}
	if g >= len(at) || at[g] < 0 {
		return nil, nil
	}
	return s[at[g]:at[g+1]], nil
}

func instr(_ *function.Context, m *pattern, a []types.Value) (types.Value, error) {
	s, at, err := nth(m, a)
	if err != nil {
		return nil, err
	}
	if at == nil {
		return int32(0), nil
	}
	whole := a[0].(string)
	return int32(utf8.RuneCountInString(whole[:len(whole)-len(s)+at[0]])) + 1, nil
}
