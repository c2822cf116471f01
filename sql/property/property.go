// Package property declares the properties of statements: what SET 'name' = 'value' gives
// the statements that follow, and what a query is planned and run with. Their names and
// defaults are ksqlDB's, where it has them.
package property

import (
	"slices"
	"strconv"
	"strings"

	"tailrace/sql/sqlerr"
)

// Property is one of them.
type Property struct {
	Name    string
	Default string
	Doc     string
	valid   func(value string) bool
	wants   string // what valid asks for
}

// streams is what names of Kafka Streams' settings may begin with, in ksqlDB and here.
const streams = "ksql.streams."

var all = []Property{
	choice("auto.offset.reset", "latest", "Where a query begins to read streams: earliest, with what is there, or latest, with what comes. Tables are read from their beginning, unless it is set. Of a materialized view the default is earliest.", "earliest", "latest"),
	count("cache.max.bytes.buffering", "10000000", "0 writes every change of a key; any other number gathers the changes between two commits.", 0),
	count("commit.interval.ms", "100", "How long a busy query gathers before it commits, in milliseconds.", 1),
	count("max.task.idle.ms", "5000", "How long a join waits for rows on their way to it through an internal topic, in milliseconds after those last came further; 0 or less: not at all.", -1<<31),
	choice("processing.guarantee", "exactly_once_v2", "Whether outputs, state and positions of a query are committed together: exactly_once_v2, or at_least_once.", "exactly_once_v2", "exactly_once", "exactly_once_beta", "at_least_once"),
	boolean("ksql.create.or.replace.enabled", "true", "Whether CREATE OR REPLACE may replace what is there."),
	count("ksql.functions.collect_list.limit", "", "Most values that COLLECT_LIST keeps; further ones are dropped. Without a value there is no bound.", 0),
	count("ksql.functions.collect_set.limit", "", "Most values that COLLECT_SET keeps; further ones are dropped. Without a value there is no bound.", 0),
	boolean("ksql.functions.substring.legacy.args", "false", "Whether SUBSTRING counts from 0 and takes an end instead of a length, as before ksqlDB 5.1."),
	boolean("ksql.new.query.planner.enabled", "false", "Whether the columns of a result are in the order of its SELECT, keys among them."),
	free("ksql.output.topic.name.prefix", "", "What names of topics that CREATE ... AS makes begin with."),
	free("ksql.persistence.default.format.key", "KAFKA", "Format of keys where WITH names none."),
	free("ksql.persistence.default.format.value", "", "Format of values where WITH names none; without one WITH has to."),
	boolean("ksql.persistence.wrap.single.values", "true", "Whether a value of one column is written as an object with one field."),
	boolean("ksql.query.pull.limit.clause.enabled", "true", "Whether a SELECT in ksqlDB's dialect may have a LIMIT."),
	boolean("ksql.query.pull.range.scan.enabled", "true", "Whether a SELECT in ksqlDB's dialect may look for a range of keys without table scans."),
	boolean("ksql.query.pull.table.scan.enabled", "true", "Whether a SELECT in ksqlDB's dialect may read all rows of a table; else its WHERE looks them up by their key."),
	count("ksql.query.retry.backoff.initial.ms", "15000", "After what time a query that failed is tried again, in milliseconds; doubled up to 15 minutes.", 1),
	count("ksql.sink.partitions", "", "Partitions of topics that CREATE ... AS makes. Without a value as many as the source has.", 1),
	boolean("ksql.suppress.enabled", "true", "Whether EMIT FINAL is allowed."),
	boolean("ksql.timestamp.throw.on.invalid", "false", "Whether a record without a readable timestamp fails the query, and is not left out."),
}

func choice(name, def, doc string, values ...string) Property {
	return Property{name, def, doc, func(v string) bool {
		return slices.ContainsFunc(values, func(w string) bool { return strings.EqualFold(v, w) })
	}, "one of " + strings.Join(values, ", ")}
}

func boolean(name, def, doc string) Property {
	return choice(name, def, doc, "true", "false")
}

func count(name, def, doc string, least int64) Property {
	wants := "a whole number"
	if least >= 0 {
		wants += " of at least " + strconv.FormatInt(least, 10)
	}
	return Property{name, def, doc, func(v string) bool {
		n, err := strconv.ParseInt(v, 10, 64)
		return err == nil && n >= least
	}, wants}
}

func free(name, def, doc string) Property {
	return Property{name, def, doc, func(string) bool { return true }, ""}
}

// All lists the properties by name.
func All() []Property { return slices.Clone(all) }

// Find returns the property of a name, which may have the prefix ksql.streams.
func Find(name string) (Property, bool) {
	name = strings.TrimPrefix(name, streams)
	i := slices.IndexFunc(all, func(p Property) bool {
		return p.Name == name || name == "statestore.cache.max.bytes" && p.Name == "cache.max.bytes.buffering"
	})
	if i < 0 {
		return Property{}, false
	}
	return all[i], true
}

// Closest is the name of the property that one that does not exist may have meant; empty:
// none is near.
func Closest(name string) string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.Name
	}
	return sqlerr.Closest(strings.TrimPrefix(name, streams), names)
}

// Check refuses a value that the property does not have.
func (p Property) Check(value string) error {
	if p.valid(strings.TrimSpace(value)) {
		return nil
	}
	return sqlerr.New(sqlerr.InvalidParameter, "Invalid value '%s' for configuration %s: it must be %s", value, p.Name, p.wants)
}
