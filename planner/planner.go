// Package planner turns statements into plans: the front door of the rooms below it.
//
//	bind      names, properties and clauses against one catalog snapshot
//	logical   the tree of operators of a query
//	rule      rewrites that keep its meaning, one a file
//	physical  repartitions, state stores, sinks: what can run
//	plan      the plan as data, which the command log keeps and the executor runs
//	explain   a plan as text
//
// Plan is for statements that change the catalog; its Command is what the command log
// keeps, and plan.Apply is what it does to the catalog, when it is made and at every
// replay. PlanPush, PlanPull and PlanInsertValues are for what is not kept.
//
// Nothing here does I/O or keeps state: a plan is a function of the statement and Env.
package planner

import (
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Topics answers what is known of the cluster's topics.
type Topics interface {
	Topic(name string) (partitions int32, replicas int16, ok bool)
}

// Env is what a statement is planned against.
type Env struct {
	Catalog *catalog.Snapshot
	// Text is the text that positions count in; Statement the statement's own text.
	Text, Statement string
	// Properties are the session's properties over the server's defaults.
	Properties map[string]string
	// Topics may be nil: then every topic exists, with one partition.
	Topics Topics
	// NextQueryID is the number of the next query.
	NextQueryID int
	// Parameters are the types of $1, $2, ... that the client has declared.
	Parameters []types.Type
	// Arguments are the parameters' values, of the types that planning without them has
	// settled. PlanPush makes literals of them; nil: they come later, if ever.
	Arguments []types.Value
	// Standard chooses the SQL standard's rules where they differ from ksqlDB's.
	Standard bool
}

func (e *Env) topic(name string) (int32, int16, bool) {
	if e.Topics == nil {
		return 1, 1, true
	}
	return e.Topics.Topic(name)
}

func (e *Env) statement() string {
	if e.Statement != "" {
		return e.Statement
	}
	return e.Text
}

// Plan plans a statement that changes the catalog.
func Plan(stmt ast.Statement, env Env) (*plan.Command, error) {
	c, err := dispatch(stmt, &env)
	if err != nil {
		return nil, err
	}
	c.Version, c.Statement, c.Properties = plan.Version, env.statement(), env.Properties
	return c, nil
}

func dispatch(stmt ast.Statement, env *Env) (*plan.Command, error) {
	switch s := stmt.(type) {
	case *ast.CreateSource:
		return createSource(s, env)
	case *ast.CreateAs:
		return createAs(s, env)
	case *ast.InsertInto:
		return insertInto(s, env)
	case *ast.Drop:
		return drop(s, env)
	case *ast.AlterSource:
		return alterSource(s, env)
	case *ast.CreateType:
		return createType(s, env)
	case *ast.QueryControl:
		return queryControl(s, env)
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "this statement does not change the catalog").At(stmt.Pos())
}
