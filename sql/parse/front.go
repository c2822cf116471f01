package parse

import (
	"strconv"
	"strings"

	"tailrace/sql/ast"
)

// front rewrites query bodies and expressions into the MySQL dialect that the TiDB
// parser reads, and keeps beside the text what that dialect has no words for. One
// front serves one query, or one list of expressions.
type front struct {
	p   *parser
	out []piece

	blocks  []block
	tails   map[int][]tail // of set operations, by their first block, inner ones first
	joins   []joinMark
	types   []*ast.TypeName
	lambdas [][]ast.Ident
	overs   []ast.Over

	intervals []*ast.Interval
	aliases   map[int]aliasMark // by the token of the alias
	ctes      map[int]ast.Loc

	rows  int // lists of IN around, whose entries may be rows of values
	exprs int // expressions emitted by expr and exprList
}

// piece is a bit of rewritten text. pre goes in front of text: functions that wrap
// what has been emitted already are put there, so that wrapping moves nothing.
type piece struct {
	pre, text string
	tok       int // the token it came from
}

// block is what a query block has beyond MySQL.
type block struct {
	loc    ast.Loc
	window *ast.Window
	tail   tail
}

// tail is what stands behind a query block or a set operation, ORDER BY apart.
type tail struct {
	emit          ast.Emit
	limit, offset ast.Expr
	ties          bool
}

// joinMark is what travels in the ON clause of a join.
type joinMark struct {
	loc     ast.Loc
	kind    ast.JoinType
	within  *ast.Within
	natural bool
}

func newFront(p *parser) *front {
	return &front{p: p, out: make([]piece, 0, len(p.toks)-p.i+8)}
}

// emit adds text for the current token, and moves on to the next.
func (f *front) emit(text string) {
	f.out = append(f.out, piece{text: text, tok: f.p.i})
	f.p.next()
}

// add adds text for the current token and stays there.
func (f *front) add(text string) {
	f.out = append(f.out, piece{text: text, tok: f.p.i})
}

// closeWith adds text that closes something, for the token before the current one.
func (f *front) closeWith(text string) {
	f.out = append(f.out, piece{text: text, tok: max(f.p.i-1, 0)})
}

// wrap puts the call of a marker function around all pieces from start on.
func (f *front) wrap(start int, function, rest string) {
	f.out[start].pre = "`" + function + "`(" + f.out[start].pre
	f.closeWith(rest)
}

// number is the backquoted number of token i, which stands for its identifier.
func number(i int) string {
	if i < len(numbers) {
		return numbers[i]
	}
	return "`" + strconv.Itoa(i) + "`"
}

// numbers are those of most statements, made once.
var numbers = func() (list [256]string) {
	for i := range list {
		list[i] = "`" + strconv.Itoa(i) + "`"
	}
	return list
}()

// expr rewrites one expression of a list that finish returns.
func (f *front) expr(mode exprMode) {
	if f.exprs > 0 {
		f.add(",")
	}
	f.exprs++
	f.expression(mode)
}

// exprList rewrites expressions separated by commas, and counts them.
func (f *front) exprList(mode exprMode) int {
	for n := 1; ; n++ {
		f.expr(mode)
		if !f.p.skipOp(",") {
			return n
		}
	}
}

// finish parses the expressions that were rewritten by expr and exprList.
func (f *front) finish() []ast.Expr {
	if f.exprs == 0 {
		return nil
	}
	f.out[0].pre = "SELECT " + f.out[0].pre
	w := f.parse()
	defer w.release()
	return w.exprList()
}

// finishQuery parses the query that was rewritten by queryExpr.
func (f *front) finishQuery() ast.Query {
	w := f.parse()
	defer w.release()
	return w.query(w.root)
}

// text joins the pieces; starts[i] is the offset at which piece i begins.
func (f *front) text() (text string, starts []int) {
	size := 0
	for i := range f.out {
		size += len(f.out[i].pre) + len(f.out[i].text) + 1
	}
	var b strings.Builder
	b.Grow(size)
	starts = make([]int, len(f.out))
	for i := range f.out {
		starts[i] = b.Len()
		b.WriteString(f.out[i].pre)
		b.WriteString(f.out[i].text)
		b.WriteByte(' ')
	}
	return b.String(), starts
}
