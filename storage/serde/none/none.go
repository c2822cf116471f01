// Package none is the format of keys and values that are not there: no columns, no bytes.
// Whatever a record holds is ignored.
package none

import "tailrace/sql/types/vector"

// Codec decodes and encodes nothing.
type Codec struct{}

// Decode accepts any bytes. There are no columns to append to.
func (Codec) Decode([]byte, []*vector.Vector) error { return nil }

// Append writes a NULL record.
func (Codec) Append(dst []byte, _ []*vector.Vector, _ int) (out []byte, null bool, err error) {
	return dst, true, nil
}
