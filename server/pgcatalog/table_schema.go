package pgcatalog

// information_schema, computed from the same model as pg_catalog.

func fillCatalogName(r *relation, m *model) [][]any {
	return [][]any{r.row("catalog_name", m.facts.Database)}
}

func fillSchemata(r *relation, m *model) [][]any {
	var rows [][]any
	for _, name := range []string{"information_schema", "pg_catalog", "public"} {
		rows = append(rows, r.row("catalog_name", m.facts.Database, "schema_name", name, "schema_owner", m.facts.User))
	}
	return rows
}

// fillSchemaTables lists streams and tables. Materialized views count as base tables:
// the standard has no word for them and PostgreSQL leaves them out, with which tools would
// not show them at all.
func fillSchemaTables(r *relation, m *model) [][]any {
	var rows [][]any
	for _, t := range relationList {
		kind := "BASE TABLE"
		if t.oid >= systemBase {
			kind = "VIEW"
		}
		rows = append(rows, r.row("table_catalog", m.facts.Database, "table_schema", t.schema, "table_name", t.name, "table_type", kind,
			"is_insertable_into", "NO", "is_typed", "NO"))
	}
	for _, o := range m.objects {
		rows = append(rows, r.row("table_catalog", m.facts.Database, "table_schema", "public", "table_name", o.name, "table_type", "BASE TABLE",
			"is_insertable_into", yesNo(o.kind == "r" && !o.source.ReadOnly), "is_typed", "NO"))
	}
	return rows
}

func yesNo(b bool) string {
	if b {
		return "YES"
	}
	return "NO"
}

func fillSchemaViews(r *relation, m *model) [][]any {
	var rows [][]any
	for _, t := range relationList {
		if t.oid >= systemBase {
			rows = append(rows, r.row("table_catalog", m.facts.Database, "table_schema", t.schema, "table_name", t.name, "view_definition", "",
				"check_option", "NONE", "is_updatable", "NO", "is_insertable_into", "NO"))
		}
	}
	return rows
}

func fillColumns(r *relation, m *model) [][]any {
	var rows [][]any
	add := func(schema, table string, number int, c objectColumn, updatable bool) {
		pairs := []any{"table_catalog", m.facts.Database, "table_schema", schema, "table_name", table, "column_name", c.name,
			"ordinal_position", number, "is_nullable", yesNo(!c.notNull), "udt_catalog", m.facts.Database, "udt_schema", "pg_catalog",
			"dtd_identifier", itoa(int64(number)), "is_self_referencing", "NO", "is_identity", "NO", "identity_cycle", "NO",
			"is_generated", "NEVER", "is_updatable", yesNo(updatable)}
		rows = append(rows, r.row(append(pairs, typeColumns(c)...)...))
	}
	for _, t := range relationList {
		for i, c := range t.visible() {
			add(t.schema, t.name, i+1, objectColumn{name: c.name, oid: c.typ.oid, mod: -1, notNull: t.blank[i] != nil}, false)
		}
	}
	for _, o := range m.objects {
		for i, c := range o.columns {
			add("public", o.name, i+1, c, o.kind == "r")
		}
	}
	return rows
}

// typeColumns are the columns of information_schema.columns that describe a type.
func typeColumns(c objectColumn) []any {
	if e := arrayToElem[c.oid]; e != 0 {
		return []any{"data_type", "ARRAY", "udt_name", "_" + typeByOID[e].name}
	}
	out := []any{"data_type", formatType(c.oid, -1), "udt_name", typeByOID[c.oid].name}
	switch c.oid {
	case oidInt2:
		return append(out, "numeric_precision", 16, "numeric_precision_radix", 2, "numeric_scale", 0)
	case oidInt4:
		return append(out, "numeric_precision", 32, "numeric_precision_radix", 2, "numeric_scale", 0)
	case oidInt8:
		return append(out, "numeric_precision", 64, "numeric_precision_radix", 2, "numeric_scale", 0)
	case oidFloat8:
		return append(out, "numeric_precision", 53, "numeric_precision_radix", 2)
	case oidNumeric:
		if c.mod < 4 {
			return append(out, "numeric_precision_radix", 10)
		}
		return append(out, "numeric_precision", (c.mod-4)>>16, "numeric_precision_radix", 10, "numeric_scale", (c.mod-4)&0xffff)
	case oidText:
		return append(out, "character_octet_length", 1<<30)
	case oidTimestamp, oidTime:
		return append(out, "datetime_precision", 3)
	case oidDate:
		return append(out, "datetime_precision", 0)
	}
	return out
}

// eachKey goes over the columns of the primary keys.
func eachKey(m *model, do func(o *object, position int, column string)) {
	for _, o := range m.objects {
		for i, n := range o.key {
			do(o, i+1, o.columns[n-1].name)
		}
	}
}

func fillTableConstraints(r *relation, m *model) [][]any {
	var rows [][]any
	for _, o := range m.objects {
		if o.index != 0 {
			rows = append(rows, r.row("constraint_catalog", m.facts.Database, "constraint_schema", "public", "constraint_name", o.indexName(),
				"table_catalog", m.facts.Database, "table_schema", "public", "table_name", o.name, "constraint_type", "PRIMARY KEY",
				"is_deferrable", "NO", "initially_deferred", "NO", "enforced", "YES"))
		}
	}
	return rows
}

func fillKeyColumns(r *relation, m *model) (rows [][]any) {
	eachKey(m, func(o *object, position int, column string) {
		rows = append(rows, r.row("constraint_catalog", m.facts.Database, "constraint_schema", "public", "constraint_name", o.indexName(),
			"table_catalog", m.facts.Database, "table_schema", "public", "table_name", o.name, "column_name", column, "ordinal_position", position))
	})
	return rows
}

func fillConstraintColumns(r *relation, m *model) (rows [][]any) {
	eachKey(m, func(o *object, _ int, column string) {
		rows = append(rows, r.row("table_catalog", m.facts.Database, "table_schema", "public", "table_name", o.name, "column_name", column,
			"constraint_catalog", m.facts.Database, "constraint_schema", "public", "constraint_name", o.indexName()))
	})
	return rows
}

func fillConstraintTables(r *relation, m *model) (rows [][]any) {
	for _, o := range m.objects {
		if o.index != 0 {
			rows = append(rows, r.row("table_catalog", m.facts.Database, "table_schema", "public", "table_name", o.name,
				"constraint_catalog", m.facts.Database, "constraint_schema", "public", "constraint_name", o.indexName()))
		}
	}
	return rows
}

func fillEnabledRoles(r *relation, m *model) [][]any {
	return [][]any{r.row("role_name", m.facts.User)}
}

func fillApplicableRoles(r *relation, m *model) [][]any {
	return [][]any{r.row("grantee", m.facts.User, "role_name", m.facts.User, "is_grantable", "YES")}
}

func fillCharacterSets(r *relation, m *model) [][]any {
	return [][]any{r.row("character_set_name", "UTF8", "character_repertoire", "UCS", "form_of_use", "UTF8",
		"default_collate_catalog", m.facts.Database, "default_collate_schema", "pg_catalog", "default_collate_name", "C")}
}

func fillTablePrivileges(r *relation, m *model) [][]any {
	var rows [][]any
	for _, o := range m.objects {
		for _, p := range []string{"SELECT", "INSERT"} {
			if p == "INSERT" && (o.kind != "r" || o.source.ReadOnly) {
				continue
			}
			rows = append(rows, r.row("grantor", m.facts.User, "grantee", m.facts.User, "table_catalog", m.facts.Database, "table_schema", "public",
				"table_name", o.name, "privilege_type", p, "is_grantable", "YES", "with_hierarchy", "NO"))
		}
	}
	return rows
}

func fillRoutines(r *relation, m *model) [][]any {
	var rows [][]any
	for _, p := range procs() {
		if p.internal {
			continue
		}
		rows = append(rows, r.row("specific_catalog", m.facts.Database, "specific_schema", "pg_catalog", "specific_name", p.name+"_"+itoa(p.oid),
			"routine_catalog", m.facts.Database, "routine_schema", "pg_catalog", "routine_name", p.name, "routine_type", "FUNCTION",
			"data_type", formatType(uint32(p.resultType), -1), "type_udt_catalog", m.facts.Database, "type_udt_schema", "pg_catalog",
			"type_udt_name", formatType(uint32(p.resultType), -1), "routine_body", "EXTERNAL", "external_language", "INTERNAL",
			"is_deterministic", yesNo(!p.volatile), "security_type", "INVOKER"))
	}
	return rows
}
