package syntax

// query reads [WITH ...] body [ORDER BY ...] [LIMIT ...] [OFFSET ...] [FETCH ...].
func (p *parser) query() (*Query, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	q := &Query{}
	var err error
	if p.word("with") {
		q.Recursive = p.word("recursive")
		if q.With, err = p.with(); err != nil {
			return nil, err
		}
	}
	if q.Body, err = p.setOps(0); err != nil {
		return nil, err
	}
	if p.words("order", "by") {
		if q.OrderBy, err = p.orders(); err != nil {
			return nil, err
		}
	}
	return q, p.limits(q)
}

func (p *parser) limits(q *Query) (err error) {
	for {
		switch {
		case p.word("limit"):
			if p.word("all") {
				continue
			}
			q.Limit, err = p.expr()
		case p.word("offset"):
			if q.Offset, err = p.expr(); err == nil && !p.word("rows") {
				p.word("row")
			}
		case p.word("fetch"):
			err = p.fetch(q)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// fetch reads FETCH FIRST n ROWS ONLY after its first word.
func (p *parser) fetch(q *Query) (err error) {
	if !p.word("first") && !p.word("next") {
		return p.unexpected()
	}
	q.Limit = &Literal{At(p.peek().Pos), Number, "1"}
	if !p.isWord(0, "row") && !p.isWord(0, "rows") {
		if q.Limit, err = p.primary(); err != nil {
			return err
		}
	}
	if !p.word("row") && !p.word("rows") {
		return p.unexpected()
	}
	return p.expectWord("only")
}

func (p *parser) with() (out []CTE, err error) {
	for {
		c := CTE{}
		if c.Name, err = p.name(); err != nil {
			return nil, err
		}
		if p.isOp(0, "(") {
			if c.Columns, err = p.nameList(); err != nil {
				return nil, err
			}
		}
		if err = p.expectWord("as"); err != nil {
			return nil, err
		}
		p.word("not")
		p.word("materialized")
		if c.Query, err = p.inParens(); err != nil {
			return nil, err
		}
		out = append(out, c)
		if !p.op(",") {
			return out, nil
		}
	}
}

func (p *parser) inParens() (*Query, error) {
	if err := p.expectOp("("); err != nil {
		return nil, err
	}
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	return q, p.expectOp(")")
}

func (p *parser) nameList() (out []string, err error) {
	if err := p.expectOp("("); err != nil {
		return nil, err
	}
	for {
		n, err := p.label()
		if err != nil {
			return nil, err
		}
		out = append(out, n)
		if !p.op(",") {
			return out, p.expectOp(")")
		}
	}
}

// setOps reads bodies joined by set operators; INTERSECT binds tighter than the others.
func (p *parser) setOps(level int) (Body, error) {
	if level == 2 {
		return p.body()
	}
	left, err := p.setOps(level + 1)
	if err != nil {
		return nil, err
	}
	for {
		t := p.peek()
		ours := level == 0 && (t.Value == "union" || t.Value == "except") || level == 1 && t.Value == "intersect"
		if t.Kind != Word || !ours {
			return left, nil
		}
		p.at++
		s := &SetOp{Op: t.Value, Left: left, All: p.word("all")}
		if !s.All {
			p.word("distinct")
		}
		if s.Right, err = p.setOps(level + 1); err != nil {
			return nil, err
		}
		left = s
	}
}

func (p *parser) body() (Body, error) {
	switch {
	case p.isOp(0, "("):
		return p.inParens()
	case p.word("select"):
		return p.selectBody()
	case p.word("values"):
		return p.values()
	case p.word("table"):
		t, err := p.tableName()
		if err != nil {
			return nil, err
		}
		return &Select{Items: []Item{{Expr: &Star{}}}, From: []Table{t}}, nil
	}
	return nil, p.unexpected()
}

func (p *parser) values() (Body, error) {
	v := &Values{}
	for {
		if err := p.expectOp("("); err != nil {
			return nil, err
		}
		row, err := p.exprs()
		if err != nil {
			return nil, err
		}
		v.Rows = append(v.Rows, row)
		if err := p.expectOp(")"); err != nil {
			return nil, err
		}
		if !p.op(",") {
			return v, nil
		}
	}
}

func (p *parser) selectBody() (_ Body, err error) {
	s := &Select{}
	if p.word("distinct") {
		s.Distinct = true
		if p.word("on") {
			if err := p.expectOp("("); err != nil {
				return nil, err
			}
			if s.DistinctOn, err = p.exprs(); err != nil {
				return nil, err
			}
			if err := p.expectOp(")"); err != nil {
				return nil, err
			}
		}
	} else {
		p.word("all")
	}
	if s.Items, err = p.items(); err != nil {
		return nil, err
	}
	if p.word("from") {
		if s.From, err = p.fromList(); err != nil {
			return nil, err
		}
	}
	if p.word("where") {
		if s.Where, err = p.expr(); err != nil {
			return nil, err
		}
	}
	if p.words("group", "by") {
		if s.GroupBy, err = p.exprs(); err != nil {
			return nil, err
		}
	}
	if p.word("having") {
		if s.Having, err = p.expr(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (p *parser) items() (out []Item, err error) {
	if t := p.peek(); t.Kind == End || t.Kind == Word && (t.Value == "from" || t.Value == "where") {
		return nil, nil // PostgreSQL allows an empty select list
	}
	for {
		it := Item{}
		if it.Expr, err = p.item(); err != nil {
			return nil, err
		}
		if p.word("as") {
			if it.Alias, err = p.label(); err != nil {
				return nil, err
			}
		} else if t := p.peek(); t.Kind == QuotedWord || t.Kind == Word && !reserved[t.Value] {
			it.Alias = p.next().Value
		}
		out = append(out, it)
		if !p.op(",") {
			return out, nil
		}
	}
}

func (p *parser) item() (Expr, error) {
	if t := p.peek(); p.op("*") {
		return &Star{At: At(t.Pos)}, nil
	}
	return p.expr()
}

func (p *parser) orders() (out []Order, err error) {
	for {
		o := Order{}
		if o.Expr, err = p.expr(); err != nil {
			return nil, err
		}
		if p.word("using") { // USING < and USING >
			o.Desc = p.next().Value == ">"
		}
		if p.word("desc") {
			o.Desc = true
		} else {
			p.word("asc")
		}
		o.NullsFirst = o.Desc
		if p.word("nulls") {
			o.NullsFirst = p.word("first")
			if !o.NullsFirst {
				if err := p.expectWord("last"); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, o)
		if !p.op(",") {
			return out, nil
		}
	}
}
