package shell

import (
	"context"
	"fmt"
	"io"
	"strings"

	"tailrace/cli/shell/render"
)

var displayCommands = []shellCommand{
	{names: []string{`\pset`}, args: mayHaveArgument, usage: `\pset [NAME [VALUE]]`, short: "show or change how results are shown: format, expanded, pager, null, ...", run: changeSetting},
	{names: []string{`\a`}, usage: `\a`, short: "switch between aligned and unaligned output", run: toggleAligned},
	{names: []string{`\t`}, args: mayHaveArgument, usage: `\t [on|off]`, short: "show rows alone, without header and count", run: changeNamed("tuples_only")},
	{names: []string{`\x`}, args: mayHaveArgument, usage: `\x [on|off|auto]`, short: "show one column a line", run: changeNamed("expanded")},
	{names: []string{`\f`}, args: mayHaveArgument, usage: `\f [TEXT]`, short: "show or set what stands between the values of unaligned output", run: changeNamed("fieldsep")},
	{names: []string{"set cli"}, args: needsArgument, run: setCLI},
	{names: []string{"output"}, args: needsArgument, usage: `output TABULAR|VERTICAL|JSON`, short: "the same, by ksqlDB's names", run: setOutput},
}

// changeSetting is \pset: all settings, one of them, or a new value for it.
func changeSetting(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	switch len(args) {
	case 0:
		return s.page(func(w io.Writer, screen Screen) {
			for _, f := range allSettings {
				printUsage(w, fmt.Sprintf("%-15s %s", f.name, f.value(&s.set)), f.short+": "+f.values, screen.Width)
			}
		})
	case 1:
		return s.change(args[0], "", false)
	case 2:
		return s.change(args[0], args[1], true)
	}
	return errTooMany
}

// change changes a setting and tells how it is now.
func (s *Shell) change(name, value string, given bool) error {
	found, err := findSetting(name)
	if err != nil {
		return err
	}
	if err := found.set(&s.set, value, given); err != nil {
		return err
	}
	s.say("%s", found.show(&s.set))
	return nil
}

// changeNamed is a command that is short for \pset with a name.
func changeNamed(name string) func(*Shell, context.Context, string) error {
	return func(s *Shell, ctx context.Context, arg string) error {
		args, err := s.arguments(ctx, arg)
		if err != nil {
			return err
		}
		value, err := one(args)
		if err != nil {
			return err
		}
		return s.change(name, value, len(args) > 0)
	}
}

func toggleAligned(s *Shell, _ context.Context, _ string) error {
	format := render.Aligned
	if s.set.Format == render.Aligned {
		format = render.Unaligned
	}
	return s.change("format", format.String(), true)
}

func setOutput(s *Shell, _ context.Context, arg string) error {
	switch strings.ToUpper(arg) {
	case "TABULAR":
		s.set.Format, s.set.Expanded = render.Aligned, render.Auto
	case "VERTICAL":
		s.set.Format, s.set.Expanded = render.Aligned, render.On
	case "JSON":
		s.set.Format = render.JSON
	default:
		return fmt.Errorf("output is TABULAR, VERTICAL or JSON, not %q", arg)
	}
	s.say("Output is %s.", strings.ToUpper(arg))
	return nil
}

// setCLI is ksqlDB's SET CLI WRAP and COLUMN-WIDTH: scripts say it, and there is nothing to
// be set, since nothing is cut.
func setCLI(s *Shell, _ context.Context, arg string) error {
	switch name, _, _ := strings.Cut(strings.ToUpper(arg), " "); name {
	case "WRAP", "COLUMN-WIDTH":
		s.say(`Values are always shown whole, and columns are as wide as they need; \pset changes what else there is.`)
		return nil
	}
	return fmt.Errorf(`SET CLI has WRAP and COLUMN-WIDTH, not %q; \pset shows what else there is`, arg)
}
