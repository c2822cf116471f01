package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

var variableCommands = []shellCommand{
	{names: []string{`\set`}, args: mayHaveArgument, usage: `\set [NAME [VALUE ...]]`, short: "show the variables, or set one; values are put together", run: setVariable},
	{names: []string{`\unset`}, args: needsArgument, usage: `\unset NAME`, short: "forget a variable", run: unsetVariable},
	{names: []string{`\prompt`}, args: needsArgument, usage: `\prompt [TEXT] NAME`, short: "ask for the value of a variable", run: promptFor},
	{names: []string{`\getenv`}, args: needsArgument, usage: `\getenv NAME VARIABLE`, short: "set a variable to one of the environment", run: getEnvironment},
}

func setVariable(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return s.page(func(w io.Writer, _ Screen) {
			for _, v := range s.vars.all() {
				fmt.Fprintf(w, "%s = '%s'\n", v.name, strings.ReplaceAll(v.value, "'", "''"))
			}
		})
	}
	value := strings.Join(args[1:], "")
	if value == "" && special[strings.ToUpper(args[0])] != nil {
		value = "on"
	}
	return s.vars.set(args[0], value)
}

func unsetVariable(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	name, err := one(args)
	if err != nil {
		return err
	}
	s.vars.unset(name)
	return nil
}

func promptFor(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	if len(args) > 2 {
		return errTooMany
	}
	name, text := args[len(args)-1], ""
	if len(args) == 2 {
		text = args[0]
	}
	if !isVariableName(name) {
		return s.vars.set(name, "")
	}
	value, err := s.readLine(text)
	if errors.Is(err, io.EOF) {
		return errors.New("there is nothing more to read")
	}
	if err != nil {
		return err
	}
	return s.vars.set(name, value)
}

func getEnvironment(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	if len(args) != 2 {
		return errors.New(`usage: \getenv NAME VARIABLE`)
	}
	if value := s.opts.Env(args[1]); value != "" {
		return s.vars.set(args[0], value)
	}
	return nil
}
