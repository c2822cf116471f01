package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"tailrace/cli/shell/render"
	"tailrace/cli/shell/rows"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// copyHelp explains \copy where its usage is not enough.
const copyHelp = `\copy TABLE [(COLUMN, ...)] FROM FILE [OPTIONS]
\copy TABLE [(COLUMN, ...)] | (QUERY) TO FILE [OPTIONS]

FILE is a name, in quotes if need be, or STDIN, STDOUT, or PROGRAM 'command'.
STDIN in a script are the lines that follow, up to a line \. or the end.

OPTIONS, with or without parentheses and commas:
  FORMAT csv|tsv|json|jsonl   else the ending of the name says it; tsv without one
  HEADER [on|off]             names in the first row: written, unless off; when rows
                              are read, they are recognized
  DELIMITER 'character'       between the values of CSV
  NULL 'text'                 what NULL is written as: nothing in CSV, \N in TSV

Rows are inserted in batches. When one cannot be, its line is told, and those before it
stay.
`

// copySpec is what \copy is told.
type copySpec struct {
	source    string // the stream or table
	columns   []string
	query     string // instead of the source
	from      bool
	file      string
	program   bool
	std       bool
	format    render.Format
	hasFormat bool
	header    *bool // nil: written, and recognized when read
	delimiter rune
	null      *string
}

// copyRows is \copy.
func copyRows(s *Shell, ctx context.Context, arg string) error {
	if arg == "" {
		return s.page(func(w io.Writer, _ Screen) { fmt.Fprint(w, copyHelp) })
	}
	spec, err := parseCopy(s.vars.interpolate(strings.TrimRight(arg, "; ")))
	if err != nil {
		return err
	}
	if spec.from {
		return s.copyFrom(ctx, spec)
	}
	return s.copyTo(ctx, spec)
}

// copyTo writes the rows of a table or query.
func (s *Shell) copyTo(ctx context.Context, spec *copySpec) (err error) {
	was, to := s.set, s.out
	defer func() { s.set, s.out = was, to }()
	s.set.Options = render.Options{Format: spec.format, Null: spec.null, Comma: spec.delimiter, NoHeader: spec.header != nil && !*spec.header}
	s.set.timing, s.set.pager = false, pagerOff
	s.out = &target{w: s.opts.Out}
	if !spec.std {
		name := spec.file
		if spec.program {
			name = "|" + name
		}
		if s.out, err = openTarget(s, name); err != nil {
			return err
		}
	}
	query := spec.query
	if query == "" {
		query = "SELECT " + orDefault(strings.Join(spec.columns, ", "), "*") + " FROM " + spec.source
	}
	err = s.execute(ctx, query)
	if closed := s.out.close(); err == nil {
		err = closed
	}
	if s.set = was; err == nil && !spec.std {
		s.say("COPY %d", s.rowCount)
	}
	return err
}

// batchRows and batchBytes bound one INSERT of \copy: it is all or nothing, and the server
// takes statements of a megabyte.
const (
	batchRows  = 500
	batchBytes = 256 << 10
)

// copyFrom inserts the rows of a file, batch by batch.
func (s *Shell) copyFrom(ctx context.Context, spec *copySpec) error {
	c := &copier{shell: s, spec: spec, name: spec.file}
	if err := c.describe(ctx); err != nil {
		return err
	}
	in, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	err = c.run(ctx, in)
	if closed := done(); err == nil && closed != nil {
		err = fmt.Errorf("%s: %w", c.name, closed)
	}
	var line *rows.LineError
	if errors.As(err, &line) {
		err = fmt.Errorf("%s:%d: %w; %s", c.name, line.Line, err, c.copied())
	}
	if err == nil {
		s.rowCount = c.done
		s.report(fmt.Sprintf("COPY %d", c.done))
	}
	return err
}

// copier inserts the rows of one file.
type copier struct {
	shell   *Shell
	spec    *copySpec
	name    string        // of the file, for errors
	all     []copyColumn  // of the table
	columns []*copyColumn // that are inserted, in the order of the INSERT
	fields  []*copyColumn // the column of each field of a row, when rows do not say
	done    int           // rows that are inserted

	batch []string // rows as SQL
	lines []int    // where they stand
	bytes int
}

type copyColumn struct {
	name string
	typ  types.Type
}

// copied tells how far a copy has come that does not come to its end.
func (c *copier) copied() string {
	switch c.done {
	case 0:
		return "nothing has been copied"
	case 1:
		return "the row before has been copied"
	}
	return fmt.Sprintf("the %d rows before have been copied", c.done)
}

// describe finds the columns of the table and their types.
func (c *copier) describe(ctx context.Context) error {
	a, err := c.shell.ask(ctx, "DESCRIBE "+c.spec.source)
	if err != nil {
		return err
	}
	for _, row := range a.rows {
		text, role := row[1].Text, ""
		if m := columnRole.FindStringSubmatch(text); m != nil {
			text, role = strings.TrimSuffix(text, m[0]), m[1]
		}
		if strings.HasPrefix(role, "header") || role == "window" {
			continue // nobody can insert those
		}
		t, err := types.ParseType(strings.TrimSuffix(text, "(STRING)"))
		if err != nil {
			return fmt.Errorf("column %s of %s has a type that this shell does not know: %w", row[0].Text, c.spec.source, err)
		}
		c.all = append(c.all, copyColumn{row[0].Text, t})
	}
	for _, name := range c.spec.columns {
		column, err := c.find(name)
		if err != nil {
			return err
		}
		c.columns = append(c.columns, column)
	}
	if c.columns == nil {
		for i := range c.all {
			c.columns = append(c.columns, &c.all[i])
		}
	}
	c.fields = c.columns
	return nil
}

// columnRole is what DESCRIBE says behind the type of a column.
var columnRole = regexp.MustCompile(` \((key|primary key|window|headers|header\('.*'\))\)$`)

// find finds a column by its name as SQL would: as it is, else in capitals.
func (c *copier) find(name string) (*copyColumn, error) {
	bare := strings.Trim(name, "`\"")
	var names []string
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for i := range c.all {
			if same(c.all[i].name, bare) {
				return &c.all[i], nil
			}
			names = append(names, c.all[i].name)
		}
	}
	hint := ""
	if near := sqlerr.Closest(bare, names); near != "" {
		hint = "; did you mean " + near + "?"
	}
	return nil, fmt.Errorf("%s has no column %q%s", c.spec.source, bare, hint)
}

// open opens the file, or what takes its place.
func (c *copier) open(ctx context.Context) (in io.Reader, done func() error, err error) {
	s := c.shell
	switch {
	case c.spec.program:
		cmd := shellCommandLine(ctx, c.spec.file)
		cmd.Stderr = s.opts.Err
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		return out, func() error { _, _ = io.Copy(io.Discard, out); return cmd.Wait() }, err
	case c.spec.std:
		c.name = standardInput
		return s.dataLines(), func() error { return nil }, nil
	}
	f, err := os.Open(c.spec.file)
	if err != nil {
		return nil, nil, FileError(err)
	}
	return f, f.Close, nil
}

func (c *copier) run(ctx context.Context, in io.Reader) error {
	r := c.reader(in)
	for first := true; ; first = false {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return c.flush(ctx)
		}
		if err == nil && first && row.Names == nil {
			var isHeader bool
			if isHeader, err = c.header(row); isHeader && err == nil {
				continue
			}
		}
		var line *rows.LineError
		if err == nil {
			if row.Blank && len(c.fields) != 1 {
				continue
			}
			err = c.add(row)
		}
		if err != nil {
			if flushed := c.flush(ctx); flushed != nil {
				return flushed // an earlier row
			}
			if !errors.As(err, &line) {
				return fmt.Errorf("%w; %s", FileError(err), c.copied())
			}
			return err
		}
		if len(c.batch) >= batchRows || c.bytes >= batchBytes {
			if err := c.flush(ctx); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted; %s", c.copied())
		}
	}
}

func (c *copier) reader(in io.Reader) rows.Reader {
	delimiter := byte(c.spec.delimiter)
	switch c.spec.format {
	case render.CSV:
		if delimiter == 0 {
			delimiter = ','
		}
		return rows.NewCSV(in, delimiter, orNil(c.spec.null, ""))
	case render.TSV:
		if delimiter == 0 {
			delimiter = '\t'
		}
		return rows.NewTSV(in, delimiter, orNil(c.spec.null, `\N`))
	}
	return rows.NewJSON(in)
}

func orNil(text *string, otherwise string) string {
	if text == nil {
		return otherwise
	}
	return *text
}

// header reports whether the first row names the columns, and takes their order from it.
// Without an option it does when all its values are names of columns.
func (c *copier) header(row rows.Row) (bool, error) {
	if c.spec.header != nil && !*c.spec.header {
		return false, nil
	}
	var fields []*copyColumn
	for _, v := range row.Values {
		column, err := c.find(v.Text)
		if err != nil {
			if c.spec.header == nil {
				return false, nil
			}
			return false, &rows.LineError{Line: row.Line, Reason: err.Error()}
		}
		fields = append(fields, column)
	}
	if c.spec.columns == nil {
		c.columns, c.fields = fields, fields
	}
	return true, nil
}

// add puts a row into the batch.
func (c *copier) add(row rows.Row) error {
	fault := func(format string, args ...any) error {
		return &rows.LineError{Line: row.Line, Reason: fmt.Sprintf(format, args...)}
	}
	if row.Names == nil && len(row.Values) != len(c.fields) {
		return fault("there are %d values for %d columns", len(row.Values), len(c.fields))
	}
	byColumn := map[*copyColumn]string{}
	for i, v := range row.Values {
		var column *copyColumn
		if row.Names == nil {
			column = c.fields[i]
		} else {
			var err error
			if column, err = c.find(row.Names[i]); err != nil {
				return fault("%s", err)
			}
		}
		text, err := rows.Literal(column.typ, v)
		if err != nil {
			return fault("column %s: %s", column.name, err)
		}
		byColumn[column] = text
	}
	parts := make([]string, len(c.columns))
	for i, column := range c.columns {
		parts[i] = orDefault(byColumn[column], "NULL")
	}
	sql := "(" + strings.Join(parts, ", ") + ")"
	c.batch, c.lines, c.bytes = append(c.batch, sql), append(c.lines, row.Line), c.bytes+len(sql)
	return nil
}

// flush inserts the batch. When the server refuses it, its rows are inserted one by one, so
// that the one at fault is found.
func (c *copier) flush(ctx context.Context) error {
	batch, lines := c.batch, c.lines
	c.batch, c.lines, c.bytes = nil, nil, 0
	if len(batch) == 0 {
		return nil
	}
	err := c.insert(ctx, batch)
	var refused *pgconn.PgError
	if err == nil || !errors.As(err, &refused) {
		return err
	}
	for i, row := range batch {
		err := c.insert(ctx, []string{row})
		if errors.As(err, &refused) {
			reason := refused.Message
			if refused.Hint != "" {
				reason += " " + refused.Hint
			}
			return &rows.LineError{Line: lines[i], Reason: reason}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) insert(ctx context.Context, batch []string) error {
	s := c.shell
	if err := s.connected(ctx); err != nil {
		return err
	}
	names := make([]string, len(c.columns))
	for i, column := range c.columns {
		names[i] = types.QuoteName(column.name)
	}
	text := "INSERT INTO " + c.spec.source + " (" + strings.Join(names, ", ") + ") VALUES " + strings.Join(batch, ", ")
	release := s.cancelWith(ctx)
	_, err := s.conn.Exec(context.Background(), text).ReadAll()
	release()
	if err == nil {
		c.done += len(batch)
	}
	return err
}

// formatOf is the format of a file by its name.
func formatOf(file string) render.Format {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".csv":
		return render.CSV
	case ".json":
		return render.JSON
	case ".jsonl", ".ndjson":
		return render.JSONLines
	case ".md":
		return render.Markdown
	}
	return render.TSV
}
