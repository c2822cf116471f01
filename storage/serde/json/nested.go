package json

import (
	"strconv"
	"strings"

	"tailrace/sql/types"
	"tailrace/storage/serde/cell"
)

// toValue converts a token to a value of type t; null is NULL.
func toValue(token []byte, t types.Type) (types.Value, error) {
	if token[0] == 'n' {
		return nil, nil
	}
	switch t.Kind {
	case types.Array:
		return toArray(token, t)
	case types.Map:
		return toMap(token, t)
	case types.Struct:
		return toStruct(token, t)
	case types.Int, types.Bigint, types.Date, types.Time, types.Timestamp:
		x, err := toInteger(token, t)
		if err != nil {
			return nil, err
		}
		return cell.IntegerValue(t, x)
	case types.Double:
		x, err := toDouble(token)
		return x, err
	case types.Decimal:
		x, err := toDecimal(token, t)
		return types.Dec{Unscaled: x, Scale: int32(t.Scale)}, err
	case types.String:
		text, err := appendText(nil, token)
		return string(text), err
	case types.Bytes:
		if token[0] == '"' {
			text, err := unquoted(nil, token)
			if err != nil {
				return nil, err
			}
			return cell.DecodeBase64(text)
		}
	case types.Boolean:
		if token[0] == 't' || token[0] == 'f' {
			return token[0] == 't', nil
		}
	}
	return nil, cannotConvert(token, t)
}

func toArray(token []byte, t types.Type) (types.Value, error) {
	if token[0] != '[' {
		return nil, cannotConvert(token, t)
	}
	out := types.ArrayVal{}
	for m := membersOf(token); ; {
		_, value, ok := m.next()
		if !ok {
			return out, nil
		}
		x, err := toValue(value, *t.Elem)
		if err != nil {
			return nil, under(err, "["+strconv.Itoa(len(out))+"]")
		}
		out = append(out, x)
	}
}

func toMap(token []byte, t types.Type) (types.Value, error) {
	if token[0] != '{' || t.Key.Kind != types.String {
		return nil, cannotConvert(token, t)
	}
	b := types.NewMapBuilder(0)
	for m := membersOf(token); ; {
		key, value, ok := m.next()
		if !ok {
			return b.Map(), nil
		}
		k, err := appendUnquoted(nil, key)
		if err != nil {
			return nil, err
		}
		x, err := toValue(value, *t.Elem)
		if err != nil {
			return nil, under(err, "."+string(k)+".value")
		}
		b.Put(string(k), x)
	}
}

// toStruct matches fields as the decoder matches columns: by exact name, else in upper
// case; of several the last exact one wins, else the last.
func toStruct(token []byte, t types.Type) (types.Value, error) {
	if token[0] != '{' {
		return nil, cannotConvert(token, t)
	}
	found := make([][]byte, len(t.Fields))
	exact := make([]bool, len(t.Fields))
	for m := membersOf(token); ; {
		key, value, ok := m.next()
		if !ok {
			break
		}
		name, err := unquoted(nil, key)
		if err != nil {
			return nil, err
		}
		upper := strings.ToUpper(cell.View(name))
		for i := range t.Fields {
			switch {
			case t.Fields[i].Name == string(name):
				found[i], exact[i] = value, true
			case !exact[i] && t.Fields[i].Name == upper:
				found[i] = value
			}
		}
	}
	out := make(types.StructVal, len(t.Fields))
	for i, value := range found {
		if value == nil {
			continue
		}
		var err error
		if out[i], err = toValue(value, t.Fields[i].Type); err != nil {
			return nil, under(err, "."+t.Fields[i].Name)
		}
	}
	return out, nil
}
