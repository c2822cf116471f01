package main

import (
	"github.com/spf13/cobra"

	"tailrace/cli/command"
)

// shells that completions are written for.
var shells = []string{"bash", "zsh", "fish"}

func completionCommand(std command.Stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands, flags and names in a shell",
		Long: `Prints a script for bash, zsh or fish, after which the tabulator completes commands, flags, the
words that flags take, and the names of topics and groups, which it asks the cluster for
(--bootstrap-server, if it is typed already, else as the command would).

  bash   source <(tailrace completion bash)
         or, for all sessions: tailrace completion bash > /etc/bash_completion.d/tailrace
         (it needs the package bash-completion)
  zsh    tailrace completion zsh > "${fpath[1]}/_tailrace"
  fish   tailrace completion fish > ~/.config/fish/completions/tailrace.fish`,
		Example:   `  source <(tailrace completion bash)`,
		ValidArgs: shells,
		Args:      command.Arguments(1, 1, "a shell (bash, zsh or fish)"),
		RunE: func(c *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(std.Out, true)
			case "zsh":
				return c.Root().GenZshCompletion(std.Out)
			case "fish":
				return c.Root().GenFishCompletion(std.Out, true)
			}
			err := command.Usagef("no completion for %q: there is bash, zsh and fish", args[0])
			if near := command.Near(args[0], shells); near != "" {
				return command.WithHint(err, "%s", near)
			}
			return err
		},
	}
}
