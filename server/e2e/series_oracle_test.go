package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// input is what the topics of a series hold, read back after it.
type input struct {
	evs   [][]keyed[evRecord] // by partition, in order
	pays  []payRecord
	table map[string]map[string]string // topic, key: the latest value
	ever  map[string]bool              // groups that dim has ever had
	// written are the rows of INSERT by batch.
	written map[int64]map[int64]bool
	names   map[string]bool // groups and the names that they have ever had
}

type keyed[T any] struct {
	key string
	val T
}

// readInput reads the topics back. What was promised is where it was promised; no event is
// there twice.
func readInput(t *testing.T, s *server, l *load) *input {
	t.Helper()
	in := &input{evs: make([][]keyed[evRecord], seriesPartitions), table: map[string]map[string]string{}, ever: map[string]bool{}, names: map[string]bool{}, written: map[int64]map[int64]bool{}}
	twice := map[string]bool{}
	for _, topic := range []string{"ev", "pay", "dim", "extra", "groups", "names", "written"} {
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
	checkBatches(t, in, l)
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
	case "written":
		var w struct{ Batch, I int64 }
		err = json.Unmarshal(r.Value, &w)
		if in.written[w.Batch] == nil {
			in.written[w.Batch] = map[int64]bool{}
		}
		in.written[w.Batch][w.I] = true
		id = fmt.Sprint("row ", w.Batch, " ", w.I)
	default:
		if r.Value == nil {
			delete(in.table[r.Topic], string(r.Key))
			return
		}
		in.table[r.Topic][string(r.Key)] = string(r.Value)
		switch r.Topic {
		case "dim":
			in.ever[in.dim(string(r.Key)).Grp] = true
		case "groups":
			in.names[line(string(r.Key), in.field("groups", string(r.Key), "name"))] = true
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

// pairs are the joins of events and payments of one ref that are at most before and after
// apart; what has no partner counts as a pair with 0 where the join keeps it.
func (in *input) pairs(before, after int64, events, payments bool) map[string]string {
	byRef := map[string][]payRecord{}
	for _, p := range in.pays {
		byRef[p.Ref] = append(byRef[p.Ref], p)
	}
	out, met := map[string]string{}, map[int64]bool{}
	in.each(func(e evRecord) {
		found := false
		for _, p := range byRef[e.Ref] {
			if e.TS-before <= p.TS && p.TS <= e.TS+after {
				out[line(e.V, p.Amount)], found, met[p.Amount] = e.Ref, true, true
			}
		}
		if events && !found && !strings.HasPrefix(e.Ref, "end") {
			out[line(e.V, 0)] = e.Ref
		}
	})
	for _, p := range in.pays {
		if payments && !met[p.Amount] && !strings.HasPrefix(p.Ref, "paid") {
			out[line(0, p.Amount)] = p.Ref
		}
	}
	return out
}

// totals counts pairs by ref, and adds up one of their two numbers.
func totals(pairs map[string]string, number int) map[string]string {
	out := sums{}
	for pair, ref := range pairs {
		var numbers [2]int64
		_, _ = fmt.Sscan(pair, &numbers[0], &numbers[1])
		out.add(ref, numbers[number])
	}
	return out.rows()
}

func (in *input) each(fn func(evRecord)) {
	for _, partition := range in.evs {
		for _, e := range partition {
			fn(e.val)
		}
	}
}
