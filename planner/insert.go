package planner

import (
	"strings"

	"tailrace/planner/bind"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/expr"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// ResolveType turns a type as written into a type, custom types of the catalog included.
func ResolveType(cat *catalog.Snapshot, t *ast.TypeName) (types.Type, error) {
	return bind.ResolveType(cat, t)
}

// PlanInsertValues plans INSERT INTO ... VALUES: every value is an expression without
// columns, of its column's type.
func PlanInsertValues(s *ast.InsertValues, env Env) (*plan.Insert, error) {
	src, ok := env.Catalog.Lookup(s.Name.Name, s.Name.Quoted && env.Standard)
	if !ok {
		return nil, unknownTarget(s.Name, &env)
	}
	if err := insertable(src, s.Name.Pos()); err != nil {
		return nil, err
	}
	out := target(src, &env)
	columns, err := insertColumns(s, src, &env)
	if err != nil {
		return nil, err
	}
	_, p, err := expr.SettleParams(env.Parameters, func(p *expr.Params) (*plan.Insert, error) {
		out.Rows, out.RowTime = nil, nil
		for _, row := range s.Rows {
			if err := insertRow(out, s, row, columns, p, &env); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
	if err != nil {
		return nil, err
	}
	out.Parameters = p.Types
	return out, nil
}

// unknownTarget is the error for a target that does not exist, with a hint when only its
// case does not match.
func unknownTarget(name ast.TableName, env *Env) error {
	err := sqlerr.New(sqlerr.UndefinedTable, "Cannot insert values into an unknown stream/table: %s", types.QuoteName(name.Name)).At(name.Pos())
	for _, src := range env.Catalog.Sources() {
		if !strings.EqualFold(src.Name, name.Name) {
			continue
		}
		if name.Quoted && src.Name == strings.ToUpper(name.Name) {
			err.Message += "\nDid you mean " + src.Name + "? Hint: try removing double quotes from the source name."
		} else {
			err.Message += "\nDid you mean \"" + src.Name + "\"? Hint: wrap the source name in double quotes to make it case-sensitive."
		}
		return err
	}
	return nearest(err, name.Name, env)
}

func insertable(src *catalog.Source, pos int) error {
	switch {
	case src.ReadOnly:
		return sqlerr.New(sqlerr.FeatureNotSupported, "Cannot insert values into read-only %s: %s", strings.ToLower(src.Keyword()), src.Name).At(pos)
	case src.Window != nil:
		return sqlerr.New(sqlerr.FeatureNotSupported, "Cannot insert values into windowed stream/table!").At(pos)
	}
	return nil
}

// rowTime stands for ROWTIME among the indexes of columns.
const rowTime = -1

// insertColumns are the indexes in the declared schema that the values go to.
func insertColumns(s *ast.InsertValues, src *catalog.Source, env *Env) ([]int, error) {
	var out []int
	var headers []string
	names := s.Columns
	if names == nil {
		for _, c := range src.Schema.Columns {
			names = append(names, ast.Ident{Name: c.Name})
		}
	}
	seen := map[string]bool{}
	for _, n := range names {
		name := n.Name
		if seen[name] {
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "Duplicate column name: %s", types.QuoteName(name)).At(n.Pos())
		}
		seen[name] = true
		i := src.Schema.Find(name)
		if i < 0 && env.Standard && n.Quoted {
			i = src.Schema.Find(strings.ToUpper(name))
		}
		switch {
		case i < 0 && name == types.RowTime:
			out = append(out, rowTime)
			continue
		case name == types.RowPartition || name == types.RowOffset:
			return nil, sqlerr.New(sqlerr.InvalidColumnReference, "Inserting into column %s is not allowed.", types.QuoteName(name)).At(n.Pos())
		case i < 0:
			return nil, unknownInsertColumn(n, src)
		case src.Schema.Columns[i].In == types.InHeaders:
			headers = append(headers, name)
		}
		out = append(out, i)
	}
	if len(headers) > 0 {
		return nil, sqlerr.New(sqlerr.InvalidColumnReference, "Cannot insert into HEADER columns: %s", strings.Join(headers, ", ")).At(s.Name.Pos())
	}
	if !src.Table {
		return out, nil
	}
	var missing []string
	for _, k := range src.Schema.Key() {
		if !contains(out, k) {
			missing = append(missing, src.Schema.Columns[k].Name)
		}
	}
	if len(missing) > 0 {
		return nil, sqlerr.New(sqlerr.NotNullViolation, "Failed to insert values into '%s'. Value for primary key column(s) %s is required for tables", src.Name, strings.Join(missing, ", ")).At(s.Name.Pos())
	}
	return out, nil
}

func contains(list []int, v int) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

func unknownInsertColumn(n ast.Ident, src *catalog.Source) error {
	err := sqlerr.New(sqlerr.UndefinedColumn, "Column name %s does not exist.", types.QuoteName(n.Name)).At(n.Pos())
	var names []string
	for _, c := range src.Schema.Columns {
		names = append(names, c.Name)
	}
	if best := sqlerr.Closest(n.Name, names); best != "" {
		err.Hint("Perhaps you meant the column %s.", best)
	}
	return err
}

func insertRow(out *plan.Insert, s *ast.InsertValues, row []ast.Expr, columns []int, p *expr.Params, env *Env) error {
	if len(row) != len(columns) {
		return sqlerr.New(sqlerr.SyntaxError, "Expected a value for each column. Expected %d, got %d", len(columns), len(row)).At(s.Name.Pos())
	}
	src, _ := env.Catalog.Source(out.Source)
	bound := make([]*expr.Expr, len(out.Schema.Columns))
	var at *expr.Expr
	for i, e := range row {
		c, name := types.BigintType, types.RowTime
		to := -1
		if columns[i] != rowTime {
			col := src.Schema.Columns[columns[i]]
			c, name, to = col.Type, col.Name, out.Schema.Find(col.Name)
		}
		v, err := insertValue(e, c, name, p, env)
		if err != nil {
			return err
		}
		if to < 0 {
			at = v
			continue
		}
		if out.Table && out.Schema.Columns[to].In == types.InKey && expr.IsNullLiteral(v) {
			return sqlerr.New(sqlerr.NotNullViolation, "Failed to insert values into '%s'. Value for primary key column(s) %s is required for tables", out.Source, name).At(e.Pos())
		}
		bound[to] = v
	}
	out.Rows, out.RowTime = append(out.Rows, bound), append(out.RowTime, at)
	return nil
}

func insertValue(e ast.Expr, t types.Type, name string, p *expr.Params, env *Env) (*expr.Expr, error) {
	if _, null := e.(*ast.Null); null {
		return expr.Lit(t, nil), nil
	}
	if param, ok := e.(*ast.Param); ok && param.Number <= len(p.Types) && p.Types[param.Number-1].Kind == types.Null {
		p.Types[param.Number-1] = t
	}
	v, err := expr.Bind(e, expr.NoColumns, expr.Options{Standard: env.Standard, Params: p, Type: bind.CustomTypes(env.Catalog)})
	if known, ok := sqlerr.As(err); ok && known.Code == sqlerr.UndefinedTable && !env.Standard {
		known.Message = "Failed to prepare statement: " + known.Message
	}
	if err != nil {
		return nil, err
	}
	out, err := expr.Coerce(v, t, env.Standard)
	if err != nil {
		if known, ok := sqlerr.As(err); ok && known.Code != sqlerr.DatatypeMismatch {
			return nil, known.At(e.Pos())
		}
		return nil, sqlerr.New(sqlerr.DatatypeMismatch, "Expected type %s for field %s but got %s(%s)", t, types.QuoteName(name), v.Type, ast.Format(e)).At(e.Pos())
	}
	return out, nil
}
