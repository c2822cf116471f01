// Package kernel holds the loops of compiled expressions: arithmetic, comparisons,
// conversions and text matching over the slices of columns. Kernels know nothing of
// expressions and allocate nothing; NULL rows are computed like others, on whatever their
// slots hold, and masked by the caller, so no kernel may panic on any slot.
//
// A kernel that can fail takes a Failer and leaves the slot of a failed row alone.
package kernel

import (
	"errors"
	"fmt"
)

// Failer notes that row i failed. The caller makes the row NULL.
type Failer func(i int, err error)

// Why a row fails.
var (
	ErrDivisionByZero = errors.New("division by zero")
	ErrOutOfRange     = errors.New("value out of range")
	ErrOverflow       = fmt.Errorf("%w: overflow", ErrOutOfRange)
	ErrUnderflow      = fmt.Errorf("%w: underflow", ErrOutOfRange)
)

// Integer is what INT and BIGINT live in.
type Integer interface{ int32 | int64 }

// Number is what INT, BIGINT and DOUBLE live in.
type Number interface{ int32 | int64 | float64 }
