// Package kafka is the format of Kafka's own serializers: one column, no frame.
//
//	INT      4 bytes, big endian        DOUBLE   8 bytes, IEEE 754, big endian
//	BIGINT   8 bytes, big endian        STRING   its UTF-8 bytes
//	                                    BYTES    as they are
//
// NULL is a NULL record. What is not UTF-8 in a STRING reads as U+FFFD.
package kafka

import (
	"encoding/binary"
	"math"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/cell"
)

// Supports reports whether the format has the type.
func Supports(t types.Type) bool {
	switch t.Kind {
	case types.Int, types.Bigint, types.Double, types.String, types.Bytes:
		return true
	}
	return false
}

// Decoder reads records of one column, or of none.
type Decoder struct{ typ types.Type }

// NewDecoder makes a decoder. The columns must have been checked: at most one, of a type
// that is supported.
func NewDecoder(columns []types.Column) *Decoder {
	d := &Decoder{}
	if len(columns) > 0 {
		d.typ = columns[0].Type
	}
	return d
}

// Decode appends the value to the only vector, if it is wanted.
func (d *Decoder) Decode(data []byte, out []*vector.Vector) error {
	if data == nil {
		for _, v := range out {
			v.AppendNull()
		}
		return nil
	}
	if err := d.check(data); err != nil || len(out) == 0 {
		return err
	}
	v := out[0]
	switch d.typ.Kind {
	case types.Int:
		v.I32 = append(v.I32, int32(binary.BigEndian.Uint32(data)))
	case types.Bigint:
		v.I64 = append(v.I64, int64(binary.BigEndian.Uint64(data)))
	case types.Double:
		v.F64 = append(v.F64, math.Float64frombits(binary.BigEndian.Uint64(data)))
	case types.String:
		start := len(v.Arena)
		v.Arena = cell.AppendUTF8(v.Arena, data)
		return cell.CloseArena(v, start)
	default:
		start := len(v.Arena)
		v.Arena = append(v.Arena, data...)
		return cell.CloseArena(v, start)
	}
	v.N++
	return nil
}

// check refuses bytes that are no value of the type.
func (d *Decoder) check(data []byte) error {
	size := 8
	switch d.typ.Kind {
	case types.Int:
		size = 4
	case types.Bigint, types.Double:
	default:
		return nil
	}
	if len(data) != size {
		return sqlerr.New(sqlerr.DataException, "%s takes %d bytes, not %d", d.typ.Kind, size, len(data))
	}
	return nil
}

// Encoder writes records of one column, or of none.
type Encoder struct{ typ types.Type }

// NewEncoder makes an encoder; see NewDecoder for the columns.
func NewEncoder(columns []types.Column) *Encoder {
	e := &Encoder{}
	if len(columns) > 0 {
		e.typ = columns[0].Type
	}
	return e
}

// Append writes the value; NULL, and a record without columns, is a NULL record.
func (e *Encoder) Append(dst []byte, cols []*vector.Vector, row int) (out []byte, null bool, err error) {
	if len(cols) == 0 || cols[0].IsNull(row) {
		return dst, true, nil
	}
	v := cols[0]
	switch e.typ.Kind {
	case types.Int:
		return binary.BigEndian.AppendUint32(dst, uint32(v.I32[row])), false, nil
	case types.Bigint:
		return binary.BigEndian.AppendUint64(dst, uint64(v.I64[row])), false, nil
	case types.Double:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.F64[row])), false, nil
	}
	return append(dst, v.Bytes(row)...), false, nil
}
