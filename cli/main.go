// Command tailrace is the whole of Tailrace in one program: the server, the shell, and
// the demo. Without arguments it explains itself.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tailrace/cli/command"
	"tailrace/cli/shell"
)

// version is set at link time by the Makefile.
var version = "dev"

// Exit codes of the shell, psql's: 1 for a command line or an environment that is wrong, 2
// for a connection that cannot be made or is lost, 3 for a statement of a script that
// failed.
const (
	exitConnection = 2
	exitScript     = 3
)

// screenOf says what an output can show.
func screenOf(w io.Writer, env func(string) string) shell.Screen {
	if f, ok := w.(*os.File); ok {
		return shell.ScreenOf(f, env)
	}
	return shell.Screen{}
}

func main() { os.Exit(run(os.Args[1:], command.OS())) }

// run executes a command line and returns the exit code.
func run(args []string, std command.Stdio) int { return command.Run(root(std), args, std) }

func root(std command.Stdio) *cobra.Command {
	cmd := command.Root(&cobra.Command{
		Use:   "tailrace",
		Short: "A streaming SQL database in one program",
		Long: `Tailrace keeps records in its own log, which speaks the Kafka protocol, runs
continuous SQL over them, and serves the results over the Postgres protocol.

Try it:          tailrace demo
Run a server:    tailrace server --data-dir ./data
Open the shell:  tailrace sql

Exit codes: 0 done, 1 failed, 2 the command line is wrong ("tailrace sql" has psql's).`,
		Version: version,
	}, std)
	cmd.SetVersionTemplate("tailrace {{.Version}}\n")
	return command.Group(cmd, demoCommand(std), serverCommand(std), sqlCommand(std), backupCommand(std), restoreCommand(std),
		logCommand(std), versionCommand(std))
}

func versionCommand(std command.Stdio) *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: command.NoArguments(""),
		Long:    "Prints the version of the program, as --version does.",
		Example: "  tailrace version",
		Run:     func(*cobra.Command, []string) { fmt.Fprintf(std.Out, "tailrace %s\n", version) }}
}
