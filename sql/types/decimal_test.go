package types

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseDecKeepsTheScale(t *testing.T) {
	for _, tc := range []struct{ in, want, typ string }{
		{"0", "0", "DECIMAL(1, 0)"},
		{"5.0500000", "5.0500000", "DECIMAL(8, 7)"},
		{"-0.05", "-0.05", "DECIMAL(3, 2)"},
		{"0.8", "0.8", "DECIMAL(2, 1)"},
		{"+12.", "12", "DECIMAL(2, 0)"},
		{".5", "0.5", "DECIMAL(2, 1)"},
		{"1.5e1", "15", "DECIMAL(2, 0)"},
		{"1e2", "100", "DECIMAL(3, 0)"},
		{"12E-4", "0.0012", "DECIMAL(5, 4)"},
		{"0.00", "0.00", "DECIMAL(3, 2)"},
		{strings.Repeat("9", 38), strings.Repeat("9", 38), "DECIMAL(38, 0)"},
	} {
		d, err := ParseDec(tc.in)
		if err != nil {
			t.Errorf("ParseDec(%q): %v", tc.in, err)
			continue
		}
		if d.String() != tc.want || d.Type().String() != tc.typ {
			t.Errorf("ParseDec(%q)\n got %s %s\nwant %s %s", tc.in, d, d.Type(), tc.want, tc.typ)
		}
	}
}

func TestParseDecRefuses(t *testing.T) {
	for _, in := range []string{"", "-", ".", "e1", "1e", "1x", "1 ", "0x1", "NaN", "1e999999999", "--1", strings.Repeat("9", 39)} {
		if d, err := ParseDec(in); err == nil {
			t.Errorf("ParseDec(%q) = %v, want an error", in, d)
		}
	}
}

func TestFitRoundsByMode(t *testing.T) {
	for _, tc := range []struct {
		in               string
		precision, scale int
		mode             Rounding
		want             string
		err              error
	}{
		{"1.25", 3, 1, HalfUp, "1.3", nil},
		{"-1.25", 3, 1, HalfUp, "-1.3", nil},
		{"1.24", 3, 1, HalfUp, "1.2", nil},
		{"-0.05", 3, 1, HalfUp, "-0.1", nil},
		{"1.29", 3, 1, Down, "1.2", nil},
		{"1.25", 3, 1, Unnecessary, "", ErrInexact},
		{"1.20", 3, 1, Unnecessary, "1.2", nil},
		{"1.2", 4, 3, Unnecessary, "1.200", nil},
		{"99.95", 3, 1, HalfUp, "", ErrOverflow},
		{"100", 4, 2, HalfUp, "", ErrOverflow},
	} {
		d, _ := ParseDec(tc.in)
		got, err := d.Fit(tc.precision, tc.scale, tc.mode)
		if !errors.Is(err, tc.err) || err == nil && got.String() != tc.want {
			t.Errorf("%s as DECIMAL(%d, %d), mode %d\n got %v, %v\nwant %v, %v",
				tc.in, tc.precision, tc.scale, tc.mode, got, err, tc.want, tc.err)
		}
	}
}

// Division agrees with big rationals in every rounding mode.
func TestQuoDecAgreesWithBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := Int128Of(rapid.Int64().Draw(t, "x"))
		y := Int128Of(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-20, 20)).Draw(t, "y"))
		xs, ys, to := rapid.IntRange(0, 10).Draw(t, "xs"), rapid.IntRange(0, 10).Draw(t, "ys"), rapid.IntRange(0, 20).Draw(t, "to")
		if y.Sign() == 0 {
			return
		}
		n, d := x.Big(), y.Big()
		n.Mul(n, Pow10(to+ys).Big())
		d.Mul(d, Pow10(xs).Big())
		q, r := new(big.Int).QuoRem(n, d, new(big.Int))
		for _, mode := range []Rounding{Unnecessary, HalfUp, Down} {
			want := new(big.Int).Set(q)
			twice := new(big.Int).Lsh(new(big.Int).Abs(r), 1)
			if mode == HalfUp && twice.CmpAbs(d) >= 0 {
				want.Add(want, big.NewInt(int64(n.Sign()*d.Sign())))
			}
			got, err := QuoDec(x, xs, y, ys, to, mode)
			switch {
			case mode == Unnecessary && r.Sign() != 0:
				if err == nil {
					t.Fatalf("%v/%v: inexact quotient %v without an error", x, y, got)
				}
			case !fits(want):
				if err == nil {
					t.Fatalf("%v/%v: overflow without an error", x, y)
				}
			case err != nil || got.Big().Cmp(want) != 0:
				t.Fatalf("%v (scale %d) / %v (scale %d) to scale %d, mode %d\n got %v, %v\nwant %v", x, xs, y, ys, to, mode, got, err, want)
			}
		}
	})
}

// A double becomes the decimal of its exact binary value, as in Java's new BigDecimal.
func TestDecFromFloat(t *testing.T) {
	for _, tc := range []struct {
		in               float64
		precision, scale int
		want             string
	}{
		{1.1, 2, 1, "1.1"},
		{0.05, 4, 2, "0.05"},
		{2.5, 2, 0, "3"},
		{1.125, 3, 2, "1.13"}, // a tie that is exact in binary, rounded half up
		{-1.125, 3, 2, "-1.13"},
		{9.99, 4, 2, "9.99"},
		{0, 3, 2, "0.00"},
		{123456789.125, 12, 3, "123456789.125"},
	} {
		got, err := DecFromFloat(tc.in, tc.precision, tc.scale)
		if err != nil || got.String() != tc.want {
			t.Errorf("DecFromFloat(%v, %d, %d) = %v, %v; want %s", tc.in, tc.precision, tc.scale, got, err, tc.want)
		}
	}
	if _, err := DecFromFloat(100, 4, 2); !errors.Is(err, ErrOverflow) {
		t.Errorf("100 as DECIMAL(4, 2): got %v, want an overflow", err)
	}
}

func FuzzParseDec(f *testing.F) {
	for _, s := range []string{"1.50", "-0", "1e5", "12E-4", ".5", "5.", "99999999999999999999999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDec(s)
		if err != nil {
			return
		}
		again, err := ParseDec(d.String())
		if err != nil || again != d {
			t.Errorf("ParseDec(%q) = %v; its text reads back as %v, %v", s, d, again, err)
		}
	})
}
