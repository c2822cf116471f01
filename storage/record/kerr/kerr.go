// Package kerr holds Kafka's error codes, the numbers that travel in the error slots of
// the protocol. A Code is an error, so that the log can return it, wrap it with detail
// and have a handler take it out again with Of.
package kerr

import (
	"errors"
	"strconv"
)

// Code is an error code of the Kafka protocol. None is success.
type Code int16

// The codes of Kafka's Errors.java that a broker without replication can answer.
const (
	Unknown                      Code = -1
	None                         Code = 0
	OffsetOutOfRange             Code = 1
	CorruptMessage               Code = 2
	UnknownTopicOrPartition      Code = 3
	InvalidFetchSize             Code = 4
	LeaderNotAvailable           Code = 5
	NotLeaderOrFollower          Code = 6
	RequestTimedOut              Code = 7
	BrokerNotAvailable           Code = 8
	MessageTooLarge              Code = 10
	OffsetMetadataTooLarge       Code = 12
	NetworkException             Code = 13
	CoordinatorLoadInProgress    Code = 14
	CoordinatorNotAvailable      Code = 15
	NotCoordinator               Code = 16
	InvalidTopic                 Code = 17
	RecordListTooLarge           Code = 18
	NotEnoughReplicas            Code = 19
	NotEnoughReplicasAfterAppend Code = 20
	InvalidRequiredAcks          Code = 21
	IllegalGeneration            Code = 22
	InconsistentGroupProtocol    Code = 23
	InvalidGroupID               Code = 24
	UnknownMemberID              Code = 25
	InvalidSessionTimeout        Code = 26
	RebalanceInProgress          Code = 27
	InvalidTimestamp             Code = 32
	UnsupportedSASLMechanism     Code = 33
	IllegalSASLState             Code = 34
	UnsupportedVersion           Code = 35
	TopicAlreadyExists           Code = 36
	InvalidPartitions            Code = 37
	InvalidReplicationFactor     Code = 38
	InvalidReplicaAssignment     Code = 39
	InvalidConfig                Code = 40
	NotController                Code = 41
	InvalidRequest               Code = 42
	UnsupportedForMessageFormat  Code = 43
	PolicyViolation              Code = 44
	OutOfOrderSequenceNumber     Code = 45
	DuplicateSequenceNumber      Code = 46
	InvalidProducerEpoch         Code = 47
	InvalidTxnState              Code = 48
	InvalidProducerIDMapping     Code = 49
	SecurityDisabled             Code = 54
	StorageError                 Code = 56
	LogDirNotFound               Code = 57
	UnknownProducerID            Code = 59
	NonEmptyGroup                Code = 68
	GroupIDNotFound              Code = 69
	FetchSessionIDNotFound       Code = 70
	InvalidFetchSessionEpoch     Code = 71
	TopicDeletionDisabled        Code = 73
	FencedLeaderEpoch            Code = 74
	UnknownLeaderEpoch           Code = 75
	UnsupportedCompressionType   Code = 76
	OffsetNotAvailable           Code = 78
	MemberIDRequired             Code = 79
	GroupMaxSizeReached          Code = 81
	FencedInstanceID             Code = 82
	EligibleLeadersNotAvailable  Code = 83
	ElectionNotNeeded            Code = 84
	NoReassignmentInProgress     Code = 85
	InvalidRecord                Code = 87
	UnstableOffsetCommit         Code = 88
	ProducerFenced               Code = 90
	ResourceNotFound             Code = 91
	DuplicateResource            Code = 92
	InvalidUpdateVersion         Code = 95
	UnknownTopicID               Code = 100
	InconsistentTopicID          Code = 103
	InvalidRegularExpression     Code = 128
	RebootstrapRequired          Code = 129
)

var names = map[Code]string{
	Unknown: "UNKNOWN_SERVER_ERROR", None: "NONE", OffsetOutOfRange: "OFFSET_OUT_OF_RANGE",
	CorruptMessage: "CORRUPT_MESSAGE", UnknownTopicOrPartition: "UNKNOWN_TOPIC_OR_PARTITION",
	InvalidFetchSize: "INVALID_FETCH_SIZE", LeaderNotAvailable: "LEADER_NOT_AVAILABLE",
	NotLeaderOrFollower: "NOT_LEADER_OR_FOLLOWER", RequestTimedOut: "REQUEST_TIMED_OUT",
	BrokerNotAvailable: "BROKER_NOT_AVAILABLE", MessageTooLarge: "MESSAGE_TOO_LARGE",
	OffsetMetadataTooLarge: "OFFSET_METADATA_TOO_LARGE", NetworkException: "NETWORK_EXCEPTION",
	CoordinatorLoadInProgress: "COORDINATOR_LOAD_IN_PROGRESS",
	CoordinatorNotAvailable:   "COORDINATOR_NOT_AVAILABLE", NotCoordinator: "NOT_COORDINATOR",
	InvalidTopic: "INVALID_TOPIC_EXCEPTION", RecordListTooLarge: "RECORD_LIST_TOO_LARGE",
	NotEnoughReplicas:            "NOT_ENOUGH_REPLICAS",
	NotEnoughReplicasAfterAppend: "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
	InvalidRequiredAcks:          "INVALID_REQUIRED_ACKS", IllegalGeneration: "ILLEGAL_GENERATION",
	InconsistentGroupProtocol: "INCONSISTENT_GROUP_PROTOCOL", InvalidGroupID: "INVALID_GROUP_ID",
	UnknownMemberID: "UNKNOWN_MEMBER_ID", InvalidSessionTimeout: "INVALID_SESSION_TIMEOUT",
	RebalanceInProgress: "REBALANCE_IN_PROGRESS", InvalidTimestamp: "INVALID_TIMESTAMP",
	UnsupportedSASLMechanism: "UNSUPPORTED_SASL_MECHANISM", IllegalSASLState: "ILLEGAL_SASL_STATE",
	UnsupportedVersion: "UNSUPPORTED_VERSION", TopicAlreadyExists: "TOPIC_ALREADY_EXISTS",
	InvalidPartitions: "INVALID_PARTITIONS", InvalidReplicationFactor: "INVALID_REPLICATION_FACTOR",
	InvalidReplicaAssignment: "INVALID_REPLICA_ASSIGNMENT", InvalidConfig: "INVALID_CONFIG",
	NotController: "NOT_CONTROLLER", InvalidRequest: "INVALID_REQUEST",
	UnsupportedForMessageFormat: "UNSUPPORTED_FOR_MESSAGE_FORMAT", PolicyViolation: "POLICY_VIOLATION",
	OutOfOrderSequenceNumber: "OUT_OF_ORDER_SEQUENCE_NUMBER",
	DuplicateSequenceNumber:  "DUPLICATE_SEQUENCE_NUMBER", InvalidProducerEpoch: "INVALID_PRODUCER_EPOCH",
	InvalidTxnState: "INVALID_TXN_STATE", InvalidProducerIDMapping: "INVALID_PRODUCER_ID_MAPPING",
	StorageError: "KAFKA_STORAGE_ERROR", UnknownProducerID: "UNKNOWN_PRODUCER_ID",
	NonEmptyGroup: "NON_EMPTY_GROUP", GroupIDNotFound: "GROUP_ID_NOT_FOUND",
	FetchSessionIDNotFound: "FETCH_SESSION_ID_NOT_FOUND", InvalidFetchSessionEpoch: "INVALID_FETCH_SESSION_EPOCH",
	TopicDeletionDisabled: "TOPIC_DELETION_DISABLED", FencedLeaderEpoch: "FENCED_LEADER_EPOCH",
	UnknownLeaderEpoch: "UNKNOWN_LEADER_EPOCH", UnsupportedCompressionType: "UNSUPPORTED_COMPRESSION_TYPE",
	OffsetNotAvailable: "OFFSET_NOT_AVAILABLE", MemberIDRequired: "MEMBER_ID_REQUIRED",
	GroupMaxSizeReached: "GROUP_MAX_SIZE_REACHED", FencedInstanceID: "FENCED_INSTANCE_ID",
	InvalidRecord: "INVALID_RECORD", UnstableOffsetCommit: "UNSTABLE_OFFSET_COMMIT",
	ProducerFenced: "PRODUCER_FENCED", UnknownTopicID: "UNKNOWN_TOPIC_ID",
	SecurityDisabled:            "SECURITY_DISABLED",
	LogDirNotFound:              "LOG_DIR_NOT_FOUND",
	EligibleLeadersNotAvailable: "ELIGIBLE_LEADERS_NOT_AVAILABLE",
	ElectionNotNeeded:           "ELECTION_NOT_NEEDED",
	NoReassignmentInProgress:    "NO_REASSIGNMENT_IN_PROGRESS",
	ResourceNotFound:            "RESOURCE_NOT_FOUND",
	DuplicateResource:           "DUPLICATE_RESOURCE",
	InvalidUpdateVersion:        "INVALID_UPDATE_VERSION",
	InvalidRegularExpression:    "INVALID_REGULAR_EXPRESSION",
	RebootstrapRequired:         "REBOOTSTRAP_REQUIRED",
	InconsistentTopicID:         "INCONSISTENT_TOPIC_ID",
}

// Error is Kafka's name of the code.
func (c Code) Error() string {
	if n, ok := names[c]; ok {
		return n
	}
	return "KAFKA_ERROR_" + strconv.Itoa(int(c))
}

// Of returns the code that err carries: None for nil, Unknown when there is none.
func Of(err error) Code {
	if err == nil {
		return None
	}
	var c Code
	if errors.As(err, &c) {
		return c
	}
	return Unknown
}
