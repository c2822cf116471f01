package pgwire

import (
	"strings"
	"testing"
)

// What users write about does not get into the log; what helps to find the statement does.
func TestMasked(t *testing.T) {
	for _, tc := range [][2]string{
		{"SELECT * FROM t WHERE name = 'O''Hara' AND id=42", "SELECT * FROM t WHERE name = ? AND id=?"},
		{"select a1, b_2.c3 from \"T 5\"\n\n  where x in (1, 2.5, .5, 1e-9, 0xff)", `select a1, b_2.c3 from "T 5" where x in (?, ?, ?, ?, ?)`},
		{"SELECT 'a' -- it's secret 7\n, $12 /* 'also' 9 */ FROM t2", "SELECT ? , $12 FROM t2"},
		{"INSERT INTO s VALUES ('unfinished 12", "INSERT INTO s VALUES (?"},
		{"SELECT `it's` /* unfinished 'x'", "SELECT `it's`"},
		{"SELECT 'ü' AS größe, 1", "SELECT ? AS größe, ?"},
		{"", ""},
	} {
		if got := masked(tc[0]); got != tc[1] {
			t.Errorf("masked(%q)\n got %q\nwant %q", tc[0], got, tc[1])
		}
	}
	long := "SELECT " + strings.Repeat("column_name, ", 1000)
	if got := masked(long); len(got) > maxMasked+len("...") || !strings.HasSuffix(got, "...") {
		t.Errorf("a long statement has %d bytes: %s", len(got), got)
	}
}

func FuzzMasked(f *testing.F) {
	f.Add("SELECT 'a''b', 1.5e3 FROM \"x\" -- c\n/* d */")
	f.Fuzz(func(t *testing.T, sql string) { masked(sql) })
}
