package session_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"tailrace/server/session"
	"tailrace/sql/types"
)

// TestUpdateAndDelete: rows of a table are changed by what is in them, as in PostgreSQL.
func TestUpdateAndDelete(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	for _, tc := range []struct{ name, sql, want string }{
		{"input", `CREATE TABLE p (id INT PRIMARY KEY, team VARCHAR, score DECIMAL(6,2), born DATE);
			CREATE TABLE bonus (team VARCHAR PRIMARY KEY, points INT);
			CREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);
			CREATE TABLE totals AS SELECT team, SUM(score) AS total FROM p GROUP BY team;
			INSERT INTO p VALUES (1,'red',10,NULL), (2,'red',30.5,NULL), (3,'blue',7,NULL); INSERT INTO bonus VALUES ('red', 5), ('green', 9)`, "INSERT 0 2"},
		{"by key", "UPDATE p SET score = score + 1 WHERE id = 1", "UPDATE 1"},
		{"seen at once", "SELECT score FROM p WHERE id = 1", "11.00"},
		{"and by what is made of it", "SELECT team, total FROM totals ORDER BY team", "blue,7.00\nred,41.50"},
		{"no row", "UPDATE p SET score = 0 WHERE id = 99", "UPDATE 0"},
		{"several columns, literals of other types", "UPDATE p SET team = 'x', born = '2024-02-29', score = 1 WHERE id = 3 RETURNING *", "3,x,1.00,2024-02-29"},
		{"RETURNING is over the new values", "UPDATE p SET score = score * 2 WHERE team = 'red' RETURNING id, score + 1 AS s", "1,23.00\n2,62.00"},
		{"NULL", "UPDATE p SET team = NULL WHERE id = 3; SELECT team IS NULL FROM p WHERE id = 3", "true"},
		{"from another table", "UPDATE p SET score = b.points FROM bonus b WHERE b.team = p.team AND p.id = 1; SELECT score FROM p WHERE id = 1", "5.00"},
		{"a row that is found twice is changed once", "UPDATE p SET score = 3 FROM bonus b WHERE p.id = 2 RETURNING p.id", "2"},
		{"with a subquery", "UPDATE p SET score = (SELECT SUM(points) FROM bonus) WHERE id = 2 RETURNING score", "14.00"},
		{"DELETE", "DELETE FROM p WHERE id = 3 RETURNING id, team", "3,<nil>"},
		{"it is gone", "SELECT COUNT(*) FROM p", "2"},
		{"DELETE with USING", "DELETE FROM p USING bonus b WHERE b.team = p.team AND p.id = 1", "DELETE 1"},
		{"the rest", "DELETE FROM p", "DELETE 1"},
		{"empty", "SELECT COUNT(*) FROM p", "0"},
		{"INSERT gives back", "INSERT INTO p VALUES (9, 'a', 1, NULL), (8, 'b', 2, NULL) RETURNING id, score * 2 AS d; DELETE FROM p WHERE id > 7", "9,2.00\n8,4.00"},
		{"an error changes nothing", "INSERT INTO p VALUES (5,'a',1,NULL), (6,'a',0,NULL); UPDATE p SET score = 1 / score WHERE team = 'a'", "ERROR 22012"},
		{"nothing", "SELECT SUM(score) FROM p", "1.00"},
		{"a stream", "UPDATE s SET a = 1", "ERROR 42809"},
		{"a view", "DELETE FROM totals", "ERROR 42809"},
		{"the key", "UPDATE p SET id = 9", "ERROR 0A000"},
		{"a column that does not exist", "UPDATE p SET nope = 9", "ERROR 42703"},
		{"a value of another type", "UPDATE p SET score = team", "ERROR 42804"},
		{"a value that does not read", "UPDATE p SET score = 'x'", "ERROR 22P02"},
		{"twice", "UPDATE p SET score = 1, score = 2", "ERROR 42601"},
		{"an unknown table", "DELETE FROM nope", "ERROR 42P01"},
	} {
		if got, _ := run(t, s, tc.sql); got != tc.want {
			t.Errorf("%s: %s\n got %s\nwant %s", tc.name, tc.sql, got, tc.want)
		}
	}
}

// TestUpdatesDoNotLoseEachOther: of updates that run beside each other each sees what the ones
// before it wrote.
func TestUpdatesDoNotLoseEachOther(t *testing.T) {
	sys := newSystem(t)
	run(t, session.New(sys.deps, nil), "CREATE TABLE c (id INT PRIMARY KEY, n INT); INSERT INTO c VALUES (1, 0), (2, 0)")
	const clients, each = 4, 10
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			s := session.New(sys.deps, nil)
			p, err := s.Prepare(context.Background(), "UPDATE c SET n = n + $1", nil)
			for i := 0; err == nil && i < each; i++ {
				_, err = p.Run(context.Background(), []types.Value{int32(1)}, &text{})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, _ := run(t, session.New(sys.deps, nil), "SET read_consistency = strict; SELECT id, n FROM c ORDER BY id"); got != fmt.Sprintf("1,%d\n2,%[1]d", clients*each) {
		t.Errorf("%d updates of each row give %q", clients*each, got)
	}
}
