package slt

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var (
	queries = flag.Int("queries", 1000, "how many random queries are asked")
	seedOf  = flag.Uint64("seed", 0, "the seed of the random queries; 0: another each time")
)

// TestRandomQueries: queries that a grammar makes by chance are answered as PostgreSQL answers
// them. Their columns are few and their values collide; NULLs are many.
func TestRandomQueries(t *testing.T) {
	seed := *seedOf
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("replay with: go test ./server/slt -run RandomQueries -seed=%d -queries=%d", seed, *queries)
	pg, ours := connect(t, startPostgres(t)), startNode(t)
	for _, sql := range strings.Split(`CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR, c DOUBLE PRECISION);
		INSERT INTO t (id,a,b,c) VALUES (1,1,'x',1.5), (2,1,'y',2.5), (3,2,'x',NULL), (4,NULL,'z',4.0), (5,3,NULL,-1.0);
		CREATE TABLE u (id INT PRIMARY KEY, a INT, d VARCHAR);
		INSERT INTO u (id,a,d) VALUES (1,1,'one'), (2,2,'two'), (3,2,'deux'), (4,NULL,'nil'), (7,7,'seven')`, ";") {
		for _, c := range []answer{ask(t, pg, &entry{text: sql}), ask(t, ours, &entry{text: sql})} {
			if c.code != "" {
				t.Fatal(c.text)
			}
		}
	}
	g := &grammar{Rand: rand.New(rand.NewPCG(seed, 1))}
	failed := 0
	for i := range *queries {
		g.names = 0
		sql, cols := g.query(2)
		e := &entry{line: i, text: sql, rowsort: true}
		for _, c := range cols {
			e.types += map[kind]string{number: "I", text: "T", float: "R", truth: "T"}[c.kind]
		}
		want, got := ask(t, pg, e), ask(t, ours, e)
		e.code, e.rows = want.code, want.rows
		if diff := e.difference(got); diff != "" {
			t.Errorf("query %d: %s\n%s", i, sql, diff)
			if failed++; failed == 10 {
				t.Fatal("and so on")
			}
		}
	}
}

type kind uint8

const (
	number kind = iota
	text
	float
	truth
)

// column is a column that an expression may refer to.
type column struct {
	name string
	kind kind
}

var tables = map[string][]column{
	"t": {{"id", number}, {"a", number}, {"b", text}, {"c", float}},
	"u": {{"id", number}, {"a", number}, {"d", text}},
}

// grammar makes queries by chance.
type grammar struct {
	*rand.Rand
	names int
}

func pick[T any](g *grammar, list ...T) T { return list[g.IntN(len(list))] }

func (g *grammar) maybe(percent int) bool { return g.IntN(100) < percent }

func (g *grammar) fresh(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

func of(cols []column, k kind) []string {
	var out []string
	for _, c := range cols {
		if c.kind == k {
			out = append(out, c.name)
		}
	}
	return out
}

func qualified(alias string, cols []column) []column {
	out := slices.Clone(cols)
	for i := range out {
		out[i].name = alias + "." + out[i].name
	}
	return out
}

var constants = [...][]string{
	number: {"0", "1", "2", "3", "-1", "NULL::int"},
	text:   {"'x'", "'y'", "''", "'one'", "NULL::text"},
	float:  {"1.5::float8", "0::float8", "NULL::float8"},
	truth:  {"true", "false", "NULL::boolean"},
}

// expr is an expression of a kind over some columns.
func (g *grammar) expr(cols []column, k kind, depth int) string {
	if depth <= 0 || g.maybe(35) {
		if own := of(cols, k); len(own) > 0 && g.maybe(75) {
			return pick(g, own...)
		}
		return pick(g, constants[k]...)
	}
	x := func(k kind) string { return g.expr(cols, k, depth-1) }
	switch k {
	case number:
		return g.number(cols, depth, x)
	case text:
		switch g.IntN(4) {
		case 0:
			return fmt.Sprintf("(%s || %s)", x(text), x(text))
		case 1:
			return fmt.Sprintf("UPPER(%s)", x(text))
		case 2:
			return fmt.Sprintf("COALESCE(%s, 'n')", x(text))
		}
		return fmt.Sprintf("CASE %s WHEN 1 THEN %s END", x(number), x(text))
	case float:
		return fmt.Sprintf("(%s %s %s)", x(float), pick(g, "+", "-"), x(float))
	}
	return g.truth(cols, depth, x)
}

func (g *grammar) number(cols []column, depth int, x func(kind) string) string {
	switch g.IntN(7) {
	case 0:
		return fmt.Sprintf("(%s %s %s)", x(number), pick(g, "+", "-", "*"), x(number))
	case 1:
		return fmt.Sprintf("COALESCE(%s, %s)", x(number), x(number))
	case 2:
		return fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", x(truth), x(number), x(number))
	case 3:
		return fmt.Sprintf("LENGTH(%s)", x(text))
	case 4:
		return fmt.Sprintf("ABS(%s)", x(number))
	case 5:
		return fmt.Sprintf("NULLIF(%s, %s)", x(number), x(number))
	}
	from, own := g.inner(cols, depth)
	call := pick(g, "COUNT(*)::int", "MAX(%s.id)", "MIN(%s.a)", "SUM(%s.a)::int", "COUNT(%s.a)::int")
	return fmt.Sprintf("(SELECT %s %s)", strings.ReplaceAll(call, "%s", own), from)
}

func (g *grammar) truth(cols []column, depth int, x func(kind) string) string {
	switch g.IntN(9) {
	case 0, 1:
		k := pick(g, number, text, float)
		return fmt.Sprintf("(%s %s %s)", x(k), pick(g, "=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM"), x(k))
	case 2:
		return fmt.Sprintf("(%s %s %s)", x(truth), pick(g, "AND", "OR"), x(truth))
	case 3:
		return fmt.Sprintf("(NOT %s)", x(truth))
	case 4:
		return fmt.Sprintf("(%s IS %sNULL)", x(pick(g, number, text)), pick(g, "", "NOT "))
	case 5:
		return fmt.Sprintf("(%s %sIN (%s, %s))", x(number), pick(g, "", "NOT "), x(number), x(number))
	case 6:
		return fmt.Sprintf("(%s LIKE '%%%s%%')", x(text), pick(g, "x", "o", "e"))
	case 7:
		from, _ := g.inner(cols, depth)
		return fmt.Sprintf("(%sEXISTS (SELECT 1 %s))", pick(g, "", "NOT "), from)
	}
	from, own := g.inner(cols, depth)
	return fmt.Sprintf("(%s %s (SELECT %s.%s %s))", x(number), pick(g, "IN", "NOT IN", "= ANY", "<> ALL", "< ANY", ">= ALL"), own, pick(g, "a", "id"), from)
}

// inner is FROM and WHERE of a subquery, often correlated, and the alias of its table.
func (g *grammar) inner(cols []column, depth int) (from, alias string) {
	table := pick(g, "t", "u")
	alias = g.fresh("s")
	own := qualified(alias, tables[table])
	if g.maybe(70) {
		own = append(own, cols...)
	}
	from = fmt.Sprintf("FROM %s %s", table, alias)
	if g.maybe(80) {
		from += " WHERE " + g.expr(own, truth, min(depth-1, 1))
	}
	return from, alias
}

func (g *grammar) relation(depth int) (string, []column) {
	if depth > 0 && g.maybe(25) {
		sql, cols := g.query(depth - 1)
		alias := g.fresh("q")
		return fmt.Sprintf("(%s) %s", sql, alias), qualified(alias, cols)
	}
	table, alias := pick(g, "t", "u"), g.fresh("r")
	return table + " " + alias, qualified(alias, tables[table])
}

func (g *grammar) from(depth int) (string, []column) {
	sql, cols := g.relation(depth)
	for range pick(g, 0, 0, 1, 1, 2) {
		right, more := g.relation(depth - 1)
		kind := pick(g, "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN")
		l, r := of(cols, number), of(more, number)
		switch {
		case kind == "CROSS JOIN", len(l) == 0 || len(r) == 0:
			sql = fmt.Sprintf("%s CROSS JOIN %s", sql, right)
		default:
			on := fmt.Sprintf("%s = %s", pick(g, l...), pick(g, r...))
			if kind != "FULL JOIN" && g.maybe(40) {
				on += " AND " + g.expr(append(slices.Clone(cols), more...), truth, 0)
			}
			sql = fmt.Sprintf("%s %s %s ON %s", sql, kind, right, on)
		}
		cols = append(slices.Clone(cols), more...)
	}
	return sql, cols
}

// query is a whole query and its columns.
func (g *grammar) query(depth int) (string, []column) {
	if depth > 0 && g.maybe(15) {
		return g.set(depth)
	}
	from, cols := g.from(depth)
	where := ""
	if g.maybe(60) {
		where = " WHERE " + g.expr(cols, truth, 2)
	}
	if g.maybe(35) {
		return g.grouped(from+where, cols)
	}
	var items []string
	var out []column
	for range pick(g, 1, 2, 3) {
		k := pick(g, number, text, float, truth)
		items, out = append(items, g.expr(cols, k, 2)), append(out, column{kind: k})
	}
	if g.maybe(20) {
		all := make([]string, len(cols))
		for i, c := range cols {
			all[i] = c.name
		}
		items = append(items, fmt.Sprintf("%s(%s) OVER (PARTITION BY %s)", pick(g, "SUM", "COUNT", "MIN"), g.expr(cols, number, 1), pick(g, all...)))
		out = append(out, column{kind: number})
	}
	distinct := ""
	if g.maybe(20) {
		distinct = "DISTINCT "
	}
	return "SELECT " + distinct + named(items, out) + " FROM " + from + where, out
}

// named gives items and columns their names.
func named(items []string, cols []column) string {
	out := make([]string, len(items))
	for i, e := range items {
		cols[i].name = fmt.Sprintf("k%d", i)
		out[i] = e + " AS " + cols[i].name
	}
	return strings.Join(out, ", ")
}

func (g *grammar) grouped(from string, cols []column) (string, []column) {
	var items []string
	var out []column
	groups := 0
	for _, k := range pick(g, []kind{number}, []kind{text}, []kind{number, text}, nil) {
		// A group by a constant or with a subquery is another matter in PostgreSQL.
		if e := g.expr(cols, k, 1); strings.Contains(e, ".") && !strings.Contains(e, "SELECT") {
			items, out, groups = append(items, e), append(out, column{kind: k}), groups+1
		}
	}
	for range pick(g, 1, 2) {
		k, call := number, ""
		switch g.IntN(6) {
		case 0:
			call = "COUNT(*)"
		case 1:
			call = fmt.Sprintf("SUM(%s)", g.expr(cols, number, 1))
		case 2:
			k, call = text, fmt.Sprintf("MIN(%s)", g.expr(cols, text, 1))
		case 3:
			call = fmt.Sprintf("COUNT(DISTINCT %s)", g.expr(cols, number, 1))
		case 4:
			call = fmt.Sprintf("COUNT(*) FILTER (WHERE %s)", g.expr(cols, truth, 1))
		case 5:
			k, call = truth, fmt.Sprintf("BOOL_OR(%s)", g.expr(cols, truth, 1))
		}
		items, out = append(items, call), append(out, column{kind: k})
	}
	sql := "SELECT " + named(items, out) + " FROM " + from
	for i := range groups {
		sql += fmt.Sprintf("%s%d", map[bool]string{true: " GROUP BY ", false: ", "}[i == 0], i+1)
	}
	if g.maybe(30) {
		sql += fmt.Sprintf(" HAVING COUNT(*) %s %d", pick(g, ">", "<", "="), g.IntN(3))
	}
	return sql, out
}

func (g *grammar) set(depth int) (string, []column) {
	kinds := pick(g, []kind{number}, []kind{number, text})
	out := make([]column, len(kinds))
	side := func() string {
		from, cols := g.from(depth - 1)
		var items []string
		for i, k := range kinds {
			items, out[i].kind = append(items, g.expr(cols, k, 1)), k
		}
		sql := "SELECT " + named(items, out) + " FROM " + from
		if g.maybe(50) {
			sql += " WHERE " + g.expr(cols, truth, 1)
		}
		return sql
	}
	op := pick(g, "UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")
	return fmt.Sprintf("(%s) %s (%s)", side(), op, side()), out
}
