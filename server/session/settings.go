package session

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/property"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// ReportedSettings are those whose value a client is told at start and at each change.
var ReportedSettings = []string{"server_version", "server_encoding", "client_encoding", "application_name",
	"is_superuser", "session_authorization", "DateStyle", "IntervalStyle", "TimeZone", "integer_datetimes",
	"standard_conforming_strings", "default_transaction_read_only", "in_hot_standby"}

// settings are Postgres' run-time parameters: drivers set and read them. Those that would
// change what Tailrace does accept only the value they have.
type settings map[string]setting

type setting struct {
	name     string // as reported
	value    string
	original string // for RESET
	fixed    bool   // other values are refused
	doc      string // of those that change what Tailrace does
}

func newSettings(version string, params map[string]string) settings {
	s := settings{}
	put := func(name, value string, fixed bool) {
		s[strings.ToLower(name)] = setting{name: name, value: value, original: value, fixed: fixed}
	}
	own := func(name, value, doc string) {
		s[strings.ToLower(name)] = setting{name: name, value: value, original: value, doc: doc}
	}
	put("server_version", "15.0 (Tailrace "+version+")", true)
	put("server_version_num", "150000", true)
	put("server_encoding", "UTF8", true)
	put("client_encoding", "UTF8", true)
	put("is_superuser", "on", true)
	put("session_authorization", userOf(params), true)
	put("integer_datetimes", "on", true)
	put("standard_conforming_strings", "on", true)
	put("in_hot_standby", "off", true)
	put("transaction_isolation", "read committed", true)
	put("transaction_read_only", "off", false)
	put("default_transaction_read_only", "off", false)
	put("default_transaction_isolation", "read committed", false)
	put("application_name", "", false)
	put("DateStyle", "ISO, MDY", false)
	put("IntervalStyle", "postgres", false)
	put("TimeZone", "UTC", false)
	put("search_path", `"$user", public`, false)
	own("statement_timeout", "0", "How long a statement may take, in milliseconds or with a unit; 0: any time.")
	put("lock_timeout", "0", false)
	put("idle_in_transaction_session_timeout", "0", false)
	put("extra_float_digits", "1", false)
	put("bytea_output", "hex", false)
	put("client_min_messages", "notice", false)
	put("max_identifier_length", "63", true)
	own("read_consistency", readOwnWrites, "What a read waits for: read_your_writes, what this session has written; strict, everything that was acknowledged before it; eventual, nothing.")
	own("dialect", dialectAuto, "Whose rules hold where ksqlDB and the SQL standard differ: ksql, standard, or auto, which goes by the statement.")
	for name, value := range params {
		if got, ok := s[strings.ToLower(name)]; ok && !got.fixed {
			if durations[strings.ToLower(name)] {
				valid, err := duration(name, value)
				if err != nil {
					continue // as if it had not been asked for
				}
				value = valid
			}
			got.value, got.original = value, value
			s[strings.ToLower(name)] = got
		}
	}
	return s
}

func userOf(params map[string]string) string {
	if u := params["user"]; u != "" {
		return u
	}
	return "tailrace"
}

// Setting returns a run-time parameter by name, in any case of letters.
func (s *Session) Setting(name string) (string, bool) {
	got, ok := s.settings[strings.ToLower(name)]
	return got.value, ok
}

// allowedValues are those of the settings that are Tailrace's own.
var allowedValues = map[string][]string{
	"dialect":          {dialectAuto, dialectKsql, dialectStandard},
	"read_consistency": {readEventual, readOwnWrites, readStrict},
}

// setSetting carries out SET of a Postgres parameter.
func (s *Session) setSetting(name, value string) error {
	key := strings.ToLower(name)
	got, ok := s.settings[key]
	switch {
	case !ok && strings.Contains(key, "."): // a custom parameter, as PostgreSQL allows
		got = setting{name: name}
	case !ok:
		return s.unknownSetting(name)
	case got.fixed && !sameSetting(value, got.value):
		return sqlerr.New(sqlerr.InvalidParameter, "parameter %q cannot be changed", got.name).
			Hint("Its value is %s.", got.value)
	}
	if allowed, ok := allowedValues[key]; ok && !slices.Contains(allowed, value) {
		return sqlerr.New(sqlerr.InvalidParameter, "invalid value for parameter %q: %q", got.name, value).
			Hint("Use %s.", strings.Join(allowed, ", "))
	}
	if durations[key] {
		var err error
		if value, err = duration(got.name, value); err != nil {
			return err
		}
	}
	if !got.fixed {
		got.value = value
	}
	s.settings[key] = got
	for _, reported := range ReportedSettings {
		if strings.EqualFold(reported, key) {
			s.onSetting(reported, got.value)
		}
	}
	return nil
}

// sameSetting compares values as PostgreSQL does names of encodings: utf-8 is UTF8.
func sameSetting(a, b string) bool {
	fold := strings.NewReplacer("-", "", "_", "", "'", "", "unicode", "utf8")
	return fold.Replace(strings.ToLower(a)) == fold.Replace(strings.ToLower(b))
}

func (s *Session) unknownSetting(name string) error {
	names := make([]string, 0, len(s.settings))
	for _, known := range s.settings {
		names = append(names, known.name)
	}
	sort.Strings(names)
	err := sqlerr.New(sqlerr.UndefinedObject, "unrecognized configuration parameter %q", name)
	if near := sqlerr.Closest(name, names); near != "" {
		return err.Hint("Perhaps you meant %q.", near)
	}
	return err.Hint("SHOW ALL lists the settings of the session; \"SHOW STREAMS\", \"SHOW TABLES\" and their like what there is.")
}

// set carries out SET and RESET in both dialects.
func (s *Session) set(st *ast.Set, out Result) error {
	value := strings.Join(st.Values, ", ")
	if !st.Postgres || isProperty(st.Name) {
		return s.setProperty(st.Name, value, out)
	}
	if len(st.Values) == 0 {
		return s.reset(st.Name)
	}
	switch st.Name {
	case "transaction":
		return s.setTransaction("", st.Values)
	case "default_transaction":
		return s.setTransaction("default_", st.Values)
	}
	return s.setSetting(st.Name, value)
}

// setProperty carries out ksqlDB's SET. Names that nothing looks at are taken, as those of
// Kafka Streams have to be, and told.
func (s *Session) setProperty(name, value string, out Result) error {
	p, ok := property.Find(name)
	if !ok {
		n := Notice{Severity: "WARNING", Message: fmt.Sprintf("nothing looks at the property '%s'", name), Hint: "SHOW PROPERTIES lists those that there are."}
		if near := property.Closest(name); near != "" {
			n.Hint = fmt.Sprintf("Perhaps you meant '%s'. %s", near, n.Hint)
		}
		out.Notice(n)
	} else if err := p.Check(value); err != nil {
		return err
	}
	s.properties[name] = value
	return nil
}

// setTransaction carries out SET TRANSACTION, and with the prefix default_ SET SESSION
// CHARACTERISTICS. Every level of isolation is accepted: statements take effect one by
// one whatever it is, so a block has no level of its own.
func (s *Session) setTransaction(prefix string, modes []string) error {
	for _, mode := range modes {
		level, isLevel := strings.CutPrefix(mode, "ISOLATION LEVEL ")
		var err error
		switch {
		case isLevel && prefix != "":
			err = s.setSetting(prefix+"transaction_isolation", strings.ToLower(level))
		case mode == "READ ONLY":
			err = s.setSetting(prefix+"transaction_read_only", "on")
		case mode == "READ WRITE":
			err = s.setSetting(prefix+"transaction_read_only", "off")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func isProperty(name string) bool {
	_, ok := property.Find(name)
	return ok || strings.HasPrefix(name, "ksql.")
}

func (s *Session) unset(st *ast.Unset) error {
	if !st.Postgres || isProperty(st.Name) {
		delete(s.properties, st.Name)
		if v, ok := s.deps.Properties[st.Name]; ok {
			s.properties[st.Name] = v
		}
		return nil
	}
	return s.reset(st.Name)
}

func (s *Session) reset(name string) error {
	if name == "all" {
		for key := range s.settings {
			if err := s.reset(key); err != nil {
				return err
			}
		}
		return nil
	}
	got, ok := s.settings[strings.ToLower(name)]
	if !ok {
		return s.unknownSetting(name)
	}
	if got.fixed {
		return nil
	}
	return s.setSetting(name, got.original)
}

// showSetting is Postgres' SHOW.
func (s *Session) showSetting(name string) (*table, error) {
	if name == "all" {
		t := newTable("name", "setting", "description")
		for _, key := range sortedKeys(s.settings) {
			t.add(s.settings[key].name, s.settings[key].value, s.settings[key].doc)
		}
		return t, nil
	}
	key := strings.ToLower(name)
	switch key {
	case "transaction isolation level":
		key = "transaction_isolation"
	case "time zone":
		key = "timezone"
	}
	if got, ok := s.settings[key]; ok {
		t := newTable(got.name)
		t.add(got.value)
		return t, nil
	}
	if v, ok := s.properties[name]; ok {
		t := newTable(name)
		t.add(v)
		return t, nil
	}
	return nil, s.unknownSetting(name)
}

// showProperties is SHOW PROPERTIES: what SET changes for the session, in both dialects,
// and what the server was started with.
func (s *Session) showProperties() *table {
	t := newTable("property", "scope", "default", "value", "meaning")
	rest := maps.Clone(s.properties)
	for _, p := range property.All() {
		value := p.Default
		for key, v := range s.properties {
			if found, ok := property.Find(key); ok && found.Name == p.Name {
				value = v
				delete(rest, key)
			}
		}
		t.add(p.Name, "KSQL", p.Default, value, p.Doc)
	}
	for _, key := range sortedKeys(rest) {
		t.add(key, "KSQL", "", rest[key], "Nothing looks at it.")
	}
	for _, key := range sortedKeys(s.settings) {
		if own := s.settings[key]; own.doc != "" {
			t.add(own.name, "SESSION", own.original, own.value, own.doc)
		}
	}
	for _, st := range s.deps.Settings {
		t.add(st.Name, "SERVER", st.Default, st.Value, st.Doc)
	}
	return t
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// table is a small result that is made in full before it is sent.
type table struct {
	columns []Column
	rows    [][]types.Value
}

// newTable makes a table of text columns; a name may end in ":int" or ":bool".
func newTable(names ...string) *table {
	t := &table{}
	for _, n := range names {
		typ := types.StringType
		if base, ok := strings.CutSuffix(n, ":int"); ok {
			n, typ = base, types.BigintType
		} else if base, ok := strings.CutSuffix(n, ":bool"); ok {
			n, typ = base, types.BooleanType
		}
		t.columns = append(t.columns, Column{Name: n, Type: typ})
	}
	return t
}

func (t *table) add(values ...types.Value) {
	if len(values) != len(t.columns) {
		panic(fmt.Sprintf("row of %d values in a table of %d columns", len(values), len(t.columns)))
	}
	t.rows = append(t.rows, values)
}
