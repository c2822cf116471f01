package parse

import (
	"strings"

	"tailrace/sql/sqlerr"
)

// StatementText is one statement of a script, as written.
type StatementText struct {
	// Text is the statement without its semicolon, without comments and white space
	// around it.
	Text string
	// Start is the byte offset of Text in the script.
	Start int
	// Terminated says that a semicolon follows; a shell waits for more input until
	// the last statement has one.
	Terminated bool
	// Directives are the "--@name: value" comments in front of the statement, without
	// the "--@".
	Directives []string
}

// Split cuts a script at the semicolons that stand outside strings, quoted names
// and comments. It never fails: a string or comment that is not closed runs to the
// end. Empty statements are left out, except that an unterminated rest which is
// only an open comment is kept, so that a shell asks for more.
func Split(text string) []StatementText {
	var out []StatementText
	s := splitter{text: text}
	for s.at < len(text) {
		if st, ok := s.statement(); ok {
			out = append(out, st)
		}
	}
	return out
}

type splitter struct {
	text string
	at   int
}

// statement reads up to and including the next semicolon. ok is false if there was
// nothing but space.
func (s *splitter) statement() (st StatementText, ok bool) {
	first, last := -1, -1 // the bytes that are neither space nor comment
	for s.at < len(s.text) {
		start := s.at
		switch c := s.text[start]; {
		case c == ';':
			s.at++
			return s.cut(st, first, last, true)
		case c <= ' ':
			s.at++
			continue
		case strings.HasPrefix(s.text[start:], "--"):
			s.to("\n", 2)
			if line := s.text[start:s.at]; strings.HasPrefix(line, "--@") {
				st.Directives = append(st.Directives, strings.TrimSpace(line[3:]))
			}
			continue
		case strings.HasPrefix(s.text[start:], "/*"):
			if s.to("*/", 2) {
				continue
			}
		case c == '\'' || c == '"' || c == '`':
			s.to(string(c), 1)
		default:
			s.at++
		}
		if first < 0 {
			first = start
		}
		last = s.at
	}
	return s.cut(st, first, last, false)
}

// to moves behind the next end, looking from skip bytes ahead, or to the end of
// the text. A doubled quote closes and opens again, which comes to the same.
func (s *splitter) to(end string, skip int) (found bool) {
	i := strings.Index(s.text[s.at+skip:], end)
	if i < 0 {
		s.at = len(s.text)
		return false
	}
	s.at += skip + i + len(end)
	return true
}

func (s *splitter) cut(st StatementText, first, last int, terminated bool) (StatementText, bool) {
	if first < 0 {
		return st, false
	}
	st.Text, st.Start, st.Terminated = s.text[first:last], first, terminated
	return st, true
}

// variable reads "${name}" at the start of s.
func variable(s string) (name string, size int, ok bool) {
	if !strings.HasPrefix(s, "${") {
		return "", 0, false
	}
	end := strings.IndexByte(s, '}')
	if end < 3 {
		return "", 0, false
	}
	name = s[2:end]
	for i := range len(name) {
		if !isLetter(name[i]) && (i == 0 || !isDigit(name[i]) && name[i] != '@') {
			return "", 0, false
		}
	}
	return name, end + 1, true
}

// Substitute replaces every ${name} by the variable's value, inside strings and
// quoted names too, as ksqlDB does. "$${name}" stands for the text "${name}". lookup
// gets the name as written. A variable that is not defined is an error.
func Substitute(text string, lookup func(name string) (string, bool)) (string, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '$' {
			b.WriteByte(text[i])
			i++
			continue
		}
		if strings.HasPrefix(text[i:], "$$") {
			if _, size, ok := variable(text[i+1:]); ok {
				b.WriteString(text[i+1 : i+1+size])
				i += 1 + size
				continue
			}
		}
		name, size, ok := variable(text[i:])
		if !ok {
			b.WriteByte('$')
			i++
			continue
		}
		value, defined := lookup(name)
		if !defined {
			return "", (&lexer{text: text, runePos: 1}).fail(sqlerr.UndefinedObject, i, "the variable ${%s} is not defined", name).
				Hint("Define it first: DEFINE %s = '...';", name)
		}
		b.WriteString(value)
		i += size
	}
	return b.String(), nil
}
