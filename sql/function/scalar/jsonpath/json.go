// Package jsonpath reads parts of JSON texts without building trees of them.
//
// A Value is a slice of the text it came from, so numbers keep every digit they were
// written with. As ksqlDB's reader does, the functions look at the first value of a text
// and ignore what follows it.
package jsonpath

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Value is one JSON value, as it stands in its text without the space around it.
type Value []byte

// Kind is what a JSON value is.
type Kind uint8

// The kinds.
const (
	Invalid Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// ErrSyntax is for text that is not JSON, ErrDepth for values nested beyond reason.
var (
	ErrSyntax = errors.New("not a JSON value")
	ErrDepth  = errors.New("JSON value nested too deep")
)

const maxDepth = 512

// First is the first value of a text. It is checked in full.
func First(text []byte) (Value, error) {
	start := skipSpace(text, 0)
	end, err := skipValue(text, start, 0)
	if err != nil {
		return nil, err
	}
	return Value(text[start:end]), nil
}

// Kind is told from the first byte.
func (v Value) Kind() Kind {
	if len(v) == 0 {
		return Invalid
	}
	switch c := v[0]; {
	case c == 'n':
		return Null
	case c == 't' || c == 'f':
		return Bool
	case c == '"':
		return String
	case c == '[':
		return Array
	case c == '{':
		return Object
	}
	return Number
}

// Text is a string without its quotes and escapes, and any other value as JSON without
// space in it.
func (v Value) Text() string {
	if v.Kind() == String {
		return unquote(v)
	}
	return v.Compact()
}

// Bytes is Text without a copy where the value stands in its source just so.
func (v Value) Bytes() []byte {
	switch v.Kind() {
	case Null, Bool:
		return v
	case Number:
		if v[0] != '-' && !bytes.ContainsAny(v, ".eE") {
			return v
		}
	case String:
		if inner := v[1 : len(v)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
			return inner
		}
	}
	return []byte(v.Text())
}

// Compact is the value as JSON without space in it: strings with as few escapes as may be,
// numbers as Java's BigDecimal shows them.
func (v Value) Compact() string { return v.write(false) }

// Plain is Compact with every digit of the numbers, without exponents.
func (v Value) Plain() string { return v.write(true) }

func (v Value) write(plain bool) string {
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); {
		switch c := v[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"':
			end, _ := skipString(v, i)
			if bytes.IndexByte(v[i:end], '\\') >= 0 {
				out = Quote(out, unquote(v[i:end]))
			} else {
				out = append(out, v[i:end]...)
			}
			i = end
		case c == '-' || c >= '0' && c <= '9':
			end, err := skipNumber(v, i)
			if err != nil { // not in a checked value
				end = i + 1
			}
			out = appendNumber(out, v[i:end], plain)
			i = end
		default:
			out = append(out, c)
			i++
		}
	}
	return string(out)
}

// maxScale bounds the zeros that a number without its exponent may have, as Jackson does.
const maxScale = 9999

// appendNumber writes a number as Java does: an exponent where the number has one that does
// not go into its digits, or is small.
func appendNumber(dst []byte, text []byte, plain bool) []byte {
	if !bytes.ContainsAny(text, "eE") && !bytes.HasPrefix(text, []byte("0.000000")) && text[0] != '-' {
		return append(dst, text...)
	}
	mantissa, exponent := text, 0
	if at := bytes.IndexAny(text, "eE"); at >= 0 {
		n, err := strconv.Atoi(string(text[at+1:]))
		if err != nil || n > maxScale || n < -maxScale {
			return append(dst, text...)
		}
		mantissa, exponent = text[:at], n
	}
	scale := -exponent
	var digits []byte
	negative := mantissa[0] == '-'
	mantissa = bytes.TrimPrefix(mantissa, []byte("-"))
	if at := bytes.IndexByte(mantissa, '.'); at >= 0 {
		scale += len(mantissa) - at - 1
		digits = append(append(digits, mantissa[:at]...), mantissa[at+1:]...)
	} else {
		digits = append(digits, mantissa...)
	}
	if digits = bytes.TrimLeft(digits, "0"); len(digits) == 0 {
		digits, negative = []byte("0"), false
	}
	if negative {
		dst = append(dst, '-')
	}
	adjusted := len(digits) - 1 - scale
	if plain || scale >= 0 && adjusted >= -6 {
		return appendPlain(dst, digits, scale)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(append(dst, '.'), digits[1:]...)
	}
	dst = append(dst, 'E')
	if adjusted > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(adjusted), 10)
}

func appendPlain(dst, digits []byte, scale int) []byte {
	switch {
	case scale <= 0:
		dst = append(dst, digits...)
		if string(digits) != "0" {
			dst = append(dst, bytes.Repeat([]byte("0"), -scale)...)
		}
		return dst
	case len(digits) > scale:
		at := len(digits) - scale
		return append(append(append(dst, digits[:at]...), '.'), digits[at:]...)
	}
	dst = append(append(dst, "0."...), bytes.Repeat([]byte("0"), scale-len(digits))...)
	return append(dst, digits...)
}

// Elements lists the values of an array.
func (v Value) Elements() []Value {
	var out []Value
	if v.Kind() != Array {
		return nil
	}
	v.each(func(_, x Value) bool {
		out = append(out, x)
		return true
	})
	return out
}

// Member is a member of an object.
type Member struct {
	Name  string
	Value Value
}

// Members lists the members of an object, in order, doubles included.
func (v Value) Members() []Member {
	var out []Member
	if v.Kind() != Object {
		return nil
	}
	v.each(func(name, x Value) bool {
		out = append(out, Member{unquote(name), x})
		return true
	})
	return out
}

// each calls f for the elements of an array or members of an object until it says false.
// The value must have been checked.
func (v Value) each(f func(name, x Value) bool) {
	object := v.Kind() == Object
	if !object && v.Kind() != Array {
		return
	}
	i := skipSpace(v, 1)
	for i < len(v)-1 {
		var name Value
		if object {
			end, _ := skipString(v, i)
			name = v[i:end]
			i = skipSpace(v, skipSpace(v, end)+1) // the colon
		}
		end, err := skipValue(v, i, 0)
		if err != nil || !f(name, v[i:end]) {
			return
		}
		i = skipSpace(v, skipSpace(v, end)+1) // the comma
	}
}

// Quote writes a string as JSON.
func Quote(dst []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns the end of the value at i.
func skipValue(b []byte, i, depth int) (int, error) {
	if depth > maxDepth {
		return 0, ErrDepth
	}
	if i >= len(b) {
		return 0, ErrSyntax
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipContainer(b, i, depth)
	case 't':
		return skipWord(b, i, "true")
	case 'f':
		return skipWord(b, i, "false")
	case 'n':
		return skipWord(b, i, "null")
	}
	return skipNumber(b, i)
}

func skipWord(b []byte, i int, word string) (int, error) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return 0, ErrSyntax
	}
	return i + len(word), nil
}

func skipContainer(b []byte, i, depth int) (int, error) {
	closing := byte(']')
	if b[i] == '{' {
		closing = '}'
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == closing {
		return i + 1, nil
	}
	for {
		if closing == '}' {
			if i >= len(b) || b[i] != '"' {
				return 0, ErrSyntax
			}
			end, err := skipString(b, i)
			if err != nil {
				return 0, err
			}
			if i = skipSpace(b, end); i >= len(b) || b[i] != ':' {
				return 0, ErrSyntax
			}
			i = skipSpace(b, i+1)
		}
		end, err := skipValue(b, i, depth+1)
		if err != nil {
			return 0, err
		}
		i = skipSpace(b, end)
		switch {
		case i >= len(b):
			return 0, ErrSyntax
		case b[i] == closing:
			return i + 1, nil
		case b[i] != ',':
			return 0, ErrSyntax
		}
		i = skipSpace(b, i+1)
	}
}

func skipString(b []byte, i int) (int, error) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c < ' ':
			return 0, ErrSyntax
		case c == '\\':
			if i++; i >= len(b) {
				return 0, ErrSyntax
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if _, ok := hex4(b, i+1); !ok {
					return 0, ErrSyntax
				}
				i += 4
			default:
				return 0, ErrSyntax
			}
		}
	}
	return 0, ErrSyntax
}

func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[i:i+4]), 16, 16)
	return rune(n), err == nil
}

func skipNumber(b []byte, i int) (int, error) {
	digits := func() bool {
		start := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > start
	}
	if b[i] == '-' {
		i++
	}
	zero := i < len(b) && b[i] == '0'
	start := i
	if !digits() || zero && i > start+1 {
		return 0, ErrSyntax
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return 0, ErrSyntax
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return 0, ErrSyntax
		}
	}
	return i, nil
}

// unquote undoes a checked string. Lone surrogates and bytes that are not UTF-8 become
// U+FFFD.
func unquote(v Value) string {
	b := v[1 : len(v)-1]
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		c := b[i]
		if c != '\\' {
			r, n := utf8.DecodeRune(b[i:])
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		switch c = b[i+1]; c {
		case 'u':
			r, _ := hex4(b, i+2)
			i += 6
			if utf16.IsSurrogate(r) {
				second, ok := rune(0), false
				if i+6 <= len(b) && b[i] == '\\' && b[i+1] == 'u' {
					second, ok = hex4(b, i+2)
				}
				if r = utf16.DecodeRune(r, second); ok && r != utf8.RuneError {
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
			continue
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		}
		out = append(out, c)
		i += 2
	}
	return string(out)
}
