package shell

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestComplete completes the text before the cursor: what is added, and the candidates
// when there are several. Lines above the present one end with a line break.
func TestComplete(t *testing.T) {
	tests := []struct{ text, want string }{
		{"SEL", "ECT "},
		{"sel", "ect "},
		{"SELECT * FR", "OM "}, // not FROM_DAYS: functions come second
		{"SELECT * FROM_D", "AYS("},
		{"SELECT coal", "esce("},
		{"SELECT * FROM OR", "DERS "},
		{"SELECT * from or", "ders "},
		{"SELECT *\nFROM ", "? ORDERS SALES"},
		{"SELECT reg", "ion "},
		{"INSERT INTO S", "ALES "},
		{"DESCRIBE S", "ALES "},
		{"DESCRIBE FUNCTION CO", "? COALESCE COUNT"},
		{"PRINT o", "rders "},
		{"PRINT 'o", "rders'"},
		{"PRINT O", ""}, // topics are case-sensitive
		{"PRINT orders FROM BE", "GINNING "},
		{"TERMINATE CT", "AS_SALES_1 "},
		{"SHOW T", "? TABLES TOPICS TYPES"},
		{"SHOW TA", "BLES "},
		{"DROP TABLE sa", "les "},
		{"SELECT * FROM orders EMIT ch", "anges "},
		{"CREATE STREAM s (a INT) WITH (kaf", "ka_topic "},
		{"CREATE STREAM s (a INT) WITH (kafka_topic = 'x', value_f", "ormat "},
		{"SELECT 'sel", ""}, // inside quotes nothing is known
		{`\d`, `? \d \dT \dconfig \df \dg \dm \dn \dq \ds \dt \du \dv`},
		{`\ti`, "ming "},
		{`\d sa`, "les "},
		{"output v", "ertical "},
		{"xyzzy", ""},
	}
	for _, tc := range tests {
		c := newCompleter(&Shell{})
		c.names = &names{sources: []string{"ORDERS", "SALES"}, topics: []string{"orders"}, columns: []string{"ID", "REGION"},
			queries: []string{"CTAS_SALES_1"}, functions: []string{"COALESCE", "COUNT", "FROM_DAYS"}, fetched: time.Now()}
		at := strings.LastIndex(tc.text, "\n") + 1
		c.pending = tc.text[:at]
		_, got, all := c.complete(tc.text[at:])
		if got == "" && len(all) > 1 {
			got = "? " + strings.Join(all, " ")
		}
		if got != tc.want {
			t.Errorf("%q\n got %q\nwant %q", tc.text, got, tc.want)
		}
	}
}

// TestTab presses Tab: the second one lists, and a pasted one is white space.
func TestTab(t *testing.T) {
	var listed strings.Builder
	c := newCompleter(&Shell{})
	c.names, c.list = &names{sources: []string{"ORDERS", "SALES"}, fetched: time.Now()}, &listed
	press := func(text string) string {
		rests, _ := c.Do([]rune(text), len([]rune(text)))
		if len(rests) == 0 {
			return ""
		}
		return string(rests[0])
	}
	if got := press("SELECT * FROM "); got != "" || listed.String() != "" {
		t.Errorf("the first Tab gave %q and %q", got, listed.String())
	}
	if got := press("SELECT * FROM "); got != "" || strings.Join(strings.Fields(listed.String()), " ") != "ORDERS SALES" {
		t.Errorf("the second Tab gave %q and %q", got, listed.String())
	}
	for _, tc := range []struct{ text, pending, want string }{{"SELECT id,", "", " "}, {"", "SELECT\n", " "}, {"", "", ""}} {
		c.pending = tc.pending
		if got := press(tc.text); got != tc.want {
			t.Errorf("Tab after %s gave %q", fmt.Sprintf("%q %q", tc.pending, tc.text), got)
		}
	}
}
