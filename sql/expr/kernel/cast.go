package kernel

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"tailrace/sql/types"
	"tailrace/sql/types/numeric"
	"tailrace/sql/types/pgtext"
)

// CanCast reports whether CAST leads from one type to another. standard adds the casts
// that PostgreSQL has and ksqlDB lacks.
func CanCast(from, to types.Type, standard bool) bool {
	if from.Kind == types.Null || from.Equal(to) {
		return true
	}
	switch from.Kind {
	case types.Boolean:
		return to.Kind == types.String || standard && to.Kind == types.Int
	case types.Int:
		return to.IsNumeric() || to.Kind == types.String || standard && to.Kind == types.Boolean
	case types.Bigint, types.Double, types.Decimal, types.Numeric:
		return to.IsNumeric() || to.Kind == types.String
	case types.String:
		return to.Kind != types.Null && (!to.IsNested() || standard && to.Kind == types.Array)
	case types.Date:
		return to.Kind == types.String || to.Kind == types.Timestamp
	case types.Time:
		return to.Kind == types.String || to.Kind == types.Interval
	case types.Interval:
		return to.Kind == types.String || to.Kind == types.Time
	case types.Timestamp:
		return to.Kind == types.String || to.Kind == types.Date || to.Kind == types.Time
	case types.JSON, types.JSONB:
		return to.Kind == types.String || to.Kind == types.JSON || to.Kind == types.JSONB
	case types.Bytes:
		return standard && to.Kind == types.String
	case types.Array:
		return to.Kind == types.String || to.Kind == types.Array && CanCast(*from.Elem, *to.Elem, standard)
	case types.Map:
		return to.Kind == types.String ||
			to.Kind == types.Map && CanCast(*from.Key, *to.Key, standard) && CanCast(*from.Elem, *to.Elem, standard)
	case types.Struct:
		return to.Kind == types.String || to.Kind == types.Struct && canCastFields(from, to, standard)
	}
	return false
}

// canCastFields looks at the fields that both have; others are dropped or NULL.
func canCastFields(from, to types.Type, standard bool) bool {
	for _, f := range from.Fields {
		if i := to.Field(f.Name); i >= 0 && !CanCast(f.Type, to.Fields[i].Type, standard) {
			return false
		}
	}
	return true
}

// CastValue casts one value between types that CanCast allows. ksqlDB's rules are Java's:
// integers wrap, doubles saturate, decimals are cut to integers. standard's are
// PostgreSQL's: they round, and fail when the result is out of range.
func CastValue(v types.Value, from, to types.Type, standard bool) (types.Value, error) {
	if v == nil || from.Equal(to) {
		return v, nil
	}
	if s, ok := v.(string); ok {
		if to.Kind == types.String {
			return s, nil
		}
		return ParseValue(s, to, standard || !to.Stored())
	}
	switch to.Kind {
	case types.String:
		if standard {
			return string(pgtext.AppendCast(nil, from, v)), nil
		}
		return types.Text(from, v), nil
	case types.Array, types.Map, types.Struct:
		return castNested(v, from, to, standard)
	case types.Interval:
		if t, ok := v.(types.TimeVal); ok {
			return types.IntervalVal{Micros: int64(t) * 1000}, nil
		}
	case types.Timestamp:
		if d, ok := v.(types.DateVal); ok {
			return d.Timestamp(), nil
		}
	case types.Date, types.Time:
		if iv, ok := v.(types.IntervalVal); ok {
			return types.TimeVal((iv.Micros/1000%types.MillisPerDay + types.MillisPerDay) % types.MillisPerDay), nil
		}
		if ts, ok := v.(types.TimestampVal); ok {
			day, clock := ts.Split()
			if to.Kind == types.Date {
				return day, nil
			}
			return clock, nil
		}
	case types.Boolean:
		if n, ok := v.(int32); ok {
			return n != 0, nil
		}
	}
	return castNumber(v, to, standard)
}

func castNested(v types.Value, from, to types.Type, standard bool) (types.Value, error) {
	var err error
	switch v := v.(type) {
	case types.ArrayVal:
		out := make(types.ArrayVal, len(v))
		for i, e := range v {
			if out[i], err = CastValue(e, *from.Elem, *to.Elem, standard); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *types.MapVal:
		b := types.NewMapBuilder(v.Len())
		for i, k := range v.Keys {
			key, err := CastValue(k, *from.Key, *to.Key, standard)
			if err != nil {
				return nil, err
			}
			value, err := CastValue(v.Values[i], *from.Elem, *to.Elem, standard)
			if err != nil {
				return nil, err
			}
			b.Put(key, value)
		}
		return b.Map(), nil
	case types.StructVal:
		out := make(types.StructVal, len(to.Fields))
		for i, f := range to.Fields {
			j := from.Field(f.Name)
			if j < 0 {
				continue
			}
			if out[i], err = CastValue(v[j], from.Fields[j].Type, f.Type, standard); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("cannot cast %s to %s", from, to)
}

func castNumber(v types.Value, to types.Type, standard bool) (types.Value, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return int32(1), nil
		}
		return int32(0), nil
	case int32:
		return castInteger(int64(v), to, standard)
	case int64:
		return castInteger(v, to, standard)
	case float64:
		return castDouble(v, to, standard)
	case types.Dec:
		switch to.Kind {
		case types.Numeric:
			return v, nil
		case types.Double:
			return v.Float64(), nil
		case types.Decimal:
			d, err := v.Fit(to.Precision, to.Scale, types.HalfUp)
			return valueOr(d, err)
		}
		var out [1]int64
		var failed error
		fail := func(_ int, err error) { failed = err }
		DecInts(out[:], []types.Int128{v.Unscaled}, int(v.Scale), integerRounding(standard), fail)
		if failed != nil {
			return nil, failed
		}
		return castInteger(out[0], to, standard)
	}
	return nil, fmt.Errorf("cannot cast %T to %s", v, to)
}

func integerRounding(standard bool) types.Rounding {
	if standard {
		return types.HalfUp
	}
	return types.Down
}

func valueOr[T any](v T, err error) (types.Value, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

func castInteger(v int64, to types.Type, standard bool) (types.Value, error) {
	switch to.Kind {
	case types.Int:
		if standard && int64(int32(v)) != v {
			return nil, ErrOutOfRange
		}
		return int32(v), nil
	case types.Bigint:
		return v, nil
	case types.Double:
		return float64(v), nil
	case types.Numeric:
		return types.DecOf(v), nil
	case types.Decimal:
		return valueOr(types.DecOf(v).Fit(to.Precision, to.Scale, types.HalfUp))
	}
	return nil, fmt.Errorf("cannot cast an integer to %s", to)
}

func castDouble(v float64, to types.Type, standard bool) (types.Value, error) {
	var failed error
	fail := func(_ int, err error) { failed = err }
	in := []float64{v}
	switch to.Kind {
	case types.Int:
		var out [1]int32
		if standard {
			Round(out[:], in, math.MinInt32, math.MaxInt32, fail)
		} else {
			Saturate(out[:], in, math.MinInt32, math.MaxInt32)
		}
		return valueOr(out[0], failed)
	case types.Bigint:
		var out [1]int64
		if standard {
			Round(out[:], in, math.MinInt64, math.MaxInt64, fail)
		} else {
			Saturate(out[:], in, math.MinInt64, math.MaxInt64)
		}
		return valueOr(out[0], failed)
	case types.Numeric:
		return valueOr(numeric.OfFloat(v))
	case types.Decimal:
		if standard {
			d, err := numeric.OfFloat(v)
			if err == nil {
				d, err = pgtext.FitNumeric(d, to)
			}
			return valueOr(d, err)
		}
		return valueOr(types.DecFromFloat(v, to.Precision, to.Scale))
	}
	return nil, fmt.Errorf("cannot cast a double to %s", to)
}

// ParseValue reads text as CAST does, leaving out white space at the ends.
func ParseValue(text string, to types.Type, standard bool) (types.Value, error) {
	if standard {
		return pgtext.Parse(text, to)
	}
	s := strings.TrimSpace(text)
	switch to.Kind {
	case types.Boolean:
		b, _ := ParseBool(s)
		return b, nil
	case types.Int:
		v, err := strconv.ParseInt(s, 10, 32)
		return valueOr(int32(v), asInput(err, text, to))
	case types.Bigint:
		v, err := strconv.ParseInt(s, 10, 64)
		return valueOr(v, asInput(err, text, to))
	case types.Double:
		return parseDouble(s)
	case types.Decimal:
		d, err := types.ParseDec(s)
		if err == nil {
			d, err = d.Fit(to.Precision, to.Scale, types.HalfUp)
		}
		return valueOr(d, err)
	case types.Date:
		return valueOr(types.ParseDate(s))
	case types.Time:
		return valueOr(types.ParseTime(s))
	case types.Timestamp:
		return valueOr(types.ParseTimestamp(s))
	case types.Bytes:
		return valueOr(base64.StdEncoding.DecodeString(s))
	case types.String:
		return text, nil
	}
	return nil, fmt.Errorf("cannot cast STRING to %s", to)
}

func asInput(err error, text string, to types.Type) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("invalid input syntax for type %s: %q", to.Kind, text)
}

// parseDouble reads decimal notation only: not infinity, and no number that is too large.
func parseDouble(s string) (types.Value, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.Trim(s, "0123456789+-.eE") != "" {
		return nil, fmt.Errorf("invalid input syntax for type DOUBLE: %q", s)
	}
	return v, nil
}

// ParseBool reads any beginning of true, yes, false or no, in any case of letters; ok is
// false for other text.
func ParseBool(s string) (value, ok bool) {
	s = strings.ToLower(s)
	switch {
	case s == "":
		return false, false
	case strings.HasPrefix("true", s) || strings.HasPrefix("yes", s):
		return true, true
	case strings.HasPrefix("false", s) || strings.HasPrefix("no", s):
		return false, true
	}
	return false, false
}
