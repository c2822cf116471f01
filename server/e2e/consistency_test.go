package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestReadYourWrites: a session that has inserted a row sees it in every view that
// depends on it, however many queries lie between.
func TestReadYourWrites(t *testing.T) {
	s := newServer(t)
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM paid (who INT, amount INT) WITH (kafka_topic='paid', value_format='JSON', partitions=3)`,
		`CREATE STREAM large AS SELECT * FROM paid WHERE amount > 0`,
		`CREATE TABLE sums AS SELECT who, COUNT(*) AS n, SUM(amount) AS total FROM paid GROUP BY who`,
		`CREATE TABLE large_sums AS SELECT who, COUNT(*) AS n, SUM(amount) AS total FROM large GROUP BY who`)
	rounds := 200
	if testing.Short() {
		rounds = 50
	}
	for i := 1; i <= rounds; i++ {
		s.exec(c, fmt.Sprintf("INSERT INTO paid (who, amount) VALUES (%d, %d)", i%3, i))
		for _, view := range []string{"sums", "large_sums"} {
			got, err := table(c, 1, "SELECT who, n, total FROM "+view)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			for who := range 3 {
				n, total := 0, 0
				for k := 1; k <= i; k++ {
					if k%3 == who {
						n, total = n+1, total+k
					}
				}
				if n > 0 {
					want[fmt.Sprint(who)] = fmt.Sprint(n, total)
				}
			}
			same(t, fmt.Sprintf("%s after %d rows", view, i), got, want)
		}
		if t.Failed() {
			return
		}
	}
}

// TestStrictReads: with read_consistency = strict a read sees everything that any client
// had acknowledged before it began.
func TestStrictReads(t *testing.T) {
	s := newServer(t)
	s.start()
	c := s.psql()
	s.exec(c, `CREATE STREAM clicks (k INT) WITH (kafka_topic='clicks', value_format='JSON', partitions=2)`,
		`CREATE TABLE clicked AS SELECT 'all' AS a, COUNT(*) AS n FROM clicks GROUP BY 'all'`,
		`SET read_consistency = strict`)
	client := s.client()
	sent := 0
	for i := range 50 {
		var records []*kgo.Record
		for range 1 + i*3 {
			records = append(records, &kgo.Record{Topic: "clicks", Value: []byte(`{"k":1}`)})
		}
		if err := client.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		sent += len(records)
		var n int
		if err := c.QueryRow(context.Background(), "SELECT n FROM clicked").Scan(&n); err != nil || n != sent {
			t.Fatalf("a strict read has %d (%v), %d were acknowledged", n, err, sent)
		}
	}
}
