package executor

import (
	"fmt"

	"tailrace/storage/commitlog"
)

// missed counts, logs and shows input that the log dropped before the query had read it.
func (r *query) missed(tp commitlog.TopicPartition, from, to commitlog.Offset) {
	text := fmt.Sprintf("offsets %d to %d of partition %d of topic %s were deleted by retention before they were read", from, to-1, tp.Partition, tp.Topic)
	n := int64(to - from)
	if to < from {
		text = fmt.Sprintf("partition %d of topic %s ends at offset %d, before offset %d, up to which it was read: it was made anew or cut", tp.Partition, tp.Topic, to, from)
		n = 0
	}
	r.e.c.Logger.Error("input is missing", "query", r.plan.ID, "topic", tp.Topic, "partition", tp.Partition, "from", from, "to", to)
	r.log().missed(tp, text)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.missed += n
	r.mu.lastMissed = text
}
