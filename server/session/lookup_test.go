package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tailrace/server/session"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// TestLookupsRunAgain: a prepared lookup finds what its values say at every run, also when
// it is run from within itself, as portals may.
func TestLookupsRunAgain(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, orders)
	run(t, s, "INSERT INTO orders VALUES (1,'w',10.5), (2,'w',4), (3,'e',2)")
	for _, tc := range []struct {
		name, sql string
		runs      [][]types.Value
		want      []string
	}{
		{"a key", "SELECT region, n FROM sales WHERE region = $1", [][]types.Value{{"w"}, {"x"}, {"e"}, {nil}, {"w"}}, []string{"w,2", "", "e,1", "", "w,2"}},
		{"a literal", "SELECT total * 2 AS t FROM sales WHERE region = 'e'", [][]types.Value{{}, {}}, []string{"4", "4"}},
		{"more than the key", "SELECT n FROM sales WHERE region = $1 AND n = $2", [][]types.Value{{"w", int64(2)}, {"w", int64(1)}, {"e", int64(1)}}, []string{"2", "", "1"}},
		{"a parameter in the result", "SELECT n + CAST($1 AS BIGINT) AS x FROM sales WHERE region = $2", [][]types.Value{{int64(5), "w"}, {int64(6), "w"}}, []string{"7", "8"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := s.Prepare(context.Background(), tc.sql, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, args := range tc.runs {
				out := &text{}
				if tag, err := p.Run(context.Background(), args, out); err != nil || tag != fmt.Sprintf("SELECT %d", len(out.rows)) {
					t.Fatal(tag, err)
				}
				if got := strings.Join(out.rows, "\n"); got != tc.want[i] {
					t.Errorf("%v: %q, not %q", args, got, tc.want[i])
				}
			}
		})
	}
	p, err := s.Prepare(context.Background(), "SELECT n FROM sales WHERE region = $1", nil)
	if err != nil {
		t.Fatal(err)
	}
	outer := &nested{p: p, t: t}
	if _, err := p.Run(context.Background(), []types.Value{"w"}, outer); err != nil || strings.Join(outer.rows, ";") != "2" || strings.Join(outer.inner.rows, ";") != "1" {
		t.Errorf("outer %v, inner %v, %v", outer.rows, outer.inner.rows, err)
	}
}

// nested runs a statement again in the middle of itself.
type nested struct {
	text
	inner text
	p     *session.Prepared
	t     *testing.T
}

func (r *nested) Rows(cols []*vector.Vector, n int) error {
	if _, err := r.p.Run(context.Background(), []types.Value{"e"}, &r.inner); err != nil {
		r.t.Error(err)
	}
	return r.text.Rows(cols, n)
}
