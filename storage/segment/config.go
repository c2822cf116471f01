package segment

import (
	"time"

	"tailrace/storage/env"
)

// Config is what a topic's configuration says about its log. The zero value of a field
// means what it says; DefaultConfig has Kafka's defaults.
type Config struct {
	SegmentBytes       int64         // segment.bytes: roll before a segment would grow past this
	SegmentAge         time.Duration // segment.ms: roll when the first record is older
	IndexBytes         int64         // segment.index.bytes: roll when an index is full
	IndexIntervalBytes int64         // index.interval.bytes: an index entry about every so many bytes

	Delete       bool          // cleanup.policy contains delete
	RetentionAge time.Duration // retention.ms; negative: for ever
	// RetentionByAppend counts RetentionAge from when the last record was appended, whatever
	// its timestamp says: tailrace.retention.clock=append.
	RetentionByAppend bool
	RetentionBytes    int64         // retention.bytes; negative: no bound
	FileDeleteDelay   time.Duration // file.delete.delay.ms

	Compact          bool          // cleanup.policy contains compact
	DeleteRetention  time.Duration // delete.retention.ms: how long a tombstone stays
	MinCompactionLag time.Duration // min.compaction.lag.ms
	MaxCompactionLag time.Duration // max.compaction.lag.ms
	MinDirtyRatio    float64       // min.cleanable.dirty.ratio
}

// rollAge is after what time a segment is closed: a compacted log must not keep a record in
// its active segment, which is never compacted, for longer than MaxCompactionLag (KIP-354).
func (c *Config) rollAge() time.Duration {
	if c.Compact && c.MaxCompactionLag > 0 && (c.SegmentAge <= 0 || c.MaxCompactionLag < c.SegmentAge) {
		return c.MaxCompactionLag
	}
	return c.SegmentAge
}

// DefaultConfig returns Kafka's defaults.
func DefaultConfig() Config {
	return Config{
		SegmentBytes: 1 << 30, SegmentAge: 7 * 24 * time.Hour,
		IndexBytes: 10 << 20, IndexIntervalBytes: 4096,
		Delete: true, RetentionAge: 7 * 24 * time.Hour, RetentionBytes: -1,
		FileDeleteDelay: time.Minute,
		DeleteRetention: 24 * time.Hour, MaxCompactionLag: 1<<63 - 1, MinDirtyRatio: 0.5,
	}
}

// MaxBatchBytes is the largest batch that a log stores: a length above it, found on disk,
// is garbage. It is above the largest request that the network takes.
const MaxBatchBytes = 128 << 20

const (
	// snapshotBytes is how much log may lie behind the last snapshot of the producers:
	// what recovery must read again even when all of it is known to be durable.
	snapshotBytes = 64 << 20
	// minPreallocate is how large the active file is before anything is reserved ahead of
	// its end, and maxPreallocate the most that is: what is reserved doubles with the file,
	// so that a small partition takes little more than its records.
	minPreallocate = 64 << 10
	maxPreallocate = 64 << 20
)

// Options opens a Log.
type Options struct {
	FS      env.FS
	Files   *Files
	Dir     string
	TopicID [16]byte
	Config  Config
	// Now is the time of opening: producers found in the log are taken to be alive then.
	Now time.Time
	// RecoveryPoint: what is below has been fsynced by an earlier run. What is missing below
	// it is damage, not a torn tail.
	RecoveryPoint int64
	// StartOffset is the log start that was stored last; StartUnknown says that it was not
	// to be had, so that what is missing at the front cannot be told.
	StartOffset  int64
	StartUnknown bool
	// CleanedTo is how far compaction had come, as CleanedTo told last.
	CleanedTo int64
	// Damaged is told all holes of the log whenever they change. It may be called from any
	// goroutine that uses the log, and must not use it itself.
	Damaged func([]Hole)
	// Failed is told once when the log is ErrFailed: it takes nothing any more until it is
	// opened again. It must not use the log.
	Failed func(error)
}
