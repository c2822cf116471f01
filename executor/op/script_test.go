package op_test

import (
	"strings"
	"testing"

	"tailrace/executor/check"
	"tailrace/executor/chunk"
	"tailrace/executor/chunk/chunktest"
	"tailrace/executor/op"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/state"
)

// play pushes chunks (separated by "; ") and returns what comes out on one line.
func play(t *testing.T, o op.Operator, in, out types.Schema, rows string) string {
	t.Helper()
	var got []string
	emit := check.Emitter(out, chunk.EmitFunc(func(c *chunk.Chunk) error {
		got = append(got, chunktest.Line(c))
		return nil
	}))
	for _, text := range strings.Split(rows, "; ") {
		c, err := chunktest.Rows(in, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Push(op.Left, c, emit); err != nil {
			t.Fatal(err)
		}
		if err := o.Flush(emit); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(got, "; ")
}

func mustSchema(t *testing.T, text string) types.Schema {
	t.Helper()
	s, err := chunktest.Schema(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// over is the predicate x > limit; NULL is not.
func over(column int, limit int32) op.Predicate {
	return op.PredicateFunc(func(in *chunk.Chunk) (vector.Bitmap, error) {
		keep := vector.NewBitmap(in.N)
		for i := range in.N {
			if v := in.Cols[column]; !v.IsNull(i) && v.I32[i] > limit {
				keep.Set(i)
			}
		}
		return keep, nil
	})
}

func TestFilter(t *testing.T) {
	for _, c := range []struct{ rule, in, want string }{
		{"a chunk that qualifies passes", "+ 9 | + 8", "+ 9 | + 8"},
		{"NULL counts as false", "+ null | + 9", "+ 9"},
		{"nothing qualifies, nothing is emitted", "+ 1; + 9", "+ 9"},
		{"a row without a value never qualifies", "+ ~ | + 9", "+ 9"},
		{"update into the set is an insert", "U- 1 | U+ 9", "+ 9"},
		{"update out of the set is a delete, when the new row came", "U- 9 @1 | U+ 1 @2", "- 9 @2"},
		{"update inside of the set stays one", "U- 8 | U+ 9 | + 1", "U- 8 | U+ 9"},
		{"update outside of the set is nothing", "U- 1 | U+ 2 | + 9", "+ 9"},
		{"deletion of a row that qualified", "- 9 | - 1", "- 9"},
		{"deletion of a row that nobody knew", "- ~ | + 9", "+ 9"},
	} {
		s := mustSchema(t, "x int")
		if got := play(t, op.NewFilter(over(0, 5)), s, s, c.in); got != c.want {
			t.Errorf("%s: Filter(x > 5) of %s\n got %s\nwant %s", c.rule, c.in, got, c.want)
		}
	}
}

func TestRekey(t *testing.T) {
	in, out := mustSchema(t, "k int key, g string"), mustSchema(t, "g string key, k int, g_1 string")
	for _, c := range []struct {
		rule     string
		drop     bool
		in, want string
	}{
		{"the new key comes first, all else is value", true, "+ 1 a", "+ a 1 a"},
		{"GROUP BY leaves out NULL groups and rows without a value", true, "+ 1 null | + 2 ~ | + 3 a", "+ a 3 a"},
		{"PARTITION BY keeps them, with a NULL key", false, "+ 1 null | + 3 a", "+ null 1 null | + a 3 a"},
		{"a key of the value is NULL without a value", false, "+ 2 ~", "+ null ~"},
		{"an update of the same key stays one", true, "U- 1 a | U+ 1 a", "U- a 1 a | U+ a 1 a"},
		{"an update to another key is a delete and an insert", true, "U- 1 a | U+ 1 b", "- a 1 a | + b 1 b"},
		{"an update to no key is a delete", true, "U- 1 a | U+ 1 null", "- a 1 a"},
		{"an update from no key is an insert", true, "U- 1 null | U+ 1 b", "+ b 1 b"},
	} {
		o := op.NewRekey(out, []op.Eval{op.Column(1)}, op.NullRule{Drop: c.drop, OfValue: []bool{true}}, nil)
		if got := play(t, o, in, out, c.in); got != c.want {
			t.Errorf("%s: Rekey of %s\n got %s\nwant %s", c.rule, c.in, got, c.want)
		}
	}
}

func TestPrevious(t *testing.T) {
	s := mustSchema(t, "k int key, x int")
	for _, c := range []struct{ rule, in, want string }{
		{"the first row of a key is an insert", "U+ 1 10", "+ 1 10"},
		{"the next is an update of what was there", "U+ 1 10 @1 | U+ 1 11 @2", "+ 1 10 @1 | U- 1 10 @2 | U+ 1 11 @2"},
		{"a deletion carries the row", "U+ 1 10; - 1 ~ @3", "+ 1 10; - 1 10 @3"},
		{"a deletion of a row that is not there says so", "- 1 ~", "- 1 ~"},
		{"after a deletion comes an insert", "U+ 1 10; - 1 ~; U+ 1 12", "+ 1 10; - 1 10; + 1 12"},
	} {
		p, err := op.NewPrevious(s, state.NewTask(nil), "p", state.AllBits)
		if err != nil {
			t.Fatal(err)
		}
		if got := play(t, p, s, s, c.in); got != c.want {
			t.Errorf("%s: Previous of %s\n got %s\nwant %s", c.rule, c.in, got, c.want)
		}
	}
}

func TestFlatMapPadsTheShorter(t *testing.T) {
	in, out := mustSchema(t, "x int"), mustSchema(t, "x int, a int, b int")
	series := func(args []types.Value) ([]types.Value, error) {
		var r []types.Value
		for i := int32(1); args[0] != nil && i <= args[0].(int32); i++ {
			r = append(r, i)
		}
		return r, nil
	}
	twice := func(args []types.Value) ([]types.Value, error) { return []types.Value{args[0], args[0]}, nil }
	o := op.NewFlatMap(out, []op.TableCall{{Args: []op.Eval{op.Column(0)}, Expand: series}, {Args: []op.Eval{op.Column(0)}, Expand: twice}}, nil)
	if got, want := play(t, o, in, out, "+ 3 @1 | + ~ | + 1"), "+ 3 1 3 @1 | + 3 2 3 @1 | + 3 3 null @1 | + 1 1 1 | + 1 null 1"; got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}
