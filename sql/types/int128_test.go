package types

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// anyInt128 draws numbers of every magnitude, edges above all.
func anyInt128(t *rapid.T, name string) Int128 {
	x := Int128{
		Hi: rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, -1, 1, math.MinInt64, math.MaxInt64})).Draw(t, name+".hi"),
		Lo: rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1, math.MaxUint64, 1 << 63})).Draw(t, name+".lo"),
	}
	return x
}

func fits(b *big.Int) bool {
	limit := new(big.Int).Lsh(big.NewInt(1), 127)
	return b.Cmp(limit) < 0 && b.Cmp(new(big.Int).Neg(limit)) >= 0
}

// Every operation agrees with math/big, and reports overflow exactly when the true result
// does not fit.
func TestInt128AgreesWithBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y, z := anyInt128(t, "x"), anyInt128(t, "y"), anyInt128(t, "z")
		check := func(op string, got Int128, ok bool, want *big.Int) {
			if ok != fits(want) {
				t.Fatalf("%v %s %v (%v): ok = %v, exact result %v", x, op, y, z, ok, want)
			}
			if ok && got.Big().Cmp(want) != 0 {
				t.Fatalf("%v %s %v (%v)\n got %v\nwant %v", x, op, y, z, got, want)
			}
		}
		a, b, c := x.Big(), y.Big(), z.Big()
		r, ok := x.Add(y)
		check("+", r, ok, new(big.Int).Add(a, b))
		r, ok = x.Sub(y)
		check("-", r, ok, new(big.Int).Sub(a, b))
		r, ok = x.Mul(y)
		check("*", r, ok, new(big.Int).Mul(a, b))
		if y.Sign() != 0 {
			q, rem, ok := x.QuoRem(y)
			bq, br := new(big.Int).QuoRem(a, b, new(big.Int))
			check("/", q, ok, bq)
			check("%", rem, true, br)
		}
		if z.Sign() != 0 {
			q, rem, ok := x.MulQuoRem(y, z)
			bq, br := new(big.Int).QuoRem(new(big.Int).Mul(a, b), c, new(big.Int))
			check("muldiv", q, ok, bq)
			check("mulrem", rem, true, br)
		}
		if got := x.Cmp(y); got != a.Cmp(b) {
			t.Fatalf("%v cmp %v = %d", x, y, got)
		}
		if x.String() != a.String() {
			t.Fatalf("String\n got %s\nwant %s", x, a)
		}
		if got, want := x.Digits(), len(new(big.Int).Abs(a).String()); got != want {
			t.Fatalf("%v has %d digits, not %d", x, want, got)
		}
		want, _ := new(big.Float).SetInt(a).Float64()
		if got := x.Float64(); got != want {
			t.Fatalf("%v as a double: got %v, want %v", x, got, want)
		}
	})
}

func TestInt128DoesNotAllocate(t *testing.T) {
	x, y := Int128{Hi: 12345, Lo: 678}, Int128{Hi: -7, Lo: 99}
	if n := testing.AllocsPerRun(100, func() {
		s, _ := x.Add(y)
		p, _ := s.Mul(Int128Of(3))
		q, r, _ := p.QuoRem(y)
		m, _, _ := q.MulQuoRem(r, x)
		_, _ = Rescale(m, 3, 5, HalfUp)
	}); n != 0 {
		t.Errorf("128-bit arithmetic makes %v allocations, want 0", n)
	}
}
