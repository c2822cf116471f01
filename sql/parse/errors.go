package parse

import (
	"fmt"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// unexpected fails at the current token. expected lists what could have stood there:
// keywords in upper case, other things in words or quotes.
//
// A misspelt keyword is often read as an alias ("SELECT a FORM t"), so that the fault
// shows one token late: if the word before could have been meant for a keyword, it is
// the one to point at.
func (p *parser) unexpected(expected ...string) {
	t := p.tok()
	if p.i > 0 && meant(t, expected) == "" {
		prev := &p.toks[p.i-1]
		for _, e := range expected {
			if prev.kind == tokWord && e == prev.text+" BY" {
				fail(syntaxAt(p.text, t, []string{"BY"}))
			}
		}
		if isName(prev) && meant(prev, expected) != "" {
			fail(syntaxAt(p.text, prev, expected))
		}
	}
	err := syntaxAt(p.text, t, expected)
	if instead := p.openCall(); instead != "" {
		err.Hint("%s", instead)
	}
	fail(err)
}

// openCall is what takes the place of the syntax that the call has which is open at the
// current token, "" when it has none of its own: EXTRACT(YEAR FROM t).
func (p *parser) openCall() string {
	for depth, i := 0, p.i-1; i > 0; i-- {
		switch t := &p.toks[i]; {
		case t.op(")"):
			depth++
		case t.op("("):
			if depth--; depth < 0 {
				if name := &p.toks[i-1]; name.kind == tokWord {
					return callSyntax[name.text]
				}
				return ""
			}
		}
	}
	return ""
}

// meant is the keyword that the word t may be a misspelling of, or "".
func meant(t *token, expected []string) string {
	if t.kind != tokWord || len(t.text) < 3 {
		return ""
	}
	if w := sqlerr.Closest(t.text, keywordsOf(expected)); w != t.text {
		return w
	}
	return ""
}

// syntaxAt builds the error for the token t.
func syntaxAt(text string, t *token, expected []string) *sqlerr.Error {
	message := "Syntax Error: unexpected end of statement"
	if t.kind != tokEOF {
		message = fmt.Sprintf("Syntax Error: unexpected %s", shown(text, t))
	}
	if len(expected) > 0 {
		message += "; expected " + orList(expected)
	}
	err := sqlerr.New(sqlerr.SyntaxError, "%s", message).At(t.pos)
	if word := meant(t, expected); word != "" {
		return err.Hint("Perhaps you meant %s.", word)
	}
	if t.kind == tokWord && ast.Reserved(t.text) && wantsName(expected) {
		return err.Hint("%s"+reservedHint+"%s.", t.text, ast.Quote(t.text))
	}
	return err
}

// reservedHint is what a hint says of a reserved word where a name should stand.
const reservedHint = " is a reserved word; put it in backquotes to use it as a name: "

// shown is the token as the user wrote it, in quotes that differ from its own.
func shown(text string, t *token) string {
	raw := text[t.start:t.end]
	const most = 40
	if runes := []rune(raw); len(runes) > most {
		raw = string(runes[:most]) + "…"
	}
	if t.kind == tokWord || t.kind == tokQuoted && raw[0] == '`' {
		return `"` + raw + `"`
	}
	if t.kind == tokString || t.kind == tokQuoted {
		return raw
	}
	return "'" + raw + "'"
}

func orList(items []string) string {
	if len(items) == 1 {
		return items[0]
	}
	return strings.Join(items[:len(items)-1], ", ") + " or " + items[len(items)-1]
}

// keywordsOf picks the keywords out of what was expected; of two words the first.
func keywordsOf(expected []string) []string {
	var words []string
	for _, e := range expected {
		if e == strings.ToUpper(e) && isLetter(e[0]) {
			first, _, _ := strings.Cut(e, " ")
			words = append(words, first)
		}
	}
	return words
}

func wantsName(expected []string) bool {
	for _, e := range expected {
		if strings.Contains(e, "name") {
			return true
		}
	}
	return false
}

// unsupported fails at t: the words are understood, what they ask for is not there.
func unsupported(t *token, format string, args ...any) {
	fail(sqlerr.New(sqlerr.FeatureNotSupported, "%s not supported", fmt.Sprintf(format, args...)).At(t.pos))
}

// KsqlMessage renders an error of this package in the layout that ksqlDB's REST API
// uses, for clients that compare it: the line and 1-based column, "Syntax Error", the
// detail or the message, and the statement. A number out of range has its place in
// front too, one column further on, which is how ksqlDB counts there. Other messages
// stay as they are.
func KsqlMessage(err *sqlerr.Error, text string) string {
	line, column := sqlerr.LineColumn(text, err.Pos)
	switch {
	case line == 0:
	case err.Code == sqlerr.NumericOutOfRange:
		return fmt.Sprintf("line %d:%d: %s", line, column+2, err.Message)
	case err.Code == sqlerr.SyntaxError && strings.HasPrefix(err.Message, "Syntax Error"):
		body := err.DetailText
		if word, _, ok := strings.Cut(err.HintText, reservedHint); ok {
			word = string([]rune(text)[err.Pos-1:][:len(word)]) // as it was written
			body = fmt.Sprintf("\"%s\" is a reserved keyword and it can't be used as an identifier. You can use it as an identifier by escaping it as '%s'", word, word)
		}
		if body == "" {
			body = strings.TrimPrefix(strings.TrimPrefix(err.Message, "Syntax Error"), ": ")
		}
		return fmt.Sprintf("line %d:%d: Syntax Error\n%s\nStatement: %s", line, column+1, body, text)
	}
	return err.Message
}
