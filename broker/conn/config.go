package conn

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tailrace/broker/wire"
	"tailrace/storage/env"
	"tailrace/storage/memory"
)

// Config bounds what connections may take.
type Config struct {
	// MaxRequestBytes is the largest frame. Kafka: socket.request.max.bytes.
	MaxRequestBytes int // default 100 MiB, at least 1 MiB
	// MaxConnections is how many clients are served at once; one more is closed at once.
	// Each costs some 10 KiB. Kafka: max.connections.
	MaxConnections int // default 10,000
	// MaxConnectionsNow is asked instead, if set, whenever a client comes: the limit may change.
	MaxConnectionsNow func() int
	// QueuedRequestBytes bounds the memory of all frames that are being read or handled,
	// not counting their first 64 KiB each. Kafka: queued.max.request.bytes.
	QueuedRequestBytes int64 // default 512 MiB, at least MaxRequestBytes
	// IdleTimeout closes a connection without requests. Kafka: connections.max.idle.ms.
	IdleTimeout time.Duration // default 10 min
	// FrameTimeout is how long the rest of a frame may take once its first byte came.
	FrameTimeout time.Duration // default 60 s
	// WriteTimeout is how long a client may take none of an answer.
	WriteTimeout time.Duration // default 60 s
	// SlowRequest is how long a request that does not ask to wait may take before the log says
	// so; 0: for ever.
	SlowRequest time.Duration

	// Memory is told of what those frames take; nil: nobody is.
	Memory *memory.Account

	Clock  env.Clock    // default env.SystemClock
	Logger *slog.Logger // default: discard
}

// QueuedRequestBytes is the default of Config's.
const QueuedRequestBytes = 512 << 20

// WithDefaults fills in what is zero.
func (c Config) WithDefaults() Config {
	setDefault(&c.MaxRequestBytes, wire.DefaultMaxFrameBytes)
	setDefault(&c.MaxConnections, 10_000)
	setDefault(&c.QueuedRequestBytes, QueuedRequestBytes)
	setDefault(&c.IdleTimeout, 10*time.Minute)
	setDefault(&c.FrameTimeout, time.Minute)
	setDefault(&c.WriteTimeout, time.Minute)
	if c.Clock == nil {
		c.Clock = env.SystemClock
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Validate names every fault.
func (c Config) Validate() error {
	var errs []error
	if c.MaxRequestBytes < 1<<20 || int64(c.MaxRequestBytes) > 1<<31-1 {
		errs = append(errs, fmt.Errorf("socket.request.max.bytes must be between 1 MiB and 2 GiB, not %d", c.MaxRequestBytes))
	}
	if c.MaxConnections < 1 {
		errs = append(errs, fmt.Errorf("max.connections must be at least 1, not %d", c.MaxConnections))
	}
	if c.QueuedRequestBytes < int64(c.MaxRequestBytes) {
		errs = append(errs, fmt.Errorf("queued.max.request.bytes (%d) must be at least socket.request.max.bytes (%d)", c.QueuedRequestBytes, c.MaxRequestBytes))
	}
	for _, t := range []struct {
		name string
		d    time.Duration
	}{{"connections.max.idle.ms", c.IdleTimeout}, {"socket.frame.timeout.ms", c.FrameTimeout}, {"socket.write.timeout.ms", c.WriteTimeout}} {
		if t.d < 0 {
			errs = append(errs, fmt.Errorf("%s must not be negative", t.name))
		}
	}
	return errors.Join(errs...)
}
