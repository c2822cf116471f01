package standard

import (
	"fmt"
	"strconv"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/pgtext"
	"tailrace/sql/types/vector"
)

func quotes() {
	both(texts, "QUOTE_IDENT", "The text as an identifier of SQL: in double quotes where it needs them.", text1(quoteIdent))
	both(texts, "QUOTE_LITERAL", "The value as a string literal of SQL.",
		typed([]string{"ANY value"}, "STRING", quoteRow("")))
	both(texts, "QUOTE_NULLABLE", "The value as a string literal of SQL; the text NULL for NULL.", typed([]string{"ANY value"}, "STRING", quoteRow("NULL")))
	both(texts, "FORMAT", "The text with %s replaced by an argument as text, %I by one as an identifier, %L by one as a literal; %n$s takes the n-th, %-10s is ten characters wide.",
		typed([]string{"STRING format", "ANY arguments"}, "STRING", formatRow).Repeat())
	differs(texts, "CONCAT", "The arguments as text one after the other; NULLs are left out.",
		function.Signature{Params: []string{"ANY arguments"}, Variadic: true, Result: "STRING", Compile: function.Always(concat)})
	differs(texts, "CONCAT_WS", "The arguments as text with the separator between them; NULLs are left out. NULL when the separator is.",
		typed([]string{"STRING separator", "ANY arguments"}, "STRING", func(ctx *function.Context, t []types.Type, a []types.Value) (types.Value, error) {
			if a[0] == nil {
				return nil, nil
			}
			var out []byte
			first := true
			for i, x := range a[1:] {
				if x == nil {
					continue
				}
				if !first {
					out = append(out, a[0].(string)...)
				}
				first = false
				out = pgtext.Append(out, t[i+1], x)
			}
			return string(out), nil
		}).Repeat())
}

// concat writes into the arena of the result; text is not boxed.
func concat(ctx *function.Context, args []*vector.Vector, n int, out *vector.Vector) error {
	for i := range n {
		off := len(out.Arena)
		for _, v := range args {
			switch {
			case v.IsNull(i):
			case v.Type.Kind == types.String:
				out.Arena = append(out.Arena, v.Bytes(i)...)
			case v.Type.Kind == types.Int:
				out.Arena = strconv.AppendInt(out.Arena, int64(v.I32[i]), 10)
			case v.Type.Kind == types.Bigint:
				out.Arena = strconv.AppendInt(out.Arena, v.I64[i], 10)
			default:
				out.Arena = pgtext.Append(out.Arena, v.Type, v.Value(i))
			}
		}
		if err := ctx.EndText(i, n, out, off); err != nil {
			return err
		}
	}
	return nil
}

func quoteRow(null string) func(*function.Context, []types.Type, []types.Value) (types.Value, error) {
	return func(_ *function.Context, t []types.Type, a []types.Value) (types.Value, error) {
		switch {
		case a[0] != nil:
			return quoteLiteral(string(pgtext.AppendCast(nil, t[0], a[0]))), nil
		case null != "":
			return null, nil
		}
		return nil, nil
	}
}

// quoteLiteral doubles quotes; with a backslash in it the literal is one with escapes.
func quoteLiteral(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// quoteIdent quotes what does not read as a plain lower-case name, and key words.
func quoteIdent(s string) string {
	plain := s != "" && !reserved[s]
	for i, c := range []byte(s) {
		plain = plain && (c == '_' || c >= 'a' && c <= 'z' || i > 0 && c >= '0' && c <= '9')
	}
	if plain {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// reserved are the key words that PostgreSQL does not take as a name without quotes.
var reserved = func() map[string]bool {
	out := map[string]bool{}
	for _, word := range strings.Fields(`all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char
		character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role current_schema
		current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract false fetch float
		for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull
		join lateral leading least left like limit localtime localtimestamp national natural nchar none normalize not notnull null nullif numeric
		offset on only or order out outer overlaps overlay placing position precision primary real references returning right row select
		session_user setof similar smallint some substring symmetric table tablesample then time timestamp to trailing treat trim true union unique
		user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces
		xmlparse xmlpi xmlroot xmlserialize xmltable`) {
		out[word] = true
	}
	return out
}()

// formatter is one run of FORMAT.
type formatter struct {
	ctx  *function.Context
	t    []types.Type
	a    []types.Value
	next int // the argument that follows the last one used
	out  []byte
}

func formatRow(ctx *function.Context, t []types.Type, a []types.Value) (types.Value, error) {
	if a[0] == nil {
		return nil, nil
	}
	f := &formatter{ctx: ctx, t: t, a: a, next: 1}
	rest := a[0].(string)
	for {
		head, tail, found := strings.Cut(rest, "%")
		f.out = append(f.out, head...)
		if !found {
			return string(f.out), nil
		}
		var err error
		if rest, err = f.specifier(tail); err != nil {
			return nil, err
		}
	}
}

var errFormatEnd = sqlerr.New(sqlerr.InvalidParameter, "unterminated format() type specifier").
	Hint(`For a single "%%" use "%%%%".`)

// number reads digits; -1 where there are none.
func number(s string) (n int, rest string) {
	i := 0
	for i < len(s) && i < 9 && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 0 {
		return -1, s
	}
	n, _ = strconv.Atoi(s[:i])
	return n, s[i:]
}

// specifier writes what [n$][-][width]type asks for and returns what follows it.
func (f *formatter) specifier(s string) (rest string, err error) {
	if strings.HasPrefix(s, "%") {
		f.out = append(f.out, '%')
		return s[1:], nil
	}
	arg, left, width := -1, false, -1
	if n, after := number(s); n >= 0 && strings.HasPrefix(after, "$") {
		if arg, s = n, after[1:]; n == 0 {
			return "", sqlerr.New(sqlerr.InvalidParameter, "format specifies argument 0, but arguments are numbered from 1")
		}
	}
	if strings.HasPrefix(s, "-") {
		left, s = true, s[1:]
	}
	if strings.HasPrefix(s, "*") {
		if width, s, err = f.starWidth(s[1:]); err != nil {
			return "", err
		}
		if width < 0 {
			left, width = true, -width
		}
	} else {
		width, s = number(s)
	}
	if s == "" {
		return "", errFormatEnd
	}
	if !strings.ContainsRune("sIL", rune(s[0])) {
		return "", sqlerr.New(sqlerr.InvalidParameter, "unrecognized format() type specifier \"%c\"", []rune(s)[0]).Hint(`For a single "%%" use "%%%%".`)
	}
	if arg < 0 {
		arg = f.next
	}
	if arg >= len(f.a) {
		return "", errFewArguments
	}
	f.next = arg + 1
	text, err := f.value(s[0], arg)
	if err != nil {
		return "", err
	}
	if pad := width - len([]rune(text)); pad > 0 {
		if err := f.ctx.Grow(int64(pad)); err != nil {
			return "", err
		}
		if left {
			text += strings.Repeat(" ", pad)
		} else {
			text = strings.Repeat(" ", pad) + text
		}
	}
	f.out = append(f.out, text...)
	return s[1:], nil
}

var errFewArguments = sqlerr.New(sqlerr.InvalidParameter, "too few arguments for format()")

func (f *formatter) starWidth(s string) (width int, rest string, err error) {
	arg := f.next
	if n, after := number(s); n >= 0 && strings.HasPrefix(after, "$") {
		arg, s = n, after[1:]
	}
	if arg < 1 || arg >= len(f.a) {
		return 0, "", errFewArguments
	}
	f.next = arg + 1
	if f.a[arg] == nil {
		return 0, s, nil
	}
	width, err = strconv.Atoi(fmt.Sprint(f.a[arg]))
	if err != nil {
		err = sqlerr.New(sqlerr.InvalidParameter, "the width of format() must be an integer")
	}
	return width, s, err
}

func (f *formatter) value(kind byte, arg int) (string, error) {
	x := f.a[arg]
	if x == nil {
		switch kind {
		case 'I':
			return "", sqlerr.New(sqlerr.NullNotAllowed, "null values cannot be formatted as an SQL identifier")
		case 'L':
			return "NULL", nil
		}
		return "", nil
	}
	text := string(pgtext.Append(nil, f.t[arg], x))
	switch kind {
	case 'I':
		return quoteIdent(text), nil
	case 'L':
		return quoteLiteral(text), nil
	}
	return text, nil
}
