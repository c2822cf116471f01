// Command tailrace is the whole of Tailrace in one program: the server, the shell, and
// the demo. Without arguments it explains itself.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// version is set at link time by the Makefile.
var version = "dev"

// Exit codes, psql's: 1 for a command line or an environment that is wrong, 2 for a
// connection that cannot be made or is lost, 3 for a statement of a script that failed.
const (
	exitFailure    = 1
	exitConnection = 2
	exitScript     = 3
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

func main() {
	err := root().Execute()
	if err == nil {
		return
	}
	code := exitFailure
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
	}
	if exit == nil || !exit.silent {
		fmt.Fprintf(os.Stderr, "tailrace: %s\n", err)
	}
	os.Exit(code)
}

func root() *cobra.Command {
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
	cmd.SetVersionTemplate("tailrace {{.Version}}\n")
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w\nRun \"%s --help\" for the flags that there are.", err, c.CommandPath())
	})
	cmd.AddCommand(demoCommand(), serverCommand(), sqlCommand())
	return cmd
}
