package task

import "tailrace/storage/commitlog"

// Traffic is what a task has read and written since Open.
type Traffic struct {
	// RowsIn were pushed, RowsOut emitted; of the halves of an update each counts.
	RowsIn, RowsOut int64
	// BytesIn are those of the batches read; RecordsOut and BytesOut of the committed output,
	// changelogs aside.
	BytesIn, RecordsOut, BytesOut int64
	// Commits are those that the log has taken.
	Commits int64
}

// Add sums the traffic of several tasks.
func (t *Traffic) Add(x Traffic) {
	t.RowsIn += x.RowsIn
	t.RowsOut += x.RowsOut
	t.BytesIn += x.BytesIn
	t.RecordsOut += x.RecordsOut
	t.BytesOut += x.BytesOut
	t.Commits += x.Commits
}

// Traffic is what the task has read and written. It may be asked by anybody.
func (t *Task) Traffic() Traffic {
	return Traffic{RowsIn: t.rowsIn.Load(), RowsOut: t.rowsOut.Load(), BytesIn: t.bytesIn.Load(),
		RecordsOut: t.recordsWritten.Load(), BytesOut: t.bytesWritten.Load(), Commits: t.commits.Load()}
}

// StateBytes is what the state had in memory at the last commit. It may be asked by anybody.
func (t *Task) StateBytes() (n int64) {
	t.Sizes(func(_ string, s Size) { n += s.Bytes })
	return n
}

// ReadUntil puts into out the timestamp up to which each partition has been read and shown;
// -1 where nothing was read since Open; of a partition that several tasks read, the least. It
// may be asked by anybody.
func (t *Task) ReadUntil(out map[commitlog.TopicPartition]int64) {
	t.applied.mu.Lock()
	defer t.applied.mu.Unlock()
	for tp, ms := range t.applied.mu.until {
		if have, ok := out[tp]; !ok || ms < have { // -1 is the least
			out[tp] = ms
		}
	}
}
