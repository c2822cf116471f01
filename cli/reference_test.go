package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"tailrace/cli/command"
)

var update = flag.Bool("update", false, "write the reference instead of checking it")

const referenceFile = "../docs/reference/commands.md"

// everyCommand calls f for every command that --help shows, parents first.
func everyCommand(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			everyCommand(sub, f)
		}
	}
}

// TestReference holds the --help of every command, which is the reference.
func TestReference(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Commands\n\nGenerated from the commands (cli) by its tests; do not edit.\n[../command-line.md](../command-line.md) has examples with their output.\n")
	everyCommand(root(command.OS()), func(c *cobra.Command) {
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		code, out, errOut := tailrace("", args...)
		if code != 0 || errOut != "" {
			t.Errorf("%s --help: exit code %d, %s", c.CommandPath(), code, errOut)
		}
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s```\n", c.CommandPath(), out)
	})
	got := b.String()
	if *update {
		if err := os.WriteFile(referenceFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what the commands say; \"make docs\" writes it (-file +commands):\n%s", referenceFile, diff)
	}
}

// TestEveryCommandExplainsItself: a summary, a text and an example; unknown flags and
// commands are usage errors with a hint.
func TestEveryCommandExplainsItself(t *testing.T) {
	everyCommand(root(command.OS()), func(c *cobra.Command) {
		path := c.CommandPath()
		if c.Short == "" || c.Long == "" || c.Example == "" && c.HasParent() {
			t.Errorf("%s has no summary, no text or no example", path)
		}
		if strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: the summary ends with a full stop", path)
		}
		args := strings.Fields(path)[1:]
		code, _, errOut := tailrace("", append(args, "--no-such-flag")...)
		want := command.ExitUsage
		if c.Annotations[command.PsqlCodes] != "" {
			want = command.ExitFailure
		}
		if code != want || !strings.Contains(errOut, "unknown flag: --no-such-flag; ") {
			t.Errorf("%s --no-such-flag: exit code %d, want %d; %s", path, code, want, errOut)
		}
		if !c.HasSubCommands() {
			return
		}
		code, _, errOut = tailrace("", append(args, "xyzzyxyzzy")...)
		if code != command.ExitUsage || !strings.Contains(errOut, `no command "xyzzyxyzzy"`) {
			t.Errorf("%s xyzzyxyzzy: exit code %d; %s", path, code, errOut)
		}
	})
}
