package shell

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tailrace/cli/shell/render"
)

const (
	// holdTime is the default of Options.Hold.
	holdTime = 150 * time.Millisecond
	// cancelTimeout is how long the server may take to stop a statement before the
	// shell leaves it alone and connects anew.
	cancelTimeout = 5 * time.Second
)

// RunScript executes the statements and commands of a text one by one, as their ends are
// read, up to the first error, or to the end when the variable ON_ERROR_STOP is off: then
// only a lost connection is an error. Errors have been printed, with the name of the script
// and the line when it has a name. Kinds of errors: ErrQuit, ErrConnection, the error of
// ctx when it was cancelled, others.
func (s *Shell) RunScript(ctx context.Context, name string, script io.Reader) error {
	r, fromInput := bufio.NewReader(script), script == s.opts.In && script != nil
	if fromInput {
		s.input = r // \prompt asks where the script comes from
	}
	var in input
	where, outer, data := s.where, s.script, s.data
	defer func() { s.where, s.script, s.data = where, outer, data }()
	s.script = name
	if name != "" {
		s.data = func() (string, error) { in.lines++; return r.ReadString('\n') }
	}
	for {
		line, err := r.ReadString('\n')
		if line != "" {
			if err := s.runItems(ctx, name, in.feed(strings.TrimRight(line, "\r\n"))); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return s.runItems(ctx, name, in.rest())
		}
		if err != nil {
			return err
		}
	}
}

func (s *Shell) runItems(ctx context.Context, name string, items []item) error {
	for _, it := range items {
		if name != "" {
			s.where = fmt.Sprintf("%s:%d", name, it.line)
		}
		s.echo(it)
		err := s.run(ctx, it)
		if err != nil && (s.vars.on(onErrorStop, true) || !errors.Is(err, ErrStatement)) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// standardInput is the name of a script that is read from there.
const standardInput = "stdin"

// dataLines reads what \copy FROM STDIN copies: the lines that follow in the script, those
// that are typed, or the standard input, up to a line \. or the end.
func (s *Shell) dataLines() io.Reader {
	next := s.data
	switch {
	case s.asks != nil && next == nil:
		s.say("Type the rows, a row a line, and a line \\. behind the last.")
		next = func() (string, error) { line, err := s.asks(">> "); return line + "\n", err }
	case next == nil:
		next = func() (string, error) { line, err := s.readLine(""); return line + "\n", err }
	}
	return &lineReader{next: next}
}

// lineReader makes a reader of lines; a line \. ends it.
type lineReader struct {
	next func() (string, error)
	rest string
	err  error
}

// Read implements io.Reader.
func (r *lineReader) Read(p []byte) (int, error) {
	for r.rest == "" {
		if r.err != nil {
			return 0, r.err
		}
		if r.rest, r.err = r.next(); strings.TrimRight(r.rest, "\r\n") == `\.` {
			r.rest, r.err = "", io.EOF
		} else if r.err != nil {
			r.rest = strings.TrimSuffix(r.rest, "\n")
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

const onErrorStop = "ON_ERROR_STOP"

// echo prints what a script runs, when the variable ECHO asks for it.
func (s *Shell) echo(it item) {
	switch how, _ := s.vars.get("ECHO"); strings.ToLower(how) {
	case "all":
	case "queries":
		if it.command {
			return
		}
	default:
		return
	}
	text := it.text
	if !it.command {
		text += ";"
	}
	fmt.Fprintln(s.results(), text)
}

// RunText executes a text that was given on a command line.
func (s *Shell) RunText(ctx context.Context, text string) error {
	return s.RunScript(ctx, "", strings.NewReader(text))
}

// execute sends a statement to the server and prints what comes back. Cancelling ctx
// cancels the statement on the server and leaves the connection usable. Errors have been
// printed.
func (s *Shell) execute(ctx context.Context, text string) error {
	if err := s.connected(ctx); err != nil {
		return err
	}
	text = s.vars.interpolate(text)
	started := time.Now()
	s.answered = started
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	release := s.cancelWith(ctx)
	fault, err := s.readResults(ctx, text, enough)
	release()
	s.names.forget()
	s.outcome(err)
	if err = s.statementError(ctx, text, err); err != nil {
		return err
	}
	if fault != nil {
		return s.complain(fault)
	}
	if ctx.Err() != nil {
		return nil
	}
	s.vars.defined(text)
	if s.set.timing {
		s.say("Time: %.3f ms", float64(s.answered.Sub(started).Microseconds())/1000)
	}
	return nil
}

// statementError prints what went wrong with a statement and says of which kind it is. That
// it was cancelled is what the user wished, and no error.
func (s *Shell) statementError(ctx context.Context, text string, err error) error {
	var pgErr *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pgErr) && pgErr.Code == "57014" && ctx.Err() != nil:
		return nil
	case errors.As(err, &pgErr):
		if how, _ := s.vars.get("ECHO"); strings.EqualFold(how, "errors") {
			fmt.Fprintf(s.errOut, "STATEMENT:  %s\n", text)
		}
		s.lastError, s.lastFailed = pgErr, text
		s.printError(text, s.where, pgErr)
		if s.conn.IsClosed() {
			return fmt.Errorf("%w: %s", ErrConnection, pgErr.Message)
		}
		return fmt.Errorf("%w: %s", ErrStatement, pgErr.Message)
	case s.conn.IsClosed():
		fmt.Fprintf(s.errOut, "FATAL:  the connection to %s is gone; what ran may or may not have been done.\n", s.address())
		return fmt.Errorf("%w: %s", ErrConnection, err)
	}
	fmt.Fprintf(s.errOut, "FATAL:  %s\n", err)
	return err
}

// outcome sets the variables that tell how a statement went.
func (s *Shell) outcome(err error) {
	state, message := "00000", ""
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, &pgErr):
		state, message = pgErr.Code, pgErr.Message
	case err != nil:
		state, message = "08006", err.Error() // connection_failure
	}
	_ = s.vars.set("SQLSTATE", state)
	_ = s.vars.set("ERROR", strconv.FormatBool(err != nil))
	_ = s.vars.set("ROW_COUNT", strconv.Itoa(s.rowCount))
	if err != nil {
		_ = s.vars.set("LAST_ERROR_SQLSTATE", state)
		_ = s.vars.set("LAST_ERROR_MESSAGE", message)
	}
}

// cancelWith asks the server to stop what runs when ctx is cancelled; its answer ends the
// statement. A server that does not answer loses the connection. The caller calls release
// when the statement has ended.
func (s *Shell) cancelWith(ctx context.Context) (release func()) {
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-done:
			return
		case <-ctx.Done():
		}
		timeout, cancel := context.WithTimeout(context.Background(), cancelTimeout)
		defer cancel()
		_ = s.conn.CancelRequest(timeout)
		select {
		case <-done:
		case <-timeout.Done():
			_ = s.conn.Conn().Close()
		}
	}()
	return func() { close(done); <-stopped }
}

// readResults prints the results of a text. enough is called when nobody wants more of
// them; fault is the failure to write them.
func (s *Shell) readResults(ctx context.Context, text string, enough func()) (fault, err error) {
	s.sawNotice, s.rowCount = false, 0
	results := s.conn.Exec(context.Background(), text)
	for results.NextResult() && err == nil {
		fault, err = s.printResult(ctx, results.ResultReader(), kindOf(text), enough)
	}
	return fault, results.Close()
}

// kindOf says what is known about the result of a statement before it comes.
func kindOf(text string) render.Kind {
	words := wordsOf(text)
	if len(words) == 0 {
		return render.Whole
	}
	switch words[0] {
	case "PRINT":
		return render.Records
	case "SELECT", "WITH":
		for i := range len(words) - 1 {
			if words[i] == "EMIT" && (words[i+1] == "CHANGES" || words[i+1] == "FINAL") {
				return render.Live
			}
		}
	}
	return render.Whole
}

// arrival is what comes while a result is read: a row, or what the server says beside it.
type arrival struct {
	row    []render.Cell
	notice *pgconn.Notice
}

// arrivalsHeld is how many rows may be read ahead of their printing.
const arrivalsHeld = 256

// arrivals reads a result in the background.
func (s *Shell) arrivals(r *pgconn.ResultReader) <-chan arrival {
	ch := make(chan arrival, arrivalsHeld)
	s.toldInRows = func(n *pgconn.Notice) { ch <- arrival{notice: n} }
	go func() {
		defer close(ch)
		for r.NextRow() {
			ch <- arrival{row: cellsOf(r.Values())}
		}
	}()
	return ch
}

// printResult prints one result. One that does not end is shown as it comes, after a short
// time in which the first rows are measured.
func (s *Shell) printResult(ctx context.Context, r *pgconn.ResultReader, kind render.Kind, enough func()) (fault, err error) {
	fields := r.FieldDescriptions()
	if len(fields) == 0 {
		tag, err := r.Close()
		s.answered = time.Now()
		s.rowCount = int(tag.RowsAffected())
		if err == nil && tag.String() != "" && !s.sawNotice {
			s.report(tag.String())
		}
		return nil, err
	}
	out := s.sheet(kind == render.Whole)
	w := render.New(out, columnsOf(fields), kind, s.set.optionsFor(s.screenFor(s.out)))
	rows, shown := s.printRows(out, w, r, kind, enough)
	s.rowCount = rows
	_, err = r.Close()
	s.answered = time.Now()
	interrupted := err != nil && ctx.Err() != nil
	if err != nil && rows == 0 && !shown && !interrupted {
		out.close()
		return nil, err // it failed before it showed anything: the error says it all
	}
	w.Finish(interrupted && out.err == nil)
	if s.set.footer() {
		unit, paint := "row", s.screenFor(s.out).Paint
		if kind == render.Records {
			unit = "record"
		}
		switch {
		case interrupted:
			fmt.Fprintf(out, "Query terminated %s\n", paint(render.Dim, count(rows, unit)))
		case err == nil:
			fmt.Fprintln(out, paint(render.Dim, count(rows, unit)))
		}
	}
	out.close()
	return out.fault(s.out), err
}

// printRows prints the rows of a result and what the server says between them. shown says
// that something could be seen before the end.
func (s *Shell) printRows(out *sheet, w render.Writer, r *pgconn.ResultReader, kind render.Kind, enough func()) (rows int, shown bool) {
	arrivals := s.arrivals(r)
	defer func() { s.toldInRows = nil }()
	var measured <-chan time.Time
	if kind != render.Whole {
		timer := time.NewTimer(cmp.Or(s.opts.Hold, holdTime))
		defer timer.Stop()
		measured = timer.C
	}
	for {
		select {
		case a, ok := <-arrivals:
			switch {
			case !ok:
				s.arrived(out)
				return rows, shown
			case a.notice != nil:
				s.arrived(out)
				out.flush()
				s.notice(a.notice)
			default:
				rows++
				s.arrived(out)
				w.Add(a.row)
			}
			if kind != render.Whole && len(arrivals) == 0 {
				out.flush()
			}
		case <-measured:
			w.Flush()
			out.flush()
			shown = true
			if rows == 0 {
				s.waiting(out, kind)
			}
		}
		if out.err != nil {
			enough()
		}
	}
}

// waiting tells somebody at a terminal why nothing comes. The line goes when something
// does.
func (s *Shell) waiting(out *sheet, kind render.Kind) {
	if screen := s.screenFor(s.out); screen.Terminal {
		s.waits = true
		what := "changes"
		if kind == render.Records {
			what = "records"
		}
		fmt.Fprint(out, screen.Paint(render.Dim, "Waiting for "+what+"; Ctrl-C stops."))
		out.flush()
	}
}

// arrived takes back what waiting has told.
func (s *Shell) arrived(out *sheet) {
	if s.waits {
		s.waits = false
		fmt.Fprint(out, "\r\x1b[K")
	}
}

func count(n int, unit string) string {
	if n == 1 {
		return "(1 " + unit + ")"
	}
	return fmt.Sprintf("(%d %ss)", n, unit)
}

func cellsOf(values [][]byte) []render.Cell {
	row := make([]render.Cell, len(values))
	for i, v := range values {
		row[i] = render.Cell{Text: string(v), Null: v == nil}
	}
	return row
}

func columnsOf(fields []pgconn.FieldDescription) []render.Column {
	columns := make([]render.Column, len(fields))
	for i, f := range fields {
		columns[i] = render.Column{Name: f.Name, OID: f.DataTypeOID}
	}
	return columns
}

// query runs a statement for the shell itself and returns its rows.
func (s *Shell) query(ctx context.Context, sql string) ([][]string, error) {
	if s.conn == nil || s.conn.IsClosed() {
		return nil, ErrConnection
	}
	results, err := s.conn.Exec(ctx, sql).ReadAll()
	if err != nil || len(results) == 0 {
		return nil, err
	}
	rows := make([][]string, len(results[0].Rows))
	for i, row := range results[0].Rows {
		rows[i] = make([]string, len(row))
		for c, v := range row {
			rows[i][c] = string(v)
		}
	}
	return rows, nil
}
