package catalog

import (
	"slices"
	"strings"

	"tailrace/sql/sqlerr"
)

// CheckDrop says why a source may not be dropped: other streams and tables, or queries,
// read or write it. Its own query (CREATE ... AS) is no reason; it ends with the source.
func (s *Snapshot) CheckDrop(name string) error {
	src, ok := s.sources[name]
	if !ok {
		return nil
	}
	var built, readers, writers []string
	for _, id := range s.Readers(name) {
		if id == src.CreatedBy {
			continue
		}
		if q := s.queries[id]; s.sources[q.Sink] != nil && s.sources[q.Sink].CreatedBy == id {
			built = append(built, q.Sink)
			continue
		}
		readers = append(readers, id)
	}
	for _, id := range s.Writers(name) {
		if id != src.CreatedBy {
			writers = append(writers, id)
		}
	}
	if len(built) > 0 {
		slices.Sort(built)
		return sqlerr.New(sqlerr.DependentObjects, "Cannot drop %s.\nThe following streams and/or tables read from this source: [%s].\n"+
			"You need to drop them before dropping %s.", name, strings.Join(built, ", "), name)
	}
	if len(readers)+len(writers) > 0 {
		return sqlerr.New(sqlerr.DependentObjects, "Cannot drop %s.\nThe following queries read from this source: [%s].\n"+
			"The following queries write into this source: [%s].\nYou need to terminate them before dropping %s.",
			name, strings.Join(readers, ", "), strings.Join(writers, ", "), name)
	}
	return nil
}

// Nearest is the name of the source that a mistyped name most likely means, or "".
func (s *Snapshot) Nearest(name string) string {
	var names []string
	for _, src := range s.Sources() {
		names = append(names, src.Name)
	}
	return sqlerr.Closest(name, names)
}
