package syntax

import "strings"

// Binding powers, from PostgreSQL's table of operator precedence.
const (
	precOr = iota + 1
	precAnd
	precNot
	precIs
	precCompare
	precIn // BETWEEN IN LIKE
	precOther
	precAdd
	precMul
	precPower
	precZone
	precCollate
	precSign
)

func (p *parser) expr() (Expr, error) { return p.binary(precOr) }

func (p *parser) exprs() (out []Expr, err error) {
	for {
		e, err := p.expr()
		if err != nil {
			return nil, err
		}
		out = append(out, e)
		if !p.op(",") {
			return out, nil
		}
	}
}

// binary reads an expression of operators that bind at least as tightly as least.
func (p *parser) binary(least int) (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	left, err := p.prefix()
	if err != nil {
		return nil, err
	}
	for {
		e, err := p.infix(left, least)
		if err != nil {
			return nil, err
		}
		if e == nil {
			return left, nil
		}
		left = e
	}
}

func (p *parser) prefix() (Expr, error) {
	t := p.peek()
	at := At(t.Pos)
	if p.word("not") {
		x, err := p.binary(precNot)
		return &Unary{at, "not", x}, err
	}
	if t.Kind == Op && (t.Value == "-" || t.Value == "+") {
		p.at++
		x, err := p.binary(precSign)
		return &Unary{at, t.Value, x}, err
	}
	x, err := p.primary()
	if err != nil {
		return nil, err
	}
	return p.postfix(x)
}

// infix reads one operator and its right side, or nothing (nil) when what comes next
// binds less tightly than least or is no operator.
func (p *parser) infix(left Expr, least int) (Expr, error) {
	t := p.peek()
	if t.Kind == Op {
		return p.infixOp(left, least)
	}
	if t.Kind != Word {
		return nil, nil
	}
	at := At(t.Pos)
	switch t.Value {
	case "or", "and":
		prec := precOr
		if t.Value == "and" {
			prec = precAnd
		}
		if prec < least {
			return nil, nil
		}
		p.at++
		r, err := p.binary(prec + 1)
		return &Binary{at, t.Value, left, r}, err
	case "is", "isnull", "notnull":
		if precIs < least {
			return nil, nil
		}
		return p.is(left)
	case "not", "in", "like", "ilike", "between":
		if precIn < least {
			return nil, nil
		}
		return p.membership(left)
	case "operator":
		if precOther < least || !p.isOp(1, "(") {
			return nil, nil
		}
		return p.qualifiedOp(left)
	case "collate":
		p.at++
		if _, err := p.label(); err != nil {
			return nil, err
		}
		if p.op(".") {
			if _, err := p.label(); err != nil {
				return nil, err
			}
		}
		return left, nil // one collation: by bytes
	case "at":
		if precZone < least || !p.words("at", "time", "zone") {
			return nil, nil
		}
		zone, err := p.binary(precZone + 1)
		return &Call{At: at, Name: "timezone", Args: []Expr{zone, left}}, err
	}
	return nil, nil
}

func precedence(op string) int {
	switch op {
	case "=", "<", ">", "<=", ">=", "<>":
		return precCompare
	case "+", "-":
		return precAdd
	case "*", "/", "%":
		return precMul
	case "^":
		return precPower
	case "(", ")", "[", "]", ",", ";", ".", ":", "::":
		return 0
	}
	return precOther
}

func (p *parser) infixOp(left Expr, least int) (Expr, error) {
	t := p.peek()
	prec := precedence(t.Value)
	if prec == 0 || prec < least {
		return nil, nil
	}
	p.at++
	return p.rightSide(left, t.Value, prec, At(t.Pos))
}

// qualifiedOp reads OPERATOR(schema.op), which binds as any operator that is not the
// standard's.
func (p *parser) qualifiedOp(left Expr) (Expr, error) {
	at := At(p.peek().Pos)
	p.at += 2
	for p.peek().Kind == Word || p.peek().Kind == QuotedWord {
		p.at++
		if err := p.expectOp("."); err != nil {
			return nil, err
		}
	}
	op := p.next()
	if op.Kind != Op {
		return nil, p.unexpected()
	}
	if err := p.expectOp(")"); err != nil {
		return nil, err
	}
	return p.rightSide(left, op.Value, precOther, at)
}

func (p *parser) rightSide(left Expr, op string, prec int, at At) (Expr, error) {
	if p.isOp(1, "(") && (p.isWord(0, "any") || p.isWord(0, "some") || p.isWord(0, "all")) {
		q := &Quantified{At: at, X: left, Op: op, All: p.next().Value == "all"}
		var err error
		if p.startsQuery(1) {
			q.Query, err = p.inParens()
			return q, err
		}
		p.at++
		if q.Array, err = p.expr(); err != nil {
			return nil, err
		}
		return q, p.expectOp(")")
	}
	right, err := p.binary(prec + 1)
	return &Binary{at, op, left, right}, err
}

func (p *parser) is(left Expr) (Expr, error) {
	t := p.next()
	e := &Is{At: At(t.Pos), X: left, What: "null", Not: t.Value == "notnull"}
	if t.Value != "is" {
		return e, nil
	}
	e.Not = p.word("not")
	switch {
	case p.word("null"):
	case p.isWord(0, "true"), p.isWord(0, "false"), p.isWord(0, "unknown"):
		e.What = p.next().Value
	case p.words("distinct", "from"):
		e.What = "distinct"
		var err error
		if e.Y, err = p.binary(precIs + 1); err != nil {
			return nil, err
		}
	default:
		return nil, p.unexpected()
	}
	return e, nil
}

// membership reads [NOT] IN, LIKE, ILIKE and BETWEEN.
func (p *parser) membership(left Expr) (_ Expr, err error) {
	at := At(p.peek().Pos)
	not := p.word("not")
	switch {
	case p.word("in"):
		e := &In{At: at, X: left, Not: not}
		if p.startsQuery(1) {
			e.Query, err = p.inParens()
			return e, err
		}
		if err := p.expectOp("("); err != nil {
			return nil, err
		}
		if e.List, err = p.exprs(); err != nil {
			return nil, err
		}
		return e, p.expectOp(")")
	case p.isWord(0, "like"), p.isWord(0, "ilike"):
		e := &Like{At: at, X: left, Not: not, Fold: p.next().Value == "ilike"}
		op := "~~"
		if e.Fold {
			op = "~~*"
		}
		if p.isOp(1, "(") && (p.isWord(0, "any") || p.isWord(0, "all")) {
			return p.rightSide(left, op, precIn, at)
		}
		if e.Pattern, err = p.binary(precIn + 1); err != nil {
			return nil, err
		}
		if p.word("escape") {
			e.Escape, err = p.binary(precIn + 1)
		}
		return e, err
	case p.word("between"):
		p.word("symmetric")
		e := &Between{At: at, X: left, Not: not}
		if e.Low, err = p.binary(precIn + 1); err != nil {
			return nil, err
		}
		if err := p.expectWord("and"); err != nil {
			return nil, err
		}
		e.High, err = p.binary(precIn + 1)
		return e, err
	}
	return nil, p.unexpected()
}

// postfix reads casts, subscripts and fields.
func (p *parser) postfix(x Expr) (Expr, error) {
	for {
		at := At(p.peek().Pos)
		switch {
		case p.op("::"):
			t, err := p.typeName()
			if err != nil {
				return nil, err
			}
			x = &Cast{at, x, t}
		case p.op("["):
			e, err := p.subscript(x, at)
			if err != nil {
				return nil, err
			}
			x = e
		case p.op("."):
			if p.op("*") {
				x = &Field{at, x, "*"}
				continue
			}
			name, err := p.label()
			if err != nil {
				return nil, err
			}
			x = &Field{at, x, name}
		default:
			return x, nil
		}
	}
}

func (p *parser) subscript(x Expr, at At) (Expr, error) {
	e := &Index{At: at, X: x}
	var err error
	if !p.isOp(0, ":") {
		if e.I, err = p.expr(); err != nil {
			return nil, err
		}
	}
	if p.op(":") {
		e.Slice = true
		if !p.isOp(0, "]") {
			if e.J, err = p.expr(); err != nil {
				return nil, err
			}
		}
	}
	return e, p.expectOp("]")
}

// typeName reads a type: [schema.]name [(modifiers)] [[]], with the standard's names of
// several words.
func (p *parser) typeName() (TypeName, error) {
	t := TypeName{}
	var err error
	if t.Name, err = p.label(); err != nil {
		return t, err
	}
	if p.op(".") {
		t.Schema = t.Name
		if t.Name, err = p.label(); err != nil {
			return t, err
		}
	}
	switch {
	case t.Name == "double":
		p.word("precision")
	case t.Name == "character" || t.Name == "char":
		if p.word("varying") {
			t.Name = "varchar"
		}
	}
	if p.op("(") {
		for !p.op(")") {
			if p.next().Kind == End {
				return t, p.unexpected()
			}
		}
	}
	if (t.Name == "timestamp" || t.Name == "time") && (p.isWord(0, "with") || p.isWord(0, "without")) && p.isWord(1, "time") {
		if p.next().Value == "with" {
			t.Name += "tz"
		}
		p.words("time", "zone")
	}
	for p.isOp(0, "[") {
		p.at++
		if p.peek().Kind == Digits {
			p.at++
		}
		if err := p.expectOp("]"); err != nil {
			return t, err
		}
		t.Array = true
	}
	if strings.HasPrefix(t.Name, "_") && !t.Array {
		t.Name, t.Array = t.Name[1:], true
	}
	return t, nil
}
