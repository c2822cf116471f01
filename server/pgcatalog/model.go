package pgcatalog

import (
	"hash/fnv"
	"slices"
	"strings"
	"sync"

	"tailrace/sql/catalog"
	"tailrace/sql/function"
	"tailrace/sql/types"
)

// Numbers and names of what there is one of.
const (
	ownerOID       = 10
	ownerName      = "tailrace"
	catalogSchema  = 11
	publicSchema   = 2200
	infoSchema     = 13000 - 1
	databaseOID    = 5
	btreeMethod    = 403
	heapMethod     = 2
	firstSourceOID = 16384
)

// schemas are the schemas by name.
var schemas = map[string]int64{"pg_catalog": catalogSchema, "public": publicSchema, "information_schema": infoSchema}

// model is one catalog snapshot as PostgreSQL would number it.
type model struct {
	facts   *Facts
	objects []*object // streams and tables, by name
	byName  map[string]*object
	byOID   map[int64]*object
	// shownUpper are the names that are shown in upper case, since the lower case one is
	// taken by another.
	shownUpper map[string]bool
}

// object is a stream or a table.
type object struct {
	oid     int64
	name    string // as shown
	source  *catalog.Source
	kind    string // relkind
	columns []objectColumn
	key     []int // numbers of the columns of the primary key
	index   int64 // number of its index, 0 without a key
	rule    int64 // of its constraint
}

type objectColumn struct {
	name    string
	oid     uint32
	mod     int64
	notNull bool
	comment string
}

func (o *object) indexName() string { return o.name + "_pkey" }

// theModel is the model of the execution, made when first asked for.
func (ex *execution) theModel() *model {
	if ex.model == nil {
		ex.model = newModel(ex.facts)
	}
	return ex.model
}

func newModel(facts *Facts) *model {
	m := &model{facts: facts, byName: map[string]*object{}, byOID: map[int64]*object{}, shownUpper: map[string]bool{}}
	if facts.Catalog == nil {
		return m
	}
	sources := facts.Catalog.Sources()
	taken := map[int64]bool{}
	number := func(kind, name string) int64 {
		n := hashNumber(kind, name)
		for taken[n] {
			n++
		}
		taken[n] = true
		return n
	}
	for _, src := range sources {
		o := &object{source: src, oid: number("relation", src.Name), name: shown(src.Name), kind: "r"}
		if o.name != src.Name {
			if _, ok := facts.Catalog.Source(o.name); ok {
				o.name = src.Name
				m.shownUpper[src.Name] = true
			}
		}
		if src.Table && src.CreatedBy != "" {
			o.kind = "m"
		}
		o.addColumns()
		if len(o.key) > 0 {
			o.index, o.rule = number("index", src.Name), number("constraint", src.Name)
		}
		m.objects = append(m.objects, o)
		m.byName[o.name], m.byOID[o.oid] = o, o
	}
	return m
}

// hashNumber is the number of a named thing. It depends on the name alone, so that a
// client may keep it from one statement to the next.
func hashNumber(kind, name string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(kind + " " + name))
	return firstSourceOID + int64(h.Sum32()%(1<<30))
}

// shown is a name as clients see it: in lower case, unless it has lower case letters of
// its own.
func shown(name string) string {
	if strings.ToUpper(name) == name {
		return strings.ToLower(name)
	}
	return name
}

// addColumns lists the columns as SELECT * does: the key, the bounds of its window, the
// value, the headers.
func (o *object) addColumns() {
	src := o.source
	var names []string
	for _, c := range src.Schema.Columns {
		names = append(names, c.Name)
	}
	add := func(name string, t types.Type, key bool) {
		c := objectColumn{name: shown(name), notNull: key && src.Table}
		if c.name != name && slices.Contains(names, c.name) {
			c.name = name
		}
		c.oid, c.mod = pgType(t)
		if t.IsNested() && c.oid == oidJSON {
			c.comment = t.String()
		}
		o.columns = append(o.columns, c)
		if key && src.Table {
			o.key = append(o.key, len(o.columns))
		}
	}
	each := func(in types.Namespace) {
		for _, c := range src.Schema.Columns {
			if c.In == in {
				add(c.Name, c.Type, in == types.InKey)
			}
		}
	}
	each(types.InKey)
	if src.Window != nil {
		add(types.WindowStart, types.BigintType, true)
		add(types.WindowEnd, types.BigintType, true)
	}
	each(types.InValue)
	each(types.InHeaders)
}

// pgType is the type as which values travel (package pgwire), with its modifier.
func pgType(t types.Type) (oid uint32, mod int64) {
	switch t.Kind {
	case types.Boolean:
		return oidBool, -1
	case types.Int:
		return oidInt4, -1
	case types.Bigint:
		return oidInt8, -1
	case types.Double:
		return oidFloat8, -1
	case types.Decimal:
		return oidNumeric, int64(t.Precision)<<16 | int64(t.Scale) + 4
	case types.Bytes:
		return oidBytea, -1
	case types.Date:
		return oidDate, -1
	case types.Time:
		return oidTime, -1
	case types.Timestamp:
		return oidTimestamp, -1
	case types.Array:
		if e, _ := pgType(*t.Elem); !t.Elem.IsNested() && typeByOID[e].array != 0 {
			return typeByOID[e].array, -1
		}
		return oidJSON, -1
	case types.Map, types.Struct:
		return oidJSON, -1
	}
	return oidText, -1
}

// findRelation finds the number of a table, view or index by name. Streams and tables are
// found by the name that is shown and by their own.
func (m *model) findRelation(schema, name string) (int64, bool) {
	for _, s := range []string{"pg_catalog", "information_schema"} {
		if r := relations[s+"."+name]; r != nil && (schema == s || schema == "" && s == "pg_catalog") {
			return r.oid, true
		}
	}
	if schema != "" && schema != "public" {
		return 0, false
	}
	if o := m.byName[name]; o != nil {
		return o.oid, true
	}
	for _, o := range m.objects {
		if o.source.Name == name {
			return o.oid, true
		}
		if o.index != 0 && o.indexName() == name {
			return o.index, true
		}
	}
	return 0, false
}

// relationName is the name that regclass shows: with its schema if the search path does
// not lead to it.
func (m *model) relationName(oid int64) string {
	if o := m.byOID[oid]; o != nil {
		return quoteName(o.name)
	}
	for _, o := range m.objects {
		if o.index == oid && oid != 0 {
			return quoteName(o.indexName())
		}
	}
	for _, r := range relationList {
		if r.oid == oid {
			if r.schema == "pg_catalog" {
				return quoteName(r.name)
			}
			return r.schema + "." + quoteName(r.name)
		}
	}
	return ""
}

// indexed finds the table that an index or a constraint belongs to.
func (m *model) indexed(oid int64) *object {
	for _, o := range m.objects {
		if oid != 0 && (o.index == oid || o.rule == oid) {
			return o
		}
	}
	return nil
}

// keyNames are the columns of the primary key, quoted as needed.
func (o *object) keyNames() []string {
	var out []string
	for _, n := range o.key {
		out = append(out, quoteName(o.columns[n-1].name))
	}
	return out
}

// definition is the query of CREATE ... AS, with a semicolon.
func (o *object) definition() any {
	upper := strings.ToUpper(o.source.Statement)
	i := strings.Index(upper, "AS SELECT")
	if n := strings.Index(upper, "AS\nSELECT"); i < 0 || n >= 0 && n < i {
		i = n
	}
	if o.source.CreatedBy == "" || i < 0 {
		return nil
	}
	return " " + strings.TrimRight(strings.TrimSpace(o.source.Statement[i+3:]), ";") + ";"
}

// proc is a row of pg_proc: a function of the language, or one that reads or writes the
// values of a type, which drivers look for in pg_type.
type proc struct {
	oid        int64
	name       string
	kind       string // f, a
	params     []string
	result     string
	paramTypes array
	resultType int64
	variadic   bool
	returnsSet bool
	volatile   bool
	doc        string
	internal   bool
}

// procs are all functions. The list does not change once the program runs.
var procs = sync.OnceValue(func() []*proc {
	var out []*proc
	seen := map[int64]bool{}
	add := func(p *proc) {
		p.oid = hashNumber("function", p.name+"("+strings.Join(p.params, ",")+")"+p.kind)
		for seen[p.oid] {
			p.oid++
		}
		seen[p.oid] = true
		out = append(out, p)
	}
	for _, stem := range ioStems() {
		for _, end := range []string{"in", "out", "recv", "send"} {
			add(&proc{name: stem + end, kind: "f", params: []string{"internal"}, result: "internal", internal: true})
		}
	}
	for _, name := range function.Names(function.IsScalar) {
		f, _ := function.LookupScalar(name)
		for _, o := range f.Overloads {
			add(languageProc(name, "f", o.Params, o.Result, o.Variadic, orDefault(o.Doc, f.Doc), o.Volatile))
		}
	}
	for _, name := range function.Names(function.IsAggregate) {
		f, _ := function.LookupAggregate(name)
		for _, o := range f.Overloads {
			add(languageProc(name, "a", append(append([]string{}, o.Params...), o.Initial...), o.Result, o.Variadic, orDefault(o.Doc, f.Doc), false))
		}
	}
	for _, name := range function.Names(function.IsTable) {
		f, _ := function.LookupTable(name)
		for _, o := range f.Overloads {
			p := languageProc(name, "f", o.Params, o.Result, false, orDefault(o.Doc, f.Doc), false)
			p.returnsSet = true
			add(p)
		}
	}
	return out
})

func languageProc(name, kind string, params []string, result string, variadic bool, doc string, volatile bool) *proc {
	p := &proc{name: strings.ToLower(name), kind: kind, params: params, result: result, variadic: variadic, doc: doc, volatile: volatile}
	for _, t := range params {
		p.paramTypes = append(p.paramTypes, notationType(t))
	}
	p.resultType = notationType(result)
	return p
}

// notationType is the type for one in the notation of function signatures; what depends
// on the arguments is anyelement.
func notationType(text string) int64 {
	base, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(text)), "(")
	if !strings.Contains(base, "<") {
		base, _, _ = strings.Cut(base, " ") // a name may follow the type
	}
	switch base {
	case "STRING", "VARCHAR":
		return oidText
	case "INT", "INTEGER":
		return oidInt4
	case "BYTES":
		return oidBytea
	}
	if strings.HasPrefix(base, "ARRAY<") {
		return 2277
	}
	if strings.HasPrefix(base, "MAP<") || strings.HasPrefix(base, "STRUCT<") {
		return oidJSON
	}
	if d := typeByName[strings.ToLower(base)]; d != nil {
		return int64(d.oid)
	}
	return 2283
}

// ioStems are the stems of the names of input and output functions.
func ioStems() []string {
	out := []string{"array_"}
	for i := range typeDefs {
		out = append(out, typeDefs[i].stem())
	}
	return out
}

func (d *typeDef) stem() string { return orDefault(d.io, d.name) }

// procByName finds the first function of a name.
var procByName = sync.OnceValue(func() map[string]int64 {
	m := map[string]int64{}
	for _, p := range procs() {
		if _, ok := m[p.name]; !ok {
			m[p.name] = p.oid
		}
	}
	return m
})

var procByOID = sync.OnceValue(func() map[int64]*proc {
	m := map[int64]*proc{}
	for _, p := range procs() {
		m[p.oid] = p
	}
	return m
})

func procName(oid int64) string {
	if p := procByOID()[oid]; p != nil {
		return quoteName(p.name)
	}
	return ""
}

// arguments are the parameters as \df shows them, in the language's own notation.
func (p *proc) arguments() string {
	params := append([]string{}, p.params...)
	if p.variadic && len(params) > 0 {
		params[len(params)-1] = "VARIADIC " + params[len(params)-1]
	}
	return strings.Join(params, ", ")
}
