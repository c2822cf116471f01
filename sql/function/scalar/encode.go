package scalar

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"unicode/utf8"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

func init() {
	registerString("ENCODE", "The text read in one encoding and written in another: hex, utf8, ascii or base64. Hexadecimal input may be written 0x... or X'...'.",
		function.F3("STRING str", "STRING inputEncoding", "STRING outputEncoding", "STRING", func(s, from, to string) (string, error) {
			b, err := decodeText(s, from)
			if err != nil {
				return "", err
			}
			return encodeText(b, to)
		}))
	registerString("TO_BYTES", "The bytes that a text stands for in an encoding: hex, utf8, ascii or base64.",
		function.F2("STRING value", "STRING encoding", "BYTES", decodeText))
	registerString("FROM_BYTES", "The text that bytes make in an encoding: hex, utf8, ascii or base64.",
		function.F2("BYTES value", "STRING encoding", "STRING", func(b []byte, encoding string) (string, error) {
			out, err := encodeText(b, encoding)
			if strings.EqualFold(encoding, "hex") {
				out = strings.ToUpper(out) // where ENCODE writes small digits
			}
			return out, err
		}))

	numeric := func(name, result string, size int, read func([]byte, binary.ByteOrder) types.Value) {
		f := func(_ *function.Context, a []types.Value) (types.Value, error) {
			if anyNil(a) {
				return nil, nil
			}
			b := a[0].([]byte)
			if len(b) != size {
				return nil, sqlerr.New(sqlerr.InvalidBinary, "Number of bytes must be equal to %d, but found %d", size, len(b))
			}
			order := binary.ByteOrder(binary.BigEndian)
			if len(a) == 2 && strings.EqualFold(a[1].(string), "LITTLE_ENDIAN") {
				order = binary.LittleEndian
			} else if len(a) == 2 && !strings.EqualFold(a[1].(string), "BIG_ENDIAN") {
				return nil, sqlerr.New(sqlerr.InvalidParameter, "Byte order must be BIG_ENDIAN or LITTLE_ENDIAN, not %s", a[1])
			}
			return read(b, order), nil
		}
		function.RegisterScalar(function.Scalar{Name: name, Category: "CONVERSIONS",
			Doc: "The " + result + " that the bytes hold, in byteOrder BIG_ENDIAN (the default) or LITTLE_ENDIAN.",
			Overloads: []function.Signature{
				function.Rows([]string{"BYTES value"}, result, f), function.Rows([]string{"BYTES value", "STRING byteOrder"}, result, f)}})
	}
	numeric("INT_FROM_BYTES", "INTEGER", 4, func(b []byte, o binary.ByteOrder) types.Value { return int32(o.Uint32(b)) })
	numeric("BIGINT_FROM_BYTES", "BIGINT", 8, func(b []byte, o binary.ByteOrder) types.Value { return int64(o.Uint64(b)) })
	numeric("DOUBLE_FROM_BYTES", "DOUBLE", 8, func(b []byte, o binary.ByteOrder) types.Value {
		return math.Float64frombits(o.Uint64(b))
	})
}

func errEncoding(name string) error {
	return sqlerr.New(sqlerr.InvalidParameter, "Supported input and output encodings are: hex, utf8, ascii, base64; not %q", name)
}

func decodeText(s, encoding string) ([]byte, error) {
	switch strings.ToLower(encoding) {
	case "hex":
		return decodeHex(s)
	case "utf8":
		return []byte(s), nil
	case "ascii":
		out := make([]byte, 0, len(s))
		for _, r := range s {
			if r >= utf8.RuneSelf {
				r = '?'
			}
			out = append(out, byte(r))
		}
		return out, nil
	case "base64":
		// As in mail: what is no digit of base64 is passed over, and padding may be missing.
		digits := strings.Map(func(r rune) rune {
			if r == '+' || r == '/' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
				return r
			}
			return -1
		}, s)
		b, err := base64.RawStdEncoding.DecodeString(digits)
		if err != nil {
			return nil, sqlerr.New(sqlerr.InvalidText, "invalid base64 text %q", s)
		}
		return b, nil
	}
	return nil, errEncoding(encoding)
}

// decodeHex reads plain digits, 0x... (where an odd digit stands for a whole byte) and
// X'...'.
func decodeHex(s string) ([]byte, error) {
	digits := s
	switch {
	case strings.HasPrefix(s, "0x"):
		if digits = s[2:]; len(digits)%2 == 1 {
			digits = "0" + digits
		}
	case (strings.HasPrefix(s, "X'") || strings.HasPrefix(s, "x'")) && len(s) > 2 && s[len(s)-1] == '\'':
		digits = s[2 : len(s)-1]
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidText, "invalid hexadecimal text %q", s)
	}
	return b, nil
}

func encodeText(b []byte, encoding string) (string, error) {
	switch strings.ToLower(encoding) {
	case "hex":
		return hex.EncodeToString(b), nil
	case "utf8":
		return strings.ToValidUTF8(string(b), "\uFFFD"), nil
	case "ascii":
		var out strings.Builder
		for _, c := range b {
			if c < utf8.RuneSelf {
				out.WriteByte(c)
			} else {
				out.WriteRune(utf8.RuneError)
			}
		}
		return out.String(), nil
	case "base64":
		return base64.StdEncoding.EncodeToString(b), nil
	}
	return "", errEncoding(encoding)
}
