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
	if s.opts.Stdin != nil {
		cfg.Stdin, cfg.Stdout, cfg.Stderr = s.opts.Stdin, s.opts.Stdout, s.opts.Stdout
		cfg.FuncMakeRaw, cfg.FuncExitRaw = func() error { return nil }, func() error { return nil }
		cfg.FuncGetWidth, cfg.ForceUseInteractive = func() int { return 80 }, true
	}
	rl, err := readline.NewEx(cfg)
	if err != nil {
		return err
	}
	defer rl.Close()
	s.names.list = rl.Stdout()
	s.greet()
	var in input
	var typed []string // lines of the statement that is being typed
	for {
		line, err := rl.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			in.reset()
			typed = nil
			rl.SetPrompt(s.screen().Prompt())
			continue
		case err != nil:
			return nil // end of input
		}
		if typed == nil && strings.TrimSpace(line) == "" {
			continue
		}
		if hint := leaveHint(line); hint != "" && !in.empty() {
			fmt.Fprintln(s.std, hint)
		}
		items := in.feed(line)
		typed = append(typed, line)
		if in.empty() {
			s.remember(rl, strings.TrimSpace(strings.Join(typed, "\n")))
			typed = nil
		}
		for _, it := range items {
			if err = s.interruptible(it); err != nil {
				break
			}
		}
		if errors.Is(err, ErrQuit) {
			return nil
		}
		s.names.pending = in.pending
		if rl.SetPrompt(prompts[in.state()]); in.empty() {
			rl.SetPrompt(s.screen().Prompt())
		}
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
