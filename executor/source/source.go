// Package source turns the records of a topic into chunks: of each record the columns that
// the plan wants, and nothing else, is decoded, straight into vectors.
//
// A record that cannot be decoded is left out and reported; so is one whose event time
// cannot be told. In a table a record without a value is a deletion, and one without a key
// means nothing. Records of an internal topic that carries a table say their op in a
// header (OpHeader).
package source

import (
	"encoding/base64"
	"fmt"
	"unsafe"

	"tailrace/executor/chunk"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/record"
	"tailrace/storage/serde"
)

// OpHeader is the header in which a record of an internal topic says what it does to the
// table: "-", "U-", "U+" or "+". It is the last of the record, behind those that come from
// elsewhere; a record without headers is an insert.
const OpHeader = "op"

// Pseudo is a column that does not come from the record's key or value.
type Pseudo uint8

// The pseudo columns.
const (
	None Pseudo = iota
	RowTime
	RowPartition
	RowOffset
	WindowStart
	WindowEnd
)

// Field is where a column of the output comes from: a declared column, or a pseudo column.
type Field struct {
	Column int
	Pseudo Pseudo
}

// Window says that keys carry a window.
type Window struct {
	Session bool
	Size    int64 // ms; not for sessions
}

// TimeColumn tells the event time of each row of a declared column: At's second result
// marks the rows for which there is none.
type TimeColumn struct {
	Column int
	At     func(v *vector.Vector) ([]int64, vector.Bitmap, error)
	// Strict makes a record without a time an error of the query.
	Strict bool
}

// Spec says how records become rows.
type Spec struct {
	Topic      string
	Schema     types.Schema // of the output: one column a field
	Declared   types.Schema
	Key, Value serde.Format
	Fields     []Field
	Window     *Window
	Time       *TimeColumn
	Table      bool // rows are changes by key
	Changes    bool // an internal topic: ops in headers
}

// Fault is a record that was left out.
type Fault struct {
	Topic     string
	Partition int32
	Offset    int64
	Target    string // "key" or "value", or empty: the record as a whole
	Err       error
	Key       []byte
	Value     []byte
}

// Base64 is the record's bytes as the processing log writes them.
func (f *Fault) Base64() string {
	if f.Target == "key" {
		return base64.StdEncoding.EncodeToString(f.Key)
	}
	return base64.StdEncoding.EncodeToString(f.Value)
}

// part is the key or the value of records: its columns, and those that are decoded.
type part struct {
	format serde.Format
	dec    serde.Decoder
	vecs   []*vector.Vector // of the wanted columns
	place  map[int]int      // declared column -> index in vecs
}

// Decoder makes chunks of records. It belongs to one task.
type Decoder struct {
	spec       Spec
	key, value part
	headers    []headerColumn
	pseudo     [6]*vector.Vector
	fault      func(Fault)

	partition int32
	n         int
	ops       []chunk.Op
	time      []int64
	offsets   []int64
	nullValue vector.Bitmap
	nullKey   vector.Bitmap
	inherited [][]record.RecordHeader // nil until a record has headers
	hasOps    bool
}

// New makes a Decoder; fault is told of records that are left out.
func New(s Spec, partition int32, fault func(Fault)) (*Decoder, error) {
	d := &Decoder{spec: s, partition: partition, fault: fault}
	wanted := map[int]bool{}
	for _, f := range s.Fields {
		if f.Pseudo == None {
			wanted[f.Column] = true
		}
	}
	if s.Time != nil {
		wanted[s.Time.Column] = true
	}
	var err error
	if d.key, err = newPart(s.Declared, types.InKey, s.Key, wanted); err != nil {
		return nil, fmt.Errorf("key of topic %s: %w", s.Topic, err)
	}
	if d.value, err = newPart(s.Declared, types.InValue, s.Value, wanted); err != nil {
		return nil, fmt.Errorf("value of topic %s: %w", s.Topic, err)
	}
	for i, c := range s.Declared.Columns {
		if c.In == types.InHeaders && wanted[i] {
			d.headers = append(d.headers, headerColumn{column: i, key: c.Header, typ: c.Type})
		}
	}
	d.reset()
	return d, nil
}

func newPart(declared types.Schema, in types.Namespace, f serde.Format, wanted map[int]bool) (part, error) {
	p := part{format: f, place: map[int]int{}}
	var columns []types.Column
	var want []int
	for i, c := range declared.Columns {
		if c.In != in {
			continue
		}
		if wanted[i] {
			p.place[i] = len(want)
			want = append(want, len(columns))
			p.vecs = append(p.vecs, vector.New(c.Type, 0))
		}
		columns = append(columns, c)
	}
	var err error
	p.dec, err = serde.NewDecoder(f, columns, want)
	return p, err
}

// Len is the number of rows so far.
func (d *Decoder) Len() int { return d.n }

// InUpdate reports whether the last row is the half before of an update, so that the chunk
// must not end here.
func (d *Decoder) InUpdate() bool { return d.n > 0 && d.ops[d.n-1] == chunk.UpdateBefore }

// Offsets are the offsets of the rows' records.
func (d *Decoder) Offsets() []int64 { return d.offsets }

// reset forgets the rows. Vectors are made anew where chunks may still hold them.
func (d *Decoder) reset() {
	d.n, d.hasOps = 0, false
	d.ops, d.time, d.offsets = d.ops[:0], d.time[:0], d.offsets[:0]
	clear(d.nullValue)
	clear(d.nullKey)
	d.inherited = nil
	for _, p := range []*part{&d.key, &d.value} {
		for _, v := range p.vecs {
			v.Reset()
		}
	}
	for i := range d.headers {
		d.headers[i].vec = vector.New(d.headers[i].typ, 0)
	}
	for _, f := range d.spec.Fields {
		if f.Pseudo == None {
			continue
		}
		if d.pseudo[f.Pseudo] == nil {
			t := types.BigintType
			if f.Pseudo == RowPartition {
				t = types.IntType
			}
			d.pseudo[f.Pseudo] = vector.New(t, 0)
		}
		d.pseudo[f.Pseudo].Reset()
	}
}

// Shrink forgets the rows and gives their memory back: for a partition that has gone
// quiet.
func (d *Decoder) Shrink() error {
	fresh, err := New(d.spec, d.partition, d.fault)
	if err == nil {
		*d = *fresh
	}
	return err
}

// Reset begins a new chunk. The one before must be done with.
func (d *Decoder) Reset() { d.reset() }

// Append decodes one record. What cannot be decoded is reported, not returned.
func (d *Decoder) Append(r *record.Record) {
	key, start, end, err := d.splitKey(r.Key)
	if err != nil {
		d.report(r, "key", err)
		return
	}
	null := serde.IsNull(d.value.format, r.Value)
	if d.spec.Table && r.Key == nil && len(d.key.place) > 0 {
		d.report(r, "", errNullKey)
		return
	}
	value := r.Value
	if null {
		value = nil
	}
	if err := d.value.dec.Decode(padded(value), d.value.vecs); err != nil {
		d.report(r, "value", err)
		return
	}
	if len(d.key.vecs) == 0 {
		// A key that nobody reads cannot fail a row.
	} else if err := d.key.dec.Decode(padded(key), d.key.vecs); err != nil {
		for _, v := range d.value.vecs {
			truncate(v, d.n)
		}
		d.report(r, "key", err)
		return
	}
	for i := range d.headers {
		d.headers[i].append(r)
	}
	op := chunk.Insert
	if d.spec.Table {
		op = d.op(r, null)
	}
	d.hasOps = d.hasOps || op != chunk.Insert
	d.ops, d.time, d.offsets = append(d.ops, op), append(d.time, r.Timestamp), append(d.offsets, r.Offset)
	d.n++
	if null {
		d.nullValue = d.nullValue.Grow(d.n)
		d.nullValue.Set(d.n - 1)
	}
	if r.Key == nil && !d.spec.Table {
		d.nullKey = d.nullKey.Grow(d.n)
		d.nullKey.Set(d.n - 1)
	}
	if len(r.RawHeaders) > 1 || d.inherited != nil {
		d.inherit(r)
	}
	d.appendPseudo(r, null, start, end)
}

// appendPseudo gives the row that was decoded last its pseudo columns.
func (d *Decoder) appendPseudo(r *record.Record, null bool, start, end int64) {
	for which, v := range d.pseudo {
		if v == nil {
			continue
		}
		if null && !d.spec.Table && Pseudo(which) < WindowStart {
			v.AppendNull() // pseudo columns are part of the value, as in ksqlDB
			continue
		}
		switch Pseudo(which) {
		case RowPartition:
			v.I32, v.N = append(v.I32, d.partition), v.N+1
		case RowOffset:
			v.I64, v.N = append(v.I64, r.Offset), v.N+1
		case RowTime:
			v.I64, v.N = append(v.I64, r.Timestamp), v.N+1
		case WindowStart:
			v.I64, v.N = append(v.I64, start), v.N+1
		case WindowEnd:
			v.I64, v.N = append(v.I64, end), v.N+1
		}
	}
}

// padded gives a part of a record the spare capacity that decoders need to read it in
// place. Batches have record.Slack readable bytes behind them (commitlog.Fetched), which
// the slices of a record.Iter hide.
func padded(b []byte) []byte {
	if b == nil {
		return nil
	}
	return unsafe.Slice(unsafe.SliceData(b), len(b)+record.Slack)[:len(b)]
}

// op is what a record does to a table.
func (d *Decoder) op(r *record.Record, null bool) chunk.Op {
	if !d.spec.Changes {
		if null {
			return chunk.Delete
		}
		return chunk.UpdateAfter // the row now; before is not known here
	}
	op := chunk.Insert
	r.Headers(func(h record.RecordHeader) bool {
		op = opOf(h) // the last counts
		return true
	})
	return op
}

func opOf(h record.RecordHeader) chunk.Op {
	if string(h.Key) != OpHeader {
		return chunk.Insert
	}
	switch string(h.Value) {
	case "-":
		return chunk.Delete
	case "U-":
		return chunk.UpdateBefore
	case "U+":
		return chunk.UpdateAfter
	}
	return chunk.Insert
}

func (d *Decoder) splitKey(key []byte) (rest []byte, start, end int64, err error) {
	w := d.spec.Window
	switch {
	case w == nil || key == nil:
		return key, 0, 0, nil
	case w.Session:
		return serde.SplitSessionWindow(key)
	}
	rest, start, err = serde.SplitTimeWindow(key)
	return rest, start, start + w.Size, err
}

var errNullKey = fmt.Errorf("a row of a table has no key")

func (d *Decoder) report(r *record.Record, target string, err error) {
	if d.fault != nil {
		d.fault(Fault{Topic: d.spec.Topic, Partition: d.partition, Offset: r.Offset, Target: target, Err: err, Key: r.Key, Value: r.Value})
	}
}

// Chunk returns the rows so far. It is valid until Reset. offsets are those of its rows.
func (d *Decoder) Chunk() (c *chunk.Chunk, offsets []int64, err error) {
	c = &chunk.Chunk{Schema: d.spec.Schema, N: d.n, Time: d.time, Cols: make([]*vector.Vector, len(d.spec.Fields))}
	if d.hasOps {
		d.closeUpdates()
		c.Ops = d.ops
	}
	if d.nullValue.Any() {
		c.NullValue = d.nullValue
	}
	if d.nullKey.Any() {
		c.NullKey = d.nullKey
	}
	c.Headers = d.inherited
	for i, f := range d.spec.Fields {
		if f.Pseudo != None {
			c.Cols[i] = d.pseudo[f.Pseudo]
			continue
		}
		c.Cols[i] = d.column(f.Column)
	}
	if d.spec.Time == nil || d.n == 0 {
		return c, d.offsets, nil
	}
	return d.retime(c)
}

// closeUpdates makes deletions of halves before whose halves after could not be written or
// read: those rows have gone.
func (d *Decoder) closeUpdates() {
	for i, op := range d.ops {
		if op == chunk.UpdateBefore && (i+1 == d.n || d.ops[i+1] != chunk.UpdateAfter) {
			d.ops[i] = chunk.Delete
		}
	}
}

func (d *Decoder) column(at int) *vector.Vector {
	if i, ok := d.value.place[at]; ok {
		return d.value.vecs[i]
	}
	if i, ok := d.key.place[at]; ok {
		return d.key.vecs[i]
	}
	for i := range d.headers {
		if d.headers[i].column == at {
			return d.headers[i].vec
		}
	}
	return nil
}

// retime gives the rows the times of the time column. Rows without a value keep the
// record's; others without a time are left out.
func (d *Decoder) retime(c *chunk.Chunk) (*chunk.Chunk, []int64, error) {
	times, bad, err := d.spec.Time.At(d.column(d.spec.Time.Column))
	if err != nil {
		return nil, nil, err
	}
	var sel []int32
	c.Time = append([]int64(nil), c.Time...)
	for i := range c.N {
		switch {
		case c.NullValue.Get(i):
		case bad.Get(i) || times[i] < 0:
			if d.spec.Time.Strict {
				return nil, nil, fmt.Errorf("Fatal user code error in TimestampExtractor callback for record at offset %d of %s-%d: %w",
					d.offsets[i], d.spec.Topic, d.partition, errNoTime)
			}
			if d.fault != nil {
				d.fault(Fault{Topic: d.spec.Topic, Partition: d.partition, Offset: d.offsets[i], Err: errNoTime})
			}
			continue
		default:
			c.Time[i] = times[i]
		}
		sel = append(sel, int32(i))
	}
	if v := d.pseudo[RowTime]; v != nil {
		copy(v.I64, c.Time)
	}
	if len(sel) == c.N {
		return c, d.offsets, nil
	}
	offsets := make([]int64, len(sel))
	for i, row := range sel {
		offsets[i] = d.offsets[row]
	}
	return c.Select(sel), offsets, nil
}

var errNoTime = fmt.Errorf("the timestamp column of the record holds no valid time")

// truncate drops the rows from n on.
func truncate(v *vector.Vector, n int) {
	if v.N <= n {
		return
	}
	*v = *v.Slice(0, n)
}
