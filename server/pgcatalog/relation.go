package pgcatalog

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// relation is a table or view of pg_catalog or information_schema.
type relation struct {
	schema, name string
	oid          int64
	cols         []col // the last two are system columns, which * leaves out
	index        map[string]int
	blank        []any // the value of a column that a row does not name
	// fill makes the rows; nil: the table is empty.
	fill func(r *relation, m *model) [][]any
}

// relations are all tables, by "schema.name".
var relations = map[string]*relation{}

// relationList is relations in order of their numbers.
var relationList []*relation

// systemBase is the number of the first table whose number PostgreSQL does not fix.
const systemBase = 13000

func init() {
	for schema, text := range map[string]string{"pg_catalog": catalogTables, "information_schema": schemaTables} {
		for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
			r := parseRelation(schema, line)
			relations[schema+"."+r.name] = r
			relationList = append(relationList, r)
		}
	}
	sort.Slice(relationList, func(i, j int) bool {
		a, b := relationList[i], relationList[j]
		return a.schema+a.name < b.schema+b.name
	})
	for i, r := range relationList {
		if r.oid == 0 {
			r.oid = systemBase + int64(i)
			r.blank[len(r.blank)-2] = r.oid
		}
	}
	sort.Slice(relationList, func(i, j int) bool { return relationList[i].oid < relationList[j].oid })
	for name, fill := range contents {
		if relations[name] == nil {
			panic("pgcatalog: contents for a table that is not declared: " + name)
		}
		relations[name].fill = fill
	}
}

// nameColumns hold names of streams, tables and their columns.
var nameColumns = map[string]bool{"relname": true, "attname": true, "tablename": true, "viewname": true, "matviewname": true,
	"indexname": true, "table_name": true, "column_name": true, "conname": true}

// parseRelation reads "name number column:type ...". A question mark after a type makes
// the column NULL in rows that do not name it; others are empty, 0 or false.
func parseRelation(schema, line string) *relation {
	words := strings.Fields(line)
	oid, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		panic(fmt.Sprintf("pgcatalog: table %s: %v", words[0], err))
	}
	r := &relation{schema: schema, name: words[0], oid: oid, index: map[string]int{}}
	for i, w := range words[2:] {
		name, of, _ := strings.Cut(w, ":")
		of, nullable := strings.CutSuffix(of, "?")
		t := mustType(of)
		r.cols = append(r.cols, col{name: name, typ: t, folds: nameColumns[name]})
		r.index[name] = i
		r.blank = append(r.blank, blankOf(t, nullable))
	}
	r.cols = append(r.cols, col{name: "tableoid", typ: oidType}, col{name: "xmin", typ: typ{oid: 28}})
	r.blank = append(r.blank, oid, int64(1))
	return r
}

// visible are the columns that * stands for.
func (r *relation) visible() []col { return r.cols[:len(r.cols)-2] }

func blankOf(t typ, nullable bool) any {
	if nullable {
		return nil
	}
	switch t.shape() {
	case isBool:
		return false
	case isInt:
		return int64(0)
	case isFloat:
		return 0.0
	case isArray:
		return array{}
	case isTime:
		return nil
	}
	return ""
}

// row makes a row out of names and values.
func (r *relation) row(pairs ...any) []any {
	out := append(make([]any, 0, len(r.blank)), r.blank...)
	for i := 0; i < len(pairs); i += 2 {
		at, ok := r.index[pairs[i].(string)]
		if !ok {
			panic(fmt.Sprintf("pgcatalog: %s has no column %s", r.name, pairs[i]))
		}
		out[at] = pairs[i+1]
		if n, ok := pairs[i+1].(int); ok {
			out[at] = int64(n)
		}
	}
	return out
}

// contents are the rows of a table, made once per execution.
func (ex *execution) contents(r *relation) [][]any {
	rows, ok := ex.tables[r]
	if !ok {
		if r.fill != nil {
			rows = r.fill(r, ex.theModel())
		}
		ex.tables[r] = rows
	}
	return rows
}
