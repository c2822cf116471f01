package local

import (
	"time"

	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/metric"
)

// flushed takes note of how long the log of a partition took to become durable.
func (l *Log) flushed(tp commitlog.TopicPartition, took time.Duration) {
	l.meters.segmentSync.Observe(took)
	l.slow("slow fsync", took, "file", "segment", "partition", tp.String())
}

// synced takes note of how long a file took that is synced since began.
func (l *Log) synced(of *metric.Histogram, began time.Time, which ...any) {
	took := l.c.Clock.Now().Sub(began)
	of.Observe(took)
	l.slow("slow fsync", took, which...)
}

// committed takes note of how long a commit took since began.
func (l *Log) committed(c commitlog.Commit, began time.Time) {
	took := l.c.Clock.Now().Sub(began)
	l.meters.commit.Observe(took)
	l.slow("slow commit", took, "group", c.Group, "task", c.Task)
}

// slow says that something took too long, if it did.
func (l *Log) slow(what string, took time.Duration, args ...any) {
	if limit := l.c.SlowDisk; limit > 0 && took > limit {
		l.c.Logger.Warn(what, append(args, env.Took(took))...)
	}
}

// tellRecovery says what Open found and did.
func (l *Log) tellRecovery() {
	r := &l.recovery
	if r.Clean && r.Redone == 0 {
		l.c.Logger.Info("log opened", "partitions", r.Partitions, env.Took(r.Took))
		return
	}
	l.c.Logger.Info("log recovered after an unclean stop", "partitions", r.Partitions, "verified_bytes", r.Verified,
		"truncated_bytes", r.Truncated, "redone_batches", r.Redone, env.Took(r.Took))
}
