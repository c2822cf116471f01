package shell

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/mattn/go-runewidth"

	"tailrace/cli/shell/render"
)

var describeCommands = []shellCommand{
	{names: []string{`\d`}, args: mayHaveArgument, usage: `\d [NAME|PATTERN]`, short: "list streams and tables, or describe one", run: describe},
	{names: []string{`\d+`}, args: mayHaveArgument, usage: `\d+ [NAME|PATTERN]`, short: "describe one with its topic, statement and queries", run: describeExtended},
	{names: []string{`\dt`, `\dt+`}, args: mayHaveArgument, usage: `\dt [PATTERN]`, short: "list tables", run: listing("SHOW TABLES")},
	{names: []string{`\ds`, `\ds+`}, args: mayHaveArgument, usage: `\ds [PATTERN]`, short: "list streams", run: listing("SHOW STREAMS")},
	{names: []string{`\dm`, `\dm+`, `\dv`, `\dv+`}, args: mayHaveArgument, usage: `\dm [PATTERN]`, short: "list materialized views: tables that a query keeps up to date", run: listViews},
	{names: []string{`\dq`}, args: mayHaveArgument, usage: `\dq[+] [PATTERN]`, short: "list queries; + adds tasks, rows, lag and errors", run: listing("SHOW QUERIES")},
	{names: []string{`\dq+`}, args: mayHaveArgument, run: listing("SHOW QUERIES EXTENDED")},
	{names: []string{`\topics`}, args: mayHaveArgument, usage: `\topics[+] [PATTERN]`, short: "list topics; + adds records and readers", run: listing("SHOW TOPICS")},
	{names: []string{`\topics+`}, args: mayHaveArgument, run: listing("SHOW TOPICS EXTENDED")},
	{names: []string{`\df`, `\df+`}, args: mayHaveArgument, usage: `\df [NAME|PATTERN]`, short: "list functions, or describe one", run: describeFunction},
	{names: []string{`\dT`, `\dT+`}, args: mayHaveArgument, usage: `\dT [PATTERN]`, short: "list types that CREATE TYPE has made", run: listing("SHOW TYPES")},
	{names: []string{`\dconfig`, `\dconfig+`}, args: mayHaveArgument, usage: `\dconfig [PATTERN]`, short: "list settings", run: listing("SHOW PROPERTIES")},
	{names: []string{`\l`, `\l+`, `\list`}, args: mayHaveArgument, usage: `\l [PATTERN]`, short: "list databases",
		run: listing(`SELECT datname AS name, pg_catalog.pg_get_userbyid(datdba) AS owner, pg_catalog.pg_encoding_to_char(encoding) AS encoding FROM pg_catalog.pg_database ORDER BY 1`)},
	{names: []string{`\dn`, `\dn+`}, args: mayHaveArgument, usage: `\dn [PATTERN]`, short: "list schemas",
		run: listing(`SELECT nspname AS name, pg_catalog.pg_get_userbyid(nspowner) AS owner FROM pg_catalog.pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema' ORDER BY 1`)},
	{names: []string{`\du`, `\du+`, `\dg`}, args: mayHaveArgument, usage: `\du [PATTERN]`, short: "list roles",
		run: listing(`SELECT rolname AS name, rolsuper AS superuser, rolcanlogin AS "can log in" FROM pg_catalog.pg_roles ORDER BY 1`)},
}

// answer is a result that the shell itself has asked for, as a whole.
type answer struct {
	columns []render.Column
	rows    [][]render.Cell
}

// ask runs a statement of the shell's own. Errors have been printed.
func (s *Shell) ask(ctx context.Context, sql string) (answer, error) {
	if err := s.connected(ctx); err != nil {
		return answer{}, err
	}
	release := s.cancelWith(ctx)
	s.sawNotice = false
	results, err := s.conn.Exec(context.Background(), sql).ReadAll()
	release()
	if err != nil {
		return answer{}, s.statementError(ctx, sql, err)
	}
	var a answer
	for _, r := range results {
		a.columns = columnsOf(r.FieldDescriptions)
		for _, values := range r.Rows {
			a.rows = append(a.rows, cellsOf(values))
		}
	}
	return a, nil
}

// matches reports whether a name fits a pattern of psql's: * and ? as in file names, any
// case of letters unless it stands in double quotes. Without * and ? it is the whole name.
func matches(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	if quoted, ok := strings.CutPrefix(pattern, `"`); ok {
		return strings.TrimSuffix(quoted, `"`) == name
	}
	pattern = strings.NewReplacer(`\`, `\\`, `[`, `\[`).Replace(strings.ToLower(pattern))
	ok, _ := path.Match(strings.TrimPrefix(pattern, "public."), strings.ReplaceAll(strings.ToLower(name), "/", "_"))
	return ok
}

// isPattern says that an argument may mean several things.
func isPattern(arg string) bool {
	return strings.ContainsAny(arg, "*?") && !strings.HasPrefix(arg, `"`)
}

// listing is a command that lists the rows of a statement, those whose first column fits a
// pattern.
func listing(sql string) func(*Shell, context.Context, string) error {
	return func(s *Shell, ctx context.Context, pattern string) error {
		if strings.ContainsAny(pattern, " \t") {
			return errTooMany
		}
		a, err := s.ask(ctx, sql)
		if err != nil {
			return err
		}
		rows := a.rows[:0]
		for _, row := range a.rows {
			if matches(pattern, row[0].Text) {
				rows = append(rows, row)
			}
		}
		if len(rows) == 0 && pattern != "" {
			return fmt.Errorf("there is nothing that fits %s", pattern)
		}
		return s.show(a.columns, rows)
	}
}

// listViews lists the tables that queries fill.
func listViews(s *Shell, ctx context.Context, pattern string) error {
	if strings.ContainsAny(pattern, " \t") {
		return errTooMany
	}
	tables, err := s.ask(ctx, "SHOW TABLES")
	if err != nil {
		return err
	}
	queries, err := s.ask(ctx, "SHOW QUERIES")
	if err != nil {
		return err
	}
	isTable := map[string]bool{}
	for _, row := range tables.rows {
		isTable[row[0].Text] = true
	}
	var rows [][]render.Cell
	for _, row := range queries.rows { // query_id, query_type, status, sink_name, sink_kafka_topic, query_string
		if name := row[3].Text; isTable[name] && matches(pattern, name) {
			rows = append(rows, []render.Cell{row[3], row[0], row[2], row[5]})
		}
	}
	if len(rows) == 0 && pattern != "" {
		return fmt.Errorf("there is nothing that fits %s", pattern)
	}
	return s.show([]render.Column{{Name: "table_name"}, {Name: "query_id"}, {Name: "status"}, {Name: "query_string"}}, rows)
}

// describe lists streams and tables in one table, or describes one of them.
func describe(s *Shell, ctx context.Context, arg string) error {
	if arg != "" && !isPattern(arg) {
		return s.execute(ctx, "DESCRIBE "+arg)
	}
	columns := []render.Column{{Name: "name"}, {Name: "type"}, {Name: "kafka_topic"}, {Name: "key_format"}, {Name: "value_format"}, {Name: "windowed", OID: 16}}
	var table [][]render.Cell
	for _, kind := range []string{"STREAM", "TABLE"} {
		a, err := s.ask(ctx, "SHOW "+kind+"S")
		if err != nil {
			return err
		}
		for _, row := range a.rows {
			if matches(arg, row[0].Text) {
				table = append(table, append([]render.Cell{row[0], {Text: kind}}, row[1:]...))
			}
		}
	}
	switch {
	case len(table) == 0 && arg != "":
		return fmt.Errorf("there is no stream and no table that fits %s", arg)
	case len(table) == 0:
		s.say("There are no streams and no tables yet: CREATE STREAM makes one; SHOW TOPICS lists what there is to read.")
		return nil
	}
	return s.show(columns, table)
}

// show prints a table that the shell itself has made.
func (s *Shell) show(columns []render.Column, rows [][]render.Cell) error {
	out := s.sheet(true)
	screen := s.screenFor(s.out)
	w := render.New(out, columns, render.Whole, s.set.optionsFor(screen))
	for _, row := range rows {
		w.Add(row)
	}
	w.Finish(false)
	if s.set.footer() {
		fmt.Fprintln(out, screen.Paint(render.Dim, count(len(rows), "row")))
	}
	out.close()
	return out.fault(s.out)
}

func describeExtended(s *Shell, ctx context.Context, arg string) error {
	if arg == "" || isPattern(arg) {
		return describe(s, ctx, arg)
	}
	return s.execute(ctx, "DESCRIBE "+arg+" EXTENDED")
}

func describeFunction(s *Shell, ctx context.Context, arg string) error {
	if arg == "" || isPattern(arg) {
		return listing("SHOW FUNCTIONS")(s, ctx, arg)
	}
	a, err := s.ask(ctx, "DESCRIBE FUNCTION "+arg)
	if err != nil {
		return err
	}
	if s.set.Format != render.Aligned || len(a.columns) != 3 {
		return s.show(a.columns, a.rows)
	}
	return s.page(func(w io.Writer, screen Screen) { explainFunction(w, screen, a) })
}

// explainFunction prints the ways to call a function (variation, returns, description), and
// what it does: once, when that is the same of several.
func explainFunction(w io.Writer, screen Screen, a answer) {
	wide := 0
	for _, row := range a.rows {
		wide = max(wide, runewidth.StringWidth(row[0].Text))
	}
	width := textWidth
	if screen.Width > 0 {
		width = min(width, screen.Width)
	}
	for i, row := range a.rows {
		fmt.Fprintf(w, "%s returns %s\n", runewidth.FillRight(row[0].Text, min(wide, width)), row[1].Text)
		if i+1 < len(a.rows) && a.rows[i+1][2].Text == row[2].Text {
			continue
		}
		for _, line := range render.Wrap(row[2].Text, width-2) {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
}
