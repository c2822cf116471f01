package types

import "math/big"

// Big returns the integer as a big.Int.
func (x Int128) Big() *big.Int {
	b := new(big.Int).SetInt64(x.Hi)
	b.Lsh(b, 64)
	return b.Add(b, new(big.Int).SetUint64(x.Lo))
}

// cmpDec compares decimals of any scale: exactly, by scaling up the coarser one.
func cmpDec(a, b Dec) int {
	x, y := a.Unscaled.Big(), b.Unscaled.Big()
	if d := int64(a.Scale - b.Scale); d > 0 {
		y.Mul(y, new(big.Int).Exp(big.NewInt(10), big.NewInt(d), nil))
	} else if d < 0 {
		x.Mul(x, new(big.Int).Exp(big.NewInt(10), big.NewInt(-d), nil))
	}
	return x.Cmp(y)
}
