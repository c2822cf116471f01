package session_test

import (
	"context"
	"strings"
	"testing"

	"tailrace/executor"
	"tailrace/server/session"
	"tailrace/storage/commitlog"
)

// TestRowsThatCannotBeComputed: a row whose result does not fit, into its type or into its
// topic, is left out and told in the processing log; its query and all other rows go on,
// also after a restart.
func TestRowsThatCannotBeComputed(t *testing.T) {
	const sums = "a,99.99,1\nb,4.00,3\nc,1.00,1\ny,20.00,2000\nz,30.00,3000"
	sys := newSystem(t)
	for _, tc := range [][2]string{
		{"CREATE STREAM so (k VARCHAR, d DECIMAL(4,2)) WITH (kafka_topic='so', value_format='JSON', partitions=1)", "CREATE STREAM"},
		{"CREATE TABLE sot AS SELECT k, SUM(d) AS s, COUNT(*) AS n FROM so GROUP BY k", "CREATE TABLE"},
		{"INSERT INTO so VALUES ('a',99.99),('a',1),('b',1),('b',2)", "INSERT 0 4"},
		{"SELECT k, s, n FROM sot ORDER BY k", "a,99.99,1\nb,3.00,2"},
		{"INSERT INTO so VALUES ('b',1),('a',50),('c',1)", "INSERT 0 3"},
		{"SELECT k, s, n FROM sot ORDER BY k", "a,99.99,1\nb,4.00,3\nc,1.00,1"},
		{"INSERT INTO so VALUES " + strings.Repeat("('z',0.01),", 3000) + "('a',70)," + strings.Repeat("('y',0.01),", 1999) + "('y',0.01)", "INSERT 0 5001"},
		{"SELECT k, s, n FROM sot ORDER BY k", sums}, {"CREATE STREAM small (k VARCHAR KEY, v VARCHAR) WITH (kafka_topic='small', value_format='JSON', partitions=1)", "CREATE STREAM"},
		{"CREATE STREAM large AS SELECT k, CONCAT(v, v, v, v) AS v FROM small", "CREATE STREAM"},
		{"INSERT INTO small VALUES ('a','1'), ('b','" + strings.Repeat("x", 400_000) + "'), ('c','2')", "INSERT 0 3"},
		{"SELECT k, v FROM large", "a,1111\nc,2222"},
	} {
		sys.wants(t, [][2]string{{"SET read_consistency = strict", "SET"}, tc})
	}
	sys.close()
	sys.open()
	sys.wants(t, [][2]string{{"SET read_consistency = strict", "SET"}, {"SELECT k, s, n FROM sot ORDER BY k", sums},
		{"SELECT k, v FROM large", "a,1111\nc,2222"}})
	for _, id := range sys.engine.Queries() {
		if st, err := sys.engine.Status(id); err != nil || st.State != executor.Running {
			t.Errorf("query %s: %+v %v", id, st, err)
		}
	}
	_, out := answer(t, session.New(sys.deps, nil), "PRINT 'default_ksql_processing_log' FROM BEGINNING LIMIT 4")
	log := strings.Join(out.rows, "\n")
	for _, want := range []string{"the record at offset 1 of partition 0 is passed: Numeric field overflow", "the record at offset 5 of partition 0", "max.message.bytes"} {
		if !strings.Contains(log, want) {
			t.Errorf("the processing log lacks %q:\n%s", want, log)
		}
	}
}

// TestMissedInputIsTold: records that were deleted before a query had read them are counted
// and shown with their offsets; a query that begins behind them has missed nothing.
func TestMissedInputIsTold(t *testing.T) {
	sys := newSystem(t)
	sys.wants(t, [][2]string{{"SET read_consistency = strict", "SET"},
		{"CREATE STREAM s (v INT) WITH (kafka_topic='s', value_format='JSON', partitions=1); CREATE STREAM c AS SELECT v + 1 AS v FROM s", "CREATE STREAM"},
		{"INSERT INTO s VALUES (1)", "INSERT 0 1"}, {"SELECT v FROM c", "2"}, {"PAUSE CSAS_C_1", "PAUSE"},
		{"INSERT INTO s VALUES (2), (3), (4)", "INSERT 0 3"}})
	if err := sys.log.Trim(context.Background(), commitlog.TopicPartition{Topic: "s"}, 3); err != nil {
		t.Fatal(err)
	}
	sys.wants(t, [][2]string{{"RESUME CSAS_C_1", "RESUME"}, {"SET 'auto.offset.reset' = 'earliest'; CREATE STREAM d AS SELECT v + 2 AS v FROM s", "CREATE STREAM"},
		{"SET read_consistency = strict; SELECT v FROM c", "2\n5"}, {"SELECT v FROM d", "6"}})
	_, out := answer(t, session.New(sys.deps, nil), "DESCRIBE c EXTENDED")
	const told = "2 records; offsets 1 to 2 of partition 0 of topic s were deleted by retention before they were read"
	if all := strings.Join(out.rows, "\n"); !strings.Contains(all, told) {
		t.Errorf("DESCRIBE lacks %q:\n%s", told, all)
	}
	_, out = answer(t, session.New(sys.deps, nil), "DESCRIBE d EXTENDED")
	if all := strings.Join(out.rows, "\n"); strings.Contains(all, "Missing input") {
		t.Errorf("a query that began behind them has missed them:\n%s", all)
	}
	until(t, func() bool { // entries are written a little later
		_, err := sys.log.Topic(context.Background(), "default_ksql_processing_log")
		return err == nil
	})
	_, out = answer(t, session.New(sys.deps, nil), "PRINT 'default_ksql_processing_log' FROM BEGINNING LIMIT 1")
	if all := strings.Join(out.rows, "\n"); !strings.Contains(all, "offsets 1 to 2 of partition 0 of topic s") {
		t.Errorf("the processing log says %s", all)
	}
}
