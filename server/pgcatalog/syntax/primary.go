package syntax

import (
	"strconv"

	"tailrace/sql/sqlerr"
)

// primary reads an operand.
func (p *parser) primary() (Expr, error) {
	t := p.peek()
	at := At(t.Pos)
	switch t.Kind {
	case Text:
		p.at++
		return &Literal{at, String, t.Value}, nil
	case Digits:
		p.at++
		return &Literal{at, Number, t.Value}, nil
	case Parameter:
		p.at++
		n, err := strconv.Atoi(t.Value)
		if err != nil || n < 1 || n > 65535 {
			return nil, sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $%s", t.Value).At(t.Pos)
		}
		return &Param{at, n}, nil
	case Op:
		if t.Value == "(" {
			return p.parenthesised(at)
		}
	case QuotedWord:
		return p.nameOrCall()
	case Word:
		return p.wordPrimary(t, at)
	}
	return nil, p.unexpected()
}

// parenthesised reads (query), (expr) or (row).
func (p *parser) parenthesised(at At) (Expr, error) {
	if p.startsQuery(0) {
		q, err := p.inParens()
		return &Subquery{at, Scalar, q}, err
	}
	p.at++
	items, err := p.exprs()
	if err != nil {
		return nil, err
	}
	if err := p.expectOp(")"); err != nil {
		return nil, err
	}
	if len(items) == 1 {
		return items[0], nil
	}
	return &List{At: at, Items: items}, nil
}

// keywordCalls are words that stand for a call without parentheses.
var keywordCalls = set("current_user session_user user current_role current_catalog current_schema current_date current_time " +
	"current_timestamp localtime localtimestamp")

func (p *parser) wordPrimary(t Token, at At) (Expr, error) {
	switch t.Value {
	case "null", "true", "false":
		p.at++
		return &Literal{at, map[string]LiteralKind{"null": Null, "true": True, "false": False}[t.Value], t.Value}, nil
	case "case":
		return p.caseExpr()
	case "cast":
		if p.isOp(1, "(") {
			return p.castExpr()
		}
	case "exists":
		if p.isOp(1, "(") {
			p.at++
			q, err := p.inParens()
			return &Subquery{at, Exists, q}, err
		}
	case "array":
		return p.array(at)
	case "row":
		if p.isOp(1, "(") {
			p.at += 2
			items, err := p.exprs()
			if err != nil {
				return nil, err
			}
			return &List{At: at, Items: items}, p.expectOp(")")
		}
	case "interval", "date", "timestamp", "timestamptz", "time", "name", "text", "regclass", "oid", "bool":
		if p.peekAt(1).Kind == Text {
			p.at++
			text := p.next()
			return &Cast{at, &Literal{At(text.Pos), String, text.Value}, TypeName{Name: t.Value}}, nil
		}
	case "substring", "position", "trim", "overlay", "extract":
		if p.isOp(1, "(") {
			return p.specialCall(t.Value, at)
		}
	case "left", "right":
		if p.isOp(1, "(") {
			return p.nameOrCall()
		}
	}
	if keywordCalls[t.Value] && !p.isOp(1, "(") && !p.isOp(1, ".") {
		p.at++
		return &Call{At: at, Name: t.Value}, nil
	}
	if reserved[t.Value] {
		return nil, p.unexpected()
	}
	return p.nameOrCall()
}

// specialCall reads the functions whose arguments are parted by words.
func (p *parser) specialCall(name string, at At) (Expr, error) {
	p.at += 2
	c := &Call{At: at, Name: name}
	if name == "trim" {
		for _, side := range []string{"both", "leading", "trailing"} {
			if p.word(side) {
				c.Name = map[string]string{"both": "btrim", "leading": "ltrim", "trailing": "rtrim"}[side]
			}
		}
		if c.Name == "trim" {
			c.Name = "btrim"
		}
		if p.word("from") {
			var err error
			if c.Args, err = p.exprs(); err != nil {
				return nil, err
			}
			return c, p.expectOp(")")
		}
	}
	from := false
	for {
		least := precOr
		if name == "position" {
			least = precIn + 1 // IN parts the arguments
		}
		e, err := p.binary(least)
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, e)
		if p.word("from") {
			from = true
		} else if !p.op(",") && !p.word("for") && !p.word("in") && !p.word("placing") {
			break
		}
	}
	if name == "extract" && len(c.Args) > 0 {
		if n, ok := c.Args[0].(*Name); ok {
			c.Args[0] = &Literal{n.At, String, n.Parts[0]}
		}
		c.Name = "date_part"
	}
	if name == "trim" && len(c.Args) == 2 && from { // TRIM(chars FROM text)
		c.Args[0], c.Args[1] = c.Args[1], c.Args[0]
	}
	return c, p.expectOp(")")
}

func (p *parser) castExpr() (Expr, error) {
	at := At(p.peek().Pos)
	p.at += 2
	x, err := p.expr()
	if err != nil {
		return nil, err
	}
	if err := p.expectWord("as"); err != nil {
		return nil, err
	}
	t, err := p.typeName()
	if err != nil {
		return nil, err
	}
	return &Cast{at, x, t}, p.expectOp(")")
}

func (p *parser) caseExpr() (_ Expr, err error) {
	c := &Case{At: At(p.next().Pos)}
	if !p.isWord(0, "when") {
		if c.Operand, err = p.expr(); err != nil {
			return nil, err
		}
	}
	for p.word("when") {
		w := When{}
		if w.If, err = p.expr(); err != nil {
			return nil, err
		}
		if err = p.expectWord("then"); err != nil {
			return nil, err
		}
		if w.Then, err = p.expr(); err != nil {
			return nil, err
		}
		c.Whens = append(c.Whens, w)
	}
	if len(c.Whens) == 0 {
		return nil, p.unexpected()
	}
	if p.word("else") {
		if c.Else, err = p.expr(); err != nil {
			return nil, err
		}
	}
	return c, p.expectWord("end")
}

// array reads ARRAY[...] and ARRAY(query).
func (p *parser) array(at At) (Expr, error) {
	p.at++
	if p.isOp(0, "(") {
		q, err := p.inParens()
		return &Subquery{at, Array, q}, err
	}
	if err := p.expectOp("["); err != nil {
		return nil, err
	}
	l := &List{At: at, Array: true}
	if p.op("]") {
		return l, nil
	}
	var err error
	if l.Items, err = p.exprs(); err != nil {
		return nil, err
	}
	return l, p.expectOp("]")
}

// nameOrCall reads a, t.a, t.*, f(...) and s.f(...).
func (p *parser) nameOrCall() (Expr, error) {
	at := At(p.peek().Pos)
	first, err := p.label()
	if err != nil {
		return nil, err
	}
	parts := []string{first}
	for p.isOp(0, ".") {
		p.at++
		if p.op("*") {
			return &Star{at, parts}, nil
		}
		part, err := p.label()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if !p.isOp(0, "(") {
		return &Name{at, parts}, nil
	}
	c := &Call{At: at, Name: parts[len(parts)-1]}
	if len(parts) > 1 {
		c.Schema = parts[len(parts)-2]
	}
	return p.arguments(c)
}

func (p *parser) arguments(c *Call) (_ Expr, err error) {
	p.at++ // (
	switch {
	case p.op("*"):
		c.Star = true
	case p.isOp(0, ")"):
	default:
		if c.Distinct = p.word("distinct"); !c.Distinct {
			p.word("all")
		}
		p.word("variadic")
		if c.Args, err = p.exprs(); err != nil {
			return nil, err
		}
		if p.words("order", "by") {
			if c.OrderBy, err = p.orders(); err != nil {
				return nil, err
			}
		}
	}
	if err := p.expectOp(")"); err != nil {
		return nil, err
	}
	if p.word("filter") {
		if err := p.expectOp("("); err != nil {
			return nil, err
		}
		if err := p.expectWord("where"); err != nil {
			return nil, err
		}
		if c.Filter, err = p.expr(); err != nil {
			return nil, err
		}
		if err := p.expectOp(")"); err != nil {
			return nil, err
		}
	}
	if p.word("over") {
		c.Over, err = p.window()
	}
	return c, err
}

func (p *parser) window() (_ *Window, err error) {
	w := &Window{}
	if err := p.expectOp("("); err != nil {
		return nil, err
	}
	if p.words("partition", "by") {
		if w.Partition, err = p.exprs(); err != nil {
			return nil, err
		}
	}
	if p.words("order", "by") {
		if w.OrderBy, err = p.orders(); err != nil {
			return nil, err
		}
	}
	return w, p.expectOp(")")
}
