package pgwire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// decodeParam reads a parameter of a Bind message. The client may have declared another
// type than the statement wants (declared, 0 when it did not): text is read as what the
// statement wants, binary as what was declared.
func decodeParam(raw []byte, format int16, declared uint32, want types.Type, number int) (types.Value, error) {
	if raw == nil {
		return nil, nil
	}
	fail := func(err error) error {
		if e, ok := sqlerr.As(err); ok {
			return sqlerr.New(e.Code, "parameter $%d: %s", number, e.Message)
		}
		return sqlerr.New(sqlerr.InvalidText, "parameter $%d: %s", number, err)
	}
	if want.Kind == types.Null {
		want = types.StringType
	}
	if format == textFormat {
		if !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 {
			return nil, sqlerr.New(sqlerr.InvalidCharacter, "parameter $%d: invalid byte sequence for encoding \"UTF8\"", number)
		}
		v, err := parseText(string(raw), want)
		if err != nil {
			return nil, fail(err)
		}
		return v, nil
	}
	if declared == oidUnknown || declared == oidUnknownT {
		declared = infoOf(want).oid
	}
	v, err := decodeBinary(raw, declared)
	if err != nil {
		return nil, fail(err)
	}
	v, err = convert(v, want)
	if err != nil {
		return nil, fail(err)
	}
	return v, nil
}

// decodeBinary reads the receive format of a type.
func decodeBinary(raw []byte, oid uint32) (types.Value, error) {
	sized := func(n int) error {
		if len(raw) != n {
			return sqlerr.New(sqlerr.ProtocolViolation, "binary value of %d bytes, expected %d", len(raw), n)
		}
		return nil
	}
	switch oid {
	case oidBool:
		if err := sized(1); err != nil {
			return nil, err
		}
		return raw[0] != 0, nil
	case oidInt2:
		if err := sized(2); err != nil {
			return nil, err
		}
		return int32(int16(binary.BigEndian.Uint16(raw))), nil
	case oidInt4, oidDate:
		if err := sized(4); err != nil {
			return nil, err
		}
		n := int32(binary.BigEndian.Uint32(raw))
		if oid == oidDate {
			return types.DateVal(n + epochDays), nil
		}
		return n, nil
	case oidFloat4:
		if err := sized(4); err != nil {
			return nil, err
		}
		return float64(math.Float32frombits(binary.BigEndian.Uint32(raw))), nil
	case oidInt8, oidFloat8, oidTime, oidTimestamp, oidTimestamptz:
		if err := sized(8); err != nil {
			return nil, err
		}
		return eightBytes(binary.BigEndian.Uint64(raw), oid), nil
	case oidBytea:
		return append([]byte{}, raw...), nil
	case oidNumeric:
		return decodeNumeric(raw)
	case oidInterval:
		if err := sized(16); err != nil {
			return nil, err
		}
		return decodeInterval(raw), nil
	case oidOid:
		if err := sized(4); err != nil {
			return nil, err
		}
		return int64(binary.BigEndian.Uint32(raw)), nil
	case oidText, oidVarchar, oidBpchar, oidName, oidChar, oidJSON, oidUnknownT:
		return validText(raw)
	case oidJSONB:
		if len(raw) == 0 || raw[0] != 1 {
			return nil, sqlerr.New(sqlerr.InvalidBinary, "unsupported jsonb version")
		}
		return validText(raw[1:])
	case oidUUID:
		if err := sized(16); err != nil {
			return nil, err
		}
		return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:]), nil
	}
	if elem, ok := elemOID[oid]; ok {
		return decodeArray(raw, elem)
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "parameters of type %d in binary form are not supported", oid).
		Hint("Send the parameter as text.")
}

// decodeInterval reads microseconds, days and months.
func decodeInterval(raw []byte) types.Value {
	return types.IntervalVal{Micros: int64(binary.BigEndian.Uint64(raw)), Days: int32(binary.BigEndian.Uint32(raw[8:])),
		Months: int32(binary.BigEndian.Uint32(raw[12:]))}
}

// validText refuses what cannot be text: the language's strings are UTF-8.
func validText(raw []byte) (types.Value, error) {
	if !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 {
		return nil, sqlerr.New(sqlerr.InvalidCharacter, "invalid byte sequence for encoding \"UTF8\"")
	}
	return string(raw), nil
}

// decodeArray reads the send format of an array of at most one dimension.
func decodeArray(raw []byte, elem uint32) (types.Value, error) {
	malformed := sqlerr.New(sqlerr.InvalidBinary, "malformed binary array")
	if len(raw) < 12 {
		return nil, malformed
	}
	dims, of := binary.BigEndian.Uint32(raw), binary.BigEndian.Uint32(raw[8:])
	switch {
	case dims == 0:
		return types.ArrayVal{}, nil
	case dims > 1:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "arrays of several dimensions are not supported")
	case len(raw) < 20 || of != elem:
		return nil, malformed
	}
	n := int(binary.BigEndian.Uint32(raw[12:]))
	raw = raw[20:]
	if n > len(raw)/4 {
		return nil, malformed
	}
	out := make(types.ArrayVal, 0, n)
	for range n {
		if len(raw) < 4 {
			return nil, malformed
		}
		size := int(int32(binary.BigEndian.Uint32(raw)))
		raw = raw[4:]
		if size < 0 {
			out = append(out, nil)
			continue
		}
		if size > len(raw) {
			return nil, malformed
		}
		v, err := decodeBinary(raw[:size], elem)
		if err != nil {
			return nil, err
		}
		out, raw = append(out, v), raw[size:]
	}
	return out, nil
}

func eightBytes(n uint64, oid uint32) types.Value {
	switch oid {
	case oidFloat8:
		return math.Float64frombits(n)
	case oidTime:
		return types.TimeVal(int64(n) / 1000)
	case oidTimestamp, oidTimestamptz:
		return types.TimestampVal(floorMillis(int64(n)) + epochMicros/1000)
	}
	return int64(n)
}

// floorMillis turns microseconds into milliseconds, towards the past.
func floorMillis(micros int64) int64 {
	ms := micros / 1000
	if micros%1000 < 0 {
		ms--
	}
	return ms
}

func decodeNumeric(raw []byte) (types.Value, error) {
	var n pgtype.Numeric
	if err := (pgtype.NumericCodec{}).PlanScan(nil, oidNumeric, binaryFormat, &n).Scan(raw, &n); err != nil {
		return nil, err
	}
	if n.NaN || n.InfinityModifier != pgtype.Finite || n.Int == nil {
		return nil, sqlerr.New(sqlerr.InvalidText, "DECIMAL has no NaN and no infinity")
	}
	if n.Exp > types.MaxPrecision || n.Exp < -4*types.MaxPrecision {
		return nil, sqlerr.New(sqlerr.NumericOutOfRange, "number has more digits than DECIMAL holds")
	}
	digits := n.Int.String()
	if n.Exp > 0 {
		digits += strings.Repeat("0", int(n.Exp))
	}
	if n.Exp < 0 {
		sign := ""
		if digits[0] == '-' {
			sign, digits = "-", digits[1:]
		}
		for len(digits) <= int(-n.Exp) {
			digits = "0" + digits
		}
		point := len(digits) + int(n.Exp)
		digits = sign + digits[:point] + "." + digits[point:]
	}
	return types.ParseDec(digits)
}

// formatCodes spreads the format codes of a message over n values: none means all text,
// one counts for all.
func formatCodes(codes []int16, n int) ([]int16, error) {
	out := make([]int16, n)
	switch len(codes) {
	case 0:
	case 1:
		for i := range out {
			out[i] = codes[0]
		}
	case n:
		copy(out, codes)
	default:
		return nil, sqlerr.New(sqlerr.ProtocolViolation, "%s format codes for %d values", strconv.Itoa(len(codes)), n)
	}
	for _, f := range out {
		if f != textFormat && f != binaryFormat {
			return nil, sqlerr.New(sqlerr.ProtocolViolation, "unknown format code %d", f)
		}
	}
	return out, nil
}
