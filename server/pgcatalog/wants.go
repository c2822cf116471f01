package pgcatalog

import (
	"strings"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/function"
)

// Wants reports whether a statement is for this package: a SELECT, WITH, VALUES or TABLE
// that speaks of PostgreSQL's catalog and of nothing else. Statements over streams and
// tables cost a scan of their words.
func Wants(text string) bool {
	rest := skipSpace(text)
	for strings.HasPrefix(rest, "(") {
		rest = skipSpace(rest[1:])
	}
	switch first, _ := nextWord(rest); first {
	case "select", "with", "values", "table":
	default:
		return false
	}
	mentioned, qualified := mentions(rest)
	if !mentioned {
		return false
	}
	q, err := syntax.Parse(text)
	if err != nil {
		return qualified // ours to explain, if it is certainly about the catalog
	}
	f := &finder{ours: true}
	f.query(q, nil)
	return f.ours && (f.tables > 0 || f.functions > 0 || f.shared > 0 && f.foreign == 0)
}

// skipSpace drops white space and comments from the front.
func skipSpace(s string) string {
	for {
		s = strings.TrimLeft(s, " \t\r\n\f")
		switch {
		case strings.HasPrefix(s, "--"):
			i := strings.IndexByte(s, '\n')
			if i < 0 {
				return ""
			}
			s = s[i:]
		case strings.HasPrefix(s, "/*"):
			i := strings.Index(s, "*/")
			if i < 0 {
				return ""
			}
			s = s[i+2:]
		default:
			return s
		}
	}
}

// nextWord is the word at the start of s in lower case, at most 63 bytes of it, and its
// length.
func nextWord(s string) (string, int) {
	n := 0
	for n < len(s) && isWordByte(s[n]) {
		n++
	}
	var buf [63]byte
	k := copy(buf[:], s[:n])
	for i, c := range buf[:k] {
		if c >= 'A' && c <= 'Z' {
			buf[i] = c + 'a' - 'A'
		}
	}
	if w, ok := known(buf[:k]); ok {
		return w, n
	}
	return "", n
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= '0' && c <= '9' || c >= 0x80
}

// known interns the words that Wants looks for, so that the others cost no allocation.
func known(b []byte) (string, bool) {
	if w, ok := marks[string(b)]; ok {
		return w, true
	}
	if len(b) > 3 && string(b[:3]) == "pg_" || len(b) > 4 && string(b[:4]) == "has_" {
		return "pg_", true
	}
	return "", false
}

// marks are the words that make a statement worth parsing, and the verbs.
var marks = func() map[string]string {
	m := map[string]string{}
	for _, w := range strings.Fields("select with values table pg_catalog information_schema version current_schema current_schemas " +
		"current_database current_catalog current_user session_user current_role user current_setting set_config format_type to_regclass to_regtype " +
		"to_regproc obj_description col_description shobj_description generate_series inet_server_addr inet_server_port inet_client_addr " +
		"inet_client_port quote_ident row_security_active regclass regtype regproc regprocedure regnamespace regrole getdatabaseencoding") {
		m[w] = w
	}
	return m
}()

// mentions scans the words of a statement outside of strings. qualified: a schema of
// PostgreSQL's own stands before a point.
func mentions(s string) (mentioned, qualified bool) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case isWordByte(c):
			w, n := nextWord(s[i:])
			i += n
			switch w {
			case "", "select", "with", "values", "table":
			case "pg_catalog", "information_schema":
				mentioned = true
				qualified = qualified || strings.HasPrefix(s[i:], ".")
			default:
				mentioned = true
			}
		case c == '\'':
			i += 1 + strings.IndexByte(s[i+1:]+"'", '\'') + 1
		default:
			i++
		}
	}
	return mentioned, qualified
}

// finder walks a parsed statement and decides whether all of its tables are ours.
type finder struct {
	ours      bool
	tables    int
	functions int // that only PostgreSQL's catalog has
	shared    int // that both have
	foreign   int // that only streams have, by name or by number of arguments
}

func (f *finder) query(q *syntax.Query, names []string) {
	for _, c := range q.With {
		inside := names
		if q.Recursive {
			inside = append(names[:len(names):len(names)], c.Name)
		}
		f.query(c.Query, inside)
		names = append(names[:len(names):len(names)], c.Name)
	}
	f.body(q.Body, names)
	for _, o := range q.OrderBy {
		f.expr(o.Expr, names)
	}
}

func (f *finder) body(b syntax.Body, names []string) {
	switch b := b.(type) {
	case *syntax.Query:
		f.query(b, names)
	case *syntax.SetOp:
		f.body(b.Left, names)
		f.body(b.Right, names)
	case *syntax.Values:
		for _, row := range b.Rows {
			f.exprs(row, names)
		}
	case *syntax.Select:
		for _, it := range b.Items {
			f.expr(it.Expr, names)
		}
		for _, t := range b.From {
			f.table(t, names)
		}
		f.expr(b.Where, names)
		f.exprs(b.GroupBy, names)
		f.expr(b.Having, names)
	}
}

func (f *finder) table(t syntax.Table, names []string) {
	switch t := t.(type) {
	case *syntax.TableName:
		switch {
		case t.Schema == "pg_catalog" || t.Schema == "information_schema":
			f.tables++
		case t.Schema != "":
			f.ours = false
		case contains(names, t.Name):
		case relations["pg_catalog."+t.Name] != nil:
			f.tables++
		default:
			f.ours = false
		}
	case *syntax.SubqueryTable:
		f.query(t.Query, names)
	case *syntax.FunctionTable:
		if function.KindOf(t.Call.Name) == function.NotAFunction {
			f.tables++
		}
		f.exprs(t.Call.Args, names)
	case *syntax.Join:
		f.table(t.Left, names)
		f.table(t.Right, names)
		f.expr(t.On, names)
	}
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

func (f *finder) exprs(list []syntax.Expr, names []string) {
	for _, e := range list {
		f.expr(e, names)
	}
}

// call counts a function by who can run it: a name alone does not tell.
func (f *finder) call(c *syntax.Call) {
	if c.Schema == "pg_catalog" || c.Schema == "information_schema" {
		f.functions++
		return
	}
	streams := function.KindOf(c.Name) != function.NotAFunction
	if _, marked := known([]byte(c.Name)); marked && streams {
		f.shared++
	} else if marked {
		f.functions++
	} else if s := functions[c.Name]; streams && (s == nil || len(c.Args) < s.required || len(c.Args) > len(s.params) && !s.variadic) {
		f.foreign++
	}
}

func (f *finder) expr(e syntax.Expr, names []string) {
	syntax.Walk(e, func(e syntax.Expr) {
		if c, ok := e.(*syntax.Cast); ok && (c.Type.Schema == "pg_catalog" || strings.HasPrefix(c.Type.Name, "reg")) {
			f.functions++
		}
		if c, ok := e.(*syntax.Call); ok {
			f.call(c)
		}
	}, func(q *syntax.Query) { f.query(q, names) })
}
