package parse

import (
	"fmt"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// unexpected fails at the current token. expected lists what could have stood there:
// keywords in upper case, other things in words or quotes.
func (p *parser) unexpected(expected ...string) {
	t := p.tok()
	// "SELECT a FORM t": FORM was taken for an alias, and the fault shows one token
	// late. If a word that could have been meant stands there, point at it.
	if p.i > 0 && (t.kind != tokEOF || p.i > 1) {
		prev := &p.toks[p.i-1]
		if isName(prev) && prev.kind == tokWord {
			if meant := sqlerr.Closest(prev.text, keywordsOf(expected)); meant != "" && meant != prev.text {
				fail(syntaxAt(p.text, prev, expected))
			}
		}
	}
	fail(syntaxAt(p.text, t, expected))
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
	if t.kind != tokWord {
		return err
	}
	if meant := sqlerr.Closest(t.text, keywordsOf(expected)); meant != "" {
		return err.Hint("Perhaps you meant %s.", meant)
	}
	if ast.Reserved(t.text) && wantsName(expected) {
		return err.Hint("%s is a reserved word; put it in backquotes to use it as a name: %s.", t.text, ast.Quote(t.text))
	}
	return err
}

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

// keywordsOf picks the keywords out of what was expected.
func keywordsOf(expected []string) []string {
	var words []string
	for _, e := range expected {
		if len(e) > 1 && e == strings.ToUpper(e) && isLetter(e[0]) && !strings.Contains(e, " ") {
			words = append(words, e)
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

// KsqlMessage renders a syntax error in the layout that ksqlDB's REST API uses, for
// clients that compare it: the line and 1-based column, "Syntax Error", the detail or
// the message, and the statement. Other errors keep their message, with the place in
// front when the error comes from a literal.
func KsqlMessage(err *sqlerr.Error, text string) string {
	line, column := sqlerr.LineColumn(text, err.Pos)
	if line == 0 {
		return err.Message
	}
	at := fmt.Sprintf("line %d:%d: ", line, column+1)
	if err.Code != sqlerr.SyntaxError {
		return at + err.Message
	}
	body := err.DetailText
	if body == "" {
		body = strings.TrimPrefix(strings.TrimPrefix(err.Message, "Syntax Error"), ": ")
	}
	return at + "Syntax Error\n" + body + "\nStatement: " + text
}
