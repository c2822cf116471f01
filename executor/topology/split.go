// Package topology turns a plan into what tasks run.
//
//	plan.Query --Split--> Subs: parts of the tree between topics --Build--> operators
//
// A Repartition ends one sub-topology, which writes the internal topic, and begins the
// next, which reads it. One task runs one sub-topology over one partition of each of its
// topics. A foreign key join wants rows of all partitions: its sub-topology is one task
// over all of them.
package topology

import (
	"fmt"

	"tailrace/planner/plan"
	"tailrace/storage/commitlog"
)

// Topology is a query cut into sub-topologies.
type Topology struct {
	Query *plan.Query
	// AppID names the query in consumer groups and internal topics.
	AppID string
	Subs  []*Sub // those that write a topic stand before those that read it
}

// Sub is a sub-topology: a tree whose leaves are Sources and Repartitions that are read.
type Sub struct {
	ID     int
	Leaves []plan.Node // *plan.Source or *plan.Repartition, from left to right
	Root   plan.Node
	// Out is the Repartition that is written, nil when the result of the query is.
	Out *plan.Repartition
	// Global: one task reads all partitions.
	Global bool
	// Transient: repartitions inside the tree are passed through.
	Transient bool
}

// AppID is the application id of a query, as ksqlDB makes it.
func AppID(serviceID, queryID string) string {
	return commitlog.Names{ServiceID: serviceID}.Query(queryID)
}

// RepartitionTopic is the internal topic of a Repartition.
func RepartitionTopic(appID, name string) string { return appID + "-" + name + "-repartition" }

// ChangelogTopic is the internal topic of a state store.
func ChangelogTopic(appID, stateID string) string { return appID + "-" + stateID + "-changelog" }

// Split cuts a query for the service serviceID.
func Split(q *plan.Query, serviceID string) (*Topology, error) {
	t := &Topology{Query: q, AppID: AppID(serviceID, q.ID)}
	if q.Root.Node == nil {
		return nil, fmt.Errorf("plan of query %s has no root", q.ID)
	}
	t.split(q.Root.Node, nil)
	return t, nil
}

// Whole makes one sub-topology of a transient query.
func Whole(q *plan.Query) (*Sub, error) {
	if q.Root.Node == nil {
		return nil, fmt.Errorf("plan of query %s has no root", q.ID)
	}
	s := &Sub{Root: q.Root.Node, Global: true, Transient: true}
	s.collect(q.Root.Node, nil)
	return s, nil
}

func (t *Topology) split(root plan.Node, out *plan.Repartition) {
	s := &Sub{Root: root, Out: out}
	var below []*plan.Repartition
	s.collect(root, func(r *plan.Repartition) { below = append(below, r) })
	for _, r := range below {
		t.split(r.Input.Node, r)
	}
	s.ID = len(t.Subs)
	t.Subs = append(t.Subs, s)
}

// collect finds the leaves; cut is told of each Repartition that is one.
func (s *Sub) collect(n plan.Node, cut func(*plan.Repartition)) {
	switch n := n.(type) {
	case *plan.Source:
		s.Leaves = append(s.Leaves, n)
		return
	case *plan.Repartition:
		if cut != nil {
			s.Leaves = append(s.Leaves, n)
			cut(n)
			return
		}
	case *plan.ForeignKeyJoin:
		s.Global = true
	}
	for _, in := range n.Inputs() {
		s.collect(in, cut)
	}
}

// Topic is the topic that a leaf reads.
func (t *Topology) Topic(leaf plan.Node) string {
	switch n := leaf.(type) {
	case *plan.Source:
		return n.Topic
	case *plan.Repartition:
		return RepartitionTopic(t.AppID, n.Name)
	}
	return ""
}

// States lists the state ids of a sub-topology.
func (s *Sub) States() []State {
	var out []State
	s.states(s.Root, false, &out)
	return out
}

// State is a state store: its id is that of its changelog.
type State struct {
	ID string
	// Retention is how long rows matter, in ms of event time; 0 for ever.
	Retention int64
}

func (s *Sub) states(n plan.Node, before bool, out *[]State) {
	add := func(id string, retention int64) { *out = append(*out, State{id, retention}) }
	switch n := n.(type) {
	case *plan.Source:
		if n.Table && before {
			add(n.StateID, 0)
		}
	case *plan.Repartition:
		if !s.Transient {
			return
		}
	case *plan.Aggregate:
		r := int64(0)
		if n.Window != nil {
			r = windowOf(n.Window).Retention
		}
		add(n.StateID, r)
	case *plan.Suppress:
		add(n.StateID, 0)
	case *plan.Materialize:
		add(n.StateID, n.Retention)
	case *plan.StreamTableJoin:
		add(n.StateID, 0)
	case *plan.StreamStreamJoin:
		add(n.StateID, 0)
	case *plan.TableTableJoin:
		add(n.StateID+"-left", 0)
		add(n.StateID+"-right", 0)
	case *plan.ForeignKeyJoin:
		add(n.StateID, 0)
	}
	for i, in := range n.Inputs() {
		s.states(in, needsBefore(n, i, before), out)
	}
}

// needsBefore reports whether a node needs the halves before of the changes of its input
// i, when its own output's are needed or not.
func needsBefore(n plan.Node, _ int, before bool) bool {
	switch n := n.(type) {
	case *plan.Filter, *plan.Rekey, *plan.Aggregate:
		return plan.IsTable(n.Inputs()[0])
	case *plan.Project, *plan.Materialize, *plan.Repartition:
		return before
	}
	return false // joins of tables and Suppress keep what they need themselves
}
