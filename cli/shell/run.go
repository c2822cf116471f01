package shell

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"tailrace/sql/parse"
)

// idleFlush is how long a push query may be silent before the rows held back for
// measuring are shown.
const idleFlush = 150 * time.Millisecond

// execute sends statements to the server and prints what comes back. Cancelling ctx
// cancels the statement on the server and leaves the connection usable.
func (s *Shell) execute(ctx context.Context, text string) error {
	started := time.Now()
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() { // Ctrl-C asks the server to stop; the answer then ends the read below
		defer close(stopped)
		select {
		case <-ctx.Done():
			timeout, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_ = s.conn.CancelRequest(timeout)
		case <-done:
		}
	}()
	err := s.readResults(text)
	close(done)
	<-stopped
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		if pgErr.Code == "57014" && ctx.Err() != nil {
			fmt.Fprintln(s.out, "Query terminated")
			return nil
		}
		s.printError(text, pgErr)
	}
	if err == nil && s.timing {
		fmt.Fprintf(s.out, "Time: %.3f ms\n", float64(time.Since(started).Microseconds())/1000)
	}
	return err
}

func (s *Shell) readResults(text string) error {
	results := s.conn.Exec(context.Background(), text)
	for results.NextResult() {
		if err := s.printResult(results.ResultReader()); err != nil {
			break
		}
	}
	return results.Close()
}

// printResult prints one result. A row that is slow to follow its predecessors makes the
// printer show what it has.
func (s *Shell) printResult(r *pgconn.ResultReader) error {
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
	idle := time.NewTimer(idleFlush)
	defer idle.Stop()
	for open := true; open; {
		select {
		case row, ok := <-rows:
			if open = ok; ok {
				p.add(row)
				idle.Reset(idleFlush)
			}
		case <-idle.C:
			p.flush()
		}
	}
	tag, err := r.Close()
	p.finish()
	if err == nil {
		fmt.Fprintln(s.out, rowCount(p.rows, tag))
	}
	return err
}

func rowCount(n int, tag pgconn.CommandTag) string {
	if n == 1 {
		return "(1 row)"
	}
	if !tag.Select() && tag.String() != "" {
		return tag.String()
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
	p := &printer{out: s.out, vertical: s.vertical, maxWidth: s.terminalWidth()}
	for _, f := range fields {
		p.names = append(p.names, f.Name)
		p.numeric = append(p.numeric, isNumericOID(f.DataTypeOID))
	}
	return p
}

func isNumericOID(oid uint32) bool {
	switch oid {
	case 20, 21, 23, 700, 701, 1700:
		return true
	}
	return false
}

// printError shows an error as psql does: message, the line with a caret, detail, hint.
func (s *Shell) printError(text string, e *pgconn.PgError) {
	fmt.Fprintf(s.errOut, "%s:  %s\n", e.Severity, e.Message)
	if line, column, number, ok := lineAt(text, int(e.Position)); ok {
		prefix := fmt.Sprintf("LINE %d: ", number)
		fmt.Fprintf(s.errOut, "%s%s\n%s^\n", prefix, line, strings.Repeat(" ", utf8.RuneCountInString(prefix)+column))
	}
	if e.Detail != "" {
		fmt.Fprintf(s.errOut, "DETAIL:  %s\n", e.Detail)
	}
	if e.Hint != "" {
		fmt.Fprintf(s.errOut, "HINT:  %s\n", e.Hint)
	}
}

// lineAt finds the line of a 1-based character position, and the column in it.
func lineAt(text string, pos int) (line string, column, number int, ok bool) {
	if pos <= 0 {
		return "", 0, 0, false
	}
	at := pos - 1
	for i, l := range strings.Split(text, "\n") {
		if n := utf8.RuneCountInString(l); at <= n {
			return strings.ReplaceAll(l, "\t", " "), at, i + 1, true
		} else {
			at -= n + 1
		}
	}
	return "", 0, 0, false
}

// RunScript executes the statements of a text one by one, up to the first error.
func (s *Shell) RunScript(ctx context.Context, text string) error {
	for _, st := range parse.Split(text) {
		if err := s.run(ctx, st.Text); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
