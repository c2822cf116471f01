package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/chzyer/readline"

	"tailrace/cli/shell/render"
)

const (
	prompt    = render.Prompt
	continued = "       -> "
)

// prompts show what the next line continues: a statement, or a quoted text or comment
// that is still open.
var prompts = map[place]string{outside: continued, inString: "       '> ", inQuoted: "       \"> ",
	inBacktick: "       `> ", inComment: "       *> "}

// Interactive reads and runs until the end of input or a command to quit.
func (s *Shell) Interactive() error {
	if s.opts.HistoryFile != "" { // statements may hold secrets: for the owner alone
		if f, err := os.OpenFile(s.opts.HistoryFile, os.O_CREATE|os.O_RDWR, 0o600); err == nil {
			f.Close()
		}
	}
	cfg := &readline.Config{Prompt: s.screen().Prompt(), HistoryFile: s.opts.HistoryFile, HistoryLimit: 2000,
		AutoComplete: s.names, InterruptPrompt: "^C", EOFPrompt: `\q`, DisableAutoSaveHistory: true, HistorySearchFold: true}
	keys := &keyboard{ReadCloser: readline.NewCancelableStdin(os.Stdin)}
	cfg.Stdin, cfg.FuncFilterInputRune, cfg.Listener = keys, keys.filter, keys
	if s.opts.Stdin != nil {
		keys.ReadCloser, cfg.Stdout, cfg.Stderr = s.opts.Stdin, s.opts.Stdout, s.opts.Stdout
		cfg.FuncMakeRaw, cfg.FuncExitRaw = func() error { return nil }, func() error { return nil }
		cfg.FuncGetWidth, cfg.ForceUseInteractive = func() int { return 80 }, true
	}
	rl, err := readline.NewEx(cfg)
	if err != nil {
		return err
	}
	defer rl.Close()
	s.names.list = rl.Stdout()
	s.runStartFile()
	s.greet()
	s.asks = func(prompt string) (string, error) {
		rl.SetPrompt(prompt)
		return rl.Readline()
	}
	defer func() { s.asks = nil }()
	d := dialogue{shell: s, rl: rl}
	for {
		line, err := d.next()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			d.in.reset()
			d.lines = nil
			continue
		case err != nil:
			return nil // end of input
		}
		if err := d.take(line); errors.Is(err, ErrQuit) {
			return nil
		}
	}
}

// dialogue is what is being typed.
type dialogue struct {
	shell *Shell
	rl    *readline.Instance
	in    input
	lines []string // of the statement that is being typed
	queue []string // lines of the editor's, still to be taken
}

// next reads a line: of those that an editor has left, else typed.
func (d *dialogue) next() (string, error) {
	s := d.shell
	s.names.pending = d.in.pending.String()
	prompt := s.screen().Prompt()
	if !d.in.empty() {
		prompt = prompts[d.in.state()]
	}
	if len(d.queue) > 0 {
		line := d.queue[0]
		d.queue = d.queue[1:]
		fmt.Fprintf(s.std, "%s%s\n", prompt, line)
		return line, nil
	}
	d.rl.SetPrompt(prompt)
	line, err := d.rl.Readline()
	if err == nil {
		s.spool.write([]byte(prompt + line + "\n"))
	}
	return line, err
}

// take runs what a line completes. Errors have been printed, and only that somebody wants
// to leave is of interest.
func (d *dialogue) take(line string) error {
	s := d.shell
	if d.lines == nil && strings.TrimSpace(line) == "" {
		return nil
	}
	if hint := leaveHint(line); hint != "" && !d.in.empty() {
		fmt.Fprintln(s.std, hint)
	}
	items := d.in.feed(line)
	d.lines = append(d.lines, line)
	if d.in.empty() {
		s.remember(d.rl, strings.TrimSpace(strings.Join(d.lines, "\n")))
		d.lines = nil
	}
	for _, it := range items {
		err := s.interruptible(it)
		if s.typed != "" {
			d.queue = append(strings.Split(s.typed, "\n"), d.queue...)
			s.typed = ""
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// runStartFile runs the script that sets things up as somebody likes them: quietly, and a
// fault in it keeps nobody from working.
func (s *Shell) runStartFile() {
	f, err := os.Open(s.opts.StartFile)
	if err != nil {
		return
	}
	defer f.Close()
	quiet, wasSet := s.vars.get("QUIET")
	_ = s.vars.set("QUIET", "on")
	_ = s.RunScript(context.Background(), s.opts.StartFile, f)
	if s.vars.unset("QUIET"); wasSet {
		_ = s.vars.set("QUIET", quiet)
	}
}

// greet says who talks to whom, and how to leave.
func (s *Shell) greet() {
	version := s.opts.Version
	if version != "" {
		version = " " + version
	}
	fmt.Fprintf(s.std, "Tailrace%s SQL shell, connected to %s.\n", version, s.address())
	fmt.Fprintln(s.std, `Statements end with ";". Tab completes, \? helps, \q leaves.`)
}

// leaveHint helps who wants out in the middle of a statement.
func leaveHint(line string) string {
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "exit", "quit":
		return `In the middle of a statement: \q leaves, Ctrl-C forgets the statement.`
	case "help":
		return `In the middle of a statement: \? helps, Ctrl-C forgets the statement, ";" runs it.`
	}
	return ""
}

// remember keeps what was typed, for the arrow keys now and in later sessions.
func (s *Shell) remember(rl *readline.Instance, text string) {
	if n := len(s.history); text == "" || n > 0 && s.history[n-1] == text {
		return
	}
	s.history = append(s.history, text)
	if line, ok := oneLine(text); ok {
		_ = rl.SaveHistory(line) // a history that cannot be written is not worth a word
	}
}

// interruptible runs one item; Ctrl-C stops what runs, not the shell.
func (s *Shell) interruptible(it item) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return s.run(ctx, it)
}
