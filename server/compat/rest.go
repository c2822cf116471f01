package compat

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"tailrace/server/session"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde"
)

// answer is what a query returned: each value as JSON.
type answer struct {
	columns []session.Column
	rows    [][]json.RawMessage
}

// asker is a driver that answers queries. Only the one in process is: rows come to it with
// their types.
type asker interface {
	ask(ctx context.Context, statement string) (*answer, error)
}

// isQuery says that a statement of a case of the REST interface is answered with rows.
func isQuery(statement string) bool {
	return strings.HasPrefix(strings.ToUpper(strings.TrimSpace(statement)), "SELECT ")
}

// askTimeout bounds a push query whose rows do not come.
const askTimeout = 3 * time.Second

// runAsked runs a case of the REST interface: statements, records, then the queries, whose
// rows are compared as a set.
func runAsked(ctx context.Context, c *Case, d driver) error {
	queries := 0
	for queries < len(c.Statements) && isQuery(c.Statements[len(c.Statements)-1-queries]) {
		queries++
	}
	made := *c
	made.Statements = c.Statements[:len(c.Statements)-queries]
	for i, s := range made.Statements {
		if err := d.execute(ctx, s, c.Properties); err != nil {
			if c.Expected != nil && queries == 0 && i == len(made.Statements)-1 {
				return matchMessage(c.Expected.Message, askedForms(c, err, s)...)
			}
			return fmt.Errorf("%s\n%w", s, err)
		}
	}
	if err := feed(ctx, &made, d); err != nil {
		return err
	}
	for n, s := range c.Statements[len(made.Statements):] {
		limited, cancel := context.WithTimeout(ctx, askTimeout)
		a, err := d.(asker).ask(limited, s)
		cancel()
		switch {
		case err != nil && c.Expected != nil:
			return matchMessage(c.Expected.Message, askedForms(c, err, s)...)
		case err != nil:
			return fmt.Errorf("%s\n%w", s, err)
		}
		if n < len(c.Answers) {
			if err := sameRows(c, a, c.Answers[n]); err != nil {
				return fmt.Errorf("%s\n%w", s, err)
			}
		}
	}
	if c.Expected != nil {
		return fmt.Errorf("no error; expected %v", c.Expected.Message)
	}
	return verify(ctx, c, d)
}

// askedForms are the forms of an error of a query: positions count in its own text.
func askedForms(c *Case, err error, statement string) []string {
	own := *c
	own.Statements = []string{statement}
	return messageForms(&own, err, statement)
}

// sameRows compares the rows of an answer with those expected, in any order.
func sameRows(c *Case, a *answer, want [][]json.RawMessage) error {
	left := append([][]json.RawMessage{}, a.rows...)
	for _, w := range want {
		found := -1
		var why error
		for i, g := range left {
			err := sameRow(c, a.columns, w, g)
			if err == nil {
				found = i
				break
			}
			if why == nil {
				why = err
			}
		}
		if found < 0 {
			return fmt.Errorf("the row %s is not there (%v); left are %s", showRow(w), why, showRows(left))
		}
		left = append(left[:found], left[found+1:]...)
	}
	if len(left) > 0 {
		return fmt.Errorf("%d rows too many: %s", len(left), showRows(left))
	}
	return nil
}

func sameRow(c *Case, columns []session.Column, want []json.RawMessage, got []json.RawMessage) error {
	if len(want) != len(got) {
		return fmt.Errorf("%d columns, want %d", len(got), len(want))
	}
	for i, w := range want {
		wantTree, err := tree(w)
		if err != nil {
			return err
		}
		gotTree, err := tree(got[i])
		if err != nil {
			return err
		}
		if err := compareTree(wantTree, gotTree, &columns[i].Type, c.ExactOff); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return nil
}

func showRow(row []json.RawMessage) string {
	cells := make([]string, len(row))
	for i, v := range row {
		cells[i] = string(v)
	}
	return "(" + strings.Join(cells, ", ") + ")"
}

func showRows(rows [][]json.RawMessage) string {
	var out []string
	for _, r := range rows {
		out = append(out, showRow(r))
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

// gathered is a Result that keeps the rows, each value as JSON.
type gathered struct{ answer answer }

func (g *gathered) Columns(c []session.Column) error { g.answer.columns = c; return nil }
func (g *gathered) Flush() error                     { return nil }
func (g *gathered) Notice(session.Notice)            {}

func (g *gathered) Rows(cols []*vector.Vector, n int) error {
	for i := range n {
		row := make([]json.RawMessage, len(cols))
		for c, col := range cols {
			row[c] = serde.AppendJSON(nil, g.answer.columns[c].Type, col.Value(i))
		}
		g.answer.rows = append(g.answer.rows, row)
	}
	return nil
}

// ask implements asker, in ksqlDB's dialect. All records are there before the queries, so
// that those that wait for new ones start at the beginning.
func (d *inProcess) ask(ctx context.Context, statement string) (*answer, error) {
	if err := d.session.SetSetting("dialect", "ksql"); err != nil {
		return nil, err
	}
	if err := d.execute(ctx, "SET 'auto.offset.reset' = 'earliest';", nil); err != nil {
		return nil, err
	}
	prepared, err := d.session.Prepare(ctx, statement, nil)
	if err != nil {
		return nil, err
	}
	var out gathered
	_, err = prepared.Run(ctx, []types.Value{}, &out)
	return &out.answer, err
}
