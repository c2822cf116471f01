package local

import (
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/metric"
)

// Metrics are those of the log and of what consumer groups have committed.
var Metrics = &metric.Group{Title: "Log"}

var (
	topicsNow     = Metrics.Gauge("tailrace_topics", "Topics, internal ones included.")
	partitionsNow = Metrics.Gauge("tailrace_partitions", "Partitions of all topics. Each costs memory, and time at a start.")

	topicSize            = Metrics.Gauge("tailrace_topic_size_bytes", "Size of a topic's segments.", "topic")
	topicAppendedRecords = Metrics.Counter("tailrace_topic_appended_records_total", "Records appended to a topic, by clients and by queries.", "topic")
	topicAppendedBytes   = Metrics.Counter("tailrace_topic_appended_bytes_total", "Bytes of record batches appended to a topic, as they are stored.", "topic")
	topicFetchedRecords  = Metrics.Counter("tailrace_topic_fetched_records_total", "Records sent to Kafka clients; in a compacted topic, offsets. What queries read is in tailrace_query_read_records_total.", "topic")
	topicFetchedBytes    = Metrics.Counter("tailrace_topic_fetched_bytes_total", "Bytes of record batches sent to Kafka clients.", "topic")

	partitionStart = Metrics.Gauge("tailrace_partition_log_start_offset", "The first offset that can be read. It moves when retention or DeleteRecords take what is before it.", "topic", "partition")
	partitionEnd   = Metrics.Gauge("tailrace_partition_log_end_offset", "The offset that the next record gets.", "topic", "partition")
	partitionSize  = Metrics.Gauge("tailrace_partition_size_bytes", "Size of a partition's segments.", "topic", "partition")

	groupLag          = Metrics.Gauge("tailrace_group_lag_records", "Records of a topic that a consumer group has not committed yet, over all partitions of which it has committed something. One that grows is slower than its input.", "group", "topic")
	groupPartitionLag = Metrics.Gauge("tailrace_group_partition_lag_records", "The same by partition. One partition that lags alone has a consumer that is stuck, or more than its share of the keys.", "group", "topic", "partition")
	groupOffset       = Metrics.Gauge("tailrace_group_committed_offset", "The offset that a consumer group has committed.", "group", "topic", "partition")

	syncDuration = Metrics.Durations("tailrace_fsync_duration_seconds",
		"What it takes to make a file durable, by file: segment (of a partition), journal (of commits of queries), metadata (of topics). Durable appends and commits wait for it: a disk whose fsync takes long is felt everywhere.", "file")
	commitDuration = Metrics.Durations("tailrace_commit_duration_seconds",
		"What a commit of a query's task takes: from its output being handed over to its being durable, and in its topics.")
	retainedSegments   = Metrics.Counter("tailrace_retention_deleted_segments_total", "Segments that retention has deleted.")
	retainedBytes      = Metrics.Counter("tailrace_retention_deleted_bytes_total", "Bytes of the segments that retention has deleted.")
	compactionDuration = Metrics.Durations("tailrace_compaction_duration_seconds", "What it took to compact a partition, each time that there was something to do.")
	compactedBytes     = Metrics.Counter("tailrace_compaction_reclaimed_bytes_total", "Bytes by which compaction has made logs smaller.")

	recoveredPartitions = Metrics.Gauge("tailrace_recovery_partitions", "Partitions that were opened at the start.")
	recoveredVerified   = Metrics.Gauge("tailrace_recovery_verified_bytes", "Bytes whose checksums were verified at the start. They are what a crash left beyond the last checkpoint; 0 after a clean stop.")
	recoveredTruncated  = Metrics.Gauge("tailrace_recovery_truncated_bytes", "Bytes of torn tails that were cut off at the start: of writes that nobody had been promised.")
	recoveredCommits    = Metrics.Gauge("tailrace_recovery_redone_batches", "Batches of commits that were carried out from the journal at the start.")
)

// meters are what the log counts besides its partitions.
type meters struct {
	segmentSync, journalSync, metadataSync, commit, compaction *metric.Histogram
	retainedSegments, retainedBytes, compactedBytes            atomic.Int64
}

func newMeters() meters {
	return meters{
		segmentSync: syncDuration.Histogram("segment"), journalSync: syncDuration.Histogram("journal"), metadataSync: syncDuration.Histogram("metadata"),
		commit: commitDuration.Histogram(), compaction: compactionDuration.Histogram(),
	}
}

// Recovery is what Open found and did.
type Recovery struct {
	// Clean: the last server stopped in order. A new folder is clean.
	Clean      bool
	Partitions int
	// Verified bytes were read for their checksums; Truncated were torn tails.
	Verified, Truncated int64
	// Redone batches of commits were carried out from the journal.
	Redone int
	Took   time.Duration
}

// Recovery tells what Open found and did.
func (l *Log) Recovery() Recovery { return l.recovery }

// WriteMetrics writes the metrics of the log; with partitions also those of each partition.
// It looks at what is in memory and reads no file.
func (l *Log) WriteMetrics(w *metric.Writer, partitions bool) {
	l.mu.RLock()
	topics := make([]*topic, 0, len(l.mu.byName))
	for _, t := range l.mu.byName {
		topics = append(topics, t)
	}
	l.mu.RUnlock()
	// In order, since what is written out is sorted.
	slices.SortFunc(topics, func(a, b *topic) int { return strings.Compare(a.meta.Name, b.meta.Name) })
	n := 0
	for _, t := range topics {
		t.writeMetrics(w, partitions)
		n += len(t.parts)
	}
	w.Value(topicsNow, float64(len(topics)))
	w.Value(partitionsNow, float64(n))
	l.offsets.writeMetrics(w, partitions)
	m := &l.meters
	for _, h := range []*metric.Histogram{m.segmentSync, m.journalSync, m.metadataSync, m.commit, m.compaction} {
		w.Histogram(h)
	}
	w.Value(retainedSegments, float64(m.retainedSegments.Load()))
	w.Value(retainedBytes, float64(m.retainedBytes.Load()))
	w.Value(compactedBytes, float64(m.compactedBytes.Load()))
	w.Value(recoveredPartitions, float64(l.recovery.Partitions))
	w.Value(recoveredVerified, float64(l.recovery.Verified))
	w.Value(recoveredTruncated, float64(l.recovery.Truncated))
	w.Value(recoveredCommits, float64(l.recovery.Redone))
}

func (t *topic) writeMetrics(w *metric.Writer, partitions bool) {
	var all partition.Stat
	for i, p := range t.parts {
		s := p.Stat()
		all.SizeBytes += s.SizeBytes
		all.AppendedRecords += s.AppendedRecords
		all.AppendedBytes += s.AppendedBytes
		all.FetchedRecords += s.FetchedRecords
		all.FetchedBytes += s.FetchedBytes
		if partitions {
			at := partitionStart.With(t.meta.Name, strconv.Itoa(i))
			w.At(partitionStart, float64(s.LogStart), at)
			w.At(partitionEnd, float64(s.LogEnd), at)
			w.At(partitionSize, float64(s.SizeBytes), at)
		}
	}
	at := topicSize.With(t.meta.Name)
	w.At(topicSize, float64(all.SizeBytes), at)
	w.At(topicAppendedRecords, float64(all.AppendedRecords), at)
	w.At(topicAppendedBytes, float64(all.AppendedBytes), at)
	w.At(topicFetchedRecords, float64(all.FetchedRecords), at)
	w.At(topicFetchedBytes, float64(all.FetchedBytes), at)
}

// position is what a group has committed in one partition.
type position struct {
	tp commitlog.TopicPartition
	at commitlog.Offset
}

// writeMetrics writes how far consumer groups are behind.
func (o *Offsets) writeMetrics(w *metric.Writer, partitions bool) {
	for _, group := range o.Groups() {
		lags := map[string]int64{}
		for _, pos := range o.positionsOf(group) {
			p, err := o.l.Partition(pos.tp)
			if err != nil {
				continue // deleted meanwhile
			}
			lag := max(0, int64(p.Bounds().HighWatermark-pos.at))
			lags[pos.tp.Topic] += lag
			if partitions {
				at := groupPartitionLag.With(group, pos.tp.Topic, strconv.Itoa(int(pos.tp.Partition)))
				w.At(groupPartitionLag, float64(lag), at)
				w.At(groupOffset, float64(pos.at), at)
			}
		}
		for topic, lag := range lags {
			w.Value(groupLag, float64(lag), group, topic)
		}
	}
}

func (o *Offsets) positionsOf(name string) []position {
	o.mu.RLock()
	defer o.mu.RUnlock()
	g := o.mu.groups[name]
	if g == nil {
		return nil
	}
	out := make([]position, 0, len(g.positions))
	for tp, s := range g.positions {
		if !s.gone {
			out = append(out, position{tp, s.Offset})
		}
	}
	return out
}
