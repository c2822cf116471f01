package planner

import (
	"strings"

	"tailrace/planner/bind"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// drop plans DROP STREAM, TABLE, MATERIALIZED VIEW and TYPE.
func drop(s *ast.Drop, env *Env) (*plan.Command, error) {
	switch s.Kind {
	case ast.DropType:
		if _, ok := env.Catalog.Type(s.Name.Name); ok {
			return &plan.Command{Untype: &plan.DropType{Name: s.Name.Name}}, nil
		}
		text := "Type " + s.Name.Name + " does not exist."
		if s.IfExists {
			return &plan.Command{Notice: text}, nil
		}
		return nil, sqlerr.New(sqlerr.UndefinedObject, "%s", text).At(s.Name.Pos())
	case ast.DropConnector:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "connectors are not supported yet").At(s.Pos())
	}
	src, ok := env.Catalog.Lookup(s.Name.Name, s.Name.Quoted && env.Standard)
	table := s.Kind != ast.DropStream
	if !ok {
		text := "Stream " + s.Name.Name + " does not exist."
		if table {
			text = "Table " + s.Name.Name + " does not exist."
		}
		if s.IfExists {
			return &plan.Command{Notice: text}, nil
		}
		return nil, nearest(sqlerr.New(sqlerr.UndefinedTable, "%s", text).At(s.Name.Pos()), s.Name.Name, env)
	}
	if src.Table != table {
		return nil, sqlerr.New(sqlerr.WrongObjectType, "Incompatible data source type is %s, but statement was DROP %s", src.Keyword(), s.Kind).At(s.Name.Pos())
	}
	if s.DeleteTopic && src.ReadOnly {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Cannot delete topic for read-only source: %s", src.Name).At(s.Name.Pos())
	}
	if err := env.Catalog.CheckDrop(src.Name); err != nil {
		return nil, err
	}
	d := &plan.DropSource{Name: src.Name}
	if _, running := env.Catalog.Query(src.CreatedBy); running {
		d.Query = src.CreatedBy
	}
	if s.DeleteTopic {
		for _, other := range env.Catalog.Sources() {
			if other.Topic == src.Topic && other.Name != src.Name {
				return nil, sqlerr.New(sqlerr.DependentObjects, "Refusing to delete topic. Found other data sources ([%s]) using topic %s", other.Name, src.Topic)
			}
		}
		d.DeleteTopic = src.Topic
	}
	return &plan.Command{Drop: d}, nil
}

// nearest adds a hint with the name that was most likely meant.
func nearest(err *sqlerr.Error, name string, env *Env) *sqlerr.Error {
	if best := env.Catalog.Nearest(name); best != "" {
		src, _ := env.Catalog.Source(best)
		err.Hint("Perhaps you meant the %s %s.", strings.ToLower(src.Keyword()), best)
	}
	return err
}

// alterSource plans ALTER STREAM or TABLE ... ADD COLUMN.
func alterSource(s *ast.AlterSource, env *Env) (*plan.Command, error) {
	src, ok := env.Catalog.Lookup(s.Name.Name, s.Name.Quoted && env.Standard)
	if !ok {
		return nil, nearest(sqlerr.New(sqlerr.UndefinedTable, "Source %s does not exist.", s.Name.Name).At(s.Name.Pos()), s.Name.Name, env)
	}
	word := strings.ToLower(src.Keyword())
	switch {
	case src.Table != (s.Kind == ast.TableKind):
		return nil, sqlerr.New(sqlerr.WrongObjectType, "Incompatible data source type is %s, but statement was ALTER %s", src.Keyword(), s.Kind).At(s.Name.Pos())
	case src.ReadOnly:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Cannot alter %s '%s': ALTER operations are not supported on source %ss.", word, src.Name, word).At(s.Name.Pos())
	case madeByQuery(src):
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "ALTER command is not supported for CREATE ... AS statements.").At(s.Name.Pos())
	}
	altered := *src
	altered.Schema.Columns = append([]types.Column(nil), src.Schema.Columns...)
	a := &plan.AlterSource{Name: src.Name}
	for _, add := range s.Add {
		if altered.Schema.Find(add.Name.Name) >= 0 {
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "Cannot add column %s to schema. A column with the same name already exists.", types.QuoteName(add.Name.Name)).At(add.Name.Pos())
		}
		if bind.IsSystemColumn(add.Name.Name) {
			return nil, sqlerr.New(sqlerr.ReservedName, "'%s' is a reserved column name. You cannot use it as a name for a column.", add.Name.Name).At(add.Name.Pos())
		}
		t, err := bind.ResolveType(env.Catalog, add.Type)
		if err != nil {
			return nil, err
		}
		col := types.Column{Name: add.Name.Name, Type: t}
		a.Add, altered.Schema.Columns = append(a.Add, col), append(altered.Schema.Columns, col)
	}
	if err := bind.CheckFormats(src.Key, src.Value, altered.Schema); err != nil {
		return nil, err
	}
	cmd := &plan.Command{Alter: a}
	if src.CreatedBy != "" {
		cmd.Query = materializeSource(&altered, env)
	}
	return cmd, nil
}

// madeByQuery says that CREATE ... AS made the source.
func madeByQuery(src *catalog.Source) bool {
	return strings.HasPrefix(src.CreatedBy, "CSAS_") || strings.HasPrefix(src.CreatedBy, "CTAS_")
}

func createType(s *ast.CreateType, env *Env) (*plan.Command, error) {
	if old, ok := env.Catalog.Type(s.Name.Name); ok {
		text := "Cannot register custom type '" + s.Name.Name + "' since it is already registered with type: " + old.String()
		if s.IfNotExists {
			return &plan.Command{Notice: text}, nil
		}
		return nil, sqlerr.New(sqlerr.DuplicateObject, "%s", text).At(s.Name.Pos())
	}
	if _, builtin := types.KindByName(s.Name.Name); builtin {
		return nil, sqlerr.New(sqlerr.ReservedName, "%s is the name of a built-in type", s.Name.Name).At(s.Name.Pos())
	}
	t, err := bind.ResolveType(env.Catalog, s.Type)
	if err != nil {
		return nil, err
	}
	return &plan.Command{Type: &plan.CreateType{Name: s.Name.Name, Type: t}}, nil
}

// queryControl plans TERMINATE, PAUSE, RESUME and REBUILD.
func queryControl(s *ast.QueryControl, env *Env) (*plan.Command, error) {
	verb := map[ast.QueryVerb]plan.Verb{ast.Terminate: plan.Terminate, ast.Pause: plan.Pause, ast.Resume: plan.Resume, ast.Rebuild: plan.Rebuild}[s.Verb]
	c := &plan.QueryControl{Verb: verb}
	if s.All {
		for _, q := range env.Catalog.Queries() {
			if q.Kind != string(plan.MaterializeTable) {
				c.Queries = append(c.Queries, q.ID)
			}
		}
		if len(c.Queries) == 0 {
			return &plan.Command{Notice: "There are no queries."}, nil
		}
		return &plan.Command{Control: c}, nil
	}
	var ids []string
	for _, q := range env.Catalog.Queries() {
		ids = append(ids, q.ID)
		if strings.EqualFold(q.ID, s.Query.Name) {
			c.Queries = []string{q.ID}
		}
	}
	if len(c.Queries) == 0 {
		err := sqlerr.New(sqlerr.UndefinedObject, "Unknown queryId: %s", s.Query.Name).At(s.Query.Pos())
		if best := sqlerr.Closest(s.Query.Name, ids); best != "" {
			err.Hint("Perhaps you meant the query %s.", best)
		}
		return nil, err
	}
	if q, _ := env.Catalog.Query(c.Queries[0]); q.Kind == string(plan.MaterializeTable) && s.Verb == ast.Terminate {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "Cannot terminate query '%s' as it is linked to a source table. It ends with the table: DROP TABLE %s.", q.ID, q.Sources[0])
	}
	return &plan.Command{Control: c}, nil
}
