package types

// Int128 is a 128-bit two's complement integer: Hi*2^64 + Lo.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Dec is a DECIMAL: Unscaled * 10^-Scale. Its scale matters: 5.00 and 5.0 compare equal
// but are written differently.
type Dec struct {
	Unscaled Int128
	Scale    int32
}

// Cmp compares by value: -1, 0 or +1.
func (d Dec) Cmp(o Dec) int { return cmpDec(d, o) }
