package shell

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testCompleter knows some names, as if a server had told them.
func testCompleter() *completer {
	c := newCompleter(&Shell{})
	c.names = &catalog{streams: []string{"ORDERS", "orderLines"}, tables: []string{"OFFERS", "SALES"}, topics: []string{"orders", "order-lines", "Offers"},
		queries: []string{"CTAS_SALES_1"}, functions: []string{"CARDINALITY", "COALESCE", "COUNT", "FROM_DAYS", "SUBSTRING"}, types: []string{"ADDRESS"},
		settings: []string{"auto.offset.reset", "commit.interval.ms", "dialect"}, fetched: time.Now(),
		columns:    map[string][]string{"ORDERS": {"ID", "REGION", "AMOUNT"}, "SALES": {"REGION", "TOTAL"}, "OFFERS": {"SKU"}, "orderLines": {"LINE"}},
		signatures: map[string][]string{"SUBSTRING": {"SUBSTRING(STRING value, INTEGER pos) → STRING"}}}
	return c
}

// TestComplete completes the text before the cursor, which is at the end or at ^: what is
// added, and the candidates when there are several. Lines above the present one end with a
// line break.
func TestComplete(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("scripts", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"script.sql", filepath.Join("scripts", "a-b.sql"), ".hidden"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ text, want string }{
		{"SEL", "ECT "},
		{"sel", "ect "},
		{"Sel", "ECT "},
		{"SELECT * FR", "OM "}, // not FROM_DAYS: functions come second
		{"select * fr", "om "},
		{"SELECT FROM_D", "AYS("},
		{"SELECT coal", "esce("},
		{"SELECT ca", "? cardinality( case cast"},
		{"SELECT * FROM OR", "DERS "},
		{"select * from or", "ders "},
		{"select * from ", "? `orderLines` offers orders sales"}, // small letters, as the rest
		{"SELECT *\nFROM ", "? OFFERS ORDERS SALES `orderLines`"},
		{"SELECT * FROM `or", "derLines`"},
		{"SELECT reg^ FROM orders", "ion "}, // the source stands behind the cursor
		{"SELECT sk^ FROM orders", ""},      // and another's columns are not for here
		{"SELECT * FROM orders o WHERE o.", "? AMOUNT ID REGION"},
		{"SELECT o.a^ FROM orders AS o JOIN sales s ON o.region = s.region", "mount "},
		{"SELECT s.^ FROM orders AS o JOIN sales s ON o.region = s.region", "? REGION TOTAL"},
		{"SELECT * FROM orders o JOIN sales s ON s.reg", "ion "},
		{"SELECT sales.t^ FROM sales", "otal "},
		{"SELECT * FROM orders, sales s WHERE s.to", "tal "},
		{"SELECT nix.", ""},
		{"SELECT 1; SELECT * FROM sales WHERE tot", "al "},
		{"SELECT * FROM orders GROUP ", "BY "},
		{"SELECT * FROM orders group ", "BY "}, // as the statement begins
		{"SELECT * FROM orders GROUP BY am", "ount "},
		{"SELECT * FROM orders WINDOW TUM", "BLING "},
		{"SELECT * FROM orders WINDOW TUMBLING (SIZE 1 H", "OURS "},
		{"SELECT * FROM orders WINDOW HOPPING (SIZE 1 HOURS, ADV", "ANCE "},
		{"SELECT * FROM orders EMIT ch", "anges "},
		{"SELECT * FROM orders o LEFT ", "? JOIN OUTER"},
		{"SELECT CAST(id AS ad", "dress "},
		{"SELECT CAST(id AS BIG", "INT "},
		{"INSERT INTO S", "ALES "},
		{"INSERT INTO sales (to", "tal "},
		{"INSERT INTO sales ", "? SELECT VALUES WITH"},
		{"DROP ", "? MATERIALIZED STREAM TABLE TYPE"},
		{"DROP TABLE ", "? OFFERS SALES"},
		{"drop table o", "ffers "},
		{"DROP STREAM o", "rders "},
		{"DROP STREAM sa", ""},
		{"DROP TABLE IF ", "EXISTS "},
		{"DROP TABLE IF EXISTS sa", "les "},
		{"DROP MATERIALIZED VIEW sa", "les "},
		{"DROP TYPE a", "ddress "},
		{"DROP TABLE sales DELETE ", "TOPIC "},
		{"ALTER STREAM orders ADD COLUMN x VAR", "CHAR "},
		{"DESCRIBE S", "? SALES STREAMS"},
		{"DESCRIBE FUNCTION CO", "? COALESCE COUNT"},
		{"DESCRIBE sales ", "EXTENDED "},
		{"PRINT o", "rders "},
		{"PRINT 'o", "rder"}, {"PRINT 'order", "? order-lines orders"},
		{"PRINT 'order-", "lines'"},
		{"PRINT 'Of", "fers'"},
		{"PRINT of", ""}, // topics are case-sensitive
		{"PRINT orders FROM BE", "GINNING "},
		{"PRINT orders ", "? FROM INTERVAL LIMIT"},
		{"TERMINATE CT", "AS_SALES_1 "},
		{"SHOW T", "? TABLES TOPICS TYPES"},
		{"SHOW TA", "BLES "},
		{"show di", "alect "},
		{"SHOW QUERIES ", "EXTENDED "},
		{"SET ", "? 'auto.offset.reset' 'commit.interval.ms' dialect"},
		{"SET 'au", "to.offset.reset'"},
		{"SET 'auto.offset.reset' = ", "'"}, {"SET 'auto.offset.reset' = '", "? earliest latest"},
		{"SET 'auto.offset.reset' = 'e", "arliest'"},
		{"SET dialect = 'k", "sql'"},
		{"UNSET 'com", "mit.interval.ms'"},
		{"CREATE ST", "REAM "},
		{"CREATE OR ", "REPLACE "},
		{"CREATE STREAM s (a ", "? ARRAY< BIGINT BOOLEAN BYTES DATE DECIMAL( DOUBLE INT INTEGER MAP< STRING STRUCT< TIME TIMESTAMP VARCHAR"},
		{"CREATE STREAM s (a INT k", "ey "},
		{"CREATE STREAM s (a INT) W", "ITH "},
		{"CREATE STREAM s (a INT) WITH (kaf", "ka_topic "},
		{"CREATE STREAM s (a INT) WITH (kafka_topic = 'o", "rder"},
		{"CREATE STREAM s (a INT) WITH (kafka_topic = 'x', value_f", "ormat "},
		{"CREATE STREAM s (a INT) WITH (kafka_topic = 'x', kafka", ""}, // it is there already
		{"CREATE STREAM s (a INT) WITH (value_format = ", "'"},
		{"CREATE STREAM s (a INT) WITH (value_format = 'j", "son'"},
		{"CREATE STREAM s (a INT, at BIGINT) WITH (timestamp = 'at", "'"},
		{"CREATE STREAM s (a INT) WITH (wrap_single_value = ", "? false true"},
		{"CREATE TABLE t AS SEL", "ECT "},
		{"EXPLAIN CT", "AS_SALES_1 "},
		{"SELECT 'sel", ""}, // inside quotes nothing is known
		{"SELECT /* sel", ""},
		{`\d`, `? \d \dT \dconfig \df \dg \dm \dn \dq \ds \dt \du \dv`},
		{`\ti`, "ming "},
		{`\d sa`, "les "},
		{`\dt o`, "ffers "},
		{`\ds o`, "rders "},
		{`\df sub`, "string "},
		{`\h creat`, "e "},
		{`\h create str`, "eam "},
		{"help drop ", "? stream type"},
		{`\pset for`, "mat "},
		{`\pset format j`, "son"},
		{`\x `, "? auto off on"},
		{`\i scr`, "ipt"}, {`\i script`, "? script.sql scripts/"},
		{`\i scripts/`, "a-b.sql "},
		{`\i 'scripts/a`, "-b.sql'"},
		{`RUN SCRIPT 'script.`, "sql'"},
		{`SELECT 1 \g script.`, "sql "},
		{`\copy sa`, "les "},
		{`\copy sales `, "? FROM TO"},
		{`\copy sales from script.`, "sql "},
		{`\copy sales (tot`, "al "},
		{`\copy sales to x.csv hea`, "der "},
		{`\set ON_`, "ERROR_STOP "},
		{"output v", "ertical "},
		{"spool of", "f "},
		{"xyzzy", ""},
	}
	for _, tc := range tests {
		c := testCompleter()
		text, after, _ := strings.Cut(tc.text, "^")
		at := strings.LastIndex(text, "\n") + 1
		c.pending = text[:at]
		done := c.complete(text[at:], after)
		got := done.rest
		if got == "" && len(done.all) > 1 {
			got = "? " + strings.Join(done.all, " ")
		}
		if got != tc.want {
			t.Errorf("%q\n got %q\nwant %q", tc.text, got, tc.want)
		}
	}
}

// TestTab presses Tab: the second one lists, and a pasted one is white space.
func TestTab(t *testing.T) {
	var listed strings.Builder
	c := testCompleter()
	c.list = &listed
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
	if got := press("SELECT * FROM "); got != "" || strings.Join(strings.Fields(listed.String()), " ") != "OFFERS ORDERS SALES `orderLines`" {
		t.Errorf("the second Tab gave %q and %q", got, listed.String())
	}
	listed.Reset()
	press("SELECT * FROM orders WHERE SUBSTRING(")
	press("SELECT * FROM orders WHERE SUBSTRING(")
	if got := strings.Join(strings.Fields(listed.String()), " "); !strings.HasPrefix(got, "SUBSTRING(STRING value, INTEGER pos) → STRING AMOUNT ID REGION") {
		t.Errorf("in the arguments of a function Tab lists %q", got)
	}
	for _, tc := range []struct{ text, pending, want string }{{"SELECT id,", "", " "}, {"", "SELECT\n", " "}, {"", "", ""}} {
		c.pending = tc.pending
		if got := press(tc.text); got != tc.want {
			t.Errorf("Tab after %s gave %q", fmt.Sprintf("%q %q", tc.pending, tc.text), got)
		}
	}
}
