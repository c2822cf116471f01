package pgcatalog

import (
	"slices"
	"strings"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/sqlerr"
)

// aggregate is a call of an aggregate function; its result is frame.aggs[slot].
type aggregate struct {
	name     string
	args     []*expr
	distinct bool
	orders   []syntax.Order
	keys     []*expr
	filter   *expr
	pos      int
}

// aggregates are the functions and their result types by that of the argument.
var aggregates = map[string]func(arg typ) typ{
	"count": func(typ) typ { return int8Type },
	"sum": func(t typ) typ {
		if t.shape() == isFloat {
			return t
		}
		return int8Type
	},
	"avg": func(typ) typ { return floatType }, "min": sameType, "max": sameType,
	"array_agg": arrayOf, "string_agg": func(typ) typ { return textType },
	"bool_or": sameType, "bool_and": sameType, "every": sameType,
}

func sameType(t typ) typ { return t }

func (s *scope) aggregate(c *syntax.Call) (*expr, error) {
	if s.noAggs != "" {
		return nil, sqlerr.New(sqlerr.GroupingError, "aggregate functions are not allowed in %s", s.noAggs).At(c.Pos())
	}
	a := &aggregate{name: c.Name, distinct: c.Distinct, orders: c.OrderBy, pos: c.Pos()}
	s.noAggs = "the arguments of aggregates"
	defer func() { s.noAggs = "" }()
	var err error
	if a.args, err = s.values(c.Args); err != nil {
		return nil, err
	}
	want := 1
	switch {
	case c.Name == "string_agg":
		want = 2
	case c.Star:
		want = 0
	}
	if len(a.args) != want || c.Star && c.Name != "count" {
		return nil, undefinedFunction(c, a.args)
	}
	arg := int8Type
	for i := range a.args {
		if a.args[i], err = s.settle(a.args[i]); err != nil {
			return nil, err
		}
	}
	if len(a.args) > 0 {
		arg = a.args[0].typ
	}
	for _, o := range c.OrderBy {
		k, err := s.value(o.Expr)
		if err != nil {
			return nil, err
		}
		a.keys = append(a.keys, k)
	}
	if c.Filter != nil {
		if a.filter, err = s.condition(c.Filter, "FILTER"); err != nil {
			return nil, err
		}
	}
	slot := len(s.aggs)
	s.aggs = append(s.aggs, a)
	return &expr{typ: aggregates[c.Name](arg), pos: c.Pos(), eval: func(f *frame) (any, error) { return f.aggs[slot], nil }}, nil
}

// group is one group: the rows that the frame stood on for its first member, which stand
// for the columns that are grouped by, and what the aggregates have taken in.
type group struct {
	rows   [][]any
	counts []int64
	taken  [][]output // the arguments, with sort keys
}

// eachGroup puts the rows of FROM into groups and yields with the frame on each.
func (sel *selection) eachGroup(f *frame, yield func() error) error {
	aggs := sel.scope.aggs
	groups, order := map[string]*group{}, []*group{}
	err := sel.from.each(f, func() error {
		k, err := evalAll(sel.group, f)
		if err != nil {
			return err
		}
		name := keys(k)
		g := groups[name]
		if g == nil {
			g = newGroup(f, len(aggs))
			groups[name], order = g, append(order, g)
		}
		return g.take(aggs, f)
	})
	if err != nil {
		return err
	}
	if len(sel.group) == 0 && len(order) == 0 {
		order = append(order, newGroup(f, len(aggs)))
	}
	each := func(f *frame, yield func() error) error {
		for _, g := range order {
			f.rows = g.rows
			if f.aggs, err = g.results(aggs); err != nil {
				return err
			}
			if sel.having != nil {
				if ok, err := holds(f, []*expr{sel.having}); err != nil {
					return err
				} else if !ok {
					continue
				}
			}
			if err := yield(); err != nil {
				return err
			}
		}
		return nil
	}
	if len(sel.scope.windows) > 0 {
		return sel.eachWindowed(f, each, yield)
	}
	return each(f, yield)
}

func newGroup(f *frame, aggs int) *group {
	return &group{rows: slices.Clone(f.rows), counts: make([]int64, aggs), taken: make([][]output, aggs)}
}

func evalAll(list []*expr, f *frame) ([]any, error) {
	out := make([]any, len(list))
	for i, e := range list {
		v, err := e.eval(f)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (g *group) take(aggs []*aggregate, f *frame) error {
	for i, a := range aggs {
		if a.filter != nil {
			if ok, err := holds(f, []*expr{a.filter}); err != nil {
				return err
			} else if !ok {
				continue
			}
		}
		g.counts[i]++
		if len(a.args) == 0 {
			continue
		}
		args, err := evalAll(a.args, f)
		if err != nil {
			return err
		}
		if args[0] == nil && a.name != "array_agg" {
			continue
		}
		order, err := evalAll(a.keys, f)
		if err != nil {
			return err
		}
		g.taken[i] = append(g.taken[i], output{row: args, keys: order})
	}
	return nil
}

func (g *group) results(aggs []*aggregate) ([]any, error) {
	out := make([]any, len(aggs))
	for i, a := range aggs {
		taken := g.taken[i]
		if a.distinct {
			seen := map[any]bool{}
			taken = slices.DeleteFunc(slices.Clone(taken), func(o output) bool {
				k := key(o.row[0])
				was := seen[k]
				seen[k] = true
				return was
			})
		}
		sortOutput(taken, a.orders)
		switch {
		case a.name == "count" && len(a.args) == 0:
			out[i] = g.counts[i]
		case a.name == "count":
			out[i] = int64(len(taken))
		case len(taken) > 0:
			out[i] = a.fold(taken)
		}
	}
	return out, nil
}

// fold is the result over at least one row.
func (a *aggregate) fold(taken []output) any {
	first := taken[0].row[0]
	switch a.name {
	case "array_agg":
		out := make(array, len(taken))
		for i, o := range taken {
			out[i] = o.row[0]
		}
		return out
	case "string_agg":
		var b strings.Builder
		for i, o := range taken {
			if i > 0 {
				b.WriteString(text(o.row[1]))
			}
			b.WriteString(text(o.row[0]))
		}
		return b.String()
	case "sum", "avg":
		var n int64
		var x float64
		for _, o := range taken {
			v, _ := number(o.row[0])
			x += v
			if i, ok := o.row[0].(int64); ok {
				n += i
			}
		}
		if a.name == "avg" {
			return x / float64(len(taken))
		}
		if _, ok := first.(int64); ok {
			return n
		}
		return x
	}
	for _, o := range taken[1:] {
		c := compare(o.row[0], first)
		switch a.name {
		case "min", "bool_and", "every":
			c = -c
		}
		if c > 0 {
			first = o.row[0]
		}
	}
	return first
}

// window is a call with OVER; its result is frame.windows[slot].
type window struct {
	name      string
	partition []*expr
	orders    []syntax.Order
	keys      []*expr
}

func (s *scope) window(c *syntax.Call) (*expr, error) {
	w := &window{name: c.Name, orders: c.Over.OrderBy}
	switch {
	case c.Name == "row_number", c.Name == "rank", c.Name == "dense_rank", c.Name == "count" && c.Star:
	default:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "window function %s is not supported over the catalog", c.Name).At(c.Pos())
	}
	var err error
	if w.partition, err = s.values(c.Over.Partition); err != nil {
		return nil, err
	}
	for _, o := range c.Over.OrderBy {
		k, err := s.value(o.Expr)
		if err != nil {
			return nil, err
		}
		w.keys = append(w.keys, k)
	}
	slot := len(s.windows)
	s.windows = append(s.windows, w)
	return &expr{typ: int8Type, pos: c.Pos(), eval: func(f *frame) (any, error) {
		if slot < len(f.windows) {
			return f.windows[slot], nil
		}
		return nil, nil
	}}, nil
}

// snapshot is where a frame stood.
type snapshot struct {
	rows    [][]any
	aggs    []any
	windows []any
}

// eachWindowed gathers all rows, numbers them within their windows, and yields for each.
func (sel *selection) eachWindowed(f *frame, each func(*frame, func() error) error, yield func() error) error {
	var all []*snapshot
	err := each(f, func() error {
		all = append(all, &snapshot{rows: slices.Clone(f.rows), aggs: f.aggs, windows: make([]any, len(sel.scope.windows))})
		return f.ex.room(len(all))
	})
	if err != nil {
		return err
	}
	for slot, w := range sel.scope.windows {
		if err := w.number(f, all, slot); err != nil {
			return err
		}
	}
	for _, at := range all {
		f.rows, f.aggs, f.windows = at.rows, at.aggs, at.windows
		if err := yield(); err != nil {
			return err
		}
	}
	return nil
}

// number fills one window's slot of all rows.
func (w *window) number(f *frame, all []*snapshot, slot int) error {
	type member struct {
		at   *snapshot
		keys []any
	}
	partitions := map[string][]member{}
	for _, at := range all {
		f.rows, f.aggs = at.rows, at.aggs
		p, err := evalAll(w.partition, f)
		if err != nil {
			return err
		}
		k, err := evalAll(w.keys, f)
		if err != nil {
			return err
		}
		partitions[keys(p)] = append(partitions[keys(p)], member{at, k})
	}
	for _, list := range partitions {
		slices.SortStableFunc(list, func(a, b member) int { return compareKeys(a.keys, b.keys, w.orders) })
		rank, dense := int64(0), int64(0)
		for i, m := range list {
			if i == 0 || compareKeys(list[i-1].keys, m.keys, w.orders) != 0 {
				rank, dense = int64(i+1), dense+1
			}
			m.at.windows[slot] = map[string]int64{"row_number": int64(i + 1), "rank": rank, "dense_rank": dense, "count": int64(len(list))}[w.name]
		}
	}
	return nil
}
