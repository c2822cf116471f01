package parse

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"tailrace/sql/sqlerr"
)

// escaped reads PostgreSQL's E'...': with C's escapes.
func (l *lexer) escaped() (string, *sqlerr.Error) {
	start := l.at
	var b strings.Builder
	for l.at += 2; l.at < len(l.text); {
		switch c := l.text[l.at]; {
		case c == 0:
			return "", l.fail(sqlerr.InvalidCharacter, l.at, "the statement contains a NUL character")
		case c == '\'' && l.peek(1) == '\'':
			b.WriteByte(c)
			l.at += 2
		case c == '\'':
			l.at++
			if text := b.String(); utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
				return text, nil
			}
			return "", l.fail(sqlerr.InvalidCharacter, start, "the string is not valid UTF-8")
		case c == '\\' && l.at+1 < len(l.text):
			if err := l.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
			l.at++
		}
	}
	return "", l.fail(sqlerr.SyntaxError, start, "Syntax Error: the string is not closed").Hint("Close it with '.")
}

// escape reads one escape.
func (l *lexer) escape(b *strings.Builder) *sqlerr.Error {
	c := l.text[l.at+1]
	digits := func(from, most, base int) (uint64, int) {
		n := from
		for n < len(l.text) && n < from+most {
			if _, err := strconv.ParseUint(l.text[n:n+1], base, 8); err != nil {
				break
			}
			n++
		}
		v, _ := strconv.ParseUint(l.text[from:n], base, 32)
		return v, n
	}
	l.at += 2
	switch c {
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'x':
		if v, end := digits(l.at, 2, 16); end > l.at {
			b.WriteByte(byte(v))
			l.at = end
			return nil
		}
		b.WriteByte(c)
	case 'u', 'U':
		n := 4
		if c == 'U' {
			n = 8
		}
		v, end := digits(l.at, n, 16)
		if end != l.at+n || v > utf8.MaxRune {
			return l.fail(sqlerr.InvalidEscape, l.at-2, "invalid Unicode escape").Hint("Unicode escapes must be \\uXXXX or \\UXXXXXXXX.")
		}
		b.WriteRune(rune(v))
		l.at = end
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, end := digits(l.at-1, 3, 8)
		b.WriteByte(byte(v))
		l.at = end
	default:
		b.WriteByte(c)
	}
	return nil
}

// dollarQuoted reads $$...$$ or $tag$...$tag$ at the front of a text.
func dollarQuoted(text string) (body string, end int, ok bool) {
	n := 1
	for n < len(text) && (isLetter(text[n]) || n > 1 && isDigit(text[n])) {
		n++
	}
	if n >= len(text) || text[n] != '$' {
		return "", 0, false
	}
	tag := text[:n+1]
	i := strings.Index(text[len(tag):], tag)
	if i < 0 {
		return "", 0, false
	}
	return text[len(tag) : len(tag)+i], i + 2*len(tag), true
}
