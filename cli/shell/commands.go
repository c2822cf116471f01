package shell

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// shellCommand is a command of the shell itself. Its names are alternatives; run gets
// the rest of the line.
type shellCommand struct {
	names []string
	usage string
	short string
	run   func(s *Shell, ctx context.Context, arg string) error
}

var shellCommands []shellCommand

func init() {
	shellCommands = []shellCommand{
		{[]string{`\?`, "help"}, `\?`, "show this help", func(s *Shell, _ context.Context, _ string) error { s.help(); return nil }},
		{[]string{`\q`, "exit", "quit"}, `\q`, "leave the shell", func(*Shell, context.Context, string) error { return ErrQuit }},
		{[]string{`\d`}, `\d [NAME]`, "list streams and tables, or describe one", describeCommand("", "DESCRIBE %s")},
		{[]string{`\d+`}, `\d+ NAME`, "describe one with its topic, statement and queries", describeCommand("", "DESCRIBE %s EXTENDED")},
		{[]string{`\dt`}, `\dt`, "list tables", sqlCommand("SHOW TABLES")},
		{[]string{`\ds`}, `\ds`, "list streams", sqlCommand("SHOW STREAMS")},
		{[]string{`\dq`}, `\dq`, "list queries", sqlCommand("SHOW QUERIES")},
		{[]string{`\df`}, `\df [NAME]`, "list functions, or describe one", describeCommand("SHOW FUNCTIONS", "DESCRIBE FUNCTION %s")},
		{[]string{`\topics`}, `\topics`, "list topics", sqlCommand("SHOW TOPICS")},
		{[]string{`\x`}, `\x`, "switch between tables and one column a line", toggleVertical},
		{[]string{"output"}, "output TABULAR|VERTICAL", "the same, by name", setOutput},
		{[]string{`\timing`}, `\timing`, "show how long statements take", toggleTiming},
		{[]string{`\i`, "run script"}, `\i FILE`, "run the statements of a file", runFile},
		{[]string{`\echo`}, `\echo TEXT`, "print a text", func(s *Shell, _ context.Context, arg string) error { fmt.Fprintln(s.out, arg); return nil }},
		{[]string{"history", `\s`}, `\s`, "show the statements of this session", showHistory},
		{[]string{"clear"}, "clear", "clear the screen", func(s *Shell, _ context.Context, _ string) error { fmt.Fprint(s.out, "\033[H\033[2J"); return nil }},
		{[]string{"version"}, "version", "show the server's version", sqlCommand("SELECT version()")},
		{[]string{`\conninfo`, "server"}, `\conninfo`, "show where the shell is connected", showConnection},
	}
}

// find matches a line with a command: the name is a whole word, in any case of letters.
func find(text string) (*shellCommand, string) {
	line := strings.TrimRight(strings.TrimSpace(text), "; \t\n")
	for i := range shellCommands {
		for _, name := range shellCommands[i].names {
			if len(line) < len(name) || !strings.EqualFold(line[:len(name)], name) {
				continue
			}
			if rest := line[len(name):]; rest == "" || rest[0] == ' ' {
				return &shellCommands[i], strings.TrimSpace(rest)
			}
		}
	}
	return nil, ""
}

func isCommand(text string) bool {
	if strings.HasPrefix(text, `\`) {
		return true
	}
	c, _ := find(text)
	return c != nil
}

// command runs a command of the shell; handled is false when text is a statement.
func (s *Shell) command(ctx context.Context, text string) (handled bool, err error) {
	c, arg := find(text)
	if c == nil {
		if word, _, _ := strings.Cut(text, " "); strings.HasPrefix(word, `\`) {
			return true, fmt.Errorf(`no command %s; \? lists them`, word)
		}
		return false, nil
	}
	return true, c.run(s, ctx, arg)
}

func sqlCommand(sql string) func(*Shell, context.Context, string) error {
	return func(s *Shell, ctx context.Context, _ string) error { return s.quiet(s.execute(ctx, sql)) }
}

// quiet drops an error that execute has printed, so that it is not printed twice.
func (s *Shell) quiet(error) error { return nil }

func describeCommand(all, one string) func(*Shell, context.Context, string) error {
	return func(s *Shell, ctx context.Context, arg string) error {
		switch {
		case arg != "":
			return s.quiet(s.execute(ctx, fmt.Sprintf(one, arg)))
		case all != "":
			return s.quiet(s.execute(ctx, all))
		}
		if err := s.execute(ctx, "SHOW STREAMS"); err != nil {
			return s.quiet(err)
		}
		return s.quiet(s.execute(ctx, "SHOW TABLES"))
	}
}

func toggleVertical(s *Shell, _ context.Context, _ string) error {
	s.vertical = !s.vertical
	fmt.Fprintf(s.out, "Vertical output is %s.\n", onOff(s.vertical))
	return nil
}

func setOutput(s *Shell, _ context.Context, arg string) error {
	switch strings.ToUpper(arg) {
	case "TABULAR":
		s.vertical = false
	case "VERTICAL":
		s.vertical = true
	default:
		return fmt.Errorf("output is TABULAR or VERTICAL, not %q", arg)
	}
	return nil
}

func toggleTiming(s *Shell, _ context.Context, _ string) error {
	s.timing = !s.timing
	fmt.Fprintf(s.out, "Timing is %s.\n", onOff(s.timing))
	return nil
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func runFile(s *Shell, ctx context.Context, arg string) error {
	name := strings.Trim(arg, `'"`)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return s.quiet(s.RunScript(ctx, string(text)))
}

func showHistory(s *Shell, _ context.Context, _ string) error {
	for i, h := range s.history {
		fmt.Fprintf(s.out, "%4d  %s\n", i+1, strings.ReplaceAll(h, "\n", "\n      "))
	}
	return nil
}

func showConnection(s *Shell, _ context.Context, _ string) error {
	fmt.Fprintf(s.out, "Connected to %s, server version %s.\n", s.opts.URL, s.conn.ParameterStatus("server_version"))
	return nil
}

func (s *Shell) help() {
	fmt.Fprintln(s.out, "Commands of the shell:")
	for _, c := range shellCommands {
		fmt.Fprintf(s.out, "  %-26s %s\n", c.usage, c.short)
	}
	fmt.Fprint(s.out, `
Statements (end them with ";"):
  SHOW STREAMS | TABLES | TOPICS | QUERIES | FUNCTIONS
  DESCRIBE name [EXTENDED]         PRINT 'topic' FROM BEGINNING LIMIT 3
  CREATE STREAM s (id INT KEY, v VARCHAR) WITH (kafka_topic='t', value_format='JSON', partitions=1)
  CREATE TABLE t AS SELECT id, COUNT(*) AS n FROM s GROUP BY id
  INSERT INTO s (id, v) VALUES (1, 'x')
  SELECT * FROM t WHERE id = 1              answers once
  SELECT * FROM s EMIT CHANGES              streams; Ctrl-C stops it
`)
}
