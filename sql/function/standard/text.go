package standard

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// text1 lifts a function that cannot fail from text to text.
func text1(f func(string) string) function.Signature {
	return function.F1("STRING text", "STRING", func(s string) (string, error) { return f(s), nil })
}

// length1 lifts a measure of text.
func length1(param string, f func(string) int) function.Signature {
	return function.F1(param, "INTEGER", func(s string) (int32, error) { return int32(f(s)), nil })
}

func bytesLength(factor int) function.Signature {
	return function.F1("BYTES bytes", "INTEGER", func(b []byte) (int32, error) { return int32(len(b) * factor), nil })
}

func init() {
	both(texts, "LEFT", "The first n characters; without the last |n| where n is negative.",
		function.F2("STRING text", "INTEGER n", "STRING", func(s string, n int32) (string, error) { return s[:offset(s, wanted(s, n))], nil }))
	both(texts, "RIGHT", "The last n characters; without the first |n| where n is negative.",
		function.F2("STRING text", "INTEGER n", "STRING", func(s string, n int32) (string, error) {
			return s[offset(s, utf8.RuneCountInString(s)-wanted(s, n)):], nil
		}))
	both(texts, "REVERSE", "The characters in reverse order.", text1(reverse))
	both(texts, "REPEAT", "The text n times in a row; empty where n is not positive.",
		function.Rows([]string{"STRING text", "INTEGER n"}, "STRING", repeat))
	both(texts, "SPLIT_PART", "The n-th part of the text between delimiters, from 1, or from the end where n is negative; empty when there is none.",
		function.F3("STRING text", "STRING delimiter", "INTEGER n", "STRING", splitPart))
	both(texts, "STARTS_WITH", "Whether the text begins with the prefix.",
		function.F2("STRING text", "STRING prefix", "BOOLEAN", func(s, p string) (bool, error) { return strings.HasPrefix(s, p), nil }))
	both(texts, "ASCII", "The code point of the first character; 0 for empty text.",
		function.F1("STRING text", "INTEGER", func(s string) (int32, error) {
			if s == "" {
				return 0, nil
			}
			r, _ := utf8.DecodeRuneInString(s)
			return r, nil
		}))
	both(texts, "OCTET_LENGTH", "Number of bytes of a text in UTF-8, or of bytes.",
		length1("STRING text", func(s string) int { return len(s) }), bytesLength(1))
	both(texts, "BIT_LENGTH", "Number of bits of a text in UTF-8, or of bytes.",
		length1("STRING text", func(s string) int { return 8 * len(s) }), bytesLength(8))
	both(texts, "TO_HEX", "The number in hexadecimal; negative ones as two's complement.",
		function.F1("INTEGER n", "STRING", func(n int32) (string, error) { return strconv.FormatUint(uint64(uint32(n)), 16), nil }),
		function.F1("BIGINT n", "STRING", func(n int64) (string, error) { return strconv.FormatUint(uint64(n), 16), nil }))
	both(texts, "TRANSLATE", "The text with each character of from replaced by the one at its place in to, or left out when there is none.",
		function.F3("STRING text", "STRING from", "STRING to", "STRING", translate))
	both(texts, "OVERLAY", "The text with length characters from start on (by default as many as the placing has) replaced by the placing.",
		function.F3("STRING text", "STRING placing", "INTEGER start", "STRING", func(s, p string, start int32) (string, error) {
			return overlay(s, p, int(start), utf8.RuneCountInString(p))
		}),
		strict([]string{"STRING text", "STRING placing", "INTEGER start", "INTEGER length"}, "STRING", func(_ *function.Context, a []types.Value) (types.Value, error) {
			return overlay(a[0].(string), a[1].(string), int(a[2].(int32)), int(a[3].(int32)))
		}))
	both(texts, "POSITION", "Position of the part in the text, from 1, or 0: POSITION(part IN text).",
		function.F2("STRING text", "STRING part", "INTEGER", position))
	trims()
	variants()
	quotes()
}

func trims() {
	trim := func(register func(category, name, doc string, overloads ...function.Signature), name, doc string, cut func(s, chars string) string) {
		register(texts, name, doc, text1(func(s string) string { return cut(s, " ") }),
			function.F2("STRING text", "STRING characters", "STRING", func(s, chars string) (string, error) { return cut(s, chars), nil }))
	}
	trim(both, "BTRIM", "The text without the characters, by default spaces, at both ends.", strings.Trim)
	trim(both, "LTRIM", "The text without the characters, by default spaces, at its beginning.", strings.TrimLeft)
	trim(both, "RTRIM", "The text without the characters, by default spaces, at its end.", strings.TrimRight)
	trim(differs, "TRIM", "The text without the characters, by default spaces, at both ends.", strings.Trim)
}

// variants are the functions that ksqlDB has, too, and reads in another way.
func variants() {
	differs(texts, "UCASE", "The text in upper case, character by character.", function.Signature{Params: []string{"STRING text"}, Result: "STRING", NullIn: true, Compile: function.Always(upper)})
	differs(texts, "INITCAP", "The text with the first letter of each word in upper case and the others in lower case; words are runs of letters and digits.", text1(initcap))
	differs(texts, "MD5", "MD5 digest of a text or of bytes in hexadecimal.", text1(func(s string) string { return digest([]byte(s)) }),
		function.F1("BYTES bytes", "STRING", func(b []byte) (string, error) { return digest(b), nil }))
	differs(texts, "CHR", "The character of a code point; 0 has none.", function.F1("INTEGER code", "STRING", chr))
	differs(texts, "STRPOS", "Position of the part in the text, from 1, or 0.",
		function.F2("STRING text", "STRING part", "INTEGER", position))
	differs(texts, "REPLACE", "The text with every from replaced by to.",
		function.F3C("STRING text", "STRING from", "STRING to", "STRING", func(ctx *function.Context, s, from, to string) (string, error) {
			if from == "" {
				return s, nil
			}
			if grows := len(to) - len(from); grows > 0 {
				if err := ctx.Grow(int64(strings.Count(s, from)) * int64(grows)); err != nil {
					return "", err
				}
			}
			return strings.ReplaceAll(s, from, to), nil
		}))
	pad := func(name, doc string, left bool) {
		differs(texts, name, doc,
			function.Rows([]string{"STRING text", "INTEGER length"}, "STRING", padRow(left)),
			function.Rows([]string{"STRING text", "INTEGER length", "STRING fill"}, "STRING", padRow(left)))
	}
	pad("LPAD", "The text brought to length characters: cut at its end, or with the fill, by default spaces, before it.", true)
	pad("RPAD", "The text brought to length characters: cut at its end, or with the fill, by default spaces, behind it.", false)
	substr := []function.Signature{
		function.F2("STRING text", "INTEGER start", "STRING", func(s string, start int32) (string, error) {
			return substring(s, int(start), len(s)+1+max(0, -int(start)))
		}),
		function.F3("STRING text", "INTEGER start", "INTEGER length", "STRING", func(s string, start, n int32) (string, error) { return substring(s, int(start), int(n)) }),
		function.F2("BYTES bytes", "INTEGER start", "BYTES", func(b []byte, start int32) ([]byte, error) {
			return subbytes(b, int(start), len(b)+1+max(0, -int(start)))
		}),
		function.F3("BYTES bytes", "INTEGER start", "INTEGER length", "BYTES", func(b []byte, start, n int32) ([]byte, error) { return subbytes(b, int(start), int(n)) }),
	}
	differs(texts, "SUBSTR", "The characters or bytes from start on, counted from 1, length of them; places before the first count, and hold none.", substr...)
	differs(texts, "SUBSTRING", "The characters or bytes from start on, counted from 1, length of them; places before the first count, and hold none. With a pattern, what it matches: its first group, or all of it.",
		append(substr, regexSubstring())...)
}

// upper changes ASCII in the arena of the result; other text takes the long way.
func upper(_ *function.Context, args []*vector.Vector, n int, out *vector.Vector) error {
	in := args[0]
	for i := range n {
		if in.IsNull(i) {
			out.AppendNull()
			continue
		}
		off, text, ascii := len(out.Arena), in.Bytes(i), true
		out.AppendBytes(text)
		for j, c := range out.Arena[off:] {
			if c >= 'a' && c <= 'z' {
				out.Arena[off+j] = c ^ 0x20
			}
			ascii = ascii && c < utf8.RuneSelf
		}
		if !ascii {
			out.Arena = append(out.Arena[:off], bytes.ToUpper(text)...)
			out.Ref[out.N-1].Len = uint32(len(out.Arena) - off)
		}
	}
	return nil
}

// wanted is how many characters n asks for: a negative n leaves as many out.
func wanted(s string, n int32) int {
	have := utf8.RuneCountInString(s)
	if n < 0 {
		return max(0, have+int(n))
	}
	return min(have, int(n))
}

// offset is where character n (from 0) begins; past the end, the length.
func offset(s string, n int) int {
	for i := range s {
		if n <= 0 {
			return i
		}
		n--
	}
	return len(s)
}

func reverse(s string) string {
	out := make([]byte, len(s))
	for end := len(s); s != ""; {
		_, n := utf8.DecodeRuneInString(s)
		copy(out[end-n:], s[:n])
		s, end = s[n:], end-n
	}
	return string(out)
}

func repeat(ctx *function.Context, a []types.Value) (types.Value, error) {
	if a[0] == nil || a[1] == nil {
		return nil, nil
	}
	s, n := a[0].(string), max(0, int(a[1].(int32)))
	if err := ctx.Grow(int64(len(s)) * int64(n)); err != nil {
		return nil, err
	}
	return strings.Repeat(s, n), nil
}

func splitPart(s, delimiter string, n int32) (string, error) {
	if n == 0 {
		return "", sqlerr.New(sqlerr.InvalidParameter, "field position must not be zero")
	}
	if delimiter == "" {
		if n == 1 || n == -1 {
			return s, nil
		}
		return "", nil
	}
	if n < 0 {
		for ; n < -1; n++ {
			at := strings.LastIndex(s, delimiter)
			if at < 0 {
				return "", nil
			}
			s = s[:at]
		}
		if at := strings.LastIndex(s, delimiter); at >= 0 {
			s = s[at+len(delimiter):]
		}
		return s, nil
	}
	for ; n > 1; n-- {
		_, rest, found := strings.Cut(s, delimiter)
		if !found {
			return "", nil
		}
		s = rest
	}
	part, _, _ := strings.Cut(s, delimiter)
	return part, nil
}

func position(s, part string) (int32, error) {
	at := strings.Index(s, part)
	if at < 0 {
		return 0, nil
	}
	return int32(utf8.RuneCountInString(s[:at])) + 1, nil
}

func translate(s, from, to string) (string, error) {
	replace := map[rune]rune{}
	targets := []rune(to)
	for i, r := range []rune(from) {
		if _, seen := replace[r]; seen {
			continue
		}
		replace[r] = -1
		if i < len(targets) {
			replace[r] = targets[i]
		}
	}
	return strings.Map(func(r rune) rune {
		if now, ok := replace[r]; ok {
			return now
		}
		return r
	}, s), nil
}

// overlay is substring(s, 1, start-1) || p || substring(s, start+n), as PostgreSQL has it.
func overlay(s, p string, start, n int) (string, error) {
	if start <= 0 {
		return "", errNegativeLength
	}
	head, _ := substring(s, 1, start-1)
	tail, err := substring(s, start+n, len(s)+1+max(0, -start-n))
	return head + p + tail, err
}

var errNegativeLength = sqlerr.New(sqlerr.SubstringError, "negative substring length not allowed")

// span is the range [start, start+n) of places, counted from 1, cut to those that exist.
func span(size, start, n int) (from, to int, err error) {
	if n < 0 {
		return 0, 0, errNegativeLength
	}
	from, to = min(max(start-1, 0), size), min(max(start-1+n, 0), size)
	return from, max(from, to), nil
}

func substring(s string, start, n int) (string, error) {
	from, to, err := span(utf8.RuneCountInString(s), start, n)
	if err != nil {
		return "", err
	}
	at := offset(s, from)
	return s[at : at+offset(s[at:], to-from)], nil
}

func subbytes(b []byte, start, n int) ([]byte, error) {
	from, to, err := span(len(b), start, n)
	if err != nil {
		return nil, err
	}
	return b[from:to], nil
}

func initcap(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	inside := false
	for _, r := range s {
		if inside {
			b.WriteRune(unicode.ToLower(r))
		} else {
			b.WriteRune(unicode.ToUpper(r))
		}
		inside = unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	return b.String()
}

func digest(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

func chr(n int32) (string, error) {
	switch {
	case n == 0:
		return "", sqlerr.New(sqlerr.TooComplex, "null character not permitted")
	case n < 0:
		return "", sqlerr.New(sqlerr.InvalidParameter, "character number must be positive")
	case n > unicode.MaxRune:
		return "", sqlerr.New(sqlerr.TooComplex, "requested character too large for encoding: %d", n)
	case n >= 0xd800 && n < 0xe000:
		return "", sqlerr.New(sqlerr.TooComplex, "requested character not valid for encoding: %d", n)
	}
	return string(n), nil
}

func padRow(left bool) func(ctx *function.Context, a []types.Value) (types.Value, error) {
	return func(ctx *function.Context, a []types.Value) (types.Value, error) {
		fill := " "
		for _, x := range a {
			if x == nil {
				return nil, nil
			}
		}
		if len(a) == 3 {
			fill = a[2].(string)
		}
		s, n := a[0].(string), int(a[1].(int32))
		missing := n - utf8.RuneCountInString(s)
		if missing <= 0 {
			return s[:offset(s, max(n, 0))], nil
		}
		if fill == "" {
			return s, nil
		}
		unit := utf8.RuneCountInString(fill)
		if err := ctx.Grow((int64(missing)/int64(unit) + 1) * int64(len(fill))); err != nil {
			return nil, err
		}
		pad := strings.Repeat(fill, missing/unit) + fill[:offset(fill, missing%unit)]
		if left {
			return pad + s, nil
		}
		return s + pad, nil
	}
}
