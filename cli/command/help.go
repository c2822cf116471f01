package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// section names, in a flag's annotations, the heading of the help that it stands under.
const section = "section"

// InSection puts the flags of a set under a heading of their own in the help.
func InSection(title string, fs *pflag.FlagSet) {
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[section] = []string{title}
	})
}

// usage writes how a command is used: cobra's text, with the flags in sections.
func usage(c *cobra.Command) error {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND\n", c.CommandPath())
	} else {
		fmt.Fprintf(&b, "  %s\n", c.UseLine())
	}
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", strings.TrimRight(c.Example, "\n"))
	}
	if c.HasAvailableSubCommands() {
		for _, g := range append(c.Groups(), &cobra.Group{Title: otherCommands(c)}) {
			writeCommands(&b, c, g)
		}
	}
	titles, sets := flagSections(c)
	for _, title := range titles {
		fmt.Fprintf(&b, "\n%s:\n%s", title, sets[title].FlagUsages())
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n\"%s COMMAND --help\" says more about a command.\n", c.CommandPath())
	}
	_, err := fmt.Fprint(c.OutOrStderr(), b.String())
	return err
}

// otherCommands is the heading of the commands that are in no group.
func otherCommands(c *cobra.Command) string {
	if len(c.Groups()) > 0 {
		return "Others"
	}
	return "Commands"
}

func writeCommands(b *strings.Builder, c *cobra.Command, g *cobra.Group) {
	first := true
	for _, sub := range c.Commands() {
		if sub.GroupID != g.ID || !sub.IsAvailableCommand() {
			continue
		}
		if first {
			fmt.Fprintf(b, "\n%s:\n", g.Title)
			first = false
		}
		fmt.Fprintf(b, "  %-*s %s\n", c.NamePadding(), sub.Name(), sub.Short)
	}
}

// flagSections sorts the flags of a command by heading; the command's own come first.
func flagSections(c *cobra.Command) (titles []string, sets map[string]*pflag.FlagSet) {
	sets = map[string]*pflag.FlagSet{}
	const own = "Flags"
	add := func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		title := own
		if t := f.Annotations[section]; len(t) > 0 {
			title = t[0]
		}
		if sets[title] == nil {
			sets[title] = pflag.NewFlagSet(title, pflag.ContinueOnError)
			if title != own {
				titles = append(titles, title)
			}
		}
		sets[title].AddFlag(f)
	}
	c.LocalFlags().VisitAll(add)
	c.InheritedFlags().VisitAll(add)
	if sets[own] != nil {
		titles = append([]string{own}, titles...)
	}
	return titles, sets
}

// Root prepares the command that holds all others: where it writes, how it fails and how
// it explains itself.
func Root(c *cobra.Command, std Stdio) *cobra.Command {
	c.SilenceUsage, c.SilenceErrors = true, true
	c.SetIn(std.In)
	c.SetOut(std.Out)
	c.SetErr(std.Err)
	c.SetFlagErrorFunc(FlagError)
	c.SetUsageFunc(usage)
	c.CompletionOptions.DisableDefaultCmd = true
	c.SetHelpCommand(helpCommand(c))
	return c
}

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Explain a command",
		Long:    `Explains a command, as --help after it does. Without one it lists all.`,
		Example: `  tailrace help topics create`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			c, rest, _ := root.Find(args)
			if len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return WithPrefix(subcommands(c), typed), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := unknownCommand(root, args); err != nil {
				return err
			}
			c, rest, _ := root.Find(args)
			if len(rest) > 0 {
				return Usagef("%q has no commands, so there is no %q", c.CommandPath(), rest[0])
			}
			c.InitDefaultHelpFlag()
			return c.Help()
		},
	}
}
