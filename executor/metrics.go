package executor

import (
	"context"
	"maps"
	"strconv"
	"sync/atomic"

	"tailrace/storage/commitlog"
	"tailrace/storage/metric"
)

// Metrics are those of queries.
var Metrics = &metric.Group{Title: "Queries"}

var (
	queryStatus = Metrics.Gauge("tailrace_query_status",
		"1 for the status that a query has, 0 for the others: STARTING (its state is being restored), RUNNING, PAUSED, ERROR (it is tried again by itself; SHOW QUERIES EXTENDED says why), FENCED (another server runs it), STOPPED.", "query", "status")
	queryTasks    = Metrics.Gauge("tailrace_query_tasks", "Tasks of a query. 0 in one that does not run.", "query")
	queryRestarts = Metrics.Counter("tailrace_query_restarts_total",
		"Times that a query has failed and was started again. One that grows fails again and again.", "query")
	queryCommits        = Metrics.Counter("tailrace_query_commits_total", "Commits of a query's tasks. Far more than results are wanted a second cost the disk: commit.interval.ms.", "query")
	queryReadRecords    = Metrics.Counter("tailrace_query_read_records_total", "Records that a query has read, those of its repartition topics included.", "query")
	queryReadBytes      = Metrics.Counter("tailrace_query_read_bytes_total", "Bytes of the record batches that a query has read.", "query")
	queryWrittenRecords = Metrics.Counter("tailrace_query_written_records_total", "Records that a query has written to its output and to its repartition topics; those of changelogs are not counted.", "query")
	queryWrittenBytes   = Metrics.Counter("tailrace_query_written_bytes_total", "Bytes of the record batches that a query has written to its output and to its repartition topics.", "query")
	queryLag            = Metrics.Gauge("tailrace_query_lag_records", "Records that a query has not made visible yet, those of its repartition topics included. One that grows is slower than its input.", "query")
	queryLagSeconds     = Metrics.Gauge("tailrace_query_lag_seconds",
		"How far a query is behind the newest record of its input, by the timestamps of records: the furthest of its partitions. Not there until the query has read a record since its start, unless it has read all.", "query")
	queryPartitionLag = Metrics.Gauge("tailrace_query_partition_lag_records", "tailrace_query_lag_records by input partition.", "query", "topic", "partition")
	queryStateBytes   = Metrics.Gauge("tailrace_query_state_bytes", "What the state of a query has in memory, as estimated; the rest is on disk.", "query")
	queryStateDisk    = Metrics.Gauge("tailrace_query_state_disk_bytes", "What the state of a query takes on disk, about. What was written a moment ago is not in it yet.", "query")
	queryEntries      = Metrics.Counter("tailrace_query_processing_log_entries_total",
		"Records that a query has skipped and rows that it could not compute: the processing log's topic has them. query is (transient) for push queries and ad-hoc SELECTs.", "query")
	queryLate   = Metrics.Counter("tailrace_query_late_rows_total", "Rows that came after their window had closed, and were left out: GRACE PERIOD is too short for them.", "query")
	queryMissed = Metrics.Counter("tailrace_query_missed_records_total",
		"Records that retention deleted before a query had read them. Any means results without them: the query is slower than retention, or was stopped for too long.", "query")
	queryPassed = Metrics.Counter("tailrace_query_passed_records_total",
		"Records that were passed because computing them fails, alone: the processing log has topic, partition, offset and reason.", "query")

	entriesDropped = Metrics.Counter("tailrace_processing_log_dropped_entries_total", "Entries of the processing log that were counted only, because more came than it takes.")
	taskCommit     = Metrics.Durations("tailrace_query_commit_duration_seconds",
		"What a commit of a task takes in all: changes of state encoded, tailrace_commit_duration_seconds, and now and then the state written to disk.")
	pushSubscribers = Metrics.Gauge("tailrace_push_subscribers", "Push queries and other subscribers that follow a stream or a table now.")
	pushTasks       = Metrics.Gauge("tailrace_push_shared_tasks", "Tasks that push queries of equal plans share.")
	pushCut         = Metrics.Counter("tailrace_push_slow_total", "Push queries whose clients were too slow to share a task, and went on with one of their own.")
	stateDamaged    = Metrics.Counter("tailrace_state_damaged_total", "Times that the folder of the state was found damaged, moved aside and filled again from the changelogs. Any is a reason to check the disk.")
	stateDisk       = Metrics.Gauge("tailrace_state_disk_bytes", "What the state of all queries takes on disk.")
)

// transient names the queries that nobody named, for their metrics.
const transient = "(transient)"

// rowCounts are what is left out of a query's result.
type rowCounts struct{ entries, late atomic.Int64 }

func (c *rowCounts) write(w *metric.Writer, query string) {
	w.Value(queryEntries, float64(c.entries.Load()), query)
	w.Value(queryLate, float64(c.late.Load()), query)
}

// WriteMetrics writes what the queries of the engine are doing; with partitions also how far
// each is behind in each partition. It looks at the log for the lags, so it is for scrapes,
// not for loops.
func (e *Engine) WriteMetrics(w *metric.Writer, partitions bool) {
	for _, r := range e.all() {
		r.writeMetrics(w, partitions)
	}
	e.transientRows.write(w, transient)
	w.Value(entriesDropped, float64(e.plog.Dropped.Load()))
	w.Histogram(e.commits)
	w.Value(pushSubscribers, float64(e.pushes.Load()+e.feeds.count.Load()))
	w.Value(pushTasks, float64(e.fans.count()))
	w.Value(pushCut, float64(e.cut.Load()))
	w.Value(stateDamaged, float64(e.rebuilt.Load()))
	if e.db != nil {
		if n, err := e.db.DiskBytes(""); err == nil {
			w.Value(stateDisk, float64(n))
		}
	}
}

func (r *query) writeMetrics(w *metric.Writer, partitions bool) {
	st := r.status(context.Background())
	id := st.ID
	for _, s := range []State{Starting, Running, Paused, Failed, Fenced, Stopped} {
		w.Flag(queryStatus, s == st.State, id, string(s))
	}
	at := queryTasks.With(id)
	w.At(queryTasks, float64(st.Tasks), at)
	w.At(queryRestarts, float64(st.Restarts), at)
	w.At(queryCommits, float64(st.Commits), at)
	w.At(queryReadRecords, float64(st.RowsIn), at)
	w.At(queryReadBytes, float64(st.BytesIn), at)
	w.At(queryWrittenRecords, float64(st.RecordsOut), at)
	w.At(queryWrittenBytes, float64(st.BytesOut), at)
	w.At(queryMissed, float64(st.Missed), at)
	w.At(queryPassed, float64(r.passed.Load()), at)
	r.rows.write(w, id)
	lag := int64(0)
	for tp, n := range st.Lag {
		lag += n
		if partitions {
			w.Value(queryPartitionLag, float64(n), id, tp.Topic, strconv.Itoa(int(tp.Partition)))
		}
	}
	w.At(queryLag, float64(lag), at)
	if ms, ok := r.behind(st); ok {
		w.At(queryLagSeconds, float64(ms)/1000, at)
	}
	bytes := int64(0)
	for _, t := range r.tasks() {
		bytes += t.StateBytes()
	}
	w.At(queryStateBytes, float64(bytes), at)
	if r.e.db != nil && r.topo != nil {
		if n, err := r.e.db.DiskBytes(r.topo.AppID + "/"); err == nil {
			w.At(queryStateDisk, float64(n), at)
		}
	}
}

// behind is how many milliseconds of event time lie between what the query has read and the
// newest record of each partition: the most of them. It is not known of a partition of which
// nothing has been read since the start, unless there is nothing to read.
func (r *query) behind(st Status) (ms int64, known bool) {
	r.mu.Lock()
	tasks, read := r.mu.tasks, maps.Clone(r.mu.until)
	r.mu.Unlock()
	if len(tasks) > 0 {
		read = map[commitlog.TopicPartition]int64{}
	}
	for _, t := range tasks {
		t.ReadUntil(read)
	}
	for tp, n := range st.Lag {
		if n == 0 {
			continue
		}
		at, ok := read[tp]
		newest, err := r.e.c.Log.MaxTimestamp(context.Background(), tp)
		if !ok || at < 0 || err != nil || newest < 0 {
			return 0, false
		}
		ms = max(ms, newest-at)
	}
	return ms, len(st.Lag) > 0
}
