package session

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"tailrace/planner"
	"tailrace/server/ddl"
	"tailrace/server/pgcatalog"
	"tailrace/sql/ast"
	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Prepare parses one statement and plans it as far as its columns and parameters are
// known. params are the types that the client has declared, NullType where it leaves the
// choice to the statement.
func (s *Session) Prepare(ctx context.Context, text string, params []types.Type) (*Prepared, error) {
	p, err := s.prepareText(ctx, text, params)
	if err != nil {
		return nil, told(err)
	}
	p.timeout = s.statementTimeout
	return p, nil
}

func (s *Session) prepareText(ctx context.Context, text string, params []types.Type) (*Prepared, error) {
	if strings.TrimSpace(text) == "" {
		return &Prepared{Empty: true, Kind: "empty"}, nil
	}
	text, err := s.substitute(text)
	if err != nil {
		return nil, err
	}
	if s.tx != 'E' {
		if p, _ := s.keptPlan(keyOf(text, params)); p != nil {
			again := *p
			return &again, nil
		}
		if len(params) == 0 {
			if p := s.prepareLike(ctx, text); p != nil {
				return p, nil
			}
		}
	}
	if pgcatalog.Wants(text) {
		p, err := s.prepareCatalogQuery(text, params)
		return p.ofKind("catalog"), err
	}
	snapshot := s.deps.Catalog.Snapshot()
	p, err := s.prepareParsed(ctx, text, params)
	if err == nil && p.kept {
		s.keepPlan(keyOf(text, params), snapshot, p)
	}
	return p, err
}

// prepareParsed parses and plans a statement that is not about the catalog of PostgreSQL.
func (s *Session) prepareParsed(ctx context.Context, text string, params []types.Type) (*Prepared, error) {
	stmts, err := parse.Parse(text)
	if err != nil {
		return nil, err
	}
	switch len(stmts) {
	case 0:
		return &Prepared{Empty: true, Kind: "empty"}, nil
	case 1:
	default:
		return nil, sqlerr.New(sqlerr.SyntaxError, "cannot insert multiple commands into a prepared statement")
	}
	st := stmts[0]
	if s.tx == 'E' && !endsTransaction(st.AST) {
		return nil, errAborted()
	}
	for len(params) < st.Params {
		params = append(params, types.NullType) // the statement will say
	}
	p, err := s.prepare(ctx, st, text, params)
	if err != nil {
		return nil, err
	}
	p.Changes = changes(st.AST)
	if _, query := st.AST.(ast.Query); query {
		p.kept = !p.Streaming
	}
	if forgets(st.AST) {
		p = s.forgetting(p)
	}
	return p.ofKind(kindOf(st.AST, p)), nil
}

// changes reports whether a statement changes more than its session.
func changes(stmt ast.Statement) bool {
	switch stmt.(type) {
	case ast.Query, *ast.Explain, *ast.Print, *ast.Show, *ast.ShowSetting, *ast.Describe, *ast.Set, *ast.Unset,
		*ast.Define, *ast.Undefine, *ast.Transaction, *ast.SessionControl:
		return false
	}
	return true
}

// substitute replaces ${name} by the variables that DEFINE has set.
func (s *Session) substitute(text string) (string, error) {
	if len(s.variables) == 0 || !strings.Contains(text, "${") {
		return text, nil
	}
	return parse.Substitute(text, func(name string) (string, bool) {
		v, ok := s.variables[strings.ToUpper(name)]
		return v, ok
	})
}

func endsTransaction(stmt ast.Statement) bool {
	t, ok := stmt.(*ast.Transaction)
	return ok && (t.Verb == ast.Commit || t.Verb == ast.Rollback || t.Verb == ast.RollbackTo)
}

// prepare chooses what runs a statement.
func (s *Session) prepare(ctx context.Context, st parse.Statement, text string, params []types.Type) (*Prepared, error) {
	switch a := st.AST.(type) {
	case ast.Query:
		return s.prepareQuery(ctx, a, st.Text, text, params)
	case *ast.InsertValues:
		return s.prepareInsert(ctx, a, st.Text, text, params)
	case *ast.Update, *ast.Delete:
		return s.prepareChange(ctx, a, st.Text, text, params)
	case *ast.Explain:
		return s.prepareExplain(ctx, a, st.Text, text)
	case *ast.Acknowledge:
		return &Prepared{run: func(ctx context.Context, _ []types.Value, out Result) (string, error) {
			n, err := s.deps.Catalog.Acknowledge(ctx)
			return fmt.Sprintf("ACKNOWLEDGE %d", n), err
		}}, nil
	case *ast.Backup:
		return s.prepareBackup(a), nil
	case *ast.Print:
		return s.preparePrint(ctx, a)
	case *ast.Show:
		return s.tableStatement("SHOW", func(ctx context.Context) (*table, error) { return s.show(ctx, a) })
	case *ast.ShowSetting:
		return s.tableStatement("SHOW", func(context.Context) (*table, error) { return s.showSetting(a.Name) })
	case *ast.Describe:
		return s.tableStatement("DESCRIBE", func(ctx context.Context) (*table, error) { return s.describe(ctx, a) })
	case *ast.Set:
		return &Prepared{run: func(_ context.Context, _ []types.Value, out Result) (string, error) { return "SET", s.set(a, out) }}, nil
	case *ast.Unset:
		return command("RESET", func() error { return s.unset(a) }), nil
	case *ast.Define:
		return command("DEFINE", func() error { s.variables[a.Name.Name] = a.Value; return nil }), nil
	case *ast.Undefine:
		return command("UNDEFINE", func() error { delete(s.variables, a.Name.Name); return nil }), nil
	case *ast.Transaction:
		return &Prepared{Text: text, run: func(_ context.Context, _ []types.Value, out Result) (string, error) {
			return s.transaction(a, out)
		}}, nil
	case *ast.SessionControl:
		return s.sessionControl(a)
	case *ast.CreateSource, *ast.CreateAs, *ast.InsertInto, *ast.Drop, *ast.AlterSource, *ast.CreateType, *ast.QueryControl:
		return s.prepareDDL(st.AST, st.Text, text)
	}
	return nil, unsupported(st.AST)
}

// unsupported is the error for a statement that the parser knows and the server does not
// run. RUN SCRIPT is of the shell, and ASSERT of a source or its rows of scripts with tests:
// to the server they are no statements at all.
func unsupported(s ast.Statement) error {
	switch a := s.(type) {
	case *ast.RunScript:
		return sqlerr.New(sqlerr.SyntaxError, "Syntax Error: unknown statement \"RUN\"").At(s.Pos()).
			Detail("Unknown statement 'RUN'").Hint("RUN SCRIPT is a command of the shell.")
	case *ast.AssertSource:
		return notAsserted(a.Source.Pos(), a.Source.Kind.String())
	case *ast.AssertValues:
		if a.Tombstone {
			return notAsserted(a.What.Pos(), "NULL")
		}
		return notAsserted(a.What.Pos(), "VALUES")
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, "this statement is not supported").At(s.Pos())
}

// notAsserted is the error for an ASSERT of tests, at the word behind it.
func notAsserted(pos int, word string) error {
	return sqlerr.New(sqlerr.SyntaxError, "Syntax Error: unexpected \"%s\"; expected TOPIC, SCHEMA or NOT EXISTS", word).At(pos).
		Hint("Scripts with tests assert sources and their rows; the server does not.")
}

// command is a statement that does something at once and returns no rows.
func command(tag string, do func() error) *Prepared {
	return &Prepared{run: func(context.Context, []types.Value, Result) (string, error) { return tag, do() }}
}

// tableStatement is a statement that returns a small table. The table is made once to
// learn its columns, and again at each run.
func (s *Session) tableStatement(tag string, make func(context.Context) (*table, error)) (*Prepared, error) {
	t, err := make(context.Background())
	if err != nil {
		return nil, err
	}
	return &Prepared{Columns: t.columns, run: func(ctx context.Context, _ []types.Value, out Result) (string, error) {
		t, err := make(ctx)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s %d", tag, len(t.rows)), t.send(out)
	}}, nil
}

// send delivers a table.
func (t *table) send(out Result) error { return sendRows(out, t.columns, t.rows) }

// prepareDDL is a statement that changes the catalog; it is planned when it runs.
func (s *Session) prepareDDL(stmt ast.Statement, own, text string) (*Prepared, error) {
	tag := tagOf(stmt)
	properties := s.properties
	if as, ok := stmt.(*ast.CreateAs); ok && as.View {
		properties = withEarliest(properties)
	}
	return &Prepared{Text: text, run: func(ctx context.Context, _ []types.Value, out Result) (string, error) {
		done, err := s.deps.Catalog.Execute(ctx, ddl.Request{Statement: stmt, Own: own, Text: text, Properties: properties, Standard: s.dialect() == dialectStandard})
		if err != nil {
			return "", err
		}
		hints := []string{s.keptWindows(stmt, done.QueryID), s.beginsAtEnd(done.QueryID)}
		out.Notice(Notice{Severity: "NOTICE", Message: done.Message, Hint: strings.TrimSpace(strings.Join(hints, " "))})
		if done.Warning != "" {
			out.Notice(Notice{Severity: "WARNING", Message: done.Warning})
		}
		return tag, nil
	}}, nil
}

// beginsAtEnd tells who makes a query over records that are there that it will not read them.
func (s *Session) beginsAtEnd(id string) string {
	if id == "" || !s.deps.Engine.BeginsAtEnd(id) {
		return ""
	}
	return "It reads what comes from now on, and not what is there: with SET 'auto.offset.reset' = 'earliest' before the statement it reads everything."
}

// withEarliest are the properties of a materialized view: it holds all rows that there
// are, as everywhere in SQL, unless the session says otherwise.
func withEarliest(properties map[string]string) map[string]string {
	out := map[string]string{"auto.offset.reset": "earliest"}
	maps.Copy(out, properties)
	return out
}

// The dialects of a session. Automatic goes by the kind of statement: ad-hoc queries
// follow the SQL standard, ksqlDB's statements and push queries ksqlDB.
const (
	dialectAuto     = "auto"
	dialectKsql     = "ksql"
	dialectStandard = "standard"
)

func (s *Session) dialect() string {
	v, _ := s.Setting("dialect")
	return v
}

// tagOf is the command tag of a statement that changes the catalog.
func tagOf(stmt ast.Statement) string {
	switch a := stmt.(type) {
	case *ast.CreateSource:
		return "CREATE " + a.Kind.String()
	case *ast.CreateAs:
		if a.View {
			return "CREATE MATERIALIZED VIEW"
		}
		return "CREATE " + a.Kind.String()
	case *ast.InsertInto:
		return "INSERT 0 0" // a query begins; how many rows it will write nobody knows
	case *ast.Drop:
		return "DROP " + a.Kind.String()
	case *ast.AlterSource:
		return "ALTER " + a.Kind.String()
	case *ast.CreateType:
		return "CREATE TYPE"
	case *ast.QueryControl:
		return a.Verb.String()
	}
	return "OK"
}

// transaction carries out BEGIN, COMMIT and ROLLBACK. Statements take effect one by one:
// a block groups nothing, and a rollback that comes too late says so.
func (s *Session) transaction(t *ast.Transaction, out Result) (string, error) {
	was := s.tx
	switch t.Verb {
	case ast.Begin:
		if was != 'I' {
			out.Notice(Notice{Severity: "WARNING", Message: "there is already a transaction in progress"})
		}
		s.tx = 'T'
		return "BEGIN", nil
	case ast.Commit:
		s.tx = 'I'
		if was == 'E' {
			return "ROLLBACK", nil
		}
		return "COMMIT", nil
	case ast.Rollback:
		s.tx = 'I'
		if was == 'T' && s.wroteInBlock {
			out.Notice(Notice{Severity: "WARNING", Message: "statements of this block have taken effect and stay",
				Hint: "Tailrace has no transactions over several statements."})
		}
		s.wroteInBlock = false
		return "ROLLBACK", nil
	case ast.Savepoint, ast.Release:
		return strings.ToUpper(map[ast.TransactionVerb]string{ast.Savepoint: "savepoint", ast.Release: "release"}[t.Verb]), nil
	case ast.RollbackTo:
		if was == 'E' {
			s.tx = 'T'
		}
		return "ROLLBACK", nil
	}
	return "", sqlerr.New(sqlerr.FeatureNotSupported, "this form of transaction control is not supported").At(t.Pos())
}

// sessionControl answers the commands that drivers send when they reuse a connection.
func (s *Session) sessionControl(a *ast.SessionControl) (*Prepared, error) {
	switch a.Verb {
	case ast.Discard:
		return command("DISCARD ALL", func() error { return s.reset("all") }), nil
	case ast.Deallocate:
		return command("DEALLOCATE", func() error { return nil }), nil
	case ast.CloseCursor:
		return command("CLOSE CURSOR", func() error { return nil }), nil
	case ast.Unlisten:
		return command("UNLISTEN", func() error { return nil }), nil
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "LISTEN and NOTIFY are not supported").At(a.Pos()).
		Hint("Use a push query: SELECT ... EMIT CHANGES.")
}

// planEnv is what planning a statement of this session sees.
func (s *Session) planEnv(ctx context.Context, own, text string, params []types.Type) planner.Env {
	env := s.deps.Catalog.Env(ctx, s.properties)
	env.Text, env.Statement, env.Parameters, env.Standard = text, own, params, s.dialect() == dialectStandard
	return env
}
