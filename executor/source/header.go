package source

import (
	"bytes"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/record"
)

// headerColumn is a HEADERS column (all headers, an ARRAY of STRUCT(KEY, VALUE)) or a
// HEADER('k') column (the last value of that key, NULL when there is none).
type headerColumn struct {
	column int
	key    string
	typ    types.Type
	vec    *vector.Vector
}

func (h *headerColumn) append(r *record.Record) {
	if h.typ.Kind == types.Array {
		all := types.ArrayVal{}
		r.Headers(func(rh record.RecordHeader) bool {
			all = append(all, types.StructVal{string(rh.Key), bytesOrNull(rh.Value)})
			return true
		})
		h.vec.AppendValue(all)
		return
	}
	var last []byte
	r.Headers(func(rh record.RecordHeader) bool {
		if string(rh.Key) == h.key {
			last = rh.Value
		}
		return true
	})
	if last == nil {
		h.vec.AppendNull()
		return
	}
	h.vec.AppendBytes(last)
}

// inherit keeps the headers of the row that was decoded last, for what is made of it.
func (d *Decoder) inherit(r *record.Record) {
	for len(d.inherited) < d.n {
		d.inherited = append(d.inherited, nil)
	}
	var all []record.RecordHeader
	r.Headers(func(h record.RecordHeader) bool {
		all = append(all, record.RecordHeader{Key: bytes.Clone(h.Key), Value: bytes.Clone(h.Value)})
		return true
	})
	if d.spec.Changes && len(all) > 0 {
		all = all[:len(all)-1] // the sink's own
	}
	d.inherited[d.n-1] = all
}

func bytesOrNull(b []byte) types.Value {
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}
