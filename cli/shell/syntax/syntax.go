// Package syntax is the table of statements: what each is for, how it is written, and an
// example that runs. The shell's \h and the page docs/sql.md are made of it, and a test
// runs every example on a server.
package syntax

import (
	"fmt"
	"sort"
	"strings"
)

// Statement is a statement of the language.
type Statement struct {
	Name   string // its first words
	Also   string // other first words that mean the same
	Short  string // what it does, in one line
	Syntax string
	Text   string // what else is worth knowing
	// Example are statements that run one after the other where Fixture has been run.
	Example string
}

// Section is statements that belong together.
type Section struct {
	Title      string
	Statements []Statement
}

// Fixture makes what the examples are about.
const Fixture = `CREATE STREAM orders (id INT KEY, region VARCHAR, amount DOUBLE)
  WITH (kafka_topic = 'orders', value_format = 'JSON', partitions = 1);
CREATE STREAM payments (id INT KEY, paid DOUBLE)
  WITH (kafka_topic = 'payments', value_format = 'JSON', partitions = 1);
CREATE TABLE regions (region VARCHAR PRIMARY KEY, manager VARCHAR)
  WITH (kafka_topic = 'regions', value_format = 'JSON', partitions = 1);
SET 'auto.offset.reset' = 'earliest';
CREATE TABLE sales AS
  SELECT region, COUNT(*) AS n, SUM(amount) AS total FROM orders GROUP BY region;
INSERT INTO regions VALUES ('west', 'Ada'), ('east', 'Bob');
INSERT INTO orders VALUES (1, 'west', 10.5), (2, 'east', 4), (3, 'west', 2);
INSERT INTO payments VALUES (1, 10.5), (3, 1);
`

// Sections are all statements, in the order in which they are explained.
var Sections = []Section{
	{"Queries", queries},
	{"Streams, tables and what makes them", definitions},
	{"Rows", rows},
	{"Running queries", controls},
	{"Looking around", looks},
	{"Settings and sessions", sessions},
}

// All are the statements of all sections.
func All() []Statement {
	var out []Statement
	for _, s := range Sections {
		out = append(out, s.Statements...)
	}
	return out
}

// Find finds the statements that begin with some words: the one with exactly that name if
// there is one, else all that go on from them, or that the words go on from.
func Find(text string) []Statement {
	words := strings.Fields(strings.ToUpper(strings.Trim(text, "; \t*")))
	if len(words) == 0 {
		return All()
	}
	best, bestRank := []Statement(nil), 1
	for _, st := range All() {
		rank := 0
		for _, name := range st.names() {
			rank = max(rank, rankOf(strings.Fields(strings.ReplaceAll(name, "...", "")), words))
		}
		if rank > bestRank {
			best, bestRank = nil, rank
		}
		if rank == bestRank {
			best = append(best, st)
		}
	}
	return best
}

// The ranks of a name for what is looked for: it is the name, the name goes on from it, or
// it goes on from the name; then names with more words are better.
const (
	rankExact  = 1 << 20
	rankLonger = 1 << 19
)

func rankOf(name, words []string) int {
	n := common(name, words)
	switch {
	case n == len(words) && n == len(name) && words[n-1] == name[n-1]:
		return rankExact
	case n == len(words):
		return rankLonger
	case n == len(name):
		return 1 + n
	}
	return 0
}

// common counts the words that two lists have in common; the last of what is looked for
// may be the beginning of a word.
func common(name, words []string) int {
	n := 0
	for n < len(name) && n < len(words) && (name[n] == words[n] || n == len(words)-1 && strings.HasPrefix(name[n], words[n])) {
		n++
	}
	return n
}

func (s Statement) names() []string {
	names := []string{s.Name}
	for _, also := range strings.Split(s.Also, ",") {
		if also = strings.TrimSpace(also); also != "" {
			names = append(names, also)
		}
	}
	return names
}

// Names lists the names of all statements, sorted.
func Names() []string {
	var out []string
	for _, s := range All() {
		out = append(out, s.Name)
	}
	sort.Strings(out)
	return out
}

// Page is the table as a page of Markdown.
func Page() string {
	var b strings.Builder
	b.WriteString(pageHead)
	for _, section := range Sections {
		fmt.Fprintf(&b, "\n## %s\n", section.Title)
		for _, s := range section.Statements {
			fmt.Fprintf(&b, "\n### %s\n\n%s.\n\n```\n%s\n```\n", s.Name, strings.ToUpper(s.Short[:1])+s.Short[1:], s.Syntax)
			if s.Text != "" {
				fmt.Fprintf(&b, "\n%s\n", s.Text)
			}
			fmt.Fprintf(&b, "\n```sql\n%s\n```\n", s.Example)
		}
	}
	return b.String()
}

const pageHead = `<!-- Made by "make docs" from cli/shell/syntax. -->
# SQL

Every statement, with an example that runs. In the shell ` + "`\\h`" + ` lists them and ` + "`\\h create stream`" + `
explains one ([shell.md](shell.md)). Functions are in [reference/functions.md](reference/functions.md), settings in
[reference/configuration.md](reference/configuration.md).

In the syntax, words in capitals are typed as they are and the others stand for something; what is in
` + "`[brackets]`" + ` may be left out, ` + "`|`" + ` separates alternatives, ` + "`...`" + ` goes on in the same way. Words are understood
in any case of letters. Names without quotes are in capitals, whatever is typed; "Name" and ` + "`Name`" + ` are
as they are.

The examples are about three things that have been made before:

` + "```sql\n" + Fixture + "```\n"
