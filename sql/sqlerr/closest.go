package sqlerr

import (
	"strings"
	"unicode/utf8"
)

// Closest returns the candidate that the user most likely meant by name, or ""
// when none is near. Case does not count; a swap of neighbours counts as one
// edit. Near means at most a third of the name's length (at least one edit), so
// that a hint is never far-fetched. Ties go to the earlier candidate.
func Closest(name string, candidates []string) string {
	best, bestDistance := "", max(1, utf8.RuneCountInString(name)/3)+1
	folded := []rune(strings.ToUpper(name))
	for _, c := range candidates {
		d := distance(folded, []rune(strings.ToUpper(c)), bestDistance)
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance is the optimal string alignment distance (edits and swaps of
// neighbours), or limit when it is at least that.
func distance(a, b []rune, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}
