package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

var fileCommands = []shellCommand{
	{names: []string{`\i`, `\include`, "run script"}, args: needsArgument, usage: `\i FILE  run script FILE`, short: "run the statements of a file", run: runFile},
	{names: []string{`\ir`, `\include_relative`}, args: needsArgument, usage: `\ir FILE`, short: "the same, FILE being beside the script that says it", run: runBeside},
	{names: []string{`\copy`}, args: mayHaveArgument, wholeLine: true, usage: `\copy TABLE|(QUERY) FROM|TO FILE`, short: `copy rows from or to a file: CSV, TSV, JSON, JSON lines (\copy alone explains)`, run: copyRows},
	{names: []string{`\o`, `\out`}, args: mayHaveArgument, usage: `\o [FILE]`, short: `results go to FILE or "|command"; back to the screen without it`, run: outputTo},
	{names: []string{"spool"}, args: needsArgument, usage: `spool FILE  spool off`, short: "write everything that is typed and shown to a file as well", run: spool},
	{names: []string{`\echo`}, args: mayHaveArgument, usage: `\echo [-n] TEXT`, short: "print a text", run: echoTo(func(s *Shell) io.Writer { return s.std })},
	{names: []string{`\qecho`}, args: mayHaveArgument, usage: `\qecho [-n] TEXT`, short: "print a text where results go", run: echoTo(func(s *Shell) io.Writer { return s.results() })},
	{names: []string{`\warn`}, args: mayHaveArgument, usage: `\warn [-n] TEXT`, short: "print a text where errors go", run: echoTo(func(s *Shell) io.Writer { return s.errOut })},
	{names: []string{`\!`}, args: mayHaveArgument, wholeLine: true, usage: `\! [COMMAND]`, short: "run a command of the system, or its shell", run: runSystem},
	{names: []string{`\cd`}, args: mayHaveArgument, usage: `\cd [FOLDER]`, short: "change the working folder", run: changeFolder},
}

// maxDepth bounds scripts that run scripts: one that runs itself would not end.
const maxDepth = 16

func runFile(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	name, err := one(args)
	if err != nil {
		return err
	}
	return s.runScriptFile(ctx, name)
}

// runBeside is \ir.
func runBeside(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	name, err := one(args)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(name) && s.script != "" && s.script != standardInput {
		name = filepath.Join(filepath.Dir(s.script), name)
	}
	return s.runScriptFile(ctx, name)
}

func (s *Shell) runScriptFile(ctx context.Context, name string) error {
	if s.depth >= maxDepth {
		return fmt.Errorf("scripts run scripts %d deep: does %s run itself?", maxDepth, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return FileError(err)
	}
	defer f.Close()
	s.depth++
	defer func() { s.depth-- }()
	err = s.RunScript(ctx, name, f)
	var unread *os.PathError
	if errors.As(err, &unread) && !errors.Is(err, ErrStatement) {
		return FileError(err)
	}
	return err
}

// FileError words the failure to read or write a file: its name, and why.
func FileError(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Path, path.Err)
	}
	return err
}

func outputTo(s *Shell, ctx context.Context, arg string) error {
	name, err := s.targetName(ctx, arg)
	if err != nil {
		return err
	}
	return s.OutputTo(name)
}

// spool is ksqlDB's SPOOL: a copy of the whole dialogue.
func spool(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	name, err := one(args)
	if err != nil {
		return err
	}
	if s.spool.to != nil {
		err = s.spool.close()
	}
	if strings.EqualFold(arg, "off") || err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return FileError(err)
	}
	s.spool.to = f
	s.say("Everything is written to %s as well, until SPOOL OFF.", name)
	return nil
}

// echoTo is \echo and its like.
func echoTo(where func(*Shell) io.Writer) func(*Shell, context.Context, string) error {
	return func(s *Shell, ctx context.Context, arg string) error {
		args, err := s.arguments(ctx, arg)
		if err != nil {
			return err
		}
		end := "\n"
		if len(args) > 0 && args[0] == "-n" {
			args, end = args[1:], ""
		}
		_, err = io.WriteString(where(s), strings.Join(args, " ")+end)
		return err
	}
}

// runSystem is \!. A command that fails is an error, so that scripts stop.
func runSystem(s *Shell, ctx context.Context, arg string) error {
	line := s.vars.inQuotes(arg)
	if line == "" {
		if !s.opts.Typed {
			return errors.New(`\! alone opens the system's shell, and there is no terminal for it`)
		}
		line = orDefault(s.opts.Env("SHELL"), "/bin/sh")
	}
	cmd := shellCommandLine(ctx, line)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.opts.In, s.std, s.errOut
	if s.opts.Typed {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, s.opts.Out, s.opts.Err
	} else if s.script == standardInput {
		cmd.Stdin = nil // the script comes that way
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	return nil
}

func changeFolder(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	folder, err := one(args)
	if err != nil {
		return err
	}
	if folder == "" {
		if folder, err = os.UserHomeDir(); err != nil {
			return err
		}
	}
	if err := os.Chdir(folder); err != nil {
		return FileError(err)
	}
	return nil
}

// spooler writes what goes to the terminal to a file as well, without colours.
type spooler struct {
	to io.WriteCloser // nil: nothing is spooled
}

// write adds a text to the file. A file that cannot be written is given up: the dialogue
// is what matters.
func (p *spooler) write(text []byte) {
	if p.to == nil {
		return
	}
	if _, err := p.to.Write(withoutColours(text)); err != nil {
		_ = p.close()
	}
}

func (p *spooler) close() error {
	if p.to == nil {
		return nil
	}
	err := p.to.Close()
	p.to = nil
	return FileError(err)
}

// spooled is an output whose text is spooled.
type spooled struct {
	io.Writer
	spool *spooler
}

// Write implements io.Writer.
func (w spooled) Write(p []byte) (int, error) {
	w.spool.write(p)
	return w.Writer.Write(p)
}

// withoutColours leaves escape sequences out.
func withoutColours(text []byte) []byte {
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] == 0x1b && i+1 < len(text) && text[i+1] == '[' {
			for i += 2; i < len(text) && (text[i] < '@' || text[i] > '~'); i++ {
			}
			continue
		}
		if text[i] != '\r' {
			out = append(out, text[i])
		}
	}
	return out
}

// readLine asks for a line: of whoever types, or of the standard input.
func (s *Shell) readLine(prompt string) (string, error) {
	if s.asks != nil {
		return s.asks(prompt)
	}
	if s.input == nil {
		if s.opts.In == nil {
			return "", io.EOF
		}
		s.input = bufio.NewReader(s.opts.In)
	}
	fmt.Fprint(s.errOut, prompt)
	line, err := s.input.ReadString('\n')
	if err != nil && line == "" {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}
