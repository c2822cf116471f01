package scalar

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

const stringCategory = "STRING"

func registerString(name, doc string, overloads ...function.Signature) {
	function.RegisterScalar(function.Scalar{Name: name, Category: stringCategory, Doc: doc, Overloads: overloads})
}

// text1 lifts a function that cannot fail from text to text.
func text1(f func(string) string) function.Signature {
	return function.F1("STRING input", "STRING", func(s string) (string, error) { return f(s), nil })
}

func init() {
	registerString("UCASE", "The text in upper case.", caseFunction('a', 'z', func(b []byte) []byte {
		return bytes.ReplaceAll(bytes.ToUpper(b), []byte("ß"), []byte("SS"))
	}))
	registerString("LCASE", "The text in lower case.", caseFunction('A', 'Z', bytes.ToLower))
	registerString("TRIM", "The text without spaces and control characters at either end.",
		text1(func(s string) string { return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }) }))
	registerString("INITCAP", "The text with the first letter of each word in upper case and the others in lower case; words are what white space parts, and what stands before the first is dropped.", text1(initcap))
	registerString("MD5", "MD5 digest of the text in hexadecimal.", text1(func(s string) string {
		sum := md5.Sum([]byte(s))
		return hex.EncodeToString(sum[:])
	}))
	registerString("LEN", "Number of characters of a text, or of bytes.",
		function.F1("STRING input", "INTEGER", func(s string) (int32, error) { return int32(utf8.RuneCountInString(s)), nil }),
		function.F1("BYTES input", "INTEGER", func(b []byte) (int32, error) { return int32(len(b)), nil }))
	registerString("REPLACE", "The text with every oldStr replaced by newStr.",
		function.F3C("STRING str", "STRING oldStr", "STRING newStr", "STRING", func(ctx *function.Context, s, old, to string) (string, error) {
			if grows := len(to) - len(old); grows > 0 {
				if err := ctx.Grow(int64(strings.Count(s, old)) * int64(grows)); err != nil {
					return "", err
				}
			}
			return strings.ReplaceAll(s, old, to), nil
		}))
	registerString("CHR", "The character of a Unicode code point, given as a number or as text of the form \\u004B; of such a text, all characters.",
		function.F1("INTEGER decimalCode", "STRING", func(n int32) (string, error) {
			if n < 0 || n > unicode.MaxRune || n >= 0xd800 && n < 0xe000 {
				return "", function.ErrNull
			}
			return string(rune(n)), nil
		}),
		function.F1("STRING utf16Code", "STRING", chrOfText))
	registerString("INSTR", "Position of substring in str, from 1, or 0. The search starts at position, from the end and backwards where that is negative, and goes on to the given occurrence. 0 for NULL texts.",
		function.Rows([]string{"STRING str", "STRING substring"}, "INTEGER", instrRow),
		function.Rows([]string{"STRING str", "STRING substring", "INTEGER position"}, "INTEGER", instrRow),
		function.Rows([]string{"STRING str", "STRING substring", "INTEGER position", "INTEGER occurrence"}, "INTEGER", instrRow))
	registerPads()
	registerLists()
}

// caseFunction changes letters from low to high, where a text is ASCII, in the arena of
// the result; others go through full.
func caseFunction(low, high byte, full func([]byte) []byte) function.Signature {
	kernel := func(_ *function.Context, args []*vector.Vector, n int, out *vector.Vector) error {
		in := args[0]
		for i := range n {
			if in.IsNull(i) {
				out.AppendNull()
				continue
			}
			off, text, ascii := len(out.Arena), in.Bytes(i), true
			out.AppendBytes(text)
			for j, c := range out.Arena[off:] {
				if c >= low && c <= high {
					out.Arena[off+j] = c ^ 0x20
				}
				ascii = ascii && c < utf8.RuneSelf
			}
			if !ascii {
				out.Arena = append(out.Arena[:off], full(text)...)
				out.Ref[out.N-1].Len = uint32(len(out.Arena) - off)
			}
		}
		return nil
	}
	return function.Signature{Params: []string{"STRING input"}, Result: "STRING", NullIn: true, Compile: function.Always(kernel)}
}

func anyNil(args []types.Value) bool {
	for _, a := range args {
		if a == nil {
			return true
		}
	}
	return false
}

func initcap(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	start := true
	for _, r := range strings.TrimLeftFunc(s, unicode.IsSpace) {
		if start {
			b.WriteRune(unicode.ToTitle(r))
		} else {
			b.WriteRune(unicode.ToLower(r))
		}
		start = unicode.IsSpace(r)
	}
	return b.String()
}

// chrOfText reads text that begins with a unit of UTF-16 in hexadecimal, \u004B: it and all
// others in the text become what they stand for.
func chrOfText(s string) (string, error) {
	if len(s) < 6 || s[:2] != `\u` {
		return "", function.ErrNull
	}
	var b strings.Builder
	var units []uint16
	flush := func() {
		b.WriteString(string(utf16.Decode(units)))
		units = units[:0]
	}
	for rest := s; rest != ""; {
		if !strings.HasPrefix(rest, `\u`) {
			flush()
			b.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		if len(rest) < 6 {
			return "", function.ErrNull
		}
		n, err := strconv.ParseUint(rest[2:6], 16, 16)
		if err != nil {
			return "", function.ErrNull
		}
		units, rest = append(units, uint16(n)), rest[6:]
	}
	if len(units) == 1 && b.Len() == 0 && utf16.IsSurrogate(rune(units[0])) {
		return "", function.ErrNull
	}
	flush()
	return b.String(), nil
}

// instrRow is INSTR: 0 for NULL texts, as for texts that are not found.
func instrRow(_ *function.Context, a []types.Value) (types.Value, error) {
	n := [2]int{1, 1} // position, occurrence
	for i, x := range a[2:] {
		if x == nil {
			return nil, nil
		}
		n[i] = int(x.(int32))
	}
	if a[0] == nil || a[1] == nil {
		return int32(0), nil
	}
	return instr(a[0].(string), a[1].(string), n[0], n[1]), nil
}

// instr finds the occurrence-th sub, counting characters from 1; matches may overlap.
func instr(s, sub string, pos, occurrence int) int32 {
	if pos == 0 || occurrence < 1 {
		return 0
	}
	if pos > 0 {
		from := runeOffset(s, pos-1)
		for from <= len(s) {
			i := strings.Index(s[from:], sub)
			if i < 0 {
				return 0
			}
			if occurrence--; occurrence == 0 {
				return int32(utf8.RuneCountInString(s[:from+i])) + 1
			}
			from += i + stepOf(s[from+i:])
		}
		return 0
	}
	start := utf8.RuneCountInString(s) + pos
	if start < 0 {
		return 0
	}
	end := runeOffset(s, start+1) // where a match ends at the latest
	for end >= 0 {
		i := strings.LastIndex(s[:end], sub)
		if i < 0 {
			return 0
		}
		if occurrence--; occurrence == 0 {
			return int32(utf8.RuneCountInString(s[:i])) + 1
		}
		end = i + len(sub) - 1
	}
	return 0
}

// stepOf is the length of the first character, at least 1.
func stepOf(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return max(1, n)
}

// runeOffset is where character n (from 0) begins; past the end, the length.
func runeOffset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// span clamps a 1-based position and a length to an input of size characters. A negative
// position counts from the end, 0 is the first.
func span(size, pos, length int) (from, to int) {
	if pos < 0 {
		from = max(size+pos, 0)
	} else {
		from = min(max(pos-1, 0), size)
	}
	return from, max(from, min(size, from+min(length, size)))
}

func substring(s string, pos, length int) string {
	from, to := span(utf8.RuneCountInString(s), pos, length)
	start := runeOffset(s, from)
	return s[start : start+runeOffset(s[start:], to-from)]
}

func subbytes(b []byte, pos, length int) []byte {
	from, to := span(len(b), pos, length)
	return b[from:to]
}

const toTheEnd = 1 << 31

func registerPads() {
	registerString("SUBSTRING", "The part of the input that begins at position pos, from 1, or from the end where that is negative, and is len characters or bytes long; without len all the rest.",
		function.F2("STRING value", "INTEGER pos", "STRING", func(s string, pos int32) (string, error) { return substring(s, int(pos), toTheEnd), nil }),
		function.F3("STRING value", "INTEGER pos", "INTEGER length", "STRING", func(s string, pos, n int32) (string, error) { return substring(s, int(pos), int(n)), nil }),
		function.F2("BYTES value", "INTEGER pos", "BYTES", func(b []byte, pos int32) ([]byte, error) { return subbytes(b, int(pos), toTheEnd), nil }),
		function.F3("BYTES value", "INTEGER pos", "INTEGER length", "BYTES", func(b []byte, pos, n int32) ([]byte, error) { return subbytes(b, int(pos), int(n)), nil }))
	pad := func(name, doc string, left bool) {
		registerString(name, doc,
			function.F3C("STRING input", "INTEGER targetLen", "STRING padding", "STRING", func(ctx *function.Context, s string, n int32, p string) (string, error) {
				return padText(ctx, s, int(n), p, left)
			}),
			function.F3C("BYTES input", "INTEGER targetLen", "BYTES padding", "BYTES", func(ctx *function.Context, b []byte, n int32, p []byte) ([]byte, error) {
				if n < 0 || len(p) == 0 {
					return nil, function.ErrNull
				}
				return padBytes(ctx, b, int(n), p, left)
			}))
	}
	pad("LPAD", "The input brought to targetLen characters or bytes: cut at the end, or with as much of the padding before it as needed. NULL for a negative length and empty padding.", true)
	pad("RPAD", "The input brought to targetLen characters or bytes: cut at the end, or with as much of the padding after it as needed. NULL for a negative length and empty padding.", false)
}

func padText(ctx *function.Context, s string, n int, p string, left bool) (string, error) {
	if n < 0 || p == "" {
		return "", function.ErrNull
	}
	have := utf8.RuneCountInString(s)
	if have >= n {
		return s[:runeOffset(s, n)], nil
	}
	missing, unit := n-have, utf8.RuneCountInString(p)
	if err := ctx.Grow((int64(missing)/int64(unit) + 1) * int64(len(p))); err != nil {
		return "", err
	}
	fill := strings.Repeat(p, missing/unit) + p[:runeOffset(p, missing%unit)]
	if left {
		return fill + s, nil
	}
	return s + fill, nil
}

func padBytes(ctx *function.Context, b []byte, n int, p []byte, left bool) ([]byte, error) {
	if len(b) >= n {
		return b[:n], nil
	}
	if err := ctx.Grow(int64(n - len(b))); err != nil {
		return nil, err
	}
	fill := make([]byte, n-len(b))
	for i := range fill {
		fill[i] = p[i%len(p)]
	}
	if left {
		return append(fill, b...), nil
	}
	return append(append(make([]byte, 0, n), b...), fill...), nil
}
