package json

import (
	"bytes"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"tailrace/sql/sqlerr"
)

// appendUnquoted appends the characters of a string token that the scanner has accepted.
func appendUnquoted(dst, token []byte) ([]byte, error) {
	s := token[1 : len(token)-1]
	if !utf8.Valid(s) {
		return dst, sqlerr.New(sqlerr.InvalidCharacter, "Invalid UTF-8 in string")
	}
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...), nil
		}
		dst = append(dst, s[:i]...)
		dst, s = appendEscape(dst, s[i+1:])
	}
}

// appendEscape appends the character of the escape whose backslash is before s.
func appendEscape(dst, s []byte) (out, rest []byte) {
	switch s[0] {
	case 'b':
		return append(dst, '\b'), s[1:]
	case 'f':
		return append(dst, '\f'), s[1:]
	case 'n':
		return append(dst, '\n'), s[1:]
	case 'r':
		return append(dst, '\r'), s[1:]
	case 't':
		return append(dst, '\t'), s[1:]
	case 'u':
		r := hexRune(s[1:5])
		s = s[5:]
		if utf16.IsSurrogate(r) {
			low := rune(utf8.RuneError)
			if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
				low = hexRune(s[2:6])
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				s = s[6:]
			}
		}
		return utf8.AppendRune(dst, r), s
	}
	return append(dst, s[0]), s[1:]
}

func hexRune(s []byte) rune {
	return rune(hexValue(s[0])<<12 | hexValue(s[1])<<8 | hexValue(s[2])<<4 | hexValue(s[3]))
}

// unquoted is appendUnquoted that copies only what has escapes; buf is room for it.
func unquoted(buf, token []byte) ([]byte, error) {
	if s := token[1 : len(token)-1]; bytes.IndexByte(s, '\\') < 0 && utf8.Valid(s) {
		return s, nil
	}
	return appendUnquoted(buf, token)
}

const upperHex = "0123456789ABCDEF"

// AppendString writes a string with quotes as Jackson does: only quote, backslash and
// control characters escaped, the latter in upper case hexadecimal.
func AppendString(dst, s []byte) []byte {
	dst = append(dst, '"')
	for len(s) > 0 {
		n := plainPrefix(s)
		dst = append(dst, s[:n]...)
		if n < len(s) {
			dst = appendEscaped(dst, s[n])
			n++
		}
		s = s[n:]
	}
	return append(dst, '"')
}

// plainPrefix is how many bytes of s stand for themselves in a JSON string.
func plainPrefix(s []byte) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if m := stops(load(s, i)); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', upperHex[c>>4], upperHex[c&15])
}

// bytesOf is s as bytes without a copy, for calls that only read them.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
