// Package sink turns chunks into record batches for the partitions of a topic: the result
// of a query, or an internal topic between its parts.
//
// Records go where Kafka's default partitioner sends them: murmur2 of the key, without its
// window. Records without a key stay together, in the partition with the task's number.
package sink

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"

	"tailrace/executor/chunk"
	"tailrace/executor/source"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
	"tailrace/storage/serde"
)

// Window says that keys carry a window.
type Window struct {
	Session bool
}

// Spec says how rows become records.
type Spec struct {
	Topic      string
	Schema     types.Schema
	Key, Value serde.Format
	Window     *Window
	// Time tells the timestamp of each row; nil: its event time. The second result marks
	// rows for which there is none: they are left out and reported.
	Time func(c *chunk.Chunk) ([]int64, vector.Bitmap, error)
	// Table: rows are changes by key, deletions records without a value. Changes: the op
	// goes into a header (an internal topic), and halves before are written too.
	Table, Changes bool
	Partitions     int32
	// Home is the partition of records without a key.
	Home int32
	// BatchBytes is how large a batch grows before the next begins.
	BatchBytes int // default 512 KiB
	// MaxBytes is the largest batch that the topic takes; a row that does not fit into one is
	// left out and reported. 0: not known.
	MaxBytes int
	// Fault is told of rows that could not be written.
	Fault func(c *chunk.Chunk, row int, err error)
}

// Sink collects batches until Take. It implements chunk.Emitter.
type Sink struct {
	spec       Spec
	key, value serde.Encoder
	keyCols    []int
	valueCols  []int
	start, end int // columns of the window's bounds

	open    []*record.Builder // by partition
	used    []finished        // in the order in which they began
	keyBuf  []byte
	valBuf  []byte
	rows    int64
	bytes   int
	headers [4][]record.RecordHeader // by op
}

// recordHeaderBytes is about what a header takes beside its key and value.
const recordHeaderBytes = 10

type finished struct {
	partition int32
	b         *record.Builder
}

// New makes a Sink.
func New(s Spec) (*Sink, error) {
	if s.BatchBytes == 0 {
		s.BatchBytes = 512 << 10
	}
	if s.MaxBytes > 0 {
		s.BatchBytes = min(s.BatchBytes, s.MaxBytes)
	}
	k := &Sink{spec: s, open: make([]*record.Builder, s.Partitions), keyCols: s.Schema.Key(), valueCols: s.Schema.Value()}
	if s.Window != nil {
		n := len(k.keyCols)
		k.start, k.end, k.keyCols = k.keyCols[n-2], k.keyCols[n-1], k.keyCols[:n-2]
	}
	for i, op := range [...]string{chunk.Insert: "+", chunk.Delete: "-", chunk.UpdateBefore: "U-", chunk.UpdateAfter: "U+"} {
		k.headers[i] = []record.RecordHeader{{Key: []byte(source.OpHeader), Value: []byte(op)}}
	}
	var err error
	if k.key, err = serde.NewEncoder(s.Key, columns(s.Schema, k.keyCols)); err != nil {
		return nil, err
	}
	k.value, err = serde.NewEncoder(s.Value, columns(s.Schema, k.valueCols))
	return k, err
}

func columns(s types.Schema, at []int) []types.Column {
	out := make([]types.Column, len(at))
	for i, c := range at {
		out[i] = s.Columns[c]
	}
	return out
}

// Emit adds the rows of a chunk.
func (k *Sink) Emit(c *chunk.Chunk) error {
	times, bad := c.Time, vector.Bitmap(nil)
	if k.spec.Time != nil {
		var err error
		if times, bad, err = k.spec.Time(c); err != nil {
			return err
		}
	}
	keys, values := c.Columns(k.keyCols), c.Columns(k.valueCols)
	for i := range c.N {
		op := c.Op(i)
		if op == chunk.UpdateBefore && !k.spec.Changes {
			continue
		}
		gone := op == chunk.Delete && !k.spec.Changes
		if !gone && k.spec.Time != nil && (bad.Get(i) || times[i] < 0) {
			k.fault(c, i, errTime)
			continue
		}
		if err := k.row(c, i, op, gone, times, keys, values); err != nil {
			k.fault(c, i, err)
		}
	}
	return nil
}

// row writes one record; an error is the row's own.
func (k *Sink) row(c *chunk.Chunk, i int, op chunk.Op, gone bool, times []int64, keys, values []*vector.Vector) error {
	key, keyNull, err := k.key.Append(k.keyBuf[:0], keys, i)
	if err != nil {
		return err
	}
	if key == nil {
		key = []byte{}
	}
	k.keyBuf = key
	partition := k.spec.Home % k.spec.Partitions
	if !keyNull && !c.NullKey.Get(i) && len(keys) > 0 {
		partition = Partition(key, k.spec.Partitions)
	}
	if k.spec.Window != nil && !keyNull {
		k.keyBuf = k.appendWindow(c, i)
	}
	key = k.keyBuf
	if keyNull || c.NullKey.Get(i) || len(keys) == 0 && k.spec.Window == nil {
		key = nil
	}
	var value []byte
	if !gone && !c.NullValue.Get(i) {
		var null bool
		if value, null, err = k.value.Append(k.valBuf[:0], values, i); err != nil {
			return err
		}
		if value == nil {
			value = []byte{}
		}
		k.valBuf = value
		if null {
			value = nil
		}
	}
	var headers []record.RecordHeader
	if c.Headers != nil {
		headers = c.Headers[i]
	}
	if k.spec.Changes && (op != chunk.Insert || len(headers) > 0) {
		headers = append(headers[:len(headers):len(headers)], k.headers[op]...)
	}
	size := len(key) + len(value)
	for _, h := range headers {
		size += len(h.Key) + len(h.Value) + recordHeaderBytes
	}
	b := k.builder(partition, size, k.spec.Changes && op == chunk.UpdateAfter && i > 0 && c.Op(i-1) == chunk.UpdateBefore)
	before := b.Size()
	time := times[i]
	if gone {
		time = c.Time[i]
	}
	b.Append(time, key, value, headers)
	if n := b.Size(); k.spec.MaxBytes > 0 && n > k.spec.MaxBytes && b.Count() == 1 {
		b.Reset(record.Options{})
		return fmt.Errorf("the record makes a batch of %d bytes, and topic %s takes %d (max.message.bytes)", n, k.spec.Topic, k.spec.MaxBytes)
	}
	k.rows++
	k.bytes += b.Size() - before
	return nil
}

func (k *Sink) appendWindow(c *chunk.Chunk, i int) []byte {
	start, end := c.Cols[k.start].I64[i], c.Cols[k.end].I64[i]
	if k.spec.Window.Session {
		return serde.AppendSessionWindow(k.keyBuf, start, end)
	}
	return serde.AppendTimeWindow(k.keyBuf, start)
}

// builder is the batch of a partition that has room for n more bytes. The second half of an
// update goes into the batch of the first as long as the topic takes it: what other tasks
// write comes before or after both.
func (k *Sink) builder(partition int32, n int, second bool) *record.Builder {
	limit := k.spec.BatchBytes
	if second {
		limit = cmp.Or(k.spec.MaxBytes, math.MaxInt32)
	}
	b := k.open[partition]
	if b != nil && b.Size()+n+64 <= limit {
		return b
	}
	b = record.TakeBuilder(record.Options{})
	k.open[partition] = b
	k.used = append(k.used, finished{partition, b})
	return b
}

func (k *Sink) fault(c *chunk.Chunk, row int, err error) {
	if k.spec.Fault != nil {
		k.spec.Fault(c, row, err)
	}
}

// Bytes is about how much has been collected since Take.
func (k *Sink) Bytes() int { return k.bytes }

// Rows is how many records were ever written.
func (k *Sink) Rows() int64 { return k.rows }

// Take appends the batches collected so far. They are valid until Release.
func (k *Sink) Take(dst []commitlog.PartitionBatch) ([]commitlog.PartitionBatch, error) {
	for _, f := range k.used {
		if f.b.Count() == 0 {
			continue // its only row was too large
		}
		batch, err := f.b.Finish()
		if err != nil {
			return dst, err
		}
		dst = append(dst, commitlog.PartitionBatch{
			TopicPartition: commitlog.TopicPartition{Topic: k.spec.Topic, Partition: commitlog.PartitionID(f.partition)},
			Batch:          batch,
		})
	}
	return dst, nil
}

// Release makes the sink ready for the next batches.
func (k *Sink) Release() {
	for i, f := range k.used {
		record.GiveBuilder(f.b)
		k.used[i].b = nil
	}
	clear(k.open)
	k.used, k.bytes = k.used[:0], 0
}

// Shrink gives back the memory of past batches: for a query that has gone quiet.
func (k *Sink) Shrink() { k.keyBuf, k.valBuf = nil, nil }

// Partition is where Kafka's default partitioner sends a key.
func Partition(key []byte, partitions int32) int32 {
	return int32(murmur2(key)&0x7fffffff) % partitions
}

// murmur2 is the hash of Kafka's Java client, seed and all.
func murmur2(data []byte) uint32 {
	const seed, m, r = 0x9747b28c, 0x5bd1e995, 24
	h := uint32(seed) ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := binary.LittleEndian.Uint32(data) * m
		k ^= k >> r
		h = h*m ^ k*m
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(data[0])) * m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}
