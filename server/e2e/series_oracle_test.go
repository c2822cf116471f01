package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"
)

// input is what the topics of a series hold, read back after it.
type input struct {
	evs   [][]keyed[evRecord] // by partition, in order
	pays  []payRecord
	table map[string]map[string]string // topic, key: the latest value
	ever  map[string]bool              // groups that dim has ever had
}

type keyed[T any] struct {
	key string
	val T
}

// readInput reads the topics back. What was promised is where it was promised; no event is
// there twice.
func readInput(t *testing.T, s *server, l *load) *input {
	t.Helper()
	in := &input{evs: make([][]keyed[evRecord], seriesPartitions), table: map[string]map[string]string{}, ever: map[string]bool{}}
	twice := map[string]bool{}
	for _, topic := range []string{"ev", "pay", "dim", "extra", "groups", "names"} {
		found := map[int32]map[int64]string{}
		in.table[topic] = map[string]string{}
		next := map[int32]int64{}
		s.consume(topic, func(r *kgo.Record) {
			if r.Offset != next[r.Partition] {
				t.Fatalf("%s-%d: offset %d follows %d", topic, r.Partition, r.Offset, next[r.Partition]-1)
			}
			next[r.Partition]++
			if found[r.Partition] == nil {
				found[r.Partition] = map[int64]string{}
			}
			found[r.Partition][r.Offset] = string(r.Key) + "=" + string(r.Value)
			in.take(t, r, twice)
		})
		for p, offsets := range l.promised[topic] {
			for at, want := range offsets {
				if got, ok := found[p][at]; got != want {
					t.Errorf("%s-%d@%d holds %q (there: %v), promised was %q", topic, p, at, got, ok, want)
				}
			}
		}
	}
	return in
}

func (in *input) take(t *testing.T, r *kgo.Record, twice map[string]bool) {
	t.Helper()
	var err error
	id := ""
	switch r.Topic {
	case "ev":
		var e evRecord
		err = json.Unmarshal(r.Value, &e)
		in.evs[r.Partition] = append(in.evs[r.Partition], keyed[evRecord]{string(r.Key), e})
		id = fmt.Sprint("event ", e.V)
	case "pay":
		var p payRecord
		err = json.Unmarshal(r.Value, &p)
		in.pays = append(in.pays, p)
		id = fmt.Sprint("payment ", p.Amount)
	default:
		if r.Value == nil {
			delete(in.table[r.Topic], string(r.Key))
			return
		}
		in.table[r.Topic][string(r.Key)] = string(r.Value)
		if r.Topic == "dim" {
			in.ever[in.dim(string(r.Key)).Grp] = true
		}
		return
	}
	if err != nil {
		t.Fatalf("%s-%d@%d: %v", r.Topic, r.Partition, r.Offset, err)
	}
	if twice[id] {
		t.Errorf("%s is there twice", id)
	}
	twice[id] = true
}

func (in *input) dim(key string) (d dimRecord) {
	_ = json.Unmarshal([]byte(in.table["dim"][key]), &d)
	return d
}

// field is one member of the latest value of a key, as text; "<nil>" when there is none.
func (in *input) field(topic, key, name string) string {
	var v map[string]any
	if json.Unmarshal([]byte(in.table[topic][key]), &v) != nil {
		return "<nil>"
	}
	return fmt.Sprint(v[name])
}

// sums counts and adds up by key.
type sums map[string][2]int64

func (s sums) add(key string, v int64) { s[key] = [2]int64{s[key][0] + 1, s[key][1] + v} }

func (s sums) rows() map[string]string {
	out := make(map[string]string, len(s))
	for k, v := range s {
		out[k] = line(v[0], v[1])
	}
	return out
}

// windows counts events by key and window, in the order of each partition, and forgets
// what comes later than grace after its window: Kafka Streams' rule, window end + grace
// <= stream time.
func (in *input) windows(size, advance, grace int64) sums {
	out := sums{}
	for _, partition := range in.evs {
		streamTime := int64(0)
		for _, e := range partition {
			streamTime = max(streamTime, e.val.TS)
			for start := e.val.TS / advance * advance; start > e.val.TS-size; start -= advance {
				if start+size+grace > streamTime {
					out.add(line(e.key, start), e.val.V)
				}
			}
		}
	}
	return out
}

// finals are the windows that stream time has left behind.
func (in *input) finals(size, grace int64) map[string]string {
	all := in.windows(size, size, grace).rows()
	for _, partition := range in.evs {
		streamTime := int64(0)
		for _, e := range partition {
			streamTime = max(streamTime, e.val.TS)
		}
		for _, e := range partition {
			if start := e.val.TS / size * size; start+size+grace > streamTime {
				delete(all, line(e.key, start))
			}
		}
	}
	return all
}

// sessions groups the events of each key by gaps of more than gap.
func (in *input) sessions(gap int64) map[string]string {
	byKey := map[string][]evRecord{}
	for _, partition := range in.evs {
		for _, e := range partition {
			byKey[e.key] = append(byKey[e.key], e.val)
		}
	}
	out := sums{}
	for key, events := range byKey {
		slices.SortFunc(events, func(a, b evRecord) int { return int(a.TS - b.TS) })
		start, last := events[0].TS, events[0].TS
		for _, e := range events {
			if e.TS > last+gap {
				start = e.TS
			}
			last = e.TS
			out.add(line(key, start), e.V)
		}
	}
	return out.rows()
}

// pairs are the joins of events and payments of one ref that are at most within apart; an
// event without a partner counts as a pair with 0 when outer is set.
func (in *input) pairs(within int64, outer bool) map[string]string {
	byRef := map[string][]payRecord{}
	for _, p := range in.pays {
		byRef[p.Ref] = append(byRef[p.Ref], p)
	}
	out := map[string]string{}
	in.each(func(e evRecord) {
		found := false
		for _, p := range byRef[e.Ref] {
			if p.TS-e.TS <= within && e.TS-p.TS <= within {
				out[line(e.V, p.Amount)], found = e.Ref, true
			}
		}
		if outer && !found && !strings.HasPrefix(e.Ref, "end") {
			out[line(e.V, 0)] = e.Ref
		}
	})
	return out
}

func (in *input) each(fn func(evRecord)) {
	for _, partition := range in.evs {
		for _, e := range partition {
			fn(e.val)
		}
	}
}

// checkSeries compares everything that the queries made with the input.
func checkSeries(t *testing.T, s *server, in *input, when string) {
	t.Helper()
	c := s.psql()
	s.exec(c, "SET read_consistency = strict")
	refs, paid := sums{}, sums{}
	in.each(func(e evRecord) { refs.add(e.Ref, e.V) })
	perGroup := sums{}
	dims, dimGroups := map[string]string{}, map[string]string{}
	for k := range in.table["dim"] {
		d := in.dim(k)
		perGroup.add(d.Grp, d.X)
		if y := in.field("extra", k, "y"); y != "<nil>" {
			dims[k] = line(d.X, y)
		}
		dimGroups[k] = line(in.field("groups", d.Grp, "name"), d.X)
	}
	groups := perGroup.rows()
	for g := range in.ever { // ksqlDB keeps a group that has been left by all
		if _, ok := groups[g]; !ok {
			groups[g] = line(0, 0)
		}
	}
	for pair, ref := range in.pairs(2000, false) {
		var v, amount int64
		_, _ = fmt.Sscan(pair, &v, &amount)
		paid.add(ref, amount)
	}
	maybe := sums{}
	for pair, ref := range in.pairs(maybeWithin, true) {
		var v, amount int64
		_, _ = fmt.Sscan(pair, &v, &amount)
		maybe.add(ref, v)
	}
	for _, v := range []struct {
		keys int
		sql  string
		want map[string]string
	}{
		{1, "SELECT ref, n, total FROM by_ref", refs.rows()},
		{2, "SELECT k, windowstart, n, total FROM tumbling", in.windows(2000, 2000, 3000).rows()},
		{2, "SELECT k, windowstart, n, total FROM hopping", in.windows(4000, 2000, 1<<50).rows()},
		{2, "SELECT k, windowstart, n, total FROM finals", in.finals(2000, 3000)},
		{2, "SELECT k, windowstart, n, total FROM sessions", in.sessions(300)},
		{1, "SELECT ref, n, total FROM paid_by_ref", paid.rows()},
		{1, "SELECT ref, n, total FROM maybe_by_ref", maybe.rows()},
		{1, "SELECT k, x, y FROM dims", dims},
		{1, "SELECT k, name, x FROM dim_groups", dimGroups},
		{1, "SELECT grp, n, total FROM per_group", groups},
	} {
		got, err := table(c, v.keys, v.sql)
		if err != nil {
			t.Errorf("%s, %s: %v\n%s", v.sql, when, err, s.log())
			continue
		}
		same(t, v.sql+", "+when, got, v.want)
	}
	checkSeriesStreams(t, s, in, c, when)
}

// checkSeriesStreams compares the streams: each result is there, once.
func checkSeriesStreams(t *testing.T, s *server, in *input, c *pgx.Conn, when string) {
	t.Helper()
	even, named := map[string]string{}, map[string]string{}
	in.each(func(e evRecord) {
		if e.V%2 == 0 {
			even[line(e.V, 0)] = ""
		}
		if name := in.field("names", e.G, "NAME"); name != "<nil>" {
			named[line(e.V, 0)] = name
		}
	})
	for _, st := range []struct {
		topic string
		want  map[string]string
	}{{"EVEN", even}, {"NAMED", named}, {"PAID", in.pairs(2000, false)}, {"MAYBE_PAID", in.pairs(maybeWithin, true)}} {
		got := map[string]string{}
		s.consume(st.topic, func(r *kgo.Record) {
			var v struct {
				V, Amount int64
				Ref, Name string
			}
			if err := json.Unmarshal(r.Value, &v); err != nil {
				t.Fatalf("%s: %v", st.topic, err)
			}
			key := line(v.V, v.Amount)
			if _, ok := got[key]; ok {
				t.Errorf("%s: %s is in it twice, %s", st.topic, key, when)
			}
			got[key] = v.Name
			if strings.HasSuffix(st.topic, "PAID") {
				got[key] = string(r.Key)
			}
		})
		same(t, st.topic+", "+when, got, st.want)
	}
}
