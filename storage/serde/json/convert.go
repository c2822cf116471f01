package json

import (
	"errors"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/cell"
)

// A token is the text of one value that the scanner has accepted, without white space
// around it. Its first byte tells what it is, and Padding bytes may be read past its end.

// pathError is a fault of one value, and where in the record the value is.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return e.err.Error() + ", path: $" + e.path }
func (e *pathError) Unwrap() error { return e.err }

// under says that an error came from the part of a value that step leads to.
func under(err error, step string) error {
	var inner *pathError
	if errors.As(err, &inner) {
		return &pathError{path: step + inner.path, err: inner.err}
	}
	return &pathError{path: step, err: err}
}

// source is what Jackson calls a token, for messages.
func source(token []byte) string {
	switch token[0] {
	case '"':
		return "TextNode"
	case '{':
		return "ObjectNode"
	case '[':
		return "ArrayNode"
	case 't', 'f':
		return "BooleanNode"
	case 'n':
		return "NullNode"
	}
	return "NumericNode"
}

func cannotConvert(token []byte, t types.Type) error {
	return sqlerr.New(sqlerr.DataException, "Can't convert type. sourceType: %s, requiredType: %s", source(token), t)
}

func cannotCoerce(t types.Type) error {
	return sqlerr.New(sqlerr.InvalidText, "Can't coerce string to type. targetType: %s", t.Kind)
}

func isNumber(token []byte) bool { return token[0] == '-' || token[0]-'0' <= 9 }

// appendToken converts a token to the type of a vector and appends it. On an error it
// appends nothing.
func appendToken(v *vector.Vector, token []byte) error {
	if token[0] == 'n' {
		v.AppendNull()
		return nil
	}
	t := v.Type
	switch t.Kind {
	case types.Int, types.Bigint, types.Date, types.Time, types.Timestamp:
		x, err := toInteger(token, t)
		if err != nil {
			return err
		}
		return cell.AppendInteger(v, x)
	case types.String:
		start := len(v.Arena)
		arena, err := appendText(v.Arena, token)
		if err != nil {
			return err
		}
		v.Arena = arena
		return cell.CloseArena(v, start)
	case types.Bytes:
		if token[0] != '"' {
			return cannotConvert(token, t)
		}
		var buf [128]byte
		text, err := unquoted(buf[:0], token)
		if err != nil {
			return err
		}
		return cell.AppendBase64(v, text)
	case types.Double:
		x, err := toDouble(token)
		if err != nil {
			return err
		}
		v.F64 = append(v.F64, x)
	case types.Decimal:
		x, err := toDecimal(token, t)
		if err != nil {
			return err
		}
		v.Dec = append(v.Dec, x)
	case types.Boolean:
		if token[0] != 't' && token[0] != 'f' {
			return cannotConvert(token, t)
		}
		v.Bool = append(v.Bool, token[0] == 't')
	default:
		x, err := toValue(token, t)
		if err != nil {
			return err
		}
		v.Obj = append(v.Obj, x)
	}
	v.N++
	return nil
}

// toInteger reads a number, whose fraction is cut off, or a string that is an integer.
func toInteger(token []byte, t types.Type) (int64, error) {
	switch {
	case isNumber(token):
		if x, ok := cell.ParseInteger(token); ok {
			return x, nil
		}
		if d, err := types.ParseDec(cell.View(token)); err == nil {
			if x, ok := d.Int64(); ok {
				return x, nil
			}
		} else if f, ok := cell.ParseDouble(token); ok && f > -1<<63 && f < 1<<63 {
			return int64(f), nil
		}
		return 0, sqlerr.New(sqlerr.NumericOutOfRange, "Number does not fit the type. targetType: %s", t.Kind)
	case token[0] == '"':
		var buf [32]byte
		text, err := unquoted(buf[:0], token)
		if err != nil {
			return 0, err
		}
		x, ok := cell.ParseInteger(text)
		if !ok {
			return 0, cannotCoerce(t)
		}
		return x, nil
	}
	return 0, cannotConvert(token, t)
}

// toDouble reads a number or a string that is one; NaN and infinities are strings.
func toDouble(token []byte) (float64, error) {
	text := token
	switch {
	case isNumber(token):
	case token[0] == '"':
		var buf [64]byte
		var err error
		if text, err = unquoted(buf[:0], token); err != nil {
			return 0, err
		}
	default:
		return 0, cannotConvert(token, types.DoubleType)
	}
	x, ok := cell.ParseDouble(text)
	if !ok {
		return 0, cannotCoerce(types.DoubleType)
	}
	return x, nil
}

func toDecimal(token []byte, t types.Type) (types.Int128, error) {
	text := token
	switch {
	case isNumber(token):
	case token[0] == '"':
		var buf [64]byte
		var err error
		if text, err = unquoted(buf[:0], token); err != nil {
			return types.Int128{}, err
		}
	default:
		return types.Int128{}, cannotConvert(token, t)
	}
	return cell.ParseDecimal(text, t.Precision, t.Scale)
}
