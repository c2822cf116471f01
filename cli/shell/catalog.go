package shell

import (
	"context"
	"sort"
	"strings"
	"time"
)

// catalog is what the server knows by name, as far as it has been asked.
type catalog struct {
	streams, tables, topics, queries, functions, types []string
	settings                                           []string // of queries and session
	columns                                            map[string][]string
	signatures                                         map[string][]string
	fetched                                            time.Time
}

// catalogAge is how long names are believed: other clients make streams too.
const catalogAge = 20 * time.Second

// sources are streams and tables.
func (c *catalog) sources() []string { return append(append([]string(nil), c.streams...), c.tables...) }

// known returns the names that the server knows; without an answer there are none.
func (c *completer) known() *catalog {
	if c.names == nil || time.Since(c.names.fetched) > catalogAge {
		c.names = c.fetch()
	}
	return c.names
}

func (c *completer) fetch() *catalog {
	n := &catalog{fetched: time.Now(), columns: map[string][]string{}, signatures: map[string][]string{}}
	ctx, cancel := context.WithTimeout(context.Background(), namesTimeout)
	defer cancel()
	n.streams, n.tables = c.first(ctx, "SHOW STREAMS"), c.first(ctx, "SHOW TABLES")
	n.topics, n.queries = c.first(ctx, "SHOW TOPICS"), c.first(ctx, "SHOW QUERIES")
	n.functions, n.types = c.first(ctx, "SHOW FUNCTIONS"), c.first(ctx, "SHOW TYPES")
	rows, _ := c.shell.query(ctx, "SHOW PROPERTIES")
	for _, row := range rows { // property, scope, ...
		if len(row) > 1 && row[1] != "SERVER" {
			n.settings = append(n.settings, row[0])
		}
	}
	return n
}

// first is the first column of a statement's result.
func (c *completer) first(ctx context.Context, sql string) []string {
	rows, err := c.shell.query(ctx, sql)
	if err != nil {
		return nil
	}
	out := make([]string, 0, len(rows))
	for _, row := range rows {
		out = append(out, row[0])
	}
	return out
}

// columnsOf are the columns of a stream or table; none when there is no such thing.
func (c *completer) columnsOf(source string) []string {
	n := c.known()
	if columns, ok := n.columns[source]; ok {
		return columns
	}
	found := ""
	for _, name := range n.sources() {
		if name == source || found == "" && strings.EqualFold(name, source) {
			found = name
		}
	}
	if found == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), namesTimeout)
	defer cancel()
	n.columns[source] = c.first(ctx, "DESCRIBE "+quoteName(found))
	return n.columns[source]
}

// signaturesOf tells how a function is called: one line for each way.
func (c *completer) signaturesOf(function string) []string {
	n := c.known()
	if lines, ok := n.signatures[function]; ok {
		return lines
	}
	ctx, cancel := context.WithTimeout(context.Background(), namesTimeout)
	defer cancel()
	rows, err := c.shell.query(ctx, "DESCRIBE FUNCTION "+quoteName(function))
	if err != nil {
		return nil
	}
	var lines []string
	for _, row := range rows { // variation, returns, description
		if len(row) > 1 {
			lines = append(lines, row[0]+" → "+row[1])
		}
	}
	sort.Strings(lines)
	n.signatures[function] = lines
	return lines
}

// quoteName quotes a name that would not be read as it is.
func quoteName(name string) string {
	for i := range len(name) {
		if b := name[i]; b != '_' && (b < 'A' || b > 'Z') && (b < '0' || b > '9' || i == 0) {
			return "`" + strings.ReplaceAll(name, "`", "``") + "`"
		}
	}
	return name
}
