package op

import (
	"fmt"

	"tailrace/executor/chunk"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// NullRule says what Rekey does where there is nothing to make a key of.
type NullRule struct {
	// Drop leaves out and logs rows with a NULL among their new key columns: GROUP BY.
	// PARTITION BY passes every row on.
	Drop bool
	// OfValue marks the expressions that read a column of the value, as ROWTIME is one:
	// of a record without a value they are NULL. The others read columns of the key
	// alone, which such a record has too.
	OfValue []bool
}

// Rekey puts new key columns before the columns of its input. An update of a table whose
// key changes becomes a delete under the old key and an insert under the new one, in that
// order.
type Rekey struct {
	schema types.Schema
	keys   []Eval
	rule   NullRule
	log    RowLog
	sel    []int32
}

// NewRekey makes a Rekey: schema is the keys and then the input's columns.
func NewRekey(schema types.Schema, keys []Eval, rule NullRule, log RowLog) *Rekey {
	return &Rekey{schema: schema, keys: keys, rule: rule, log: log}
}

// Push implements Operator.
func (r *Rekey) Push(_ int, in *chunk.Chunk, out chunk.Emitter) error {
	keys, err := EvalAll(r.keys, in)
	if err != nil {
		return err
	}
	if in.NullValue.Any() && !r.rule.Drop {
		keys = r.nullKeys(in, keys)
	}
	res := in.With(r.schema, append(append([]*vector.Vector{}, keys...), in.Cols...))
	res.NullKey = nil // the new key stands, even if all of it is NULL
	if in.Ops != nil {
		res.Ops = r.splitUpdates(in, keys)
	}
	if r.rule.Drop {
		if res = r.dropNulls(in, keys, res); res == nil {
			return nil
		}
	}
	return out.Emit(res)
}

// nullKeys returns the keys with NULL in the rows without a value, where a key is of it.
func (r *Rekey) nullKeys(in *chunk.Chunk, keys []*vector.Vector) []*vector.Vector {
	out := append([]*vector.Vector(nil), keys...)
	for i, k := range keys {
		if i >= len(r.rule.OfValue) || !r.rule.OfValue[i] {
			continue
		}
		out[i] = k.Clone()
		for row := range in.N {
			if in.NullValue.Get(row) {
				out[i].SetNull(row)
			}
		}
	}
	return out
}

// splitUpdates makes a delete and an insert of each update that moves to another key.
func (r *Rekey) splitUpdates(in *chunk.Chunk, keys []*vector.Vector) []chunk.Op {
	ops := in.Ops
	for i := 0; i+1 < in.N; i++ {
		if in.Ops[i] == chunk.UpdateBefore && !vector.EqualRows(keys, i, keys, i+1) {
			if &ops[0] == &in.Ops[0] {
				ops = append([]chunk.Op(nil), in.Ops...)
			}
			ops[i], ops[i+1] = chunk.Delete, chunk.Insert
		}
	}
	return ops
}

func (r *Rekey) dropNulls(in *chunk.Chunk, keys []*vector.Vector, res *chunk.Chunk) *chunk.Chunk {
	some := in.NullValue.Any()
	for _, k := range keys {
		some = some || k.Nulls.Any() || k.Type.Kind == types.Null
	}
	if !some {
		return res
	}
	r.sel = r.sel[:0]
rows:
	for row := range in.N {
		if in.NullValue.Get(row) {
			continue
		}
		for i, k := range keys {
			if k.IsNull(row) {
				if !in.Op(row).Retracts() {
					r.log.note(in, row, fmt.Sprintf("Group-by column with index %d resolved to null. The source row will be excluded from the table.", i))
				}
				continue rows
			}
		}
		r.sel = append(r.sel, int32(row))
	}
	if len(r.sel) == 0 {
		return nil
	}
	return res.Select(r.sel)
}

// Flush implements Operator: nothing is held.
func (r *Rekey) Flush(chunk.Emitter) error { return nil }
