package syntax

func (p *parser) fromList() (out []Table, err error) {
	for {
		t, err := p.joined()
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		if !p.op(",") {
			return out, nil
		}
	}
}

// joined reads a table and the joins that follow it.
func (p *parser) joined() (Table, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	left, err := p.tableFactor()
	if err != nil {
		return nil, err
	}
	for {
		at := p.peek().Pos
		kind, natural, ok := p.joinKind()
		if !ok {
			return left, nil
		}
		j := &Join{Kind: kind, Natural: natural, Left: left, Position: at}
		if j.Right, err = p.tableFactor(); err != nil {
			return nil, err
		}
		switch {
		case kind == "cross" || natural:
		case p.word("using"):
			j.Using, err = p.nameList()
		default:
			// a JOIN b JOIN c ON .. ON ..: the inner join comes first.
			if !p.isWord(0, "on") {
				if j.Right, err = p.rest(j.Right); err != nil {
					return nil, err
				}
			}
			if err = p.expectWord("on"); err == nil {
				j.On, err = p.expr()
			}
		}
		if err != nil {
			return nil, err
		}
		left = j
	}
}

// rest reads one join whose left side has been read.
func (p *parser) rest(left Table) (Table, error) {
	at := p.peek().Pos
	kind, natural, ok := p.joinKind()
	if !ok {
		return nil, p.unexpected()
	}
	j := &Join{Kind: kind, Natural: natural, Left: left, Position: at}
	var err error
	if j.Right, err = p.tableFactor(); err != nil {
		return nil, err
	}
	if kind != "cross" && !natural {
		if err = p.expectWord("on"); err != nil {
			return nil, err
		}
		j.On, err = p.expr()
	}
	return j, err
}

func (p *parser) joinKind() (kind string, natural, ok bool) {
	start := p.at
	natural = p.word("natural")
	kind = "inner"
	switch {
	case p.word("inner"):
	case p.word("cross"):
		kind = "cross"
	case p.isWord(0, "left"), p.isWord(0, "right"), p.isWord(0, "full"):
		kind = p.next().Value
		p.word("outer")
	}
	if !p.word("join") {
		p.at = start
		return "", false, false
	}
	return kind, natural, true
}

func (p *parser) tableFactor() (Table, error) {
	lateral := p.word("lateral")
	if p.isOp(0, "(") {
		if p.startsQuery(1) {
			q, err := p.inParens()
			if err != nil {
				return nil, err
			}
			t := &SubqueryTable{Query: q, Lateral: lateral}
			t.Alias, t.Columns, err = p.alias()
			return t, err
		}
		p.at++
		t, err := p.joined()
		if err != nil {
			return nil, err
		}
		return t, p.expectOp(")")
	}
	if p.isFunction() {
		return p.functionTable()
	}
	return p.tableName()
}

// startsQuery looks through parentheses for the first word of a query.
func (p *parser) startsQuery(n int) bool {
	for p.isOp(n, "(") {
		n++
	}
	return p.isWord(n, "select") || p.isWord(n, "with") || p.isWord(n, "values")
}

// isFunction reports whether name( or schema.name( comes next.
func (p *parser) isFunction() bool {
	if t := p.peek(); t.Kind != Word && t.Kind != QuotedWord {
		return false
	}
	return p.isOp(1, "(") || p.isOp(1, ".") && p.isOp(3, "(")
}

func (p *parser) functionTable() (Table, error) {
	e, err := p.nameOrCall()
	if err != nil {
		return nil, err
	}
	call, ok := e.(*Call)
	if !ok {
		return nil, p.unexpected()
	}
	t := &FunctionTable{Call: call}
	if p.words("with", "ordinality") {
		t.Ordinality = true
	}
	t.Alias, t.Columns, err = p.alias()
	return t, err
}

func (p *parser) tableName() (Table, error) {
	t := &TableName{Position: p.peek().Pos}
	p.word("only")
	var err error
	if t.Name, err = p.name(); err != nil {
		return nil, err
	}
	for p.op(".") { // a database's name before the schema's counts for nothing
		t.Schema = t.Name
		if t.Name, err = p.label(); err != nil {
			return nil, err
		}
	}
	t.Alias, t.Columns, err = p.alias()
	return t, err
}

// alias reads [AS] name [(columns)]; the columns of a function may have types.
func (p *parser) alias() (name string, columns []string, err error) {
	if p.word("as") {
		if p.isOp(0, "(") {
			columns, err = p.typedNames()
			return "", columns, err
		}
		if name, err = p.label(); err != nil {
			return "", nil, err
		}
	} else if t := p.peek(); t.Kind == QuotedWord || t.Kind == Word && !reserved[t.Value] {
		name = p.next().Value
	} else {
		return "", nil, nil
	}
	if p.isOp(0, "(") {
		columns, err = p.typedNames()
	}
	return name, columns, err
}

func (p *parser) typedNames() (out []string, err error) {
	p.at++ // (
	for {
		n, err := p.label()
		if err != nil {
			return nil, err
		}
		out = append(out, n)
		if !p.isOp(0, ",") && !p.isOp(0, ")") {
			if _, err := p.typeName(); err != nil {
				return nil, err
			}
		}
		if !p.op(",") {
			return out, p.expectOp(")")
		}
	}
}
