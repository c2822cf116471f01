package console

import (
	"encoding/base64"
	"fmt"
	"math"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// maxSafe is the largest integer that a number of JavaScript holds exactly.
const maxSafe = 1<<53 - 1

// jsonValue is a value of type t as JSON has it for a page: what a number of JavaScript cannot
// hold is text (a BIGINT beyond 2^53, every DECIMAL, NaN), times are ISO 8601, bytes base64.
func jsonValue(t types.Type, v types.Value) any {
	switch v := v.(type) {
	case nil, bool, string, int32:
		return v
	case int64:
		if v > maxSafe || v < -maxSafe {
			return fmt.Sprint(v)
		}
		return v
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v)
		}
		return v
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case types.ArrayVal:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = jsonValue(*t.Elem, x)
		}
		return out
	case types.StructVal:
		out := make(map[string]any, len(v))
		for i, x := range v {
			out[t.Fields[i].Name] = jsonValue(t.Fields[i].Type, x)
		}
		return out
	case *types.MapVal:
		out := make(map[string]any, len(v.Keys))
		for i, key := range v.Keys {
			out[types.Text(*t.Key, key)] = jsonValue(*t.Elem, v.Values[i])
		}
		return out
	}
	return types.Text(t, v) // DECIMAL, DATE, TIME, TIMESTAMP
}

func roleOf(c types.Column) string {
	switch c.In {
	case types.InKey:
		return "key"
	case types.InHeaders:
		return "headers"
	}
	return ""
}

// uuid writes an id as Kafka's tools do.
func uuid(id [16]byte) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// sqlError is an error in SQL, nil for any other.
func sqlError(err error) *apiError {
	e, ok := sqlerr.As(err)
	if !ok {
		return nil
	}
	out := fault(400, "sql", e.Message)
	out.Detail, out.Hint, out.SQLState, out.Position = e.DetailText, e.HintText, string(e.Code), e.Pos
	return out
}
