package session

import (
	"context"
	"strconv"

	"tailrace/server/pgcatalog"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/expr/kernel"
	"tailrace/sql/parse"
	"tailrace/sql/types"
)

const (
	// keptPlans is how many plans of queries a session keeps: those of the statements that an
	// application repeats without preparing them.
	keptPlans = 16
	// keptText bounds the text of a query whose plan is kept, in bytes.
	keptText = 4 << 10
)

// plans are the plans of the queries that a session has run last, by text: for clients that
// send a query's text each time. A change of the catalog makes them useless, and whatever
// else a statement can change of a session forgets them.
type plans struct {
	catalog *catalog.Snapshot
	byText  map[planKey]*Prepared // nil: this text is planned each time
}

// planKey is a text and the parameters' types that the client declared, as text.
type planKey struct{ text, params string }

func keyOf(text string, params []types.Type) planKey {
	key := planKey{text: text}
	for _, t := range params {
		key.params += t.String() + ";"
	}
	return key
}

// find is the plan that is kept under a key; known says that there is an entry, which is nil
// for a text that is not to be tried again.
func (s *Session) keptPlan(key planKey) (p *Prepared, known bool) {
	if s.plans.catalog != s.deps.Catalog.Snapshot() {
		s.forgetPlans()
		return nil, false
	}
	p, known = s.plans.byText[key]
	return p, known
}

// keepPlan keeps a plan that was made of the catalog at hand.
func (s *Session) keepPlan(key planKey, snapshot *catalog.Snapshot, p *Prepared) {
	if len(key.text) > keptText || s.plans.catalog != nil && s.plans.catalog != snapshot {
		return
	}
	if s.plans.byText == nil || len(s.plans.byText) >= keptPlans {
		s.plans.byText = map[planKey]*Prepared{}
	}
	s.plans.catalog = snapshot
	s.plans.byText[key] = p
}

func (s *Session) forgetPlans() { s.plans = plans{} }

// forgets reports whether a statement may change how queries of the session are planned.
func forgets(stmt ast.Statement) bool {
	switch stmt.(type) {
	case ast.Query, *ast.InsertValues, *ast.Update, *ast.Delete, *ast.Transaction:
		return false
	}
	return true
}

// forgetting is a statement after which nothing that was planned before is used.
func (s *Session) forgetting(p *Prepared) *Prepared {
	s.forgetPlans()
	if run := p.run; run != nil {
		p.run = func(ctx context.Context, args []types.Value, out Result) (string, error) {
			defer s.forgetPlans()
			return run(ctx, args, out)
		}
	}
	return p
}

// prepareLike plans a query whose text differs from an earlier one's in values alone: they
// are parameters of one plan. It is nil where the text has to be planned as it is, also to
// find what is wrong with it.
func (s *Session) prepareLike(ctx context.Context, text string) *Prepared {
	if len(text) > keptText {
		return nil
	}
	normal, literals, ok := parse.Parametrize(text)
	if !ok {
		return nil
	}
	declared := make([]types.Type, len(literals))
	for i, l := range literals {
		if l.Number {
			declared[i] = types.BigintType
			if n, _ := strconv.ParseInt(l.Text, 10, 64); int64(int32(n)) == n {
				declared[i] = types.IntType
			}
		}
	}
	key := keyOf(normal, declared)
	shared, known := s.keptPlan(key)
	if !known {
		snapshot := s.deps.Catalog.Snapshot()
		if !pgcatalog.Wants(text) {
			if p, err := s.prepareParsed(ctx, normal, declared); err == nil && p.kept && sameKinds(literals, p.Params) {
				shared = p
			}
		}
		s.keepPlan(key, snapshot, shared)
	}
	if shared == nil {
		return nil
	}
	args := make([]types.Value, len(literals))
	for i, l := range literals {
		var err error
		if args[i], err = kernel.ParseValue(l.Text, shared.Params[i], true); err != nil {
			return nil
		}
	}
	p := *shared
	p.Text, p.Params = text, nil
	p.run = func(ctx context.Context, _ []types.Value, out Result) (string, error) {
		return shared.run(ctx, args, out)
	}
	return &p
}

// sameKinds says that numbers stand where numbers are wanted: beside a text a number would be
// refused, and a parameter is not.
func sameKinds(literals []parse.Literal, params []types.Type) bool {
	for i, l := range literals {
		if l.Number && !params[i].IsNumeric() {
			return false
		}
	}
	return true
}
