package cell

import (
	"encoding/base64"
	"math"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// dayMillis is the length of a day; a TIME lies within one.
const dayMillis = 24 * 60 * 60 * 1000

// Pop takes the last row of a vector away.
func Pop(v *vector.Vector) {
	n := v.N - 1
	v.N = n
	v.Nulls.Clear(n)
	switch v.Type.Kind {
	case types.Boolean:
		v.Bool = v.Bool[:n]
	case types.Int, types.Date:
		v.I32 = v.I32[:n]
	case types.Bigint, types.Time, types.Timestamp:
		v.I64 = v.I64[:n]
	case types.Double:
		v.F64 = v.F64[:n]
	case types.Decimal:
		v.Dec = v.Dec[:n]
	case types.String, types.Bytes:
		// A NULL's Ref is zero and has added nothing to the arena.
		if r := v.Ref[n]; r.Len > 0 {
			v.Arena = v.Arena[:r.Off]
		}
		v.Ref = v.Ref[:n]
	case types.Array, types.Map, types.Struct:
		v.Obj[n] = nil
		v.Obj = v.Obj[:n]
	}
}

// CloseArena makes the bytes that were added to a STRING or BYTES vector's arena since
// start its next row.
func CloseArena(v *vector.Vector, start int) error {
	if len(v.Arena) > math.MaxUint32 {
		v.Arena = v.Arena[:start]
		return sqlerr.New(sqlerr.LimitExceeded, "the strings of one batch exceed 4 GiB")
	}
	v.Ref = append(v.Ref, vector.Ref{Off: uint32(start), Len: uint32(len(v.Arena) - start)})
	v.N++
	return nil
}

// AppendInteger adds a whole number to an INT, BIGINT, DATE, TIME or TIMESTAMP column.
// A number beyond the type is an error, not another number.
func AppendInteger(v *vector.Vector, x int64) error {
	switch v.Type.Kind {
	case types.Int, types.Date:
		if x != int64(int32(x)) {
			return outOfRange(v.Type)
		}
		v.I32 = append(v.I32, int32(x))
	case types.Time:
		if err := CheckTime(x); err != nil {
			return err
		}
		v.I64 = append(v.I64, x)
	default:
		v.I64 = append(v.I64, x)
	}
	v.N++
	return nil
}

// CheckTime refuses milliseconds that are no time of day. ksqlDB lets the end of the day
// itself pass.
func CheckTime(x int64) error {
	if x < 0 || x > dayMillis {
		return sqlerr.New(sqlerr.DatetimeOverflow,
			"Time values must use number of milliseconds greater than 0 and less than %d.", dayMillis)
	}
	return nil
}

func outOfRange(t types.Type) error {
	return sqlerr.New(sqlerr.NumericOutOfRange, "Number does not fit the type. targetType: %s", t.Kind)
}

// IntegerValue is AppendInteger for one value.
func IntegerValue(t types.Type, x int64) (types.Value, error) {
	switch t.Kind {
	case types.Int:
		if x != int64(int32(x)) {
			return nil, outOfRange(t)
		}
		return int32(x), nil
	case types.Date:
		if x != int64(int32(x)) {
			return nil, outOfRange(t)
		}
		return types.DateVal(x), nil
	case types.Time:
		return types.TimeVal(x), CheckTime(x)
	case types.Timestamp:
		return types.TimestampVal(x), nil
	}
	return x, nil
}

// AppendBase64 decodes base64 text into a BYTES column.
func AppendBase64(v *vector.Vector, text []byte) error {
	start := len(v.Arena)
	arena, err := base64.StdEncoding.AppendDecode(v.Arena, text)
	if err != nil {
		return badBase64()
	}
	v.Arena = arena
	return CloseArena(v, start)
}

// DecodeBase64 is AppendBase64 for one value.
func DecodeBase64(text []byte) ([]byte, error) {
	b, err := base64.StdEncoding.AppendDecode([]byte{}, text)
	if err != nil {
		return nil, badBase64()
	}
	return b, nil
}

func badBase64() error {
	return sqlerr.New(sqlerr.InvalidText, "Value is not a valid Base64 encoded string")
}
