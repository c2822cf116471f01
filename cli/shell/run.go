package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// holdTime is how long the first rows of a push query are held back to be measured.
	holdTime = 150 * time.Millisecond
	// cancelTimeout is how long the server may take to stop a statement before the
	// shell leaves it alone and connects anew.
	cancelTimeout = 5 * time.Second
)

// RunScript executes the statements and commands of a text one by one, as their ends are
// read, up to the first error. Errors have been printed, with the name of the script and
// the line when it has a name. Kinds of errors: ErrQuit, ErrConnection, the error of ctx
// when it was cancelled, others.
func (s *Shell) RunScript(ctx context.Context, name string, script io.Reader) error {
	outer := s.where
	defer func() { s.where = outer }()
	run := func(items []item) error {
		for _, it := range items {
			if name != "" {
				s.where = fmt.Sprintf("%s:%d", name, it.line)
			}
			if err := s.run(ctx, it); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return nil
	}
	var in input
	r := bufio.NewReader(script)
	for {
		line, err := r.ReadString('\n')
		if line != "" {
			if err := run(in.feed(strings.TrimRight(line, "\r\n"))); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return run(in.rest())
		}
		if err != nil {
			return err
		}
	}
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
	started := time.Now()
	release := s.cancelWith(ctx)
	err := s.readResults(ctx, text)
	release()
	s.names.forget()
	var pgErr *pgconn.PgError
	switch {
	case err == nil:
	case errors.As(err, &pgErr) && pgErr.Code == "57014" && ctx.Err() != nil:
		return nil // as the user wished
	case errors.As(err, &pgErr):
		s.printError(text, s.where, pgErr)
		if s.conn.IsClosed() {
			return fmt.Errorf("%w: %s", ErrConnection, pgErr.Message)
		}
		return fmt.Errorf("%w: %s", ErrStatement, pgErr.Message)
	case s.conn.IsClosed():
		fmt.Fprintf(s.errOut, "FATAL:  the connection to %s is gone; what ran may or may not have been done.\n", s.address())
		return fmt.Errorf("%w: %s", ErrConnection, err)
	default:
		fmt.Fprintf(s.errOut, "FATAL:  %s\n", err)
		return err
	}
	if s.timing {
		fmt.Fprintf(s.out, "Time: %.3f ms\n", float64(time.Since(started).Microseconds())/1000)
	}
	return nil
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

func (s *Shell) readResults(ctx context.Context, text string) error {
	results := s.conn.Exec(context.Background(), text)
	for results.NextResult() {
		if err := s.printResult(ctx, results.ResultReader(), isPush(text)); err != nil {
			break
		}
	}
	return results.Close()
}

// pushQuery matches the statements whose results have no end.
var pushQuery = regexp.MustCompile(`(?i)\bEMIT\s+(CHANGES|FINAL)\b|^\s*PRINT\s`)

func isPush(text string) bool { return pushQuery.MatchString(text) }

// printResult prints one result. That of a push query is shown as it comes, after a short
// time in which the first rows are measured.
func (s *Shell) printResult(ctx context.Context, r *pgconn.ResultReader, push bool) error {
	fields := r.FieldDescriptions()
	if len(fields) == 0 {
		tag, err := r.Close()
		if err == nil && tag.String() != "" && !s.sawNotice {
			fmt.Fprintln(s.out, tag.String())
		}
		s.sawNotice = false
		return err
	}
	p := s.newPrinter(fields)
	rows := make(chan []cell)
	go func() {
		defer close(rows)
		for r.NextRow() {
			rows <- cellsOf(r.Values())
		}
	}()
	var measured <-chan time.Time
	if push {
		timer := time.NewTimer(holdTime)
		defer timer.Stop()
		measured = timer.C
	}
	for open := true; open; {
		select {
		case row, ok := <-rows:
			if open = ok; ok {
				p.add(row)
			}
		case <-measured:
			p.flush()
		}
	}
	_, err := r.Close()
	interrupted := err != nil && ctx.Err() != nil
	if err != nil && p.rows == 0 && !p.shown && !interrupted {
		return err // it failed before it showed anything: the error says it all
	}
	p.finish(interrupted)
	switch {
	case interrupted:
		fmt.Fprintf(s.out, "Query terminated %s\n", p.screen.paint(dim, rowCount(p.rows)))
	case err == nil:
		fmt.Fprintln(s.out, p.screen.paint(dim, rowCount(p.rows)))
	}
	return err
}

func rowCount(n int) string {
	if n == 1 {
		return "(1 row)"
	}
	return fmt.Sprintf("(%d rows)", n)
}

func cellsOf(values [][]byte) []cell {
	row := make([]cell, len(values))
	for i, v := range values {
		row[i] = cell{text: string(v), null: v == nil}
	}
	return row
}

func (s *Shell) newPrinter(fields []pgconn.FieldDescription) *printer {
	p := &printer{out: s.out, screen: s.screen(), vertical: s.vertical}
	for _, f := range fields {
		p.columns = append(p.columns, columnOf(f.Name, f.DataTypeOID))
	}
	return p
}

// columnOf says how a column of a Postgres type is laid out. The reserves are what values
// of the type need as a rule: a DOUBLE that is not round has 17 digits, a sign and a point.
func columnOf(name string, oid uint32) column {
	c := column{name: name, reserve: 20}
	switch oid {
	case 16: // bool
		c.boolean, c.reserve = true, 5
	case 21, 23: // int2, int4
		c.right, c.reserve = true, 10
	case 20: // int8: a time in milliseconds has 13 digits
		c.right, c.reserve = true, 13
	case 700, 701: // float4, float8
		c.right, c.reserve = true, 20
	case 1700: // numeric
		c.right, c.reserve = true, 14
	case 1082: // date
		c.reserve = 10
	case 1083: // time
		c.reserve = 12
	case 1114, 1184: // timestamp, timestamptz
		c.reserve = 23
	}
	return c
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
