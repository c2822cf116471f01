package function

import (
	"errors"
	"unsafe"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// ErrNull is what a lifted function returns for a NULL result that is not a failure.
var ErrNull = errors.New("function: NULL")

// Scalar Go types that lifted functions may take and return: those of types.Value, and
// types.Value itself for any type, NULL excluded. A string or []byte argument lies in the
// column's arena: it is valid during the call only and may not be changed; one that is
// returned is copied.

// F0 lifts a function without arguments.
func F0[R any](result string, f func(ctx *Context) (R, error)) Signature {
	k := func(ctx *Context, _ []*vector.Vector, n int, out *vector.Vector) error {
		put, size := Writer[R](out), sizer[R]()
		for i := range n {
			r, err := f(ctx)
			if err := store(ctx, i, n, r, err, put, size, out); err != nil {
				return err
			}
		}
		return nil
	}
	return Signature{Result: result, Compile: Always(k)}
}

// F1 lifts a function of one argument that is not NULL. The parameter is in the notation
// of Signature.Params.
func F1[A, R any](param, result string, f func(A) (R, error)) Signature {
	return Signature{Params: []string{param}, Result: result, NullIn: true, Compile: Always(Lift1(f))}
}

// F2 lifts a function of two arguments that are not NULL.
func F2[A, B, R any](p1, p2, result string, f func(A, B) (R, error)) Signature {
	return Signature{Params: []string{p1, p2}, Result: result, NullIn: true, Compile: Always(Lift2(f))}
}

// F3 lifts a function of three arguments that are not NULL.
func F3[A, B, C, R any](p1, p2, p3, result string, f func(A, B, C) (R, error)) Signature {
	return F3C(p1, p2, p3, result, func(_ *Context, a A, b B, c C) (R, error) { return f(a, b, c) })
}

// F3C is F3 for a function that asks its context, for memory above all.
func F3C[A, B, C, R any](p1, p2, p3, result string, f func(*Context, A, B, C) (R, error)) Signature {
	k := func(ctx *Context, args []*vector.Vector, n int, out *vector.Vector) error {
		a, b, c, put, size := Reader[A](args[0]), Reader[B](args[1]), Reader[C](args[2]), Writer[R](out), sizer[R]()
		for i := range n {
			if args[0].IsNull(i) || args[1].IsNull(i) || args[2].IsNull(i) {
				out.AppendNull()
				continue
			}
			r, err := f(ctx, a(i), b(i), c(i))
			if err := store(ctx, i, n, r, err, put, size, out); err != nil {
				return err
			}
		}
		return nil
	}
	return Signature{Params: []string{p1, p2, p3}, Result: result, NullIn: true, Compile: Always(k)}
}

// Rows lifts a function over boxed arguments, NULLs included. It is for nested types,
// lambdas and repeating parameters. In a lambda call ctx.Row is the row at hand.
func Rows(params []string, result string, f func(ctx *Context, args []types.Value) (types.Value, error)) Signature {
	return Signature{Params: params, Result: result, Compile: Always(LiftRows(f))}
}

// Repeat makes the last parameter repeat.
func (s Signature) Repeat() Signature { s.Variadic = true; return s }

// Unstable marks a function whose result differs from call to call.
func (s Signature) Unstable() Signature { s.Volatile = true; return s }

// Typed sets the rule for the result's type.
func (s Signature) Typed(rule func(args []types.Type) (types.Type, error)) Signature {
	s.ResultType = rule
	return s
}

// Always is a Compile that ignores the types.
func Always(k Kernel) func([]types.Type, types.Type) (Kernel, error) {
	return func([]types.Type, types.Type) (Kernel, error) { return k, nil }
}

// Lift1 is the kernel of F1.
func Lift1[A, R any](f func(A) (R, error)) Kernel {
	return func(ctx *Context, args []*vector.Vector, n int, out *vector.Vector) error {
		a, put, size := Reader[A](args[0]), Writer[R](out), sizer[R]()
		for i := range n {
			if args[0].IsNull(i) {
				out.AppendNull()
				continue
			}
			r, err := f(a(i))
			if err := store(ctx, i, n, r, err, put, size, out); err != nil {
				return err
			}
		}
		return nil
	}
}

// Lift2 is the kernel of F2.
func Lift2[A, B, R any](f func(A, B) (R, error)) Kernel {
	return func(ctx *Context, args []*vector.Vector, n int, out *vector.Vector) error {
		a, b, put, size := Reader[A](args[0]), Reader[B](args[1]), Writer[R](out), sizer[R]()
		for i := range n {
			if args[0].IsNull(i) || args[1].IsNull(i) {
				out.AppendNull()
				continue
			}
			r, err := f(a(i), b(i))
			if err := store(ctx, i, n, r, err, put, size, out); err != nil {
				return err
			}
		}
		return nil
	}
}

// LiftRows is the kernel of Rows.
func LiftRows(f func(ctx *Context, args []types.Value) (types.Value, error)) Kernel {
	return func(ctx *Context, args []*vector.Vector, n int, out *vector.Vector) error {
		boxed := make([]types.Value, len(args))
		outer := ctx.Row
		for i := range n {
			for j, a := range args {
				if a != nil {
					boxed[j] = a.Value(i)
				}
			}
			ctx.Row = i
			r, err := f(ctx, boxed)
			if err == nil {
				err = ctx.Grow(sizeOf(r))
			}
			if ctx.aborts(err) {
				return err
			}
			if err != nil {
				ctx.failed(i, err)
				r = nil
			}
			out.AppendValue(r)
			if err := ctx.RowDone(); err != nil {
				return err
			}
			if err := ctx.RoomFor(n, out); err != nil {
				return err
			}
		}
		ctx.Row = outer
		return nil
	}
}

// failed reports a row that failed, unless the error is ErrNull.
func (c *Context) failed(row int, err error) {
	if c.Fail != nil && !errors.Is(err, ErrNull) {
		c.Fail(row, err)
	}
}

// store appends the result of row i of n. An error is of the evaluation, not of the row.
func store[R any](ctx *Context, i, n int, r R, err error, put func(R), size func(R) int64, out *vector.Vector) error {
	if err == nil && size != nil {
		err = ctx.Grow(size(r))
	}
	if err != nil {
		if ctx.aborts(err) {
			return err
		}
		ctx.failed(i, err)
		out.AppendNull()
	} else {
		put(r)
	}
	if size == nil {
		if ctx.Account != nil {
			return ctx.Account.step() // of text in, there may be much
		}
		return nil
	}
	if err := ctx.RowDone(); err != nil {
		return err
	}
	return ctx.RoomFor(n, out)
}

// Reader gives typed access to a column, without boxing for all but types.Value. The
// column's kind must be the one of T, except that a column of NULL type has any.
func Reader[T any](v *vector.Vector) func(i int) T {
	var f any
	switch any((*T)(nil)).(type) {
	case *bool:
		f = func(i int) bool { return v.Bool[i] }
	case *int32:
		f = func(i int) int32 { return v.I32[i] }
	case *types.DateVal:
		f = func(i int) types.DateVal { return types.DateVal(v.I32[i]) }
	case *int64:
		f = func(i int) int64 { return v.I64[i] }
	case *types.TimeVal:
		f = func(i int) types.TimeVal { return types.TimeVal(v.I64[i]) }
	case *types.TimestampVal:
		f = func(i int) types.TimestampVal { return types.TimestampVal(v.I64[i]) }
	case *float64:
		f = func(i int) float64 { return v.F64[i] }
	case *types.Dec:
		if v.Type.Kind == types.Numeric {
			f = func(i int) types.Dec { return v.Obj[i].(types.Dec) }
			break
		}
		f = func(i int) types.Dec { return types.Dec{Unscaled: v.Dec[i], Scale: int32(v.Type.Scale)} }
	case *[]byte:
		f = v.Bytes
	case *string:
		f = func(i int) string { return view(v.Bytes(i)) }
	case *types.Value:
		f = v.Value
	default:
		return func(i int) T { return v.Obj[i].(T) }
	}
	return f.(func(int) T)
}

// view is a string over bytes that nobody changes while it is in use.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Writer appends typed values to a column; it is the counterpart of Reader. A decimal
// must have the scale of the column's type.
func Writer[T any](v *vector.Vector) func(T) {
	var f any
	switch any((*T)(nil)).(type) {
	case *bool:
		f = func(x bool) { v.Bool = append(v.Bool, x); v.N++ }
	case *int32:
		f = func(x int32) { v.I32 = append(v.I32, x); v.N++ }
	case *types.DateVal:
		f = func(x types.DateVal) { v.I32 = append(v.I32, int32(x)); v.N++ }
	case *int64:
		f = func(x int64) { v.I64 = append(v.I64, x); v.N++ }
	case *types.TimeVal:
		f = func(x types.TimeVal) { v.I64 = append(v.I64, int64(x)); v.N++ }
	case *types.TimestampVal:
		f = func(x types.TimestampVal) { v.I64 = append(v.I64, int64(x)); v.N++ }
	case *float64:
		f = func(x float64) { v.F64 = append(v.F64, x); v.N++ }
	case *types.Dec:
		if v.Type.Kind == types.Numeric {
			f = func(x types.Dec) { v.Obj = append(v.Obj, x); v.N++ }
			break
		}
		f = func(x types.Dec) { v.Dec = append(v.Dec, x.Unscaled); v.N++ }
	case *[]byte:
		f = v.AppendBytes
	case *string:
		f = v.AppendString
	case *types.Value:
		f = v.AppendValue
	default:
		return func(x T) { v.Obj = append(v.Obj, x); v.N++ }
	}
	return f.(func(T))
}
