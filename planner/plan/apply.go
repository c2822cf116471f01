package plan

import (
	"fmt"
	"slices"

	"tailrace/sql/catalog"
	"tailrace/sql/types"
)

// Apply is the catalog after a command. It is a pure function, so replaying the command
// log gives the same catalog everywhere. It fails only on a log that contradicts itself.
func Apply(s *catalog.Snapshot, c *Command) (*catalog.Snapshot, error) {
	if c.Create != nil {
		src := c.Create.Source
		s = s.WithSource(&src)
	}
	if c.Query != nil {
		s = s.WithQuery(c.Query.Catalog())
	}
	switch {
	case c.Drop != nil:
		s = s.WithoutSource(c.Drop.Name)
		if c.Drop.Query != "" {
			s = s.WithoutQuery(c.Drop.Query)
		}
	case c.Alter != nil:
		return alter(s, c.Alter)
	case c.Type != nil:
		s = s.WithType(c.Type.Name, c.Type.Type)
	case c.Untype != nil:
		s = s.WithoutType(c.Untype.Name)
	case c.Control != nil:
		return control(s, c.Control)
	}
	return s, nil
}

// Catalog is the query as the catalog keeps it.
func (q *Query) Catalog() *catalog.Query {
	out := &catalog.Query{ID: q.ID, Kind: string(q.Kind), Statement: q.Statement, Sources: q.Sources}
	if q.Sink != nil {
		out.Sink = q.Sink.Name
	}
	return out
}

func alter(s *catalog.Snapshot, a *AlterSource) (*catalog.Snapshot, error) {
	old, ok := s.Source(a.Name)
	if !ok {
		return nil, fmt.Errorf("the command log alters %s, which does not exist", a.Name)
	}
	src := *old
	src.Schema = types.Schema{Columns: slices.Concat(old.Schema.Columns, a.Add)}
	return s.WithSource(&src), nil
}

func control(s *catalog.Snapshot, c *QueryControl) (*catalog.Snapshot, error) {
	for _, id := range c.Queries {
		q, ok := s.Query(id)
		if !ok {
			return nil, fmt.Errorf("the command log controls query %s, which does not exist", id)
		}
		if c.Verb == Terminate {
			s = s.WithoutQuery(id)
			continue
		}
		changed := *q
		changed.Paused = c.Verb == Pause
		s = s.WithQuery(&changed)
	}
	return s, nil
}
