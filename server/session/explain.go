package session

import (
	"context"
	"strings"

	"tailrace/planner"
	"tailrace/planner/explain"
	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// prepareExplain is EXPLAIN of a statement, or of a running query by its id. The columns
// are PostgreSQL's: one, named QUERY PLAN.
func (s *Session) prepareExplain(ctx context.Context, a *ast.Explain, own, text string) (*Prepared, error) {
	lines, err := s.explain(ctx, a, own, text)
	if err != nil {
		return nil, err
	}
	return s.tableStatement("EXPLAIN", func(context.Context) (*table, error) {
		t := newTable("QUERY PLAN")
		for _, line := range strings.Split(strings.TrimRight(lines, "\n"), "\n") {
			t.add(line)
		}
		return t, nil
	})
}

func (s *Session) explain(ctx context.Context, a *ast.Explain, own, text string) (string, error) {
	if a.Statement == nil {
		q, ok := s.deps.Catalog.Plan(a.Query.Name)
		if !ok {
			return "", sqlerr.New(sqlerr.UndefinedObject, "Query with id:%s does not exist, use SHOW QUERIES to view the full set of queries.", a.Query.Name).
				At(a.Query.Pos())
		}
		text := explain.Text(q)
		if st, err := s.deps.Engine.Status(q.ID); err == nil {
			text += "Status: " + health(st) + "\n"
		}
		return text, nil
	}
	env := s.planEnv(ctx, own, text, nil)
	switch st := a.Statement.(type) {
	case *ast.SetOp, *ast.Values:
		return s.explainQuery(st.(ast.Query), env)
	case *ast.Select:
		if st.Emit != ast.EmitNone {
			q, err := planner.PlanPush(st, env)
			if err != nil {
				return "", err
			}
			return explain.Text(q.Query), nil
		}
		return s.explainQuery(st, env)
	case *ast.CreateAs, *ast.InsertInto:
		cmd, err := planner.Plan(st, env)
		if err != nil {
			return "", err
		}
		if cmd.Query == nil {
			return cmd.Notice, nil
		}
		return explain.Text(cmd.Query), nil
	}
	return "", sqlerr.New(sqlerr.FeatureNotSupported, "EXPLAIN takes a query, CREATE ... AS SELECT, INSERT INTO ... SELECT or the id of a query").At(a.Pos())
}

// explainQuery is the plan of a query that ends.
func (s *Session) explainQuery(q ast.Query, env planner.Env) (string, error) {
	env.Standard = s.dialect() != dialectKsql
	p, err := planner.PlanPull(q, env)
	if err != nil {
		return "", err
	}
	return explain.Query(p), nil
}
