package group

import (
	"time"

	"tailrace/storage/record/kerr"
)

// Code is a Kafka error code; 0 is success.
type Code = kerr.Code

// The codes that a group answers with.
const (
	codeUnknownMember    = kerr.UnknownMemberID
	codeIllegalGen       = kerr.IllegalGeneration
	codeInconsistent     = kerr.InconsistentGroupProtocol
	codeInvalidSession   = kerr.InvalidSessionTimeout
	codeRebalancing      = kerr.RebalanceInProgress
	codeMemberIDRequired = kerr.MemberIDRequired
	codeFenced           = kerr.FencedInstanceID
	codeMaxSize          = kerr.GroupMaxSizeReached
	codeNotAvailable     = kerr.CoordinatorNotAvailable
	codeNonEmpty         = kerr.NonEmptyGroup
	codeNotFound         = kerr.GroupIDNotFound
	codeInvalidGroup     = kerr.InvalidGroupID
	codeMetadataTooLarge = kerr.OffsetMetadataTooLarge

	// codeSubscribed: the offsets of a topic that members still read cannot be deleted.
	codeSubscribed = kerr.Code(86) // GROUP_SUBSCRIBED_TO_TOPIC
)

// Ticket names a request that waits for its answer. The caller chooses it.
type Ticket uint64

// Protocol is one assignor that a member offers, with its subscription.
type Protocol struct {
	Name     string
	Metadata []byte
}

// JoinRequest asks to be a member of the next generation.
type JoinRequest struct {
	Ticket           Ticket
	MemberID         string // empty: a new member
	InstanceID       string // empty: a dynamic member
	ClientID         string
	ClientHost       string
	SessionTimeout   time.Duration
	RebalanceTimeout time.Duration
	ProtocolType     string
	Protocols        []Protocol // most wanted first
	// RequireMemberID sends a new member away with an id first (JoinGroup v4+), so that
	// a client that gives up and tries again does not count twice (KIP-394).
	RequireMemberID bool
	// MaySkipAssignment is set for clients that know skip_assignment (JoinGroup v9+).
	MaySkipAssignment bool
}

// JoinedMember is what the leader learns of each member.
type JoinedMember struct {
	ID         string
	InstanceID string
	Metadata   []byte
}

// JoinReply answers a JoinRequest. Members is set for the leader only.
type JoinReply struct {
	Code           Code
	Generation     int32
	ProtocolType   string
	Protocol       string
	Leader         string
	MemberID       string
	SkipAssignment bool
	Members        []JoinedMember
}

// SyncRequest asks for the assignment; the leader's brings it.
type SyncRequest struct {
	Ticket       Ticket
	Identity     Identity
	ProtocolType *string // checked when not nil
	Protocol     *string
	Assignments  map[string][]byte // by member id
}

// SyncReply answers a SyncRequest.
type SyncReply struct {
	Code         Code
	ProtocolType string
	Protocol     string
	Assignment   []byte
}

// Identity is what a member shows with every request after it joined.
type Identity struct {
	MemberID   string
	InstanceID string
	Generation int32
}

// Reply is the answer to a parked request: exactly one of Join and Sync is set.
type Reply struct {
	Ticket Ticket
	Join   *JoinReply
	Sync   *SyncReply
}

// Ready is what a call has decided. If Persist is set, the group's Snapshot must be
// durable before any of the replies goes out; if that fails, call PersistFailed and send
// its replies instead of these.
type Ready struct {
	Persist bool
	Replies []Reply
}
