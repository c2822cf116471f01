package parse

import (
	"fmt"
	"strconv"
	"strings"

	tast "github.com/pingcap/tidb/pkg/parser/ast"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// bug reports a tree that the front cannot have asked for.
func bug(format string, args ...any) {
	fail(sqlerr.New(sqlerr.InternalError, "parser: %s", fmt.Sprintf(format, args...)))
}

// exprList is the select list of the SELECT that front.finish made.
func (w *walker) exprList() []ast.Expr {
	s, ok := w.root.(*tast.SelectStmt)
	if !ok || s.Fields == nil || len(s.Fields.Fields) != w.f.exprs {
		bug("expected %d expressions, got %T", w.f.exprs, w.root)
	}
	list := make([]ast.Expr, len(s.Fields.Fields))
	for i, field := range s.Fields.Fields {
		if field.Expr == nil || field.AsName.O != "" {
			bug("expression %d is no expression", i)
		}
		list[i] = w.expr(field.Expr)
	}
	return list
}

// query converts SELECT, VALUES or a set operation.
func (w *walker) query(n tast.Node) ast.Query {
	w.enter(n)
	defer w.leave()
	switch n := n.(type) {
	case *tast.SelectStmt:
		switch n.Kind {
		case tast.SelectStmtKindSelect:
			return w.selectStmt(n)
		case tast.SelectStmtKindValues:
			return w.values(n)
		}
	case *tast.SetOprStmt:
		return w.setOp(n.With, n.SelectList.Selects, n.OrderBy)
	case *tast.SetOprSelectList:
		return w.setOp(n.With, n.Selects, n.OrderBy)
	}
	w.refuse(n, "this kind of query is")
	return nil
}

func (w *walker) enter(n tast.Node) {
	if w.depth++; w.depth > maxChain+2*maxDepth {
		fail(sqlerr.New(sqlerr.StatementTooComplex, "the statement nests too deeply").At(int(w.loc(n))))
	}
}

func (w *walker) leave() { w.depth-- }

// blockNumber reads the query block's number from its hint.
func (w *walker) blockNumber(n *tast.SelectStmt) int {
	for _, h := range n.TableHints {
		if i, err := strconv.Atoi(strings.TrimPrefix(h.QBName.O, "q")); err == nil && i < len(w.f.blocks) {
			return i
		}
	}
	bug("a query block without its number")
	return 0
}

func (w *walker) selectStmt(n *tast.SelectStmt) ast.Query {
	if n.LockInfo != nil || n.SelectIntoOpt != nil || n.Limit != nil || len(n.WindowSpecs) > 0 {
		w.refuse(n, "a clause of this query is")
	}
	b := &w.f.blocks[w.blockNumber(n)]
	s := &ast.Select{
		Loc: b.loc, With: w.with(n.With), Distinct: n.Distinct, Window: b.window,
		Emit: b.tail.emit, Limit: b.tail.limit, Offset: b.tail.offset,
	}
	s.WithTies = b.tail.ties
	fields := n.Fields.Fields
	if args, ok := markerCall(fields[0].Expr, "distincton"); ok {
		s.DistinctOn, fields = w.exprs(args), fields[1:]
	}
	for _, field := range fields {
		s.Items = append(s.Items, w.item(field))
	}
	if n.From != nil {
		s.From = w.relation(n.From.TableRefs)
	}
	if n.Where != nil {
		s.Where = w.expr(n.Where)
	}
	if n.GroupBy != nil {
		for _, item := range n.GroupBy.Items {
			s.GroupBy = append(s.GroupBy, w.expr(item.Expr))
		}
	}
	if n.Having != nil {
		if e := w.namedWindows(s, n.Having.Expr); e != nil {
			w.having(s, e)
		}
	}
	s.OrderBy = w.orderBy(n.OrderBy)
	return s
}

// having takes PARTITION BY out of HAVING again.
func (w *walker) having(s *ast.Select, e tast.ExprNode) {
	if args, ok := markerCall(e, "partition"); ok {
		s.PartitionBy = w.exprs(args)
		return
	}
	if and, ok := e.(*tast.BinaryOperationExpr); ok {
		if args, ok := markerCall(and.L, "partition"); ok {
			s.PartitionBy = w.exprs(args)
			e = and.R
		}
	}
	s.Having = w.expr(e)
}

// markerCall says whether e is a call of the front's marker, and with which arguments.
func markerCall(e tast.Node, name string) ([]tast.ExprNode, bool) {
	call, ok := e.(*tast.FuncCallExpr)
	if !ok || call.FnName.O != name || call.Schema.O != "" {
		return nil, false
	}
	return call.Args, true
}

func (w *walker) orderBy(n *tast.OrderByClause) []ast.OrderItem {
	if n == nil {
		return nil
	}
	var list []ast.OrderItem
	for _, item := range n.Items {
		list = append(list, w.sortKey(ast.OrderItem{Desc: item.Desc}, item.Expr))
	}
	return list
}

func (w *walker) values(n *tast.SelectStmt) ast.Query {
	if n.OrderBy != nil || n.Limit != nil || n.With != nil {
		w.refuse(n, "ORDER BY and WITH around VALUES are")
	}
	v := &ast.Values{}
	for _, row := range n.Lists {
		v.Rows = append(v.Rows, w.exprs(row.Values))
	}
	if len(v.Rows) > 0 && len(v.Rows[0]) > 0 {
		v.Loc = ast.Loc(v.Rows[0][0].Pos())
	}
	return v
}

// operandOf is one query of a set operation with the operator in front of it.
type operandOf struct {
	query ast.Query
	op    ast.SetOperator
	all   bool
}

// setOp converts a list of queries joined by operators. INTERSECT binds more closely
// than the others, which go from left to right.
func (w *walker) setOp(with *tast.WithClause, nodes []tast.Node, order *tast.OrderByClause) ast.Query {
	ctes := w.with(with)
	var list []operandOf
	for i, n := range nodes {
		o := operandOf{query: w.query(n)}
		if i > 0 {
			o.op, o.all = setOperator(n)
		}
		list = append(list, o)
		if last := len(list) - 1; o.op == ast.Intersect {
			list[last-1].query = combine(list[last-1].query, o)
			list = list[:last]
		}
	}
	q := list[0].query
	for _, o := range list[1:] {
		q = combine(q, o)
	}
	s, ok := q.(*ast.SetOp)
	if len(nodes) == 1 || !ok {
		// Parentheses around a single query, with ORDER BY or WITH outside of them.
		if len(ctes) > 0 || order != nil {
			w.refuse(nodes[0], "ORDER BY and WITH around a query in parentheses are")
		}
		return q
	}
	s.With = ctes
	s.OrderBy = w.orderBy(order)
	if t, ok := w.takeTail(nodes); ok {
		s.Emit, s.Limit, s.Offset = t.emit, t.limit, t.offset
	}
	return s
}

func combine(left ast.Query, right operandOf) ast.Query {
	return &ast.SetOp{Loc: ast.Loc(left.Pos()), Op: right.op, All: right.all, Left: left, Right: right.query}
}

func setOperator(n tast.Node) (ast.SetOperator, bool) {
	var after *tast.SetOprType
	switch n := n.(type) {
	case *tast.SelectStmt:
		after = n.AfterSetOperator
	case *tast.SetOprSelectList:
		after = n.AfterSetOperator
	}
	if after == nil {
		bug("a set operation without its operator")
	}
	switch *after {
	case tast.Union:
		return ast.Union, false
	case tast.UnionAll:
		return ast.Union, true
	case tast.Except:
		return ast.Except, false
	case tast.ExceptAll:
		return ast.Except, true
	case tast.Intersect:
		return ast.Intersect, false
	}
	return ast.Intersect, true
}

// takeTail finds what the front kept for the set operation that begins with the
// lowest block among nodes.
func (w *walker) takeTail(nodes []tast.Node) (tail, bool) {
	first := w.firstBlock(nodes)
	used := w.tailsUsed[first]
	if first < 0 || used >= len(w.f.tails[first]) {
		return tail{}, false
	}
	if w.tailsUsed == nil {
		w.tailsUsed = map[int]int{}
	}
	w.tailsUsed[first] = used + 1
	return w.f.tails[first][used], true
}

func (w *walker) firstBlock(nodes []tast.Node) int {
	for _, n := range nodes {
		first := -1
		switch n := n.(type) {
		case *tast.SelectStmt:
			if n.Kind == tast.SelectStmtKindSelect {
				first = w.blockNumber(n)
			}
		case *tast.SetOprSelectList:
			first = w.firstBlock(n.Selects)
		}
		if first >= 0 {
			return first
		}
	}
	return -1
}

func (w *walker) with(n *tast.WithClause) []*ast.CTE {
	if n == nil {
		return nil
	}
	var list []*ast.CTE
	for _, c := range n.CTEs {
		cte := &ast.CTE{Name: w.ident(c.Name), Recursive: n.IsRecursive}
		cte.Loc = cte.Name.Loc
		for _, col := range c.ColNameList {
			cte.Columns = append(cte.Columns, w.ident(col))
		}
		cte.Query = w.query(c.Query.Query)
		list = append(list, cte)
	}
	return list
}

// ident finds the identifier that a number stands for; an empty name gives none.
func (w *walker) ident(name tast.CIStr) ast.Ident {
	if name.O == "" {
		return ast.Ident{}
	}
	i, err := strconv.Atoi(name.O)
	if err != nil || i < 0 || i >= len(w.f.p.toks) {
		bug("%q stands for no identifier", name.O)
	}
	return identOf(&w.f.p.toks[i])
}

func (w *walker) item(field *tast.SelectField) ast.SelectItem {
	item := ast.SelectItem{Loc: ast.Loc(w.tokenAt(field.Offset).pos)}
	if star := field.WildCard; star != nil {
		item.Star = ast.AllColumns
		if star.Table.O != "" {
			item.Source = ast.TableName{Schema: w.ident(star.Schema), Ident: w.ident(star.Table)}
			item.Loc = ast.Loc(item.Source.Pos())
		}
		return item
	}
	if args, ok := markerCall(field.Expr, "fields"); ok {
		item.Star, item.Expr = ast.AllFields, w.expr(args[0])
		return item
	}
	item.Expr = w.expr(field.Expr)
	item.Alias = w.ident(field.AsName)
	return item
}

func (w *walker) relation(n tast.ResultSetNode) ast.Relation {
	w.enter(n)
	defer w.leave()
	switch n := n.(type) {
	case *tast.TableSource:
		return w.source(n)
	case *tast.Join:
		if n.Right == nil {
			return w.relation(n.Left)
		}
		return w.join(n)
	}
	w.refuse(n, "this kind of source is")
	return nil
}

func (w *walker) source(n *tast.TableSource) ast.Relation {
	alias := w.ident(n.AsName)
	switch src := n.Source.(type) {
	case *tast.TableName:
		if len(src.IndexHints) > 0 || len(src.PartitionNames) > 0 || src.TableSample != nil || src.AsOf != nil {
			w.refuse(n, "a clause behind this source is")
		}
		name := ast.TableName{Schema: w.ident(src.Schema), Ident: w.ident(src.Name)}
		return &ast.Table{Loc: ast.Loc(name.Pos()), Name: name, Alias: alias, Columns: w.aliasMark(n.AsName).columns}
	case *tast.SelectStmt, *tast.SetOprStmt:
		if call := w.tableFunction(n, src); call != nil {
			return call
		}
		q, mark := w.query(src), w.aliasMark(n.AsName)
		return &ast.Derived{Loc: ast.Loc(q.Pos()), Query: q, Alias: alias, Columns: mark.columns, Lateral: mark.lateral}
	}
	w.refuse(n, "this kind of source is")
	return nil
}

func (w *walker) join(n *tast.Join) ast.Relation {
	if n.NaturalJoin || n.StraightJoin {
		w.refuse(n, "this kind of join is")
	}
	j := &ast.Join{Left: w.relation(n.Left), Right: w.relation(n.Right)}
	j.Loc = ast.Loc(j.Right.Pos())
	var mark int
	switch {
	case n.On != nil:
		and, ok := n.On.Expr.(*tast.BinaryOperationExpr)
		if !ok {
			bug("a join condition without its mark")
		}
		args, ok := markerCall(and.L, "join")
		if !ok {
			bug("a join condition without its mark")
		}
		mark = w.index(args[0], len(w.f.joins))
		j.On = w.expr(and.R)
	case len(n.Using) > 0:
		var err error
		if mark, err = strconv.Atoi(strings.TrimPrefix(n.Using[0].Name.O, "j")); err != nil || mark >= len(w.f.joins) {
			bug("USING without its mark")
		}
		for _, col := range n.Using[1:] {
			j.Using = append(j.Using, w.ident(col.Name))
		}
	default:
		j.Type = ast.CrossJoin
		return j
	}
	j.Type, j.Within, j.Natural = w.f.joins[mark].kind, w.f.joins[mark].within, w.f.joins[mark].natural
	j.Loc = w.f.joins[mark].loc
	return j
}

// index reads the number that a marker carries, below limit.
func (w *walker) index(n tast.ExprNode, limit int) int {
	if l, ok := n.(*literal); ok {
		if i, ok := l.v.(int64); ok && i >= 0 && i < int64(limit) {
			return int(i)
		}
	}
	bug("a marker without its number")
	return 0
}
