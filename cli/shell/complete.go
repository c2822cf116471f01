package shell

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
)

// keywords are what Tab completes besides names.
var keywords = strings.Fields(`ADVANCE ALL ALTER AND ARRAY AS ASSERT AVG BEGINNING BETWEEN BIGINT BOOLEAN BY BYTES CASE
CAST CHANGES COLUMN COUNT CREATE DATE DAY DAYS DECIMAL DEFINE DELETE DESCRIBE DISTINCT DOUBLE DROP ELSE EMIT END EXISTS
EXPLAIN EXTENDED FINAL FROM FULL FUNCTION FUNCTIONS GRACE GROUP HAVING HEADERS HOPPING HOUR HOURS IF IN INNER INSERT INT
INTEGER INTERVAL INTO IS JOIN KEY LATEST_BY_OFFSET LEFT LIKE LIMIT LIST MAP MAX MILLISECONDS MIN MINUTE MINUTES NOT
NULL ON OR OUTER PARTITION PAUSE PERIOD PRIMARY PRINT PROPERTIES QUERIES REPLACE RESUME RETENTION RIGHT SECOND SECONDS
SELECT SESSION SET SHOW SIZE SOURCE STREAM STREAMS STRUCT SUM TABLE TABLES TERMINATE THEN TIME TIMESTAMP TOPIC TOPICS
TUMBLING TYPE TYPES UNDEFINE UNSET VALUES VARCHAR VARIABLES WHEN WHERE WINDOW WITH WITHIN`)

// starters are the words that statements begin with.
var starters = strings.Fields(`ALTER ASSERT CREATE DEFINE DESCRIBE DROP EXPLAIN INSERT LIST PAUSE PRINT REBUILD RESUME SELECT SET SHOW
TERMINATE UNDEFINE UNSET clear exit help history output quit run server version`)

// properties are what stands in WITH (...).
var properties = strings.Fields(`format kafka_topic key_format partitions replicas retention_ms timestamp timestamp_format
value_delimiter value_format window_size window_type wrap_single_value`)

// names are what the server knows.
type names struct {
	sources, topics, columns, queries, functions []string
	fetched                                      time.Time
}

// namesAge is how long names are believed: other clients make streams too.
const namesAge = 20 * time.Second

// completer completes keywords, commands of the shell, and the names of streams, tables,
// topics, columns, queries and functions, by what stands in front of the word.
type completer struct {
	shell   *Shell
	pending string    // the lines of the statement above the present one
	list    io.Writer // where candidates are listed; prints above the prompt
	names   *names    // nil: to be fetched
	asked   string    // the line of the last Tab that could not decide
}

func newCompleter(s *Shell) *completer { return &completer{shell: s} }

// forget drops the names, because a statement may have changed them.
func (c *completer) forget() { c.names = nil }

// Do implements readline.AutoCompleter. It completes as far as the candidates agree; a
// second Tab at the same place lists them.
func (c *completer) Do(line []rune, pos int) (rests [][]rune, length int) {
	before := string(line[:pos])
	word, rest, all := c.complete(before)
	again := c.asked == before
	c.asked = ""
	switch {
	case rest != "":
		return [][]rune{[]rune(rest)}, len([]rune(word))
	case word == "" && (strings.TrimSpace(before) == "" || !strings.HasSuffix(before, " ")):
		if before != "" || c.pending != "" { // a tab that was pasted is white space
			return [][]rune{[]rune(" ")}, 0
		}
	}
	if again && len(all) > 1 {
		c.show(all)
	} else {
		c.asked = before
	}
	return nil, 0
}

// complete returns the word that ends the text, what all candidates agree to add to it,
// and the candidates.
func (c *completer) complete(before string) (word, rest string, all []string) {
	start := len(before)
	for start > 0 && isWordByte(before[start-1]) {
		start--
	}
	word = before[start:]
	context := strings.TrimSpace(c.pending + "\n" + before[:start])
	if text := c.pending + before[:start]; endOf(text) != outside {
		context = strings.TrimSpace(strings.TrimRight(context, "'\"`"))
		if !strings.HasSuffix(strings.ToUpper(context), "PRINT") {
			return word, "", nil // inside quotes only the topic of a PRINT is known
		}
	}
	for _, tier := range c.candidates(context, word) {
		if all = matching(tier, word); len(all) > 0 {
			break
		}
	}
	if len(all) == 0 || word == "" && len(all) != 1 {
		return word, "", all
	}
	common := all[0]
	for _, a := range all[1:] {
		for !strings.HasPrefix(a, common) {
			common = common[:len(common)-1]
		}
	}
	rest = common[min(len(word), len(common)):]
	switch {
	case len(all) > 1 || strings.HasSuffix(rest, "("):
	case endOf(before) == outside:
		rest += " "
	default:
		rest += "'"
	}
	if word == "" {
		rest = "" // nothing typed: list, do not guess
	}
	return word, rest, all
}

func isWordByte(b byte) bool {
	return b == '_' || b == '\\' || b == '+' || b == '?' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// matching returns the candidates that begin as word does, in the case of word:
// those in capitals are offered in small letters to who types small letters.
func matching(candidates []string, word string) []string {
	var out []string
	lower := word != "" && word == strings.ToLower(word)
	for _, candidate := range candidates {
		if len(candidate) < len(word) || !strings.EqualFold(candidate[:len(word)], word) {
			continue
		}
		if lower && candidate == strings.ToUpper(candidate) {
			candidate = strings.ToLower(candidate)
		}
		out = append(out, word+candidate[len(word):])
	}
	sort.Strings(out)
	return slices.Compact(out)
}

// candidates returns what may follow a context, best first: a later tier counts only when
// nothing of an earlier one begins with the word.
func (c *completer) candidates(context, word string) [][]string {
	if strings.HasPrefix(word, `\`) {
		return [][]string{slices.DeleteFunc(commandNames(), func(n string) bool { return strings.HasSuffix(n, "+") })}
	}
	words := strings.FieldsFunc(strings.ToUpper(context), func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == ',' })
	if len(words) == 0 {
		return [][]string{starters}
	}
	n := c.known()
	previous := ""
	if len(words) > 1 {
		previous = words[len(words)-2]
	}
	switch last := words[len(words)-1]; last {
	case "FROM", "JOIN", "INTO":
		if words[0] == "PRINT" {
			return [][]string{{"BEGINNING"}}
		}
		return [][]string{n.sources}
	case `\D`, `\D+`:
		return [][]string{n.sources}
	case `\DF`, "FUNCTION":
		return [][]string{n.functions}
	case "DESCRIBE":
		return [][]string{append([]string{"FUNCTION"}, n.sources...)}
	case "PRINT":
		return [][]string{withPrefix(n.topics, word)}
	case "TERMINATE", "PAUSE", "RESUME", "REBUILD":
		return [][]string{append([]string{"ALL"}, n.queries...)}
	case "EXPLAIN":
		return [][]string{append([]string{"SELECT", "CREATE", "INSERT"}, n.queries...)}
	case "SHOW", "LIST":
		return [][]string{{"ALL", "FUNCTIONS", "PROPERTIES", "QUERIES", "STREAMS", "TABLES", "TOPICS", "TYPES", "VARIABLES"}}
	case "CREATE":
		return [][]string{{"OR", "SOURCE", "STREAM", "TABLE", "TYPE"}}
	case "DROP", "ALTER":
		return [][]string{{"STREAM", "TABLE", "TYPE"}}
	case "STREAM", "TABLE", "EXISTS":
		if previous == "DROP" || previous == "ALTER" || last == "EXISTS" {
			return [][]string{n.sources, keywords}
		}
	case "EMIT":
		return [][]string{{"CHANGES", "FINAL"}}
	case "OUTPUT":
		return [][]string{{"TABULAR", "VERTICAL"}}
	}
	if at := strings.LastIndex(strings.ToUpper(context), "WITH"); at >= 0 && !strings.Contains(context[at:], ")") &&
		strings.HasPrefix(strings.TrimSpace(context[at+4:]), "(") {
		return [][]string{properties}
	}
	functions := make([]string, len(n.functions))
	for i, f := range n.functions {
		functions[i] = f + "("
	}
	return [][]string{append(append(append([]string(nil), keywords...), n.sources...), n.columns...), functions}
}

// withPrefix keeps the names that begin with exactly these letters: topics are
// case-sensitive.
func withPrefix(all []string, word string) []string {
	var out []string
	for _, name := range all {
		if strings.HasPrefix(name, word) {
			out = append(out, name)
		}
	}
	return out
}

// known returns the names that the server knows; without an answer there are none.
func (c *completer) known() *names {
	if c.names == nil || time.Since(c.names.fetched) > namesAge {
		c.names = c.fetch()
	}
	return c.names
}

// describedSources bounds how many sources are asked for their columns.
const describedSources = 100

func (c *completer) fetch() *names {
	n := &names{fetched: time.Now()}
	ctx, cancel := context.WithTimeout(context.Background(), namesTimeout)
	defer cancel()
	first := func(sql string) []string {
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
	n.sources = append(first("SHOW STREAMS"), first("SHOW TABLES")...)
	n.topics, n.queries, n.functions = first("SHOW TOPICS"), first("SHOW QUERIES"), first("SHOW FUNCTIONS")
	seen := map[string]bool{}
	for i, source := range n.sources {
		if i == describedSources {
			break
		}
		for _, column := range first("DESCRIBE " + quoteName(source)) {
			if !seen[column] {
				seen[column] = true
				n.columns = append(n.columns, column)
			}
		}
	}
	return n
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

// listWidth is how wide a list of candidates is at most where the screen has no width.
const listWidth = 80

// show lists candidates in columns above the prompt.
func (c *completer) show(all []string) {
	if c.list == nil {
		return
	}
	wide := 0
	for _, a := range all {
		wide = max(wide, runewidth.StringWidth(a))
	}
	width := c.shell.screen().Width
	if width == 0 {
		width = listWidth
	}
	perLine := max(1, width/(wide+2))
	var b strings.Builder
	for i, a := range all {
		if i > 0 && i%perLine == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(runewidth.FillRight(a, wide+2))
	}
	fmt.Fprintln(c.list, b.String())
}
