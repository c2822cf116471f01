package kernel

import (
	"testing"

	"tailrace/sql/types/vector"
)

func BenchmarkKernels(b *testing.B) {
	const n = 4096
	a, c, bools := make([]int64, n), make([]int64, n), make([]bool, n)
	for i := range a {
		a[i], c[i] = int64(i*7919%1000), int64(i%13)
	}
	dst := vector.NewBitmap(n)
	for _, k := range []struct {
		name string
		run  func()
	}{
		{"GtC", func() { GtC(dst, a, 500) }},
		{"Lt", func() { Lt(dst, a, c) }},
		{"Bits", func() { Bits(dst, bools) }},
		{"Bools", func() { Bools(bools, dst) }},
		{"Add", func() { Add(a, a, c) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				k.run()
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}

// Each pattern is tried against texts that match and texts that do not.
func TestLike(t *testing.T) {
	for _, tc := range []struct {
		pattern  string
		escape   rune
		fold     bool
		yes, not []string
	}{
		{"abc", 0, false, []string{"abc"}, []string{"ab", "abcd", "ABC", ""}},
		{"", 0, false, []string{""}, []string{"a"}},
		{"a%", 0, false, []string{"a", "ab"}, []string{"ba", ""}},
		{"%a", 0, false, []string{"a", "ba"}, []string{"ab"}},
		{"%a%", 0, false, []string{"a", "bab"}, []string{"b", ""}},
		{"a%b", 0, false, []string{"ab", "axxb"}, []string{"a", "abx"}},
		{"ab%ba", 0, false, []string{"abba", "abxba"}, []string{"aba"}},
		{"a%b%c", 0, false, []string{"abc", "axbxc"}, []string{"acb"}},
		{"%%", 0, false, []string{"", "x"}, nil},
		{"_", 0, false, []string{"a", "ü", "日"}, []string{"", "ab"}},
		{"_%_", 0, false, []string{"ab", "abc"}, []string{"a"}},
		{"%a_c%", 0, false, []string{"abc", "xxabcx", "aabca"}, []string{"ac", "abbc"}},
		{"100!%", '!', false, []string{"100%"}, []string{"1000"}},
		{"a!!b!_", '!', false, []string{"a!b_"}, []string{"a!bx"}},
		{"hé%LO", 0, true, []string{"HÉllo", "hélo"}, []string{"hello"}},
		{"a\n%", 0, false, []string{"a\nb\n"}, []string{"a"}},
	} {
		m, err := CompileLike(tc.pattern, tc.escape, tc.fold)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range tc.yes {
			if !m.Match([]byte(s)) {
				t.Errorf("%q does not match LIKE %q", s, tc.pattern)
			}
		}
		for _, s := range tc.not {
			if m.Match([]byte(s)) {
				t.Errorf("%q matches LIKE %q", s, tc.pattern)
			}
		}
	}
	if _, err := CompileLike("a!", '!', false); err != ErrLikeEscape {
		t.Errorf("a pattern that ends in its escape: got %v", err)
	}
}
