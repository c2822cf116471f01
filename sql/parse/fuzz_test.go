package parse_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tailrace/sql/ast"
	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
)

// seedStatements are the lines of the golden files: every form of the grammar and
// every error that has one.
func seedStatements(f testing.TB) []string {
	files, err := filepath.Glob("testdata/*/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files: %v", err)
	}
	var seeds []string
	for _, name := range files {
		if strings.Contains(name, "fuzz") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range strings.Split(string(data), "\n") {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				seeds = append(seeds, line)
			}
		}
	}
	return seeds
}

// FuzzParse: no text makes the parser panic or fail with a bug's code; an error points
// into the text; what parses renders to a text that parses to the same tree.
func FuzzParse(f *testing.F) {
	for _, s := range seedStatements(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkText(t, text)
	})
}

// checkText checks what FuzzParse promises.
func checkText(t *testing.T, text string) {
	t.Helper()
	list, err := parse.Parse(text)
	if err != nil {
		checkError(t, text, err)
		return
	}
	for _, s := range list {
		if !strings.HasPrefix(text[s.Start:], s.Text) {
			t.Errorf("%q is not at %d of %q", s.Text, s.Start, text)
		}
		rendered := ast.Format(s.AST)
		again, err := parse.ParseOne(rendered)
		if err != nil {
			t.Fatalf("%q renders as\n%q, which fails: %v", text, rendered, err)
		}
		if diff := treeDiff(s.AST, again.AST); diff != "" {
			t.Fatalf("%q renders as\n%q, another tree:\n%s", text, rendered, diff)
		}
		if twice := ast.Format(again.AST); twice != rendered {
			t.Fatalf("%q renders as\n%q and then as\n%q", text, rendered, twice)
		}
	}
	if n := len(parse.Split(text)); n != len(list) {
		t.Fatalf("%q: Split finds %d statements, Parse %d", text, n, len(list))
	}
}

// FuzzExpr is FuzzParse for expressions, which gets deeper into them.
func FuzzExpr(f *testing.F) {
	for _, s := range seedStatements(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parse.ParseExpr(text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		rendered := ast.Format(e)
		again, err := parse.ParseExpr(rendered)
		if err != nil {
			t.Fatalf("%q renders as\n%q, which fails: %v", text, rendered, err)
		}
		if diff := treeDiff(e, again); diff != "" {
			t.Fatalf("%q renders as\n%q, another tree:\n%s", text, rendered, diff)
		}
	})
}

func checkError(t *testing.T, text string, err error) {
	t.Helper()
	e, ok := sqlerr.As(err)
	if !ok || e.Code == sqlerr.InternalError {
		t.Fatalf("%q: %v", text, err)
	}
	if e.Pos < 0 || e.Pos > utf8.RuneCountInString(text)+1 {
		t.Fatalf("%q: %v at %d, outside of the text", text, err, e.Pos)
	}
	e.Caret(text)
	parse.KsqlMessage(e, text)
}

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
