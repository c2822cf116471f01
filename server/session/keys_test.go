package session_test

import (
	"slices"
	"testing"

	"tailrace/server/session"
)

// TestKeysThatNobodyReads: what stands in the key of a record matters only to who reads it.
func TestKeysThatNobodyReads(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	must(t, s, `SET 'auto.offset.reset' = 'earliest';
		CREATE STREAM raw (k VARCHAR KEY, v INT) WITH (kafka_topic='t', key_format='KAFKA', value_format='JSON', partitions=1);
		INSERT INTO raw VALUES ('abc', 1), ('{"a":', 2), (NULL, 3);
		CREATE STREAM keyless (v INT) WITH (kafka_topic='t', format='JSON');
		CREATE STREAM keyed (k INT KEY, v INT) WITH (kafka_topic='t', format='JSON');
		CREATE STREAM copy AS SELECT v FROM keyless;
		CREATE TABLE counts AS SELECT v, COUNT(*) AS n FROM keyed GROUP BY v;
		CREATE STREAM partitioned AS SELECT v, v + 1 AS w FROM keyless PARTITION BY v`)
	sys.settle(t)
	for sql, want := range map[string][]string{
		"SELECT v FROM keyless":        {"1", "2", "3"},
		"SELECT v FROM copy":           {"1", "2", "3"},
		"SELECT v, n FROM counts":      {"1,1", "2,1", "3,1"},
		"SELECT v FROM partitioned":    {"1", "2", "3"},
		"SELECT v FROM keyed":          {"1", "2", "3"},
		"SELECT k, v FROM keyed":       {"<nil>,3"},
		"SELECT COUNT(*) FROM keyless": {"3"},
	} {
		if got := sorted(t, s, sql); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}
