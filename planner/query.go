package planner

import (
	"fmt"
	"slices"
	"strings"

	"tailrace/planner/bind"
	"tailrace/planner/logical"
	"tailrace/planner/physical"
	"tailrace/planner/plan"
	"tailrace/planner/rule"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Further properties of a session that planning looks at.
const (
	propTopicPrefix    = "ksql.output.topic.name.prefix"
	propSinkPartitions = "ksql.sink.partitions"
	propSuppress       = "ksql.suppress.enabled"
	propReplace        = "ksql.create.or.replace.enabled"
	propSubstring      = "ksql.functions.substring.legacy.args"
	propSelectOrder    = "ksql.new.query.planner.enabled"
)

// built is a continuous query before it has a sink.
type built struct {
	q      *bind.Query
	root   plan.Node
	window *plan.KeyWindow
	hidden []string
}

// build makes the tree of a continuous query, up to the rules.
func build(query ast.Query, o bind.Options, target *types.Schema, env *Env) (*built, error) {
	sel, ok := query.(*ast.Select)
	if !ok {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "a continuous query must be one SELECT: UNION and VALUES are not supported yet").At(query.Pos())
	}
	o.Catalog, o.Text = env.Catalog, env.Text
	o.LegacySubstring = strings.EqualFold(env.Properties[propSubstring], "true")
	o.SelectOrder = strings.EqualFold(env.Properties[propSelectOrder], "true")
	q, err := bind.Analyze(sel, o)
	if err != nil {
		return nil, err
	}
	if sel.Emit == ast.EmitFinal && strings.EqualFold(env.Properties[propSuppress], "false") {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Suppression is currently disabled. You can enable it by setting %s to true", propSuppress).At(sel.Pos())
	}
	if sel.Limit != nil && o.Sink != "" {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Persistent queries don't support LIMIT clause.").At(sel.Limit.Pos())
	}
	var fit *logical.Target
	if target != nil {
		fit = &logical.Target{Schema: *target}
	}
	root, hidden, err := logical.Build(q, env.partitions(), fit)
	if err != nil {
		return nil, err
	}
	return &built{q: q, root: rule.Apply(root), window: resultWindow(q), hidden: hidden}, nil
}

func (e *Env) partitions() func(string) (int32, bool) {
	if e.Topics == nil {
		return nil
	}
	return func(topic string) (int32, bool) {
		n, _, ok := e.Topics.Topic(topic)
		return n, ok
	}
}

// resultWindow is the window of the result's keys: of the aggregation, or what the source
// has.
func resultWindow(q *bind.Query) *plan.KeyWindow {
	if w := q.Window; w != nil {
		out := &plan.KeyWindow{Kind: w.Type.String()}
		if w.Type != ast.Session {
			out.Size = w.Size.N * w.Size.Unit.Milliseconds()
		}
		return out
	}
	if q.Grouped || len(q.Sources) == 0 {
		return nil
	}
	if w := q.Sources[0].Src.Window; w != nil {
		return &plan.KeyWindow{Kind: w.Kind, Size: w.Size}
	}
	return nil
}

// finish makes the query runnable.
func (b *built) finish(id string, kind plan.Kind, view string, env *Env) (*plan.Query, error) {
	root, err := physical.Finish(b.root, physical.Options{View: view, Window: b.window, Partitions: env.partitions()})
	if err != nil {
		return nil, err
	}
	out := &plan.Query{Version: plan.Version, ID: id, Kind: kind, Statement: env.statement(), Root: plan.Ref{Node: root},
		Properties: env.Properties, Table: plan.IsTable(root)}
	for _, s := range b.q.Sources {
		out.Sources = append(out.Sources, s.Src.Name)
	}
	return out, nil
}

// createAs plans CREATE STREAM or TABLE ... AS.
func createAs(s *ast.CreateAs, env *Env) (*plan.Command, error) {
	table := s.Kind == ast.TableKind
	w, err := bind.ReadWith(s.With, bind.InCreateAs)
	if err != nil {
		return nil, err
	}
	for _, f := range []string{w.KeyFormat, w.ValueFormat} {
		if f != "" {
			if err := bind.CheckFormat(f); err != nil {
				return nil, err
			}
		}
	}
	replaced, notice, err := nameFree(s.Name, table, s.OrReplace, s.IfNotExists, env)
	if err != nil || notice != "" {
		return &plan.Command{Notice: notice}, err
	}
	b, err := build(s.Query, bind.Options{Sink: s.Name.Name, Standard: env.Standard || s.View, With: w}, nil, env)
	if err != nil {
		return nil, err
	}
	if err := checkResult(b, table, s.Query.Pos()); err != nil {
		return nil, err
	}
	src, err := sinkSource(s.Name.Name, b, w, env)
	if err != nil {
		return nil, err
	}
	id := fmt.Sprintf("%s_%s_%d", map[bool]plan.Kind{false: plan.CreateStreamAs, true: plan.CreateTableAs}[table], strings.ToUpper(src.Name), env.NextQueryID)
	if replaced != nil {
		if id, err = replacedQuery(replaced, src, b, id, env); err != nil {
			return nil, err
		}
	}
	src.CreatedBy = id
	kind, view := plan.CreateStreamAs, ""
	if table {
		kind, view = plan.CreateTableAs, src.Name
	}
	query, err := b.finish(id, kind, view, env)
	if err != nil {
		return nil, err
	}
	query.Sink = sinkOf(src, query.Root.Schema())
	query.Sink.Partitions, query.Sink.Replicas, query.Sink.Configs = sinkTopic(w, b.q.Sources[0].Src, env)
	if table && src.Window == nil && query.Sink.Configs["cleanup.policy"] == "" {
		query.Sink.Configs = withConfig(query.Sink.Configs, "cleanup.policy", "compact")
	}
	create := &plan.CreateSource{Source: *src, Replaces: replaced != nil,
		Topic: &plan.Topic{Name: src.Topic, Partitions: query.Sink.Partitions, Replicas: query.Sink.Replicas, Configs: query.Sink.Configs}}
	return &plan.Command{Create: create, Query: query}, nil
}

// checkResult checks that the query gives what CREATE promises.
func checkResult(b *built, table bool, pos int) error {
	if is := plan.IsTable(b.root); is != table {
		gives, use := "STREAM", "STREAM"
		if is {
			gives, use = "TABLE", "TABLE"
		}
		return sqlerr.New(sqlerr.WrongObjectType, "Invalid result type. Your SELECT query produces a %s. Please use CREATE %s AS SELECT statement instead.", gives, use).At(pos)
	}
	for _, s := range b.q.Sources {
		if s.Src.Table && s.Src.Window != nil && len(b.q.Sources) == 1 {
			return sqlerr.New(sqlerr.FeatureNotSupported, "KSQL does not support persistent queries on windowed tables.").At(s.Pos)
		}
	}
	return nil
}

// sinkSource is the catalog entry of a query's result.
func sinkSource(name string, b *built, w *bind.With, env *Env) (*catalog.Source, error) {
	from := b.q.Sources[0].Src
	schema := b.root.Schema()
	declared := types.Schema{}
	for _, c := range schema.Columns {
		if b.window == nil || c.In != types.InKey || !bind.IsSystemColumn(c.Name) || c.Name == types.RowPartition || c.Name == types.RowOffset || c.Name == types.RowTime {
			declared.Columns = append(declared.Columns, c)
		}
	}
	src := &catalog.Source{Name: name, Table: plan.IsTable(b.root), Schema: declared, Statement: env.statement(), Topic: w.Topic, Hidden: b.hidden}
	if src.Topic == "" {
		src.Topic = env.Properties[propTopicPrefix] + name
	}
	var err error
	if src.Key, src.Value, err = bind.SinkFormats(w, env.Properties, from, from.Key, declared, b.q.PartitionNull); err != nil {
		return nil, err
	}
	if src.Timestamp, err = bind.CheckTimestamp(w, declared); err != nil {
		return nil, err
	}
	if b.window != nil {
		src.Window = &catalog.Window{Kind: b.window.Kind, Size: b.window.Size}
	}
	return src, nil
}

// sinkOf is where a query writes a source's topic; root is what it writes.
func sinkOf(src *catalog.Source, root types.Schema) *plan.Sink {
	s := &plan.Sink{Name: src.Name, Topic: src.Topic, Table: src.Table, Key: plan.Format(src.Key), Value: plan.Format(src.Value)}
	if src.Window != nil {
		s.Window = &plan.KeyWindow{Kind: src.Window.Kind, Size: src.Window.Size}
	}
	if src.Timestamp != nil {
		s.Timestamp = &plan.Timestamp{Column: root.Find(src.Timestamp.Column), Format: src.Timestamp.Format}
	}
	return s
}

// sinkTopic is the shape of a result's topic: as the statement says, else as the source's.
func sinkTopic(w *bind.With, from *catalog.Source, env *Env) (int32, int16, map[string]string) {
	partitions, replicas, _ := env.topic(from.Topic)
	if v := env.Properties[propSinkPartitions]; v != "" {
		var n int32
		if _, err := fmt.Sscan(v, &n); err == nil && n > 0 {
			partitions = n
		}
	}
	return orElse(w.Partitions, partitions), orElse(w.Replicas, replicas), w.Configs
}

// replacedQuery is the id of the query that CREATE OR REPLACE goes on with, if the new one
// may take its place: the sources stay, and what its operators keep is of one kind. Whether
// the steps are the same is found where the plan of the old query is (plan.SameSteps).
func replacedQuery(old, src *catalog.Source, b *built, id string, env *Env) (string, error) {
	if strings.EqualFold(env.Properties[propReplace], "false") {
		return "", sqlerr.New(sqlerr.FeatureNotSupported, "CREATE OR REPLACE functionality is disabled. You can enable it by setting %s to true", propReplace)
	}
	if err := upgradable(old, src); err != nil {
		return "", err
	}
	q, ok := env.Catalog.Query(old.CreatedBy)
	if !ok {
		return id, nil
	}
	if step := stateful(b.q); step != "" {
		return "", sqlerr.New(sqlerr.FeatureNotSupported, "Upgrades not yet supported for %s", step)
	}
	if from := b.q.Sources[0].Src; !slices.Equal(q.Sources, []string{from.Name}) {
		return "", sqlerr.New(sqlerr.FeatureNotSupported, "Query is not upgradeable: it reads %s where the running one reads %s", from.Name, strings.Join(q.Sources, ", "))
	}
	return q.ID, nil
}

// stateful is the step of a query whose state no other query goes on with, as ksqlDB calls
// it. The groups of a stream are not among them: plan.SameSteps compares those.
func stateful(q *bind.Query) string {
	stream := func(s *bind.Source) bool { return !s.Src.Table }
	switch {
	case q.Window != nil:
		return "StreamWindowedAggregate"
	case q.Grouped && !slices.ContainsFunc(q.Sources, stream):
		return "TableAggregate"
	case len(q.Joins) == 0:
		return ""
	}
	kind := map[bool]string{true: "Stream", false: "Table"}
	right := q.Joins[len(q.Joins)-1].Right
	left := q.Sources[:len(q.Sources)-1]
	return kind[slices.ContainsFunc(left, stream)] + kind[stream(right)] + "Join"
}

// insertInto plans INSERT INTO ... SELECT.
func insertInto(s *ast.InsertInto, env *Env) (*plan.Command, error) {
	w, err := bind.ReadWith(s.With, bind.InInsert)
	if err != nil {
		return nil, err
	}
	target, ok := env.Catalog.Lookup(s.Name.Name, s.Name.Quoted && env.Standard)
	switch {
	case !ok:
		return nil, nearest(sqlerr.New(sqlerr.UndefinedTable, "%s does not exist.", s.Name.Name).At(s.Name.Pos()), s.Name.Name, env)
	case target.Table:
		return nil, sqlerr.New(sqlerr.WrongObjectType, "INSERT INTO can only be used to insert into a stream. %s is a table.", target.Name).At(s.Name.Pos())
	case target.ReadOnly:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Cannot insert into read-only stream: %s", target.Name).At(s.Name.Pos())
	case len(columnsIn(target.Schema, types.InHeaders)) > 0:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Cannot insert into %s because it has header columns", target.Name).At(s.Name.Pos())
	case len(s.Columns) > 0:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "INSERT INTO ... SELECT takes no column list: name the columns in the SELECT").At(s.Columns[0].Pos())
	}
	b, err := build(s.Query, bind.Options{Sink: target.Name, Standard: env.Standard}, &target.Schema, env)
	if err != nil {
		return nil, err
	}
	if plan.IsTable(b.root) {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "Incompatible data sink and query result. Data sink (%s) type is KSTREAM but select query result is KTABLE.", target.Name).At(s.Query.Pos())
	}
	if err := sameWindows(target, b); err != nil {
		return nil, err.At(s.Query.Pos())
	}
	id := w.QueryID
	if id == "" {
		id = fmt.Sprintf("INSERTQUERY_%d", env.NextQueryID)
	}
	if _, taken := env.Catalog.Query(id); taken {
		return nil, sqlerr.New(sqlerr.DuplicateObject, "Query ID '%s' already exists.", id)
	}
	query, err := b.finish(id, plan.InsertInto, "", env)
	if err != nil {
		return nil, err
	}
	query.Sink = sinkOf(target, query.Root.Schema())
	return &plan.Command{Query: query}, nil
}

// sameWindows checks that the rows' keys have the windows that the target declares: they
// are part of a key's bytes.
func sameWindows(target *catalog.Source, b *built) *sqlerr.Error {
	show := func(kind string, size int64) string {
		if size == 0 {
			return kind
		}
		return fmt.Sprintf("%s(%d ms)", kind, size)
	}
	result, sink := "none", "none"
	if b.window != nil {
		result = show(b.window.Kind, b.window.Size)
	}
	if target.Window != nil {
		sink = show(target.Window.Kind, target.Window.Size)
	}
	if result == sink {
		return nil
	}
	return sqlerr.New(sqlerr.WindowingError, "Incompatible key windows between results and sink.\nResult window is %s\nSink window is %s", result, sink)
}

// materializeSource is the query that keeps the rows of a declared table for lookups.
func materializeSource(src *catalog.Source, env *Env) *plan.Query {
	root, err := physical.Finish(logical.Scan(src), physical.Options{View: src.Name})
	if err != nil {
		panic(fmt.Sprintf("planner: materializing %s: %v", src.Name, err)) // a scan has nothing to fail on
	}
	return &plan.Query{Version: plan.Version, ID: src.CreatedBy, Kind: plan.MaterializeTable, Statement: env.statement(),
		Sources: []string{src.Name}, Root: plan.Ref{Node: root}, Properties: env.Properties, Table: true}
}

// Push is a continuous query that answers a client.
type Push struct {
	*plan.Query
	// Parameters are the types of $1, $2, ...
	Parameters []types.Type
}

// PlanPush plans SELECT ... EMIT CHANGES. A query with parameters is planned twice: without
// Env.Arguments to learn their types, and with them to run.
func PlanPush(query ast.Query, env Env) (*Push, error) {
	if env.Arguments != nil {
		return planPush(query, &env, &expr.Params{Types: env.Parameters, Values: env.Arguments})
	}
	out, _, err := expr.SettleParams(env.Parameters, func(p *expr.Params) (*Push, error) { return planPush(query, &env, p) })
	return out, err
}

func planPush(query ast.Query, env *Env, params *expr.Params) (*Push, error) {
	var limit int64
	if sel, ok := query.(*ast.Select); ok && sel.Limit != nil {
		var err error
		if limit, err = pushLimit(sel.Limit, params); err != nil {
			return nil, err
		}
	}
	b, err := build(query, bind.Options{Standard: env.Standard, Params: params}, nil, env)
	if err != nil {
		return nil, err
	}
	q, err := b.finish(fmt.Sprintf("transient_%d", env.NextQueryID), plan.Push, "", env)
	if err != nil {
		return nil, err
	}
	q.Limit = limit
	return &Push{Query: q, Parameters: params.Types}, nil
}

// pushLimit is after how many rows a push query ends; 0 while that is a parameter without
// a value.
func pushLimit(e ast.Expr, params *expr.Params) (int64, error) {
	var n int64
	switch e := e.(type) {
	case *ast.Int:
		n = e.Value
	case *ast.Param:
		x, err := logical.Count(e, "LIMIT", true, params)
		if err != nil || x.Op != expr.OpLiteral {
			return 0, err
		}
		n, _ = x.Value.V.(int64) // of NULL: 0
	default:
		return 0, sqlerr.New(sqlerr.InvalidRowCount, "LIMIT takes a whole number").At(e.Pos())
	}
	switch {
	case n < 0:
		return 0, sqlerr.New(sqlerr.InvalidRowCount, "LIMIT takes a whole number").At(e.Pos())
	case n == 0:
		return 0, sqlerr.New(sqlerr.InvalidRowCount, "LIMIT 0 leaves no rows to wait for").At(e.Pos())
	}
	return n, nil
}
