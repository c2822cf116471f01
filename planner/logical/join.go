package logical

import (
	"tailrace/planner/bind"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// from builds the sources and their joins, left-deep.
func (b *builder) from() (*relation, error) {
	r := b.source(b.q.Sources[0])
	for i, j := range b.q.Joins {
		right := b.source(j.Right)
		var err error
		switch {
		case !r.table() && !right.table():
			r, err = b.streamStream(i, j, r, right)
		case !r.table():
			r, err = b.streamTable(i, j, r, right)
		case !right.table():
			err = sqlerr.New(sqlerr.FeatureNotSupported, "Invalid join order: table-stream joins are not supported; only stream-table joins. Got %s %s %s.",
				j.On.Src.Name, j.TypeName(), j.Right.Src.Name).At(j.Pos)
		default:
			r, err = b.tableTable(i, j, r, right)
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// got is the condition as messages quote it.
func got(j *bind.Join) string {
	l, r := j.Condition()
	return ast.Shown(l) + " = " + ast.Shown(r)
}

// onKey says that an expression has the value of the relation's only key column. After a
// join that holds for everything that equals its key.
func (b *builder) onKey(i int, r *relation, e ast.Expr) bool {
	keys := r.keys()
	if len(keys) != 1 {
		return false
	}
	text := bind.Text(e)
	if keys[0] == text {
		return true
	}
	if i > 0 {
		for _, equal := range b.q.Joins[i-1].Equal {
			if equal == text {
				return true
			}
		}
	}
	return false
}

// keyed brings a stream to the join's key. Its old columns stay.
func (b *builder) keyed(r *relation, e ast.Expr, onKey bool) (*relation, error) {
	if onKey {
		return r, nil
	}
	if r.windowed {
		return nil, errWindowed(e.Pos())
	}
	k, err := b.bind(r, e, "JOIN ON")
	if err != nil {
		return nil, err
	}
	name := "KSQL_JOIN_KEY"
	if ref := bind.Column(e); ref != nil {
		name = b.q.FlatName(ref)
	}
	column := types.Column{Name: name, Type: k.Type, In: types.InKey}
	if err := bind.CheckKeyTypes([]types.Column{column}); err != nil {
		return nil, position(err, e.Pos())
	}
	return b.rekey(r, []*expr.Expr{k}, []string{name}, []string{bind.Text(e)}, false), nil
}

// sameKeys checks that the keys of both sides can be equal: they have one type, for rows
// have been partitioned by their bytes and nothing is cast, and the same windows.
func (b *builder) sameKeys(j *bind.Join) error {
	if err := b.sameType(j); err != nil {
		return err
	}
	return sameWindow(j)
}

func (b *builder) sameType(j *bind.Join) error {
	le, re := j.Condition()
	lt, err := b.q.TypeOf(le)
	if err != nil {
		return err
	}
	rt, err := b.q.TypeOf(re)
	if err != nil {
		return err
	}
	if lt.Equal(rt) {
		return nil
	}
	return sqlerr.New(sqlerr.DatatypeMismatch, "Invalid join condition: types don't match. Got %s{%s} = %s{%s}.", ast.Shown(le), lt, ast.Shown(re), rt).At(le.Pos())
}

func joinType(t ast.JoinType) plan.JoinType {
	switch t {
	case ast.LeftJoin:
		return plan.Left
	case ast.RightJoin:
		return plan.Right
	case ast.FullJoin:
		return plan.Full
	}
	return plan.Inner
}

func (b *builder) streamStream(i int, j *bind.Join, l, r *relation) (*relation, error) {
	if j.Within == nil {
		return nil, sqlerr.New(sqlerr.WindowingError, "Stream-Stream joins must have a WITHIN clause specified. None was provided. "+
			"To learn about how to specify a WITHIN clause with a stream-stream join, please visit: "+
			"https://docs.confluent.io/current/ksql/docs/syntax-reference.html#create-stream-as-select").At(j.Pos)
	}
	if err := b.sameKeys(j); err != nil {
		return nil, err
	}
	lk, rk := b.onKey(i, l, j.LeftOn), b.onKey(0, r, j.RightOn)
	if err := b.copartitioned(j, lk, rk); err != nil {
		return nil, err
	}
	l, r, err := b.bothKeyed(j, l, r, lk, rk)
	if err != nil {
		return nil, err
	}
	n := &plan.StreamStreamJoin{Left: plan.Ref{Node: l.node}, Right: plan.Ref{Node: r.node}, Type: joinType(j.Type)}
	n.Before = j.Within.Before.N * j.Within.Before.Unit.Milliseconds()
	n.After = j.Within.After.N * j.Within.After.Unit.Milliseconds()
	if g := j.Within.Grace; g != nil {
		millis := g.N * g.Unit.Milliseconds()
		n.Grace = &millis
	}
	out := b.joined(j, l, r, &n.Out, &n.Output)
	out.node = n
	return out, nil
}

// sameWindow checks that the keys of two windowed sources can be equal at all.
func sameWindow(j *bind.Join) error {
	l, r := j.On.Src.Window, j.Right.Src.Window
	if l == nil || r == nil || *l == *r {
		return nil
	}
	return errWindowed(j.Pos)
}

func (b *builder) bothKeyed(j *bind.Join, l, r *relation, lk, rk bool) (*relation, *relation, error) {
	left, err := b.keyed(l, j.LeftOn, lk)
	if err != nil {
		return nil, nil, err
	}
	right, err := b.keyed(r, j.RightOn, rk)
	return left, right, err
}

func (b *builder) streamTable(i int, j *bind.Join, l, r *relation) (*relation, error) {
	invalid := map[ast.JoinType]string{ast.FullJoin: "full-outer", ast.RightJoin: "right-outer"}[j.Type]
	switch {
	case j.Within != nil:
		return nil, sqlerr.New(sqlerr.WindowingError, "A window definition was provided for a Stream-Table join. These joins are not windowed. "+
			"Please drop the window definition (ie. the WITHIN clause) and try to execute your join again.").At(j.Within.Pos())
	case invalid != "":
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Invalid join type: %s join not supported for stream-table join. Got %s %s %s.",
			invalid, j.On.Src.Name, j.TypeName(), j.Right.Src.Name).At(j.Pos)
	case !b.onKey(0, r, j.RightOn):
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Invalid join condition: stream-table joins require to join on the table's primary key. Got %s.", got(j)).At(j.LeftOn.Pos())
	}
	if err := b.sameKeys(j); err != nil {
		return nil, err
	}
	lk := b.onKey(i, l, j.LeftOn)
	if err := b.copartitioned(j, lk, true); err != nil {
		return nil, err
	}
	l, err := b.keyed(l, j.LeftOn, lk)
	if err != nil {
		return nil, err
	}
	n := &plan.StreamTableJoin{Left: plan.Ref{Node: l.node}, Right: plan.Ref{Node: r.node}, Type: joinType(j.Type)}
	out := b.joined(j, l, r, &n.Out, &n.Output)
	out.node = n
	return out, nil
}

func (b *builder) tableTable(i int, j *bind.Join, l, r *relation) (*relation, error) {
	if j.Within != nil {
		return nil, sqlerr.New(sqlerr.WindowingError, "A window definition was provided for a Table-Table join. These joins are not windowed. "+
			"Please drop the window definition (i.e. the WITHIN clause) and try to execute your Table-Table join again.").At(j.Within.Pos())
	}
	if !b.onKey(0, r, j.RightOn) {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Invalid join condition: table-table joins require to join on the primary key of the right input table. Got %s.", got(j)).At(j.LeftOn.Pos())
	}
	if !b.onTableKey(i, l, j) {
		return b.foreignKey(i, j, l, r)
	}
	if err := b.sameKeys(j); err != nil {
		return nil, err
	}
	if err := b.copartitioned(j, true, true); err != nil {
		return nil, err
	}
	n := &plan.TableTableJoin{Left: plan.Ref{Node: l.node}, Right: plan.Ref{Node: r.node}, Type: joinType(j.Type)}
	n.Table = true
	out := b.joined(j, l, r, &n.Out, &n.Output)
	out.node = n
	return out, nil
}

// onTableKey says that the left side of a join of tables is a primary key: of the left
// relation, or after a full outer join, of one of its tables, whose rows are keyed by the
// same values where they exist.
func (b *builder) onTableKey(i int, l *relation, j *bind.Join) bool {
	if b.onKey(i, l, j.LeftOn) {
		return true
	}
	if i == 0 || b.q.Joins[i-1].Type != ast.FullJoin {
		return false
	}
	ref := bind.Column(j.LeftOn)
	keys := j.On.Src.Schema.Key()
	return ref != nil && len(keys) == 1 && j.On.Src.Schema.Columns[keys[0]].Name == ref.Name.Name
}

func (b *builder) foreignKey(i int, j *bind.Join, l, r *relation) (*relation, error) {
	switch {
	case j.Type == ast.FullJoin:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Invalid join type: full-outer join not supported for foreign-key table-table join. Got %s %s %s.",
			j.On.Src.Name, j.TypeName(), j.Right.Src.Name).At(j.Pos)
	case j.Type == ast.RightJoin:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "RIGHT OUTER JOIN on a foreign key is not supported").At(j.Pos)
	case i > 0:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Invalid join condition: foreign-key table-table joins are not supported as part of n-way joins. Got %s.", got(j)).At(j.LeftOn.Pos())
	}
	if err := b.sameType(j); err != nil {
		return nil, err
	}
	if r.windowed || l.windowed {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Foreign-key table-table joins are not supported on windowed tables.").At(j.Pos)
	}
	key, err := b.bind(l, j.LeftOn, "JOIN ON")
	if err != nil {
		return nil, err
	}
	n := &plan.ForeignKeyJoin{Left: plan.Ref{Node: l.node}, Right: plan.Ref{Node: r.node}, Type: joinType(j.Type), LeftKey: key}
	n.Table = true
	out := &relation{node: n, from: append(append([]*bind.Source{}, l.from...), r.from...)}
	b.side(out, &n.Out, &n.Output, l, "left", "", true)
	b.side(out, &n.Out, &n.Output, r, "right", "", false)
	b.foreign = i == len(b.q.Joins)-1
	j.Equal, j.Keys = nil, nil // the result is keyed by the left table's key
	return out, nil
}

// joined makes the output of a join: its key, then what both sides have. The key is named
// after a column that the projection selects; that column does not come twice.
func (b *builder) joined(j *bind.Join, l, r *relation, schema *types.Schema, output *[]plan.JoinColumn) *relation {
	out := &relation{windowed: l.windowed, from: append(append([]*bind.Source{}, l.from...), r.from...)}
	keyText, name := "", "ROWKEY"
	last := j == b.q.Joins[len(b.q.Joins)-1]
	if ref := b.q.JoinKey(j); ref != nil {
		keyText, name = bind.Text(ref), b.q.FlatName(ref)
	} else if last {
		keyText, name = b.q.Synthetic, b.q.Synthetic
	}
	for k, i := range l.schema().Key() {
		c := l.schema().Columns[i]
		hold := ""
		if k == 0 {
			c.Name, hold = name, keyText
		}
		schema.Columns = append(schema.Columns, c)
		*output = append(*output, plan.JoinColumn{Side: "key", Column: i})
		out.holds = append(out.holds, hold)
	}
	b.side(out, schema, output, l, "left", keyText, false)
	b.side(out, schema, output, r, "right", keyText, false)
	return out
}

// side adds the columns of one side of a join, but for the one that is the key.
func (b *builder) side(out *relation, schema *types.Schema, output *[]plan.JoinColumn, r *relation, side, except string, keep bool) {
	for i, c := range r.schema().Columns {
		if r.holds[i] == "" || except != "" && r.holds[i] == except || out.find(r.holds[i]) >= 0 {
			continue
		}
		from := side
		switch {
		case !keep:
			c.In = types.InValue
		case c.In == types.InKey:
			from = "key"
		}
		schema.Columns = append(schema.Columns, c)
		*output = append(*output, plan.JoinColumn{Side: from, Column: i})
		out.holds = append(out.holds, r.holds[i])
	}
}

// copartitioned checks that the topics of both sides have as many partitions, where
// neither goes through a topic of the query's own and neither can: a stream can, unless its
// keys carry windows.
func (b *builder) copartitioned(j *bind.Join, leftOnKey, rightOnKey bool) error {
	if b.topics == nil || !leftOnKey || !rightOnKey || len(b.q.Joins) > 0 && j != b.q.Joins[0] {
		return nil
	}
	for _, s := range []*bind.Source{j.On, j.Right} {
		if !s.Src.Table && s.Src.Window == nil {
			return nil
		}
	}
	l, lok := b.topics(j.On.Src.Topic)
	r, rok := b.topics(j.Right.Src.Topic)
	if !lok || !rok || l == r {
		return nil
	}
	a, c := types.QuoteName(j.On.Alias), types.QuoteName(j.Right.Alias)
	return sqlerr.New(sqlerr.InvalidDefinition, "Can't join %s with %s since the number of partitions don't match. %s partitions = %d; %s partitions = %d. "+
		"Please repartition either one so that the number of partitions match.", a, c, a, l, c, r).At(j.Pos)
}
