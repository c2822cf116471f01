package function

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Reference is the reference page of all registered functions, in Markdown.
func Reference() []byte {
	var b bytes.Buffer
	b.WriteString("# Functions\n\n" +
		"Generated from the declarations in `sql/function`: run `go generate ./sql/function/all` after a change.\n\n" +
		"Names may be written in any case. A parameter followed by `...` may be repeated. `T`, `K`, `V`, `S` and `U` stand for any type,\n" +
		"the same one wherever they occur in a line; `UNIT` is a bare time unit such as `DAYS`. Arguments are cast where one overload needs it:\n" +
		"INTEGER to BIGINT to DECIMAL to DOUBLE, and STRING to DATE, TIME, TIMESTAMP and BYTES. Where nothing else is said, a NULL argument\n" +
		"makes the result NULL, and a call that fails gives NULL and an entry in the processing log; queries over the Postgres protocol end with\n" +
		"an error instead.\n")
	categories := map[string][]string{}
	for name, e := range scalars {
		categories[e.Category] = append(categories[e.Category], name)
	}
	b.WriteString("\n## Scalar functions\n")
	for _, category := range sortedKeys(categories) {
		fmt.Fprintf(&b, "\n### %s\n", title(category))
		slices.Sort(categories[category])
		for _, name := range categories[category] {
			e := scalars[name]
			writeEntry(&b, "####", name, e.Doc, "")
			for i := range e.shapes {
				writeSignature(&b, e.shapes[i].describe(name), scalarResult(&e.Overloads[i]), e.Overloads[i].Doc)
			}
			b.WriteString("```\n")
		}
	}
	writeStandard(&b)
	b.WriteString("\n## Aggregate functions\n\nThose that can take a row back may aggregate tables as well as streams.\n" +
		"Materialized views and queries over the Postgres protocol read some names as PostgreSQL does: SUM, AVG and STDDEV_SAMP are NULL over\n" +
		"no values, SUM of INTEGER is BIGINT and of BIGINT DECIMAL, AVG of exact numbers is an exact DECIMAL and STDDEV_SAMP the standard\n" +
		"deviation (as STDDEV_SAMPLE NULL for less than two values). In queries, whose results are not stored, averages and deviations of\n" +
		"exact numbers are NUMERIC with PostgreSQL's digits, SUM and AVG take intervals, and MIN and MAX arrays and intervals. A group ends with its last row there; in ksqlDB's statements it stays,\n" +
		"with a count of 0. Over inputs that change MIN, MAX, TOPK, TOPKDISTINCT, COUNT_DISTINCT (then exact) and COLLECT_SET (then in order of the\n" +
		"values) have forms that keep every distinct value.\n")
	for _, name := range Names(IsAggregate) {
		e := aggregates[name]
		note := "Streams only."
		if e.Overloads[0].Undo {
			note = "Streams and tables."
		}
		writeEntry(&b, "###", name, e.Doc, note)
		for i := range e.shapes {
			writeSignature(&b, e.shapes[i].describe(name), aggregateResult(&e.Overloads[i]), e.Overloads[i].Doc)
		}
		b.WriteString("```\n")
	}
	b.WriteString("\n## Table functions\n\nThey stand in the SELECT list of a stream; several in one list expand side by side, the shorter ones padded with NULL.\n")
	for _, name := range Names(IsTable) {
		e := tables[name]
		writeEntry(&b, "###", name, e.Doc, "")
		for i := range e.shapes {
			writeSignature(&b, e.shapes[i].describe(name), "rows of "+e.shapes[i].result.String(), e.Overloads[i].Doc)
		}
		b.WriteString("```\n")
	}
	return b.Bytes()
}

// writeStandard lists PostgreSQL's readings of scalar and table functions.
func writeStandard(b *bytes.Buffer) {
	b.WriteString("\n## PostgreSQL's readings\n\nIn materialized views and in queries over the Postgres protocol these names mean what PostgreSQL means by them.\n" +
		"Arguments that no line here takes go to the function above.\n")
	for _, key := range sortedKeys(standardScalars) {
		e := standardScalars[key]
		fmt.Fprintf(b, "\n### %s\n\n%s\n\n```\n", e.Name, e.Doc)
		for i := range e.shapes {
			writeSignature(b, e.shapes[i].describe(e.Name), scalarResult(&e.Overloads[i]), e.Overloads[i].Doc)
		}
		b.WriteString("```\n")
	}
	for _, key := range sortedKeys(standardTables) {
		e := standardTables[key]
		fmt.Fprintf(b, "\n### %s\n\n%s\n\n```\n", e.Name, e.Doc)
		for i := range e.shapes {
			writeSignature(b, e.shapes[i].describe(e.Name), "rows of "+e.shapes[i].result.String(), e.Overloads[i].Doc)
		}
		b.WriteString("```\n")
	}
}

func writeEntry(b *bytes.Buffer, level, name, doc, note string) {
	fmt.Fprintf(b, "\n%s %s\n\n%s", level, name, doc)
	if note != "" {
		b.WriteString(" " + note)
	}
	if also := Aliases(name); len(also) > 0 {
		b.WriteString(" Also: " + strings.Join(also, ", ") + ".")
	}
	b.WriteString("\n\n```\n")
}

func writeSignature(b *bytes.Buffer, signature, result, doc string) {
	fmt.Fprintf(b, "%s -> %s", signature, result)
	if doc != "" {
		b.WriteString("  -- " + doc)
	}
	b.WriteByte('\n')
}

// scalarResult shows the result of an overload; where a rule makes the type, its kind.
func scalarResult(s *Signature) string { return shownResult(s.Result, s.ResultType != nil) }

func aggregateResult(s *AggregateSignature) string {
	return shownResult(s.Result, s.ResultType != nil)
}

func shownResult(result string, ruled bool) string {
	kind, _, parameters := strings.Cut(result, "(")
	switch {
	case ruled && result == "":
		return "ARRAY"
	case ruled && parameters && kind == "DECIMAL":
		return kind
	}
	return result
}

func title(category string) string {
	words := strings.Fields(strings.ToLower(category))
	for i, w := range words {
		if w == "url" || w == "json" {
			words[i] = strings.ToUpper(w)
		} else {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

func sortedKeys[V any](m map[string]V) []string {
	out := keys(m)
	slices.Sort(out)
	return out
}
