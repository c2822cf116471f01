package parse

import (
	"strings"

	"tailrace/sql/ast"
)

// settingName reads a Postgres setting's name: dotted, or one of the names that are
// several words.
func (p *parser) settingName() string {
	for name, words := range map[string][]string{
		"timezone":                      {"TIME", "ZONE"},
		"transaction_isolation":         {"TRANSACTION", "ISOLATION", "LEVEL"},
		"session_authorization":         {"SESSION", "AUTHORIZATION"},
		"default_transaction_isolation": {"SESSION", "CHARACTERISTICS", "AS", "TRANSACTION", "ISOLATION", "LEVEL"},
	} {
		if p.skipWords(words...) {
			return name
		}
	}
	var b strings.Builder
	for {
		if !p.tok().ident() {
			p.unexpected("the name of a setting")
		}
		b.WriteString(strings.ToLower(p.next().text))
		if !p.skipOp(".") {
			return b.String()
		}
		b.WriteByte('.')
	}
}

// set parses SET 'property' = 'value', and Postgres' SET [SESSION | LOCAL] name
// {= | TO} value, ...
func (p *parser) set() ast.Statement {
	s := &ast.Set{Loc: p.loc()}
	p.expectWord("SET")
	if p.tok().kind == tokString {
		s.Name = p.next().text
		p.expectOp("=")
		s.Values = []string{p.str("a string")}
		return s
	}
	s.Postgres = true
	switch {
	case p.isWords("SESSION") && p.ahead(1).ident() && !p.isWords("SESSION", "TO"):
		if !p.isWords("SESSION", "AUTHORIZATION") && !p.isWords("SESSION", "CHARACTERISTICS") {
			p.next()
		}
	case p.isWords("LOCAL") && p.ahead(1).ident() && !p.isWords("LOCAL", "TO"):
		p.next()
		s.Local = true
	}
	named := p.ahead(1).word("TO") || p.ahead(1).op("=")
	if p.skipWords("SESSION", "CHARACTERISTICS", "AS", "TRANSACTION") {
		s.Name, s.Values = "default_transaction", p.transactionModes()
		return s
	}
	if !named && p.skipWords("TRANSACTION") {
		s.Name, s.Values = "transaction", p.transactionModes()
		return s
	}
	if !p.tok().ident() {
		p.unexpected("a property name as a string", "the name of a setting")
	}
	s.Name = p.settingName()
	bare := s.Name == "timezone" || s.Name == "session_authorization" || s.Name == "names"
	if !p.skipWords("TO") && !p.skipOp("=") && !bare {
		p.unexpected("TO", "'='")
	}
	if p.skipWords("DEFAULT") {
		return s
	}
	for {
		s.Values = append(s.Values, p.settingValue())
		if !p.skipOp(",") {
			return s
		}
	}
}

// settingValue reads a string, a number or a word.
func (p *parser) settingValue() string {
	sign := ""
	if p.skipOp("-") {
		sign = "-"
	}
	t := p.tok()
	switch t.kind {
	case tokInt, tokDecimal, tokFloat:
		p.next()
		return sign + t.text
	case tokString, tokQuoted, tokWord:
		if sign == "" {
			p.next()
			if t.kind == tokWord {
				return p.text[t.start:t.end]
			}
			return t.text
		}
	}
	p.unexpected("a value")
	return ""
}

func (p *parser) unset() ast.Statement {
	s := &ast.Unset{Loc: p.loc()}
	p.expectWord("UNSET")
	s.Name = p.str("a property name as a string")
	return s
}

func (p *parser) reset() ast.Statement {
	s := &ast.Unset{Loc: p.loc(), Postgres: true}
	p.expectWord("RESET")
	s.Name = p.settingName()
	return s
}

// begin parses BEGIN and START TRANSACTION.
func (p *parser) begin() ast.Statement {
	s := &ast.Transaction{Loc: p.loc(), Verb: ast.Begin}
	if p.next().text == "START" {
		p.expectWord("TRANSACTION")
	} else {
		p.skipOneOf("TRANSACTION", "WORK")
	}
	s.Modes = p.transactionModes()
	return s
}

var transactionModes = [][]string{
	{"READ", "ONLY"}, {"READ", "WRITE"}, {"DEFERRABLE"}, {"NOT", "DEFERRABLE"},
	{"ISOLATION", "LEVEL", "SERIALIZABLE"}, {"ISOLATION", "LEVEL", "REPEATABLE", "READ"},
	{"ISOLATION", "LEVEL", "READ", "COMMITTED"}, {"ISOLATION", "LEVEL", "READ", "UNCOMMITTED"},
}

func (p *parser) transactionModes() []string {
	var modes []string
	for p.tok().kind != tokEOF {
		if len(modes) > 0 {
			p.skipOp(",")
		}
		before := p.i
		for _, words := range transactionModes {
			if p.skipWords(words...) {
				modes = append(modes, strings.Join(words, " "))
				break
			}
		}
		if p.i == before {
			p.unexpected("READ ONLY", "READ WRITE", "ISOLATION LEVEL")
		}
	}
	return modes
}

// transactionEnd parses COMMIT, END, ROLLBACK and ABORT.
func (p *parser) transactionEnd() ast.Statement {
	s := &ast.Transaction{Loc: p.loc(), Verb: ast.Commit}
	if word := p.next().text; word == "ROLLBACK" || word == "ABORT" {
		s.Verb = ast.Rollback
	}
	p.skipOneOf("TRANSACTION", "WORK")
	if s.Verb == ast.Rollback && p.skipWords("TO") {
		p.skipWords("SAVEPOINT")
		s.Verb, s.Name = ast.RollbackTo, p.name("a savepoint name")
	}
	return s
}

func (p *parser) savepoint() ast.Statement {
	s := &ast.Transaction{Loc: p.loc(), Verb: ast.Savepoint}
	if p.next().text == "RELEASE" {
		s.Verb = ast.Release
		p.skipWords("SAVEPOINT")
	}
	s.Name = p.name("a savepoint name")
	return s
}

var sessionVerbs = map[string]ast.SessionVerb{
	"DISCARD": ast.Discard, "DEALLOCATE": ast.Deallocate, "LISTEN": ast.Listen, "UNLISTEN": ast.Unlisten,
	"NOTIFY": ast.Notify, "CLOSE": ast.CloseCursor,
}

// sessionControl parses what drivers send to keep or clear a session.
func (p *parser) sessionControl() ast.Statement {
	s := &ast.SessionControl{Loc: p.loc(), Verb: sessionVerbs[p.tok().text]}
	p.next()
	if s.Verb == ast.Deallocate && !p.isWords("PREPARE") || s.Verb == ast.Deallocate && p.ahead(1).kind != tokEOF {
		p.skipWords("PREPARE")
	}
	switch {
	case s.Verb == ast.Unlisten && p.skipOp("*"):
		s.All = true
	case s.Verb != ast.Listen && s.Verb != ast.Notify && p.skipWords("ALL"):
		s.All = true
	default:
		t := p.tok()
		s.Name = p.name("a name")
		// Postgres folds these names to lower case.
		if t.kind == tokWord {
			s.Name.Name = strings.ToLower(s.Name.Name)
		}
	}
	if s.Verb == ast.Notify && p.skipOp(",") {
		s.Payload = p.str("a string")
	}
	return s
}
