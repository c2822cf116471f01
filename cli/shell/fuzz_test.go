package shell

import (
	"strings"
	"testing"
)

// FuzzTyping: whatever is typed, with the cursor anywhere in it, the reader of lines and
// the completer say something, and nothing of a statement is lost.
func FuzzTyping(f *testing.F) {
	for _, s := range []string{"SELECT o.re FROM orders o\nWHERE 'a\\b' \\gx out.csv\n", "CREATE STREAM s (a INT) WITH (kafka_topic = 'x'", "\\copy t (a) from 'x' (format csv)",
		"DROP TABLE IF EXISTS ", "SET 'a' = ", "INSERT INTO sales (", "/* \\q */ -- \n;", "\\h create ", "SELECT CAST(a AS ", "`", "\\", "\\\\ \\", "PRINT '", "ALTER TABLE t ADD COLUMN a ", "help ", "SELECT 1 \\g (a=b) |x", "\xff", "é\u202e", "(", ",", "FROM ,"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, text string, at int) {
		c := testCompleter()
		at = max(0, min(at, len(text)))
		line := strings.LastIndexByte(text[:at], '\n') + 1
		c.pending = text[:line]
		done := c.complete(text[line:at], text[at:])
		for _, candidate := range done.all {
			if len(candidate) < len(done.word) {
				t.Errorf("%q: %q is shorter than the word %q", text, candidate, done.word)
			}
		}
		var in input
		var items []item
		for _, l := range strings.Split(text, "\n") {
			items = append(items, in.feed(l)...)
		}
		for _, it := range append(items, in.rest()...) {
			if it.text == "" {
				t.Errorf("%q: an item without text", text)
			}
			if it.command {
				find(it.text)
				s := &Shell{}
				_, _ = s.arguments(t.Context(), strings.ReplaceAll(it.text, "`", "'"))
				_, _ = parseCopy(it.text)
			}
		}
	})
}

// TestEveryCommand: each says what it is for, and refuses what it cannot use.
func TestEveryCommand(t *testing.T) {
	shown := map[string]bool{}
	for _, c := range shellCommands {
		if c.usage != "" {
			shown[c.usage] = true
			if c.short == "" {
				t.Errorf("%s is not explained", c.names[0])
			}
		}
		for _, name := range c.names {
			var out strings.Builder
			s := &Shell{errOut: &out, std: &out, out: &target{w: &out}, opts: Options{Out: &out}}
			bad, want := name, "usage: "+c.usage
			switch {
			case name[0] != '\\':
				continue // without what it needs it is a statement
			case c.args == noArgument:
				bad, want = name+" superfluous", name+" takes no argument" // the first name is told
				if name != c.names[0] {
					want = c.names[0] + " takes no argument"
				}
			case c.args == mayHaveArgument:
				continue
			}
			err := s.command(t.Context(), bad)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s: %v, want %s", bad, err, want)
			}
		}
	}
	if len(shown) < 40 {
		t.Errorf("only %d commands are shown", len(shown))
	}
}
