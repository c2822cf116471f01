package pgcatalog

import (
	"maps"
	"slices"
	"strings"

	"tailrace/sql/types"
)

// Numbers of languages, PostgreSQL's own.
const (
	internalLanguage = 12
	sqlLanguage      = 14
)

func fillDatabase(r *relation, m *model) [][]any {
	return [][]any{r.row("oid", databaseOID, "datname", m.facts.Database, "datdba", ownerOID, "encoding", 6, "datlocprovider", "c",
		"datallowconn", true, "datconnlimit", -1, "dattablespace", 1663, "datcollate", "C", "datctype", "C")}
}

// fillRoles serves pg_roles and pg_authid, whose columns have the same names. There is one
// role: authentication is trust.
func fillRoles(r *relation, m *model) [][]any {
	row := r.row("oid", ownerOID, "rolname", m.facts.User, "rolsuper", true, "rolinherit", true, "rolcreaterole", true, "rolcreatedb", true,
		"rolcanlogin", true, "rolbypassrls", true, "rolconnlimit", -1)
	if r.name == "pg_roles" {
		row[r.index["rolpassword"]] = "********"
	}
	return [][]any{row}
}

func fillUser(r *relation, m *model) [][]any {
	return [][]any{r.row("usename", m.facts.User, "usesysid", ownerOID, "usecreatedb", true, "usesuper", true, "usebypassrls", true)}
}

func fillAM(r *relation, _ *model) [][]any {
	return [][]any{
		r.row("oid", heapMethod, "amname", "heap", "amtype", "t"),
		r.row("oid", btreeMethod, "amname", "btree", "amtype", "i"),
	}
}

func fillTablespace(r *relation, _ *model) [][]any {
	return [][]any{r.row("oid", 1663, "spcname", "pg_default", "spcowner", ownerOID)}
}

// constants are parameters of a PostgreSQL server that tools read and that nobody can
// change here.
var constants = map[string]string{"block_size": "8192", "data_checksums": "on", "default_table_access_method": "heap", "default_tablespace": "", "jit": "off",
	"lc_collate": "C", "lc_ctype": "C", "lc_messages": "C", "lc_monetary": "C", "lc_numeric": "C", "lc_time": "C", "max_function_args": "100",
	"max_index_keys": "32", "password_encryption": "scram-sha-256", "row_security": "on", "ssl": "off", "temp_tablespaces": "",
	"wal_level": "logical"}

// setting finds a parameter of the session, or of the server.
func (f *Facts) setting(name string) (string, bool) {
	if v, ok := f.Settings.Setting(name); ok {
		return v, true
	}
	v, ok := constants[strings.ToLower(name)]
	return v, ok
}

func fillSettings(r *relation, m *model) [][]any {
	var rows [][]any
	add := func(name, context string) {
		v, _ := m.facts.setting(name)
		rows = append(rows, r.row("name", name, "setting", v, "category", "Tailrace", "context", context, "vartype", "string", "source", "default",
			"boot_val", v, "reset_val", v))
	}
	for _, name := range m.facts.Settings.SettingNames() {
		add(name, "user")
	}
	for _, name := range slices.Sorted(maps.Keys(constants)) {
		add(name, "internal")
	}
	return rows
}

func fillCollation(r *relation, _ *model) [][]any {
	return [][]any{
		r.row("oid", defaultCollation, "collname", "default", "collnamespace", catalogSchema, "collowner", ownerOID, "collprovider", "d",
			"collisdeterministic", true, "collencoding", -1),
		r.row("oid", cCollation, "collname", "C", "collnamespace", catalogSchema, "collowner", ownerOID, "collprovider", "c",
			"collisdeterministic", true, "collencoding", -1, "collcollate", "C", "collctype", "C"),
	}
}

func fillLanguage(r *relation, _ *model) [][]any {
	return [][]any{
		r.row("oid", internalLanguage, "lanname", "internal", "lanowner", ownerOID),
		r.row("oid", sqlLanguage, "lanname", "sql", "lanowner", ownerOID, "lanpltrusted", true),
	}
}

// fillActivity shows the session that asks.
func fillActivity(r *relation, m *model) [][]any {
	f := m.facts
	name, _ := f.Settings.Setting("application_name")
	return [][]any{r.row("datid", databaseOID, "datname", f.Database, "pid", int64(f.PID), "usesysid", ownerOID, "usename", f.User,
		"application_name", name, "backend_start", types.TimestampVal(f.Started.UnixMilli()),
		"query_start", types.TimestampVal(f.Now.UnixMilli()), "state", "active", "backend_type", "client backend")}
}
