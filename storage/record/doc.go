// Package record reads and writes Kafka's record batches v2, the unit of disk, wire and
// memory.
//
//	 0 baseOffset i64            8 length i32 (of what follows)
//	12 partitionLeaderEpoch i32 16 magic i8 = 2      17 crc32c u32 (of what follows)
//	21 attributes i16           23 lastOffsetDelta i32
//	27 baseTimestamp i64        35 maxTimestamp i64
//	43 producerId i64           51 producerEpoch i16  53 baseSequence i32
//	57 count i32                61 records, compressed as one block
//
// Attributes: bits 0-2 codec, 3 log-append time, 4 transactional, 5 control, 6 baseTimestamp
// is the delete horizon (KIP-534). Base offset and leader epoch lie before the CRC range:
// a log patches these twelve bytes and stores the rest as it came.
//
// A record is: length, attributes i8, timestampDelta, offsetDelta, key, value, headers;
// numbers are zigzag varints, a length of -1 is null.
//
// Slices that Iter hands out alias the batch (or the iterator's own buffer when the batch
// is compressed). Scanners may load words: at least Slack bytes behind every batch must be
// readable, which whoever owns the batch's buffer guarantees.
package record
