package bind

import (
	"strings"

	"tailrace/sql/ast"
)

// Rewrite copies an expression from the root down. Where replace returns an expression,
// that one stands in the copy and its inside is not visited; elsewhere the node is copied
// with rewritten children. shadowed holds the parameters of the lambdas around a node:
// an unqualified reference to one of them is not a column. Subqueries are not entered.
func Rewrite(e ast.Expr, replace func(e ast.Expr, shadowed map[string]bool) (ast.Expr, error)) (ast.Expr, error) {
	r := rewriter{replace: replace}
	out := r.expr(e)
	return out, r.err
}

type rewriter struct {
	replace  func(ast.Expr, map[string]bool) (ast.Expr, error)
	shadowed map[string]bool
	err      error
}

func (r *rewriter) expr(e ast.Expr) ast.Expr {
	if e == nil || r.err != nil {
		return e
	}
	replaced, err := r.replace(e, r.shadowed)
	if err != nil {
		r.err = err
		return e
	}
	if replaced != nil {
		return replaced
	}
	switch e := e.(type) {
	case *ast.Unary:
		return &ast.Unary{Loc: e.Loc, Op: e.Op, X: r.expr(e.X)}
	case *ast.Binary:
		return r.binary(e)
	case *ast.Not:
		return &ast.Not{Loc: e.Loc, X: r.expr(e.X)}
	case *ast.IsNull:
		return &ast.IsNull{Loc: e.Loc, X: r.expr(e.X), Not: e.Not}
	case *ast.IsBool:
		return &ast.IsBool{Loc: e.Loc, X: r.expr(e.X), Value: e.Value, Not: e.Not}
	case *ast.Between:
		return &ast.Between{Loc: e.Loc, X: r.expr(e.X), Low: r.expr(e.Low), High: r.expr(e.High), Not: e.Not}
	case *ast.In:
		return &ast.In{Loc: e.Loc, X: r.expr(e.X), List: r.list(e.List), Query: e.Query, Not: e.Not}
	case *ast.Quantified:
		c := *e
		c.X, c.Array = r.expr(e.X), r.expr(e.Array)
		return &c
	case *ast.Like:
		c := *e
		c.X, c.Pattern = r.expr(e.X), r.expr(e.Pattern)
		return &c
	case *ast.Cast:
		return &ast.Cast{Loc: e.Loc, X: r.expr(e.X), Type: e.Type}
	case *ast.Case:
		return r.caseExpr(e)
	case *ast.FunctionCall:
		c := *e
		c.Args, c.Filter, c.OrderBy = r.list(e.Args), r.expr(e.Filter), r.order(e.OrderBy)
		if e.Over != nil {
			over := *e.Over
			over.PartitionBy, over.OrderBy = r.list(over.PartitionBy), r.order(over.OrderBy)
			c.Over = &over
		}
		return &c
	}
	return r.nested(e)
}

// binary walks chains of left operands in a loop, for they may be thousands long, but
// offers every link to replace before it is taken apart.
func (r *rewriter) binary(e *ast.Binary) ast.Expr {
	var chain []*ast.Binary
	left := ast.Expr(e)
	for {
		b, ok := left.(*ast.Binary)
		if !ok {
			left = r.expr(left)
			break
		}
		if len(chain) > 0 {
			replaced, err := r.replace(b, r.shadowed)
			if err != nil {
				r.err = err
				return e
			}
			if replaced != nil {
				left = replaced
				break
			}
		}
		chain = append(chain, b)
		left = b.L
	}
	for i := len(chain) - 1; i >= 0; i-- {
		left = &ast.Binary{Loc: chain[i].Loc, Op: chain[i].Op, L: left, R: r.expr(chain[i].R)}
	}
	return left
}

func (r *rewriter) caseExpr(e *ast.Case) ast.Expr {
	out := &ast.Case{Loc: e.Loc, Operand: r.expr(e.Operand), Else: r.expr(e.Else)}
	for _, w := range e.Whens {
		out.Whens = append(out.Whens, ast.When{Cond: r.expr(w.Cond), Result: r.expr(w.Result)})
	}
	return out
}

func (r *rewriter) nested(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.Deref:
		return &ast.Deref{Loc: e.Loc, X: r.expr(e.X), Field: e.Field}
	case *ast.Subscript:
		return &ast.Subscript{Loc: e.Loc, X: r.expr(e.X), Index: r.expr(e.Index)}
	case *ast.ArrayLit:
		return &ast.ArrayLit{Loc: e.Loc, Elems: r.list(e.Elems)}
	case *ast.Slice:
		return &ast.Slice{Loc: e.Loc, X: r.expr(e.X), Low: r.expr(e.Low), High: r.expr(e.High)}
	case *ast.Collate:
		return &ast.Collate{Loc: e.Loc, X: r.expr(e.X), Name: e.Name}
	case *ast.AtTimeZone:
		return &ast.AtTimeZone{Loc: e.Loc, X: r.expr(e.X), Zone: r.expr(e.Zone)}
	case *ast.Row:
		return &ast.Row{Loc: e.Loc, Items: r.list(e.Items)}
	case *ast.GroupingSets:
		out := &ast.GroupingSets{Loc: e.Loc, Kind: e.Kind}
		for _, set := range e.Sets {
			out.Sets = append(out.Sets, r.list(set))
		}
		return out
	case *ast.MapLit:
		out := &ast.MapLit{Loc: e.Loc}
		for _, entry := range e.Entries {
			out.Entries = append(out.Entries, ast.MapEntry{Key: r.expr(entry.Key), Value: r.expr(entry.Value)})
		}
		return out
	case *ast.StructLit:
		out := &ast.StructLit{Loc: e.Loc}
		for _, f := range e.Fields {
			out.Fields = append(out.Fields, ast.FieldValue{Name: f.Name, Value: r.expr(f.Value)})
		}
		return out
	case *ast.Lambda:
		outer := r.shadowed
		r.shadowed = map[string]bool{}
		for name := range outer {
			r.shadowed[name] = true
		}
		for _, p := range e.Params {
			r.shadowed[p.Name] = true
		}
		out := &ast.Lambda{Loc: e.Loc, Params: e.Params, Body: r.expr(e.Body)}
		r.shadowed = outer
		return out
	}
	return e
}

func (r *rewriter) order(order []ast.OrderItem) []ast.OrderItem {
	if order == nil {
		return nil
	}
	out := make([]ast.OrderItem, len(order))
	for i, o := range order {
		out[i] = o
		out[i].Expr = r.expr(o.Expr)
	}
	return out
}

func (r *rewriter) list(list []ast.Expr) []ast.Expr {
	if list == nil {
		return nil
	}
	out := make([]ast.Expr, len(list))
	for i, e := range list {
		out[i] = r.expr(e)
	}
	return out
}

// Walk calls visit for every node, parents first. It does not go into a node for which
// visit returns false.
func Walk(e ast.Expr, visit func(e ast.Expr, shadowed map[string]bool) bool) {
	_, _ = Rewrite(e, func(e ast.Expr, shadowed map[string]bool) (ast.Expr, error) {
		if visit(e, shadowed) {
			return nil, nil
		}
		return e, nil
	})
}

// Text is the canonical text of an expression: two expressions of one query mean the same
// if their texts are equal, once their columns are qualified.
func Text(e ast.Expr) string { return ast.Format(e) }

// Operation says that the text of an expression begins with a parenthesis.
func Operation(e ast.Expr) bool {
	_, binary := e.(*ast.Binary)
	return binary
}

// Column returns the reference if e is nothing but a column, else nil.
func Column(e ast.Expr) *ast.ColumnRef {
	ref, _ := e.(*ast.ColumnRef)
	return ref
}

// qualified is the reference to a column of a source.
func qualified(loc ast.Loc, alias, name string) *ast.ColumnRef {
	return &ast.ColumnRef{Loc: loc, Qualifier: ast.Ident{Loc: loc, Name: alias}, Name: ast.Ident{Loc: loc, Name: name}}
}

// Display is an expression as messages show it: without qualifiers for one source, with
// ALIAS_NAME for joins.
func (q *Query) Display(e ast.Expr) string { return ast.Shown(q.unqualify(e)) }

func (q *Query) unqualify(e ast.Expr) ast.Expr {
	out, _ := Rewrite(e, func(e ast.Expr, shadowed map[string]bool) (ast.Expr, error) {
		ref := Column(e)
		if ref == nil || ref.Qualifier.Empty() {
			return nil, nil
		}
		return &ast.ColumnRef{Loc: ref.Loc, Name: ast.Ident{Loc: ref.Name.Loc, Name: q.FlatName(ref)}}, nil
	})
	return out
}

// FlatName is the name of a column of a source within the query: NAME, or ALIAS_NAME for
// joins.
func (q *Query) FlatName(ref *ast.ColumnRef) string {
	if len(q.Sources) > 1 && !ref.Qualifier.Empty() {
		return ref.Qualifier.Name + "_" + ref.Name.Name
	}
	return ref.Name.Name
}

// And joins words with commas and a last "and".
func And(words []string) string { return join(words, "and") }

// or joins words with commas and a last "or".
func or(words []string) string { return join(words, "or") }

func join(words []string, last string) string {
	n := len(words)
	if n < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n-1], ", ") + " " + last + " " + words[n-1]
}
