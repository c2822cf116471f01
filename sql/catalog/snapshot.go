package catalog

import (
	"maps"
	"slices"
	"strings"

	"tailrace/sql/types"
)

// Snapshot is the catalog at one position of the command log. The zero value is not
// usable: start from Empty.
type Snapshot struct {
	sources map[string]*Source
	types   map[string]types.Type
	queries map[string]*Query
}

// Empty is the catalog before the first statement.
func Empty() *Snapshot {
	return &Snapshot{sources: map[string]*Source{}, types: map[string]types.Type{}, queries: map[string]*Query{}}
}

// Source finds a stream or table by its exact name.
func (s *Snapshot) Source(name string) (*Source, bool) {
	found, ok := s.sources[name]
	return found, ok
}

// Lookup finds a stream or table as clients mean it: by its exact name, or, for a name in
// quotes that nothing has, by its folded form. Postgres clients quote what they read in
// lower case, so "flights" finds FLIGHTS.
func (s *Snapshot) Lookup(name string, quoted bool) (*Source, bool) {
	if found, ok := s.sources[name]; ok || !quoted {
		return found, ok
	}
	found, ok := s.sources[strings.ToUpper(name)]
	return found, ok
}

// Sources lists the streams and tables by name.
func (s *Snapshot) Sources() []*Source { return sorted(s.sources) }

// Queries lists the continuous queries by id.
func (s *Snapshot) Queries() []*Query { return sorted(s.queries) }

// Query finds a continuous query by its exact id.
func (s *Snapshot) Query(id string) (*Query, bool) {
	q, ok := s.queries[id]
	return q, ok
}

// Type finds a named type.
func (s *Snapshot) Type(name string) (types.Type, bool) {
	t, ok := s.types[name]
	return t, ok
}

// Types lists the named types by name.
func (s *Snapshot) Types() []Name {
	out := make([]Name, 0, len(s.types))
	for _, name := range slices.Sorted(maps.Keys(s.types)) {
		out = append(out, Name{Name: name, Type: s.types[name]})
	}
	return out
}

// Readers lists the ids of the queries that read a source, sorted.
func (s *Snapshot) Readers(source string) []string {
	return s.queriesThat(func(q *Query) bool { return slices.Contains(q.Sources, source) })
}

// Writers lists the ids of the queries that write a source, sorted.
func (s *Snapshot) Writers(source string) []string {
	return s.queriesThat(func(q *Query) bool { return q.Sink == source })
}

func (s *Snapshot) queriesThat(hold func(*Query) bool) []string {
	var out []string
	for id, q := range s.queries {
		if hold(q) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// WithSource is the snapshot with a source added or replaced.
func (s *Snapshot) WithSource(src *Source) *Snapshot {
	out := s.clone()
	out.sources = maps.Clone(s.sources)
	out.sources[src.Name] = src
	return out
}

// WithoutSource is the snapshot without a source.
func (s *Snapshot) WithoutSource(name string) *Snapshot {
	out := s.clone()
	out.sources = maps.Clone(s.sources)
	delete(out.sources, name)
	return out
}

// WithQuery is the snapshot with a query added or replaced.
func (s *Snapshot) WithQuery(q *Query) *Snapshot {
	out := s.clone()
	out.queries = maps.Clone(s.queries)
	out.queries[q.ID] = q
	return out
}

// WithoutQuery is the snapshot without a query.
func (s *Snapshot) WithoutQuery(id string) *Snapshot {
	out := s.clone()
	out.queries = maps.Clone(s.queries)
	delete(out.queries, id)
	return out
}

// WithType is the snapshot with a named type added.
func (s *Snapshot) WithType(name string, t types.Type) *Snapshot {
	out := s.clone()
	out.types = maps.Clone(s.types)
	out.types[name] = t
	return out
}

// WithoutType is the snapshot without a named type. Sources that used it keep its
// definition.
func (s *Snapshot) WithoutType(name string) *Snapshot {
	out := s.clone()
	out.types = maps.Clone(s.types)
	delete(out.types, name)
	return out
}

func (s *Snapshot) clone() *Snapshot {
	out := *s
	return &out
}

func sorted[V any](m map[string]V) []V {
	out := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}
