package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tailrace/cli/command"
	"tailrace/cli/demo"
	"tailrace/cli/shell"
	"tailrace/server/node"
)

// defaultURL is where a server with default settings listens.
const defaultURL = "127.0.0.1:7432"

type sqlOptions struct {
	url, execute, file, dataDir string
	vertical                    bool
	hasExecute                  bool
}

func sqlCommand(std command.Stdio) *cobra.Command {
	var o sqlOptions
	cmd := &cobra.Command{
		Use:   "sql",
		Short: "Open the SQL shell, or run statements with -e or -f",
		Long: `Opens the shell on a server's Postgres port. With -e, -f or standard input that is
not a terminal it runs statements and ends: exit code 0 if all went well, 1 when the
command line or a file is wrong, 2 when no server answers or the connection is lost,
3 when a statement failed (the rest is not run), 130 after Ctrl-C.

With --data-dir it runs a server on that folder itself, for as long as the shell is open.
Colours are for terminals only, and off when NO_COLOR is set.`,
		Example: `  tailrace sql
  tailrace sql -e "SHOW TABLES"
  tailrace sql -f views.sql --url postgres://127.0.0.1:7432`,
		Args:        command.NoArguments("-e runs statements, -f a file"),
		Annotations: map[string]string{command.PsqlCodes: "yes"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.hasExecute = cmd.Flags().Changed("execute")
			switch {
			case o.hasExecute && cmd.Flags().Changed("file"):
				return command.Usagef("-e and -f exclude each other: give the statements or the file")
			case cmd.Flags().Changed("url") && o.dataDir != "":
				return command.Usagef("--url and --data-dir exclude each other: connect to a server or be one")
			}
			return runSQL(o, std)
		},
	}
	cmd.Flags().StringVar(&o.url, "url", defaultURL, "address of the server's Postgres port: host:port, or postgres://user@host:port/database")
	cmd.Flags().StringVarP(&o.execute, "execute", "e", "", "run these statements and end")
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "run the statements of a file and end; - is standard input")
	cmd.Flags().StringVar(&o.dataDir, "data-dir", "", "run a server on this folder while the shell is open")
	cmd.Flags().BoolVarP(&o.vertical, "vertical", "x", false, "print one column a line")
	return cmd
}

// script is what a shell runs without a dialogue.
type script struct {
	name string // of the file, for errors; empty for -e
	text io.Reader
	done func()
}

func runSQL(o sqlOptions, std command.Stdio) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run, err := scriptOf(o, std)
	if err != nil {
		return err
	}
	if run != nil {
		defer run.done()
	}
	if o.dataDir != "" {
		n, err := node.Start(ctx, embeddedConfig(o.dataDir), node.Options{Version: version, LogTo: io.Discard})
		if err != nil {
			return err
		}
		defer closeNode(n, std)
		o.url = demo.URL(n.Addrs().PG)
	}
	s, err := openShell(ctx, o.url, o.vertical, std)
	if err != nil {
		return err
	}
	defer s.Close()
	if run == nil {
		stop() // from here Ctrl-C belongs to the shell
		return s.Interactive()
	}
	err = s.RunScript(ctx, run.name, run.text)
	var unread *os.PathError
	switch {
	case err == nil, errors.Is(err, shell.ErrQuit):
		return nil
	case errors.As(err, &unread) && !errors.Is(err, shell.ErrStatement):
		return shell.FileError(err)
	case ctx.Err() != nil:
		return command.Silent(command.ExitInterrupted, err)
	case errors.Is(err, shell.ErrConnection):
		return command.Silent(exitConnection, err)
	}
	return command.Silent(exitScript, err) // the shell has printed it
}

func openShell(ctx context.Context, url string, vertical bool, std command.Stdio) (*shell.Shell, error) {
	s, err := shell.Open(ctx, shell.Options{URL: url, Out: std.Out, Err: std.Err, Screen: func() shell.Screen { return screenOf(std.Out, std.Env) },
		ErrColor: screenOf(std.Err, std.Env).Color, HistoryFile: historyFile(), Vertical: vertical, Version: version, Typed: std.InputIsTerminal(), Env: std.Env})
	if errors.Is(err, shell.ErrConnection) {
		reason := strings.TrimPrefix(err.Error(), shell.ErrConnection.Error()+": ")
		return nil, command.WithHint(command.Exit(exitConnection, errors.New(reason)), "Start one with %q, or name another with --url.", "tailrace server")
	}
	return s, err
}

// scriptOf returns the statements to run without a dialogue, nil when there are none.
func scriptOf(o sqlOptions, std command.Stdio) (*script, error) {
	f, isFile := std.In.(*os.File)
	switch {
	case o.hasExecute:
		return &script{"", strings.NewReader(o.execute), func() {}}, nil
	case o.file == "-" || o.file == "" && (!isFile || !term.IsTerminal(int(f.Fd()))):
		return &script{"stdin", std.In, func() {}}, nil
	case o.file != "":
		f, err := os.Open(o.file)
		if err != nil {
			return nil, shell.FileError(err)
		}
		return &script{o.file, f, func() { f.Close() }}, nil
	}
	return nil, nil
}

// historyFile is where the shell keeps its history; none when there is no home folder.
func historyFile() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".tailrace_history")
}
