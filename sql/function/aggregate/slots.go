package aggregate

import (
	"encoding/binary"
	"errors"
	"math"
	"unsafe"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types/vector"
)

// stateVersion is the first byte of every encoded state, or one more where there is an old one.
const stateVersion = 1

var errState = errors.New("aggregate: encoded state is damaged or of a later version")

// slots is the accumulator behind every function: a slice of states by slot, and the
// function's code over them. The batch is the unit of dispatch, so the loops inside add,
// undo and result are specialised for their types.
type slots[S any] struct {
	states []S
	zero   S
	heap   int // bytes behind pointers in states, as far as add and merge report them

	add, undo func(a *slots[S], slot, rows []int32, args []*vector.Vector) error
	merge     func(a *slots[S], into, from *S) error
	result    func(a *slots[S], s *S, out *vector.Vector)
	encode    func(s *S, dst []byte) []byte
	decode    func(a *slots[S], s *S, src []byte) ([]byte, error)
	// old reads the states of version 1 of a function that writes version 2; nil: it writes 1.
	old func(s *S, src []byte) ([]byte, error)
	// forget returns the heap bytes of a state that is about to be cleared; nil: none.
	forget func(s *S) int
}

func (a *slots[S]) Resize(n int) {
	if n <= len(a.states) {
		return
	}
	if n > cap(a.states) {
		grown := make([]S, len(a.states), max(n, 2*cap(a.states), 64))
		copy(grown, a.states)
		a.states = grown
	}
	from := len(a.states)
	a.states = a.states[:n]
	for i := from; i < n; i++ {
		a.states[i] = a.zero
	}
}

func (a *slots[S]) Clear(slot int32) {
	if a.forget != nil {
		a.heap -= a.forget(&a.states[slot])
	}
	a.states[slot] = a.zero
}

func (a *slots[S]) Add(slot, rows []int32, args []*vector.Vector) error {
	return a.add(a, slot, rows, args)
}

func (a *slots[S]) Undo(slot, rows []int32, args []*vector.Vector) error {
	return a.undo(a, slot, rows, args)
}

func (a *slots[S]) Merge(into, from int32) error {
	return a.merge(a, &a.states[into], &a.states[from])
}

func (a *slots[S]) Result(slot []int32, out *vector.Vector) error {
	for _, s := range slot {
		a.result(a, &a.states[s], out)
	}
	return nil
}

func (a *slots[S]) Encode(slot int32, dst []byte) []byte {
	return a.encode(&a.states[slot], append(dst, a.version()))
}

func (a *slots[S]) Decode(slot int32, src []byte) ([]byte, error) {
	if len(src) == 0 || src[0] < stateVersion || src[0] > a.version() {
		return nil, errState
	}
	a.Clear(slot)
	if src[0] < a.version() {
		return a.old(&a.states[slot], src[1:])
	}
	return a.decode(a, &a.states[slot], src[1:])
}

func (a *slots[S]) version() byte {
	if a.old != nil {
		return stateVersion + 1
	}
	return stateVersion
}

func (a *slots[S]) Bytes() int {
	var s S
	return cap(a.states)*int(unsafe.Sizeof(s)) + a.heap
}

// each calls f for every row whose arguments are all not NULL.
func each(slot, rows []int32, args []*vector.Vector, f func(slot int32, row int)) {
	for i, s := range slot {
		r := at(rows, i)
		null := false
		for _, v := range args {
			null = null || v.IsNull(r)
		}
		if !null {
			f(s, r)
		}
	}
}

// at is the row of the i-th entry of a batch.
func at(rows []int32, i int) int {
	if rows == nil {
		return i
	}
	return int(rows[i])
}

// dense reports whether a batch is all rows of a column in order without NULLs: the case
// for which the numeric loops are unrolled from everything else.
func dense(rows []int32, v *vector.Vector) bool { return rows == nil && !v.Nulls.Any() }

// errNumber is what a sum beyond its decimal type ends with, in ksqlDB's words.
var errNumber = sqlerr.New(sqlerr.NumericOutOfRange, "Numeric field overflow")

func putInt(dst []byte, x int64) []byte     { return binary.LittleEndian.AppendUint64(dst, uint64(x)) }
func putFloat(dst []byte, x float64) []byte { return putInt(dst, int64(math.Float64bits(x))) }

func getInt(src []byte, x *int64) ([]byte, error) {
	if len(src) < 8 {
		return nil, errState
	}
	*x = int64(binary.LittleEndian.Uint64(src))
	return src[8:], nil
}

func getFloat(src []byte, x *float64) ([]byte, error) {
	var n int64
	src, err := getInt(src, &n)
	*x = math.Float64frombits(uint64(n))
	return src, err
}

func getAll(src []byte, ints []*int64, floats []*float64) (rest []byte, err error) {
	for _, p := range ints {
		if src, err = getInt(src, p); err != nil {
			return nil, err
		}
	}
	for _, p := range floats {
		if src, err = getFloat(src, p); err != nil {
			return nil, err
		}
	}
	return src, nil
}

func putBytes[T string | []byte](dst []byte, b T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

func getBytes(src []byte) (b, rest []byte, err error) {
	n, k := binary.Uvarint(src)
	if k <= 0 || n > uint64(len(src)-k) {
		return nil, nil, errState
	}
	return src[k : k+int(n)], src[k+int(n):], nil
}
