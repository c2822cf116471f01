// Command tailrace is the whole of Tailrace in one program: the server, the shell, and
// the demo. Without arguments it explains itself.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tailrace/cli/command"
	"tailrace/cli/kafka/bench"
	"tailrace/cli/kafka/cluster"
	"tailrace/cli/kafka/configs"
	"tailrace/cli/kafka/consume"
	"tailrace/cli/kafka/groups"
	"tailrace/cli/kafka/produce"
	"tailrace/cli/kafka/topics"
	"tailrace/cli/shell"
)

// version is set at link time by the Makefile.
var version = "dev"

// exitConnection is the shell's exit code for a connection that cannot be made or is lost,
// as psql has it. A command line that is wrong and a statement that failed are 1.
const exitConnection = 2

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
Look at topics:  tailrace topics list

Exit codes: 0 done, 1 failed, 2 the command line is wrong ("tailrace sql" has psql's).`,
		Version: version,
	}, std)
	cmd.SetVersionTemplate("tailrace {{.Version}}\n")
	groups := []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"server", "Server and SQL", []*cobra.Command{demoCommand(std), serverCommand(std), sqlCommand(std)}},
		{"kafka", "Any cluster that speaks the Kafka protocol", []*cobra.Command{topics.Command(std), configs.Command(std), produce.Command(std), consume.Command(std), groups.Command(std), cluster.Command(std), bench.Command(std)}},
		{"data", "Data folders", []*cobra.Command{backupCommand(std), restoreCommand(std), logCommand(std)}},
	}
	for _, g := range groups {
		cmd.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range g.commands {
			c.GroupID = g.id
			cmd.AddCommand(c)
		}
	}
	return command.Group(cmd, completionCommand(std), versionCommand(std))
}

func versionCommand(std command.Stdio) *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: command.NoArguments(""),
		Long:    "Prints the version of the program, as --version does.",
		Example: "  tailrace version",
		Run:     func(*cobra.Command, []string) { fmt.Fprintf(std.Out, "tailrace %s\n", version) }}
}
