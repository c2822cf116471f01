package expr

import (
	"fmt"
	"math"

	"tailrace/sql/expr/kernel"
	"tailrace/sql/types"
	"tailrace/sql/types/pgtext"
	"tailrace/sql/types/vector"
)

// newCast compiles a cast. What fails in a cast is NULL and no more: in ksqlDB a cast
// contains its failures.
func newCast(x node, from, to types.Type, standard bool) (node, error) {
	res := newResult(to, false)
	if from.Kind == types.Null {
		return newConstant(to, nil), nil
	}
	if !kernel.CanCast(from, to, standard) {
		return nil, fmt.Errorf("expression: no cast from %s to %s", from, to)
	}
	if run := castKernel(from, to, standard); run != nil {
		return &unaryNode{res, x, run}, nil
	}
	if to.Kind == types.String && !from.IsNested() {
		return &textNode{res, x, standard}, nil
	}
	return &rowCast{result: res, x: x, from: from, to: to, standard: standard}, nil
}

type castRun = func(n *unaryNode, dst, a *vector.Vector)

// castKernel finds the loop for casts between fixed-width types, or nil.
func castKernel(from, to types.Type, standard bool) castRun {
	switch from.Kind {
	case types.Int:
		return castFromInt(to)
	case types.Bigint:
		return castFromBigint(to, standard)
	case types.Double:
		return castFromDouble(to, standard)
	case types.Decimal:
		return castFromDecimal(from, to, standard)
	case types.Date:
		if to.Kind == types.Timestamp {
			return func(_ *unaryNode, dst, a *vector.Vector) {
				for i, d := range a.I32[:a.N] {
					dst.I64[i] = int64(types.DateVal(d).Timestamp())
				}
			}
		}
	case types.Timestamp:
		if to.Kind == types.Date || to.Kind == types.Time {
			return func(_ *unaryNode, dst, a *vector.Vector) {
				for i, t := range a.I64[:a.N] {
					day, clock := types.TimestampVal(t).Split()
					if to.Kind == types.Date {
						dst.I32[i] = int32(day)
					} else {
						dst.I64[i] = int64(clock)
					}
				}
			}
		}
	}
	return nil
}

func decimalOf(to types.Type, from int) kernel.Decimals {
	return kernel.Decimals{Scale: to.Scale, Precision: to.Precision, ScaleA: from, Rounding: types.HalfUp}
}

func castFromInt(to types.Type) castRun {
	switch to.Kind {
	case types.Bigint:
		return func(_ *unaryNode, dst, a *vector.Vector) { kernel.Convert(i64s(dst), i32s(a)) }
	case types.Double:
		return func(_ *unaryNode, dst, a *vector.Vector) { kernel.Convert(f64s(dst), i32s(a)) }
	case types.Decimal:
		return func(n *unaryNode, dst, a *vector.Vector) {
			kernel.FromInts(decimalOf(to, 0), decs(dst), i32s(a), n.failer)
		}
	}
	return nil
}

func castFromBigint(to types.Type, standard bool) castRun {
	switch {
	case to.Kind == types.Int && standard:
		return func(n *unaryNode, dst, a *vector.Vector) { kernel.Narrow(i32s(dst), i64s(a), n.failer) }
	case to.Kind == types.Int:
		return func(_ *unaryNode, dst, a *vector.Vector) { kernel.Convert(i32s(dst), i64s(a)) }
	case to.Kind == types.Double:
		return func(_ *unaryNode, dst, a *vector.Vector) { kernel.Convert(f64s(dst), i64s(a)) }
	case to.Kind == types.Decimal:
		return func(n *unaryNode, dst, a *vector.Vector) {
			kernel.FromInts(decimalOf(to, 0), decs(dst), i64s(a), n.failer)
		}
	}
	return nil
}

func castFromDouble(to types.Type, standard bool) castRun {
	switch {
	case to.Kind == types.Int && standard:
		return func(n *unaryNode, dst, a *vector.Vector) {
			kernel.Round(i32s(dst), f64s(a), math.MinInt32, math.MaxInt32, n.failer)
		}
	case to.Kind == types.Int:
		return func(_ *unaryNode, dst, a *vector.Vector) {
			kernel.Saturate(i32s(dst), f64s(a), math.MinInt32, math.MaxInt32)
		}
	case to.Kind == types.Bigint && standard:
		return func(n *unaryNode, dst, a *vector.Vector) {
			kernel.Round(i64s(dst), f64s(a), math.MinInt64, math.MaxInt64, n.failer)
		}
	case to.Kind == types.Bigint:
		return func(_ *unaryNode, dst, a *vector.Vector) {
			kernel.Saturate(i64s(dst), f64s(a), math.MinInt64, math.MaxInt64)
		}
	}
	return nil
}

func castFromDecimal(from, to types.Type, standard bool) castRun {
	rounding := types.Down
	if standard {
		rounding = types.HalfUp
	}
	switch to.Kind {
	case types.Double:
		return func(_ *unaryNode, dst, a *vector.Vector) { kernel.DecFloats(f64s(dst), decs(a), from.Scale) }
	case types.Decimal:
		return func(n *unaryNode, dst, a *vector.Vector) {
			decimalOf(to, from.Scale).Rescale(decs(dst), decs(a), n.failer)
		}
	case types.Int:
		return func(n *unaryNode, dst, a *vector.Vector) {
			kernel.DecInts(i32s(dst), decs(a), from.Scale, rounding, n.failer)
		}
	case types.Bigint:
		return func(n *unaryNode, dst, a *vector.Vector) {
			kernel.DecInts(i64s(dst), decs(a), from.Scale, rounding, n.failer)
		}
	}
	return nil
}

// textNode writes scalars as text.
type textNode struct {
	*result
	x        node
	standard bool
}

func (n *textNode) eval(f *frame) (*vector.Vector, error) {
	a, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	v := n.begin(f, a)
	for i := range f.n {
		off := len(v.Arena)
		if !v.Nulls.Get(i) {
			if n.standard {
				v.Arena = appendStandardText(v.Arena, a, i)
			} else {
				v.Arena = appendText(v.Arena, a, i)
			}
		}
		if err := n.endText(f, i, off); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// appendText is types.AppendText of row i, without boxing what is common.
func appendText(dst []byte, a *vector.Vector, i int) []byte {
	switch a.Type.Kind {
	case types.Double:
		return types.AppendDouble(dst, a.F64[i])
	case types.Decimal:
		return types.Dec{Unscaled: a.Dec[i], Scale: int32(a.Type.Scale)}.Append(dst)
	case types.Bigint:
		return types.Int128Of(a.I64[i]).Append(dst)
	case types.Int:
		return types.Int128Of(int64(a.I32[i])).Append(dst)
	case types.Date:
		return types.DateVal(a.I32[i]).Append(dst)
	case types.Time:
		return types.TimeVal(a.I64[i]).Append(dst)
	case types.Timestamp:
		return types.TimestampVal(a.I64[i]).Append(dst)
	}
	return types.AppendText(dst, a.Type, a.Value(i))
}

// appendStandardText is pgtext.AppendCast of row i, without boxing what is common.
func appendStandardText(dst []byte, a *vector.Vector, i int) []byte {
	switch a.Type.Kind {
	case types.Double:
		return pgtext.AppendFloat(dst, a.F64[i])
	case types.Date:
		return pgtext.AppendDate(dst, types.DateVal(a.I32[i]))
	case types.Time:
		return pgtext.AppendTime(dst, types.TimeVal(a.I64[i]))
	case types.Timestamp:
		return pgtext.AppendTimestamp(dst, types.TimestampVal(a.I64[i]))
	case types.Int, types.Bigint, types.Decimal:
		return appendText(dst, a, i)
	}
	return pgtext.AppendCast(dst, a.Type, a.Value(i))
}

// rowCast casts value by value: text that is parsed, and nested types.
type rowCast struct {
	*result
	x        node
	from, to types.Type
	standard bool
}

func (n *rowCast) eval(f *frame) (*vector.Vector, error) {
	a, err := n.x.eval(f)
	if err != nil {
		return nil, err
	}
	n.f = f
	n.v.Reset()
	for i := range f.n {
		x, err := kernel.CastValue(a.Value(i), n.from, n.to, n.standard)
		if err != nil {
			f.fail(i, err, n.hard)
			x = nil
		}
		n.v.AppendValue(x)
	}
	return n.v, nil
}
