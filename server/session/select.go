package session

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tailrace/executor"
	"tailrace/executor/bounded"
	"tailrace/executor/chunk"
	"tailrace/planner"
	"tailrace/planner/plan"
	"tailrace/planner/plan/algebra"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// prepareQuery plans a SELECT: a push query when it says EMIT, otherwise one that ends.
func (s *Session) prepareQuery(ctx context.Context, a ast.Query, own, text string, params []types.Type) (*Prepared, error) {
	env := s.planEnv(ctx, own, text, params)
	if sel, ok := a.(*ast.Select); ok && sel.Emit != ast.EmitNone {
		return s.preparePush(sel, env)
	}
	env.Standard = s.dialect() != dialectKsql
	q, err := s.plan(a, env)
	if err != nil {
		return nil, err
	}
	return &Prepared{Text: text, Params: q.algebra.Parameters, Columns: q.columns, run: func(ctx context.Context, args []types.Value, out Result) (string, error) {
		if env.Catalog != s.deps.Catalog.Snapshot() {
			fresh := s.planEnv(ctx, own, text, params)
			fresh.Standard = env.Standard
			again, err := s.plan(a, fresh)
			if err == nil {
				err = again.instead(q)
			}
			if err != nil {
				return "", err
			}
			q, env = again, fresh
		}
		n, err := s.runQuery(ctx, q, args, out)
		return selectTag(n), cancelled(ctx, err)
	}}, nil
}

// plannedQuery is a query that ends as it is planned for one state of the catalog.
type plannedQuery struct {
	algebra *algebra.Query
	columns []Column
	lookup  *bounded.Lookup // nil: it is more than the rows of one key
}

func (s *Session) plan(q ast.Query, env planner.Env) (*plannedQuery, error) {
	p, err := planner.PlanPull(q, env)
	if err != nil {
		return nil, err
	}
	out := &plannedQuery{algebra: p, columns: columnsOf(p.Schema())}
	out.lookup, err = bounded.NewLookup(p, s.functionContext())
	return out, err
}

// instead refuses a plan in the place of another whose result, or parameters, are not the
// same: the client has been told of those.
func (p *plannedQuery) instead(was *plannedQuery) error {
	same := slices.EqualFunc(p.columns, was.columns, func(a, b Column) bool { return a.Name == b.Name && a.Type.Equal(b.Type) && a.OID == b.OID }) &&
		slices.EqualFunc(p.algebra.Parameters, was.algebra.Parameters, types.Type.Equal)
	if same {
		return nil
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, "cached plan must not change result type").
		Hint("What the statement reads has been made again with other columns: prepare it again.")
}

func (s *Session) runQuery(ctx context.Context, q *plannedQuery, args []types.Value, out Result) (int64, error) {
	if l := q.lookup; l != nil && !l.Busy() {
		if view, ok := s.deps.Engine.View(l.Source()); ok {
			return s.lookup(ctx, l, view, args, q.columns, out)
		}
	}
	return s.pull(ctx, q.algebra, constantsOf(args, q.algebra.Parameters), q.columns, out)
}

// selectTag is the command tag of a query that has returned n rows.
func selectTag(n int64) string {
	switch n {
	case 0:
		return "SELECT 0"
	case 1:
		return "SELECT 1"
	}
	return "SELECT " + strconv.FormatInt(n, 10)
}

// lookup runs a query that has been compiled.
func (s *Session) lookup(ctx context.Context, l *bounded.Lookup, view *executor.View, args []types.Value, columns []Column, out Result) (int64, error) {
	if err := s.waitFor(ctx, view.Name(), out); err != nil {
		return 0, err
	}
	if err := out.Columns(columns); err != nil {
		return 0, err
	}
	return l.Run(ctx, view, args, out.Rows)
}

// columnsOf are the columns of a query's result. A name that an unquoted identifier finds
// is told in lower case, as pg_catalog has it: drivers that give rows by name expect
// Postgres' folding.
func columnsOf(schema types.Schema) []Column {
	out := make([]Column, len(schema.Columns))
	for i, c := range schema.Columns {
		if out[i] = (Column{Name: c.Name, Type: c.Type}); c.Name == strings.ToUpper(c.Name) {
			out[i].Name = strings.ToLower(c.Name)
		}
	}
	return out
}

// pull runs a query that ends, when what it reads is as fresh as the session wants it.
func (s *Session) pull(ctx context.Context, p *algebra.Query, args []expr.Constant, columns []Column, out Result) (int64, error) {
	for _, name := range sourcesOf(p) {
		if err := s.waitFor(ctx, name, out); err != nil {
			return 0, err
		}
	}
	q, err := bounded.Compile(p, bounded.Env{Engine: s.deps.Engine, Params: args, Function: s.functionContext(), Memory: s.deps.Memory})
	if err != nil {
		return 0, err
	}
	if err := out.Columns(columns); err != nil {
		return 0, err
	}
	return q.Run(ctx, out.Rows)
}

// sourcesOf are the streams and tables that a query reads.
func sourcesOf(q *algebra.Query) []string {
	var out []string
	algebra.Walk(q.Root, func(n algebra.Node) {
		if s, ok := n.(*algebra.Scan); ok && !slices.Contains(out, s.Name) {
			out = append(out, s.Name)
		}
	})
	return out
}

// functionContext is what functions of a query for this client may ask for.
func (s *Session) functionContext() *function.Context {
	return function.NewContext(func() int64 { return s.deps.Clock.Now().UnixMilli() }, s.deps.Rand.Uint64)
}

// preparePush plans a push query.
func (s *Session) preparePush(sel *ast.Select, env planner.Env) (*Prepared, error) {
	q, err := planner.PlanPush(sel, env)
	if err != nil {
		return nil, err
	}
	columns := columnsOf(q.Root.Schema())
	return &Prepared{Text: env.Text, Params: q.Parameters, Columns: columns, Streaming: true, run: func(ctx context.Context, args []types.Value, out Result) (string, error) {
		q := q
		if len(args) > 0 {
			env := env
			env.Parameters, env.Arguments = q.Parameters, args
			if q, err = planner.PlanPush(sel, env); err != nil {
				return "", err
			}
		}
		if err := out.Columns(columns); err != nil {
			return "", err
		}
		if err := out.Flush(); err != nil {
			return "", err
		}
		w := pushWriter{out: out, keys: keyColumns(q.Root.Node)}
		run := *q.Query
		run.ID = fmt.Sprintf("transient_%s_%d", q.ID, s.deps.Rand.Uint64())
		err := s.deps.Engine.RunPush(ctx, &run, s.properties["auto.offset.reset"], w.emit)
		return fmt.Sprintf("SELECT %d", w.rows), cancelled(ctx, err)
	}}, nil
}

// pushWriter sends the changes of a push query as rows. A deleted row of a table is sent
// with its key, and NULL in every other column: ksqlDB's tombstone.
type pushWriter struct {
	out  Result
	keys map[int]bool
	rows int64
}

// keyColumns are the columns of a push query's result that are key columns of what it
// selects from.
func keyColumns(root plan.Node) map[int]bool {
	keys := map[int]bool{}
	for i, c := range root.Schema().Columns {
		keys[i] = c.In == types.InKey
	}
	p, ok := root.(*plan.Project)
	if !ok {
		return keys
	}
	input := keyColumns(p.Input.Node)
	for i, e := range p.Exprs {
		if e.Op == expr.OpColumn && input[e.Column] {
			keys[i] = true
		}
	}
	return keys
}

func (w *pushWriter) emit(c *chunk.Chunk, more bool) error {
	w.rows += int64(c.N)
	var err error
	if shared, ok := w.out.(SharedResult); ok && c.Memo != nil {
		// Whoever shares the chunk has the same plan, so the same keys.
		err = shared.SharedRows(func() []*vector.Vector { return w.withoutDeleted(c) }, c.N, c.Memo)
	} else {
		err = w.out.Rows(w.withoutDeleted(c), c.N)
	}
	if err != nil || more {
		return err
	}
	return w.out.Flush()
}

// withoutDeleted copies the columns that are not key, with NULL where a row was deleted.
func (w *pushWriter) withoutDeleted(c *chunk.Chunk) []*vector.Vector {
	var deleted []int
	for i := range c.N {
		if c.Op(i) == chunk.Delete {
			deleted = append(deleted, i)
		}
	}
	if len(deleted) == 0 {
		return c.Cols
	}
	out := make([]*vector.Vector, len(c.Cols))
	for i, col := range c.Cols {
		out[i] = col
		if w.keys[i] {
			continue
		}
		out[i] = col.Clone()
		for _, row := range deleted {
			out[i].SetNull(row)
		}
	}
	return out
}
