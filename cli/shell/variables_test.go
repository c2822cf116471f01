package shell

import "testing"

func TestInterpolate(t *testing.T) {
	var v variables
	for _, p := range [][2]string{{"n", "42"}, {"name", "it's"}, {"Topic", "orders"}, {"t", "SELECT"}} {
		if err := v.set(p[0], p[1]); err != nil {
			t.Fatal(err)
		}
	}
	v.defined("DEFINE region = 'west'")
	v.defined("DEFINE gone = 'x'")
	v.defined("UNDEFINE gone")
	for _, tc := range []struct{ text, want string }{
		{"SELECT :n", "SELECT 42"},
		{"SELECT :N, :topic", "SELECT 42, orders"},
		{"SELECT :'name', :\"topic\"", "SELECT 'it''s', \"orders\""},
		{"SELECT ':n', \":n\", `:n` -- :n\n/* :n */", "SELECT ':n', \":n\", `:n` -- :n\n/* :n */"},
		{"SELECT '${topic}', \"${n}\", ${n}", "SELECT 'orders', \"42\", 42"},
		{"SELECT '$${n}', $${n}", "SELECT '$${n}', $${n}"},
		{"SELECT a::n, MAP('a' := 1), :unknown, '${unknown}'", "SELECT a::n, MAP('a' := 1), :unknown, '${unknown}'"},
		{"SELECT :'n", "SELECT :'n"},
		{"SELECT ${n", "SELECT ${n"},
		{"SELECT ${region} :region ${gone}", "SELECT west west ${gone}"},
		{":t 1 :", "SELECT 1 :"},
		{"'open :n", "'open :n"},
	} {
		if got := v.interpolate(tc.text); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.text, got, tc.want)
		}
	}
}

func TestVariables(t *testing.T) {
	for _, tc := range []struct{ name, value, want string }{
		{"x", "anything", ""},
		{"", "1", `"" is no name of a variable: letters, digits and _`},
		{"a-b", "1", `"a-b" is no name of a variable: letters, digits and _`},
		{"on_error_stop", "off", ""},
		{"ON_ERROR_STOP", "maybe", `ON_ERROR_STOP cannot be "maybe": "maybe" is neither on nor off`},
		{"ECHO", "loud", `ECHO cannot be "loud": it must be none, all, queries or errors`},
		{"WATCH_INTERVAL", "soon", `WATCH_INTERVAL cannot be "soon": it must be a number of seconds`},
		{"WATCH_INTERVAL", "NaN", `WATCH_INTERVAL cannot be "NaN": it must be a number of seconds`},
	} {
		var v variables
		got := ""
		if err := v.set(tc.name, tc.value); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("set %s to %s\n got %s\nwant %s", tc.name, tc.value, got, tc.want)
		}
	}
	var v variables
	if v.on("QUIET", false) || !v.on("ON_ERROR_STOP", true) {
		t.Error("what is not set has not its default")
	}
}
