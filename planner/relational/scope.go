package relational

import (
	"strings"

	"tailrace/planner/plan/algebra"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
)

// field is a column of a relation, by the name that it has there.
type field struct {
	name   string
	id     algebra.ID
	pseudo bool // * leaves it out
}

// relation is something in FROM with its name.
type relation struct {
	alias  string
	source *catalog.Source // nil for what is no stream or table
	fields []field
}

func (r *relation) find(name string) (field, bool) {
	for _, f := range r.fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

// from is what FROM, or a part of it, gives.
type from struct {
	node algebra.Node
	rels []*relation
	// merged are the columns of USING and NATURAL: one for both sides. covered are those of
	// the sides, which are found by the name of their relation only.
	merged  []field
	covered algebra.Set
}

// scope is what names mean inside a query block. A name that it does not know is looked for
// in the scope around.
type scope struct {
	parent *scope
	from
	b *binder
}

// Lookup implements expr.Scope: the innermost scope that knows the name decides. A name in
// quotes that nothing has may mean its folded form, as Postgres clients expect.
func (s *scope) Lookup(qualifier, name string) []expr.Column {
	for at := s; at != nil; at = at.parent {
		for _, n := range spellings(name) {
			if found := at.own(qualifier, n); len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

func spellings(name string) []string {
	if up := strings.ToUpper(name); up != name {
		return []string{name, up}
	}
	return []string{name}
}

// own finds a name in this scope alone.
func (s *scope) own(qualifier, name string) []expr.Column {
	var out []expr.Column
	add := func(alias string, f field) {
		c := s.b.cols[f.id]
		out = append(out, expr.Column{Qualifier: alias, Name: name, Type: c.Type, Index: f.id})
	}
	if qualifier == "" {
		for _, f := range s.merged {
			if f.name == name {
				add("", f)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	for _, r := range s.rels {
		if qualifier != "" && !r.named(qualifier) {
			continue
		}
		if f, ok := r.find(name); ok && (qualifier != "" || !s.covered[f.id]) {
			add(r.alias, f)
		}
	}
	return out
}

// named says that a relation is called so: by its alias, or, where it has none, its name.
func (r *relation) named(qualifier string) bool {
	return r.alias == qualifier || r.alias == strings.ToUpper(qualifier)
}

// All implements expr.Scope.
func (s *scope) All() []expr.Column {
	var out []expr.Column
	for at := s; at != nil; at = at.parent {
		for _, r := range at.rels {
			for _, f := range r.fields {
				if !f.pseudo {
					out = append(out, expr.Column{Qualifier: r.alias, Name: f.name, Type: at.b.cols[f.id].Type, Index: f.id})
				}
			}
		}
	}
	return out
}

// relation finds a relation by name, here or around.
func (s *scope) relation(name string) *relation {
	for at := s; at != nil; at = at.parent {
		for _, r := range at.rels {
			if r.named(name) {
				return r
			}
		}
	}
	return nil
}

// unknown is the error for a column that nobody has.
func (s *scope) unknown(ref *ast.ColumnRef) error {
	q := ref.Qualifier.Name
	if q != "" && s.relation(q) == nil {
		err := sqlerr.New(sqlerr.UndefinedTable, "missing FROM-clause entry for table %q", q).At(ref.Pos())
		var names []string
		for at := s; at != nil; at = at.parent {
			for _, r := range at.rels {
				names = append(names, r.alias)
			}
		}
		if best := sqlerr.Closest(q, names); best != "" {
			err.Hint("Perhaps you meant %s.", best)
		}
		return err
	}
	shown := ref.Name.Name
	if q != "" {
		shown = q + "." + shown
	}
	err := sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", shown).At(ref.Pos())
	var names []string
	owner := map[string]*relation{}
	for at := s; at != nil; at = at.parent {
		for _, r := range at.rels {
			for _, f := range r.fields {
				if !f.pseudo && (q == "" || r.named(q)) && owner[f.name] == nil {
					names, owner[f.name] = append(names, f.name), r
				}
			}
		}
	}
	if best := sqlerr.Closest(ref.Name.Name, names); best != "" {
		kind, name := "relation", owner[best].alias
		if src := owner[best].source; src != nil {
			kind, name = strings.ToLower(src.Keyword()), src.Name
		}
		err.Hint("Perhaps you meant the column %q of %s %q.", best, kind, name)
	}
	return err
}

// ambiguous is the error for a column that several relations have.
func ambiguous(ref *ast.ColumnRef, found []expr.Column) error {
	names := make([]string, len(found))
	for i, c := range found {
		names[i] = c.Qualifier + "." + c.Name
	}
	return sqlerr.New(sqlerr.AmbiguousColumn, "Column '%s' is ambiguous. Could be %s.", ref.Name.Name, strings.Join(names, " or ")).At(ref.Pos())
}

// cteScope is a common table expression and those that were known before it.
type cteScope struct {
	outer *cteScope
	name  string
	def   *cte
}

// cte is a common table expression that has been bound; inside of its own recursive part
// working is set.
type cte struct {
	plan    *algebra.CTE
	cols    []output
	working bool
}

func (s *cteScope) find(name string) *cte {
	for at := s; at != nil; at = at.outer {
		if at.name == name {
			return at.def
		}
	}
	return nil
}
