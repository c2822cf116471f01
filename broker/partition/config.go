package partition

import (
	"math"
	"time"

	"tailrace/storage/record"
	"tailrace/storage/segment"
)

// Config is what a topic's configuration says about its partitions.
type Config struct {
	Segment segment.Config

	MaxMessageBytes int          // max.message.bytes: of one batch, as it was sent
	Recompress      bool         // compression.type is not "producer"
	Codec           record.Codec // compression.type, when Recompress
	LogAppendTime   bool         // message.timestamp.type
	TimestampBefore time.Duration
	TimestampAfter  time.Duration

	// MaxDecompressedBytes bounds a record of a compressed batch (max.decompressed.message.bytes).
	MaxDecompressedBytes int64

	// PageCache: a record counts as durable when it is in the page cache. An fsync
	// follows after FlushMessages records or FlushInterval (flush.messages, flush.ms).
	PageCache     bool
	FlushMessages int64
	FlushInterval time.Duration
}

// Forever is a duration without an end: a Kafka configuration of 2^63-1 ms.
const Forever = time.Duration(1<<63 - 1)

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		Segment:              segment.DefaultConfig(),
		MaxMessageBytes:      1048588,
		MaxDecompressedBytes: math.MaxInt32,
		TimestampBefore:      Forever,
		TimestampAfter:       time.Hour,
		FlushMessages:        1,
		FlushInterval:        Forever,
	}
}
