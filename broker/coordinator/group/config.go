package group

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tailrace/storage/env"
)

// Config bounds groups and says how long offsets live.
type Config struct {
	// InitialRebalanceDelay is how long the first members of an empty group wait for
	// others, so that ten consumers started together make one rebalance and not ten.
	// Kafka: group.initial.rebalance.delay.ms.
	InitialRebalanceDelay time.Duration // default 3 s; NoDelay for none
	// MinSessionTimeout and MaxSessionTimeout bound what members may ask for. Kafka:
	// group.min.session.timeout.ms, group.max.session.timeout.ms.
	MinSessionTimeout time.Duration // default 6 s
	MaxSessionTimeout time.Duration // default 30 min
	// MaxSize is the largest number of members. Kafka: group.max.size.
	MaxSize int // default 10,000
	// MetadataMaxBytes bounds the text beside a committed offset. Kafka:
	// offset.metadata.max.bytes.
	MetadataMaxBytes int // default 4096
	// OffsetsRetention is how long the offsets of a group live after its last member
	// left, and those of a group that never had members after their commit. Kafka:
	// offsets.retention.minutes.
	OffsetsRetention time.Duration // default 7 days
	// Keep names groups whose offsets never expire, such as those of continuous queries;
	// nil: none.
	Keep func(group string) bool
	// RetentionCheckInterval is how often that is looked at. Kafka:
	// offsets.retention.check.interval.ms.
	RetentionCheckInterval time.Duration // default 10 min

	Clock  env.Clock    // default env.SystemClock
	Rand   env.Rand     // default env.SystemRand
	Logger *slog.Logger // default: discard
}

// NoDelay as an InitialRebalanceDelay lets the first member of a group start at once.
const NoDelay time.Duration = -1

// WithDefaults fills in what is zero.
func (c Config) WithDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.InitialRebalanceDelay, 3*time.Second)
	def(&c.MinSessionTimeout, 6*time.Second)
	def(&c.MaxSessionTimeout, 30*time.Minute)
	def(&c.OffsetsRetention, 7*24*time.Hour)
	def(&c.RetentionCheckInterval, 10*time.Minute)
	if c.MaxSize == 0 {
		c.MaxSize = 10_000
	}
	if c.MetadataMaxBytes == 0 {
		c.MetadataMaxBytes = 4096
	}
	if c.Clock == nil {
		c.Clock = env.SystemClock
	}
	if c.Rand == nil {
		c.Rand = env.SystemRand
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate names every fault.
func (c Config) Validate() error {
	var errs []error
	if c.MinSessionTimeout <= 0 || c.MinSessionTimeout > c.MaxSessionTimeout {
		errs = append(errs, fmt.Errorf("group.min.session.timeout.ms (%v) must be positive and at most group.max.session.timeout.ms (%v)", c.MinSessionTimeout, c.MaxSessionTimeout))
	}
	if c.MaxSize < 1 {
		errs = append(errs, fmt.Errorf("group.max.size must be at least 1, not %d", c.MaxSize))
	}
	if c.MetadataMaxBytes < 0 {
		errs = append(errs, fmt.Errorf("offset.metadata.max.bytes must not be negative, but is %d", c.MetadataMaxBytes))
	}
	if c.OffsetsRetention <= 0 || c.RetentionCheckInterval <= 0 {
		errs = append(errs, errors.New("offsets.retention.minutes and offsets.retention.check.interval.ms must be positive"))
	}
	return errors.Join(errs...)
}

func (c Config) limits() Limits {
	return Limits{
		InitialRebalanceDelay: max(c.InitialRebalanceDelay, 0),
		MinSessionTimeout:     c.MinSessionTimeout, MaxSessionTimeout: c.MaxSessionTimeout,
		MaxSize: c.MaxSize,
	}
}
