package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
)

// answer is a query over a view, how many columns its rows are told apart by, and what it must
// give.
type answer struct {
	keys int
	sql  string
	want map[string]string
}

const forever = int64(1) << 50 // milliseconds of grace

// checkSeries compares everything that the queries made with the input.
func checkSeries(t *testing.T, s *server, in *input, when string) {
	t.Helper()
	c := s.psql()
	s.exec(c, "SET read_consistency = strict")
	for _, v := range slices.Concat(in.aggregates(), in.windowed(), in.joined(), in.changing()) {
		got, err := table(c, v.keys, v.sql)
		if err != nil {
			t.Errorf("%s, %s: %v\n%s", v.sql, when, err, s.log())
			continue
		}
		same(t, v.sql+", "+when, got, v.want)
	}
	checkSeriesStreams(t, s, in, c, when)
}

func (in *input) aggregates() []answer {
	refs, some, counts := sums{}, map[string]string{}, sums{}
	in.each(func(e evRecord) { refs.add(e.Ref, e.V) })
	byKey := map[string][]evRecord{}
	for _, partition := range in.evs {
		for _, e := range partition {
			byKey[e.key] = append(byKey[e.key], e.val)
		}
	}
	all := map[string]string{}
	for k, events := range byKey {
		var vs []int64
		total, kinds := int64(0), map[string]bool{}
		for _, e := range events {
			vs, total, kinds[e.G] = append(vs, e.V), total+e.V, true
		}
		n, first, last := int64(len(vs)), vs[0], vs[len(vs)-1]
		slices.Sort(vs)
		top := slices.Clone(vs[max(0, len(vs)-3):])
		slices.Reverse(top)
		all[k] = line(n, vs[0], vs[len(vs)-1], float64(total)/float64(n), first, last, len(kinds), top)
		if total%2 == 0 {
			some[k] = line(n, total)
			counts.add(fmt.Sprint(n%3), total)
		}
	}
	batches := map[string]string{}
	for batch, rows := range in.written {
		total := int64(0)
		for i := range rows {
			total += i
		}
		batches[fmt.Sprint(batch)] = line(len(rows), total)
	}
	return []answer{
		{1, "SELECT ref, n, total FROM by_ref", refs.rows()},
		{1, "SELECT k, n, low, high, mean, first, last, kinds, top FROM by_key", all},
		{1, "SELECT k, n, total FROM some_keys", some},
		{1, "SELECT m, n, total FROM by_count WHERE n > 0", counts.rows()},
		{1, "SELECT m, n, total FROM by_count WHERE n < 0 OR n = 0 AND total <> 0", nil},
		{1, "SELECT batch, n, total FROM by_batch", batches},
	}
}

func (in *input) windowed() []answer {
	of := func(key, view string) string { return "SELECT " + key + ", windowstart, n, total FROM " + view }
	sessionsOf := func(view string) string { return "SELECT k, windowstart, windowend, n, total FROM " + view }
	sessions, _ := in.sessions(300, forever)
	brief, finals := in.sessions(300, 1000)
	return []answer{
		{2, of("k", "tumbling"), in.windows(2000, 2000, 3000).rows()},
		{2, of("k", "hopping"), in.windows(4000, 2000, forever).rows()},
		{2, of("g", "kind_windows"), in.kindWindows(2000).rows()},
		{2, of("k", "finals"), in.finals(2000, 2000, 3000)},
		{2, of("k", "hopping_finals"), in.finals(4000, 2000, 3000)},
		{3, sessionsOf("sessions"), sessions},
		{3, sessionsOf("brief_sessions"), brief},
		{3, sessionsOf("session_finals"), finals},
	}
}

func (in *input) joined() []answer {
	return []answer{
		{1, "SELECT ref, n, total FROM paid_by_ref", totals(in.pairs(2000, 2000, false, false), 1)},
		{1, "SELECT ref, n, total FROM maybe_by_ref", totals(in.pairs(maybeWithin, maybeWithin, true, false), 0)},
		{1, "SELECT ref, n, total FROM right_by_ref", totals(in.pairs(maybeWithin, maybeWithin, false, true), 1)},
		{1, "SELECT ref, n, total FROM full_by_ref", totals(in.pairs(maybeWithin, maybeWithin, true, true), 1)},
	}
}

// changing are the views over tables.
func (in *input) changing() []answer {
	perGroup, perName := sums{}, sums{}
	inner, left, right, full := map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	large, largeDims, groups, named := map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	for k := range in.table["dim"] {
		d := in.dim(k)
		y, name := in.field("extra", k, "y"), in.field("groups", d.Grp, "name")
		perGroup.add(d.Grp, d.X)
		left[k], groups[k] = line(d.X, y), line(name, d.X)
		if y != "<nil>" {
			inner[k] = line(d.X, y)
		}
		if name != "<nil>" {
			named[k] = line(name, d.X)
			perName.add(name, d.X)
		}
		if d.X >= 500 {
			large[k] = line(d.Grp, d.X)
			if y != "<nil>" {
				largeDims[k] = line(d.X, y)
			}
		}
	}
	for k := range in.table["extra"] {
		right[k] = line("<nil>", in.field("extra", k, "y"))
	}
	maps.Copy(right, inner)
	maps.Copy(full, right)
	maps.Copy(full, left)
	everyGroup := perGroup.rows()
	for g := range in.ever { // ksqlDB keeps a group that has been left by all
		if _, ok := everyGroup[g]; !ok {
			everyGroup[g] = line(0, 0)
		}
	}
	return []answer{
		{1, "SELECT k, x, y FROM dims", inner},
		{1, "SELECT k, x, y FROM dims_left", left},
		{1, "SELECT k, x, y FROM dims_right", right},
		{1, "SELECT k, x, y FROM dims_full", full},
		{1, "SELECT k, grp, x FROM large", large},
		{1, "SELECT k, x, y FROM large_dims", largeDims},
		{1, "SELECT k, name, x FROM dim_groups", groups},
		{1, "SELECT k, name, x FROM dim_named", named},
		{1, "SELECT grp, n, total FROM per_group", everyGroup},
		{1, "SELECT name, n, total FROM per_name WHERE n > 0", perName.rows()},
		{1, "SELECT name, n, total FROM per_name WHERE n < 0 OR n = 0 AND total <> 0", nil},
	}
}

// stream is a topic that a query writes: its records by (v, amount) and what they must say. What
// may be late may be missing.
type stream struct {
	topic string
	want  map[string]string
	says  func(*kgo.Record, streamRecord) string
	late  bool
}

type streamRecord struct {
	V, Amount int64
	Name      string
}

// checkSeriesStreams compares the streams: each result is there, once. The reads that make
// sure that they are complete are strict, so are those of views over them before.
func checkSeriesStreams(t *testing.T, s *server, in *input, c *pgx.Conn, when string) {
	t.Helper()
	nothing := func(*kgo.Record, streamRecord) string { return "" }
	name := func(_ *kgo.Record, r streamRecord) string { return r.Name }
	key := func(r *kgo.Record, _ streamRecord) string { return string(r.Key) }
	either := func(r *kgo.Record, v streamRecord) string { // the name that the group had at some time
		if v.Name == "" || in.names[line(string(r.Key), v.Name)] {
			return "a name of its group"
		}
		return string(r.Key) + " is " + v.Name
	}
	for _, st := range slices.Concat(in.streams(nothing, name, key, either), []stream{
		{"PAID", in.pairs(2000, 2000, false, false), key, false},
		{"MAYBE_PAID", in.pairs(maybeWithin, maybeWithin, true, false), key, false},
		{"RIGHT_PAID", in.pairs(maybeWithin, maybeWithin, false, true), key, false},
		{"FULL_PAID", in.pairs(maybeWithin, maybeWithin, true, true), key, false},
		{"KEYED_PAID", in.pairs(1000, 3000, false, false), key, true},
	}) {
		if _, err := c.Exec(t.Context(), "SELECT COUNT(*) FROM "+st.topic); err != nil {
			t.Errorf("%s, %s: %v", st.topic, when, err)
		}
		got := map[string]string{}
		s.consume(st.topic, func(r *kgo.Record) {
			var v streamRecord
			if err := json.Unmarshal(r.Value, &v); err != nil {
				t.Fatalf("%s: %v", st.topic, err)
			}
			id := line(v.V, v.Amount)
			if _, ok := got[id]; ok {
				t.Errorf("%s: %s is in it twice, %s", st.topic, id, when)
			}
			got[id] = st.says(r, v)
		})
		if st.late {
			maps.DeleteFunc(st.want, func(id, _ string) bool { return got[id] == "" })
		}
		same(t, st.topic+", "+when, got, st.want)
	}
}

// streams are those of single records.
func (in *input) streams(nothing, name, key, either func(*kgo.Record, streamRecord) string) []stream {
	even, dressed, exploded, named := map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	grouped, both := map[string]string{}, map[string]string{}
	for _, partition := range in.evs {
		for _, k := range partition {
			e := k.val
			one := line(e.V, 0)
			if e.V%2 == 0 {
				even[one] = ""
			}
			if e.V%3 == 0 {
				both[one] = ""
			}
			if e.V%4 == 0 {
				exploded[line(e.V, e.V+1)], exploded[line(e.V, e.V+2)] = k.key, k.key
			}
			if len(e.G) > 1 && e.V%7 != 0 {
				amount := int64(len(e.Ref))
				if e.V%3 == 0 {
					amount = max(e.V-1000, 1000-e.V)
				}
				dressed[line(e.V, amount)] = strings.ToUpper(k.key) + "/" + e.G[1:]
			}
			if n := in.field("names", e.G, "NAME"); n != "<nil>" {
				named[one] = n
			}
			grouped[one] = "a name of its group"
		}
	}
	for _, p := range in.pays {
		both[line(-p.Amount, 0)] = ""
	}
	return []stream{
		{"EVEN", even, nothing, false},
		{"DRESSED", dressed, name, false},
		{"EXPLODED", exploded, key, false},
		{"NAMED", named, name, false},
		{"GROUPED", grouped, either, false},
		{"BOTH_KINDS", both, nothing, false},
	}
}
