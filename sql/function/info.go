package function

import (
	"slices"
	"strings"
)

// Info is what SHOW FUNCTIONS and DESCRIBE FUNCTION say of a function.
type Info struct {
	Name       string // upper case
	Category   string // of the reference page: STRING, AGGREGATE, TABLE, ...
	Doc        string
	Variations []string // the overloads, as in messages
}

// All lists the functions of every kind by name.
func All() []Info {
	var out []Info
	for _, kind := range []Kind{IsScalar, IsAggregate, IsTable} {
		for _, name := range Names(kind) {
			info, _ := Find(name)
			out = append(out, info)
		}
	}
	slices.SortFunc(out, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Find describes a function, named in any case of letters.
func Find(name string) (Info, bool) {
	name = known(name)
	info := Info{Name: name}
	var shapes []shape
	switch KindOf(name) {
	case IsScalar:
		e := scalars[name]
		info.Category, info.Doc, shapes = e.Category, e.Doc, e.shapes
	case IsAggregate:
		e := aggregates[name]
		info.Category, info.Doc, shapes = "AGGREGATE", e.Doc, e.shapes
	case IsTable:
		e := tables[name]
		info.Category, info.Doc, shapes = "TABLE", e.Doc, e.shapes
	default:
		return info, false
	}
	for i := range shapes {
		info.Variations = append(info.Variations, shapes[i].describe(name))
	}
	return info, true
}
