package parse

import "tailrace/sql/ast"

var showKinds = map[string]ast.ShowKind{
	"STREAMS": ast.ShowStreams, "TABLES": ast.ShowTables, "TOPICS": ast.ShowTopics, "QUERIES": ast.ShowQueries,
	"FUNCTIONS": ast.ShowFunctions, "PROPERTIES": ast.ShowProperties, "TYPES": ast.ShowTypes,
	"VARIABLES": ast.ShowVariables, "CONNECTORS": ast.ShowConnectors, "FAULTS": ast.ShowFaults,
}

// showExpected is what stands behind SHOW.
var showExpected = []string{"STREAMS", "TABLES", "TOPICS", "QUERIES", "FUNCTIONS", "PROPERTIES", "TYPES", "VARIABLES", "CONNECTORS", "FAULTS"}

// show parses SHOW and LIST, and Postgres' SHOW setting.
func (p *parser) show() ast.Statement {
	s := &ast.Show{Loc: p.loc()}
	list := p.next().text == "LIST"
	switch {
	case p.isWords("ALL", "TOPICS"):
		p.next()
		s.All = true
	case p.isWords("SOURCE", "CONNECTORS"), p.isWords("SINK", "CONNECTORS"):
		s.Scope = p.next().text
	}
	t := p.tok()
	s.Kind = showKinds[t.text]
	switch {
	case t.kind == tokWord && s.Kind != 0:
		p.next()
	case p.skipWords("CONNECTOR", "PLUGINS"):
		s.Kind = ast.ShowConnectorPlugins
	case t.kind == tokWord && showElsewhere[t.text] != "":
		fail(syntaxAt(p.text, t, showExpected).Hint("%s", showElsewhere[t.text]))
	case !list && t.ident():
		return &ast.ShowSetting{Loc: s.Loc, Name: p.settingName()}
	default:
		p.unexpected(showExpected...)
	}
	if s.Kind <= ast.ShowQueries {
		s.Extended = p.skipWords("EXTENDED")
	}
	return s
}

func (p *parser) describe() ast.Statement {
	s := &ast.Describe{Loc: p.loc(), Kind: ast.DescribeSource}
	p.next()
	named := isName(p.ahead(1))
	switch {
	case named && p.skipWords("FUNCTION"):
		s.Kind = ast.DescribeFunction
	case named && p.skipWords("CONNECTOR"):
		s.Kind = ast.DescribeConnector
	case p.skipWords("STREAMS"):
		s.Kind = ast.DescribeStreams
	case p.skipWords("TABLES"):
		s.Kind = ast.DescribeTables
	}
	if s.Kind < ast.DescribeStreams {
		s.Name = p.tableName("a name")
	}
	if s.Kind != ast.DescribeFunction && s.Kind != ast.DescribeConnector {
		s.Extended = p.skipWords("EXTENDED")
	}
	return s
}

// explain parses EXPLAIN [ANALYZE] statement | queryId. A single word is a query's
// id, whatever it is.
func (p *parser) explain() ast.Statement {
	s := &ast.Explain{Loc: p.loc()}
	p.expectWord("EXPLAIN")
	if p.isWords("ANALYZE") && p.ahead(1).kind != tokEOF {
		p.next()
		s.Analyze = true
	}
	if isName(p.tok()) && p.ahead(1).kind == tokEOF {
		s.Query = p.name("a query id")
		return s
	}
	switch t := p.tok(); {
	case p.isQueryStart(), t.word("CREATE"), t.word("INSERT"), t.word("UPDATE"), t.word("DELETE"):
	default:
		p.unexpected("SELECT", "CREATE", "INSERT", "the id of a query")
	}
	s.Statement = p.statement()
	return s
}

func (p *parser) print() ast.Statement {
	s := &ast.Print{Loc: p.loc(), Limit: -1}
	p.expectWord("PRINT")
	if t := p.tok(); t.kind == tokString {
		s.Topic = ast.Ident{Loc: ast.Loc(t.pos), Name: t.text, Quoted: true}
		p.next()
	} else {
		// A topic's name keeps its case: topics are Kafka's, not SQL's.
		s.Topic = p.name("a topic name")
		s.Topic.Name = p.rawName(t)
	}
	if p.skipWords("FROM") {
		p.expectWord("BEGINNING")
		s.FromBeginning = true
	}
	if p.skipOneOf("INTERVAL", "SAMPLE") != "" {
		s.Interval = p.count("a number")
	}
	if p.skipWords("LIMIT") {
		s.Limit = p.count("a number")
	}
	return s
}

// acknowledge parses ACKNOWLEDGE COMMANDS.
func (p *parser) acknowledge() ast.Statement {
	s := &ast.Acknowledge{Loc: p.loc()}
	p.expectWord("ACKNOWLEDGE")
	p.expectWord("COMMANDS")
	return s
}

// backup parses BACKUP TO 'folder'.
func (p *parser) backup() ast.Statement {
	s := &ast.Backup{Loc: p.loc()}
	p.expectWord("BACKUP")
	p.expectWord("TO")
	if p.tok().kind != tokString {
		p.unexpected("the folder, in quotes")
	}
	s.Folder = p.next().text
	return s
}

// rawName is the name of an identifier token in the case it was written in.
func (p *parser) rawName(t *token) string {
	if t.kind == tokQuoted {
		return t.text
	}
	return p.text[t.start:t.end]
}

var verbs = map[string]ast.QueryVerb{"TERMINATE": ast.Terminate, "PAUSE": ast.Pause, "RESUME": ast.Resume, "REBUILD": ast.Rebuild}

// control parses TERMINATE, PAUSE, RESUME and REBUILD.
func (p *parser) control() ast.Statement {
	s := &ast.QueryControl{Loc: p.loc(), Verb: verbs[p.tok().text]}
	p.next()
	if p.skipWords("ALL") {
		s.All = true
	} else {
		s.Query = p.name("the id of a query")
	}
	return s
}

// define parses DEFINE v = 'text'. The name folds as other names do: ${v} is to be
// looked up without regard to case.
func (p *parser) define() ast.Statement {
	s := &ast.Define{Loc: p.loc()}
	p.expectWord("DEFINE")
	s.Name = p.name("a variable name")
	p.expectOp("=")
	s.Value = p.str("a string")
	return s
}

func (p *parser) undefine() ast.Statement {
	s := &ast.Undefine{Loc: p.loc()}
	p.expectWord("UNDEFINE")
	s.Name = p.name("a variable name")
	return s
}

func (p *parser) runScript() ast.Statement {
	s := &ast.RunScript{Loc: p.loc()}
	p.expectWord("RUN")
	p.expectWord("SCRIPT")
	s.File = p.str("a file name as a string")
	return s
}

// assert parses ASSERT in all its forms.
func (p *parser) assert() ast.Statement {
	loc := p.loc()
	p.expectWord("ASSERT")
	switch {
	case p.isWords("VALUES"), p.isWords("NULL", "VALUES"):
		return p.assertValues(loc)
	case p.isWords("STREAM"), p.isWords("TABLE"):
		source := ast.CreateSource{Loc: p.loc(), Kind: ast.Stream}
		if p.next().text == "TABLE" {
			source.Kind = ast.TableKind
		}
		source.Name = p.tableName("a name")
		if p.tok().op("(") {
			source.Elements = p.elements()
		}
		if p.isWords("WITH") {
			source.With = p.properties()
		}
		return &ast.AssertSource{Loc: loc, Source: source}
	}
	not := p.skipWords("NOT", "EXISTS")
	switch {
	case p.skipWords("TOPIC"):
		return p.assertTopic(loc, not)
	case p.skipWords("SCHEMA"):
		return p.assertSchema(loc, not)
	}
	if not {
		p.unexpected("TOPIC", "SCHEMA")
	}
	p.unexpected("NOT EXISTS", "TOPIC", "SCHEMA", "VALUES", "NULL VALUES", "STREAM", "TABLE")
	return nil
}

func (p *parser) assertTopic(loc ast.Loc, not bool) ast.Statement {
	s := &ast.AssertTopic{Loc: loc, NotExists: not}
	if t := p.tok(); t.kind == tokString {
		s.Topic = ast.Ident{Loc: ast.Loc(t.pos), Name: t.text, Quoted: true}
		p.next()
	} else {
		s.Topic = p.name("a topic name")
		s.Topic.Name = p.rawName(t)
	}
	if p.isWords("WITH") {
		s.With = p.properties()
	}
	s.Timeout = p.timeout()
	return s
}

func (p *parser) assertSchema(loc ast.Loc, not bool) ast.Statement {
	s := &ast.AssertSchema{Loc: loc, NotExists: not, ID: -1}
	if p.skipWords("SUBJECT") {
		if t := p.tok(); t.kind == tokString {
			s.Subject = ast.Ident{Loc: ast.Loc(t.pos), Name: t.text, Quoted: true}
			p.next()
		} else {
			s.Subject = p.name("a subject")
			s.Subject.Name = p.rawName(t)
		}
	}
	if p.skipWords("ID") {
		s.ID = p.count("a schema id")
	}
	s.Timeout = p.timeout()
	return s
}

func (p *parser) timeout() *ast.Duration {
	if !p.skipWords("TIMEOUT") {
		return nil
	}
	d := p.duration()
	return &d
}

func (p *parser) assertValues(loc ast.Loc) ast.Statement {
	s := &ast.AssertValues{Loc: loc, What: p.loc(), Tombstone: p.skipWords("NULL")}
	p.expectWord("VALUES")
	s.Name = p.tableName("a stream or table name")
	if p.tok().op("(") {
		s.Columns = p.columnNames()
	}
	if s.Tombstone {
		p.expectWord("KEY")
	} else {
		p.expectWord("VALUES")
	}
	rows := p.rows()
	if len(rows) > 1 {
		p.i--
		p.unexpected("the end of the statement")
	}
	s.Row = rows[0]
	return s
}
