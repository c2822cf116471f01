package serde

import (
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/json"
)

// EncodeRow writes one row of values, one a column and each of its column's type or nil.
// A nil record without an error is NULL. It is for single rows: bulk goes through an
// Encoder.
func EncodeRow(f Format, columns []types.Column, row []types.Value) ([]byte, error) {
	e, err := NewEncoder(f, columns)
	if err != nil {
		return nil, err
	}
	cols := make([]*vector.Vector, len(columns))
	for i, c := range columns {
		cols[i] = vector.New(c.Type, 1)
		cols[i].AppendValue(row[i])
	}
	out, null, err := e.Append([]byte{}, cols, 0)
	if err != nil || null {
		return nil, err
	}
	return out, nil
}

// DecodeRow reads one record as values, one a column. A NULL record gives NULLs.
func DecodeRow(f Format, columns []types.Column, data []byte) ([]types.Value, error) {
	d, err := NewDecoder(f, columns, All(columns))
	if err != nil {
		return nil, err
	}
	out := make([]*vector.Vector, len(columns))
	for i, c := range columns {
		out[i] = vector.New(c.Type, 1)
	}
	if err := d.Decode(data, out); err != nil {
		return nil, err
	}
	row := make([]types.Value, len(columns))
	for i, v := range out {
		row[i] = v.Value(0)
	}
	return row, nil
}

// AppendJSON writes a value of type t as a JSON record holds it, whatever the format of
// its topic: the text that shells and logs show.
func AppendJSON(dst []byte, t types.Type, v types.Value) []byte { return json.AppendValue(dst, t, v) }
