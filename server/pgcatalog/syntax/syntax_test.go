package syntax_test

import (
	"strings"
	"testing"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/sqlerr"
)

// Precedence is read off the tree, written with all its parentheses.
func TestPrecedence(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"a or b and not c = d", "(a or (b and (not (c = d))))"},
		{"a + b * c ^ d", "(a + (b * (c ^ d)))"},
		{"a - b - c", "((a - b) - c)"},
		{"a = b || c", "(a = (b || c))"},
		{"a OPERATOR(pg_catalog.=) b + c", "(a = (b + c))"},
		{"a ~ b = c", "((a ~ b) = c)"},
		{"-a * b", "((- a) * b)"},
		{"a = -1", "(a = (- 1))"},
		{"a=-1", "(a = (- 1))"},
		{"a != b", "(a <> b)"},
		{"not a in (b)", "(not (a in))"},
		{"a COLLATE \"C\" ~ b", "(a ~ b)"},
	} {
		q, err := syntax.Parse("SELECT " + tc.in)
		if err != nil {
			t.Errorf("%s: %v", tc.in, err)
			continue
		}
		if got := write(q.Body.(*syntax.Select).Items[0].Expr); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.in, got, tc.want)
		}
	}
}

func write(e syntax.Expr) string {
	switch e := e.(type) {
	case *syntax.Name:
		return strings.Join(e.Parts, ".")
	case *syntax.Literal:
		return e.Text
	case *syntax.Unary:
		return "(" + e.Op + " " + write(e.X) + ")"
	case *syntax.Binary:
		return "(" + write(e.L) + " " + e.Op + " " + write(e.R) + ")"
	case *syntax.In:
		return "(" + write(e.X) + " in)"
	}
	return "?"
}

func TestErrorsPointAtCharacters(t *testing.T) {
	for _, tc := range []struct {
		in  string
		pos int
	}{
		{"SELECT 'ü', FROM", 13},
		{"SELECT (1", 10},
		{"SELECT 'x", 8},
		{"SELECT /* x", 8},
		{"SELECT \"", 8},
		{"SELECT \"\"", 8},
		{"SELECT $tag$ x", 8},
		{"SELECT 1 FROM", 14},
		{"SELECT 1; SELECT 2", 11},
		{"SELECT \\ ", 8},
		{"SELECT $0", 8},
		{"SELECT a FROM b JOIN c", 23},
		{"SELECT " + strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300), 257},
	} {
		_, err := syntax.Parse(tc.in)
		e, ok := sqlerr.As(err)
		if !ok || e.Pos != tc.pos {
			t.Errorf("%.40s: got %v at %v; want an error at %d", tc.in, err, e, tc.pos)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"SELECT a.b, (c).d[1], e::text[] FROM f g(h) LEFT JOIN LATERAL (SELECT 1) i ON true WHERE j IN (SELECT 1)",
		"WITH RECURSIVE a(b) AS (VALUES (1), (2)) TABLE a", "SELECT trim(both 'x' from y), extract(epoch from z), E'\\'', $$a$$, $1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := syntax.Parse(text); err != nil {
			if _, ok := sqlerr.As(err); !ok {
				t.Errorf("%q: not the user's error: %v", text, err)
			}
		}
	})
}
