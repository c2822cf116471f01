package bind

import (
	"slices"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// selectList expands the stars, qualifies the columns and gives every item its name.
func (q *Query) selectList() error {
	names := NewNames(q.schemas()...)
	for _, it := range q.Select.Items {
		switch it.Star {
		case ast.AllColumns:
			if err := q.star(it); err != nil {
				return err
			}
			continue
		case ast.AllFields:
			if err := q.fields(it); err != nil {
				return err
			}
			continue
		}
		e, err := q.columns(it.Expr, "SELECT")
		if err != nil {
			return err
		}
		item := Item{Expr: e, Alias: it.Alias.Name, Pos: it.Pos()}
		if item.Alias == "" {
			item.Alias = q.aliasFor(e, names)
		}
		if err := q.checkReserved(item, !it.Alias.Empty()); err != nil {
			return err
		}
		q.Items = append(q.Items, item)
	}
	return nil
}

func (q *Query) schemas() []types.Schema {
	out := make([]types.Schema, len(q.Sources))
	for i, s := range q.Sources {
		out[i] = s.Src.Schema
	}
	return out
}

// aliasFor names an item without an alias: a column has its own name, with its source in
// front if another source has a column of that name, everything else a generated one.
func (q *Query) aliasFor(e ast.Expr, names *Names) string {
	ref := Column(e)
	if ref == nil {
		if q.Standard {
			if name := standardName(e); name != "" {
				return name
			}
			if q.Bounded {
				return "?column?"
			}
		}
		return names.For(e)
	}
	if ref.Qualifier.Empty() {
		return ref.Name.Name
	}
	having := 0
	for _, s := range q.Sources {
		if s.has(ref.Name.Name) {
			having++
		}
	}
	if having > 1 {
		return q.FlatName(ref)
	}
	return ref.Name.Name
}

// standardName is the name PostgreSQL gives an expression: that of the function.
func standardName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.FunctionCall:
		return e.Name.Name
	case *ast.Cast:
		return standardName(e.X)
	case *ast.Deref:
		return e.Field.Name
	case *ast.ColumnRef:
		return e.Name.Name
	}
	return ""
}

// checkReserved refuses the names of pseudo columns as names of result columns. A client
// may ask for the pseudo columns themselves; a stream or table cannot have them.
func (q *Query) checkReserved(item Item, explicit bool) error {
	name := strings.ToUpper(item.Alias)
	if !IsSystemColumn(name) {
		return nil
	}
	ref := Column(item.Expr)
	if ref == nil || !strings.EqualFold(ref.Name.Name, name) {
		return sqlerr.New(sqlerr.ReservedName, "`%s` is a reserved column name. You cannot use it as an alias for a column.", name).At(item.Pos)
	}
	if q.Sink != "" {
		return sqlerr.New(sqlerr.ReservedName, "Reserved column name in select: `%s`. Please remove or alias the column.", name).At(item.Pos)
	}
	return nil
}

// star expands * and src.*.
func (q *Query) star(it ast.SelectItem) error {
	if len(q.Sources) == 0 {
		return sqlerr.New(sqlerr.SyntaxError, "SELECT * with no tables specified is not valid").At(it.Pos())
	}
	sources := q.Sources
	if it.Source.Name != "" {
		s := q.sourceNamed(it.Source.Ident)
		if s == nil {
			return q.unknownAlias(it.Source.Ident)
		}
		sources = []*Source{s}
	} else if q.Synthetic != "" {
		ref := &ast.ColumnRef{Loc: it.Loc, Name: ast.Ident{Loc: it.Loc, Name: q.Synthetic}}
		q.Items = append(q.Items, Item{Expr: ref, Alias: q.Synthetic, Star: true, Pos: it.Pos()})
	}
	if q.Select.PartitionBy != nil {
		q.starPartitioned(it)
		return nil
	}
	for _, s := range sources {
		for _, name := range s.starColumns(q.Sink == "" || len(q.Sources) > 1) {
			q.addStar(it, s, name)
		}
	}
	return nil
}

func (q *Query) addStar(it ast.SelectItem, s *Source, name string) {
	ref := qualified(it.Loc, s.Alias, name)
	q.Items = append(q.Items, Item{Expr: ref, Alias: q.FlatName(ref), Star: true, Pos: it.Pos()})
}

// starColumns are the columns of * in order: keys, the bounds of the window where a
// client gets to see them or a join makes plain columns of them, values, headers.
func (s *Source) starColumns(bounds bool) []string {
	var keys, values, headers []string
	for _, c := range s.Src.Schema.Columns {
		if slices.Contains(s.Src.Hidden, c.Name) {
			continue
		}
		switch c.In {
		case types.InKey:
			keys = append(keys, c.Name)
		case types.InHeaders:
			headers = append(headers, c.Name)
		default:
			values = append(values, c.Name)
		}
	}
	if bounds && s.Src.Window != nil {
		keys = append(keys, types.WindowStart, types.WindowEnd)
	}
	return append(append(keys, values...), headers...)
}

// starPartitioned is * behind PARTITION BY: the new key, then of each source the values
// and the old key. Of joins ksqlDB lists the pseudo columns too, and so do we.
func (q *Query) starPartitioned(it ast.SelectItem) {
	names := NewNames(q.schemas()...)
	taken := map[string]bool{}
	for _, e := range q.PartitionBy {
		item := Item{Expr: e, Star: true, Pos: it.Pos()}
		if ref := Column(e); ref != nil {
			item.Alias = q.FlatName(ref)
		} else {
			item.Alias = names.For(e)
		}
		taken[Text(e)] = true
		q.Items = append(q.Items, item)
	}
	for _, s := range q.Sources {
		var values, keys []string
		for _, name := range s.starColumns(false) {
			if s.Src.Schema.Columns[s.Src.Schema.Find(name)].In == types.InKey {
				keys = append(keys, name)
			} else {
				values = append(values, name)
			}
		}
		if len(q.Sources) > 1 { // in a join they do not have the names of pseudo columns any more
			values = append(values, types.RowTime, types.RowPartition, types.RowOffset)
		}
		for _, name := range append(values, keys...) {
			if !taken[Text(qualified(0, s.Alias, name))] {
				q.addStar(it, s, name)
			}
		}
	}
}

// fields expands struct->*: the fields keep their names, whatever columns the sources have.
func (q *Query) fields(it ast.SelectItem) error {
	e, err := q.columns(it.Expr, "SELECT")
	if err != nil {
		return err
	}
	t, err := q.TypeOf(e)
	if err != nil {
		return err
	}
	if t.Kind != types.Struct {
		text := Text(e) + " is not a STRUCT type."
		if ref := Column(e); ref != nil {
			text = "Column " + types.QuoteName(ref.Name.Name) + " is not a STRUCT type."
		} else if d, ok := e.(*ast.Deref); ok {
			text = "Field " + d.Field.Name + " is not a STRUCT type."
		}
		return sqlerr.New(sqlerr.DatatypeMismatch, "%s", text).At(it.Pos())
	}
	for _, f := range t.Fields {
		d := &ast.Deref{Loc: it.Loc, X: e, Field: ast.Ident{Loc: it.Loc, Name: f.Name, Quoted: true}}
		q.Items = append(q.Items, Item{Expr: d, Alias: f.Name, Pos: it.Pos()})
	}
	return nil
}

// Selected finds the items that are exactly the given expression.
func (q *Query) Selected(e ast.Expr) []int {
	var out []int
	text := Text(e)
	for i, it := range q.Items {
		if Text(it.Expr) == text {
			out = append(out, i)
		}
	}
	return out
}

// MissingKey is the error for a projection without the key.
func (q *Query) MissingKey(what string, keys []string, joined, additional string, plural bool) error {
	s := ""
	if plural {
		s = "s"
	}
	eg := strings.Join(keys, ", ")
	if what == "join expression" {
		eg = keys[0]
	}
	return sqlerr.New(sqlerr.InvalidDefinition, "Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\n"+
		"The query used to build %s must include the %s%s %s in its projection (eg, SELECT %s...).%s",
		types.QuoteName(q.Sink), what, s, joined, eg, additional).At(q.Select.Pos())
}

// KeyTwice is the error for a key column that is selected more than once.
func KeyTwice(shown string) error {
	return sqlerr.New(sqlerr.InvalidDefinition, "The projection contains a key column%s\n"+
		"Each key column must only be in the projection once. If you intended to copy the key into the value, "+
		"then consider using the AS_VALUE function to indicate which key reference should be copied.", shown)
}
