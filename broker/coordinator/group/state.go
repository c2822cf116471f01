package group

import "fmt"

// State is where a group stands in the classic protocol. The names are Kafka's.
type State uint8

// The states of a group.
const (
	// Empty has no members; it may have offsets.
	Empty State = iota
	// PreparingRebalance waits for every member to join the next generation.
	PreparingRebalance
	// CompletingRebalance waits for the leader's assignment.
	CompletingRebalance
	// Stable has an assignment.
	Stable
	// Dead is a group on its way out of memory; nothing may happen to it any more.
	Dead
	states
)

// next lists every legal transition; anything else is a bug, not an error.
var next = [states][]State{
	Empty:               {PreparingRebalance, Dead},
	PreparingRebalance:  {CompletingRebalance, Empty, Dead},
	CompletingRebalance: {Stable, PreparingRebalance, Dead},
	Stable:              {PreparingRebalance, Dead},
	Dead:                {},
}

var stateNames = [states]string{"Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead"}

// String is the name that DescribeGroups and ListGroups show.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// may reports whether next allows the transition.
func (s State) may(to State) bool {
	for _, t := range next[s] {
		if t == to {
			return true
		}
	}
	return false
}
