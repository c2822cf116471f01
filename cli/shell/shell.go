// Package shell is the interactive SQL shell: a client of the Postgres port like any
// other, with line editing, history, completion, and tables that fill as rows come.
//
//	tailrace> SELECT origin, COUNT(*) AS n FROM flights GROUP BY origin EMIT CHANGES;
//
// A statement ends with a semicolon and may span lines; lines that begin with a backslash,
// and the words of ksqlDB's own shell (help, exit, run script, ...), are commands of the
// shell itself (commands.go).
package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/chzyer/readline"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/term"

	"tailrace/sql/parse"
)

// Options say how a shell connects and where it prints.
type Options struct {
	URL         string // postgres://host:port/
	Out, Err    io.Writer
	HistoryFile string // empty: none is kept
	Quiet       bool   // no greeting
	Vertical    bool
}

// Shell is a connected shell.
type Shell struct {
	opts      Options
	conn      *pgconn.PgConn
	out       io.Writer
	errOut    io.Writer
	vertical  bool
	timing    bool
	sawNotice bool
	names     *completer
	history   []string
}

// ErrQuit is returned by a command that ends the shell.
var ErrQuit = errors.New("quit")

// Open connects.
func Open(ctx context.Context, opts Options) (*Shell, error) {
	s := &Shell{opts: opts, out: opts.Out, errOut: opts.Err, vertical: opts.Vertical}
	cfg, err := pgconn.ParseConfig(opts.URL)
	if err != nil {
		return nil, fmt.Errorf("the address %q cannot be read: %w", opts.URL, err)
	}
	cfg.RuntimeParams["application_name"] = "tailrace sql"
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		s.sawNotice = true
		if n.Severity != "NOTICE" && n.Severity != "INFO" {
			fmt.Fprintf(s.errOut, "%s:  %s\n", n.Severity, n.Message)
		} else {
			fmt.Fprintln(s.out, n.Message)
		}
		if n.Hint != "" {
			fmt.Fprintf(s.errOut, "HINT:  %s\n", n.Hint)
		}
	}
	if s.conn, err = pgconn.ConnectConfig(ctx, cfg); err != nil {
		return nil, fmt.Errorf("no server answers at %s: %w", cfg.Host, err)
	}
	s.names = newCompleter(s)
	return s, nil
}

// Close ends the connection.
func (s *Shell) Close() { _ = s.conn.Close(context.Background()) }

// terminalWidth is the width to fit tables into; 0 when output is not a terminal.
func (s *Shell) terminalWidth() int {
	f, ok := s.out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}

// run executes one line of input: a command of the shell, or a statement. Errors have
// been printed.
func (s *Shell) run(ctx context.Context, text string) error {
	if handled, err := s.command(ctx, text); handled {
		if err != nil && !errors.Is(err, ErrQuit) {
			fmt.Fprintf(s.errOut, "ERROR:  %s\n", err)
		}
		return err
	}
	err := s.execute(ctx, text)
	if err != nil && s.conn.IsClosed() {
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) {
			fmt.Fprintf(s.errOut, "FATAL:  the connection is gone: %s\n", err)
		}
	}
	s.names.forget()
	return err
}

// Interactive reads and runs until the end of input or a command to quit.
func (s *Shell) Interactive() error {
	rl, err := readline.NewEx(&readline.Config{Prompt: prompt, HistoryFile: s.opts.HistoryFile, AutoComplete: s.names,
		InterruptPrompt: "^C", DisableAutoSaveHistory: true, HistorySearchFold: true, Stdout: s.out})
	if err != nil {
		return err
	}
	defer rl.Close()
	if !s.opts.Quiet {
		fmt.Fprintln(s.out, `Tailrace SQL. Statements end with ";". Type \? for help, \q to leave.`)
	}
	var pending string
	for {
		line, err := rl.Readline()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			pending = ""
			rl.SetPrompt(prompt)
			continue
		case err != nil:
			return nil // end of input
		}
		if pending == "" && strings.TrimSpace(line) == "" {
			continue
		}
		pending += line + "\n"
		if !s.complete(pending) {
			rl.SetPrompt(continued)
			continue
		}
		text := strings.TrimSpace(pending)
		pending = ""
		rl.SetPrompt(prompt)
		_ = rl.SaveHistory(strings.Join(strings.Fields(text), " "))
		s.history = append(s.history, text)
		if err := s.interruptible(text); errors.Is(err, ErrQuit) || s.conn.IsClosed() {
			return nil
		}
	}
}

const (
	prompt    = "tailrace> "
	continued = "       -> "
)

// interruptible runs a text of one or more statements; Ctrl-C stops what runs, not the
// shell.
func (s *Shell) interruptible(text string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if isCommand(text) {
		return s.run(ctx, text)
	}
	return s.RunScript(ctx, text)
}

// complete reports whether the input can be run: a command of the shell is one line, a
// statement ends with a semicolon.
func (s *Shell) complete(text string) bool {
	if isCommand(strings.TrimSpace(text)) {
		return true
	}
	pieces := parse.Split(text)
	return len(pieces) == 0 || pieces[len(pieces)-1].Terminated
}
