package partition

import "sync/atomic"

// counts are what has gone into a partition and out of it since it was opened.
type counts struct {
	appendedRecords, appendedBytes, fetchedRecords, fetchedBytes atomic.Int64
}

// Fetched counts what a client is sent of the partition.
func (p *Partition) Fetched(records, bytes int64) {
	p.counts.fetchedRecords.Add(records)
	p.counts.fetchedBytes.Add(bytes)
}

// Stat is a partition at one moment, for whoever watches it.
type Stat struct {
	LogStart, LogEnd Offset
	SizeBytes        int64
	// AppendedRecords and the others count since the partition was opened; FetchedRecords is of
	// offsets, as far as the log has been compacted.
	AppendedRecords, AppendedBytes, FetchedRecords, FetchedBytes int64
}

// Stat looks at the partition.
func (p *Partition) Stat() Stat {
	s := p.log.Stat()
	return Stat{
		LogStart: Offset(s.Start), LogEnd: Offset(s.End), SizeBytes: s.Bytes,
		AppendedRecords: p.counts.appendedRecords.Load(), AppendedBytes: p.counts.appendedBytes.Load(),
		FetchedRecords: p.counts.fetchedRecords.Load(), FetchedBytes: p.counts.fetchedBytes.Load(),
	}
}

// MaxTimestampMs is the largest timestamp of the records in the log, -1 without any.
func (p *Partition) MaxTimestampMs() int64 { return p.log.Stat().MaxTimestamp }
