package console

import (
	"fmt"
	"slices"
	"strings"

	"tailrace/sql/catalog"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/record"
	"tailrace/storage/serde"
)

// The columns that every record has for a filter, before those of a stream or table over the
// topic. A declared column of the same name hides them.
var recordColumns = [...]types.Column{
	{Name: types.RowTime, Type: types.BigintType},
	{Name: types.RowPartition, Type: types.IntType},
	{Name: types.RowOffset, Type: types.BigintType},
	{Name: "KEY", Type: types.StringType},
	{Name: "VALUE", Type: types.StringType},
}

const (
	timeColumn = iota
	partitionColumn
	offsetColumn
	keyColumn
	valueColumn
)

// decoder reads records as a stream or table declares them.
type decoder struct {
	source      *catalog.Source
	key, value  serde.Decoder
	keys, vals  []types.Column
	keyCols     []*vector.Vector
	valCols     []*vector.Vector
	windowed    bool
	fixedWindow bool
}

// newDecoder makes the decoder of a source; nil for none.
func newDecoder(s *catalog.Source) (*decoder, error) {
	if s == nil {
		return nil, nil
	}
	d := &decoder{source: s, windowed: s.Window != nil}
	if s.Window != nil {
		d.fixedWindow = s.Window.Kind != "SESSION"
	}
	for _, c := range s.Schema.Columns {
		switch c.In {
		case types.InKey:
			d.keys = append(d.keys, c)
		case types.InValue:
			d.vals = append(d.vals, c)
		}
	}
	var err error
	if d.key, err = serde.NewDecoder(serdeFormat(s.Key), d.keys, all(d.keys)); err != nil {
		return nil, err
	}
	d.value, err = serde.NewDecoder(serdeFormat(s.Value), d.vals, all(d.vals))
	return d, err
}

func serdeFormat(f catalog.Format) serde.Format {
	return serde.Format{Name: f.Name, Delimiter: f.Delimiter, Unwrapped: f.Unwrapped, Options: f.Options}
}

func all(columns []types.Column) []int {
	out := make([]int, len(columns))
	for i := range out {
		out[i] = i
	}
	return out
}

// columns are those that rows are made of: of the key, then of the value.
func (d *decoder) columns() []types.Column {
	return append(d.keys[:len(d.keys):len(d.keys)], d.vals...)
}

// reset begins a new batch of rows.
func (d *decoder) reset() {
	d.keyCols, d.valCols = d.keyCols[:0], d.valCols[:0]
	for _, c := range d.keys {
		d.keyCols = append(d.keyCols, vector.New(c.Type, 16))
	}
	for _, c := range d.vals {
		d.valCols = append(d.valCols, vector.New(c.Type, 16))
	}
}

// add appends the row of a record. What cannot be read is NULL, and the error why.
func (d *decoder) add(r *record.Record) error {
	key, err := d.innerKey(r.Key)
	if err == nil {
		err = d.key.Decode(key, d.keyCols)
	}
	if err != nil {
		for _, c := range d.keyCols {
			c.AppendNull()
		}
		err = fmt.Errorf("key: %w", err)
	}
	if e := d.value.Decode(r.Value, d.valCols); e != nil {
		for _, c := range d.valCols {
			c.AppendNull()
		}
		if err == nil {
			err = fmt.Errorf("value: %w", e)
		}
	}
	return err
}

// innerKey is a key without the window that it carries.
func (d *decoder) innerKey(key []byte) ([]byte, error) {
	switch {
	case key == nil || !d.windowed:
		return key, nil
	case d.fixedWindow:
		inner, _, err := serde.SplitTimeWindow(key)
		return inner, err
	}
	inner, _, _, err := serde.SplitSessionWindow(key)
	return inner, err
}

// row is the last row that was added, by name.
func (d *decoder) row() map[string]any {
	out := map[string]any{}
	for i, c := range d.columns() {
		col := append(d.keyCols[:len(d.keyCols):len(d.keyCols)], d.valCols...)[i]
		out[c.Name] = jsonValue(c.Type, col.Value(col.N-1))
	}
	return out
}

// filter is a condition over records.
type filter struct {
	prog    *expr.Program
	decoder *decoder // nil: no declared column is used
	ctx     function.Context
	base    []*vector.Vector
	used    [len(recordColumns)]bool // which of base the condition asks for
	keys    *serde.Guesser
	values  *serde.Guesser
	failed  error // of the first row that could not be computed
}

// newFilter compiles a condition over the columns of records and, when there is one, of a
// source. Errors have a position in text.
func (k *Console) newFilter(text string, source *catalog.Source) (*filter, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	ast, err := parse.ParseExpr(text)
	if err != nil {
		return nil, err
	}
	f := &filter{keys: serde.NewGuesser(true), values: serde.NewGuesser(false)}
	dec, err := newDecoder(source)
	if err != nil {
		return nil, err
	}
	scope := expr.ColumnScope{}
	inputs := []types.Type{}
	declared := map[string]bool{}
	if dec != nil {
		for _, c := range dec.columns() {
			declared[c.Name] = true
		}
	}
	for i, c := range recordColumns {
		inputs = append(inputs, c.Type)
		if !declared[c.Name] {
			scope = append(scope, expr.Column{Name: c.Name, Type: c.Type, Index: i})
		}
	}
	if dec != nil {
		for i, c := range dec.columns() {
			inputs = append(inputs, c.Type)
			scope = append(scope, expr.Column{Qualifier: source.Name, Name: c.Name, Type: c.Type, Index: len(recordColumns) + i})
		}
	}
	bound, err := expr.BindPredicate(ast, scope, expr.Options{Standard: true, Clause: "WHERE"})
	if err != nil {
		return nil, err
	}
	for _, c := range expr.Columns(bound) {
		if c >= len(recordColumns) {
			f.decoder = dec
		} else {
			f.used[c] = true
		}
	}
	if f.prog, err = expr.Compile(bound, expr.CompileEnv{Inputs: inputs}); err != nil {
		return nil, err
	}
	f.ctx = *function.NewContext(func() int64 { return k.c.Clock.Now().UnixMilli() }, k.c.Rand.Uint64)
	f.ctx.Fail = func(_ int, err error) {
		if f.failed == nil {
			f.failed = err
		}
	}
	f.reset()
	if dec != nil && f.decoder == nil {
		f.base = append(f.base, make([]*vector.Vector, len(dec.columns()))...)
	}
	return f, nil
}

// reset begins a new batch of records. Nothing of the batch before is kept, so its room is used again.
func (f *filter) reset() {
	if f.base == nil {
		for _, c := range recordColumns {
			f.base = append(f.base, vector.New(c.Type, 256))
		}
		if f.decoder != nil {
			f.decoder.reset()
		}
		return
	}
	for i := range recordColumns {
		f.base[i].Reset()
	}
	if f.decoder != nil {
		for _, v := range slices.Concat(f.decoder.keyCols, f.decoder.valCols) {
			v.Reset()
		}
	}
}

// add adds a record to the batch.
func (f *filter) add(partition int32, r *record.Record) {
	f.base[timeColumn].AppendValue(r.Timestamp)
	f.base[partitionColumn].AppendValue(partition)
	f.base[offsetColumn].AppendValue(r.Offset)
	f.text(keyColumn, f.keys, r.Key)
	f.text(valueColumn, f.values, r.Value)
	if f.decoder != nil {
		_ = f.decoder.add(r) // what cannot be read is NULL, as in a query over the topic
	}
}

func (f *filter) text(column int, g *serde.Guesser, data []byte) {
	v := f.base[column]
	if data == nil || !f.used[column] {
		v.AppendNull()
		return
	}
	text, _ := show(g, data)
	v.AppendString(text)
}

// match tells which records of the batch the condition is true for.
func (f *filter) match() (vector.Bitmap, error) {
	cols, n := f.base, f.base[0].N
	if f.decoder != nil {
		cols = append(cols[:len(recordColumns):len(recordColumns)], f.decoder.keyCols...)
		cols = append(cols, f.decoder.valCols...)
	}
	return f.prog.EvalBool(cols, n, &f.ctx)
}

// sourceOf chooses the stream or table by which records of a topic are decoded: the one that was
// asked for, else the first by name. "-" asks for none.
func (k *Console) sourceOf(topic, name string) (*catalog.Source, error) {
	if name == "-" {
		return nil, nil
	}
	var out *catalog.Source
	for _, s := range k.sourcesByTopic()[topic] {
		if name != "" && strings.EqualFold(s.Name, name) {
			return s, nil
		}
		if out == nil {
			out = s
		}
	}
	if name != "" {
		return nil, badParam(fmt.Sprintf("no stream or table %s is over the topic %s", clip(name), topic))
	}
	return out, nil
}

// filterError is an error in a filter.
func filterError(err error) error {
	if _, ok := sqlerr.As(err); ok {
		return err
	}
	return badParam("the filter cannot be used: " + err.Error())
}
