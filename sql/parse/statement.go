package parse

import (
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// statements maps the first word of a statement to its parser. The first word is
// still the current token when the parser runs.
var statements map[string]func(p *parser) ast.Statement

func init() {
	query := func(p *parser) ast.Statement { return p.query() }
	statements = map[string]func(p *parser) ast.Statement{
		"SELECT": query, "WITH": query, "VALUES": query,
		"CREATE": (*parser).create, "DROP": (*parser).drop, "ALTER": (*parser).alter,
		"INSERT": (*parser).insert, "UPDATE": (*parser).update, "DELETE": (*parser).deleteFrom,
		"LIST": (*parser).show, "SHOW": (*parser).show, "DESCRIBE": (*parser).describe, "DESC": (*parser).describe,
		"EXPLAIN": (*parser).explain, "PRINT": (*parser).print, "BACKUP": (*parser).backup, "ACKNOWLEDGE": (*parser).acknowledge,
		"TERMINATE": (*parser).control, "PAUSE": (*parser).control, "RESUME": (*parser).control, "REBUILD": (*parser).control,
		"SET": (*parser).set, "UNSET": (*parser).unset, "RESET": (*parser).reset,
		"DEFINE": (*parser).define, "UNDEFINE": (*parser).undefine,
		"RUN": (*parser).runScript, "ASSERT": (*parser).assert,
		"BEGIN": (*parser).begin, "START": (*parser).begin,
		"COMMIT": (*parser).transactionEnd, "END": (*parser).transactionEnd,
		"ROLLBACK": (*parser).transactionEnd, "ABORT": (*parser).transactionEnd,
		"SAVEPOINT": (*parser).savepoint, "RELEASE": (*parser).savepoint,
		"DISCARD": (*parser).sessionControl, "DEALLOCATE": (*parser).sessionControl,
		"LISTEN": (*parser).sessionControl, "UNLISTEN": (*parser).sessionControl,
		"NOTIFY": (*parser).sessionControl, "CLOSE": (*parser).sessionControl,
	}
}

// statement parses a statement that begins at the current token.
func (p *parser) statement() ast.Statement {
	t := p.tok()
	if t.kind == tokWord {
		if parse := statements[t.text]; parse != nil {
			return parse(p)
		}
	}
	if t.op("(") {
		return p.query()
	}
	err := sqlerr.New(sqlerr.SyntaxError, "Syntax Error: unknown statement %s", shown(p.text, t)).At(t.pos)
	if t.kind == tokEOF {
		err = sqlerr.New(sqlerr.SyntaxError, "Syntax Error: unexpected end of statement").At(t.pos)
	}
	if t.kind == tokWord {
		err.Detail("Unknown statement '%s'", p.text[t.start:t.end])
		if instead := elsewhere[t.text]; instead != "" {
			err.Hint("%s", instead)
		} else if meant := sqlerr.Closest(t.text, firstWords); meant != "" {
			err.Hint("Perhaps you meant %s.", meant)
		}
	}
	fail(err)
	return nil
}

// firstWords are those a user may have meant; it is in a fixed order because hints
// must not change from run to run.
var firstWords = strings.Fields(`SELECT BACKUP CREATE INSERT DROP SHOW LIST DESCRIBE EXPLAIN PRINT TERMINATE PAUSE RESUME REBUILD
	ALTER SET UNSET DEFINE UNDEFINE ASSERT UPDATE DELETE VALUES WITH BEGIN COMMIT ROLLBACK`)

// isQueryStart says that a query begins at the current token.
func (p *parser) isQueryStart() bool { return p.isQueryAt(p.i) }

// isQueryAt says that a query begins at token i. A parenthesis does if it holds one,
// and if what follows it can follow a query: in ((SELECT 1) = 2) it is a value.
func (p *parser) isQueryAt(i int) bool {
	start := i
	for p.toks[i].op("(") {
		if i++; i-start > maxDepth {
			fail(tooDeep(&p.toks[i]))
		}
	}
	if t := &p.toks[i]; !t.word("SELECT") && !t.word("WITH") && !t.word("VALUES") {
		return false
	}
	for i--; i >= start; i-- {
		if !p.endsQuery(i) {
			return false
		}
	}
	return true
}

// endsQuery says that what stands behind the parenthesis at token i can follow a query.
func (p *parser) endsQuery(i int) bool {
	switch after := p.afterParen(i); {
	case after.kind == tokEOF, after.op(")"):
		return true
	case after.kind == tokWord:
		switch after.text {
		case "UNION", "EXCEPT", "INTERSECT", "ORDER", "EMIT", "LIMIT", "OFFSET":
			return true
		}
	}
	return false
}

// afterParen is the token behind the parenthesis that closes the one at token i.
func (p *parser) afterParen(i int) *token {
	if p.closers == nil {
		p.closers = make(map[int]int)
		var open []int
		for j := range p.toks {
			switch {
			case p.toks[j].op("("):
				open = append(open, j)
			case p.toks[j].op(")") && len(open) > 0:
				p.closers[open[len(open)-1]] = j
				open = open[:len(open)-1]
			}
		}
	}
	last := len(p.toks) - 1
	if closer, ok := p.closers[i]; ok {
		return &p.toks[min(closer+1, last)]
	}
	return &p.toks[last]
}

// query parses a query up to the end of the statement.
func (p *parser) query() ast.Query {
	f := newFront(p)
	f.queryExpr()
	return f.finishQuery()
}
