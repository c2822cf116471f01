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
		return &ast.InsertValues{Loc: loc, Name: name, Columns: columns, Rows: p.rows(), Returning: p.returning()}
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

// returning parses RETURNING items, if it stands here.
func (p *parser) returning() []ast.SelectItem {
	if !p.skipWords("RETURNING") {
		return nil
	}
	return p.fragment("", func(f *front) {
		for {
			f.item()
			if !p.tok().op(",") {
				return
			}
			f.emit(",")
		}
	}).Items
}

// others parses the relations behind FROM of an UPDATE or USING of a DELETE, if they stand here.
func (p *parser) others(word string) ast.Relation {
	if !p.skipWords(word) {
		return nil
	}
	return p.fragment(" 1 FROM", (*front).from).From
}

// fragment parses a part of a query block behind the given text.
func (p *parser) fragment(text string, part func(*front)) *ast.Select {
	f := newFront(p)
	f.blocks = append(f.blocks, block{loc: p.loc()})
	f.add("SELECT /*+ QB_NAME(q0) */" + text)
	part(f)
	return f.finishQuery().(*ast.Select)
}

// update parses UPDATE name [[AS] alias] SET column = value, ... [FROM ...] [WHERE cond]
// [RETURNING ...].
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
	for i, value := range f.finish() {
		s.Set[i].Value = value
	}
	s.From = p.others("FROM")
	s.Where = p.where()
	s.Returning = p.returning()
	return s
}

// where parses WHERE cond, if it stands here.
func (p *parser) where() ast.Expr {
	if p.skipWords("WHERE") {
		f := newFront(p)
		f.expr(anyExpr)
		return f.finish()[0]
	}
	if p.tok().kind != tokEOF && !p.isWords("RETURNING") {
		p.unexpected("WHERE")
	}
	return nil
}

// deleteFrom parses DELETE FROM name [[AS] alias] [USING ...] [WHERE cond] [RETURNING ...].
func (p *parser) deleteFrom() ast.Statement {
	s := &ast.Delete{Loc: p.loc()}
	p.expectWord("DELETE")
	p.expectWord("FROM")
	s.Name = p.tableName("a table name")
	if p.skipWords("AS") || isName(p.tok()) && !p.isWords("RETURNING") {
		s.Alias = p.name("WHERE")
	}
	s.Using = p.others("USING")
	s.Where = p.where()
	s.Returning = p.returning()
	return s
}
