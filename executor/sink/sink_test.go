package sink_test

import (
	"fmt"
	"strings"
	"testing"

	"tailrace/executor/chunk"
	"tailrace/executor/sink"
	"tailrace/executor/source"
	"tailrace/sql/types"
	"tailrace/storage/record"
	"tailrace/storage/serde"
)

// TestChangesComeBack: the changes of a table that go through an internal topic come back as
// they were, with the headers of their records, whatever these are called; the halves of an
// update share a batch, however full it is.
func TestChangesComeBack(t *testing.T) {
	schema := types.Schema{Columns: []types.Column{
		{Name: "K", Type: types.IntType, In: types.InKey}, {Name: "V", Type: types.StringType, In: types.InValue}}}
	k, err := sink.New(sink.Spec{Topic: "t", Schema: schema, Key: serde.Format{Name: "KAFKA"}, Value: serde.Format{Name: "JSON"},
		Table: true, Changes: true, Partitions: 1, BatchBytes: 200})
	if err != nil {
		t.Fatal(err)
	}
	b := chunk.NewBuilder(schema)
	var want []string
	var headers [][]record.RecordHeader
	add := func(op chunk.Op, key int32, v string, header string) {
		b.Cols()[0].AppendValue(key)
		b.Cols()[1].AppendValue(v)
		b.End(op, int64(len(want)))
		var h []record.RecordHeader
		if header != "" {
			h = []record.RecordHeader{{Key: []byte("op"), Value: []byte(header)}}
		}
		headers = append(headers, h)
		want = append(want, fmt.Sprint(op, key, v, header))
	}
	for i := range 20 {
		add(chunk.Insert, int32(i), "new", []string{"", "-", "U-"}[i%3])
		add(chunk.UpdateBefore, int32(i), "old", "+")
		add(chunk.UpdateAfter, int32(i), strings.Repeat("x", i*7), "")
		add(chunk.Delete, int32(i), "gone", "U+")
	}
	if err := b.Flush(chunk.EmitFunc(func(c *chunk.Chunk) error {
		c.Headers = headers
		return k.Emit(c)
	})); err != nil {
		t.Fatal(err)
	}
	batches, err := k.Take(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(batches) < 10 {
		t.Fatalf("only %d batches: the limit does not matter", len(batches))
	}
	dec, err := source.New(source.Spec{Topic: "t", Schema: schema, Declared: schema, Key: serde.Format{Name: "KAFKA"}, Value: serde.Format{Name: "JSON"},
		Fields: []source.Field{{Column: 0}, {Column: 1}}, Table: true, Changes: true}, 0, func(f source.Fault) { t.Error(f.Err) })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, batch := range batches {
		var it record.Iter
		if err := it.Reset(append(batch.Batch, make([]byte, record.Slack)...)[:len(batch.Batch)]); err != nil {
			t.Fatal(err)
		}
		for dec.Reset(); it.Next(); {
			dec.Append(it.Record())
		}
		if dec.InUpdate() {
			t.Error("a batch ends in the midst of an update")
		}
		c, _, err := dec.Chunk()
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.N {
			var h string
			if c.Headers != nil && len(c.Headers[i]) > 0 {
				h = string(c.Headers[i][0].Value)
			}
			got = append(got, fmt.Sprint(c.Op(i), c.Cols[0].Value(i), c.Cols[1].Value(i), h))
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
