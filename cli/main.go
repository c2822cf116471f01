// Command tailrace is the whole of Tailrace in one program: the server, the shell, and
// the demo. Without arguments it explains itself.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tailrace/cli/shell"
	"tailrace/sql/sqlerr"
)

// version is set at link time by the Makefile.
var version = "dev"

// Exit codes, psql's: 1 for a command line or an environment that is wrong, 2 for a
// connection that cannot be made or is lost, 3 for a statement of a script that failed;
// and the shell's own for what Ctrl-C ended.
const (
	exitFailure     = 1
	exitConnection  = 2
	exitScript      = 3
	exitInterrupted = 130
)

// exitError carries the exit code of a failure; silent ones have been printed.
type exitError struct {
	code   int
	err    error
	silent bool
}

// Error is the message for the user.
func (e *exitError) Error() string { return e.err.Error() }

// Unwrap returns the failure behind it.
func (e *exitError) Unwrap() error { return e.err }

// stdio is where a command reads and writes: the standard files, or a test's.
type stdio struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
}

// screen says what standard output can show.
func (s stdio) screen() shell.Screen { return screenOf(s.out, s.env) }

func screenOf(w io.Writer, env func(string) string) shell.Screen {
	if f, ok := w.(*os.File); ok {
		return shell.ScreenOf(f, env)
	}
	return shell.Screen{}
}

func main() {
	os.Exit(run(os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr, os.Getenv}))
}

// run executes a command line and returns the exit code.
func run(args []string, std stdio) int {
	cmd := root(std)
	cmd.SetArgs(args)
	err := unknownCommand(cmd, args)
	if err == nil {
		err = cmd.Execute()
	}
	if err == nil {
		return 0
	}
	code := exitFailure
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
	}
	if exit == nil || !exit.silent {
		fmt.Fprintf(std.err, "tailrace: %s\n", strings.TrimSpace(err.Error()))
	}
	return code
}

func root(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tailrace",
		Short: "A streaming SQL database in one program",
		Long: `Tailrace keeps records in its own log, which speaks the Kafka protocol, runs
continuous SQL over them, and serves the results over the Postgres protocol.

Try it:          tailrace demo
Run a server:    tailrace server --data-dir ./data
Open the shell:  tailrace sql`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
	}
	cmd.SetIn(std.in)
	cmd.SetOut(std.out)
	cmd.SetErr(std.err)
	cmd.SetVersionTemplate("tailrace {{.Version}}\n")
	cmd.SetFlagErrorFunc(flagError)
	cmd.AddCommand(demoCommand(std), serverCommand(std), sqlCommand(std), backupCommand(std), restoreCommand(std), logCommand(std), versionCommand(std))
	cmd.CompletionOptions.HiddenDefaultCmd = true
	return cmd
}

func versionCommand(std stdio) *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: noArguments,
		Run: func(*cobra.Command, []string) { fmt.Fprintf(std.out, "tailrace %s\n", version) }}
}

// unknownCommand words the failure to find a command, with the one that was perhaps meant.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if _, _, err := cmd.Find(args); err == nil {
		return nil
	}
	typed := ""
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			typed = a
			break
		}
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	hint := `"tailrace --help" lists the commands`
	if near := sqlerr.Closest(typed, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", "tailrace "+near)
	}
	return fmt.Errorf("no command %q; %s", typed, hint)
}

// flagError adds the flag that was perhaps meant, or where to read about flags.
func flagError(c *cobra.Command, err error) error {
	hint := fmt.Sprintf("%q lists the flags", c.CommandPath()+" --help")
	if typed, ok := strings.CutPrefix(err.Error(), "unknown flag: --"); ok {
		if near := sqlerr.Closest(typed, flagNames(c)); near != "" {
			hint = fmt.Sprintf("did you mean --%s?", near)
		}
	}
	return fmt.Errorf("%w; %s", err, hint)
}

// noArguments refuses arguments that are not flags.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if c.Name() == "sql" {
		hint = "; -e runs statements, -f a file"
	}
	return fmt.Errorf("%s takes no argument, but there is %q%s", c.CommandPath(), args[0], hint)
}
