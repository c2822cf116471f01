package ast

import (
	"fmt"
	"strconv"
	"strings"
)

// statement renders every statement that is not a query.
func (f *formatter) statement(s Statement) {
	switch s := s.(type) {
	case *CreateSource:
		f.create(s.Kind.String(), s.OrReplace, s.Source, s.IfNotExists, s.Name)
		f.elements(s.Elements)
		f.props(s.With)
	case *CreateAs:
		what := s.Kind.String()
		if s.View {
			what = "MATERIALIZED VIEW"
		}
		f.create(what, s.OrReplace, false, s.IfNotExists, s.Name)
		f.props(s.With)
		f.add(" AS ")
		f.query(s.Query)
	case *InsertInto, *InsertValues, *Update, *Delete:
		f.dml(s)
	case *Drop:
		f.add("DROP ", s.Kind.String(), " ", when(s.IfExists, "IF EXISTS "))
		f.table(s.Name)
		f.add(when(s.DeleteTopic, " DELETE TOPIC"))
	case *AlterSource:
		f.add("ALTER ", s.Kind.String(), " ")
		f.table(s.Name)
		for i, a := range s.Add {
			f.add(when(i > 0, ","), " ADD COLUMN ")
			f.name(a.Name)
			f.add(" ")
			f.typeName(a.Type)
		}
	case *AlterSystem:
		f.add("ALTER SYSTEM ", FormatString(s.Name), "=", FormatString(s.Value))
	case *CreateType:
		f.add("CREATE TYPE ", when(s.IfNotExists, "IF NOT EXISTS "))
		f.name(s.Name)
		f.add(" AS ")
		f.typeName(s.Type)
	case *CreateConnector:
		f.add("CREATE ", pick(s.Sink, "SINK", "SOURCE"), " CONNECTOR ", when(s.IfNotExists, "IF NOT EXISTS "))
		f.name(s.Name)
		f.props(s.With)
	case *AssertTopic, *AssertSchema, *AssertValues, *AssertSource:
		f.assert(s)
	default:
		f.command(s)
	}
}

func when(cond bool, text string) string { return pick(cond, text, "") }

func pick(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}

func (f *formatter) create(what string, replace, source, ifNotExists bool, name TableName) {
	f.add("CREATE ", when(replace, "OR REPLACE "), when(source, "SOURCE "), what, " ",
		when(ifNotExists, "IF NOT EXISTS "))
	f.table(name)
}

func (f *formatter) elements(list []Element) {
	if list == nil {
		return
	}
	f.add(" (")
	for i, e := range list {
		f.comma(i)
		f.name(e.Name)
		f.add(" ")
		f.typeName(e.Type)
		switch e.Constraint {
		case Key:
			f.add(" KEY")
		case PrimaryKey:
			f.add(" PRIMARY KEY")
		case Headers:
			f.add(" HEADERS")
		case Header:
			f.add(" HEADER(", FormatString(e.HeaderKey), ")")
		}
	}
	f.add(")")
}

func (f *formatter) columns(list []Ident) {
	if list != nil {
		f.add(" (")
		f.names(list)
		f.add(")")
	}
}

func (f *formatter) dml(s Statement) {
	switch s := s.(type) {
	case *InsertInto:
		f.add("INSERT INTO ")
		f.table(s.Name)
		f.columns(s.Columns)
		f.props(s.With)
		f.add(" ")
		f.query(s.Query)
	case *InsertValues:
		f.add("INSERT INTO ")
		f.table(s.Name)
		f.columns(s.Columns)
		f.add(" VALUES ")
		f.rows(s.Rows)
		f.returning(s.Returning)
	case *Update:
		f.add("UPDATE ")
		f.table(s.Name)
		f.alias(s.Alias, nil)
		f.add(" SET ")
		for i, a := range s.Set {
			f.comma(i)
			f.name(a.Column)
			f.add(" = ")
			f.expr(a.Value)
		}
		f.others(" FROM ", s.From)
		f.clause(" WHERE ", s.Where)
		f.returning(s.Returning)
	case *Delete:
		f.add("DELETE FROM ")
		f.table(s.Name)
		f.alias(s.Alias, nil)
		f.others(" USING ", s.Using)
		f.clause(" WHERE ", s.Where)
		f.returning(s.Returning)
	}
}

func (f *formatter) others(keyword string, r Relation) {
	if r != nil {
		f.add(keyword)
		f.relation(r)
	}
}

func (f *formatter) returning(items []SelectItem) {
	for i, item := range items {
		if i == 0 {
			f.add(" RETURNING ")
		}
		f.comma(i)
		f.item(item)
	}
}

func (f *formatter) assert(s Statement) {
	switch s := s.(type) {
	case *AssertTopic:
		f.add("ASSERT ", when(s.NotExists, "NOT EXISTS "), "TOPIC ")
		f.name(s.Topic)
		f.props(s.With)
		f.timeout(s.Timeout)
	case *AssertSchema:
		f.add("ASSERT ", when(s.NotExists, "NOT EXISTS "), "SCHEMA")
		if !s.Subject.Empty() {
			f.add(" SUBJECT ")
			f.name(s.Subject)
		}
		if s.ID >= 0 {
			f.add(" ID ", strconv.FormatInt(s.ID, 10))
		}
		f.timeout(s.Timeout)
	case *AssertValues:
		f.add("ASSERT ", when(s.Tombstone, "NULL "), "VALUES ")
		f.table(s.Name)
		f.columns(s.Columns)
		f.add(pick(s.Tombstone, " KEY (", " VALUES ("))
		f.exprs(s.Row)
		f.add(")")
	case *AssertSource:
		f.add("ASSERT ", s.Source.Kind.String(), " ")
		f.table(s.Source.Name)
		f.elements(s.Source.Elements)
		f.props(s.Source.With)
	}
}

func (f *formatter) timeout(d *Duration) {
	if d != nil {
		f.add(" TIMEOUT ")
		f.duration(*d)
	}
}

// command renders the statements that ask about or steer the system.
func (f *formatter) command(s Statement) {
	switch s := s.(type) {
	case *QueryControl:
		f.add(s.Verb.String(), " ")
		if s.All {
			f.add("ALL")
		} else {
			f.name(s.Query)
		}
	case *Show:
		f.add("SHOW ", when(s.Scope != "", s.Scope+" "), when(s.All, "ALL "), s.Kind.String(), when(s.Extended, " EXTENDED"))
	case *Describe:
		f.describe(s)
	case *Explain:
		f.add("EXPLAIN ", when(s.Analyze, "ANALYZE "))
		if s.Statement != nil {
			f.node(s.Statement)
		} else {
			f.name(s.Query)
		}
	case *Print:
		f.add("PRINT ")
		f.name(s.Topic)
		f.add(when(s.FromBeginning, " FROM BEGINNING"))
		if s.Interval > 0 {
			f.add(" INTERVAL ", strconv.FormatInt(s.Interval, 10))
		}
		if s.Limit >= 0 {
			f.add(" LIMIT ", strconv.FormatInt(s.Limit, 10))
		}
	case *Acknowledge:
		f.add("ACKNOWLEDGE COMMANDS")
	case *Backup:
		f.add("BACKUP TO ", FormatString(s.Folder))
	case *Define:
		f.add("DEFINE ")
		f.name(s.Name)
		f.add(" = ", FormatString(s.Value))
	case *Undefine:
		f.add("UNDEFINE ")
		f.name(s.Name)
	case *RunScript:
		f.add("RUN SCRIPT ", FormatString(s.File))
	default:
		f.session(s)
	}
}

func (f *formatter) describe(s *Describe) {
	f.add("DESCRIBE ")
	switch s.Kind {
	case DescribeStreams:
		f.add("STREAMS")
	case DescribeTables:
		f.add("TABLES")
	case DescribeFunction:
		f.add("FUNCTION ")
		f.table(s.Name)
	case DescribeConnector:
		f.add("CONNECTOR ")
		f.table(s.Name)
	default:
		// A source that is called like a keyword of DESCRIBE needs its quotes.
		word := s.Name.Name
		if !s.Name.Schema.Empty() {
			word = ""
		}
		switch word {
		case "STREAMS", "TABLES", "FUNCTION", "CONNECTOR":
			f.add(Quote(s.Name.Name))
		default:
			f.table(s.Name)
		}
	}
	f.add(when(s.Extended, " EXTENDED"))
}

// session renders settings and what Postgres drivers say about the session.
func (f *formatter) session(s Statement) {
	switch s := s.(type) {
	case *Set:
		if !s.Postgres {
			f.add("SET ", FormatString(s.Name), "=", FormatString(strings.Join(s.Values, ",")))
			return
		}
		f.add("SET ", when(s.Local, "LOCAL "), settingName(s.Name), " TO ")
		if len(s.Values) == 0 {
			f.add("DEFAULT")
		}
		for i, v := range s.Values {
			f.comma(i)
			f.add(FormatString(v))
		}
	case *Unset:
		if s.Postgres {
			f.add("RESET ", settingName(s.Name))
		} else {
			f.add("UNSET ", FormatString(s.Name))
		}
	case *ShowSetting:
		f.add("SHOW ", settingName(s.Name))
	case *Transaction:
		f.transaction(s)
	case *SessionControl:
		f.sessionControl(s)
	default:
		panic(fmt.Sprintf("ast: cannot format %T", s))
	}
}

// settingName renders the name of a Postgres setting, which is kept folded to lower
// case; the parts of a dotted name are quoted where their text calls for it.
func settingName(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if upper := strings.ToUpper(p); !plain(upper) || settingWords[upper] {
			parts[i] = Quote(p)
		}
	}
	return strings.Join(parts, ".")
}

// settingWords are the words that mean something else behind SHOW, SET or RESET.
var settingWords = wordSet(`STREAMS TABLES TOPICS QUERIES FUNCTIONS PROPERTIES TYPES VARIABLES CONNECTORS
	CONNECTOR SOURCE SINK SESSION LOCAL TIME TO`)

func (f *formatter) transaction(s *Transaction) {
	switch s.Verb {
	case Begin:
		f.add("BEGIN")
		for i, m := range s.Modes {
			f.add(when(i > 0, ","), " ", m)
		}
	case Commit:
		f.add("COMMIT")
	case Rollback:
		f.add("ROLLBACK")
	case Savepoint:
		f.add("SAVEPOINT ")
		f.name(s.Name)
	case Release:
		f.add("RELEASE SAVEPOINT ")
		f.name(s.Name)
	case RollbackTo:
		f.add("ROLLBACK TO SAVEPOINT ")
		f.name(s.Name)
	}
}

func (f *formatter) sessionControl(s *SessionControl) {
	f.add([...]string{"", "DISCARD ", "DEALLOCATE ", "LISTEN ", "UNLISTEN ", "NOTIFY ", "CLOSE "}[s.Verb])
	switch {
	case s.All && s.Verb == Unlisten:
		f.add("*")
	case s.All:
		f.add("ALL")
	default:
		f.add(postgresName(s.Name.Name))
	}
	if s.Payload != "" {
		f.add(", ", FormatString(s.Payload))
	}
}

// postgresName renders a name of the session, which folds to lower case as in
// PostgreSQL.
func postgresName(name string) string {
	upper := strings.ToUpper(name)
	if name == strings.ToLower(name) && plain(upper) && !reserved[upper] && upper != "ALL" && upper != "PREPARE" {
		return name
	}
	return Quote(name)
}
