package planner

import (
	"fmt"
	"strings"

	"tailrace/planner/bind"
	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// What a session allows of pull queries, with ksqlDB's names.
const (
	propTableScan = "ksql.query.pull.table.scan.enabled"
	propRangeScan = "ksql.query.pull.range.scan.enabled"
	propPullLimit = "ksql.query.pull.limit.clause.enabled"
)

func (e *Env) off(property string) bool { return strings.EqualFold(e.Properties[property], "false") }

// pullWhere checks the WHERE clause of a pull query on a table: in ksqlDB's dialect no key
// column equals NULL, and a session may turn off what does not look rows up by their key.
type pullWhere struct {
	q      *bind.Query
	keys   []string // texts of the key columns
	ranges bool
}

func checkPullWhere(q *bind.Query, env *Env) error {
	src := q.Sources[0]
	w := pullWhere{q: q}
	for _, i := range src.Src.Schema.Key() {
		w.keys = append(w.keys, bind.Text(&ast.ColumnRef{Qualifier: ast.Ident{Name: src.Alias}, Name: ast.Ident{Name: src.Src.Schema.Columns[i].Name}}))
	}
	w.ranges = len(w.keys) == 1 && src.Src.Window == nil && !env.off(propRangeScan) &&
		src.Src.Schema.Columns[src.Src.Schema.Key()[0]].Type.Kind == types.String
	if err := w.nullKeys(q.Where); err != nil || !env.off(propTableScan) {
		return err
	}
	if q.Where == nil {
		return w.refuse(q.Select.Pos(), "Missing WHERE clause")
	}
	for _, disjunct := range disjuncts(q.Where) {
		if err := w.lookup(disjunct); err != nil {
			return err
		}
	}
	return nil
}

// nullKeys refuses NULL in a list that a key column is looked for in.
func (w *pullWhere) nullKeys(where ast.Expr) (err error) {
	bind.Walk(where, func(e ast.Expr, _ map[string]bool) bool {
		in, ok := e.(*ast.In)
		if !ok || in.Not || w.key(in.X) < 0 {
			return err == nil
		}
		for _, v := range in.List {
			if null, ok := v.(*ast.Null); ok && err == nil {
				eq := &ast.Binary{Op: ast.Eq, L: in.X, R: null}
				err = sqlerr.New(sqlerr.NotNullViolation, "Primary key columns can not be NULL: %s", w.q.Display(eq)).At(null.Pos())
			}
		}
		return err == nil
	})
	return err
}

// disjuncts are the parts of a condition of which one must hold: an IN is one for each of
// its values.
func disjuncts(e ast.Expr) []ast.Expr {
	switch e := e.(type) {
	case *ast.In:
		if e.Not || e.Query != nil {
			return []ast.Expr{e}
		}
		var out []ast.Expr
		for _, v := range e.List {
			out = append(out, &ast.Binary{Loc: e.Loc, Op: ast.Eq, L: e.X, R: v})
		}
		return out
	case *ast.Binary:
		switch e.Op {
		case ast.Or:
			return append(disjuncts(e.L), disjuncts(e.R)...)
		case ast.And:
			var out []ast.Expr
			l, r := disjuncts(e.L), disjuncts(e.R)
			if len(l)*len(r) > maxDisjuncts {
				return []ast.Expr{e}
			}
			for _, a := range l {
				for _, b := range r {
					out = append(out, &ast.Binary{Loc: e.Loc, Op: ast.And, L: a, R: b})
				}
			}
			return out
		}
	}
	return []ast.Expr{e}
}

// maxDisjuncts bounds how far a condition is taken apart: beyond, it counts as one.
const maxDisjuncts = 4096

// lookup checks that a condition without OR looks rows up by their whole key.
func (w *pullWhere) lookup(disjunct ast.Expr) error {
	seen := map[int]ast.BinaryOp{}
	if err := w.conjunct(disjunct, seen); err != nil {
		return err
	}
	if len(seen) == 0 {
		return w.refuse(disjunct.Pos(), "WHERE clause missing key column for disjunct: "+w.q.Display(disjunct))
	}
	if len(seen) < len(w.keys) {
		var given, all []string
		for i, c := range w.q.Sources[0].Src.Schema.Key() {
			name := types.QuoteName(w.q.Sources[0].Src.Schema.Columns[c].Name)
			all = append(all, name)
			if _, ok := seen[i]; ok {
				given = append(given, name)
			}
		}
		return w.refuse(disjunct.Pos(), fmt.Sprintf("Multi-column sources must specify every key in the WHERE clause. Specified: [%s] Expected: [%s]",
			strings.Join(given, ", "), strings.Join(all, ", ")))
	}
	for _, op := range seen {
		if op != ast.Eq && (!w.ranges || op == ast.Ne) {
			return w.refuse(disjunct.Pos(), "Query requires table scan to be enabled")
		}
	}
	return nil
}

func (w *pullWhere) conjunct(e ast.Expr, seen map[int]ast.BinaryOp) error {
	b, ok := e.(*ast.Binary)
	switch {
	case ok && b.Op == ast.And:
		if err := w.conjunct(b.L, seen); err != nil {
			return err
		}
		return w.conjunct(b.R, seen)
	case ok && b.Op.Comparison():
		return w.comparison(b, seen)
	}
	switch e := e.(type) {
	case *ast.Between:
		if err := w.conjunct(&ast.Binary{Loc: e.Loc, Op: ast.Ge, L: e.X, R: e.Low}, seen); err != nil || e.Not {
			return err
		}
		return w.conjunct(&ast.Binary{Loc: e.Loc, Op: ast.Le, L: e.X, R: e.High}, seen)
	case *ast.Like:
		return w.refuse(e.Pos(), "Like condition must be between strings")
	}
	return w.refuse(e.Pos(), "Unsupported expression in WHERE clause: "+w.q.Display(e))
}

func (w *pullWhere) comparison(b *ast.Binary, seen map[int]ast.BinaryOp) error {
	ref, other := bind.Column(b.R), b.L
	if ref == nil {
		ref, other = bind.Column(b.L), b.R
	}
	if ref == nil {
		return w.refuse(b.Pos(), "A comparison must directly reference a key column")
	}
	key := w.key(ref)
	if key < 0 {
		return nil // of another column, or of a window's bound: it holds of what was looked up
	}
	if _, twice := seen[key]; twice {
		kind := "A comparison"
		if b.Op == ast.Eq {
			kind = "An equality"
		}
		return w.refuse(b.Pos(), kind+" condition on the key column cannot be combined with other comparisons such as an IN predicate")
	}
	resolvable := true
	bind.Walk(other, func(e ast.Expr, _ map[string]bool) bool {
		resolvable = resolvable && bind.Column(e) == nil
		return resolvable
	})
	if !resolvable {
		return w.refuse(b.Pos(), "A comparison must be between a key column and a resolvable expression")
	}
	seen[key] = b.Op
	return nil
}

// key is which key column an expression is, or -1.
func (w *pullWhere) key(e ast.Expr) int {
	if bind.Column(e) == nil {
		return -1
	}
	text := bind.Text(e)
	for i, k := range w.keys {
		if k == text {
			return i
		}
	}
	return -1
}

func (w *pullWhere) refuse(pos int, why string) error {
	window := ""
	if w.q.Sources[0].Src.Window != nil {
		window = "\n - (optionally) limits the time bounds of the windowed table."
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, "%s.%s\nPull queries require a WHERE clause that:\n"+
		" - includes a key equality expression, e.g. `SELECT * FROM X WHERE <key-column> = Y;`.\n"+
		" - in the case of a multi-column key, is a conjunction of equality expressions that cover all key columns.%s\n\n"+
		"If more flexible queries are needed, table scans can be enabled by setting %s=true.", why, addEmit, window, propTableScan).At(pos)
}
