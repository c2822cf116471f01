package aggregate

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/pgtext"
	"tailrace/sql/types/vector"
)

// Aggregates over the values in the order in which they come: that of ORDER BY, which whoever
// feeds them keeps.
func init() {
	function.RegisterAggregate(function.Aggregate{Name: "STRING_AGG", Doc: "The texts or bytes that are not NULL one after the other, with the delimiter of each before it but the first; NULL for none.",
		Overloads: []function.AggregateSignature{
			{Params: []string{"STRING value", "STRING delimiter"}, Result: "STRING", New: newJoined},
			{Params: []string{"BYTES value", "BYTES delimiter"}, Result: "BYTES", New: newJoined}}})
	function.RegisterStandardAggregate(function.Aggregate{Name: "ARRAY_AGG", Overloads: []function.AggregateSignature{
		{Params: []string{"T value"}, Result: "ARRAY<T>", New: newGathered(true, func(vs []types.Value) (types.Value, error) {
			return types.ArrayVal(slices.Clone(vs)), nil
		})}}})
	function.RegisterAggregate(function.Aggregate{Name: "MODE", Doc: "The most frequent value, the first in the order of them: MODE() WITHIN GROUP (ORDER BY value); NULL for none.",
		Overloads: []function.AggregateSignature{{Params: []string{"T value"}, Result: "T", New: newGathered(false, mode)}}})
	percentiles()
	jsonAggregates()
}

// joined is the text so far, which begins with the delimiter of the first value.
type joined struct {
	text []byte
	cut  int // bytes of that delimiter
	ok   bool
}

// join appends a value.
func (s *joined) join(a *slots[joined], delimiter, value []byte) error {
	if int64(len(s.text)+len(delimiter)+len(value)) > function.RowBytes {
		return sqlerr.New(sqlerr.TooComplex, "a value grows to more than %d bytes", function.RowBytes)
	}
	before := cap(s.text)
	if !s.ok {
		s.ok, s.cut = true, len(delimiter)
	}
	s.text = append(append(s.text, delimiter...), value...)
	a.heap += cap(s.text) - before
	return nil
}

func newJoined([]types.Type, []types.Value, types.Type, function.Limits) (function.Accumulator, error) {
	return &slots[joined]{
		add: func(a *slots[joined], slot, rows []int32, args []*vector.Vector) error {
			for i, k := range slot {
				r := at(rows, i)
				if args[0].IsNull(r) {
					continue
				}
				var delimiter []byte
				if !args[1].IsNull(r) {
					delimiter = args[1].Bytes(r)
				}
				if err := a.states[k].join(a, delimiter, args[0].Bytes(r)); err != nil {
					return err
				}
			}
			return nil
		},
		merge: func(a *slots[joined], into, from *joined) error {
			if !from.ok {
				return nil
			}
			return into.join(a, from.text[:from.cut], from.text[from.cut:])
		},
		result: func(_ *slots[joined], s *joined, out *vector.Vector) {
			if !s.ok {
				out.AppendNull()
				return
			}
			out.AppendBytes(s.text[s.cut:])
		},
		encode: func(s *joined, dst []byte) []byte {
			if !s.ok {
				return append(dst, 0)
			}
			return putBytes(binary.AppendUvarint(append(dst, 1), uint64(s.cut)), s.text)
		},
		decode: func(a *slots[joined], s *joined, src []byte) ([]byte, error) {
			if len(src) == 0 {
				return nil, errState
			}
			if src[0] == 0 {
				return src[1:], nil
			}
			cut, n := binary.Uvarint(src[1:])
			if n <= 0 {
				return nil, errState
			}
			text, rest, err := getBytes(src[1+n:])
			if err != nil || cut > uint64(len(text)) {
				return nil, errState
			}
			*s = joined{append([]byte{}, text...), int(cut), true}
			a.heap += cap(s.text)
			return rest, nil
		},
		forget: func(s *joined) int { return cap(s.text) },
	}, nil
}

// gathered are the values of a group in their order.
type gathered = []types.Value

// gatheredResult lets a result fail.
type gatheredResult struct {
	*slots[gathered]
	end func(vs []types.Value) (types.Value, error)
}

func (a *gatheredResult) Result(slot []int32, out *vector.Vector) error {
	for _, k := range slot {
		if len(a.states[k]) == 0 {
			out.AppendNull()
			continue
		}
		v, err := a.end(a.states[k])
		if err != nil {
			return err
		}
		out.AppendValue(v)
	}
	return nil
}

// newGathered makes an aggregate of all values in order; over none it is NULL.
func newGathered(nulls bool, end func(vs []types.Value) (types.Value, error)) newFunc {
	return func(args []types.Type, _ []types.Value, _ types.Type, _ function.Limits) (function.Accumulator, error) {
		return gather(args[0], nulls, end), nil
	}
}

func gather(t types.Type, nulls bool, end func(vs []types.Value) (types.Value, error)) function.Accumulator {
	return &gatheredResult{&slots[gathered]{
		add: func(a *slots[gathered], slot, rows []int32, args []*vector.Vector) error {
			for i, k := range slot {
				x := args[0].Value(at(rows, i))
				if x == nil && !nulls {
					continue
				}
				a.heap += 16 + valueBytes(x)
				a.states[k] = append(a.states[k], x)
			}
			return nil
		},
		merge: func(a *slots[gathered], into, from *gathered) error {
			a.heap += allBytes(*from)
			*into = append(*into, *from...)
			return nil
		},
		encode: func(s *gathered, dst []byte) []byte { return encodeValues(t, *s, dst) },
		decode: func(a *slots[gathered], s *gathered, src []byte) ([]byte, error) {
			all, rest, err := decodeValues(t, src)
			*s = all
			a.heap += allBytes(all)
			return rest, err
		},
		forget: func(s *gathered) int { return allBytes(*s) },
	}, end}
}

func mode(vs []types.Value) (types.Value, error) {
	best, most := vs[0], 0
	for i := 0; i < len(vs); {
		n := i
		for n < len(vs) && types.Equal(vs[n], vs[i]) {
			n++
		}
		if n-i > most {
			best, most = vs[i], n-i
		}
		i = n
	}
	return best, nil
}

func percentiles() {
	fraction, fractions := []string{"DOUBLE fraction"}, []string{"ARRAY<DOUBLE> fractions"}
	percentile := func(name, doc string, pick func(vs []types.Value, p float64) types.Value, kinds ...string) {
		f := function.Aggregate{Name: name, Doc: doc}
		for _, t := range kinds {
			one := func(args []types.Type, initial []types.Value, _ types.Type, _ function.Limits) (function.Accumulator, error) {
				p := initial[0].(float64)
				if !(p >= 0 && p <= 1) {
					return nil, sqlerr.New(sqlerr.NumericOutOfRange, "percentile value %g is not between 0 and 1", p)
				}
				return gather(args[0], false, func(vs []types.Value) (types.Value, error) { return pick(vs, p), nil }), nil
			}
			several := func(args []types.Type, initial []types.Value, _ types.Type, _ function.Limits) (function.Accumulator, error) {
				ps := initial[0].(types.ArrayVal)
				for _, p := range ps {
					if p, ok := p.(float64); ok && !(p >= 0 && p <= 1) {
						return nil, sqlerr.New(sqlerr.NumericOutOfRange, "percentile value %g is not between 0 and 1", p)
					}
				}
				return gather(args[0], false, func(vs []types.Value) (types.Value, error) {
					out := make(types.ArrayVal, len(ps))
					for i, p := range ps {
						if p != nil {
							out[i] = pick(vs, p.(float64))
						}
					}
					return out, nil
				}), nil
			}
			f.Overloads = append(f.Overloads,
				function.AggregateSignature{Params: []string{t + " value"}, Initial: fraction, Result: t, New: one},
				function.AggregateSignature{Params: []string{t + " value"}, Initial: fractions, Result: "ARRAY<" + t + ">", New: several})
		}
		function.RegisterAggregate(f)
	}
	percentile("PERCENTILE_CONT", "The value at a fraction of the way through the values in order, between two of them where none stands there: PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY value) is the median. An array of fractions gives an array.",
		between, "DOUBLE", "INTERVAL")
	percentile("PERCENTILE_DISC", "The first value in order at or behind a fraction of the way through them: PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY value). An array of fractions gives an array.",
		func(vs []types.Value, p float64) types.Value { return vs[max(0, int(math.Ceil(p*float64(len(vs))))-1)] }, "T")
}

// between is the value at p of the way from the first to the last.
func between(vs []types.Value, p float64) types.Value {
	at := p * float64(len(vs)-1)
	low, high := vs[int(math.Floor(at))], vs[int(math.Ceil(at))]
	part := at - math.Floor(at)
	if part == 0 {
		return low
	}
	if a, ok := low.(float64); ok {
		return a + part*(high.(float64)-a)
	}
	back, _ := low.(types.IntervalVal).Neg()
	step, _ := high.(types.IntervalVal).Add(back)
	step, _ = step.Scale(part, false)
	sum, _ := low.(types.IntervalVal).Add(step)
	return sum
}

// jsonAggregates are over JSON where results are not stored, and over text elsewhere.
func jsonAggregates() {
	agg := func(name, json, doc string, end func(t types.Type, vs []types.Value) (types.Value, error)) {
		made := func(args []types.Type, _ []types.Value, _ types.Type, _ function.Limits) (function.Accumulator, error) {
			return gather(args[0], true, func(vs []types.Value) (types.Value, error) { return end(args[0], vs) }), nil
		}
		function.RegisterAggregate(function.Aggregate{Name: name, Doc: doc, Overloads: []function.AggregateSignature{{Params: []string{"ANY value"}, Result: "STRING", New: made}}})
		function.RegisterNumericAggregate(function.Aggregate{Name: name, Overloads: []function.AggregateSignature{{Params: []string{"ANY value"}, Result: json, New: made}}})
	}
	array := func(t types.Type, vs []types.Value) string {
		out, comma := []byte{'['}, ", "
		if t.Kind == types.Struct || t.Kind == types.Map {
			comma = ", \n "
		}
		for i, x := range vs {
			if i > 0 {
				out = append(out, comma...)
			}
			out = pgtext.AppendJSON(out, t, x)
		}
		return string(append(out, ']'))
	}
	agg("JSON_AGG", "JSON", "JSON array of the values, NULLs included; NULL for none.", func(t types.Type, vs []types.Value) (types.Value, error) { return array(t, vs), nil })
	agg("JSONB_AGG", "JSONB", "JSON array of the values, NULLs included, in the form of jsonb; NULL for none.", func(t types.Type, vs []types.Value) (types.Value, error) {
		s, err := pgtext.CanonicalJSON(array(t, vs))
		return s, err
	})
	object := func(name, json, doc string, b bool) {
		made := func(args []types.Type, _ []types.Value, _ types.Type, _ function.Limits) (function.Accumulator, error) {
			return newMembers(args, b), nil
		}
		function.RegisterAggregate(function.Aggregate{Name: name, Doc: doc, Overloads: []function.AggregateSignature{{Params: []string{"ANY name", "ANY value"}, Result: "STRING", New: made}}})
		function.RegisterNumericAggregate(function.Aggregate{Name: name, Overloads: []function.AggregateSignature{{Params: []string{"ANY name", "ANY value"}, Result: json, New: made}}})
	}
	object("JSON_OBJECT_AGG", "JSON", "JSON object of names and values; NULL for none.", false)
	object("JSONB_OBJECT_AGG", "JSONB", "JSON object of names and values in the form of jsonb: of equal names the last counts; NULL for none.", true)
}

var errNullName = sqlerr.New(sqlerr.InvalidParameter, "field name must not be null")

// newMembers gathers the members of an object as JSON.
func newMembers(args []types.Type, b bool) function.Accumulator {
	a := gather(types.StringType, true, func(vs []types.Value) (types.Value, error) {
		var out strings.Builder
		out.WriteString("{ ")
		for i, v := range vs {
			if i > 0 {
				out.WriteString(", ")
			}
			out.WriteString(v.(string))
		}
		out.WriteString(" }")
		if b {
			s, err := pgtext.CanonicalJSON(out.String())
			return s, err
		}
		return out.String(), nil
	}).(*gatheredResult)
	a.add = func(a *slots[gathered], slot, rows []int32, columns []*vector.Vector) error {
		for i, k := range slot {
			r := at(rows, i)
			name := columns[0].Value(r)
			if name == nil {
				return errNullName
			}
			member := pgtext.AppendJSONString(nil, string(pgtext.AppendCast(nil, args[0], name)))
			member = pgtext.AppendJSON(append(member, " : "...), args[1], columns[1].Value(r))
			a.heap += 48 + len(member)
			a.states[k] = append(a.states[k], string(member))
		}
		return nil
	}
	return a
}
