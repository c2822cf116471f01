package syntax

import (
	"strings"
	"unicode/utf8"

	"tailrace/sql/sqlerr"
)

// Kind is the kind of a Token.
type Kind uint8

// The kinds of tokens.
const (
	End Kind = iota
	Word
	QuotedWord
	Text // a string
	Digits
	Parameter
	Op // operators and punctuation
)

// Token is a lexical unit. Value is its meaning: words in lower case, strings without
// their quotes.
type Token struct {
	Kind  Kind
	Value string
	Pos   int // in characters from 1
}

// MaxBytes bounds a statement: what tools generate has a few kilobytes.
const MaxBytes = 1 << 20

type lexer struct {
	text string
	at   int
	// runes counts the characters before counted.
	runes, counted int
	out            []Token
}

// Lex cuts a statement into tokens, the last of which is End.
func Lex(text string) ([]Token, error) {
	if len(text) > MaxBytes {
		return nil, sqlerr.New(sqlerr.TooComplex, "statement of %d bytes; the limit is %d", len(text), MaxBytes)
	}
	l := &lexer{text: text}
	for {
		if err := l.space(); err != nil {
			return nil, err
		}
		if l.at == len(text) {
			l.add(End, "", l.at)
			return l.out, nil
		}
		if err := l.token(); err != nil {
			return nil, err
		}
	}
}

// pos turns a byte offset into a position; offsets must not decrease.
func (l *lexer) pos(at int) int {
	l.runes += utf8.RuneCountInString(l.text[l.counted:at])
	l.counted = at
	return l.runes + 1
}

func (l *lexer) add(k Kind, value string, at int) {
	l.out = append(l.out, Token{k, value, l.pos(at)})
}

func (l *lexer) fail(at int, format string, args ...any) error {
	return sqlerr.New(sqlerr.SyntaxError, format, args...).At(l.pos(at))
}

// space skips white space and comments; block comments nest.
func (l *lexer) space() error {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case rest[0] <= ' ':
			l.at++
		case strings.HasPrefix(rest, "--"):
			if i := strings.IndexByte(rest, '\n'); i >= 0 {
				l.at += i + 1
			} else {
				l.at = len(l.text)
			}
		case strings.HasPrefix(rest, "/*"):
			n := blockComment(rest)
			if n < 0 {
				return l.fail(l.at, "unterminated /* comment")
			}
			l.at += n
		default:
			return nil
		}
	}
	return nil
}

// blockComment is the length of the comment at the start of s, -1 if it does not end.
func blockComment(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

func (l *lexer) token() error {
	start, c := l.at, l.text[l.at]
	next := byte(0)
	if start+1 < len(l.text) {
		next = l.text[start+1]
	}
	switch {
	case (c == 'e' || c == 'E') && next == '\'':
		l.at++
		return l.quoted(start, true)
	case (c == 'n' || c == 'N') && next == '\'':
		l.at++
		return l.quoted(start, false)
	case c == '\'':
		return l.quoted(start, false)
	case c == '"':
		return l.quotedName(start)
	case isLetter(c):
		for l.at < len(l.text) && (isLetter(l.text[l.at]) || isDigit(l.text[l.at]) || l.text[l.at] == '$') {
			l.at++
		}
		l.add(Word, strings.ToLower(l.text[start:l.at]), start)
	case isDigit(c) || c == '.' && isDigit(next):
		l.number()
		l.add(Digits, l.text[start:l.at], start)
	case c == '$' && isDigit(next):
		l.at++
		for l.at < len(l.text) && isDigit(l.text[l.at]) {
			l.at++
		}
		l.add(Parameter, l.text[start+1:l.at], start)
	case c == '$':
		return l.dollarQuoted(start)
	default:
		return l.operator(start)
	}
	return nil
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (l *lexer) number() {
	digits := func() {
		for l.at < len(l.text) && isDigit(l.text[l.at]) {
			l.at++
		}
	}
	digits()
	if l.at < len(l.text) && l.text[l.at] == '.' {
		l.at++
		digits()
	}
	if l.at < len(l.text) && (l.text[l.at] == 'e' || l.text[l.at] == 'E') {
		mark := l.at
		l.at++
		if l.at < len(l.text) && (l.text[l.at] == '+' || l.text[l.at] == '-') {
			l.at++
		}
		if l.at == len(l.text) || !isDigit(l.text[l.at]) {
			l.at = mark
			return
		}
		digits()
	}
}

// quoted reads a string whose opening quote is at l.at. With escapes, a backslash gives
// the next character a meaning.
func (l *lexer) quoted(start int, escapes bool) error {
	var b strings.Builder
	for l.at++; l.at < len(l.text); l.at++ {
		c := l.text[l.at]
		switch {
		case c == '\\' && escapes && l.at+1 < len(l.text):
			l.at++
			b.WriteString(escaped(l.text[l.at]))
		case c != '\'':
			b.WriteByte(c)
		case l.at+1 < len(l.text) && l.text[l.at+1] == '\'':
			l.at++
			b.WriteByte(c)
		default:
			l.at++
			l.add(Text, b.String(), start)
			return nil
		}
	}
	return l.fail(start, "unterminated quoted string")
}

func escaped(c byte) string {
	if i := strings.IndexByte("bfnrt", c); i >= 0 {
		return "\b\f\n\r\t"[i : i+1]
	}
	return string([]byte{c})
}

func (l *lexer) quotedName(start int) error {
	var b strings.Builder
	for l.at++; l.at < len(l.text); l.at++ {
		c := l.text[l.at]
		switch {
		case c != '"':
			b.WriteByte(c)
		case l.at+1 < len(l.text) && l.text[l.at+1] == '"':
			l.at++
			b.WriteByte(c)
		default:
			l.at++
			if b.Len() == 0 {
				return l.fail(start, "zero-length delimited identifier")
			}
			l.add(QuotedWord, b.String(), start)
			return nil
		}
	}
	return l.fail(start, "unterminated quoted identifier")
}

// dollarQuoted reads $tag$ ... $tag$.
func (l *lexer) dollarQuoted(start int) error {
	end := strings.IndexByte(l.text[start+1:], '$')
	if end < 0 {
		return l.fail(start, "syntax error at or near \"$\"")
	}
	tag := l.text[start : start+end+2]
	body := l.text[start+len(tag):]
	i := strings.Index(body, tag)
	if i < 0 {
		return l.fail(start, "unterminated dollar-quoted string")
	}
	l.at = start + 2*len(tag) + i
	l.add(Text, body[:i], start)
	return nil
}

const operatorChars = "+-*/<>=~!@#%^&|`?"

func (l *lexer) operator(start int) error {
	c := l.text[start]
	if strings.HasPrefix(l.text[start:], "::") {
		l.at += 2
		l.add(Op, "::", start)
		return nil
	}
	if strings.IndexByte("()[],;.:", c) >= 0 {
		l.at++
		l.add(Op, string(c), start)
		return nil
	}
	for l.at < len(l.text) && strings.IndexByte(operatorChars, l.text[l.at]) >= 0 {
		rest := l.text[l.at:]
		if l.at > start && (strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "/*")) {
			break
		}
		l.at++
	}
	op := l.text[start:l.at]
	if op == "" {
		_, n := utf8.DecodeRuneInString(l.text[start:])
		return l.fail(start, "syntax error at or near %q", l.text[start:start+n])
	}
	// An operator of several characters ends in + or - only if it holds one of those that
	// the standard's operators do not have: "=-1" is "=" and "-".
	for len(op) > 1 && strings.IndexByte("+-", op[len(op)-1]) >= 0 && !strings.ContainsAny(op, "~!@#%^&|`?") {
		op = op[:len(op)-1]
	}
	l.at = start + len(op)
	if op == "!=" {
		op = "<>"
	}
	l.add(Op, op, start)
	return nil
}
