package local

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/common/expfmt"

	"tailrace/storage/commitlog"
	"tailrace/storage/metric"
	"tailrace/storage/metric/metrictest"
)

// What the log tells is what was appended, trimmed and committed: also after records were
// deleted, and of names that are no text.
func TestMetrics(t *testing.T) {
	ctx := context.Background()
	l := mustOpen(t, Config{FS: vfs.NewMem(), Dir: "/d"})
	defer mustClose(t, l)
	mustCreate(t, l, "a", 2, nil)
	for range 5 {
		if _, err := l.Append(ctx, one("a", "v"), commitlog.AcksDurable); err != nil {
			t.Fatal(err)
		}
	}
	p, err := l.Partition(part("a", 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DeleteRecords(2); err != nil {
		t.Fatal(err)
	}
	for _, group := range []string{"g", "no\xfftext"} {
		if err := l.Offsets().Commit(ctx, group, map[commitlog.TopicPartition]CommittedOffset{part("a", 0): {Offset: 3}, part("a", 1): {Offset: 7}}); err != nil {
			t.Fatal(err)
		}
	}
	s := metrictest.Of(t, func(w *metric.Writer) { l.WriteMetrics(w, true) }, Metrics)
	for series, want := range map[string]float64{
		`tailrace_topic_appended_records_total{topic="a"}`:                        5,
		`tailrace_topic_size_bytes{topic="a"}`:                                    float64(p.SizeBytes()),
		`tailrace_partition_log_start_offset{partition="0",topic="a"}`:            2,
		`tailrace_partition_log_end_offset{partition="0",topic="a"}`:              5,
		`tailrace_partition_log_end_offset{partition="1",topic="a"}`:              0,
		`tailrace_group_lag_records{group="g",topic="a"}`:                         2, // beyond the end is no lag
		`tailrace_group_partition_lag_records{group="g",partition="0",topic="a"}`: 2,
		`tailrace_group_committed_offset{group="g",partition="1",topic="a"}`:      7,
		`tailrace_group_lag_records{group="no\\xfftext",topic="a"}`:               2,
		`tailrace_partitions`: 2 + OffsetsPartitions,
	} {
		s.Want(t, series, want)
	}
}

// Retention is counted, and said in the log.
func TestMetricsOfRetention(t *testing.T) {
	ctx := context.Background()
	l := mustOpen(t, Config{FS: vfs.NewMem(), Dir: "/d"})
	defer mustClose(t, l)
	mustCreate(t, l, "a", 1, map[string]string{"retention.ms": "1000"})
	if _, err := l.Append(ctx, one("a", "v"), commitlog.AcksDurable); err != nil {
		t.Fatal(err)
	}
	p, _ := l.Partition(part("a", 0))
	size := p.SizeBytes()
	l.retain(time.Now())
	s := metrictest.Of(t, func(w *metric.Writer) { l.WriteMetrics(w, true) }, Metrics)
	s.Want(t, "tailrace_retention_deleted_segments_total", 1)
	s.Want(t, "tailrace_retention_deleted_bytes_total", float64(size))
	s.Want(t, `tailrace_partition_log_start_offset{partition="0",topic="a"}`, 1)
}

// BenchmarkScrape is a scrape of many topics, from the counts to Prometheus' text.
func BenchmarkScrape(b *testing.B) {
	const topics = 10_000
	l := mustOpen(b, Config{FS: vfs.NewMem(), Dir: "/d"})
	defer mustClose(b, l)
	positions := map[commitlog.TopicPartition]CommittedOffset{}
	for i := range topics {
		name := fmt.Sprintf("topic-%d", i)
		mustCreate(b, l, name, 1, nil)
		if i%10 == 0 {
			positions[part(name, 0)] = CommittedOffset{}
		}
	}
	if err := l.Offsets().Commit(context.Background(), "g", positions); err != nil {
		b.Fatal(err)
	}
	for _, partitions := range []bool{true, false} {
		b.Run(fmt.Sprintf("topics=%d/partitions=%v", topics, partitions), func(b *testing.B) {
			r := metric.NewRegistry(Metrics)
			r.Add(func(w *metric.Writer) { l.WriteMetrics(w, partitions) })
			b.ReportAllocs()
			series := 0
			for b.Loop() {
				families, err := r.Gatherer().Gather()
				if err != nil {
					b.Fatal(err)
				}
				series = 0
				for _, f := range families {
					series += len(f.GetMetric())
					if _, err := expfmt.MetricFamilyToText(io.Discard, f); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(series), "series")
		})
	}
}
