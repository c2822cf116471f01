package bind

import (
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
)

// Options say what a query is bound for.
type Options struct {
	Catalog *catalog.Snapshot
	// Text is the text that positions count in.
	Text string
	// Sink is the stream or table that the query builds or feeds; empty for one that
	// answers a client.
	Sink     string
	Standard bool
	// Bounded is a query that ends: it may sort, group over what is there, and so on.
	Bounded bool
	// Params are the types of the statement's parameters; nil: there are none.
	Params *expr.Params
	// With is the WITH clause of CREATE ... AS; nil elsewhere.
	With *With
	// SelectOrder puts key columns in the order of the select list instead of that of the
	// source's key.
	SelectOrder bool
	// LegacySubstring has SUBSTRING count from 0 and take an end.
	LegacySubstring bool
}

// Source is a stream or table in FROM.
type Source struct {
	Alias string
	Src   *catalog.Source
	Pos   int
}

// Item is one expression of the expanded select list.
type Item struct {
	Expr  ast.Expr // qualified
	Alias string
	// Star says that the item came out of * or src.*.
	Star bool
	Pos  int
}

// Query is a bound query block.
type Query struct {
	Options
	Select  *ast.Select
	Sources []*Source
	Joins   []*Join
	Window  *ast.Window
	Where   ast.Expr
	GroupBy []ast.Expr
	// Grouped says that the query aggregates, with GROUP BY or without.
	Grouped     bool
	PartitionBy []ast.Expr
	// PartitionNull is PARTITION BY NULL: the result has no key.
	PartitionNull bool
	Having        ast.Expr
	Items         []Item
	// Aggregates are the distinct aggregate calls of the select list and HAVING.
	Aggregates []*ast.FunctionCall
	// TableCalls are the distinct calls of table functions.
	TableCalls []*ast.FunctionCall
	// Synthetic is the name of the key of a join that no source has a column for.
	Synthetic string
}

// Analyze binds a query block.
func Analyze(sel *ast.Select, o Options) (*Query, error) {
	q := &Query{Options: o, Select: sel, Window: sel.Window}
	if err := q.supported(); err != nil {
		return nil, err
	}
	if sel.From != nil {
		if err := q.from(sel.From); err != nil {
			return nil, err
		}
	}
	if err := q.clauses(); err != nil {
		return nil, err
	}
	if err := q.selectList(); err != nil {
		return nil, err
	}
	if err := q.checkFormats(); err != nil {
		return nil, err
	}
	if err := q.collectCalls(); err != nil {
		return nil, err
	}
	if q.Grouped {
		if err := q.checkGrouping(); err != nil {
			return nil, err
		}
		return q, q.checkGroupAll()
	}
	if q.Window != nil {
		return nil, sqlerr.New(sqlerr.WindowingError, "%sWINDOW clause requires a GROUP BY clause.", Prefix(o.Text, q.Window.Pos())).At(q.Window.Pos())
	}
	if q.Having != nil {
		return nil, sqlerr.New(sqlerr.GroupingError, "HAVING clause requires a GROUP BY clause.").At(q.Having.Pos())
	}
	return q, nil
}

// supported refuses the clauses that continuous queries do not have.
func (q *Query) supported() error {
	s := q.Select
	not := func(what string, pos int) error {
		return sqlerr.New(sqlerr.FeatureNotSupported, "%s is not supported in a continuous query", what).At(pos)
	}
	switch {
	case len(s.DistinctOn) > 0:
		return not("SELECT DISTINCT ON", s.DistinctOn[0].Pos())
	case len(s.Named) > 0:
		return not("WINDOW "+s.Named[0].Name.Name, s.Named[0].Name.Pos())
	case s.WithTies:
		return not("WITH TIES", s.Limit.Pos())
	case len(s.With) > 0:
		return sqlerr.New(sqlerr.FeatureNotSupported, "WITH queries are not supported yet").At(s.With[0].Pos())
	case q.Bounded:
		return nil
	case s.From == nil:
		return sqlerr.New(sqlerr.InvalidDefinition, "a continuous query needs a FROM clause").At(s.Pos())
	case s.Distinct:
		return not("SELECT DISTINCT", s.Pos())
	case len(s.OrderBy) > 0:
		return not("ORDER BY", s.OrderBy[0].Expr.Pos())
	case s.Offset != nil:
		return not("OFFSET", s.Offset.Pos())
	}
	return nil
}

// from binds the relations of FROM, left to right.
func (q *Query) from(r ast.Relation) error {
	switch r := r.(type) {
	case *ast.Table:
		return q.addSource(r)
	case *ast.Join:
		if err := q.from(r.Left); err != nil {
			return err
		}
		right, ok := r.Right.(*ast.Table)
		if !ok {
			return sqlerr.New(sqlerr.FeatureNotSupported, "the right side of a join must be a stream or table").At(r.Right.Pos())
		}
		if err := q.addSource(right); err != nil {
			return err
		}
		return q.addJoin(r)
	}
	what := "subqueries in FROM"
	if _, call := r.(*ast.TableFunction); call {
		what = "functions in FROM"
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, "%s are not supported yet", what).At(r.Pos())
}

func (q *Query) addSource(t *ast.Table) error {
	if len(t.Columns) > 0 {
		return sqlerr.New(sqlerr.FeatureNotSupported, "a list of column names behind an alias is not supported in a continuous query").At(t.Columns[0].Pos())
	}
	src, ok := q.Catalog.Lookup(t.Name.Name, t.Name.Quoted && q.folds())
	if !ok {
		return UnknownSource(q.Catalog, t.Name)
	}
	alias := t.Alias.Name
	if alias == "" {
		alias = src.Name
	}
	for _, s := range q.Sources {
		if s.Src.Name == src.Name && len(q.Sources) > 1 {
			return sqlerr.New(sqlerr.FeatureNotSupported, "N-way joins do not support multiple occurrences of the same source. Source: '%s'.", src.Name).At(t.Pos())
		}
		if s.Src.Name == src.Name {
			return sqlerr.New(sqlerr.FeatureNotSupported, "Can not join '%s' to '%s': self joins are not yet supported.", src.Name, s.Src.Name).At(t.Pos())
		}
		if s.Alias == alias {
			return sqlerr.New(sqlerr.DuplicateAlias, "the alias %s stands for two sources", alias).At(t.Pos())
		}
	}
	q.Sources = append(q.Sources, &Source{Alias: alias, Src: src, Pos: t.Pos()})
	return nil
}

// UnknownSource is the error for a name that no stream or table has.
func UnknownSource(cat *catalog.Snapshot, name ast.TableName) error {
	err := sqlerr.New(sqlerr.UndefinedTable, "%s does not exist.", name.Name).At(name.Pos())
	if best := cat.Nearest(name.Name); best != "" {
		found, _ := cat.Source(best)
		err.Hint("Perhaps you meant the %s %s.", strings.ToLower(found.Keyword()), best)
	}
	return err
}

// clauses binds everything but the select list.
func (q *Query) clauses() (err error) {
	s := q.Select
	if q.Where, err = q.columns(s.Where, "WHERE"); err != nil {
		return err
	}
	q.Grouped = len(s.GroupBy) > 0
	seen := map[string]bool{}
	for _, e := range s.GroupBy {
		g, err := q.columns(q.grouping(e), "GROUP BY")
		if err != nil {
			return err
		}
		if seen[Text(g)] {
			return sqlerr.New(sqlerr.GroupingError, "Duplicate GROUP BY expression: %s", ast.Shown(g)).At(e.Pos())
		}
		seen[Text(g)] = true
		q.GroupBy = append(q.GroupBy, g)
	}
	if err := q.partitionBy(); err != nil {
		return err
	}
	q.Having, err = q.columns(s.Having, "HAVING")
	return err
}

// grouping is what a GROUP BY expression stands for: by the standard, a number or a name
// that no source has means an item of the select list.
func (q *Query) grouping(e ast.Expr) ast.Expr {
	if !q.Standard {
		return e
	}
	if n, ok := e.(*ast.Int); ok && n.Value >= 1 && n.Value <= int64(len(q.Select.Items)) {
		if it := q.Select.Items[n.Value-1]; it.Star == ast.NoStar {
			return it.Expr
		}
	}
	ref := Column(e)
	if ref == nil || !ref.Qualifier.Empty() {
		return e
	}
	for _, s := range q.Sources {
		if _, ok := s.column(ref.Name.Name, ref.Name.Quoted); ok {
			return e
		}
	}
	for _, it := range q.Select.Items {
		if it.Alias.Name == ref.Name.Name && it.Star == ast.NoStar {
			return it.Expr
		}
	}
	return e
}

func (q *Query) partitionBy() error {
	list := q.Select.PartitionBy
	if list == nil {
		return nil
	}
	if len(list) == 0 {
		return sqlerr.New(sqlerr.SyntaxError, "PARTITION BY requires at least one expression").At(q.Select.Pos())
	}
	for _, e := range list {
		if _, null := e.(*ast.Null); null {
			if len(list) > 1 {
				return sqlerr.New(sqlerr.InvalidDefinition, "Cannot PARTITION BY multiple columns including NULL").At(e.Pos())
			}
			q.PartitionNull = true
			return nil
		}
		p, err := q.columns(e, "PARTITION BY")
		if err != nil {
			return err
		}
		q.PartitionBy = append(q.PartitionBy, p)
	}
	return nil
}

// checkFormats refuses KAFKA values where rows have to be kept or sent on.
func (q *Query) checkFormats() error {
	var bad []string
	for _, s := range q.Sources {
		if s.Src.Value.Name == Kafka {
			bad = append(bad, s.Alias)
		}
	}
	what := ""
	switch {
	case q.Bounded:
	case len(q.Joins) > 0:
		what = "JOIN"
	case q.Grouped:
		what = "GROUP BY"
	}
	if len(bad) == 0 || what == "" {
		return nil
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, "Source(s) %s are using the 'KAFKA' value format. This format does not yet support %s.",
		strings.Join(bad, ", "), what).
		Hint("KAFKA is meant for keys. Copy the data into a format with named fields first, with CREATE STREAM ... WITH (VALUE_FORMAT='JSON') AS SELECT.")
}

// collectCalls finds the aggregate and table functions of the select list and HAVING.
func (q *Query) collectCalls() error {
	aggregates, tables := map[string]bool{}, map[string]bool{}
	for _, item := range q.Items {
		if err := q.collect(item.Expr, aggregates, tables); err != nil {
			return err
		}
	}
	if q.Having != nil {
		if err := q.collect(q.Having, aggregates, tables); err != nil {
			return err
		}
	}
	if call := findCall(q.Where, function.IsAggregate); call != nil {
		return sqlerr.New(sqlerr.GroupingError, "Aggregate functions are not allowed in WHERE: %s", q.Display(call)).At(call.Pos()).
			Hint("Use HAVING for conditions on groups.")
	}
	if len(q.TableCalls) > 0 {
		switch {
		case q.Grouped || len(q.Aggregates) > 0:
			return errTableCall(q.TableCalls[0])
		case q.Sources[0].Src.Table: // what a stream is joined with does not make it a table
			return sqlerr.New(sqlerr.FeatureNotSupported, "Table source is not supported with table functions").At(q.TableCalls[0].Pos())
		}
	}
	q.Grouped = q.Grouped || len(q.Aggregates) > 0
	return nil
}

func errTableCall(call *ast.FunctionCall) error {
	return sqlerr.New(sqlerr.FeatureNotSupported, "Table functions cannot be used with aggregations.").At(call.Pos())
}

// checkGroupAll refuses a stream or table of one row, in ksqlDB's dialect.
func (q *Query) checkGroupAll() error {
	if len(q.GroupBy) > 0 || q.Sink == "" || q.Standard {
		return nil
	}
	call := q.Aggregates[0]
	text := q.Display(call)
	if call.Star || len(call.Args) == 0 {
		text = call.Name.Name + "(ROWTIME)"
	}
	return sqlerr.New(sqlerr.GroupingError, "CREATE TABLE AS SELECT statement does not support aggregate function [%s] without a GROUP BY clause.", text).At(call.Pos())
}

// collect adds the calls inside e that are not there yet.
func (q *Query) collect(e ast.Expr, aggregates, tables map[string]bool) error {
	var err error
	var inCase ast.Expr
	Walk(e, func(e ast.Expr, _ map[string]bool) bool {
		if _, ok := e.(*ast.Case); ok {
			inCase = e
		}
		call, ok := e.(*ast.FunctionCall)
		if !ok || err != nil {
			return err == nil
		}
		switch function.KindOf(call.Name.Name) {
		case function.IsAggregate:
			if inner := findCall(call, function.IsTable); inner != nil {
				err = errTableCall(inner)
				return false
			}
			err = q.addCall(call, &q.Aggregates, aggregates, function.IsAggregate, "Aggregate functions can not be nested")
			return false
		case function.IsTable:
			if inCase != nil {
				err = sqlerr.New(sqlerr.FeatureNotSupported, "Table functions cannot be used in CASE: %s", ast.Shown(inCase)).At(call.Pos())
				return false
			}
			err = q.addCall(call, &q.TableCalls, tables, function.IsTable, "Table functions cannot be nested")
			return false
		}
		return true
	})
	return err
}

func (q *Query) addCall(call *ast.FunctionCall, list *[]*ast.FunctionCall, seen map[string]bool, kind function.Kind, nested string) error {
	for _, a := range call.Args {
		if inner := findCall(a, kind); inner != nil {
			return sqlerr.New(sqlerr.GroupingError, "%s: %s(%s())", nested, call.Name.Name, inner.Name.Name).At(inner.Pos())
		}
	}
	if text := Text(call); !seen[text] {
		seen[text] = true
		*list = append(*list, call)
	}
	return nil
}

// findCall is the first call of a function of a kind inside e, or nil.
func findCall(e ast.Expr, kind function.Kind) *ast.FunctionCall {
	var found *ast.FunctionCall
	Walk(e, func(e ast.Expr, _ map[string]bool) bool {
		if call, ok := e.(*ast.FunctionCall); ok && found == nil && function.KindOf(call.Name.Name) == kind {
			found = call
		}
		return found == nil
	})
	return found
}
