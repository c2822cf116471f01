package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tailrace/sql/sqlerr"
)

// unknownCommand refuses a command that there is not, with the one that was perhaps
// meant. It looks before flags are parsed, since those of an unknown command are unknown
// too.
func unknownCommand(root *cobra.Command, args []string) error {
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		return nil
	}
	c, rest, _ := root.Find(args) // it fails for the root only, and returns it
	if !c.HasSubCommands() {
		return nil
	}
	typed := firstArgument(c, rest)
	if typed == "" {
		return nil
	}
	of := ""
	if c.HasParent() {
		of = fmt.Sprintf(" of %q", c.CommandPath())
	}
	hint := fmt.Sprintf("%q lists the commands", c.CommandPath()+" --help")
	if near := sqlerr.Closest(typed, subcommands(c)); near != "" {
		hint = fmt.Sprintf("did you mean %q?", c.CommandPath()+" "+near)
	}
	return Usagef("no command %q%s; %s", typed, of, hint)
}

func subcommands(c *cobra.Command) []string {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return names
}

// firstArgument is the first of the arguments that is neither a flag nor a flag's value.
func firstArgument(c *cobra.Command, args []string) string {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--" || !strings.HasPrefix(a, "-") || a == "-":
			if a != "--" {
				return a
			}
		case !strings.Contains(a, "=") && takesValue(c, a):
			i++
		}
	}
	return ""
}

func takesValue(c *cobra.Command, arg string) bool {
	var f *pflag.Flag
	if name, ok := strings.CutPrefix(arg, "--"); ok {
		if f = c.Flags().Lookup(name); f == nil {
			f = c.PersistentFlags().Lookup(name)
		}
	} else if len(arg) == 2 {
		if f = c.Flags().ShorthandLookup(arg[1:]); f == nil {
			f = c.PersistentFlags().ShorthandLookup(arg[1:])
		}
	}
	return f != nil && f.NoOptDefVal == ""
}

// FlagError words the failure to read flags, with the one that was perhaps meant, or
// where to read about them.
func FlagError(c *cobra.Command, err error) error {
	hint := fmt.Sprintf("%q lists the flags", c.CommandPath()+" --help")
	if typed, ok := strings.CutPrefix(err.Error(), "unknown flag: --"); ok {
		if near := sqlerr.Closest(typed, flagNames(c)); near != "" {
			hint = fmt.Sprintf("did you mean --%s?", near)
		}
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return Usagef("--%s: %s", invalid.GetFlag().Name, valueError(invalid))
	}
	return Usagef("%w; %s", err, hint)
}

// valueError says what is wrong with a flag's value.
func valueError(invalid *pflag.InvalidValueError) string {
	var number *strconv.NumError
	if !errors.As(invalid, &number) {
		return fmt.Sprintf("%q will not do: %s", invalid.GetValue(), errors.Unwrap(invalid))
	}
	kind := "a number"
	switch t := invalid.GetFlag().Value.Type(); {
	case t == "bool":
		kind = "true or false"
	case strings.Contains(t, "int"):
		kind = "a whole number"
	}
	if errors.Is(number, strconv.ErrRange) {
		return fmt.Sprintf("%s is too large", invalid.GetValue())
	}
	return fmt.Sprintf("it must be %s, not %q", kind, invalid.GetValue())
}

// flagNames lists the flags of a command.
func flagNames(c *cobra.Command) []string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// NoArguments refuses arguments that are not flags; hint says where they belong.
func NoArguments(hint string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		if hint != "" {
			hint = "; " + hint
		}
		return Usagef("%s takes no argument, but there is %q%s", c.CommandPath(), args[0], hint)
	}
}

// Arguments asks for at least min and at most max arguments (max < 0: any number) and
// says what they are when they are missing.
func Arguments(min, max int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < min:
			return Usagef("%s is needed: %s", what, c.UseLine())
		case max >= 0 && len(args) > max:
			return Usagef("%s is needed, but there is also %q: %s", what, args[max], c.UseLine())
		}
		return nil
	}
}

// Group makes the command that holds others: alone it explains itself.
func Group(c *cobra.Command, children ...*cobra.Command) *cobra.Command {
	c.Args = NoArguments("")
	if c.RunE == nil {
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	c.AddCommand(children...)
	return c
}

// Count is a number of things, in words: 1 broker, 2 brokers.
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Near says what was perhaps meant by a name among others: a hint, or an empty one.
func Near(typed string, names []string) string {
	if near := sqlerr.Closest(typed, names); near != "" {
		return fmt.Sprintf("Did you mean %q?", near)
	}
	return ""
}
