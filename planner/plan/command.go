package plan

import (
	"tailrace/sql/catalog"
	"tailrace/sql/types"
)

// Command is what one statement does to the catalog: the record of the command log. It
// holds everything that replaying needs, the plan of a query included, so that nothing is
// planned twice. Exactly one of the parts is set, but for CREATE ... AS, which has Create
// and Query, and for a command without effect (IF NOT EXISTS), which has none.
type Command struct {
	Version    int
	Statement  string
	Properties map[string]string `json:",omitempty"` // session properties when it was made

	Create  *CreateSource `json:",omitempty"`
	Query   *Query        `json:",omitempty"`
	Drop    *DropSource   `json:",omitempty"`
	Alter   *AlterSource  `json:",omitempty"`
	Type    *CreateType   `json:",omitempty"`
	Untype  *DropType     `json:",omitempty"`
	Control *QueryControl `json:",omitempty"`
	// Notice is what to tell the user when the command does nothing.
	Notice string `json:",omitempty"`
}

// Empty says that the command does nothing and need not be logged.
func (c *Command) Empty() bool {
	return c.Create == nil && c.Query == nil && c.Drop == nil && c.Alter == nil &&
		c.Type == nil && c.Untype == nil && c.Control == nil
}

// CreateSource adds a stream or table, or replaces the one of that name.
type CreateSource struct {
	Source catalog.Source
	// Topic is the topic to make if there is none yet; nil when it must be there. For
	// CREATE ... AS it is always set.
	Topic *Topic `json:",omitempty"`
	// Replaces is CREATE OR REPLACE of an existing source.
	Replaces bool `json:",omitempty"`
	// Materialize, for CREATE SOURCE TABLE and bare tables: keep the rows for lookups.
	Materialize bool `json:",omitempty"`
}

// Topic describes a topic to make. Zero Partitions or Replicas mean the cluster's default.
type Topic struct {
	Name       string
	Partitions int32             `json:",omitempty"`
	Replicas   int16             `json:",omitempty"`
	Configs    map[string]string `json:",omitempty"`
}

// DropSource removes a stream or table and ends the query that feeds it.
type DropSource struct {
	Name  string
	Query string `json:",omitempty"` // the source's own query, which ends too
	// DeleteTopic names the topic to delete; empty: keep it.
	DeleteTopic string `json:",omitempty"`
}

// AlterSource appends value columns.
type AlterSource struct {
	Name string
	Add  []types.Column
}

// CreateType names a type.
type CreateType struct {
	Name string
	Type types.Type
}

// DropType removes a named type.
type DropType struct{ Name string }

// Verb is what a QueryControl does.
type Verb string

// The verbs.
const (
	Terminate Verb = "TERMINATE"
	Pause     Verb = "PAUSE"
	Resume    Verb = "RESUME"
	// Rebuild makes the results of queries anew from their sources. It changes nothing in the
	// catalog, and is not in the command log.
	Rebuild Verb = "REBUILD"
)

// QueryControl ends, halts or resumes queries.
type QueryControl struct {
	Verb    Verb
	Queries []string
}
