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
		"EXPLAIN": (*parser).explain, "PRINT": (*parser).print,
		"TERMINATE": (*parser).control, "PAUSE": (*parser).control, "RESUME": (*parser).control,
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
		if meant := sqlerr.Closest(t.text, firstWords); meant != "" {
			err.Hint("Perhaps you meant %s.", meant)
		}
	}
	fail(err)
	return nil
}

// firstWords are those a user may have meant; it is in a fixed order because hints
// must not change from run to run.
var firstWords = strings.Fields(`SELECT CREATE INSERT DROP SHOW LIST DESCRIBE EXPLAIN PRINT TERMINATE PAUSE RESUME
	ALTER SET UNSET DEFINE UNDEFINE ASSERT UPDATE DELETE VALUES WITH BEGIN COMMIT ROLLBACK`)

// isQueryStart says that a query begins here; "(" counts if it leads to one.
func (p *parser) isQueryStart() bool {
	i := 0
	for p.ahead(i).op("(") && p.ahead(i).kind != tokEOF {
		i++
	}
	t := p.ahead(i)
	return t.word("SELECT") || t.word("WITH") || t.word("VALUES")
}

// query parses a query up to the end of the statement.
func (p *parser) query() ast.Query {
	f := newFront(p)
	f.queryExpr()
	return f.finishQuery()
}
