// Package segment stores one partition's log as a run of segment files, in Kafka's names
// and layouts, so that Kafka's own dump tool reads them.
//
//	00000000000000004711.log        batches, back to back, as they came off the wire
//	00000000000000004711.index      | offset delta (4B) | position (4B) | ...
//	00000000000000004711.timeindex  | timestamp (8B) | offset delta (4B) | ...
//	00000000000000004711.snapshot   the idempotent producers, as of that offset
//	leader-epoch-checkpoint, partition.metadata
//
// Only the .log file is the truth: Open verifies what lies behind the recovery point,
// truncates at the first batch whose CRC does not hold, and rebuilds indexes and producers
// from the batches. docs/format/segment.md has every byte.
//
// A Log has one writer (Append, Roll, Retain, Compact and Close come from one goroutine at
// a time); Flush may run beside it, once at a time. Readers may run beside all and see a
// consistent prefix. The folder is made by the first append: a partition that was never
// written costs no file.
//
// Lock order: Log.mu, handle.mu, Files.mu.
package segment
