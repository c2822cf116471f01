package pgcatalog

import "sync"

// contents are the tables that are not empty.
var contents = map[string]func(r *relation, m *model) [][]any{
	"pg_catalog.pg_namespace":   fillNamespace,
	"pg_catalog.pg_class":       fillClass,
	"pg_catalog.pg_attribute":   fillAttribute,
	"pg_catalog.pg_type":        fillType,
	"pg_catalog.pg_index":       fillIndex,
	"pg_catalog.pg_constraint":  fillConstraint,
	"pg_catalog.pg_description": fillDescription,
	"pg_catalog.pg_proc":        fillProc,
	"pg_catalog.pg_aggregate":   fillAggregate,
	"pg_catalog.pg_tables":      fillTables,
	"pg_catalog.pg_views":       fillViews,
	"pg_catalog.pg_matviews":    fillMatviews,
	"pg_catalog.pg_indexes":     fillIndexes,

	"pg_catalog.pg_database":      fillDatabase,
	"pg_catalog.pg_authid":        fillRoles,
	"pg_catalog.pg_roles":         fillRoles,
	"pg_catalog.pg_user":          fillUser,
	"pg_catalog.pg_shadow":        fillUser,
	"pg_catalog.pg_am":            fillAM,
	"pg_catalog.pg_tablespace":    fillTablespace,
	"pg_catalog.pg_settings":      fillSettings,
	"pg_catalog.pg_collation":     fillCollation,
	"pg_catalog.pg_language":      fillLanguage,
	"pg_catalog.pg_stat_activity": fillActivity,

	"information_schema.information_schema_catalog_name": fillCatalogName,
	"information_schema.schemata":                        fillSchemata,
	"information_schema.tables":                          fillSchemaTables,
	"information_schema.views":                           fillSchemaViews,
	"information_schema.columns":                         fillColumns,
	"information_schema.table_constraints":               fillTableConstraints,
	"information_schema.key_column_usage":                fillKeyColumns,
	"information_schema.constraint_column_usage":         fillConstraintColumns,
	"information_schema.constraint_table_usage":          fillConstraintTables,
	"information_schema.enabled_roles":                   fillEnabledRoles,
	"information_schema.applicable_roles":                fillApplicableRoles,
	"information_schema.character_sets":                  fillCharacterSets,
	"information_schema.table_privileges":                fillTablePrivileges,
	"information_schema.role_table_grants":               fillTablePrivileges,
	"information_schema.routines":                        fillRoutines,
}

func fillNamespace(r *relation, _ *model) [][]any {
	return [][]any{
		r.row("oid", catalogSchema, "nspname", "pg_catalog", "nspowner", ownerOID),
		r.row("oid", publicSchema, "nspname", "public", "nspowner", ownerOID),
		r.row("oid", infoSchema, "nspname", "information_schema", "nspowner", ownerOID),
	}
}

// systemClass are the rows of the catalog's own tables: they never change.
var systemClass = sync.OnceValue(func() [][]any {
	r := relations["pg_catalog.pg_class"]
	var rows [][]any
	for _, t := range relationList {
		kind := "r"
		if t.oid >= systemBase {
			kind = "v"
		}
		rows = append(rows, r.row("oid", t.oid, "relname", t.name, "relnamespace", schemas[t.schema], "relowner", ownerOID,
			"relpersistence", "p", "relkind", kind, "relnatts", len(t.visible()), "relispopulated", true, "relreplident", "n", "reltuples", -1.0))
	}
	return rows
})

func fillClass(r *relation, m *model) [][]any {
	rows := append([][]any{}, systemClass()...)
	for _, o := range m.objects {
		rows = append(rows, r.row("oid", o.oid, "relname", o.name, "relnamespace", publicSchema, "relowner", ownerOID, "relam", heapMethod,
			"relfilenode", o.oid, "relhasindex", o.index != 0, "relpersistence", "p", "relkind", o.kind, "relnatts", len(o.columns),
			"relispopulated", true, "relreplident", "d", "reltuples", -1.0))
		if o.index != 0 {
			rows = append(rows, r.row("oid", o.index, "relname", o.indexName(), "relnamespace", publicSchema, "relowner", ownerOID,
				"relam", btreeMethod, "relfilenode", o.index, "relpersistence", "p", "relkind", "i", "relnatts", len(o.key),
				"relispopulated", true, "relreplident", "n"))
		}
	}
	return rows
}

// attribute is a row of pg_attribute.
func attribute(r *relation, of int64, number int, c objectColumn) []any {
	size, byValue, align := int64(-1), false, "i"
	if d := typeByOID[c.oid]; d != nil {
		size = d.size
		byValue, align = d.byValue(), d.align()
	}
	storage := "p"
	if size < 0 {
		storage = "x"
	}
	return r.row("attrelid", of, "attname", c.name, "atttypid", int64(c.oid), "attstattarget", -1, "attlen", size, "attnum", number,
		"attndims", b2i(arrayToElem[c.oid] != 0), "attcacheoff", -1, "atttypmod", c.mod, "attbyval", byValue, "attalign", align,
		"attstorage", storage, "attnotnull", c.notNull, "attislocal", true, "attcollation", collationOf(c.oid))
}

var systemAttributes = sync.OnceValue(func() [][]any {
	r := relations["pg_catalog.pg_attribute"]
	var rows [][]any
	for _, t := range relationList {
		for i, c := range t.visible() {
			rows = append(rows, attribute(r, t.oid, i+1, objectColumn{name: c.name, oid: c.typ.oid, mod: -1, notNull: t.blank[i] != nil}))
		}
	}
	return rows
})

func fillAttribute(r *relation, m *model) [][]any {
	rows := append([][]any{}, systemAttributes()...)
	for _, o := range m.objects {
		for i, c := range o.columns {
			rows = append(rows, attribute(r, o.oid, i+1, c))
		}
		for i, n := range o.key {
			c := o.columns[n-1]
			c.notNull = false
			rows = append(rows, attribute(r, o.index, i+1, c))
		}
	}
	return rows
}

func (d *typeDef) byValue() bool { return d.size >= 1 && d.size <= 8 && d.size != 6 }

func (d *typeDef) align() string {
	switch {
	case d.size == 1 || d.oid == oidName || d.size == -2:
		return "c"
	case d.size == 2:
		return "s"
	case d.size == 8:
		return "d"
	}
	return "i"
}

// The collations: what text columns have, and what names have.
const (
	defaultCollation = 100
	cCollation       = 950
)

func collationOf(oid uint32) int64 {
	d := typeByOID[oid]
	switch {
	case oid == oidName:
		return cCollation
	case d != nil && d.category == "S", oid == 1009, oid == 1015, oid == 1014:
		return defaultCollation
	}
	return 0
}

var systemTypes = sync.OnceValue(func() [][]any {
	r := relations["pg_catalog.pg_type"]
	var rows [][]any
	for i := range typeDefs {
		d := &typeDefs[i]
		kind := "b"
		if d.category == "P" || d.category == "X" {
			kind = "p"
		}
		stem := d.stem()
		rows = append(rows, r.row("oid", int64(d.oid), "typname", d.name, "typnamespace", catalogSchema, "typowner", ownerOID,
			"typlen", d.size, "typbyval", d.byValue(), "typtype", kind, "typcategory", d.category,
			"typispreferred", d.oid == oidText || d.oid == oidBool || d.oid == oidFloat8 || d.oid == oidOid || d.oid == oidTimestamptz,
			"typisdefined", true, "typdelim", ",", "typelem", int64(d.elem), "typarray", int64(d.array),
			"typinput", procByName()[stem+"in"], "typoutput", procByName()[stem+"out"], "typreceive", procByName()[stem+"recv"],
			"typsend", procByName()[stem+"send"], "typalign", d.align(), "typstorage", "p", "typtypmod", -1, "typcollation", collationOf(d.oid)))
		if d.array == 0 {
			continue
		}
		rows = append(rows, r.row("oid", int64(d.array), "typname", "_"+d.name, "typnamespace", catalogSchema, "typowner", ownerOID,
			"typlen", -1, "typtype", kind, "typcategory", "A", "typisdefined", true, "typdelim", ",", "typelem", int64(d.oid),
			"typinput", procByName()["array_in"], "typoutput", procByName()["array_out"], "typreceive", procByName()["array_recv"],
			"typsend", procByName()["array_send"], "typalign", "i", "typstorage", "x", "typtypmod", -1, "typcollation", collationOf(d.oid)))
	}
	return rows
})

func fillType(*relation, *model) [][]any { return systemTypes() }

// vector is an int2vector or oidvector.
func vector[T int | int64](list []T) array {
	out := make(array, len(list))
	for i, n := range list {
		out[i] = int64(n)
	}
	return out
}

func fillIndex(r *relation, m *model) [][]any {
	var rows [][]any
	for _, o := range m.objects {
		if o.index == 0 {
			continue
		}
		zeros, collations := make([]int, len(o.key)), make([]int64, len(o.key))
		for i, n := range o.key {
			collations[i] = collationOf(o.columns[n-1].oid)
		}
		rows = append(rows, r.row("indexrelid", o.index, "indrelid", o.oid, "indnatts", len(o.key), "indnkeyatts", len(o.key),
			"indisunique", true, "indisprimary", true, "indimmediate", true, "indisvalid", true, "indisready", true, "indislive", true,
			"indkey", vector(o.key), "indcollation", vector(collations), "indclass", vector(zeros), "indoption", vector(zeros)))
	}
	return rows
}

func fillConstraint(r *relation, m *model) [][]any {
	var rows [][]any
	for _, o := range m.objects {
		if o.index == 0 {
			continue
		}
		rows = append(rows, r.row("oid", o.rule, "conname", o.indexName(), "connamespace", publicSchema, "contype", "p", "convalidated", true,
			"conrelid", o.oid, "conindid", o.index, "confupdtype", " ", "confdeltype", " ", "confmatchtype", " ", "conislocal", true,
			"connoinherit", true, "conkey", vector(o.key)))
	}
	return rows
}

func fillDescription(r *relation, m *model) [][]any {
	var rows [][]any
	class := relations["pg_catalog.pg_class"].oid
	for _, o := range m.objects {
		rows = append(rows, r.row("objoid", o.oid, "classoid", class, "description", o.comment()))
		for i, c := range o.columns {
			if c.comment != "" {
				rows = append(rows, r.row("objoid", o.oid, "classoid", class, "objsubid", i+1, "description", c.comment))
			}
		}
	}
	for _, p := range procs() {
		if p.doc != "" {
			rows = append(rows, r.row("objoid", p.oid, "classoid", relations["pg_catalog.pg_proc"].oid, "description", p.doc))
		}
	}
	return rows
}

var systemProcs = sync.OnceValue(func() [][]any {
	r := relations["pg_catalog.pg_proc"]
	var rows [][]any
	for _, p := range procs() {
		volatile, language, result := "i", internalLanguage, p.resultType
		if p.volatile {
			volatile = "v"
		}
		if p.internal {
			result = 2283
		}
		variadic := int64(0)
		if p.variadic {
			variadic = oidAny
		}
		rows = append(rows, r.row("oid", p.oid, "proname", p.name, "pronamespace", catalogSchema, "proowner", ownerOID, "prolang", language,
			"procost", 1.0, "provariadic", variadic, "prokind", p.kind, "proretset", p.returnsSet, "provolatile", volatile, "proparallel", "s",
			"pronargs", len(p.params), "prorettype", result, "proargtypes", p.paramTypes, "prosrc", p.name))
	}
	return rows
})

func fillProc(*relation, *model) [][]any { return systemProcs() }

func fillAggregate(r *relation, _ *model) [][]any {
	var rows [][]any
	for _, p := range procs() {
		if p.kind == "a" {
			rows = append(rows, r.row("aggfnoid", p.oid, "aggkind", "n"))
		}
	}
	return rows
}

func fillTables(r *relation, m *model) [][]any {
	var rows [][]any
	for _, t := range relationList {
		if t.oid < systemBase {
			rows = append(rows, r.row("schemaname", t.schema, "tablename", t.name, "tableowner", m.facts.User))
		}
	}
	for _, o := range m.objects {
		if o.kind == "r" {
			rows = append(rows, r.row("schemaname", "public", "tablename", o.name, "tableowner", m.facts.User, "hasindexes", o.index != 0))
		}
	}
	return rows
}

func fillViews(r *relation, m *model) [][]any {
	var rows [][]any
	for _, t := range relationList {
		if t.oid >= systemBase {
			rows = append(rows, r.row("schemaname", t.schema, "viewname", t.name, "viewowner", m.facts.User))
		}
	}
	return rows
}

func fillMatviews(r *relation, m *model) [][]any {
	var rows [][]any
	for _, o := range m.objects {
		if o.kind == "m" {
			rows = append(rows, r.row("schemaname", "public", "matviewname", o.name, "matviewowner", m.facts.User, "hasindexes", o.index != 0,
				"ispopulated", true, "definition", o.definition()))
		}
	}
	return rows
}

func fillIndexes(r *relation, m *model) [][]any {
	var rows [][]any
	for _, o := range m.objects {
		if o.index != 0 {
			rows = append(rows, r.row("schemaname", "public", "tablename", o.name, "indexname", o.indexName(), "indexdef", o.indexDefinition()))
		}
	}
	return rows
}
