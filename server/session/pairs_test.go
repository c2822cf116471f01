package session_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"tailrace/executor/chunk"
	"tailrace/server/session"
)

// TestUpdatesAreWhole: a table whose rows change, but stay in their groups, is counted by
// group. Whatever the size of chunks, no count that is written goes down: that would be the
// first half of an update without its second.
func TestUpdatesAreWhole(t *testing.T) {
	was := chunk.MaxRows
	defer func() { chunk.MaxRows = was }()
	for _, size := range []int{2, 3, 4, 5, 7, 64, was} {
		for _, buffered := range []string{"0", "10000000"} {
			t.Run(fmt.Sprintf("%d rows, cache of %s", size, buffered), func(t *testing.T) {
				chunk.MaxRows = size
				countUpdates(t, buffered)
			})
		}
	}
}

func countUpdates(t *testing.T, buffered string) {
	const keys, rounds = 30, 8
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	must(t, s, `SET 'auto.offset.reset' = 'earliest'; SET 'cache.max.bytes.buffering' = '`+buffered+`';
		CREATE TABLE t (k INT PRIMARY KEY, g VARCHAR, v INT) WITH (kafka_topic='t', value_format='JSON', partitions=2);
		CREATE TABLE names (g VARCHAR PRIMARY KEY, name VARCHAR) WITH (kafka_topic='names', value_format='JSON', partitions=1);
		INSERT INTO names VALUES ('g0', 'a'), ('g1', 'b'), ('g2', 'c')`)
	for round := range rounds {
		var rows []string
		for k := range keys {
			rows = append(rows, fmt.Sprintf("(%d, 'g%d', %d)", k, k%3, round))
		}
		must(t, s, "INSERT INTO t VALUES "+strings.Join(rows, ", "))
		if round == rounds/2 { // the rest comes while they run
			must(t, s, `CREATE TABLE direct AS SELECT g, COUNT(*) AS n FROM t GROUP BY g;
				CREATE TABLE filtered AS SELECT g, COUNT(*) AS n FROM t WHERE v >= 0 GROUP BY g;
				CREATE TABLE latest AS SELECT k, g, v FROM t;
				CREATE TABLE chained AS SELECT g, COUNT(*) AS n FROM latest GROUP BY g;
				CREATE TABLE named AS SELECT t.k AS k, t.g AS g, t.v AS v, names.name AS name FROM t JOIN names ON t.g = names.g;
				CREATE TABLE joined AS SELECT name, COUNT(*) AS n FROM named GROUP BY name`)
		}
	}
	sys.settle(t)
	for _, table := range []string{"direct", "filtered", "chained", "joined"} {
		must(t, s, fmt.Sprintf("CREATE STREAM %s_log (g VARCHAR KEY, n BIGINT) WITH (kafka_topic='%s', value_format='JSON')", table, strings.ToUpper(table)))
		var last map[string]int
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			last = map[string]int{}
			for _, row := range rowsOf(t, s, "SELECT g, n FROM "+table+"_log") {
				group, n, _ := strings.Cut(row, ",")
				count, err := strconv.Atoi(n)
				if err != nil || count < last[group] {
					t.Fatalf("%s: group %s counted %s after %d", table, group, n, last[group])
				}
				last[group] = count
			}
			if sum(last) == keys {
				break
			}
		}
		if sum(last) != keys {
			t.Errorf("%s ends with %v, %d keys were written", table, last, keys)
		}
	}
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}
