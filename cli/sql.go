package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tailrace/cli/command"
	"tailrace/cli/demo"
	"tailrace/cli/shell"
	"tailrace/cli/shell/render"
	"tailrace/server/node"
)

// defaultURL is where a server with default settings listens.
const defaultURL = "127.0.0.1:7432"

// sqlOptions are the flags of the shell.
type sqlOptions struct {
	url, dataDir string
	actions      []action
	settings     []pair // of \pset, in order
	variables    []pair
	output       string
}

// action is one -e or -f.
type action struct {
	isFile bool
	text   string // the statements, or the name of the file
}

type pair struct{ name, value string }

func sqlCommand(std command.Stdio) *cobra.Command {
	var o sqlOptions
	cmd := &cobra.Command{
		Use:   "sql",
		Short: "Open the SQL shell, or run statements with -e or -f",
		Long: `Opens the shell on a server's Postgres port. With -e, -f or standard input that is
not a terminal it runs statements and ends; -e and -f may be given several times and
are run in order. Exit code 0 if all went well, 1 when a statement failed (the rest is
not run) or the command line or a file is wrong, 2 when no server answers or the
connection is lost, 130 after Ctrl-C. With -v ON_ERROR_STOP=off statements that fail
are passed over.

With --data-dir it runs a server on that folder itself, for as long as the shell is open.
Colours and the pager ($PAGER) are for terminals only; colours are off when NO_COLOR is
set.`,
		Example: `  tailrace sql
  tailrace sql -e "SHOW TABLES"
  tailrace sql --format json -e "SELECT * FROM sales" > sales.json
  tailrace sql -v region=west -e "SELECT * FROM sales WHERE region = :'region'"
  tailrace sql -f views.sql --url postgres://127.0.0.1:7432`,
		Args:        command.NoArguments("-e runs statements, -f a file"),
		Annotations: map[string]string{command.PsqlCodes: "yes"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("url") && o.dataDir != "" {
				return command.Usagef("--url and --data-dir exclude each other: connect to a server or be one")
			}
			return runSQL(o, std)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&o.url, "url", defaultURL, "address of the server's Postgres port: host:port, or postgres://user@host:port/database")
	fs.StringVar(&o.dataDir, "data-dir", "", "run a server on this folder while the shell is open")
	statements := func(text string) error { o.actions = append(o.actions, action{false, text}); return nil }
	fs.VarP(calling{"statements", statements}, "execute", "e", "run these statements and end")
	fs.VarP(calling{"statements", statements}, "command", "c", "the same, by psql's name")
	fs.VarP(calling{"file", func(name string) error { o.actions = append(o.actions, action{true, name}); return nil }},
		"file", "f", "run the statements of a file and end; - is standard input")
	fs.StringVarP(&o.output, "output", "o", "", "write results to this file, or with \"|command\" to a program")
	fs.VarP(calling{"name=value", o.addVariable}, "variable", "v", "set a variable, used as :name, :'name' or ${name}")
	o.displayFlags(cmd)
	return cmd
}

// displayFlags are short for settings of \pset.
func (o *sqlOptions) displayFlags(cmd *cobra.Command) {
	fs := cmd.Flags()
	set := func(name, value string) func(string) error {
		return func(text string) error {
			if value == "" {
				return o.addSetting(name, text)
			}
			on, err := strconv.ParseBool(text)
			if err != nil || !on {
				return err
			}
			return o.addSetting(name, value)
		}
	}
	yes := func(name, short, usage string, do func(string) error) {
		fs.VarP(calling{"", do}, name, short, usage)
		fs.Lookup(name).NoOptDefVal = "true"
	}
	fs.Var(calling{"name", set("format", "")}, "format", "how results are written: "+command.Alternatives(render.FormatNames()))
	command.Complete(cmd, "format", render.FormatNames()...)
	yes("no-header", "", "leave out the names of the columns", set("header", "off"))
	yes("tuples-only", "t", "rows alone: no header, no number of rows", set("tuples_only", "on"))
	yes("expanded", "x", "print one column a line", set("expanded", "on"))
	fs.VarP(calling{"name=value", func(text string) error {
		name, value, found := strings.Cut(text, "=")
		if !found {
			return errors.New("it must be name=value")
		}
		return o.addSetting(name, value)
	}}, "pset", "P", "change another setting of \\pset")
	yes("quiet", "q", "print rows and errors alone", func(text string) error { return o.addVariable("QUIET=" + text) })
}

func (o *sqlOptions) addSetting(name, value string) error {
	o.settings = append(o.settings, pair{name, value})
	return shell.CheckSetting(name, value)
}

func (o *sqlOptions) addVariable(text string) error {
	name, value, _ := strings.Cut(text, "=")
	o.variables = append(o.variables, pair{name, value})
	return shell.CheckVariable(name, value)
}

// calling is a flag that may be given several times and acts each time.
type calling struct {
	what string // the word for the value in the help; empty for a switch
	set  func(string) error
}

// String, Set and Type implement pflag.Value.
func (c calling) String() string { return "" }

// Set takes a value.
func (c calling) Set(text string) error { return c.set(text) }

// Type is the word for the value in the help.
func (c calling) Type() string {
	if c.what == "" {
		return "bool"
	}
	return c.what
}

// script is what a shell runs without a dialogue.
type script struct {
	name string // of the file, for errors; empty for -e
	text io.Reader
	done func()
}

func runSQL(o sqlOptions, std command.Stdio) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	scripts, err := scriptsOf(o, std)
	for _, run := range scripts {
		defer run.done()
	}
	if err != nil {
		return err
	}
	if o.dataDir != "" {
		n, err := node.Start(ctx, embeddedConfig(o.dataDir), node.Options{Version: version, LogTo: io.Discard})
		if err != nil {
			return err
		}
		defer closeNode(n, std)
		o.url = demo.URL(n.Addrs().PG)
	}
	s, err := openShell(ctx, o, std)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, s.Close()) }()
	if scripts == nil {
		stop() // from here Ctrl-C belongs to the shell
		return s.Interactive()
	}
	for _, run := range scripts {
		err := s.RunScript(ctx, run.name, run.text)
		if errors.Is(err, shell.ErrQuit) {
			return nil
		}
		if err != nil {
			return scriptFailure(ctx, err)
		}
	}
	return nil
}

// scriptFailure gives the failure of a script its exit code. What the shell has printed is
// not printed again.
func scriptFailure(ctx context.Context, err error) error {
	var unread *os.PathError
	switch {
	case errors.As(err, &unread) && !errors.Is(err, shell.ErrStatement):
		return shell.FileError(err)
	case ctx.Err() != nil:
		return command.Silent(command.ExitInterrupted, err)
	case errors.Is(err, shell.ErrConnection):
		return command.Silent(exitConnection, err)
	}
	return command.Silent(command.ExitFailure, err)
}

func openShell(ctx context.Context, o sqlOptions, std command.Stdio) (*shell.Shell, error) {
	s, err := shell.Open(ctx, shell.Options{URL: o.url, In: std.In, Out: std.Out, Err: std.Err, Screen: func() shell.Screen { return screenOf(std.Out, std.Env) },
		ErrColor: screenOf(std.Err, std.Env).Color, HistoryFile: inHome(".tailrace_history"), StartFile: inHome(".tailracerc"), Version: version, Typed: std.InputIsTerminal(), Env: std.Env})
	if errors.Is(err, shell.ErrConnection) {
		reason := strings.TrimPrefix(err.Error(), shell.ErrConnection.Error()+": ")
		return nil, command.WithHint(command.Exit(exitConnection, errors.New(reason)), "Start one with %q, or name another with --url.", "tailrace server")
	}
	if err != nil {
		return nil, err
	}
	for _, p := range o.settings {
		err = cmp.Or(err, s.Set(p.name, p.value))
	}
	for _, p := range o.variables {
		err = cmp.Or(err, s.SetVariable(p.name, p.value))
	}
	if err == nil && o.output != "" {
		err = s.OutputTo(o.output)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// scriptsOf returns what to run without a dialogue, nil when there is nothing.
func scriptsOf(o sqlOptions, std command.Stdio) ([]script, error) {
	if o.actions == nil && !std.InputIsTerminal() {
		o.actions = []action{{true, "-"}}
	}
	var out []script
	for _, a := range o.actions {
		switch {
		case !a.isFile:
			out = append(out, script{"", strings.NewReader(a.text), func() {}})
		case a.text == "-":
			out = append(out, script{"stdin", std.In, func() {}})
		default:
			f, err := os.Open(a.text)
			if err != nil {
				return out, shell.FileError(err)
			}
			out = append(out, script{a.text, f, func() { f.Close() }})
		}
	}
	return out, nil
}

// inHome is a file of the user's; empty when there is no home folder.
func inHome(name string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, name)
}
