package parse

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	tast "github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

func (w *walker) exprs(nodes []tast.ExprNode) []ast.Expr {
	list := make([]ast.Expr, len(nodes))
	for i, n := range nodes {
		list[i] = w.expr(n)
	}
	return list
}

// expr converts an expression.
func (w *walker) expr(n tast.ExprNode) ast.Expr {
	w.enter(n)
	defer w.leave()
	switch n := n.(type) {
	case *literal:
		return w.literal(n)
	case *paramMarker:
		t := w.tokenAt(n.offset)
		number, _ := strconv.Atoi(t.text)
		return &ast.Param{Loc: ast.Loc(t.pos), Number: number}
	case *tast.ColumnNameExpr:
		ref := &ast.ColumnRef{Schema: w.ident(n.Name.Schema), Qualifier: w.ident(n.Name.Table), Name: w.ident(n.Name.Name)}
		ref.Loc = firstLoc(ref.Schema, ref.Qualifier, ref.Name)
		return ref
	case *tast.ParenthesesExpr:
		return w.expr(n.Expr)
	case *tast.PositionExpr:
		return &ast.Int{Loc: w.loc(n), Value: int64(n.N)}
	case *tast.FuncCallExpr:
		return w.call(n)
	case *tast.UnaryOperationExpr:
		return w.unary(n)
	case *tast.BinaryOperationExpr:
		return w.binary(n)
	case *tast.CaseExpr:
		return w.caseExpr(n)
	case *tast.IsNullExpr:
		return &ast.IsNull{Loc: w.loc(n), X: w.expr(n.Expr), Not: n.Not}
	case *tast.IsTruthExpr:
		return &ast.IsBool{Loc: w.loc(n), X: w.expr(n.Expr), Value: n.True != 0, Not: n.Not}
	case *tast.BetweenExpr:
		return w.between(n)
	case *tast.PatternInExpr:
		return w.in(n)
	case *tast.PatternLikeOrIlikeExpr:
		return w.like(n)
	case *tast.CompareSubqueryExpr:
		return w.quantifiedQuery(n)
	case *tast.RowExpr:
		return &ast.Row{Loc: w.loc(n), Items: w.exprs(n.Values)}
	case *tast.SubqueryExpr:
		return &ast.Subquery{Loc: w.loc(n), Query: w.query(n.Query)}
	case *tast.ExistsSubqueryExpr:
		if sub, ok := n.Sel.(*tast.SubqueryExpr); ok {
			return w.exists(n, sub)
		}
	}
	w.refuse(n, "this expression is")
	return nil
}

func firstLoc(parts ...ast.Ident) ast.Loc {
	for _, p := range parts {
		if !p.Empty() {
			return p.Loc
		}
	}
	return 0
}

func (w *walker) literal(n *literal) ast.Expr {
	loc := w.loc(n)
	switch v := n.v.(type) {
	case nil:
		return &ast.Null{Loc: loc}
	case bool:
		return &ast.Bool{Loc: loc, Value: v}
	case int64:
		return &ast.Int{Loc: loc, Value: v}
	case uint64:
		return &ast.Decimal{Loc: loc, Text: strconv.FormatUint(v, 10)}
	case float64:
		return &ast.Double{Loc: loc, Value: v}
	case decimalText:
		return &ast.Decimal{Loc: loc, Text: w.decimal(n, v)}
	case string:
		return &ast.String{Loc: loc, Value: v}
	}
	bug("a literal of type %T", n.v)
	return nil
}

// unary converts signs and NOT. A minus directly in front of a number is part of the
// literal, as in ksqlDB's grammar; that is how the smallest BIGINT is written.
func (w *walker) unary(n *tast.UnaryOperationExpr) ast.Expr {
	loc := w.loc(n)
	switch n.Op {
	case opcode.Not:
		return &ast.Not{Loc: loc, X: w.expr(n.V)}
	case opcode.Plus:
		return &ast.Unary{Loc: loc, Op: ast.Plus, X: w.expr(n.V)}
	case opcode.Minus:
		if l, ok := n.V.(*literal); ok {
			if text, ok := l.v.(decimalText); ok {
				return &ast.Decimal{Loc: loc, Text: "-" + w.decimal(l, text)}
			}
			if e := negative(loc, l.v); e != nil {
				return e
			}
		}
		return &ast.Unary{Loc: loc, Op: ast.Neg, X: w.expr(n.V)}
	}
	w.refuse(n, "this operator is")
	return nil
}

func negative(loc ast.Loc, v any) ast.Expr {
	switch v := v.(type) {
	case int64:
		return &ast.Int{Loc: loc, Value: -v}
	case uint64:
		if v == 1<<63 {
			return &ast.Int{Loc: loc, Value: math.MinInt64}
		}
		return &ast.Decimal{Loc: loc, Text: "-" + strconv.FormatUint(v, 10)}
	case float64:
		return &ast.Double{Loc: loc, Value: -v}
	}
	return nil
}

// decimal is the text of a decimal literal as the user wrote it, which decides the
// scale.
func (w *walker) decimal(n *literal, text decimalText) string {
	if t := w.tokenAt(n.OriginTextPosition()); t.kind == tokDecimal {
		return t.text
	}
	return string(text)
}

var binaryOps = map[opcode.Op]ast.BinaryOp{
	opcode.Plus: ast.Add, opcode.Minus: ast.Sub, opcode.Mul: ast.Mul, opcode.Div: ast.Div, opcode.Mod: ast.Mod,
	opcode.Or: ast.Concat, opcode.Xor: ast.Power, opcode.EQ: ast.Eq, opcode.NE: ast.Ne, opcode.LT: ast.Lt, opcode.LE: ast.Le,
	opcode.GT: ast.Gt, opcode.GE: ast.Ge, opcode.NullEQ: ast.IsNotDistinct, opcode.LogicAnd: ast.And, opcode.LogicOr: ast.Or,
}

func (w *walker) binary(n *tast.BinaryOperationExpr) ast.Expr {
	op, ok := binaryOps[n.Op]
	if !ok {
		w.refuse(n, "this operator is")
	}
	if n.Op == opcode.Or {
		op = pgOperators[w.operatorToken(n.R).text]
	}
	b := &ast.Binary{Loc: w.operatorLoc(n.R), Op: op}
	right := n.R
	if op == ast.IsNotDistinct {
		args, same := markerCall(right, "same")
		if !same {
			b.Op = ast.IsDistinct
			if args, ok = markerCall(right, "distinct"); !ok {
				bug("IS DISTINCT FROM without its mark")
			}
		}
		right = args[0]
	}
	if op.Comparison() {
		if left, ok := n.L.(*tast.BinaryOperationExpr); ok && binaryOps[left.Op].Comparison() {
			fail(sqlerr.New(sqlerr.SyntaxError, "Syntax Error: comparisons cannot be chained").At(b.Pos()).
				Hint("Join two comparisons with AND, or put one in parentheses."))
		}
	}
	if args, ok := markerCall(right, "any"); ok {
		return &ast.Quantified{Loc: b.Loc, X: w.expr(n.L), Op: op, Array: w.expr(args[0])}
	}
	if args, ok := markerCall(right, "all"); ok {
		return &ast.Quantified{Loc: b.Loc, X: w.expr(n.L), Op: op, All: true, Array: w.expr(args[0])}
	}
	b.L, b.R = w.expr(n.L), w.expr(right)
	return b
}

func (w *walker) caseExpr(n *tast.CaseExpr) ast.Expr {
	c := &ast.Case{Loc: w.loc(n)}
	if n.Value != nil {
		c.Operand = w.expr(n.Value)
	}
	for _, when := range n.WhenClauses {
		c.Whens = append(c.Whens, ast.When{Cond: w.expr(when.Expr), Result: w.expr(when.Result)})
	}
	if n.ElseClause != nil {
		c.Else = w.expr(n.ElseClause)
	}
	return c
}

func (w *walker) in(n *tast.PatternInExpr) ast.Expr {
	in := &ast.In{Loc: w.loc(n), X: w.expr(n.Expr), Not: n.Not}
	if n.Sel == nil {
		in.List = w.exprs(n.List)
		return in
	}
	sub, ok := n.Sel.(*tast.SubqueryExpr)
	if !ok {
		w.refuse(n, "this form of IN is")
	}
	in.Query = w.query(sub.Query)
	return in
}

// exists converts EXISTS, into which TiDB has drawn a NOT in front of it.
func (w *walker) exists(n *tast.ExistsSubqueryExpr, sub *tast.SubqueryExpr) ast.Expr {
	e := &ast.Exists{Loc: w.loc(n), Query: w.query(sub.Query)}
	if n.Not {
		return &ast.Not{Loc: e.Loc, X: e}
	}
	return e
}

func (w *walker) like(n *tast.PatternLikeOrIlikeExpr) ast.Expr {
	l := &ast.Like{Loc: w.loc(n), X: w.expr(n.Expr), Not: n.Not}
	args, ok := markerCall(n.Pattern, "like")
	if !ok {
		if args, l.Fold = markerCall(n.Pattern, "ilike"); !l.Fold {
			bug("LIKE without its mark")
		}
	}
	l.Pattern = w.expr(args[0])
	if len(args) == 2 {
		escape := w.expr(args[1])
		if text, ok := escape.(*ast.String); ok {
			l.Escape = text.Value
		}
		if utf8.RuneCountInString(l.Escape) != 1 {
			fail(sqlerr.New(sqlerr.SyntaxError, "Expected single character escape but got: %s", l.Escape).At(escape.Pos()))
		}
	}
	return l
}

// call converts a function call, and the markers that stand for what MySQL has not.
func (w *walker) call(n *tast.FuncCallExpr) ast.Expr {
	if _, err := strconv.Atoi(n.FnName.O); err != nil {
		return w.marker(n)
	}
	c := &ast.FunctionCall{Schema: w.ident(n.Schema), Name: w.ident(n.FnName)}
	c.Loc = firstLoc(c.Schema, c.Name)
	if last := len(n.Args) - 1; last >= 0 {
		if args, ok := markerCall(n.Args[last], "order"); ok {
			c.OrderBy = w.sortKeys(args)
			n.Args = n.Args[:last]
		}
	}
	if len(n.Args) == 1 {
		if _, ok := markerCall(n.Args[0], "star"); ok {
			c.Star = true
			return c
		}
		if args, ok := markerCall(n.Args[0], "unique"); ok {
			c.Distinct, c.Args = true, w.exprs(args)
			return c
		}
	}
	c.Args = w.exprs(n.Args)
	return c
}

func (w *walker) marker(n *tast.FuncCallExpr) ast.Expr {
	loc := w.loc(n)
	switch n.FnName.O {
	case "field":
		return &ast.Deref{Loc: loc, X: w.expr(n.Args[0]), Field: w.tokenIdent(n.Args[1])}
	case "item":
		return &ast.Subscript{Loc: loc, X: w.expr(n.Args[0]), Index: w.expr(n.Args[1])}
	case "cast":
		return &ast.Cast{Loc: loc, X: w.expr(n.Args[0]), Type: w.f.types[w.index(n.Args[1], len(w.f.types))]}
	case "array":
		return &ast.ArrayLit{Loc: loc, Elems: w.exprs(n.Args)}
	case "map":
		m := &ast.MapLit{Loc: loc}
		for i := 0; i+1 < len(n.Args); i += 2 {
			m.Entries = append(m.Entries, ast.MapEntry{Key: w.expr(n.Args[i]), Value: w.expr(n.Args[i+1])})
		}
		return m
	case "struct":
		s := &ast.StructLit{Loc: loc}
		for i := 0; i+1 < len(n.Args); i += 2 {
			s.Fields = append(s.Fields, ast.FieldValue{Name: w.tokenIdent(n.Args[i]), Value: w.expr(n.Args[i+1])})
		}
		return s
	case "lambda":
		return &ast.Lambda{Loc: loc, Params: w.f.lambdas[w.index(n.Args[0], len(w.f.lambdas))], Body: w.expr(n.Args[1])}
	case "unit":
		return &ast.IntervalUnit{Loc: loc, Unit: ast.Unit(w.index(n.Args[0], int(ast.Year)+1))}
	case "slice", "collate", "attimezone", "interval", "position", "trim":
		return w.postgres(n)
	case "filter", "within", "over":
		return w.onCall(n)
	case "rollup", "cube", "sets":
		return w.groupingSets(n)
	case "row":
		return &ast.Row{Loc: loc, Items: w.exprs(n.Args)}
	case "arrayquery":
		if sub, ok := n.Args[0].(*tast.SubqueryExpr); ok {
			return &ast.ArrayQuery{Loc: loc, Query: w.query(sub.Query)}
		}
	}
	bug("unknown marker %q", strings.ToUpper(n.FnName.O))
	return nil
}

// tokenIdent is the identifier whose token a marker names.
func (w *walker) tokenIdent(n tast.ExprNode) ast.Ident {
	return identOf(&w.f.p.toks[w.index(n, len(w.f.p.toks))])
}
