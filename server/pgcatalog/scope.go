package pgcatalog

import (
	"strings"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/sqlerr"
)

// maxRels bounds the tables of one FROM: sets of them are bit sets.
const maxRels = 60

// col is a column of a table or of a query's result.
type col struct {
	name string
	typ  typ
	// folds: the column holds names, which compare with constants as names without
	// quotes do: 'FLIGHTS' is flights.
	folds bool
}

// rel is a table of a FROM clause.
type rel struct {
	index   int // in frame.rows
	schema  string
	name    string // its alias, or its own
	cols    []col
	system  int          // how many of the last columns * leaves out
	hidden  map[int]bool // columns that USING has merged away
	aliased bool
}

// scope is one SELECT while it is bound.
type scope struct {
	parent *scope // the SELECT around it
	b      *binder
	ctes   *cte
	rels   []*rel
	// used collects the tables that names have resolved to since it was last cleared.
	used uint64
	// correlated: something in here refers to a SELECT around.
	correlated bool

	aggs     []*aggregate // nil slots before binding
	windows  []*window
	srfs     []*setCall
	noAggs   string // where aggregates may not stand, for the message
	inSelect bool   // functions that return sets are allowed
}

// cte is a query of WITH, in a list from the innermost outwards.
type cte struct {
	name string
	cols []col
	plan *plan
	// working: the name stands for the last round of the recursion that is being bound.
	working bool
	home    *scope // around the statement with the WITH
	outer   *cte
}

func (c *cte) find(name string) *cte {
	for ; c != nil; c = c.outer {
		if c.name == name {
			return c
		}
	}
	return nil
}

func (s *scope) add(r *rel, pos int) error {
	if len(s.rels) >= maxRels {
		return sqlerr.New(sqlerr.TooComplex, "more than %d tables in one FROM", maxRels).At(pos)
	}
	for _, other := range s.rels {
		if other.name == r.name && r.name != "" && (other.schema == r.schema || other.aliased || r.aliased) {
			return sqlerr.New(sqlerr.DuplicateAlias, "table name %q specified more than once", r.name).At(pos)
		}
	}
	r.index = len(s.rels)
	s.rels = append(s.rels, r)
	return nil
}

// expr is a bound expression.
type expr struct {
	typ  typ
	eval func(f *frame) (any, error)
	pos  int
	// literal is the text of a literal without a type yet, param the number of a
	// parameter without one.
	literal *string
	param   int
	// ref is set for a plain column of the scope's own tables.
	ref *columnRef
	// constant: no column is read.
	constant bool
}

type columnRef struct{ rel, col int }

// column resolves a name to a column, looking outwards.
func (s *scope) column(n *syntax.Name) (*expr, error) {
	column := n.Parts[len(n.Parts)-1]
	table := n.Parts[:len(n.Parts)-1]
	depth := 0
	for at := s; at != nil; at = at.parent {
		r, c, err := at.lookup(table, column, n.Pos())
		if err != nil {
			return nil, err
		}
		if r != nil {
			return s.reference(at, depth, r, c, n.Pos()), nil
		}
		if e := at.wholeRow(s, n, depth); e != nil {
			return e, nil
		}
		depth++
	}
	return nil, s.unknownColumn(n)
}

func (s *scope) lookup(table []string, column string, pos int) (found *rel, index int, err error) {
	for _, r := range s.rels {
		if !r.matches(table) {
			continue
		}
		for i, c := range r.cols {
			if c.name != column || len(table) == 0 && r.hidden[i] {
				continue
			}
			if found != nil {
				return nil, 0, sqlerr.New(sqlerr.AmbiguousColumn, "column reference %q is ambiguous", column).At(pos)
			}
			found, index = r, i
		}
	}
	return found, index, nil
}

func (r *rel) matches(table []string) bool {
	switch len(table) {
	case 0:
		return true
	case 1:
		return r.name == table[0]
	}
	return r.name == table[len(table)-1] && r.schema == table[len(table)-2] && !r.aliased
}

func (s *scope) reference(target *scope, depth int, r *rel, c, pos int) *expr {
	target.touch(s, 1<<r.index)
	e := &expr{typ: r.cols[c].typ, pos: pos}
	index := r.index
	if depth == 0 {
		e.ref = &columnRef{index, c}
		e.eval = func(f *frame) (any, error) {
			if row := f.rows[index]; row != nil {
				return row[c], nil
			}
			return nil, nil
		}
		return e
	}
	e.eval = func(f *frame) (any, error) {
		for range depth {
			f = f.parent
		}
		if row := f.rows[index]; row != nil {
			return row[c], nil
		}
		return nil, nil
	}
	return e
}

// touch notes that from, a scope inside of s or s itself, reads tables of s.
func (s *scope) touch(from *scope, bits uint64) {
	s.used |= bits
	for ; from != s; from = from.parent {
		from.correlated = true
	}
}

// wholeRow resolves the name of a table to its row.
func (s *scope) wholeRow(from *scope, n *syntax.Name, depth int) *expr {
	if len(n.Parts) > 1 {
		return nil
	}
	for _, r := range s.rels {
		if r.name != n.Parts[0] {
			continue
		}
		s.touch(from, 1<<r.index)
		t := typ{oid: oidRecord}
		for _, c := range r.cols[:len(r.cols)-r.system] {
			t.fields = append(t.fields, field{c.name, c.typ})
		}
		index := r.index
		if len(r.cols) == 1 { // the row of a function is its value
			return from.reference(s, depth, r, 0, n.Pos())
		}
		return &expr{typ: t, pos: n.Pos(), eval: func(f *frame) (any, error) {
			for range depth {
				f = f.parent
			}
			if f.rows[index] == nil {
				return nil, nil
			}
			return record(f.rows[index][:len(t.fields)]), nil
		}}
	}
	return nil
}

func (s *scope) unknownColumn(n *syntax.Name) error {
	name := strings.Join(n.Parts, ".")
	if len(n.Parts) > 1 {
		table := n.Parts[len(n.Parts)-2]
		for at := s; at != nil; at = at.parent {
			for _, r := range at.rels {
				if r.name == table {
					return s.suggest(sqlerr.New(sqlerr.UndefinedColumn, "column %s does not exist", name).At(n.Pos()), n)
				}
			}
		}
		return sqlerr.New(sqlerr.UndefinedTable, "missing FROM-clause entry for table %q", table).At(n.Pos())
	}
	return s.suggest(sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", name).At(n.Pos()), n)
}

func (s *scope) suggest(err *sqlerr.Error, n *syntax.Name) error {
	var names []string
	for at := s; at != nil; at = at.parent {
		for _, r := range at.rels {
			for _, c := range r.cols {
				names = append(names, c.name)
			}
		}
	}
	if near := sqlerr.Closest(n.Parts[len(n.Parts)-1], names); near != "" {
		return err.Hint("Perhaps you meant the column %q.", near)
	}
	return err
}
