package state

import (
	"encoding/binary"
	"errors"
	"math"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// The row encoding is how values of tables lie in stores and changelogs: compact, not
// sorted. It is on disk: it never changes.
//
//	row        one bit a column, set = NULL, low bit first, rounded up to bytes; then
//	           the columns that are not NULL. A layout may have bits for the first few
//	           columns only: each of the others, which were added to tables that had
//	           rows, is 00 for NULL, or 01 and its value
//	BOOLEAN    00 | 01
//	INT, DATE, BIGINT, TIME, TIMESTAMP   zigzag varint
//	DOUBLE     8 bytes little endian IEEE 754
//	DECIMAL    16 bytes little endian unscaled, low half first; the scale is the type's
//	STRING, BYTES  uvarint length, bytes
//	ARRAY      uvarint count, elements; MAP: uvarint count, keys and values in turn;
//	STRUCT     fields; each element or field is 00 for NULL, or 01 and its value

var errRow = errors.New("malformed row in state")

// AllBits is the layout of rows with a bit for every column. Any other number is that of
// the columns that have one.
const AllBits = 0

// AppendRow appends row i of the columns, in the layout of that many bits.
func AppendRow(dst []byte, cols []*vector.Vector, bits, i int) []byte {
	at := len(dst)
	if bits == AllBits || bits > len(cols) {
		bits = len(cols)
	}
	for range (bits + 7) / 8 {
		dst = append(dst, 0)
	}
	for c, v := range cols {
		switch null := v.IsNull(i); {
		case null && c < bits:
			dst[at+c/8] |= 1 << (c % 8)
			continue
		case null:
			dst = append(dst, 0)
			continue
		case c >= bits:
			dst = append(dst, 1)
		}
		switch v.Type.Kind {
		case types.Boolean:
			dst = append(dst, boolByte(v.Bool[i]))
		case types.Int, types.Date:
			dst = binary.AppendVarint(dst, int64(v.I32[i]))
		case types.Bigint, types.Time, types.Timestamp:
			dst = binary.AppendVarint(dst, v.I64[i])
		case types.Double:
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.F64[i]))
		case types.Decimal:
			dst = appendInt128(dst, v.Dec[i])
		case types.String, types.Bytes:
			b := v.Bytes(i)
			dst = append(binary.AppendUvarint(dst, uint64(len(b))), b...)
		default:
			dst = appendValue(dst, v.Obj[i])
		}
	}
	return dst
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func appendInt128(dst []byte, x types.Int128) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, x.Lo)
	return binary.LittleEndian.AppendUint64(dst, uint64(x.Hi))
}

func appendElement(dst []byte, x types.Value) []byte {
	if x == nil {
		return append(dst, 0)
	}
	return appendValue(append(dst, 1), x)
}

func appendValue(dst []byte, x types.Value) []byte {
	switch x := x.(type) {
	case bool:
		return append(dst, boolByte(x))
	case int32:
		return binary.AppendVarint(dst, int64(x))
	case types.DateVal:
		return binary.AppendVarint(dst, int64(x))
	case int64:
		return binary.AppendVarint(dst, x)
	case types.TimeVal:
		return binary.AppendVarint(dst, int64(x))
	case types.TimestampVal:
		return binary.AppendVarint(dst, int64(x))
	case float64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
	case types.Dec:
		return appendInt128(dst, x.Unscaled)
	case string:
		return append(binary.AppendUvarint(dst, uint64(len(x))), x...)
	case []byte:
		return append(binary.AppendUvarint(dst, uint64(len(x))), x...)
	case types.ArrayVal:
		dst = binary.AppendUvarint(dst, uint64(len(x)))
		for _, e := range x {
			dst = appendElement(dst, e)
		}
	case *types.MapVal:
		dst = binary.AppendUvarint(dst, uint64(x.Len()))
		for i := range x.Len() {
			dst = appendElement(appendElement(dst, x.Keys[i]), x.Values[i])
		}
	case types.StructVal:
		for _, e := range x {
			dst = appendElement(dst, e)
		}
	}
	return dst
}

// DecodeRow appends the row at the front of src, in the layout of that many bits, to the
// columns and returns what follows. On an error the columns may differ in length.
func DecodeRow(src []byte, cols []*vector.Vector, bits int) (rest []byte, err error) {
	return DecodeSome(src, cols, nil, bits)
}

// DecodeSome is DecodeRow for the columns that are wanted, nil for all: the others stay as
// they are.
func DecodeSome(src []byte, cols []*vector.Vector, want []bool, bits int) (rest []byte, err error) {
	if bits == AllBits || bits > len(cols) {
		bits = len(cols)
	}
	n := (bits + 7) / 8
	if len(src) < n {
		return src, errRow
	}
	nulls := src[:n]
	d := rowReader{b: src[n:]}
	for c, v := range cols {
		if want != nil && !want[c] {
			if null := c < bits && nulls[c/8]>>(c%8)&1 != 0 || c > 0 && len(d.b) == 0 || c >= bits && d.byte() == 0; !null {
				d.skip(v.Type)
			}
			continue
		}
		// A value takes a byte at least. Where there is none left, the row was stored before
		// the column was added.
		if c < bits && nulls[c/8]>>(c%8)&1 != 0 || c > 0 && len(d.b) == 0 && v.Type.Kind != types.Null || c >= bits && d.byte() == 0 {
			v.AppendNull()
			continue
		}
		switch v.Type.Kind {
		case types.Boolean:
			v.Bool = append(v.Bool, d.byte() != 0)
		case types.Int, types.Date:
			v.I32 = append(v.I32, int32(d.varint()))
		case types.Bigint, types.Time, types.Timestamp:
			v.I64 = append(v.I64, d.varint())
		case types.Double:
			v.F64 = append(v.F64, math.Float64frombits(d.uint64()))
		case types.Decimal:
			v.Dec = append(v.Dec, d.int128())
		case types.String, types.Bytes:
			v.AppendBytes(d.bytes())
			continue
		case types.Null:
		default:
			v.Obj = append(v.Obj, d.value(v.Type, 0))
		}
		v.N++
	}
	if d.bad {
		return d.b, errRow
	}
	return d.b, nil
}

// skip passes a value.
func (d *rowReader) skip(t types.Type) {
	switch t.Kind {
	case types.Boolean:
		d.byte()
	case types.Int, types.Date, types.Bigint, types.Time, types.Timestamp:
		for i, b := range d.b {
			if b < 0x80 {
				d.b = d.b[i+1:]
				return
			}
		}
		d.bad, d.b = true, nil
	case types.Double:
		d.take(8)
	case types.Decimal:
		d.take(16)
	case types.String, types.Bytes:
		d.bytes()
	case types.Null:
	default:
		d.value(t, 0)
	}
}

// rowReader reads from the front of b; after the first fault everything is zero.
type rowReader struct {
	b   []byte
	bad bool
}

func (d *rowReader) take(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *rowReader) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *rowReader) varint() int64 {
	x, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return x
}

func (d *rowReader) uvarint() uint64 {
	x, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return x
}

func (d *rowReader) uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (d *rowReader) int128() types.Int128 {
	lo := d.uint64()
	return types.Int128{Hi: int64(d.uint64()), Lo: lo}
}

func (d *rowReader) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	return d.take(int(n))
}

// maxDepth bounds the recursion; types nest no deeper.
const maxDepth = 64

func (d *rowReader) element(t types.Type, depth int) types.Value {
	if d.byte() == 0 {
		return nil
	}
	return d.value(t, depth)
}

func (d *rowReader) value(t types.Type, depth int) types.Value {
	if depth > maxDepth {
		d.bad, d.b = true, nil
	}
	switch t.Kind {
	case types.Boolean:
		return d.byte() != 0
	case types.Int:
		return int32(d.varint())
	case types.Date:
		return types.DateVal(d.varint())
	case types.Bigint:
		return d.varint()
	case types.Time:
		return types.TimeVal(d.varint())
	case types.Timestamp:
		return types.TimestampVal(d.varint())
	case types.Double:
		return math.Float64frombits(d.uint64())
	case types.Decimal:
		return types.Dec{Unscaled: d.int128(), Scale: int32(t.Scale)}
	case types.String:
		return string(d.bytes())
	case types.Bytes:
		return append([]byte{}, d.bytes()...)
	case types.Array:
		out := types.ArrayVal{}
		for n := d.uvarint(); n > 0 && !d.bad; n-- {
			out = append(out, d.element(*t.Elem, depth+1))
		}
		return out
	case types.Map:
		out := &types.MapVal{}
		for n := d.uvarint(); n > 0 && !d.bad; n-- {
			out.Keys = append(out.Keys, d.element(*t.Key, depth+1))
			out.Values = append(out.Values, d.element(*t.Elem, depth+1))
		}
		return out
	case types.Struct:
		out := make(types.StructVal, len(t.Fields))
		for i, f := range t.Fields {
			out[i] = d.element(f.Type, depth+1)
		}
		return out
	}
	return nil
}
