package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"tailrace/cli/shell/render"
)

var statementCommands = []shellCommand{
	{names: []string{`\g`}, args: mayHaveArgument, buffer: takesBuffer, usage: `\g [(NAME=VALUE ...)] [FILE]`, short: `run the statement, or the last one again; results go to FILE or "|command", shown as the settings in parentheses say`, run: runBuffer},
	{names: []string{`\gx`}, args: mayHaveArgument, buffer: takesBuffer, usage: `\gx [FILE]`, short: "the same, one column a line", run: runExpanded},
	{names: []string{`\gset`}, args: mayHaveArgument, buffer: takesBuffer, usage: `\gset [PREFIX]`, short: "run the statement and set a variable for each column of its row", run: runIntoVariables},
	{names: []string{`\watch`}, args: mayHaveArgument, buffer: takesBuffer, usage: `\watch [SECONDS] [c=TIMES] [m=ROWS]`, short: "run the statement again and again, until Ctrl-C, so many times, or until it has fewer rows", run: watch},
	{names: []string{`\e`, `\edit`}, args: mayHaveArgument, buffer: takesBuffer, usage: `\e [FILE]`, short: "edit the statement, or the last one, or a file, with $VISUAL or $EDITOR", run: edit},
	{names: []string{`\p`, `\print`}, buffer: seesBuffer, usage: `\p`, short: "show the statement, or the last one", run: printBuffer},
	{names: []string{`\r`, `\reset`}, buffer: takesBuffer, usage: `\r`, short: "forget the statement", run: func(s *Shell, _ context.Context, _ string) error { s.say("The statement is forgotten."); return nil }},
	{names: []string{`\w`, `\write`}, args: needsArgument, buffer: seesBuffer, usage: `\w FILE`, short: "write the statement, or the last one, to a file", run: writeBuffer},
}

// errNoStatement is that of commands about a statement when there is none.
var errNoStatement = errors.New("there is no statement: type one in front of the command, or run one first")

// statement is what a command is about: what stands in front of it, or what ran last.
func (s *Shell) statement() (string, error) {
	switch {
	case s.buffer != "":
		return s.buffer, nil
	case s.last != "":
		return s.last, nil
	}
	return "", errNoStatement
}

// runBuffer is \g.
func runBuffer(s *Shell, ctx context.Context, arg string) error {
	was := s.set
	defer func() { s.set = was }()
	if options, rest, ok := cutParentheses(arg); ok {
		for _, option := range strings.Fields(options) {
			name, value, given := strings.Cut(option, "=")
			found, err := findSetting(name)
			if err == nil {
				err = found.set(&s.set, strings.Trim(value, "'"), given)
			}
			if err != nil {
				return err
			}
		}
		arg = rest
	}
	return s.runTo(ctx, arg)
}

func runExpanded(s *Shell, ctx context.Context, arg string) error {
	was := s.set
	defer func() { s.set = was }()
	s.set.Expanded = render.On
	return s.runTo(ctx, arg)
}

// cutParentheses cuts a list in parentheses off the beginning of a text.
func cutParentheses(text string) (inside, rest string, ok bool) {
	if !strings.HasPrefix(text, "(") {
		return "", text, false
	}
	inside, rest, ok = strings.Cut(text[1:], ")")
	return inside, strings.TrimSpace(rest), ok
}

// runTo runs the statement; its results go to a file or program when one is named.
func (s *Shell) runTo(ctx context.Context, arg string) error {
	text, err := s.statement()
	if err != nil {
		return err
	}
	name, err := s.targetName(ctx, arg)
	if err != nil {
		return err
	}
	if name == "" {
		return s.execute(ctx, text)
	}
	to, err := openTarget(s, name)
	if err != nil {
		return err
	}
	was := s.out
	s.out = to
	err = s.execute(ctx, text)
	s.out = was
	if closed := to.close(); err == nil {
		err = closed
	}
	return err
}

// targetName is the argument that names where results go: everything behind a | is a
// command line.
func (s *Shell) targetName(ctx context.Context, arg string) (string, error) {
	if strings.HasPrefix(arg, "|") {
		return arg, nil
	}
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return "", err
	}
	return one(args)
}

// runIntoVariables is \gset.
func runIntoVariables(s *Shell, ctx context.Context, prefix string) error {
	text, err := s.statement()
	if err != nil {
		return err
	}
	a, err := s.ask(ctx, s.vars.interpolate(text))
	if err != nil {
		return err
	}
	if len(a.rows) != 1 {
		return fmt.Errorf(`\gset wants one row, and there are %d`, len(a.rows))
	}
	for i, c := range a.columns {
		if a.rows[0][i].Null {
			s.vars.unset(prefix + c.Name)
		} else if err := s.vars.set(prefix+c.Name, a.rows[0][i].Text); err != nil {
			return err
		}
	}
	s.last = text
	return nil
}

// watchSpec is what \watch is told.
type watchSpec struct {
	every   time.Duration
	times   int // 0: no limit
	minRows int // it ends when there are fewer; 0: it does not
}

func (s *Shell) watchSpecOf(args []string) (w watchSpec, err error) {
	seconds := "2"
	if v, ok := s.vars.get("WATCH_INTERVAL"); ok {
		seconds = v
	}
	for i, arg := range args {
		name, value, named := strings.Cut(arg, "=")
		var n *int
		switch {
		case !named && i == 0:
			seconds = arg
			continue
		case named && (name == "i" || name == "interval"):
			seconds = value
			continue
		case named && (name == "c" || name == "count"):
			n = &w.times
		case named && (name == "m" || name == "min_rows"):
			n = &w.minRows
		default:
			return w, fmt.Errorf(`\watch takes a number of seconds, c=TIMES and m=ROWS, not %q`, arg)
		}
		if *n, err = strconv.Atoi(value); err != nil || *n < 1 {
			return w, fmt.Errorf("%s must be a whole number from 1 on, not %q", name, value)
		}
	}
	f, err := strconv.ParseFloat(seconds, 64)
	if err != nil || !(f >= 0 && f <= maxInterval) {
		return w, fmt.Errorf("%q is no number of seconds from 0 to %d", seconds, maxInterval)
	}
	w.every = time.Duration(f * float64(time.Second))
	return w, nil
}

// watch runs a statement again and again.
func watch(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	w, err := s.watchSpecOf(args)
	if err != nil {
		return err
	}
	text, err := s.statement()
	if err != nil {
		return err
	}
	if kindOf(text) != render.Whole {
		return errors.New("the statement does not end: it shows changes as they come without \\watch")
	}
	was := s.set
	defer func() { s.set = was }()
	s.set.pager = pagerOff // nobody is to turn pages of what is soon out of date
	for n := 1; ; n++ {
		s.say("%s (every %s)", time.Now().Format("Mon Jan _2 15:04:05 2006"), w.every)
		if err := s.execute(ctx, text); err != nil {
			return err
		}
		if n == w.times || s.rowCount < w.minRows || ctx.Err() != nil {
			return nil
		}
		select {
		case <-time.After(w.every):
		case <-ctx.Done():
			if s.screen().Terminal {
				fmt.Fprintln(s.std)
			}
			return nil
		}
	}
}

func printBuffer(s *Shell, _ context.Context, _ string) error {
	text, err := s.statement()
	if err != nil {
		return err
	}
	fmt.Fprintln(s.std, text)
	return nil
}

func writeBuffer(s *Shell, ctx context.Context, arg string) error {
	text, err := s.statement()
	if err != nil {
		return err
	}
	name, err := s.targetName(ctx, arg)
	if err != nil {
		return err
	}
	to, err := openTarget(s, name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(to.w, text+";")
	if closed := to.close(); err == nil {
		err = closed
	}
	return err
}

// edit is \e: what the editor leaves is read as if it had been typed.
func edit(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	name, err := one(args)
	if err != nil {
		return err
	}
	if !s.opts.Typed {
		return errors.New("there is no terminal to edit on")
	}
	if name == "" {
		f, err := os.CreateTemp("", "tailrace-*.sql")
		if err != nil {
			return FileError(err)
		}
		name = f.Name()
		defer os.Remove(name)
		text, _ := s.statement()
		if text != "" {
			_, err = f.WriteString(text + ";\n")
		}
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return FileError(err)
		}
	}
	before, _ := os.ReadFile(name)
	if err := s.runEditor(ctx, name); err != nil {
		return err
	}
	after, err := os.ReadFile(name)
	if err != nil {
		return FileError(err)
	}
	if len(args) == 0 && string(after) == string(before) {
		s.say("Nothing has been changed; nothing is run.")
		return nil
	}
	s.typed = strings.TrimRight(string(after), "\n")
	return nil
}

func (s *Shell) runEditor(ctx context.Context, name string) error {
	editor := orDefault(s.opts.Env("VISUAL"), orDefault(s.opts.Env("EDITOR"), "vi"))
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", editor+` "$1"`, "sh", name)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, s.opts.Out, s.opts.Err
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the editor %q: %w; $VISUAL or $EDITOR names another", editor, err)
	}
	return nil
}
