package commitlog

import "strings"

// Names are the names that a SQL engine gives to what is its own in a log: its command topic,
// its processing log, and for every query a group and internal topics (changelogs,
// repartition topics). They are ksqlDB's. A log that knows them lets nobody else make or
// change what they stand for, whether it exists yet or not.
type Names struct {
	// ServiceID is ksql.service.id. Empty: there is no engine, and nothing is its own.
	ServiceID string
}

// OffsetsTopic keeps the positions of all groups; it is the group coordinator's.
const OffsetsTopic = "__consumer_offsets"

const namePrefix = "_confluent-ksql-"

// CommandTopic holds the statements.
func (n Names) CommandTopic() string { return namePrefix + n.ServiceID + "_command_topic" }

// ProcessingLog holds what queries could not compute.
func (n Names) ProcessingLog() string { return n.ServiceID + "ksql_processing_log" }

// Query is the group of a query, and the beginning of its internal topics' names.
func (n Names) Query(id string) string { return namePrefix + n.ServiceID + "query_" + id }

// OwnsTopic reports whether a topic is the engine's own.
func (n Names) OwnsTopic(topic string) bool {
	return n.ServiceID != "" &&
		(topic == n.CommandTopic() || topic == n.ProcessingLog() || strings.HasPrefix(topic, n.Query("")))
}

// OwnsGroup reports whether a group is that of a query, or of the command topic.
func (n Names) OwnsGroup(group string) bool {
	return n.ServiceID != "" && (group == n.CommandTopic() || strings.HasPrefix(group, n.Query("")))
}
