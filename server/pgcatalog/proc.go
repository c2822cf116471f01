package pgcatalog

import (
	"strings"
	"sync"

	"tailrace/sql/function"
)

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
