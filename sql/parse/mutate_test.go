package parse_test

import (
	"flag"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	mutateSeed  = flag.Uint64("mutate.seed", 0, "seed of TestMutations; 0 takes one from the clock")
	mutateCount = flag.Int("mutate.n", 5000, "statements that TestMutations makes")
)

var tokenPattern = regexp.MustCompile("'(?:[^']|'')*'|`[^`]*`|\"[^\"]*\"|[A-Za-z_0-9.$]+|->|=>|:=|::|\\|\\||<>|<=|>=|\\S")

// TestMutations makes statements that are nearly right out of the golden ones, by
// deleting, doubling, swapping and transplanting tokens, and checks each as FuzzParse
// does. Bytes changed at random, as the fuzzer does, rarely get past the lexer.
func TestMutations(t *testing.T) {
	seed := *mutateSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("replay with: go test ./sql/parse -run TestMutations -mutate.seed=%d -mutate.n=%d", seed, *mutateCount)
	rng := rand.New(rand.NewPCG(seed, 1))
	var pool [][]string
	for _, s := range seedStatements(t) {
		if tokens := tokenPattern.FindAllString(s, -1); len(tokens) > 1 && !strings.Contains(s, "=>  ") {
			pool = append(pool, tokens)
		}
	}
	pick := func() []string { return pool[rng.IntN(len(pool))] }
	for range *mutateCount {
		tokens := append([]string(nil), pick()...)
		for range 1 + rng.IntN(3) {
			i := rng.IntN(len(tokens))
			switch rng.IntN(5) {
			case 0:
				tokens = append(tokens[:i], tokens[i+1:]...)
			case 1:
				tokens = append(tokens[:i+1], tokens[i:]...)
			case 2:
				j := rng.IntN(len(tokens))
				tokens[i], tokens[j] = tokens[j], tokens[i]
			case 3:
				other := pick()
				tokens[i] = other[rng.IntN(len(other))]
			case 4:
				other := pick()
				from := rng.IntN(len(other))
				piece := other[from : from+rng.IntN(len(other)-from)+1]
				tokens = append(tokens[:i:i], append(append([]string(nil), piece...), tokens[i:]...)...)
			}
			if len(tokens) == 0 {
				tokens = append(tokens, pick()...)
			}
		}
		checkText(t, strings.Join(tokens, " "))
	}
}
