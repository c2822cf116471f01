package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tailrace/server/session"
	"tailrace/sql/types/vector"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// TestPrintFormats: the formats of keys and values are told before the first record, when
// they are known, and again when what was told turns out wrong.
func TestPrintFormats(t *testing.T) {
	type rec struct{ key, value string } // "-" is NULL
	for _, tc := range []struct {
		name    string
		batches [][]rec
		want    string
	}{
		{"one batch is looked at as a whole", [][]rec{{{"\x00\x00\x00\x01", "1234"}, {"\x00\x00\x00\x02", `{"id":2}`}}},
			"Key format: KAFKA_INT or KAFKA_STRING|Value format: JSON or KAFKA_STRING|1 1234|2 {\"id\":2}"},
		{"keys that are all NULL have none", [][]rec{{{"-", "{}"}, {"-", "-"}}}, "Value format: JSON or KAFKA_STRING|- {}|- -"},
		{"a later record is of another format", [][]rec{{{"-", "{}"}}, {{"-", "abcdefghi"}}},
			"Value format: JSON or KAFKA_STRING|- {}|Value format: now KAFKA_STRING|- abcdefghi"},
		{"one that is of no format", [][]rec{{{"-", "{}"}}, {{"-", "\xff\xfe\xfd"}}},
			"Value format: JSON or KAFKA_STRING|- {}|Value format: now none that is known, shown in hexadecimal|- fffefd"},
		{"those behind the likeliest may go unsaid", [][]rec{{{"-", "12345678"}}, {{"-", "123456789"}}},
			"Value format: JSON or KAFKA_BIGINT or KAFKA_DOUBLE or KAFKA_STRING|- 12345678|- 123456789"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sys := newSystem(t)
			s := session.New(sys.deps, nil)
			if got, _ := run(t, s, "CREATE STREAM s (v VARCHAR) WITH (kafka_topic='s', value_format='KAFKA', partitions=1); DROP STREAM s"); got != "DROP STREAM" {
				t.Fatal(got)
			}
			n := 0
			for _, records := range tc.batches {
				n += len(records)
			}
			out := &printed{rows: make(chan struct{}, n)}
			ended := make(chan error, 1)
			p, err := s.Prepare(context.Background(), fmt.Sprintf("PRINT s FROM BEGINNING LIMIT %d", n), nil)
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, err := p.Run(context.Background(), nil, out); ended <- err }()
			for _, records := range tc.batches {
				b := record.NewBuilder(record.Options{})
				for _, r := range records {
					b.Append(1, optional(r.key), optional(r.value), nil)
				}
				batch, err := b.Finish()
				if err != nil {
					t.Fatal(err)
				}
				tp := commitlog.TopicPartition{Topic: "s"}
				if _, err := sys.deps.Log.Append(context.Background(), commitlog.PartitionBatch{TopicPartition: tp, Batch: batch}, commitlog.AcksDurable); err != nil {
					t.Fatal(err)
				}
				<-out.rows // the next batch is read by itself
			}
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(out.lines, "|"); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestPrintDeclared: what a stream or table over the topic says of its formats counts more
// than what bytes look like: four letters are an INT too, and digits are JSON.
func TestPrintDeclared(t *testing.T) {
	for _, tc := range []struct{ create, insert, want string }{
		{"CREATE TABLE s (k VARCHAR PRIMARY KEY, v INT) WITH (kafka_topic='s', value_format='JSON', partitions=1)", "INSERT INTO s VALUES ('west', 1)",
			`Key format: KAFKA_STRING or KAFKA_INT|Value format: JSON or KAFKA_STRING|west {"V":1}`},
		{"CREATE STREAM s (k INT KEY, v VARCHAR) WITH (kafka_topic='s', value_format='DELIMITED', partitions=1)", "INSERT INTO s VALUES (1, '12')",
			`Key format: KAFKA_INT or KAFKA_STRING|Value format: KAFKA_STRING or JSON|1 12`},
		{"CREATE STREAM s (k BIGINT KEY, v DOUBLE) WITH (kafka_topic='s', value_format='KAFKA', partitions=1)", "INSERT INTO s VALUES (7, 1.5)",
			`Key format: KAFKA_BIGINT or KAFKA_DOUBLE or KAFKA_STRING|Value format: KAFKA_DOUBLE or KAFKA_BIGINT|7 1.5`},
	} {
		s := session.New(newSystem(t).deps, nil)
		for _, sql := range []string{tc.create, tc.insert} {
			if got, _ := run(t, s, sql); strings.HasPrefix(got, "ERROR") {
				t.Fatalf("%s: %s", sql, got)
			}
		}
		out := &printed{rows: make(chan struct{}, 1)}
		p, err := s.Prepare(context.Background(), "PRINT s FROM BEGINNING LIMIT 1", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Run(context.Background(), nil, out); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(out.lines, "|"); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.create, got, tc.want)
		}
	}
}

func optional(text string) []byte {
	if text == "-" {
		return nil
	}
	return []byte(text)
}

// printed is a Result that keeps notices, and keys and values of records, in order.
type printed struct {
	lines []string
	rows  chan struct{}
}

func (p *printed) Columns([]session.Column) error { return nil }
func (p *printed) Flush() error                   { return nil }
func (p *printed) Notice(n session.Notice)        { p.lines = append(p.lines, n.Message) }
func (p *printed) Rows(cols []*vector.Vector, n int) error {
	for i := range n {
		line := ""
		for _, c := range cols[3:] {
			v := c.Value(i)
			if v == nil {
				v = "-"
			}
			line += fmt.Sprint(" ", v)
		}
		p.lines = append(p.lines, line[1:])
	}
	p.rows <- struct{}{}
	return nil
}
