package expr

import (
	"fmt"
	"math"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/numeric"
	"tailrace/sql/types/vector"
)

// boxedNode computes with values one by one: NUMERIC, INTERVAL and the arithmetic of dates,
// which only the standard dialect has.
type boxedNode struct {
	*result
	args []node
	run  func(a, b types.Value) (types.Value, error) // b is nil with one argument
}

func (n *boxedNode) eval(f *frame) (*vector.Vector, error) {
	var cols [2]*vector.Vector
	for i, a := range n.args {
		v, err := a.eval(f)
		if err != nil {
			return nil, err
		}
		cols[i] = v
	}
	n.f = f
	n.v.Reset()
	for i := range f.n {
		a, b := cols[0].Value(i), types.Value(nil)
		if cols[1] != nil {
			b = cols[1].Value(i)
		}
		if a == nil || cols[1] != nil && b == nil {
			n.v.AppendNull()
			continue
		}
		x, err := n.run(a, b)
		if err != nil {
			f.fail(i, err, n.hard)
			x = nil
		}
		n.v.AppendValue(x)
	}
	return n.v, nil
}

// boxed compiles arithmetic over values one by one.
func (c *compiler) boxed(e *Expr) (node, error) {
	kinds := [2]types.Kind{e.Args[0].Type.Kind, types.Null}
	if len(e.Args) > 1 {
		kinds[1] = e.Args[1].Type.Kind
	}
	run := numericOp(e.Op, kinds)
	if run == nil {
		run = temporal[temporalKey{e.Op, kinds[0], kinds[1]}]
	}
	if run == nil {
		return nil, fmt.Errorf("expression: no %s of %s", e.Op, e.Type)
	}
	args, err := c.nodes(e.Args, c.node)
	if err != nil {
		return nil, err
	}
	return &boxedNode{result: newResult(e.Type, !c.caught), args: args, run: run}, nil
}

type boxedRun = func(a, b types.Value) (types.Value, error)

// numericOp is the arithmetic of NUMERIC, or nil.
func numericOp(op Op, kinds [2]types.Kind) boxedRun {
	if kinds[0] != types.Numeric {
		return nil
	}
	if op == OpNeg {
		return func(a, _ types.Value) (types.Value, error) {
			d := a.(types.Dec)
			return types.Dec{Unscaled: d.Unscaled.Neg(), Scale: d.Scale}, nil
		}
	}
	f := map[Op]func(a, b types.Dec) (types.Dec, error){OpAdd: numeric.Add, OpSub: numeric.Sub, OpMul: numeric.Mul, OpDiv: numeric.Div, OpMod: numeric.Mod}[op]
	if f == nil || kinds[1] != types.Numeric {
		return nil
	}
	return func(a, b types.Value) (types.Value, error) {
		d, err := f(a.(types.Dec), b.(types.Dec))
		if err != nil {
			return nil, err
		}
		return d, nil
	}
}

type temporalKey struct {
	op   Op
	a, b types.Kind
}

// temporalResult is the type of an operation on dates, times and intervals.
func temporalResult(op Op, a, b types.Kind) (types.Type, bool) {
	if temporal[temporalKey{op, a, b}] == nil {
		return types.NullType, false
	}
	switch {
	case a == types.Date && b == types.Date:
		return types.IntType, true
	case a == types.Date && b == types.Int, a == types.Int && b == types.Date:
		return types.DateType, true
	case a == b, a == types.Interval && (b == types.Double || b == types.Null), b == types.Interval && a == types.Double:
		return types.IntervalType, true
	case a == types.Time && b == types.Interval, b == types.Time && a == types.Interval:
		return types.TimeType, true
	}
	return types.TimestampType, true
}

var (
	errInterval  = sqlerr.New(sqlerr.DatetimeOverflow, "interval out of range")
	errTimestamp = sqlerr.New(sqlerr.DatetimeOverflow, "timestamp out of range")
	errDate      = sqlerr.New(sqlerr.DatetimeOverflow, "date out of range")
)

// temporal is the arithmetic of dates, times and intervals.
var temporal = map[temporalKey]boxedRun{}

func init() {
	both := func(op Op, a, b types.Kind, f boxedRun) { // in either order
		temporal[temporalKey{op, a, b}] = f
		if a != b {
			temporal[temporalKey{op, b, a}] = func(x, y types.Value) (types.Value, error) { return f(y, x) }
		}
	}
	both(OpAdd, types.Date, types.Int, func(a, b types.Value) (types.Value, error) { return addDays(a, int64(b.(int32))) })
	temporal[temporalKey{OpSub, types.Date, types.Int}] = func(a, b types.Value) (types.Value, error) { return addDays(a, -int64(b.(int32))) }
	temporal[temporalKey{OpSub, types.Date, types.Date}] = func(a, b types.Value) (types.Value, error) {
		return int32(a.(types.DateVal)) - int32(b.(types.DateVal)), nil
	}
	both(OpAdd, types.Date, types.Time, func(a, b types.Value) (types.Value, error) {
		return a.(types.DateVal).Timestamp() + types.TimestampVal(b.(types.TimeVal)), nil
	})
	moved := func(a types.Value, v types.IntervalVal) (types.Value, error) {
		switch a := a.(type) {
		case types.DateVal:
			return checkTimestamp(v.AddTo(a.Timestamp()))
		case types.TimestampVal:
			return checkTimestamp(v.AddTo(a))
		}
		t := (int64(a.(types.TimeVal)) + v.Micros/1000) % types.MillisPerDay
		if t < 0 {
			t += types.MillisPerDay
		}
		return types.TimeVal(t), nil
	}
	for _, kind := range []types.Kind{types.Date, types.Time, types.Timestamp} {
		both(OpAdd, kind, types.Interval, func(a, b types.Value) (types.Value, error) { return moved(a, b.(types.IntervalVal)) })
		temporal[temporalKey{OpSub, kind, types.Interval}] = func(a, b types.Value) (types.Value, error) {
			v, ok := b.(types.IntervalVal).Neg()
			if !ok {
				return nil, errInterval
			}
			return moved(a, v)
		}
	}
	apart := func(a, b int64) (types.Value, error) {
		millis := a - b
		return types.IntervalVal{Days: int32(millis / types.MillisPerDay), Micros: millis % types.MillisPerDay * 1000}, nil
	}
	temporal[temporalKey{OpSub, types.Timestamp, types.Timestamp}] = func(a, b types.Value) (types.Value, error) {
		return apart(int64(a.(types.TimestampVal)), int64(b.(types.TimestampVal)))
	}
	temporal[temporalKey{OpSub, types.Time, types.Time}] = func(a, b types.Value) (types.Value, error) {
		return apart(int64(a.(types.TimeVal)), int64(b.(types.TimeVal)))
	}
	intervalOps(both)
}

func intervalOps(both func(op Op, a, b types.Kind, f boxedRun)) {
	plus := func(a, b types.IntervalVal, fine bool) (types.Value, error) {
		out, ok := a.Add(b)
		if !ok || !fine {
			return nil, errInterval
		}
		return out, nil
	}
	temporal[temporalKey{OpAdd, types.Interval, types.Interval}] = func(a, b types.Value) (types.Value, error) {
		return plus(a.(types.IntervalVal), b.(types.IntervalVal), true)
	}
	temporal[temporalKey{OpSub, types.Interval, types.Interval}] = func(a, b types.Value) (types.Value, error) {
		v, ok := b.(types.IntervalVal).Neg()
		return plus(a.(types.IntervalVal), v, ok)
	}
	temporal[temporalKey{OpNeg, types.Interval, types.Null}] = func(a, _ types.Value) (types.Value, error) {
		v, ok := a.(types.IntervalVal).Neg()
		return plus(v, types.IntervalVal{}, ok)
	}
	both(OpMul, types.Interval, types.Double, func(a, b types.Value) (types.Value, error) {
		v, ok := a.(types.IntervalVal).Scale(b.(float64), false)
		return plus(v, types.IntervalVal{}, ok)
	})
	temporal[temporalKey{OpDiv, types.Interval, types.Double}] = func(a, b types.Value) (types.Value, error) {
		if b.(float64) == 0 {
			return nil, numeric.ErrDivisionByZero
		}
		v, ok := a.(types.IntervalVal).Scale(b.(float64), true)
		return plus(v, types.IntervalVal{}, ok)
	}
}

// lastMillis is the end of PostgreSQL's timestamps, in the year 294276, and firstMillis their
// beginning, in 4713 BC.
const (
	lastMillis  = 9224318016000000 - 1
	firstMillis = -210866803200000
)

func checkTimestamp(t types.TimestampVal) (types.Value, error) {
	if t > lastMillis || t < firstMillis {
		return nil, errTimestamp
	}
	return t, nil
}

func addDays(a types.Value, n int64) (types.Value, error) {
	day := int64(a.(types.DateVal)) + n
	if day > math.MaxInt32 || day < firstMillis/types.MillisPerDay {
		return nil, errDate
	}
	return types.DateVal(day), nil
}
