package bind

import (
	"slices"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Join is one join of a left-deep chain: the sources so far with one more.
type Join struct {
	Type  ast.JoinType
	Right *Source
	// On is the source among those so far that LeftOn refers to.
	On      *Source
	LeftOn  ast.Expr // qualified, over the sources so far
	RightOn ast.Expr // qualified, over Right
	// Flipped says that the user wrote the condition the other way round.
	Flipped bool
	Within  *ast.Within
	Pos     int
	// Equal are the texts of the expressions that have the value of the join's key; Keys
	// the columns among them, which may stand for the key in a projection.
	Equal []string
	Keys  []*ast.ColumnRef
}

// TypeName is the join as ksqlDB writes it.
func (j *Join) TypeName() string {
	switch j.Type {
	case ast.LeftJoin:
		return "LEFT [OUTER] JOIN"
	case ast.RightJoin:
		return "RIGHT [OUTER] JOIN"
	case ast.FullJoin:
		return "[FULL] OUTER JOIN"
	}
	return "[INNER] JOIN"
}

// Condition is the join's condition as the user wrote it, qualified.
func (j *Join) Condition() (left, right ast.Expr) {
	if j.Flipped {
		return j.RightOn, j.LeftOn
	}
	return j.LeftOn, j.RightOn
}

// addJoin binds a join whose right side has just been added to the sources.
func (q *Query) addJoin(j *ast.Join) error {
	right := q.Sources[len(q.Sources)-1]
	join := &Join{Type: j.Type, Right: right, Within: j.Within, Pos: j.Pos()}
	l, r, pos, err := q.condition(j)
	if err != nil {
		return err
	}
	whole := &ast.Binary{Op: ast.Eq, L: l, R: r}
	ls, err := q.onlySource(l, whole)
	if err != nil {
		return at(err, pos)
	}
	rs, err := q.onlySource(r, whole)
	if err != nil {
		return at(err, pos)
	}
	switch {
	case ls == rs:
		return sqlerr.New(sqlerr.InvalidDefinition, "Each side of the join must reference exactly one source and not the same source. "+
			"Left side references %s and right references %s", types.QuoteName(ls.Alias), types.QuoteName(rs.Alias)).At(pos)
	case ls.windowing() != rs.windowing():
		if err := windowMismatch(ls, rs); err != nil {
			return at(err, pos)
		}
	}
	switch right {
	case rs:
		join.On, join.LeftOn, join.RightOn = ls, l, r
	case ls:
		join.On, join.LeftOn, join.RightOn, join.Flipped = rs, r, l, true
	default:
		return sqlerr.New(sqlerr.InvalidDefinition, "A join criteria is expected to reference the source (%s) in the FROM clause, "+
			"instead the right source references %s and the left source references %s",
			types.QuoteName(right.Alias), types.QuoteName(rs.Alias), types.QuoteName(ls.Alias)).At(pos)
	}
	q.joinKeys(join)
	q.Joins = append(q.Joins, join)
	q.Synthetic = ""
	if len(join.Keys) == 0 {
		q.Synthetic = syntheticKey(q.Sources)
	}
	return nil
}

// condition takes the one equality of ON (or USING) apart.
func (q *Query) condition(j *ast.Join) (l, r ast.Expr, pos int, err error) {
	if j.Type == ast.CrossJoin || j.On == nil && len(j.Using) == 0 {
		return nil, nil, 0, sqlerr.New(sqlerr.FeatureNotSupported, "a join needs a condition: ON left = right").At(j.Pos())
	}
	on := j.On
	if on == nil {
		if len(j.Using) > 1 {
			return nil, nil, 0, sqlerr.New(sqlerr.FeatureNotSupported, "Invalid join condition: joins on multiple conditions are not yet supported.").At(j.Using[1].Pos())
		}
		u := j.Using[0]
		last := len(q.Sources) - 1
		return qualified(u.Loc, q.Sources[last-1].Alias, u.Name), qualified(u.Loc, q.Sources[last].Alias, u.Name), u.Pos(), nil
	}
	if err := q.knownAliases(on); err != nil {
		return nil, nil, 0, err
	}
	b, ok := on.(*ast.Binary)
	if ok && b.Op == ast.And && equality(b.L) && equality(b.R) {
		whole, err := q.columns(on, "JOIN ON")
		if err != nil {
			return nil, nil, 0, err
		}
		return nil, nil, 0, sqlerr.New(sqlerr.FeatureNotSupported, "Invalid join condition: joins on multiple conditions are not yet supported. Got %s.", ast.Shown(whole)).At(on.Pos())
	}
	if !ok || !b.Op.Comparison() {
		return nil, nil, 0, sqlerr.New(sqlerr.FeatureNotSupported, "Unsupported join expression: %s", ast.Shown(on)).At(on.Pos())
	}
	if b.Op != ast.Eq {
		return nil, nil, 0, sqlerr.New(sqlerr.FeatureNotSupported, "Only equality join criteria is supported.").At(on.Pos())
	}
	if l, err = q.columns(b.L, "JOIN ON"); err == nil {
		r, err = q.columns(b.R, "JOIN ON")
	}
	return l, r, b.L.Pos(), err
}

// knownAliases checks the qualifiers of a condition before anything else of it.
func (q *Query) knownAliases(e ast.Expr) (err error) {
	Walk(e, func(e ast.Expr, _ map[string]bool) bool {
		if ref := Column(e); ref != nil && err == nil && !ref.Qualifier.Empty() && q.sourceNamed(ref.Qualifier) == nil {
			err = q.unknownAlias(ref.Qualifier)
		}
		return err == nil
	})
	return err
}

func equality(e ast.Expr) bool {
	b, ok := e.(*ast.Binary)
	return ok && b.Op == ast.Eq
}

// onlySource is the one source that a side of the condition refers to.
func (q *Query) onlySource(e ast.Expr, whole ast.Expr) (*Source, error) {
	found := map[string]bool{}
	Walk(e, func(e ast.Expr, _ map[string]bool) bool {
		if ref := Column(e); ref != nil && !ref.Qualifier.Empty() {
			found[ref.Qualifier.Name] = true
		}
		return true
	})
	if len(found) == 1 {
		for alias := range found {
			return q.SourceOf(alias), nil
		}
	}
	return nil, sqlerr.New(sqlerr.InvalidDefinition, "Invalid comparison expression '%s' in join '%s'. "+
		"Each side of the join comparision must contain references from exactly one source.", ast.Shown(e), ast.Shown(whole))
}

// windowing is what joins ask of a source's window: none, sessions, or fixed windows.
func (s *Source) windowing() string {
	switch {
	case s.Src.Window == nil:
		return ""
	case s.Src.Window.Kind == "SESSION":
		return "SESSION"
	}
	return "TIME"
}

func windowMismatch(l, r *Source) error {
	if l.Src.Window != nil && r.Src.Window != nil {
		return sqlerr.New(sqlerr.WindowingError, "Incompatible windowed sources.\nLeft source: %s\nRight source: %s\n"+
			"Session windowed sources can only be joined to other session windowed sources, and may still not result in expected behaviour "+
			"as session bounds must be an exact match for the join to work\n"+
			"Hopping and tumbling windowed sources can only be joined to other hopping and tumbling windowed sources", l.Src.Window.Kind, r.Src.Window.Kind)
	}
	is := func(s *Source) string {
		if s.Src.Window == nil {
			return types.QuoteName(s.Alias) + " is not windowed"
		}
		return types.QuoteName(s.Alias) + " is " + s.Src.Window.Kind + " windowed"
	}
	return sqlerr.New(sqlerr.WindowingError, "Can not join windowed source to non-windowed source.\n%s\n%s", is(l), is(r))
}

// joinKeys settles which expressions have the value of the key of the join's result: both
// sides of its condition, and what they equal by the joins before. After a full outer
// join none does, for either side may be missing.
func (q *Query) joinKeys(j *Join) {
	if j.Type == ast.FullJoin {
		return
	}
	j.Equal = []string{Text(j.LeftOn), Text(j.RightOn)}
	var before *Join
	if n := len(q.Joins); n > 0 {
		before = q.Joins[n-1]
	}
	if before != nil && slices.Contains(before.Equal, j.Equal[0]) {
		j.Equal = append(j.Equal, before.Equal...)
		j.Keys = append(j.Keys, before.Keys...)
	}
	for _, e := range []ast.Expr{j.LeftOn, j.RightOn} {
		ref := Column(e)
		if ref != nil && !slices.ContainsFunc(j.Keys, func(k *ast.ColumnRef) bool { return Text(k) == Text(ref) }) {
			j.Keys = append(j.Keys, ref)
		}
	}
}

// JoinKey chooses the column that names the key of a join's result: the first that the
// projection has, else the first there is. It is nil for a synthetic key.
func (q *Query) JoinKey(j *Join) *ast.ColumnRef {
	for _, k := range j.Keys {
		if len(q.Selected(k)) > 0 {
			return k
		}
	}
	if len(j.Keys) > 0 {
		return j.Keys[0]
	}
	return nil
}

// MissingJoinKey is the error for a projection without the key of the last join.
func (q *Query) MissingJoinKey() error {
	j := q.Joins[len(q.Joins)-1]
	if q.Synthetic != "" {
		return q.MissingKey("join expression", []string{q.Synthetic}, q.Synthetic, "\n"+q.Synthetic+" was added as a synthetic key column because the join criteria did not match any source column. "+
			"This expression must be included in the projection and may be aliased.", false)
	}
	var keys []string
	for _, k := range j.Keys {
		keys = append(keys, strings.TrimSpace(Text(k)))
	}
	return q.MissingKey("join expression", keys, or(keys), "", len(keys) > 1)
}
