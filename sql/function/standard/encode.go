package standard

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/pgtext"
)

func init() {
	differs(texts, "ENCODE", "The bytes as text in a format: base64, hex or escape.", function.F2("BYTES bytes", "STRING format", "STRING", encode))
	both(texts, "DECODE", "The bytes that a text stands for in a format: base64, hex or escape.", function.F2("STRING text", "STRING format", "BYTES", decode))
	both(texts, "CONVERT_FROM", "The bytes as text of an encoding: UTF8 or SQL_ASCII.", function.F2("BYTES bytes", "STRING encoding", "STRING", func(b []byte, encoding string) (string, error) {
		if err := known8(encoding); err != nil {
			return "", err
		}
		if !utf8.Valid(b) {
			return "", sqlerr.New(sqlerr.InvalidCharacter, "invalid byte sequence for encoding \"UTF8\"")
		}
		return string(b), nil
	}))
	both(texts, "CONVERT_TO", "The text as bytes of an encoding: UTF8 or SQL_ASCII.", function.F2("STRING text", "STRING encoding", "BYTES", func(s, encoding string) ([]byte, error) {
		return []byte(s), known8(encoding)
	}))
	for name, f := range map[string]func([]byte) []byte{
		"SHA224": func(b []byte) []byte { h := sha256.Sum224(b); return h[:] }, "SHA256": func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
		"SHA384": func(b []byte) []byte { h := sha512.Sum384(b); return h[:] }, "SHA512": func(b []byte) []byte { h := sha512.Sum512(b); return h[:] },
	} {
		both(texts, name, "The SHA-2 digest of the bytes.", function.F1("BYTES bytes", "BYTES", func(b []byte) ([]byte, error) { return f(b), nil }))
	}
	both(texts, "GET_BYTE", "The n-th byte, from 0.", function.F2("BYTES bytes", "BIGINT n", "INTEGER", func(b []byte, n int64) (int32, error) {
		if n < 0 || n >= int64(len(b)) {
			return 0, sqlerr.New(sqlerr.ArraySubscript, "index %d out of valid range, 0..%d", n, len(b)-1)
		}
		return int32(b[n]), nil
	}))
}

func known8(encoding string) error {
	switch strings.ToUpper(strings.ReplaceAll(encoding, "-", "")) {
	case "UTF8", "UNICODE", "SQL_ASCII":
		return nil
	}
	return sqlerr.New(sqlerr.InvalidParameter, "invalid encoding name \"%s\"", strings.Clone(encoding))
}

// lineLength is how long the lines of base64 are (RFC 2045).
const lineLength = 76

func encode(b []byte, format string) (string, error) {
	switch strings.ToLower(format) {
	case "hex":
		return hex.EncodeToString(b), nil
	case "base64":
		text := base64.StdEncoding.EncodeToString(b)
		var out strings.Builder
		for len(text) > lineLength {
			out.WriteString(text[:lineLength] + "\n")
			text = text[lineLength:]
		}
		return out.String() + text, nil
	case "escape":
		var out []byte
		for _, c := range b {
			switch {
			case c == '\\':
				out = append(out, `\\`...)
			case c == 0 || c >= 0x80:
				out = append(out, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
			default:
				out = append(out, c)
			}
		}
		return string(out), nil
	}
	return "", unknownFormat(format)
}

func unknownFormat(format string) error {
	return sqlerr.New(sqlerr.InvalidParameter, "unrecognized encoding: \"%s\"", strings.Clone(format))
}

var noSpace = strings.NewReplacer(" ", "", "\n", "", "\r", "", "\t", "")

func decode(s, format string) ([]byte, error) {
	switch strings.ToLower(format) {
	case "hex":
		b, err := hex.DecodeString(noSpace.Replace(s))
		if err != nil {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "invalid hexadecimal data: %s", strings.TrimPrefix(err.Error(), "encoding/hex: "))
		}
		return b, nil
	case "base64":
		b, err := base64.StdEncoding.DecodeString(noSpace.Replace(s))
		if err != nil {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "invalid base64 end sequence")
		}
		return b, nil
	case "escape":
		if strings.HasPrefix(s, `\x`) {
			s = `\` + s
		}
		v, err := pgtext.Parse(s, types.BytesType)
		if err != nil {
			return nil, err
		}
		return v.([]byte), nil
	}
	return nil, unknownFormat(format)
}
