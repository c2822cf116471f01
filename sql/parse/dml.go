package parse

import "tailrace/sql/ast"

// insert parses INSERT INTO ... VALUES and INSERT INTO ... query.
func (p *parser) insert() ast.Statement {
	loc := p.loc()
	p.expectWord("INSERT")
	p.expectWord("INTO")
	name := p.tableName("a stream or table name")
	var columns []ast.Ident
	if p.tok().op("(") && !p.isQueryStart() {
		columns = p.columnNames()
	}
	if p.isWords("VALUES") {
		p.next()
		return &ast.InsertValues{Loc: loc, Name: name, Columns: columns, Rows: p.rows()}
	}
	s := &ast.InsertInto{Loc: loc, Name: name, Columns: columns}
	if p.isWords("WITH") && p.ahead(1).op("(") {
		s.With = p.properties()
	}
	if !p.isQueryStart() {
		if columns == nil && s.With == nil {
			p.unexpected("'('", "VALUES", "SELECT")
		}
		p.unexpected("VALUES", "SELECT")
	}
	s.Query = p.query()
	return s
}

// columnNames parses (a, b, ...).
func (p *parser) columnNames() []ast.Ident {
	p.expectOp("(")
	list := []ast.Ident{}
	for {
		list = append(list, p.name("a column name"))
		if p.skipOp(",") {
			continue
		}
		if !p.skipOp(")") {
			p.unexpected("','", "')'")
		}
		return list
	}
}

// rows parses (a, b), (c, d), ...
func (p *parser) rows() [][]ast.Expr {
	f := newFront(p)
	var widths []int
	for {
		p.expectOp("(")
		n := 0
		if !p.tok().op(")") {
			n = f.exprList(valueExpr)
		}
		p.expectOp(")")
		widths = append(widths, n)
		if !p.skipOp(",") {
			break
		}
	}
	all := f.finish()
	rows := make([][]ast.Expr, len(widths))
	for i, n := range widths {
		rows[i], all = all[:n:n], all[n:]
	}
	return rows
}

// update parses UPDATE name [[AS] alias] SET column = value, ... [WHERE cond].
func (p *parser) update() ast.Statement {
	s := &ast.Update{Loc: p.loc()}
	p.expectWord("UPDATE")
	s.Name = p.tableName("a table name")
	if p.skipWords("AS") || !p.isWords("SET") {
		s.Alias = p.name("SET")
	}
	p.expectWord("SET")
	f := newFront(p)
	for {
		s.Set = append(s.Set, ast.Assignment{Column: p.name("a column name")})
		p.expectOp("=")
		f.expr(anyExpr)
		if !p.skipOp(",") {
			break
		}
	}
	where := p.skipWords("WHERE")
	if where {
		f.expr(anyExpr)
	} else if p.tok().kind != tokEOF {
		p.unexpected("WHERE")
	}
	exprs := f.finish()
	for i := range s.Set {
		s.Set[i].Value = exprs[i]
	}
	if where {
		s.Where = exprs[len(s.Set)]
	}
	return s
}

// deleteFrom parses DELETE FROM name [[AS] alias] [WHERE cond].
func (p *parser) deleteFrom() ast.Statement {
	s := &ast.Delete{Loc: p.loc()}
	p.expectWord("DELETE")
	p.expectWord("FROM")
	s.Name = p.tableName("a table name")
	if p.skipWords("AS") || isName(p.tok()) {
		s.Alias = p.name("WHERE")
	}
	if p.skipWords("WHERE") {
		f := newFront(p)
		f.expr(anyExpr)
		s.Where = f.finish()[0]
	} else if p.tok().kind != tokEOF {
		p.unexpected("WHERE")
	}
	return s
}
