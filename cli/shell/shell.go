// Package shell is the interactive SQL shell: a client of the Postgres port like any
// other, with line editing, history, completion, and tables that fill as rows come.
//
//	tailrace> SELECT origin, COUNT(*) AS n FROM flights GROUP BY origin EMIT CHANGES;
//
// A statement ends with a semicolon and may span lines; lines that begin with a backslash,
// and the words of ksqlDB's own shell (help, exit, run script, ...), are commands of the
// shell itself (commands.go). Lines become statements in input.go, results become text in
// run.go, table.go and layout.go, errors in caret.go.
//
// A Shell is used by one goroutine.
package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tailrace/cli/shell/render"
)

// Options say how a shell connects and where it prints.
type Options struct {
	URL         string    // see ParseURL
	In          io.Reader // what commands read that ask for something; nil: nothing
	Out, Err    io.Writer
	Screen      func() Screen       // what Out can show, asked before each result; nil: a pipe
	ErrColor    bool                // Err may have colours
	HistoryFile string              // empty: none is kept
	StartFile   string              // a script that a dialogue begins with, if it is there
	Version     string              // of the program, for the greeting
	Typed       bool                // somebody types at a terminal, and can turn pages
	Env         func(string) string // nil: that of the process
	Hold        time.Duration       // how long the first rows of a push query are held back to be measured; 0: 150 ms

	// Stdin and Stdout of the line editor, for tests; nil: the terminal.
	Stdin  io.ReadCloser
	Stdout io.Writer
}

// Screen says what the place that output goes to can show.
type Screen = render.Screen

// ScreenOf finds out what a file can show.
func ScreenOf(f *os.File, env func(string) string) Screen { return render.ScreenOf(f, env) }

// Shell is a connected shell.
type Shell struct {
	opts      Options
	conn      *pgconn.PgConn
	config    *pgconn.Config
	std       io.Writer // the standard output
	out       *target   // where results go
	errOut    io.Writer
	set       settings
	vars      variables
	sawNotice bool
	rowCount  int       // of the last result
	answered  time.Time // when its end had come: what turning its pages takes is not the server's
	waits     bool      // the last line tells that rows are waited for
	// toldInRows takes what the server says while rows are read, which happens in another
	// goroutine; nil otherwise.
	toldInRows func(*pgconn.Notice)
	depth      int    // of scripts that run scripts
	where      string // the place in a script of what runs, for errors
	script     string // the name of the script that runs
	names      *completer
	history    []string

	buffer     string          // the statement in front of the command that runs
	last       string          // the statement that ran last
	lastError  *pgconn.PgError // of the last statement that failed
	lastFailed string          // that statement
	typed      string          // what the editor has left, to be read as if it had been typed
	spool      spooler

	input *bufio.Reader                   // of Options.In
	asks  func(string) (string, error)    // asks whoever types for a line; nil: nobody does
	data  func() (line string, err error) // the next line of the script; nil: there is none
}

var (
	// ErrQuit is returned by a command that ends the shell.
	ErrQuit = errors.New("quit")
	// ErrConnection is the kind of a failure to reach the server, or to keep it.
	ErrConnection = errors.New("no connection")
	// ErrStatement is the kind of a failure of a statement or a command of the shell,
	// which has been printed.
	ErrStatement = errors.New("a statement failed")
)

// connectTimeout bounds the wait for a server to answer: something else may listen there.
const connectTimeout = 10 * time.Second

// Open connects. An error is an ErrConnection, except when the address cannot be read.
func Open(ctx context.Context, opts Options) (*Shell, error) {
	if opts.Env == nil {
		opts.Env = os.Getenv
	}
	s := &Shell{opts: opts, out: &target{w: opts.Out}}
	s.std, s.errOut = spooled{opts.Out, &s.spool}, spooled{opts.Err, &s.spool}
	if err := s.configure(opts.URL); err != nil {
		return nil, err
	}
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	s.names = newCompleter(s)
	return s, nil
}

// configure reads an address to connect to.
func (s *Shell) configure(url string) error {
	config, err := ParseURL(url)
	if err != nil {
		return err
	}
	s.config = config
	s.config.RuntimeParams["application_name"] = "tailrace sql"
	s.config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if s.toldInRows != nil {
			s.toldInRows(n)
		} else {
			s.notice(n)
		}
	}
	return nil
}

// ParseURL reads the address of a server: postgres://user@host:port/database, or only
// host, host:port or :port.
func ParseURL(text string) (*pgconn.Config, error) {
	full := text
	if !strings.Contains(text, "://") && !strings.Contains(text, "=") {
		host, port, err := net.SplitHostPort(text)
		if err != nil {
			host, port = text, defaultPort
		}
		if host == "" {
			host = "127.0.0.1"
		}
		full = "postgres://tailrace@" + net.JoinHostPort(host, port) + "/tailrace?sslmode=disable"
	}
	cfg, err := pgconn.ParseConfig(full)
	if err != nil {
		var fault *url.Error
		reason := "it should look like postgres://127.0.0.1:7432 or 127.0.0.1:7432"
		if errors.As(err, &fault) {
			reason = fault.Err.Error() + "; " + reason
		}
		return nil, fmt.Errorf("the address %q cannot be read: %s", text, reason)
	}
	cfg.ConnectTimeout = connectTimeout
	return cfg, nil
}

const defaultPort = "7432"

// connect makes the connection, or makes it anew.
func (s *Shell) connect(ctx context.Context) (err error) {
	if s.conn, err = pgconn.ConnectConfig(ctx, s.config); err != nil {
		s.conn = nil
		return fmt.Errorf("%w: %s", ErrConnection, s.connectFault(err))
	}
	return nil
}

// connectFault says in one line why there is no connection.
func (s *Shell) connectFault(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return fmt.Sprintf("the server at %s refuses: %s", s.address(), refused.Message)
	}
	var unknown *net.DNSError
	if errors.As(err, &unknown) {
		return fmt.Sprintf("the host %s is not known", s.config.Host)
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		reason := op.Err.Error()
		return fmt.Sprintf("no server answers at %s: %s", s.address(), strings.TrimPrefix(reason, "connect: "))
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("what listens at %s did not answer within %s: is it the Postgres port of a server?", s.address(), connectTimeout)
	}
	return fmt.Sprintf("what listens at %s does not speak the Postgres protocol: is it the Postgres port of a server?", s.address())
}

func (s *Shell) address() string {
	return net.JoinHostPort(s.config.Host, fmt.Sprint(s.config.Port))
}

// connected reconnects when the connection is gone.
func (s *Shell) connected(ctx context.Context) error {
	if s.conn != nil && !s.conn.IsClosed() {
		return nil
	}
	if err := s.connect(ctx); err != nil {
		fmt.Fprintf(s.errOut, "FATAL:  %s\n", strings.TrimPrefix(err.Error(), ErrConnection.Error()+": "))
		return err
	}
	fmt.Fprintf(s.std, "Connected to %s again; settings are back to their defaults.\n", s.address())
	return nil
}

// Close ends the connection, and the file that results go to: an error is that of writing
// them.
func (s *Shell) Close() error {
	written := s.out.close()
	s.out = &target{w: s.opts.Out}
	if spooled := s.spool.close(); written == nil {
		written = spooled
	}
	if s.conn == nil {
		return written
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx)
	return written
}

// Set changes how results are shown: a setting of \pset.
func (s *Shell) Set(name, value string) error { return s.set.Set(name, value) }

// SetVariable sets a variable, as \set does.
func (s *Shell) SetVariable(name, value string) error { return s.vars.set(name, value) }

// CheckSetting reports whether Set would take a value.
func CheckSetting(name, value string) error { return new(settings).Set(name, value) }

// CheckVariable reports whether SetVariable would take a value.
func CheckVariable(name, value string) error { return new(variables).set(name, value) }

// OutputTo sends results to a file, or with "|command" to a program, as \o does; without a
// name back to the standard output.
func (s *Shell) OutputTo(name string) (err error) {
	to := &target{w: s.opts.Out}
	if name != "" {
		if to, err = openTarget(s, name); err != nil {
			return err
		}
	}
	err = s.out.close()
	s.out = to
	return err
}

func (s *Shell) screen() Screen {
	if s.opts.Screen == nil {
		return Screen{}
	}
	return s.opts.Screen()
}

// notice prints what a statement says beside its rows.
func (s *Shell) notice(n *pgconn.Notice) {
	if n.Severity == "NOTICE" || n.Severity == "INFO" {
		s.sawNotice = true // it says more than the tag of the statement
		s.report(n.Message)
	} else {
		fmt.Fprintf(s.errOut, "%s:  %s\n", n.Severity, n.Message)
	}
	if n.Hint != "" {
		fmt.Fprintf(s.errOut, "HINT:  %s\n", n.Hint)
	}
}

// run executes a command of the shell or a statement. Errors have been printed.
func (s *Shell) run(ctx context.Context, it item) error {
	if !it.command && !isCommand(it.text) { // a script may say "exit;" in a line of statements
		s.last = it.text
		return s.execute(ctx, it.text)
	}
	s.buffer = it.buffer
	err := s.command(ctx, it.text)
	if c, _, _ := find(it.text); it.buffer != "" && c != nil && c.buffer == takesBuffer {
		s.last = it.buffer
	}
	s.buffer = ""
	if err == nil || errors.Is(err, ErrQuit) || errors.Is(err, ErrStatement) || errors.Is(err, ErrConnection) {
		return err
	}
	return s.complain(err)
}

// complain prints an error of the shell itself, with the place in the script.
func (s *Shell) complain(err error) error {
	where := s.where
	if where != "" {
		where += ": "
	}
	fmt.Fprintf(s.errOut, "%s%s  %s\n", where, Screen{Color: s.opts.ErrColor}.Paint(render.Red, "ERROR:"), err)
	return fmt.Errorf("%w: %w", ErrStatement, err)
}
