package pgcatalog

import (
	"strings"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Functions that report about the server, the session and the catalog.
func init() {
	sessionFunctions()
	objectFunctions()
	definitionFunctions()
	privilegeFunctions()
}

func sessionFunctions() {
	fact := func(signature string, do func(f *Facts) any) {
		define(signature, func(ex *execution, _ []any) (any, error) { return do(ex.facts), nil })
	}
	fact("version()text", func(f *Facts) any {
		return "PostgreSQL 15.0 (Tailrace " + f.Version + "), streaming SQL over a commit log"
	})
	user := func(f *Facts) any { return f.User }
	for _, name := range []string{"current_user", "session_user", "user", "current_role"} {
		fact(name+"()name", user)
	}
	database := func(f *Facts) any { return f.Database }
	fact("current_database()name", database)
	fact("current_catalog()name", database)
	fact("current_schema()name", func(*Facts) any { return "public" })
	fact("pg_backend_pid()int4", func(f *Facts) any { return int64(f.PID) })
	now := func(f *Facts) any { return types.TimestampVal(f.Now.UnixMilli()) }
	for _, name := range []string{"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "current_timestamp"} {
		fact(name+"()timestamptz", now)
	}
	fact("localtimestamp()timestamp", now)
	fact("current_date()date", func(f *Facts) any { return f.Now.UTC().Format("2006-01-02") })
	started := func(f *Facts) any { return types.TimestampVal(f.Started.UnixMilli()) }
	fact("pg_postmaster_start_time()timestamptz", started)
	fact("pg_conf_load_time()timestamptz", started)
	define("timezone(text,timestamptz)timestamp", func(_ *execution, a []any) (any, error) { return a[1], nil })
	define("date_part(text,timestamptz)float8", datePart)
	define("current_schemas(bool)name[]", func(_ *execution, a []any) (any, error) {
		if a[0].(bool) {
			return array{"pg_catalog", "public"}, nil
		}
		return array{"public"}, nil
	})
	define("current_setting(text,bool?)text", func(ex *execution, a []any) (any, error) {
		if v, ok := ex.facts.setting(a[0].(string)); ok {
			return v, nil
		}
		if len(a) > 1 && a[1].(bool) {
			return nil, nil
		}
		return nil, sqlerr.New(sqlerr.UndefinedObject, "unrecognized configuration parameter %q", a[0])
	})
	define("set_config(text,text,bool)text", func(ex *execution, a []any) (any, error) {
		name, value := a[0].(string), a[1].(string)
		if fixed, ok := constants[strings.ToLower(name)]; ok {
			if fixed != value {
				return nil, sqlerr.New(sqlerr.InvalidParameter, "parameter %q cannot be changed", name).Hint("Its value is %s.", fixed)
			}
			return value, nil
		}
		if err := ex.facts.Settings.SetSetting(name, value); err != nil {
			return nil, err
		}
		v, _ := ex.facts.Settings.Setting(name)
		return v, nil
	})
	fixedFunctions()
}

// fixedFunctions have one answer: what they ask about does not exist here, or never
// changes.
func fixedFunctions() {
	fixed := func(signature string, v any) {
		define(signature, func(*execution, []any) (any, error) { return v, nil })
	}
	fixed("pg_is_in_recovery()bool", false)
	fixed("pg_is_wal_replay_paused()bool", false)
	fixed("row_security_active(any)bool", false)
	fixed("pg_jit_available()bool", false)
	fixed("pg_my_temp_schema()oid", int64(0))
	fixed("pg_is_other_temp_schema(oid)bool", false)
	fixed("inet_server_addr()inet", nil)
	fixed("inet_server_port()int4", nil)
	fixed("inet_client_addr()inet", nil)
	fixed("inet_client_port()int4", nil)
	fixed("pg_stat_clear_snapshot()void", "")
	fixed("pg_encoding_max_length(int4)int4", int64(4))
	fixed("pg_char_to_encoding(text)int4", int64(6))
	fixed("pg_client_encoding()name", "UTF8")
	fixed("getdatabaseencoding()name", "UTF8")
	fixed("pg_advisory_unlock_all()void", "") // nobody holds any
	fixed("age(xid)int4", int64(1))
	fixed("pg_encoding_to_char(int4)name", "UTF8")
	fixed("pg_collation_for(any)text", `"C"`)
	fixed("pg_tablespace_location(oid)text", "")
	fixed("pg_blocking_pids(int4)int4[]", array{})
}

func datePart(_ *execution, a []any) (any, error) {
	at, ok := a[1].(types.TimestampVal)
	if !ok {
		return nil, nil
	}
	t := at.Go()
	switch strings.ToLower(a[0].(string)) {
	case "epoch":
		return float64(t.UnixMilli()) / 1000, nil
	case "year":
		return float64(t.Year()), nil
	case "month":
		return float64(t.Month()), nil
	case "day":
		return float64(t.Day()), nil
	case "hour":
		return float64(t.Hour()), nil
	case "minute":
		return float64(t.Minute()), nil
	case "second":
		return float64(t.Second()) + float64(t.Nanosecond())/1e9, nil
	}
	return nil, sqlerr.New(sqlerr.InvalidParameter, "timestamp units %q not recognized", a[0])
}

func objectFunctions() {
	defineNulls("format_type(oid,int4)text", func(_ *execution, a []any) (any, error) {
		if a[0] == nil {
			return nil, nil
		}
		mod, ok := a[1].(int64)
		if !ok {
			mod = -1
		}
		if a[0] == int64(0) {
			return "-", nil
		}
		return formatType(uint32(a[0].(int64)), mod), nil
	})
	known := func(name string, t uint32) {
		define(name+"(oid)bool", func(ex *execution, a []any) (any, error) {
			return ex.visible(a[0].(int64), t), nil
		})
	}
	known("pg_table_is_visible", oidRegclass)
	known("pg_type_is_visible", oidRegtype)
	known("pg_function_is_visible", oidRegproc)
	for _, name := range []string{"operator", "opclass", "opfamily", "conversion", "ts_parser", "ts_dict", "ts_template", "ts_config", "collation", "statistics_obj"} {
		define("pg_"+name+"_is_visible(oid)bool", func(*execution, []any) (any, error) { return true, nil })
	}
	define("pg_get_userbyid(oid)name", func(ex *execution, a []any) (any, error) {
		if a[0] == int64(ownerOID) {
			return ex.facts.User, nil
		}
		return "unknown (OID=" + text(a[0]) + ")", nil
	})
	for name, t := range map[string]uint32{"to_regclass": oidRegclass, "to_regtype": oidRegtype, "to_regproc": oidRegproc,
		"to_regprocedure": oidRegprocedure, "to_regnamespace": oidRegnamespace, "to_regrole": oidRegrole} {
		define(name+"(text)"+strings.TrimPrefix(name, "to_"), func(ex *execution, a []any) (any, error) {
			v, err := ex.findObject(a[0].(string), typ{oid: t})
			if err != nil {
				return nil, nil // unknown names are NULL
			}
			return v, nil
		})
	}
	define("obj_description(oid,name?)text", func(ex *execution, a []any) (any, error) { return ex.comment(a[0].(int64), 0), nil })
	define("shobj_description(oid,name)text", func(*execution, []any) (any, error) { return nil, nil })
	define("col_description(oid,int4)text", func(ex *execution, a []any) (any, error) {
		return ex.comment(a[0].(int64), a[1].(int64)), nil
	})
	for _, name := range []string{"pg_relation_size", "pg_table_size", "pg_total_relation_size", "pg_indexes_size"} {
		define(name+"(any,text?)int8", unknownSize)
	}
	define("pg_database_size(any)int8", unknownSize)
	define("pg_tablespace_size(any)int8", unknownSize)
	define("pg_relation_filenode(any)oid", func(_ *execution, a []any) (any, error) { return a[0], nil })
	define("pg_relation_is_publishable(any)bool", func(*execution, []any) (any, error) { return false, nil })
	define("pg_relation_is_updatable(any,bool)int4", func(*execution, []any) (any, error) { return int64(0), nil })
	define("pg_size_pretty(any)text", func(_ *execution, a []any) (any, error) { return text(a[0]) + " bytes", nil })
	for _, name := range []string{"pg_stat_get_numscans", "pg_stat_get_live_tuples", "pg_stat_get_dead_tuples", "pg_stat_get_tuples_inserted"} {
		define(name+"(oid)int8", func(*execution, []any) (any, error) { return int64(0), nil })
	}
	for _, name := range []string{"_pg_char_max_length", "_pg_numeric_precision", "_pg_numeric_scale", "_pg_datetime_precision"} {
		define(name+"(any,any)int4", func(*execution, []any) (any, error) { return nil, nil })
	}
}

// unknownSize: what a stream or table holds lies in its topic; NULL says so.
func unknownSize(*execution, []any) (any, error) { return nil, nil }

// visible reports whether the search path leads to an object: everything but
// information_schema.
func (ex *execution) visible(oid int64, t uint32) any {
	switch t {
	case oidRegclass:
		name := ex.theModel().relationName(oid)
		if name == "" {
			return nil
		}
		return !strings.HasPrefix(name, "information_schema.")
	case oidRegproc:
		if procByOID()[oid] == nil {
			return nil
		}
	case oidRegtype:
		if typeByOID[uint32(oid)] == nil && arrayToElem[uint32(oid)] == 0 {
			return nil
		}
	}
	return true
}

// comment is the description of an object, or of one of its columns.
func (ex *execution) comment(oid, column int64) any {
	if o := ex.theModel().byOID[oid]; o != nil {
		if column == 0 {
			return o.comment()
		}
		if column > 0 && column <= int64(len(o.columns)) && o.columns[column-1].comment != "" {
			return o.columns[column-1].comment
		}
		return nil
	}
	if p := procByOID()[oid]; p != nil && column == 0 && p.doc != "" {
		return p.doc
	}
	return nil
}

// comment says what PostgreSQL has no words for.
func (o *object) comment() string {
	return strings.ToLower(o.source.Keyword()) + " over topic " + o.source.Topic + " (key " + o.source.Key.Name + ", value " + o.source.Value.Name + ")"
}

func definitionFunctions() {
	define("pg_get_expr(any,oid,bool?)text", func(_ *execution, a []any) (any, error) { return a[0], nil })
	define("pg_get_indexdef(oid,int4?,bool?)text", func(ex *execution, a []any) (any, error) {
		o := ex.theModel().indexed(a[0].(int64))
		if o == nil {
			return nil, nil
		}
		if len(a) > 1 && a[1].(int64) > 0 {
			if n := a[1].(int64); n <= int64(len(o.key)) {
				return o.keyNames()[n-1], nil
			}
			return nil, nil
		}
		return o.indexDefinition(), nil
	})
	define("pg_get_constraintdef(oid,bool?)text", func(ex *execution, a []any) (any, error) {
		if o := ex.theModel().indexed(a[0].(int64)); o != nil {
			return "PRIMARY KEY (" + strings.Join(o.keyNames(), ", ") + ")", nil
		}
		return nil, nil
	})
	define("pg_get_viewdef(any,any?)text", func(ex *execution, a []any) (any, error) {
		oid, ok := a[0].(int64)
		if name, isText := a[0].(string); isText {
			schema, object := splitName(name)
			oid, ok = ex.theModel().findRelation(schema, object)
		}
		if o := ex.theModel().byOID[oid]; ok && o != nil {
			return o.definition(), nil
		}
		return nil, nil
	})
	procText := func(signature string, do func(p *proc) any) {
		define(signature, func(_ *execution, a []any) (any, error) {
			if p := procByOID()[a[0].(int64)]; p != nil {
				return do(p), nil
			}
			return nil, nil
		})
	}
	procText("pg_get_function_result(oid)text", func(p *proc) any {
		if p.returnsSet {
			return "SETOF " + p.result
		}
		return p.result
	})
	arguments := func(p *proc) any { return p.arguments() }
	procText("pg_get_function_arguments(oid)text", arguments)
	procText("pg_get_function_identity_arguments(oid)text", arguments)
	procText("pg_get_function_arg_default(oid,int4)text", func(*proc) any { return nil })
	procText("pg_get_functiondef(oid)text", func(p *proc) any { return p.doc })
	procText("pg_get_function_sqlbody(oid)text", func(*proc) any { return nil })
	nothing := func(*execution, []any) (any, error) { return nil, nil }
	for _, signature := range []string{"pg_get_ruledef(oid,bool?)text", "pg_get_triggerdef(oid,bool?)text", "pg_get_partkeydef(oid)text",
		"pg_get_partition_constraintdef(oid)text", "pg_get_statisticsobjdef(oid)text", "pg_get_statisticsobjdef_columns(oid)text",
		"pg_get_serial_sequence(text,text)text", "pg_sequence_last_value(any)int8", "pg_describe_object(oid,oid,int4)text",
		"pg_last_wal_receive_lsn()text", "pg_last_wal_replay_lsn()text", "pg_current_wal_lsn()text", "pg_index_column_has_property(any,int4,text)bool"} {
		define(signature, nothing)
	}
}

func (o *object) indexDefinition() string {
	return "CREATE UNIQUE INDEX " + quoteName(o.indexName()) + " ON public." + quoteName(o.name) + " USING btree (" + strings.Join(o.keyNames(), ", ") + ")"
}

// privilegeFunctions: authentication is trust, and everybody may do everything.
func privilegeFunctions() {
	for _, name := range []string{"table", "column", "any_column", "schema", "database", "function", "sequence", "tablespace", "type", "language",
		"server", "foreign_data_wrapper", "parameter"} {
		define("has_"+name+"_privilege(any,any,any?,any?)bool", func(*execution, []any) (any, error) { return true, nil })
	}
	define("pg_has_role(any,any,any?)bool", func(*execution, []any) (any, error) { return true, nil })
}
