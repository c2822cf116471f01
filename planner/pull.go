package planner

import (
	"strings"

	"tailrace/planner/bind"
	"tailrace/planner/logical"
	"tailrace/planner/plan/algebra"
	"tailrace/planner/relational"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// PlanPull plans a query that ends: over what is there now. In ksqlDB's dialect it has
// ksqlDB's limits; by the standard it is all that SELECT can say.
func PlanPull(query ast.Query, env Env) (*algebra.Query, error) {
	out, p, err := expr.SettleParams(env.Parameters, func(p *expr.Params) (*algebra.Query, error) {
		if env.Standard {
			return relational.Bind(query, env.relational(p))
		}
		return planPull(query, env, p)
	})
	if err != nil {
		return nil, err
	}
	out.Parameters, out.Statement = p.Types, env.statement()
	return out, nil
}

func (e *Env) relational(params *expr.Params) relational.Env {
	return relational.Env{Catalog: e.Catalog, Standard: e.Standard, Params: params, Kept: func(src *catalog.Source) bool { return kept(src, e) }}
}

// planPull plans a query in ksqlDB's dialect: what it refuses is checked first.
func planPull(query ast.Query, env Env, params *expr.Params) (*algebra.Query, error) {
	sel, ok := query.(*ast.Select)
	if !ok {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "only single SELECT queries are supported yet").At(query.Pos())
	}
	if sel.Emit != ast.EmitNone {
		return nil, sqlerr.New(sqlerr.InvalidDefinition, "EMIT %s makes a query that does not end", sel.Emit).At(sel.Pos())
	}
	if err := pullClauses(sel, &env); err != nil {
		return nil, err
	}
	q, err := bind.Analyze(sel, bind.Options{Catalog: env.Catalog, Text: env.Text, Bounded: true, Params: params})
	if err != nil {
		return nil, err
	}
	if len(q.Sources) > 0 {
		if err := pullColumns(q); err != nil {
			return nil, err
		}
	}
	re := env.relational(params)
	re.Show = q.Display
	out, err := relational.Bind(analyzed(q), re)
	if err != nil {
		return nil, inWhere(err, q)
	}
	if err := uniqueNames(q, out); err != nil || len(q.Sources) == 0 || !q.Sources[0].Src.Table {
		return out, err
	}
	if src := q.Sources[0]; !kept(src.Src, &env) {
		name := src.Src.Name
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "The `%s` table isn't queryable. To derive a queryable table, you can do 'CREATE TABLE QUERYABLE_%s AS SELECT * FROM %s'.%s",
			name, name, name, addEmit).At(src.Pos)
	}
	return out, checkPullWhere(q, &env)
}

// analyzed is a query block with its names resolved and its stars expanded by ksqlDB's rules.
func analyzed(q *bind.Query) *ast.Select {
	sel := *q.Select
	sel.Items, sel.Where = nil, q.Where
	for _, it := range q.Items {
		sel.Items = append(sel.Items, ast.SelectItem{Loc: ast.Loc(it.Pos), Expr: it.Expr, Alias: ast.Ident{Name: it.Alias}})
	}
	return &sel
}

// uniqueNames refuses two columns of one name.
func uniqueNames(q *bind.Query, out *algebra.Query) error {
	seen := map[string]bool{}
	for i, it := range q.Items {
		if seen[it.Alias] {
			return logical.Duplicate(it, out.Columns[out.Output[i].ID].Type)
		}
		seen[it.Alias] = true
	}
	return nil
}

// inWhere adds to a fault of the WHERE clause, in ksqlDB's dialect, what the clause says.
func inWhere(err error, q *bind.Query) error {
	known, ok := sqlerr.As(err)
	if ok && q.Where != nil && strings.HasPrefix(known.Message, "Error in WHERE expression: ") {
		known.Message += "\nStatement: " + q.Display(q.Where)
	}
	return err
}

// kept says that a query keeps the current rows of a table.
func kept(src *catalog.Source, env *Env) bool {
	_, ok := env.Catalog.Query(src.CreatedBy)
	return ok
}

const addEmit = " See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query."

// pullClauses refuses the clauses that a query that ends does not have.
func pullClauses(s *ast.Select, env *Env) error {
	not := func(clause string, pos int) error {
		return sqlerr.New(sqlerr.FeatureNotSupported, "Pull queries don't support %s clauses.%s", clause, addEmit).At(pos)
	}
	join, isJoin := s.From.(*ast.Join)
	switch {
	case isJoin:
		return not("JOIN", join.Pos())
	case s.Window != nil:
		return not("WINDOW", s.Window.Pos())
	case s.PartitionBy != nil:
		return not("PARTITION BY", s.Pos())
	case s.GroupBy != nil:
		return not("GROUP BY", s.GroupBy[0].Pos())
	case s.Having != nil:
		return not("HAVING", s.Having.Pos())
	case len(s.OrderBy) > 0:
		return sqlerr.New(sqlerr.SyntaxError, "Syntax Error").At(orderBy(s.OrderBy[0].Expr.Pos(), env.Text)).
			Hint("ksqlDB's dialect has no ORDER BY; that of the standard has: SET dialect = standard.")
	case s.Limit != nil && env.off(propPullLimit):
		return sqlerr.New(sqlerr.FeatureNotSupported, "LIMIT clause in pull queries is currently disabled. You can enable them by setting %s=true.%s",
			propPullLimit, addEmit).At(s.Limit.Pos())
	}
	return nil
}

// orderBy is the position of the BY of ORDER BY in front of a position, where ksqlDB's
// grammar does not go on: it takes ORDER for an alias.
func orderBy(pos int, text string) int {
	before := []rune(text)
	before = before[:min(pos-1, len(before))]
	if at := strings.LastIndex(strings.ToUpper(string(before)), "BY"); at >= 0 {
		return len([]rune(string(before)[:at])) + 1
	}
	return pos
}

// pullColumns refuses the places of records: a table's row has none, and ksqlDB does not
// tell those of a stream's.
func pullColumns(q *bind.Query) error {
	if len(q.TableCalls) > 0 {
		return sqlerr.New(sqlerr.FeatureNotSupported, "Pull queries don't support table functions.%s", addEmit).At(q.TableCalls[0].Pos())
	}
	if len(q.Aggregates) > 0 {
		return sqlerr.New(sqlerr.FeatureNotSupported, "Pull queries don't support aggregate functions.%s", addEmit).At(q.Aggregates[0].Pos())
	}
	find := func(clause string, e ast.Expr) error {
		var found *ast.ColumnRef
		bind.Walk(e, func(e ast.Expr, _ map[string]bool) bool {
			if ref := bind.Column(e); ref != nil && (ref.Name.Name == types.RowPartition || ref.Name.Name == types.RowOffset) {
				found = ref
			}
			return found == nil
		})
		if found == nil {
			return nil
		}
		return sqlerr.New(sqlerr.InvalidColumnReference, "Pull queries don't support the following columns in %s clauses: %s", clause, types.QuoteName(found.Name.Name)).At(found.Pos())
	}
	for _, it := range q.Items {
		if err := find("SELECT", it.Expr); err != nil {
			return err
		}
	}
	return find("WHERE", q.Where)
}
