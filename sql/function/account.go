package function

import (
	"errors"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

const (
	// RowBytes is how much the values that one row of an expression makes may take: above
	// what any topic takes and any client wants, and far below what ends a process. What a
	// lambda makes on its way counts, too.
	RowBytes = 64 << 20
	// ChunkBytes is how much text one column of a chunk may hold. Rows are computed some
	// thousand at a time: a chunk whose rows grow is computed again in halves.
	ChunkBytes = 64 << 20
	// FewRows are as few as a chunk is cut into: the halves of an update stay together.
	FewRows = 2
	// stepsBetween looks at whether somebody still waits for the result.
	stepsBetween = 256
)

// ErrChunkFull asks the caller to evaluate fewer rows at a time. Nothing was computed.
var ErrChunkFull = errors.New("function: the values of a chunk take too much memory")

// ErrStopped ends an evaluation that nobody waits for any more.
var ErrStopped = errors.New("function: evaluation was stopped")

// aborts reports the errors that are not of a row.
func (c *Context) aborts(err error) bool {
	if err == nil {
		return false
	}
	return errors.Is(err, ErrChunkFull) || errors.Is(err, ErrStopped) || c.Account != nil && c.Account.Strict && TooLarge(err)
}

// Account is what an evaluation may take, and has taken. It belongs to one task or
// statement.
type Account struct {
	// Done is closed when nobody waits for the result; nil: never.
	Done <-chan struct{}
	// Strict ends the evaluation with the first value that is too large, instead of making
	// it NULL: somebody is there to be told.
	Strict bool

	row   int64 // bytes made for the row at hand
	depth int   // of lambdas
	steps int
}

// Grow asks for n bytes of the row at hand before they are taken; a function that can make
// much of little must. The error is the row's.
func (c *Context) Grow(n int64) error {
	total := n
	if c.Account != nil {
		total += c.Account.row
	}
	if n < 0 || n > RowBytes || total > RowBytes {
		return sqlerr.New(sqlerr.TooComplex, "a value grows to %d bytes or more: what one row makes may take %d", max(n, total), RowBytes).
			Hint("Cut the text or the list before it is multiplied.")
	}
	if c.Account != nil {
		c.Account.row = total
	}
	return nil
}

// EndText ends a value that a kernel has written to the arena of out from off on, for row i
// of n: it grows the account by it, or takes it back and makes the row NULL. An error is of
// the evaluation, not of the row.
func (c *Context) EndText(i, n int, out *vector.Vector, off int) error {
	if err := c.Grow(int64(len(out.Arena) - off)); err != nil {
		if c.aborts(err) {
			return err
		}
		c.failed(i, err)
		out.Arena = out.Arena[:off]
		out.AppendNull()
	} else {
		out.Ref = append(out.Ref, vector.Ref{Off: uint32(off), Len: uint32(len(out.Arena) - off)})
		out.N++
	}
	if err := c.RowDone(); err != nil {
		return err
	}
	return c.RoomFor(n, out)
}

// RoomFor returns ErrChunkFull when the text of n rows takes too much memory.
func (c *Context) RoomFor(n int, out *vector.Vector) error {
	if len(out.Arena) > ChunkBytes && n > FewRows {
		return ErrChunkFull
	}
	return nil
}

// TooLarge reports whether a row failed because its value would have taken too much.
func TooLarge(err error) bool { return sqlerr.CodeOf(err) == sqlerr.TooComplex }

// Enter begins the evaluation of a lambda's body, which Leave ends: what is made there is
// of the row around it. The error is ErrStopped.
func (c *Context) Enter() error {
	a := c.Account
	if a == nil {
		return nil
	}
	a.depth++
	return a.step()
}

// Leave ends what Enter began.
func (c *Context) Leave() {
	if c.Account != nil {
		c.Account.depth--
	}
}

func (a *Account) step() error {
	if a.steps++; a.steps%stepsBetween != 0 {
		return nil
	}
	return a.stopped()
}

// stopped looks at Done.
func (a *Account) stopped() error {
	if a.Done == nil {
		return nil
	}
	select {
	case <-a.Done:
		return ErrStopped
	default:
		return nil
	}
}

// RowDone ends a row of a kernel. The error is ErrStopped: a row of text may have taken long, so
// that it looks each time.
func (c *Context) RowDone() error {
	a := c.Account
	if a == nil {
		return nil
	}
	if a.depth == 0 {
		a.row = 0
	}
	return a.stopped()
}

// sizer returns how many bytes a result of type R takes, or nil when that never matters.
func sizer[R any]() func(R) int64 {
	var f any
	switch any((*R)(nil)).(type) {
	case *string:
		f = func(s string) int64 { return int64(len(s)) }
	case *[]byte:
		f = func(b []byte) int64 { return int64(len(b)) }
	case *types.Value:
		f = func(v types.Value) int64 { return sizeOf(v) }
	case *types.ArrayVal:
		f = func(v types.ArrayVal) int64 { return sizeOf(v) }
	case **types.MapVal:
		f = func(v *types.MapVal) int64 { return sizeOf(v) }
	case *types.StructVal:
		f = func(v types.StructVal) int64 { return sizeOf(v) }
	default:
		return nil
	}
	return f.(func(R) int64)
}

// BoxBytes is about what a boxed value takes beside its content.
const BoxBytes = 24

// sizeOf is about how many bytes a value takes.
func sizeOf(v types.Value) int64 {
	switch v := v.(type) {
	case string:
		return BoxBytes + int64(len(v))
	case []byte:
		return BoxBytes + int64(len(v))
	case types.ArrayVal:
		return sizeOfAll(v)
	case types.StructVal:
		return sizeOfAll(v)
	case *types.MapVal:
		return sizeOfAll(v.Keys) + sizeOfAll(v.Values)
	}
	return BoxBytes
}

func sizeOfAll(vs []types.Value) int64 {
	n := int64(BoxBytes)
	for _, v := range vs {
		n += sizeOf(v)
	}
	return n
}
