package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"tailrace/cli/shell/render"
	"tailrace/sql/sqlerr"
)

// shellCommand is a command of the shell itself. Its names are alternatives; run gets the
// rest of the line.
type shellCommand struct {
	names  []string
	args   arity
	usage  string
	short  string
	run    func(s *Shell, ctx context.Context, arg string) error
	buffer bufferUse
	// wholeLine says that the rest of the line is somebody else's: quotes and backslashes
	// in it mean nothing to the shell.
	wholeLine bool
}

// arity says whether something follows a command's name.
type arity byte

const (
	noArgument arity = iota
	mayHaveArgument
	needsArgument
)

// bufferUse says what a command does with the statement that stands in front of it.
type bufferUse byte

const (
	leavesBuffer bufferUse = iota
	seesBuffer             // it is about the statement, which can be continued
	takesBuffer            // it runs the statement, or drops it
)

// group is a heading of the help with its commands.
type group struct {
	title    string
	commands []shellCommand
}

var (
	groups        []group
	shellCommands []*shellCommand
)

func init() {
	groups = []group{
		{"General", generalCommands}, {"Statements", statementCommands}, {"What there is", describeCommands},
		{"Input and output", fileCommands}, {"How results are shown", displayCommands}, {"Variables", variableCommands},
	}
	for i := range groups {
		for j := range groups[i].commands {
			shellCommands = append(shellCommands, &groups[i].commands[j])
		}
	}
}

var generalCommands = []shellCommand{
	{names: []string{`\?`}, usage: `\?`, short: "show this list", run: listCommands},
	{names: []string{`\h`, `\help`, "help"}, args: mayHaveArgument, wholeLine: true, usage: `\h [STATEMENT]  help [STATEMENT]`, short: "explain a statement: syntax and an example", run: helpOn},
	{names: []string{`\q`, `\quit`, "exit", "quit"}, usage: `\q  exit  quit`, short: "leave the shell", run: func(*Shell, context.Context, string) error { return ErrQuit }},
	{names: []string{`\conninfo`}, usage: `\conninfo`, short: "show where the shell is connected", run: showConnection},
	{names: []string{`\c`, `\connect`, "server"}, args: mayHaveArgument, usage: `\c [ADDRESS]  server [ADDRESS]`, short: "connect to another server, or show which this is", run: connectTo},
	{names: []string{`\version`, "version"}, usage: `version`, short: "show the versions of shell and server", run: showVersion},
	{names: []string{`\s`, "history"}, usage: `\s  history`, short: "show the statements of this session", run: showHistory},
	{names: []string{`\clear`, "clear"}, usage: `clear`, short: "clear the screen", run: clearScreen},
	{names: []string{`\errverbose`}, usage: `\errverbose`, short: "show the last error again, with all that the server has told", run: showLastError},
	{names: []string{`\timing`}, args: mayHaveArgument, usage: `\timing [on|off]`, short: "show how long statements take", run: changeTiming},
}

// find matches a line with a command. The name of a backslash command is as it is, or in
// other letters when there is none like it; words may be in any case. A word that is no
// backslash command must fit its arity, else the line is a statement.
func find(text string) (c *shellCommand, arg string, ok bool) {
	line := strings.TrimSpace(text)
	if strings.HasPrefix(line, `\`) {
		name := commandName(line)
		c = findBackslash(name)
		arg = strings.TrimSpace(strings.TrimLeft(line[len(name):], ";"))
		if c != nil && !c.wholeLine && !strings.HasPrefix(arg, "|") {
			arg = withoutSemicolon(arg)
		}
		return c, arg, c != nil
	}
	line = strings.TrimRight(line, "; \t\r\n")
	for _, c := range shellCommands {
		for _, name := range c.names {
			rest, ok := cutWords(line, name)
			if !ok || name[0] == '\\' || rest != "" && rest[0] != ' ' && rest[0] != '\t' && rest[0] != '\n' {
				continue
			}
			rest = strings.TrimSpace(rest)
			if rest != "" && c.args == noArgument || rest == "" && c.args == needsArgument || strings.Contains(rest, ";") {
				continue
			}
			return c, rest, true
		}
	}
	return nil, "", false
}

// withoutSemicolon takes semicolons off the end of an argument, which some type behind
// everything. One that stands alone is meant.
func withoutSemicolon(arg string) string {
	if cut := strings.TrimRight(arg, "; \t"); cut != "" && !strings.HasSuffix(arg, " ;") {
		return cut
	}
	return arg
}

// findBackslash finds a command by its name. Letters that psql has for details of its
// catalog are left out: \dtS+ is \dt+.
func findBackslash(name string) *shellCommand {
	if strings.HasPrefix(name, `\d`) && len(name) > 2 {
		name = name[:2] + strings.NewReplacer("S", "", "x", "").Replace(name[2:])
	}
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for _, c := range shellCommands {
			for _, n := range c.names {
				if same(n, name) {
					return c
				}
			}
		}
	}
	return nil
}

// cutWords cuts a name of one or more words off a line; between words any space will do.
func cutWords(line, name string) (rest string, ok bool) {
	for i, word := range strings.Fields(name) {
		if i > 0 {
			line = strings.TrimLeft(line, " \t")
		}
		if len(line) < len(word) || !strings.EqualFold(line[:len(word)], word) {
			return "", false
		}
		line = line[len(word):]
	}
	return line, true
}

// isCommand reports whether a line is for the shell.
func isCommand(line string) bool {
	if strings.HasPrefix(strings.TrimSpace(line), `\`) {
		return true
	}
	_, _, ok := find(line)
	return ok
}

// command runs a command of the shell.
func (s *Shell) command(ctx context.Context, text string) error {
	c, arg, ok := find(text)
	if !ok {
		word := commandName(text)
		if near := sqlerr.Closest(word, commandNames()); near != "" {
			return fmt.Errorf(`no command %s; did you mean %s? \? lists them`, word, near)
		}
		return fmt.Errorf(`no command %s; \? lists them`, word)
	}
	switch {
	case arg == "" && c.args == needsArgument:
		return fmt.Errorf("usage: %s", c.usage)
	case arg != "" && c.args == noArgument:
		return fmt.Errorf("%s takes no argument; usage: %s", c.names[0], c.usage)
	}
	err := c.run(s, ctx, arg)
	if errors.Is(err, errTooMany) {
		err = fmt.Errorf("%w; usage: %s", err, c.usage)
	}
	return err
}

func commandNames() []string {
	var out []string
	for _, c := range shellCommands {
		for _, n := range c.names {
			if strings.HasPrefix(n, `\`) {
				out = append(out, n)
			}
		}
	}
	return out
}

// listCommands is \?.
func listCommands(s *Shell, _ context.Context, _ string) error {
	return s.page(func(w io.Writer, screen Screen) {
		fmt.Fprint(w, "Statements end with \";\". \\h lists them, \\h SELECT explains one.\n\n")
		for i, g := range groups {
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintln(w, screen.Paint(render.Bold, g.title))
			for _, c := range g.commands {
				if c.usage == "" {
					continue // it stands with another
				}
				printUsage(w, c.usage, c.short, screen.Width)
			}
		}
	})
}

// usageWidth is the width of the column of usages in the help.
const usageWidth = 28

// printUsage prints one line of the help; what does not fit goes on below itself.
func printUsage(w io.Writer, usage, short string, width int) {
	if width == 0 {
		width = 100
	}
	lines := render.Wrap(short, max(20, width-usageWidth-3))
	if runewidth.StringWidth(usage) > usageWidth {
		fmt.Fprintf(w, "  %s\n", usage)
		usage = ""
	}
	for _, line := range lines {
		fmt.Fprintf(w, "  %s %s\n", runewidth.FillRight(usage, usageWidth), line)
		usage = ""
	}
}

// page prints a text of the shell itself, in a pager when it is longer than the screen.
func (s *Shell) page(print func(w io.Writer, screen Screen)) error {
	out := newSheet(s, s.paged())
	print(out, s.screen())
	out.close()
	return out.fault(&target{})
}

func showHistory(s *Shell, _ context.Context, _ string) error {
	return s.page(func(w io.Writer, _ Screen) {
		for i, h := range s.history {
			fmt.Fprintf(w, "%4d  %s\n", i+1, strings.ReplaceAll(h, "\n", "\n      "))
		}
	})
}

func clearScreen(s *Shell, _ context.Context, _ string) error {
	if s.screen().Terminal {
		fmt.Fprint(s.std, "\x1b[H\x1b[2J\x1b[3J")
	}
	return nil
}

func showConnection(s *Shell, ctx context.Context, _ string) error {
	if err := s.connected(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.std, "Connected to %s as user %s, server version %s.\n", s.address(), s.config.User, s.conn.ParameterStatus("server_version"))
	return nil
}

// connectTo is \c: the connection there was stays when there is none to be had.
func connectTo(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	address, err := one(args)
	if err != nil {
		return err
	}
	if address == "" {
		return showConnection(s, ctx, "")
	}
	was, conn := s.config, s.conn
	if err := s.configure(address); err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		s.config, s.conn = was, conn
		return fmt.Errorf("%s; still connected to %s", strings.TrimPrefix(err.Error(), ErrConnection.Error()+": "), s.address())
	}
	if conn != nil {
		timeout, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_ = conn.Close(timeout)
	}
	s.names.forget()
	s.say("Connected to %s.", s.address())
	return nil
}

func showVersion(s *Shell, ctx context.Context, _ string) error {
	if s.opts.Version != "" {
		fmt.Fprintf(s.std, "Shell:  Tailrace %s\n", s.opts.Version)
	}
	if err := s.connected(ctx); err != nil {
		return err
	}
	fmt.Fprintf(s.std, "Server: %s\n", s.conn.ParameterStatus("server_version"))
	return nil
}

// showLastError is \errverbose.
func showLastError(s *Shell, _ context.Context, _ string) error {
	e := s.lastError
	if e == nil {
		s.say("There is no previous error.")
		return nil
	}
	verbose := *e
	verbose.Message = e.Code + ": " + e.Message
	s.printError(s.lastFailed, "", &verbose)
	return nil
}

func changeTiming(s *Shell, ctx context.Context, arg string) error {
	args, err := s.arguments(ctx, arg)
	if err != nil {
		return err
	}
	value, err := one(args)
	if err != nil {
		return err
	}
	on := !s.set.timing
	if value != "" {
		if on, err = parseSwitch(value); err != nil {
			return err
		}
	}
	s.set.timing = on
	s.say("Timing is %s.", onOff(on))
	return nil
}

// namesTimeout bounds a question of the shell itself; the connection is made anew when the
// server does not answer it.
const namesTimeout = 3 * time.Second
