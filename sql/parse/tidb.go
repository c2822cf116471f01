package parse

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"

	tidb "github.com/pingcap/tidb/pkg/parser"
	tast "github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/mysql"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
)

// The TiDB parser builds literals through these hooks of its ast package, so that a
// database can bring its own values. Ours keep what the literal says and nothing
// more.
func init() {
	tast.NewValueExpr = func(v any, _, _ string) tast.ValueExpr {
		if literal, ok := v.(*literal); ok {
			return literal
		}
		return &literal{v: v}
	}
	tast.NewParamMarkerExpr = func(offset int) tast.ParamMarkerExpr {
		return &paramMarker{offset: offset}
	}
	tast.NewDecimal = func(text string) (any, error) { return decimalText(text), nil }
	refuse := func(text string) (any, error) { return nil, fmt.Errorf("no literal of ours: %s", text) }
	tast.NewHexLiteral, tast.NewBitLiteral = refuse, refuse
}

// decimalText is a decimal literal as written.
type decimalText string

// literal is a value in TiDB's tree: nil, bool, int64, uint64, float64, string or
// decimalText.
type literal struct {
	tast.TexprNode
	v any
}

// paramMarker is the ? that stands for $n; offset leads back to it.
type paramMarker struct {
	literal
	offset int
}

func (l *literal) SetValue(v any)           { l.v = v }
func (l *literal) GetValue() any            { return l.v }
func (l *literal) GetString() string        { return fmt.Sprint(l.v) }
func (l *literal) GetDatumString() string   { return fmt.Sprint(l.v) }
func (l *literal) GetProjectionOffset() int { return -1 }
func (l *literal) SetProjectionOffset(int)  {}
func (l *literal) Format(w io.Writer)       { fmt.Fprint(w, l.v) }
func (l *literal) Restore(*format.RestoreCtx) error {
	return fmt.Errorf("literals are not restored")
}

// Accept implements TiDB's visitor protocol.
func (l *literal) Accept(v tast.Visitor) (tast.Node, bool) {
	n, _ := v.Enter(l)
	return v.Leave(n)
}

// Accept implements TiDB's visitor protocol.
func (m *paramMarker) Accept(v tast.Visitor) (tast.Node, bool) {
	n, _ := v.Enter(m)
	return v.Leave(n)
}

// SetOrder implements tast.ParamMarkerExpr; the order is in the statement's text.
func (m *paramMarker) SetOrder(int) {}

// parsers pools TiDB parsers: each holds buffers of about 100 KiB and serves one
// goroutine at a time.
var parsers = sync.Pool{New: func() any {
	p := tidb.New()
	p.EnableWindowFunc(false) // else OVER and its functions would be reserved
	p.SetSQLMode(mysql.ModeANSIQuotes | mysql.ModeNoBackslashEscapes)
	return p
}}

// pooledBytes bounds the texts whose parser goes back to the pool: its stack still
// refers to the last tree, and grows with it.
const pooledBytes = 64 << 10

// parse hands the rewritten text to TiDB and returns a walker at its tree, which is to
// be released when the tree has been walked. Not before: a parser's stack holds nodes of
// its last tree, and the next use writes positions into them.
func (f *front) parse() *walker {
	text, starts := f.text()
	w := &walker{f: f, starts: starts, parser: parsers.Get().(*tidb.Parser), pooled: len(text) <= pooledBytes}
	nodes, _, err := w.parser.ParseSQL(text)
	if err != nil {
		w.release()
		fail(w.syntaxError(text, err))
	}
	if len(nodes) != 1 {
		bug("the query was read as %d statements", len(nodes))
	}
	w.root = nodes[0]
	return w
}

func (w *walker) release() {
	if w.pooled {
		parsers.Put(w.parser)
	}
}

// syntaxError turns an error of TiDB's, which is but a text, into ours: it quotes what
// it could not read from the fault on, and so says where that is.
func (w *walker) syntaxError(text string, err error) *sqlerr.Error {
	tok := len(w.f.p.toks) - 1
	if _, near, ok := strings.Cut(err.Error(), `near "`); ok {
		if at := faultOffset(text, near); at >= 0 && at < len(strings.TrimSpace(text)) {
			tok = w.f.out[w.piece(at)].tok
		}
	}
	return syntaxAt(w.f.p.text, &w.f.p.toks[tok], nil)
}

// faultOffset finds where the quoted rest begins. Long rests are cut at 2,048 bytes
// and then say how long they were.
func faultOffset(text, near string) int {
	var total int
	if i := strings.LastIndex(near, "(total length "); i >= 0 {
		if _, err := fmt.Sscanf(near[i:], "(total length %d)", &total); err == nil && total > 2048 && total <= len(text) {
			return len(text) - total
		}
	}
	end := strings.LastIndexByte(near, '"')
	if end < 0 || !strings.HasSuffix(text, near[:end]) {
		return -1
	}
	return len(text) - end
}

// walker turns TiDB's tree into ours. It knows the nodes that the front's rewriting
// can lead to; any other is refused.
type walker struct {
	f      *front
	starts []int
	root   tast.StmtNode
	parser *tidb.Parser
	pooled bool
	depth  int
	// tailsUsed counts the tails taken per set operation; see front.tails.
	tailsUsed map[int]int
}

// piece is the index of the piece that covers the offset.
func (w *walker) piece(offset int) int {
	return max(sort.SearchInts(w.starts, offset+1)-1, 0)
}

// tokenAt is the token that the text at offset came from.
func (w *walker) tokenAt(offset int) *token {
	return &w.f.p.toks[w.f.out[w.piece(offset)].tok]
}

// loc is where the user's text for n begins.
func (w *walker) loc(n tast.Node) ast.Loc {
	return ast.Loc(w.tokenAt(n.OriginTextPosition()).pos)
}

// operatorLoc is where the operator in front of the right operand stands.
func (w *walker) operatorLoc(right tast.Node) ast.Loc { return ast.Loc(w.operatorToken(right).pos) }

// operatorToken is the operator in front of the right operand.
func (w *walker) operatorToken(right tast.Node) *token {
	i := max(w.piece(right.OriginTextPosition())-1, 0)
	return &w.f.p.toks[w.f.out[i].tok]
}

// refuse fails for a node that the allow-list does not have.
func (w *walker) refuse(n tast.Node, what string) {
	fail(sqlerr.New(sqlerr.FeatureNotSupported, "%s not supported", what).At(int(w.loc(n))))
}
