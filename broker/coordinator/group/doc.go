// Package group is the coordinator of consumer groups: who is a member, who owns what,
// and how far each group has read.
//
// Group is the classic protocol (JoinGroup, SyncGroup, Heartbeat, LeaveGroup) as a state
// machine. It does no I/O, starts no goroutine, takes no lock and reads no clock: every
// call is handed the time, and what is to be done comes back as a Ready.
//
//	          members leave or expire
//	  +-----------------------------------+
//	  v                                   |
//	Empty --join--> PreparingRebalance <--+-----------------+
//	  |                |  everybody joined, or the deadline |
//	  |                v                                    | join, leave,
//	  |             CompletingRebalance --------------------+ expiry
//	  |                |  the leader's SyncGroup            |
//	  v                v                                    |
//	Dead            Stable ---------------------------------+
//
// Coordinator owns the groups: one lock per group, one goroutine for all deadlines. It
// parks the requests that a group does not answer at once, and stores what must outlive
// the process in __consumer_offsets before anybody hears of it: group metadata when a
// generation becomes stable, empty or loses a static member; offsets at every commit.
//
// Assignments and subscriptions are opaque bytes here; the clients compute them.
package group
