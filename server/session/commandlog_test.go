package session_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"tailrace/server/session"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

const commandTopic = "_confluent-ksql-default__command_topic"

// TestJunkInTheCommandTopic: a command that cannot be read, is of a later version or cannot
// be carried out is passed over and listed; everything else is there after the start.
func TestJunkInTheCommandTopic(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	if got, _ := run(t, s, orders+"INSERT INTO orders VALUES (1,'w',1)"); got != "INSERT 0 1" {
		t.Fatal(got)
	}
	junk := []string{"no JSON", `{"version":99999}`, `{}`, `null`, `[1]`, `{"version":1,"statement":"DROP STREAM nowhere","drop":{"name":"NOWHERE"}}`,
		`{"version":1,"statement":"INSERT INTO sales SELECT * FROM gone","query":{"id":"INSERTQUERY_9","sources":["GONE"]}}`,
		`{"version":1,"statement":"CREATE X","query":{"id":"CTAS_X_9"}}`, ""}
	b := record.NewBuilder(record.Options{})
	for _, text := range junk {
		b.Append(time.Now().UnixMilli(), []byte("k"), []byte(text), nil)
	}
	batch, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sys.log.Append(context.Background(), commitlog.PartitionBatch{TopicPartition: commitlog.TopicPartition{Topic: commandTopic}, Batch: batch}, commitlog.AcksDurable); err != nil {
		t.Fatal(err)
	}
	sys.wants(t, [][2]string{{"CREATE TABLE big AS SELECT region, n FROM sales WHERE n > 0", "CREATE TABLE"}})
	sys.close()
	sys.open()
	sys.wants(t, [][2]string{{"SET read_consistency = strict", "SET"}, {"SELECT n FROM big", "1"}, {"INSERT INTO orders VALUES (1,'w',1)", "INSERT 0 1"},
		{"SELECT n FROM big", "2"}, {"CREATE TABLE more AS SELECT region, n FROM sales", "CREATE TABLE"}})
	_, out := answer(t, session.New(sys.deps, nil), "SHOW FAULTS")
	if len(out.rows) < len(junk)-1 {
		t.Errorf("%d faults are listed for %d commands:\n%s", len(out.rows), len(junk), strings.Join(out.rows, "\n"))
	}
	for _, want := range []string{"command 2,", "it cannot be read", "version 99999", "start a newer one", "DROP STREAM nowhere"} {
		if !strings.Contains(strings.Join(out.rows, "\n"), want) {
			t.Errorf("SHOW FAULTS lacks %q:\n%s", want, strings.Join(out.rows, "\n"))
		}
	}
}

// TestLostCommandTopic: an empty command topic where there were commands is told, nothing
// of the queries is removed, and new queries do not get the ids of the old ones.
func TestLostCommandTopic(t *testing.T) {
	for _, checkpoints := range []bool{true, false} {
		sys := newSystem(t)
		s := session.New(sys.deps, nil)
		if got, _ := run(t, s, orders+"INSERT INTO orders VALUES (1,'w',1); SELECT n FROM sales"); got != "1" {
			t.Fatal(got)
		}
		before, err := sys.log.Topics(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		sys.close()
		empty(t, sys.fs, "command_topic", checkpoints)
		sys.open()
		_, out := answer(t, session.New(sys.deps, nil), "SHOW FAULTS")
		if !strings.Contains(strings.Join(out.rows, "\n"), "commands 0 to 1,") {
			t.Errorf("checkpoints %v: SHOW FAULTS does not tell what is lost:\n%s", checkpoints, strings.Join(out.rows, "\n"))
		}
		after, err := sys.log.Topics(context.Background())
		if err != nil || len(after) != len(before) {
			t.Errorf("checkpoints %v: %d topics, there were %d (%v)", checkpoints, len(after), len(before), err)
		}
		sys.wants(t, [][2]string{{"SET 'auto.offset.reset' = 'earliest'; " + orders, "CREATE TABLE"}, {"SET read_consistency = strict; SELECT n FROM sales", "1"}})
		if ids := sys.engine.Queries(); len(ids) != 1 || ids[0] != "CTAS_SALES_3" {
			t.Errorf("checkpoints %v: queries are %q, want one with a new id", checkpoints, ids)
		}
		// The same is missing after a start, and no fault any more when somebody has said so.
		faults := func() string {
			_, out := answer(t, session.New(sys.deps, nil), "SHOW FAULTS")
			return strings.Join(out.rows, "\n")
		}
		for _, say := range []string{"SHOW STREAMS", "ACKNOWLEDGE COMMANDS"} {
			sys.close()
			sys.open()
			if !strings.Contains(faults(), "commands 0 to 1,") {
				t.Errorf("checkpoints %v: after new commands and a start SHOW FAULTS tells\n%s", checkpoints, faults())
			}
			must(t, session.New(sys.deps, nil), say)
		}
		for range 2 {
			if got := faults(); strings.Contains(got, "commands 0 to 1,") {
				t.Errorf("checkpoints %v: after ACKNOWLEDGE COMMANDS SHOW FAULTS tells\n%s", checkpoints, got)
			}
			sys.close()
			sys.open()
		}
		sys.wants(t, [][2]string{{"SET read_consistency = strict; SELECT n FROM sales", "1"}, {"CREATE TABLE big AS SELECT region, n FROM sales WHERE n > 0", "CREATE TABLE"}})
		if ids := strings.Join(sys.engine.Queries(), " "); ids != "CTAS_SALES_3 CTAS_BIG_4" {
			t.Errorf("checkpoints %v: queries are %s", checkpoints, ids)
		}
	}
}
