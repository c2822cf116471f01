package all_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tailrace/sql/function"
	_ "tailrace/sql/function/all"
)

var update = flag.Bool("update", false, "write the reference page instead of comparing with it")

// TestReferencePage: what the page says is what exists.
func TestReferencePage(t *testing.T) {
	page := filepath.Join("..", "..", "..", "docs", "reference", "functions.md")
	want := function.Reference()
	if *update {
		if err := os.MkdirAll(filepath.Dir(page), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(page, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the functions declare (%v): run go generate ./sql/function/all", page, err)
	}
}

// TestEveryFunctionIsDocumented: a sentence for each, and for every overload a name by
// which plans find it again.
func TestEveryFunctionIsDocumented(t *testing.T) {
	canonical := map[string]bool{}
	unique := func(name, c string) {
		if canonical[c] {
			t.Errorf("%s has two overloads %s", name, c)
		}
		canonical[c] = true
	}
	sentence := func(name, doc string) {
		if len(doc) < 10 || !strings.HasSuffix(doc, ".") {
			t.Errorf("%s: documentation %q is no sentence", name, doc)
		}
	}
	for _, name := range function.Names(function.IsScalar) {
		f, _ := function.LookupScalar(name)
		sentence(name, f.Doc)
		for i, c := range function.Overloads(name) {
			unique(name, c)
			if s, err := function.FindScalar(c); err != nil || s != &f.Overloads[i] {
				t.Errorf("FindScalar(%s) = %v, %v", c, s, err)
			}
			if f.Overloads[i].Compile == nil {
				t.Errorf("%s has no code", c)
			}
		}
	}
	for _, name := range function.StandardNames() {
		f, names := function.Standard(name)
		sentence(name, f.Doc)
		for i, c := range names {
			unique(name, c)
			if s, err := function.FindScalar(c); err != nil || s != &f.Overloads[i] {
				t.Errorf("FindScalar(%s) = %v, %v", c, s, err)
			}
		}
	}
	for _, name := range function.Names(function.IsAggregate) {
		f, _ := function.LookupAggregate(name)
		sentence(name, f.Doc)
		for i, c := range function.Overloads(name) {
			unique(name, c)
			if s, err := function.FindAggregate(c); err != nil || s != &f.Overloads[i] {
				t.Errorf("FindAggregate(%s) = %v, %v", c, s, err)
			}
		}
	}
	for _, name := range function.Names(function.IsTable) {
		f, _ := function.LookupTable(name)
		sentence(name, f.Doc)
		for i, c := range function.Overloads(name) {
			unique(name, c)
			if s, err := function.FindTable(c); err != nil || s != &f.Overloads[i] {
				t.Errorf("FindTable(%s) = %v, %v", c, s, err)
			}
		}
	}
}

// TestNothingIsMissing: every function that ksqlDB ships.
func TestNothingIsMissing(t *testing.T) {
	const shipped = `ABS CEIL FLOOR ROUND TRUNC SIGN ACOS ASIN ATAN CBRT COS COSH COT DEGREES EXP LN RADIANS SIN SINH SQRT TAN TANH ATAN2 LOG POWER PI RANDOM
GREATEST LEAST GEO_DISTANCE CHR CONCAT CONCAT_WS ELT FIELD ENCODE FROM_BYTES TO_BYTES INITCAP INSTR LCASE UCASE TRIM MD5 LEN LPAD RPAD MASK MASK_LEFT
MASK_RIGHT MASK_KEEP_LEFT MASK_KEEP_RIGHT REPLACE SPLIT SPLIT_TO_MAP SUBSTRING UUID REGEXP_EXTRACT REGEXP_EXTRACT_ALL REGEXP_REPLACE REGEXP_SPLIT_TO_ARRAY
INT_FROM_BYTES BIGINT_FROM_BYTES DOUBLE_FROM_BYTES FORMAT_DATE FORMAT_TIME FORMAT_TIMESTAMP PARSE_DATE PARSE_TIME PARSE_TIMESTAMP DATEADD DATESUB TIMEADD
TIMESUB TIMESTAMPADD TIMESTAMPSUB CONVERT_TZ FROM_DAYS FROM_UNIXTIME UNIX_DATE UNIX_TIMESTAMP DATETOSTRING STRINGTODATE TIMESTAMPTOSTRING STRINGTOTIMESTAMP
EXTRACTJSONFIELD IS_JSON_STRING JSON_ARRAY_CONTAINS JSON_ARRAY_LENGTH JSON_CONCAT JSON_ITEMS JSON_KEYS JSON_RECORDS TO_JSON_STRING ARRAY_CONCAT ARRAY_EXCEPT
ARRAY_INTERSECT ARRAY_UNION ARRAY_CONTAINS ARRAY_DISTINCT ARRAY_JOIN ARRAY_LENGTH ARRAY_MAX ARRAY_MIN ARRAY_REMOVE ARRAY_SORT GENERATE_SERIES SLICE AS_MAP
ENTRIES MAP_KEYS MAP_VALUES MAP_UNION FILTER REDUCE TRANSFORM COALESCE IFNULL NULLIF AS_VALUE URL_DECODE_PARAM URL_ENCODE_PARAM URL_EXTRACT_FRAGMENT
URL_EXTRACT_HOST URL_EXTRACT_PATH URL_EXTRACT_PORT URL_EXTRACT_PROTOCOL URL_EXTRACT_QUERY URL_EXTRACT_PARAMETER AVG ATTR COLLECT_LIST COLLECT_SET CORRELATION
COUNT COUNT_DISTINCT EARLIEST_BY_OFFSET LATEST_BY_OFFSET HISTOGRAM MAX MIN STDDEV_SAMP STDDEV_SAMPLE SUM SUM_LIST SUMMARY_STATS TOPK TOPKDISTINCT EXPLODE
CUBE_EXPLODE`
	for _, name := range strings.Fields(shipped) {
		if function.KindOf(strings.ToLower(name)) == function.NotAFunction {
			t.Errorf("%s is missing", name)
		}
	}
}
