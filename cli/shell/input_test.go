package shell

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// TestInput feeds lines and shows, after each, the prompt that follows and what can be
// run.
func TestInput(t *testing.T) {
	datadriven.RunTest(t, "testdata/input", func(t *testing.T, d *datadriven.TestData) string {
		var out strings.Builder
		show := func(items []item) {
			for _, it := range items {
				kind := "statement"
				if it.command {
					kind = "command"
				}
				fmt.Fprintf(&out, "  %s of line %d: %q", kind, it.line, it.text)
				if it.buffer != "" {
					fmt.Fprintf(&out, " about %q", it.buffer)
				}
				fmt.Fprintln(&out)
			}
		}
		var in input
		for _, line := range strings.Split(d.Input, "\n") {
			items := in.feed(line)
			next := prompt
			if !in.empty() {
				next = prompts[in.state()]
			}
			fmt.Fprintf(&out, "%s\n", strings.TrimSpace(next))
			show(items)
		}
		if d.HasArg("end") {
			show(in.rest())
		}
		return out.String()
	})
}

func TestOneLine(t *testing.T) {
	for _, tc := range []struct {
		text, want string
		ok         bool
	}{
		{"SELECT 1;", "SELECT 1;", true},
		{"SELECT  *\n\t FROM  t;\n", "SELECT * FROM t;", true},
		{"SELECT 'two  spaces';", "SELECT 'two  spaces';", true},
		{"SELECT 1 -- one\n, 2;", "SELECT 1 /* one */ , 2;", true},
		{"SELECT 1 /* a\n b */;", "SELECT 1 /* a b */;", true},
		{"SELECT 'a\nb';", "", false},
		{"SELECT '-- no comment';", "SELECT '-- no comment';", true},
	} {
		if got, ok := oneLine(tc.text); got != tc.want || ok != tc.ok {
			t.Errorf("oneLine(%q)\n got %q %v\nwant %q %v", tc.text, got, ok, tc.want, tc.ok)
		}
	}
}

func TestFind(t *testing.T) {
	for _, tc := range []struct{ line, want string }{
		{`\d`, `\d ""`}, {`\d sales;`, `\d "sales"`}, {`\d+ sales`, `\d+ "sales"`}, {`\dt`, `\dt ""`},
		{"exit", `\q ""`}, {"EXIT;", `\q ""`}, {"Quit ;", `\q ""`}, {"run  script 'x.sql';", `\i "'x.sql'"`},
		{"output vertical", `output "vertical"`},
		{"output", "no"}, {"exit now", "no"}, {"version()", "no"}, {"SELECT 1", "no"}, {"historyx", "no"}, {`\foo`, "no"},
		{"RUN QUERY x", "no"}, {"help SELECT", `help "SELECT"`}, {"help", `help ""`}, {`\dtS+ x*`, `\dt "x*"`}, {`\o |grep "a;"; x;`, `\o "|grep \"a;\"; x;"`}, {`\!ls`, `\! "ls"`}, {"spool off;", `spool "off"`}, {"help; SELECT 1", "no"},
	} {
		got := "no"
		if c, arg, ok := find(tc.line); ok {
			got = fmt.Sprintf("%s %q", c.names[0], arg)
			if c.names[0] == `\h` {
				got = fmt.Sprintf("help %q", arg)
			}
		}
		if got != tc.want {
			t.Errorf("find(%q) = %s, want %s", tc.line, got, tc.want)
		}
	}
}

// TestLongStatement: a statement of many lines costs no more than it is long.
func TestLongStatement(t *testing.T) {
	var in input
	started := time.Now()
	in.feed("INSERT INTO t VALUES")
	for i := range 20_000 {
		in.feed(fmt.Sprintf(`(%d, 'a text; with \n and more of that kind'),`, i))
	}
	if items := in.feed("(1, 'x');"); len(items) != 1 {
		t.Errorf("%d statements", len(items))
	}
	if took := time.Since(started); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
}
