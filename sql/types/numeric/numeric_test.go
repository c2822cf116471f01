package numeric

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"tailrace/sql/types"
)

func anyDec(t *rapid.T, name string) Dec {
	limit := rapid.SampledFrom([]int64{20, 1e9, 1<<63 - 1}).Draw(t, name+" limit")
	u := types.Int128Of(rapid.Int64Range(-limit, limit).Draw(t, name))
	if rapid.Bool().Draw(t, name+" long") {
		if long, ok := u.Mul(types.Pow10(rapid.IntRange(0, 19).Draw(t, name+" zeros"))); ok && long.Fits(types.MaxPrecision) {
			u = long
		}
	}
	return Dec{Unscaled: u, Scale: rapid.Int32Range(0, 25).Draw(t, name+" scale")}
}

// TestShortWays: what is computed in 128 bits is what numbers of any size give.
func TestShortWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyDec(t, "a"), anyDec(t, "b")
		check := func(op string, got Dec, err error, want Dec, wantErr error) {
			if (err == nil) != (wantErr == nil) || err == nil && got != want {
				t.Fatalf("%s %s %s\n got %s, %v\nwant %s, %v", a, op, b, got, err, want, wantErr)
			}
		}
		got, err := Add(a, b)
		want, wantErr := addBig(a, b)
		check("+", got, err, want, wantErr)
		got, err = Mul(a, b)
		want, wantErr = mulBig(a, b)
		check("*", got, err, want, wantErr)
		got, err = Div(a, b)
		want, wantErr = Ratio(a.Unscaled.Big(), scaleOf(a), b.Unscaled.Big(), scaleOf(b))
		check("/", got, err, want, wantErr)
	})
}

// TestRootsComeBack: a root squared is the number, and a logarithm's exponential.
func TestRootsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Dec{Unscaled: types.Int128Of(rapid.Int64Range(1, 1e15).Draw(t, "d")), Scale: rapid.Int32Range(0, 12).Draw(t, "scale")}
		root, err := Sqrt(d)
		if err != nil {
			t.Fatal(err)
		}
		square := new(big.Int).Mul(root.Unscaled.Big(), root.Unscaled.Big())
		off := new(big.Int).Sub(round(square, 2*scaleOf(root)-30), round(d.Unscaled.Big(), scaleOf(d)-30))
		if limit := new(big.Int).Quo(round(d.Unscaled.Big(), scaleOf(d)-30), pow10(14)); off.CmpAbs(limit.Add(limit, pow10(16))) > 0 {
			t.Fatalf("sqrt(%s) = %s", d, root)
		}
		l, err := Ln(d)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Exp(l)
		if err != nil || back.Float64()/d.Float64() < 1-1e-13 || back.Float64()/d.Float64() > 1+1e-13 {
			t.Fatalf("exp(ln(%s)) = exp(%s) = %s, %v", d, l, back, err)
		}
	})
}

func BenchmarkDiv(b *testing.B) {
	x, y := Dec{Unscaled: types.Int128Of(1234567), Scale: 2}, Dec{Unscaled: types.Int128Of(7)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Div(x, y); err != nil {
			b.Fatal(err)
		}
	}
}
