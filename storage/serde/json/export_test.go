package json

import "math/bits"

// QuoteWalk counts quotes and backslashes, eight bytes at a time: the scanner without its
// grammar.
func QuoteWalk(b []byte, p, n int) (count uint64) {
	for ; p < n; p += 8 {
		count += uint64(bits.OnesCount64(stops(load(b, p))))
	}
	return count
}
