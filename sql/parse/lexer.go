package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tailrace/sql/sqlerr"
)

// tokenKind tells tokens apart.
type tokenKind uint8

const (
	tokEOF    tokenKind = iota // end of the text or of the statement
	tokWord                    // unquoted identifier or keyword; text is upper case
	tokQuoted                  // quoted identifier; text is the name
	tokString                  // text is the value
	tokInt
	tokDecimal
	tokFloat
	tokParam // text is the digits of $n
	tokOp    // text is the operator
)

// token is one lexical unit.
type token struct {
	kind tokenKind
	// start and end are byte offsets, pos is the 1-based rune offset of start.
	start, end, pos int
	// text is what the token means: folded, unescaped, or the operator itself.
	text string
}

func (t *token) word(w string) bool { return t.kind == tokWord && t.text == w }
func (t *token) op(o string) bool   { return t.kind == tokOp && t.text == o }
func (t *token) ident() bool        { return t.kind == tokWord || t.kind == tokQuoted }

// lexer cuts text into tokens, one statement at a time.
type lexer struct {
	text string
	at   int // byte offset of the next character
	// The rune offset of byte runeByte is runePos; it moves along with the tokens.
	runeByte, runePos int
}

func newLexer(text string) *lexer { return &lexer{text: text, runePos: 1} }

// posAt is the 1-based rune offset of byte b, which is not before the last one
// asked for.
func (l *lexer) posAt(b int) int {
	if b < l.runeByte {
		return utf8.RuneCountInString(l.text[:b]) + 1
	}
	for ; l.runeByte < b && l.text[l.runeByte] < utf8.RuneSelf; l.runeByte++ {
		l.runePos++
	}
	l.runePos += utf8.RuneCountInString(l.text[l.runeByte:b])
	l.runeByte = b
	return l.runePos
}

func (l *lexer) fail(code sqlerr.Code, b int, format string, args ...any) *sqlerr.Error {
	return sqlerr.New(code, format, args...).At(l.posAt(b))
}

// statement appends the tokens up to the next semicolon, or the end, to dst, and
// ends them with a tokEOF that stands where the semicolon does. more says that
// there was a semicolon.
func (l *lexer) statement(dst []token) (toks []token, more bool, err *sqlerr.Error) {
	for {
		if err := l.skipSpace(); err != nil {
			return nil, false, err
		}
		if l.at >= len(l.text) || l.text[l.at] == ';' {
			end := token{kind: tokEOF, start: l.at, end: l.at, pos: l.posAt(l.at)}
			more = l.at < len(l.text)
			if more {
				l.at++
			}
			return append(dst, end), more, nil
		}
		t, err := l.next()
		if err != nil {
			return nil, false, err
		}
		dst = append(dst, t)
		if first := dst[0].start; l.at-first > maxStatementBytes {
			return nil, false, l.fail(sqlerr.TooComplex, first, "the statement is longer than %d bytes", maxStatementBytes).
				Hint("Load large data through a topic instead of through SQL text.")
		}
	}
}

// skipSpace passes white space and comments.
func (l *lexer) skipSpace() *sqlerr.Error {
	for l.at < len(l.text) {
		switch c := l.text[l.at]; {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			l.at++
		case c == '-' && l.peek(1) == '-':
			end := strings.IndexByte(l.text[l.at:], '\n')
			if end < 0 {
				end = len(l.text) - l.at
			}
			l.at += end
		case c == '/' && l.peek(1) == '*':
			if l.peek(2) == '!' {
				return l.fail(sqlerr.FeatureNotSupported, l.at, "conditional comments are not supported").
					Hint("Write the statement without /*! */.")
			}
			end := strings.Index(l.text[l.at+2:], "*/")
			if end < 0 {
				return l.fail(sqlerr.SyntaxError, l.at, "Syntax Error: the comment is not closed").Hint("Close it with */.")
			}
			l.at += end + 4
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.text) {
		return l.text[l.at+n]
	}
	return 0
}

// next reads one token; there is one.
func (l *lexer) next() (token, *sqlerr.Error) {
	t := token{start: l.at, pos: l.posAt(l.at)}
	var err *sqlerr.Error
	switch c := l.text[l.at]; {
	case (c == 'E' || c == 'e') && l.peek(1) == '\'':
		t.kind = tokString
		t.text, err = l.escaped()
	case isLetter(c):
		l.word(&t)
	case c >= utf8.RuneSelf:
		err = l.unicodeWord(&t)
	case isDigit(c), c == '.' && isDigit(l.peek(1)):
		l.number(&t)
	case c == '\'':
		t.kind = tokString
		t.text, err = l.quoted('\'', "string")
	case c == '"' || c == '`':
		t.kind = tokQuoted
		t.text, err = l.quoted(c, "quoted identifier")
		if err == nil && t.text == "" {
			err = l.fail(sqlerr.InvalidName, t.start, "Syntax Error: a quoted identifier cannot be empty")
		}
	case c == '$':
		err = l.dollar(&t)
	default:
		err = l.operator(&t)
	}
	t.end = l.at
	return t, err
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// wordEnd is where an unquoted identifier that covers byte i ends.
func (l *lexer) wordEnd(i int) int {
	for i < len(l.text) {
		c := l.text[i]
		if isLetter(c) || isDigit(c) || c == '@' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeRuneInString(l.text[i:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		i += size
	}
	return i
}

func (l *lexer) word(t *token) {
	l.at = l.wordEnd(l.at)
	t.kind, t.text = tokWord, strings.ToUpper(l.text[t.start:l.at])
}

// unicodeWord reads an identifier that begins beyond ASCII, as PostgreSQL allows.
func (l *lexer) unicodeWord(t *token) *sqlerr.Error {
	r, size := utf8.DecodeRuneInString(l.text[l.at:])
	if r == utf8.RuneError && size <= 1 {
		return l.fail(sqlerr.InvalidCharacter, l.at, "the statement is not valid UTF-8")
	}
	if !unicode.IsLetter(r) {
		return l.fail(sqlerr.SyntaxError, l.at, "Syntax Error: unexpected character %q", r)
	}
	l.word(t)
	return nil
}

// number reads an integer, a decimal, a number with an exponent, or an identifier
// that begins with a digit: whichever is longest.
func (l *lexer) number(t *token) {
	digits := func(i int) int {
		for i < len(l.text) && isDigit(l.text[i]) {
			i++
		}
		return i
	}
	end := digits(l.at)
	t.kind = tokInt
	if end < len(l.text) && l.text[end] == '.' {
		t.kind = tokDecimal
		end = digits(end + 1)
	}
	if end < len(l.text) && (l.text[end] == 'e' || l.text[end] == 'E') {
		exp := end + 1
		if exp < len(l.text) && (l.text[exp] == '+' || l.text[exp] == '-') {
			exp++
		}
		if after := digits(exp); after > exp {
			t.kind, end = tokFloat, after
		}
	}
	if isDigit(l.text[l.at]) {
		if word := l.wordEnd(l.at); word > end {
			l.word(t)
			return
		}
	}
	l.at = end
	t.text = l.text[t.start:end]
}

// quoted reads to the closing quote; a doubled quote stands for one.
func (l *lexer) quoted(quote byte, what string) (string, *sqlerr.Error) {
	start := l.at
	escaped := false
	for l.at++; l.at < len(l.text); l.at++ {
		switch l.text[l.at] {
		case 0:
			return "", l.fail(sqlerr.InvalidCharacter, l.at, "the statement contains a NUL character")
		case quote:
			if l.peek(1) == quote {
				escaped = true
				l.at++
				continue
			}
			l.at++
			body := l.text[start+1 : l.at-1]
			if !utf8.ValidString(body) {
				return "", l.fail(sqlerr.InvalidCharacter, start, "the %s is not valid UTF-8", what)
			}
			if escaped {
				q := string(quote)
				body = strings.ReplaceAll(body, q+q, q)
			}
			return body, nil
		}
	}
	return "", l.fail(sqlerr.SyntaxError, start, "Syntax Error: the %s is not closed", what).
		Hint("Close it with %c; write %c%c for a quote inside.", quote, quote, quote)
}

// dollar reads $n. ${v} that is still here was not substituted.
func (l *lexer) dollar(t *token) *sqlerr.Error {
	if isDigit(l.peek(1)) {
		end := l.at + 1
		for end < len(l.text) && isDigit(l.text[end]) {
			end++
		}
		t.kind, t.text = tokParam, l.text[l.at+1:end]
		if n := strings.TrimLeft(t.text, "0"); n == "" || len(n) > 5 || len(n) == 5 && n > "65535" {
			return l.fail(sqlerr.UndefinedParameter, l.at, "there is no parameter $%s", t.text).
				Hint("Parameters are numbered from $1 to $65535.")
		}
		l.at = end
		return nil
	}
	if body, end, ok := dollarQuoted(l.text[l.at:]); ok {
		t.kind, t.text = tokString, body
		if !utf8.ValidString(body) || strings.IndexByte(body, 0) >= 0 {
			return l.fail(sqlerr.InvalidCharacter, l.at, "the string is not valid UTF-8")
		}
		l.at += end
		return nil
	}
	if name, _, ok := variable(l.text[l.at:]); ok {
		return l.fail(sqlerr.UndefinedObject, l.at, "the variable ${%s} is not defined", name).
			Hint("Define it first: DEFINE %s = '...';", name)
	}
	return l.fail(sqlerr.SyntaxError, l.at, "Syntax Error: unexpected character '$'")
}

// operators of two characters; the others are single.
var longOps = [...]string{"->>", "#>>", "!~*", "->", "=>", ":=", "::", "||", "<>", "!=", "<=", ">=",
	"#>", "@>", "<@", "&&", "!~", "~*"}

const shortOps = "()[],.=<>+-*/%~^?:"

// foreignOps are operators of other dialects, with what to write instead.
var foreignOps = map[byte]string{
	'&': "Write AND for a logical and; there are no bit operators.",
	'|': "Write || to concatenate, OR for a logical or.",
	'!': "Write NOT.",
	'@': "There are no @variables; DEFINE one and write ${name}.",
	'{': "Write STRUCT(name := value) or MAP(key := value).",
}

func (l *lexer) operator(t *token) *sqlerr.Error {
	t.kind = tokOp
	for _, o := range longOps {
		if strings.HasPrefix(l.text[l.at:], o) {
			t.text = o
			l.at += len(o)
			if o == "!=" {
				t.text = "<>"
			}
			return nil
		}
	}
	c := l.text[l.at]
	if i := strings.IndexByte(shortOps, c); i >= 0 {
		t.text = shortOps[i : i+1]
		l.at++
		return nil
	}
	err := l.fail(sqlerr.SyntaxError, l.at, "Syntax Error: unexpected character %q", rune(c))
	if hint := foreignOps[c]; hint != "" {
		err.Hint("%s", hint)
	}
	return err
}
