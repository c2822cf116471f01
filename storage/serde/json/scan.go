package json

import (
	"encoding/binary"
	"math/bits"
)

// MaxDepth is how deep arrays and objects may nest: scanning recurses, and no schema
// reaches a fraction of it.
const MaxDepth = 1000

// Padding is how many bytes must be readable past the end of a record for the fast path;
// they may hold anything.
const Padding = 16

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

func load(b []byte, p int) uint64 { return binary.LittleEndian.Uint64(b[p:]) }

// stops marks, by their high bits, the bytes of w that end the plain part of a string:
// quote, backslash, control characters. Above the lowest mark there may be false ones.
func stops(w uint64) uint64 {
	quote := w ^ ones*'"'
	slash := w ^ ones*'\\'
	return ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs
}

// nonDigits marks, by their high bits, the bytes of w that are not digits. Above the
// lowest mark there may be false ones.
func nonDigits(w uint64) uint64 {
	x := w ^ ones*'0'
	return (x + ones*0x76 | x) & highs
}

// eightDigits is the number that eight ASCII digits in memory order make.
func eightDigits(w uint64) uint64 {
	w -= ones * '0'
	w = w*10 + w>>8
	const mask = 0x000000FF000000FF
	return ((w&mask)*(100+1000000<<32) + (w>>16&mask)*(1+10000<<32)) >> 32
}

// The scanners below take a buffer with Padding readable bytes past n, where the text
// ends, and a position below n. They return the position after what they accept, at most
// n, or -1.

// skipString accepts the rest of a string whose opening quote is before p.
func skipString(b []byte, p, n int) int {
	for p < n {
		w := load(b, p)
		m := stops(w)
		if m == 0 {
			p += 8
			continue
		}
		p += bits.TrailingZeros64(m) >> 3
		if p >= n {
			return -1
		}
		switch b[p] {
		case '"':
			return p + 1
		case '\\':
			if p = skipEscape(b, p+1, n); p < 0 {
				return -1
			}
		default:
			return -1
		}
	}
	return -1
}

// skipEscape accepts what follows a backslash. Halves of surrogate pairs need not match:
// a lone one reads as U+FFFD.
func skipEscape(b []byte, p, n int) int {
	if p >= n {
		return -1
	}
	switch b[p] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return p + 1
	case 'u':
		if p+5 > n {
			return -1
		}
		for _, c := range b[p+1 : p+5] {
			if hexValue(c) < 0 {
				return -1
			}
		}
		return p + 5
	}
	return -1
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// skipDigits returns the position of the first byte that is no digit, at most n.
func skipDigits(b []byte, p, n int) int {
	for p < n {
		if m := nonDigits(load(b, p)); m != 0 {
			return min(p+bits.TrailingZeros64(m)>>3, n)
		}
		p += 8
	}
	return n
}

// skipNumber accepts a number.
func skipNumber(b []byte, p, n int) int {
	if b[p] == '-' {
		p++
	}
	start := p
	p = skipDigits(b, p, n)
	if p == start || b[start] == '0' && p > start+1 {
		return -1
	}
	if p < n && b[p] == '.' {
		start = p + 1
		if p = skipDigits(b, start, n); p == start {
			return -1
		}
	}
	if p < n && b[p]|0x20 == 'e' {
		p++
		if p < n && (b[p] == '+' || b[p] == '-') {
			p++
		}
		start = p
		if p = skipDigits(b, p, n); p == start {
			return -1
		}
	}
	return p
}

// skipSpace returns the position of the first byte that is not white space.
func skipSpace(b []byte, p, n int) int {
	for p < n && (b[p] == ' ' || b[p] == '\n' || b[p] == '\r' || b[p] == '\t') {
		p++
	}
	return p
}

// skipValue accepts any value; depth is how many more levels it may have.
func skipValue(b []byte, p, n, depth int) int {
	if p >= n {
		return -1
	}
	switch c := b[p]; {
	case c == '"':
		return skipString(b, p+1, n)
	case c == '-' || c >= '0' && c <= '9':
		return skipNumber(b, p, n)
	case c == '{':
		return skipObject(b, p+1, n, depth-1)
	case c == '[':
		return skipArray(b, p+1, n, depth-1)
	case c == 't' && p+4 <= n && string(b[p:p+4]) == "true":
		return p + 4
	case c == 'f' && p+5 <= n && string(b[p:p+5]) == "false":
		return p + 5
	case c == 'n' && p+4 <= n && string(b[p:p+4]) == "null":
		return p + 4
	}
	return -1
}

func skipArray(b []byte, p, n, depth int) int {
	if p = skipSpace(b, p, n); depth < 0 || p >= n {
		return -1
	}
	if b[p] == ']' {
		return p + 1
	}
	for {
		if p = skipValue(b, p, n, depth); p < 0 {
			return -1
		}
		if p = skipSpace(b, p, n); p >= n {
			return -1
		}
		switch b[p] {
		case ']':
			return p + 1
		case ',':
			p = skipSpace(b, p+1, n)
		default:
			return -1
		}
	}
}

func skipObject(b []byte, p, n, depth int) int {
	if p = skipSpace(b, p, n); depth < 0 || p >= n {
		return -1
	}
	if b[p] == '}' {
		return p + 1
	}
	for {
		if p >= n || b[p] != '"' {
			return -1
		}
		if p = skipString(b, p+1, n); p < 0 {
			return -1
		}
		if p = skipSpace(b, p, n); p >= n || b[p] != ':' {
			return -1
		}
		if p = skipValue(b, skipSpace(b, p+1, n), n, depth); p < 0 {
			return -1
		}
		if p = skipSpace(b, p, n); p >= n {
			return -1
		}
		switch b[p] {
		case '}':
			return p + 1
		case ',':
			p = skipSpace(b, p+1, n)
		default:
			return -1
		}
	}
}

// Valid reports whether data is JSON text as a Decoder accepts it.
func Valid(data []byte) bool {
	n := len(data)
	b := append(append(make([]byte, 0, n+Padding), data...), make([]byte, Padding)...)
	p := 0
	if n >= len(byteOrderMark) && string(b[:len(byteOrderMark)]) == byteOrderMark {
		p = len(byteOrderMark)
	}
	p = skipValue(b, skipSpace(b, p, n), n, MaxDepth)
	return p >= 0 && skipSpace(b, p, n) == n
}
