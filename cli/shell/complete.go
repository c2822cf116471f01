package shell

import (
	"context"
	"sort"
	"strings"
	"time"
)

// keywords are what Tab completes besides names.
var keywords = strings.Fields(`ADVANCE ALL ALTER AND ARRAY AS AVG BETWEEN BIGINT BOOLEAN BY BYTES CASE CAST CHANGES COUNT
CREATE DATE DAYS DECIMAL DELETE DESCRIBE DOUBLE DROP ELSE EMIT END EXISTS EXPLAIN EXTENDED FINAL FROM FULL FUNCTIONS
GRACE GROUP HAVING HEADERS HOPPING HOURS IF IN INNER INSERT INT INTO IS JOIN KEY LATEST_BY_OFFSET LEFT LIKE LIMIT
LIST MAP MATERIALIZED MAX MILLISECONDS MIN MINUTES NOT NULL OFFSET ON OR ORDER OUTER PARTITION PAUSE PERIOD PRIMARY
PRINT PROPERTIES QUERIES REPLACE RESUME RETENTION RIGHT SECONDS SELECT SESSION SET SHOW SIZE SOURCE STREAM STREAMS
STRUCT SUM TABLE TABLES TERMINATE THEN TIME TIMESTAMP TOPIC TOPICS TUMBLING TYPE TYPES UNSET VALUES VARCHAR VIEW
WHEN WHERE WINDOW WITH WITHIN`)

// completer completes keywords, and the names of streams, tables, topics and columns.
type completer struct {
	shell *Shell
	names []string // nil: to be fetched
}

func newCompleter(s *Shell) *completer { return &completer{shell: s} }

// forget drops the names, because a statement may have changed them.
func (c *completer) forget() { c.names = nil }

// Do implements readline.AutoCompleter: it returns the rests of the words that begin as
// the word before the cursor does.
func (c *completer) Do(line []rune, pos int) (rests [][]rune, length int) {
	start := pos
	for start > 0 && isWordRune(line[start-1]) {
		start--
	}
	word := string(line[start:pos])
	if word == "" {
		return nil, 0
	}
	for _, candidate := range c.candidates() {
		if len(candidate) > len(word) && strings.EqualFold(candidate[:len(word)], word) {
			rest := candidate[len(word):]
			if word == strings.ToLower(word) && candidate == strings.ToUpper(candidate) {
				rest = strings.ToLower(rest)
			}
			rests = append(rests, []rune(rest+" "))
		}
	}
	return rests, len([]rune(word))
}

func isWordRune(r rune) bool {
	return r == '_' || r == '\\' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func (c *completer) candidates() []string {
	if c.names == nil {
		c.names = c.fetch()
	}
	return c.names
}

// fetch asks the server for names; without an answer the keywords have to do.
func (c *completer) fetch() []string {
	seen := map[string]bool{}
	for _, k := range keywords {
		seen[k] = true
	}
	for _, sql := range []string{"SHOW STREAMS", "SHOW TABLES", "SHOW TOPICS", "SHOW FUNCTIONS"} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		results, err := c.shell.conn.Exec(ctx, sql).ReadAll()
		cancel()
		if err != nil || len(results) == 0 {
			continue
		}
		for _, row := range results[0].Rows {
			seen[string(row[0])] = true
		}
	}
	out := make([]string, 0, len(seen))
	for w := range seen {
		out = append(out, w)
	}
	sort.Strings(out)
	return out
}
