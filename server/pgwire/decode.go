package pgwire

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

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
		return sqlerr.New(sqlerr.InvalidText, "parameter $%d: %s", number, err)
	}
	if want.Kind == types.Null {
		want = types.StringType
	}
	if format == textFormat {
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
	case oidText, oidVarchar, oidJSON, oidUnknownT:
		return string(raw), nil
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "parameters of type %d in binary form are not supported", oid).
		Hint("Send the parameter as text.")
}

func eightBytes(n uint64, oid uint32) types.Value {
	switch oid {
	case oidFloat8:
		return math.Float64frombits(n)
	case oidTime:
		return types.TimeVal(int64(n) / 1000)
	case oidTimestamp, oidTimestamptz:
		return types.TimestampVal((int64(n) + epochMicros) / 1000)
	}
	return int64(n)
}

func decodeNumeric(raw []byte) (types.Value, error) {
	var n pgtype.Numeric
	if err := (pgtype.NumericCodec{}).PlanScan(nil, oidNumeric, binaryFormat, &n).Scan(raw, &n); err != nil {
		return nil, err
	}
	if n.NaN || n.InfinityModifier != pgtype.Finite || n.Int == nil {
		return nil, sqlerr.New(sqlerr.InvalidText, "DECIMAL has no NaN and no infinity")
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
