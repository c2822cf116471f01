package planner

import (
	"strings"

	"tailrace/planner/bind"
	"tailrace/planner/plan"
	"tailrace/planner/plan/algebra"
	"tailrace/planner/relational"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Change is UPDATE or DELETE: a query that finds the rows, and what becomes of them.
type Change struct {
	// Target is the table: its topic, formats and schema.
	Target *plan.Insert
	// Query gives, for each row, the values of the schema's columns that are to be written
	// (of a DELETE those of the key), and then those of RETURNING.
	Query *algebra.Query
	// Columns are the schema's columns that come first in the result of Query.
	Columns []int
	Delete  bool
	// Returning is the result for the client; empty for none.
	Returning types.Schema
}

// PlanChange plans UPDATE or DELETE.
func PlanChange(stmt ast.Statement, env Env) (*Change, error) {
	c := changeOf(stmt)
	src, ok := env.Catalog.Lookup(c.name.Name, c.name.Quoted)
	if !ok {
		return nil, bind.UnknownSource(env.Catalog, c.name)
	}
	if err := changeable(src, c, &env); err != nil {
		return nil, err
	}
	if c.alias == "" {
		c.alias = src.Name
	}
	out := &Change{Target: target(src, &env), Delete: c.delete}
	sel := &ast.Select{Loc: ast.Loc(c.name.Pos()), Where: c.where, From: &ast.Table{Loc: ast.Loc(c.name.Pos()), Name: c.name, Alias: ast.Ident{Name: c.alias}}}
	if c.others != nil {
		sel.From = &ast.Join{Loc: ast.Loc(c.others.Pos()), Type: ast.CrossJoin, Left: sel.From, Right: c.others}
	}
	assign, err := c.items(sel, src, out)
	if err != nil {
		return nil, err
	}
	var p *expr.Params
	out.Query, p, err = expr.SettleParams(env.Parameters, func(p *expr.Params) (*algebra.Query, error) {
		re := env.relational(p)
		re.Standard, re.Assign, re.Returning, re.Target = true, assign, c.returning, c.alias
		return relational.Bind(sel, re)
	})
	if err != nil {
		return nil, err
	}
	out.Query.Parameters, out.Query.Statement = p.Types, env.statement()
	out.Returning.Columns = out.Query.Schema().Columns[len(out.Columns):]
	return out, nil
}

// change is what UPDATE and DELETE have in common.
type change struct {
	verb      string
	name      ast.TableName
	alias     string
	set       []ast.Assignment
	others    ast.Relation
	where     ast.Expr
	returning []ast.SelectItem
	delete    bool
}

func changeOf(stmt ast.Statement) *change {
	if d, ok := stmt.(*ast.Delete); ok {
		return &change{verb: "delete from", name: d.Name, alias: d.Alias.Name, others: d.Using, where: d.Where, returning: d.Returning, delete: true}
	}
	u := stmt.(*ast.Update)
	return &change{verb: "update", name: u.Name, alias: u.Alias.Name, set: u.Set, others: u.From, where: u.Where, returning: u.Returning}
}

// changeable refuses what has no rows to change, or whose rows a query makes.
func changeable(src *catalog.Source, c *change, env *Env) error {
	pos := c.name.Pos()
	if !src.Table {
		return sqlerr.New(sqlerr.WrongObjectType, "cannot %s stream %q: its records are facts, and stay", c.verb, src.Name).At(pos).
			Hint("Tables have rows that change: CREATE TABLE name (id INT PRIMARY KEY, ...).")
	}
	for _, id := range env.Catalog.Writers(src.Name) {
		return sqlerr.New(sqlerr.WrongObjectType, "cannot %s table %q: query %s makes its rows", c.verb, src.Name, id).At(pos).
			Hint("Change what the query reads.")
	}
	return insertable(src, pos)
}

// target is a table as INSERT knows it.
func target(src *catalog.Source, env *Env) *plan.Insert {
	out := &plan.Insert{Statement: env.statement(), Source: src.Name, Topic: src.Topic, Table: src.Table,
		Key: plan.Format(src.Key), Value: plan.Format(src.Value)}
	for _, c := range src.Schema.Columns {
		if c.In != types.InHeaders {
			out.Schema.Columns = append(out.Schema.Columns, c)
		}
	}
	if src.Timestamp != nil {
		out.Timestamp = &plan.Timestamp{Column: out.Schema.Find(src.Timestamp.Column), Format: src.Timestamp.Format}
	}
	return out
}

// items puts the columns that are written into the select list: of a DELETE the key, of an
// UPDATE all. The types are those of the columns.
func (c *change) items(sel *ast.Select, src *catalog.Source, out *Change) ([]types.Type, error) {
	set := map[string]ast.Expr{}
	for i, a := range c.set {
		at := findColumn(src.Schema, a.Column)
		switch {
		case at < 0:
			return nil, unknownInsertColumn(a.Column, src)
		case src.Schema.Columns[at].In == types.InHeaders:
			return nil, sqlerr.New(sqlerr.InvalidColumnReference, "HEADER columns cannot be updated: %s", a.Column.Name).At(a.Column.Pos())
		case src.Schema.Columns[at].In == types.InKey:
			return nil, sqlerr.New(sqlerr.FeatureNotSupported, "the primary key cannot be updated: %s", strings.ToLower(a.Column.Name)).At(a.Column.Pos()).
				Hint("DELETE the row, and INSERT it with its new key.")
		}
		name := src.Schema.Columns[at].Name
		if set[name] != nil {
			return nil, sqlerr.New(sqlerr.SyntaxError, "multiple assignments to same column %q", strings.ToLower(name)).At(a.Column.Pos())
		}
		set[name] = c.set[i].Value
	}
	var assign []types.Type
	for i, col := range out.Target.Schema.Columns {
		if c.delete && col.In != types.InKey {
			continue
		}
		value := set[col.Name]
		if value == nil {
			value = c.column(col.Name)
		}
		sel.Items = append(sel.Items, ast.SelectItem{Loc: ast.Loc(value.Pos()), Expr: value, Alias: ast.Ident{Name: col.Name}})
		out.Columns, assign = append(out.Columns, i), append(assign, col.Type)
	}
	return assign, nil
}

func findColumn(s types.Schema, name ast.Ident) int {
	if i := s.Find(name.Name); i >= 0 || !name.Quoted {
		return i
	}
	return s.Find(strings.ToUpper(name.Name))
}

func (c *change) column(name string) ast.Expr {
	return &ast.ColumnRef{Loc: ast.Loc(c.name.Pos()), Qualifier: ast.Ident{Name: c.alias}, Name: ast.Ident{Name: name}}
}
