package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tailrace/cli/shell/render"
	"tailrace/sql/sqlerr"
)

// shellCommand is a command of the shell itself. Its names are alternatives; run gets the
// rest of the line.
type shellCommand struct {
	names []string
	args  arity
	usage string
	short string
	run   func(s *Shell, ctx context.Context, arg string) error
}

// arity says whether something follows a command's name.
type arity byte

const (
	noArgument arity = iota
	mayHaveArgument
	needsArgument
)

var shellCommands []shellCommand

func init() {
	shellCommands = []shellCommand{
		{[]string{`\?`, `\h`, "help"}, noArgument, `\?  help`, "show this help", (*Shell).help},
		{[]string{`\q`, "exit", "quit"}, noArgument, `\q  exit  quit`, "leave the shell", func(*Shell, context.Context, string) error { return ErrQuit }},
		{[]string{`\d`}, mayHaveArgument, `\d [NAME]`, "list streams and tables, or describe one", (*Shell).describe},
		{[]string{`\d+`}, mayHaveArgument, `\d+ NAME`, "describe one with its topic, statement and queries", describeExtended},
		{[]string{`\dt`}, noArgument, `\dt`, "list tables", statement("SHOW TABLES")},
		{[]string{`\ds`}, noArgument, `\ds`, "list streams", statement("SHOW STREAMS")},
		{[]string{`\dq`}, noArgument, `\dq`, "list queries", statement("SHOW QUERIES")},
		{[]string{`\df`}, mayHaveArgument, `\df [NAME]`, "list functions, or describe one", describeFunction},
		{[]string{`\topics`}, noArgument, `\topics`, "list topics", statement("SHOW TOPICS")},
		{[]string{`\pset`}, mayHaveArgument, `\pset [NAME [VALUE]]`, "show or change how results are shown", changeSetting},
		{[]string{`\x`}, mayHaveArgument, `\x [on|off|auto]`, "show one column a line", changeNamed("expanded")},
		{[]string{`\t`}, mayHaveArgument, `\t [on|off]`, "show rows alone, without header and count", changeNamed("tuples_only")},
		{[]string{`\a`}, noArgument, `\a`, "switch between aligned and unaligned output", toggleAligned},
		{[]string{"output"}, needsArgument, "output TABULAR|VERTICAL|JSON", "the same, by ksqlDB's names", setOutput},
		{[]string{`\timing`}, mayHaveArgument, `\timing [on|off]`, "show how long statements take", changeTiming},
		{[]string{`\i`, "run script"}, needsArgument, `\i FILE  run script FILE`, "run the statements of a file", runFile},
		{[]string{`\echo`}, mayHaveArgument, `\echo TEXT`, "print a text", func(s *Shell, _ context.Context, arg string) error { fmt.Fprintln(s.std, arg); return nil }},
		{[]string{`\s`, "history"}, noArgument, `\s  history`, "show the statements of this session", showHistory},
		{[]string{"clear", `\clear`}, noArgument, "clear", "clear the screen", clearScreen},
		{[]string{`\conninfo`, "server"}, noArgument, `\conninfo  server`, "show where the shell is connected", showConnection},
		{[]string{"version"}, noArgument, "version", "show the versions of shell and server", showVersion},
	}
}

// find matches a line with a command. A name is a whole word, in any case of letters; a
// word that is no backslash command must fit its arity, else the line is a statement.
func find(text string) (c *shellCommand, arg string, ok bool) {
	line := strings.TrimRight(strings.TrimSpace(text), "; \t\r\n")
	for i := range shellCommands {
		c := &shellCommands[i]
		for _, name := range c.names {
			rest, ok := cutWords(line, name)
			if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
				continue
			}
			rest = strings.TrimSpace(rest)
			if name[0] != '\\' && (rest != "" && c.args == noArgument || rest == "" && c.args == needsArgument) {
				continue
			}
			return c, rest, true
		}
	}
	return nil, "", false
}

// cutWords cuts a name of one or more words off a line; between words any space will do.
func cutWords(line, name string) (rest string, ok bool) {
	for i, word := range strings.Fields(name) {
		if i > 0 {
			line = strings.TrimLeft(line, " \t")
		}
		if len(line) < len(word) || !strings.EqualFold(line[:len(word)], word) {
			return "", false
		}
		line = line[len(word):]
	}
	return line, true
}

// isCommand reports whether a line is for the shell.
func isCommand(line string) bool {
	if strings.HasPrefix(strings.TrimSpace(line), `\`) {
		return true
	}
	_, _, ok := find(line)
	return ok
}

// command runs a command of the shell.
func (s *Shell) command(ctx context.Context, text string) error {
	c, arg, ok := find(text)
	if !ok {
		word, _, _ := strings.Cut(text, " ")
		if near := sqlerr.Closest(word, commandNames()); near != "" {
			return fmt.Errorf(`no command %s; did you mean %s? \? lists them`, word, near)
		}
		return fmt.Errorf(`no command %s; \? lists them`, word)
	}
	switch {
	case arg == "" && c.args == needsArgument:
		return fmt.Errorf("usage: %s", c.usage)
	case arg != "" && c.args == noArgument:
		return fmt.Errorf("%s takes no argument; usage: %s", c.names[0], c.usage)
	}
	return c.run(s, ctx, arg)
}

func commandNames() []string {
	var out []string
	for _, c := range shellCommands {
		for _, n := range c.names {
			if strings.HasPrefix(n, `\`) {
				out = append(out, n)
			}
		}
	}
	return out
}

// statement is a command that is short for a statement.
func statement(sql string) func(*Shell, context.Context, string) error {
	return func(s *Shell, ctx context.Context, _ string) error { return s.execute(ctx, sql) }
}

// describe lists streams and tables in one table, or describes one of them.
func (s *Shell) describe(ctx context.Context, arg string) error {
	if arg != "" {
		return s.execute(ctx, "DESCRIBE "+arg)
	}
	if err := s.connected(ctx); err != nil {
		return err
	}
	columns := []render.Column{{Name: "name"}, {Name: "type"}, {Name: "kafka_topic"}, {Name: "key_format"}, {Name: "value_format"}, {Name: "windowed", OID: 16}}
	var table [][]render.Cell
	for _, kind := range []string{"STREAM", "TABLE"} {
		rows, err := s.query(ctx, "SHOW "+kind+"S")
		if err != nil {
			return err
		}
		for _, row := range rows {
			line := []render.Cell{{Text: row[0]}, {Text: kind}}
			for _, v := range row[1:] {
				line = append(line, render.Cell{Text: v})
			}
			table = append(table, line)
		}
	}
	if len(table) == 0 {
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
	if arg == "" {
		return s.describe(ctx, "")
	}
	return s.execute(ctx, "DESCRIBE "+arg+" EXTENDED")
}

func describeFunction(s *Shell, ctx context.Context, arg string) error {
	if arg == "" {
		return s.execute(ctx, "SHOW FUNCTIONS")
	}
	return s.execute(ctx, "DESCRIBE FUNCTION "+arg)
}

// changeSetting is \pset: all settings, one of them, or a new value for it.
func changeSetting(s *Shell, ctx context.Context, arg string) error {
	name, value, given := strings.Cut(arg, " ")
	if name == "" {
		for _, f := range allSettings {
			fmt.Fprintf(s.std, "%-16s %-14s %s: %s\n", f.name, f.value(&s.set), f.short, f.values)
		}
		return nil
	}
	return s.change(name, strings.TrimSpace(value), given)
}

// change changes a setting and tells how it is now.
func (s *Shell) change(name, value string, given bool) error {
	found, err := findSetting(name)
	if err != nil {
		return err
	}
	if err := found.set(&s.set, value, given); err != nil {
		return err
	}
	s.say("%s", found.show(&s.set))
	return nil
}

// changeNamed is a command that is short for \pset with a name.
func changeNamed(name string) func(*Shell, context.Context, string) error {
	return func(s *Shell, _ context.Context, arg string) error { return s.change(name, arg, arg != "") }
}

func toggleAligned(s *Shell, _ context.Context, _ string) error {
	format := render.Aligned
	if s.set.Format == render.Aligned {
		format = render.Unaligned
	}
	return s.change("format", format.String(), true)
}

func setOutput(s *Shell, _ context.Context, arg string) error {
	switch strings.ToUpper(arg) {
	case "TABULAR":
		s.set.Format, s.set.Expanded = render.Aligned, render.Auto
	case "VERTICAL":
		s.set.Format, s.set.Expanded = render.Aligned, render.On
	case "JSON":
		s.set.Format = render.JSON
	default:
		return fmt.Errorf("output is TABULAR, VERTICAL or JSON, not %q", arg)
	}
	s.say("Output is %s.", strings.ToUpper(arg))
	return nil
}

func changeTiming(s *Shell, _ context.Context, arg string) error {
	on, err := !s.set.timing, error(nil)
	if arg != "" {
		if on, err = parseSwitch(arg); err != nil {
			return err
		}
	}
	s.set.timing = on
	s.say("Timing is %s.", onOff(on))
	return nil
}

// maxDepth bounds scripts that run scripts: one that runs itself would not end.
const maxDepth = 16

func runFile(s *Shell, ctx context.Context, arg string) error {
	name := strings.Trim(arg, `'"`)
	if s.depth >= maxDepth {
		return fmt.Errorf("scripts run scripts %d deep: does %s run itself?", maxDepth, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return FileError(err)
	}
	defer f.Close()
	s.depth++
	defer func() { s.depth-- }()
	err = s.RunScript(ctx, name, f)
	var unread *os.PathError
	if errors.As(err, &unread) {
		return FileError(err)
	}
	return err
}

// FileError words the failure to read a file: its name, and why.
func FileError(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Path, path.Err)
	}
	return err
}

func showHistory(s *Shell, _ context.Context, _ string) error {
	for i, h := range s.history {
		fmt.Fprintf(s.std, "%4d  %s\n", i+1, strings.ReplaceAll(h, "\n", "\n      "))
	}
	return nil
}

func clearScreen(s *Shell, _ context.Context, _ string) error {
	if s.screen().Terminal {
		fmt.Fprint(s.std, "\x1b[H\x1b[2J")
	}
	return nil
}

func showConnection(s *Shell, ctx context.Context, _ string) error {
	if err := s.connected(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.std, "Connected to %s as user %s, server version %s.\n", s.address(), s.config.User, s.conn.ParameterStatus("server_version"))
	return nil
}

func showVersion(s *Shell, ctx context.Context, _ string) error {
	if s.opts.Version != "" {
		fmt.Fprintf(s.std, "Shell:  Tailrace %s\n", s.opts.Version)
	}
	if err := s.connected(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.std, "Server: %s\n", s.conn.ParameterStatus("server_version"))
	return nil
}

func (s *Shell) help(context.Context, string) error {
	fmt.Fprintln(s.std, "Commands of the shell:")
	for _, c := range shellCommands {
		fmt.Fprintf(s.std, "  %-26s %s\n", c.usage, c.short)
	}
	fmt.Fprint(s.std, `
Statements (end them with ";"):
  SHOW STREAMS | TABLES | TOPICS | QUERIES | FUNCTIONS | PROPERTIES | TYPES | VARIABLES
  DESCRIBE name [EXTENDED]                 EXPLAIN statement or query id
  PRINT 'topic' FROM BEGINNING LIMIT 3     TERMINATE query_id
  CREATE STREAM s (id INT KEY, v VARCHAR)
    WITH (kafka_topic = 't', value_format = 'JSON', partitions = 1)
  CREATE TABLE t AS SELECT id, COUNT(*) AS n FROM s GROUP BY id
  INSERT INTO s (id, v) VALUES (1, 'x')
  SELECT * FROM t WHERE id = 1             answers once
  SELECT * FROM s EMIT CHANGES             streams; Ctrl-C stops it
`)
	return nil
}

// namesTimeout bounds a question of the shell itself; the connection is made anew when the
// server does not answer it.
const namesTimeout = 3 * time.Second
