package e2e

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/server/node"
	"tailrace/storage/metric"
	"tailrace/storage/metric/metrictest"
)

// scrape asks as Prometheus does.
func (s *server) scrape() metrictest.Scrape {
	s.t.Helper()
	resp, err := http.Get("http://" + s.http + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		s.t.Fatalf("GET /metrics: %s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	return metrictest.Parse(s.t, resp.Body)
}

// busy is a server on which everything goes on of which there are metrics.
type busy struct {
	*server
	sql   *pgx.Conn
	kafka *kgo.Client // a member of the group "readers"
	cut   context.CancelFunc
}

// newBusy starts a server with topics, a stateful query, a group and a push query.
func newBusy(t *testing.T, flags ...string) *busy {
	b := &busy{server: newServer(t, flags...)}
	b.start()
	b.sql = b.psql()
	b.exec(b.sql, "SET auto.offset.reset = 'earliest'",
		`CREATE STREAM clicks (id VARCHAR KEY, page VARCHAR) WITH (kafka_topic='clicks', value_format='JSON', partitions=2)`,
		`CREATE TABLE pages AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page`)
	b.kafka = b.client(kgo.ConsumerGroup("readers"), kgo.ConsumeTopics("clicks"), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond))
	var ctx context.Context
	ctx, b.cut = context.WithCancel(context.Background())
	pushing, ended := b.psql(), make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = pushing.Exec(ctx, "SELECT * FROM clicks EMIT CHANGES")
	}()
	t.Cleanup(func() { // before the one of psql: a connection is closed when nobody uses it
		b.cut()
		<-ended
	})
	eventually(t, func() error {
		if v, _ := b.scrape().Value("tailrace_push_subscribers"); v != 1 {
			return fmt.Errorf("%g push subscribers, want 1", v)
		}
		return nil
	})
	b.work(0)
	return b
}

// work produces 100 records, has group and query read all, and asks for the result. round counts
// the calls.
func (b *busy) work(round int) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var rs []*kgo.Record
	for i := range 100 {
		rs = append(rs, &kgo.Record{Topic: "clicks", Key: fmt.Appendf(nil, "%d", i), Value: fmt.Appendf(nil, `{"page":"p%d"}`, i%7)})
	}
	rs = append(rs, &kgo.Record{Topic: "clicks", Value: []byte("not JSON")})
	if err := b.kafka.ProduceSync(ctx, rs...).FirstErr(); err != nil {
		b.t.Fatal(err)
	}
	for n := 0; n < len(rs); {
		f := b.kafka.PollFetches(ctx)
		if ctx.Err() != nil {
			b.t.Fatal("the group does not get its records")
		}
		n += f.NumRecords()
	}
	if err := b.kafka.CommitUncommittedOffsets(ctx); err != nil {
		b.t.Fatal(err)
	}
	var n int
	b.exec(b.sql, "SET read_consistency = strict")
	if err := b.sql.QueryRow(ctx, "SELECT SUM(n) FROM pages").Scan(&n); err != nil || n != 100*(round+1) {
		b.t.Fatalf("%d rows are counted (%v), want %d", n, err, 100*(round+1))
	}
	if _, err := b.sql.Exec(ctx, "SELECT * FROM nothing"); err == nil {
		b.t.Fatal("there is nothing to select from")
	}
	_, _ = kadm.NewClient(b.kafka).ListEndOffsets(ctx, "nowhere") // an error in its slot
	_, _ = kadm.NewClient(b.kafka).CreateTopic(ctx, 1, 1, nil, "clicks")
}

// TestMetrics scrapes a busy server twice: what it says is as Prometheus wants it, as it is
// declared, and right.
func TestMetrics(t *testing.T) {
	b := newBusy(t)
	first := b.scrape()
	b.exec(b.sql, "PAUSE CTAS_PAGES_1", "RESUME CTAS_PAGES_1") // its tasks are others now
	neverFall(t, first, b.scrape())
	b.work(1)
	second := b.scrape()
	for _, s := range []metrictest.Scrape{first, second} {
		checkScrape(t, s)
	}
	neverFall(t, first, second)
	everything(t, second)

	for series, want := range map[string]float64{
		`tailrace_topic_appended_records_total{topic="clicks"}`:                        202,
		`tailrace_topic_fetched_records_total{topic="clicks"}`:                         202,
		`tailrace_group_lag_records{group="readers",topic="clicks"}`:                   0,
		`tailrace_group_members{group="readers"}`:                                      1,
		`tailrace_query_status{query="CTAS_PAGES_1",status="RUNNING"}`:                 1,
		`tailrace_query_status{query="CTAS_PAGES_1",status="ERROR"}`:                   0,
		`tailrace_query_lag_records{query="CTAS_PAGES_1"}`:                             0,
		`tailrace_query_lag_seconds{query="CTAS_PAGES_1"}`:                             0,
		`tailrace_query_processing_log_entries_total{query="CTAS_PAGES_1"}`:            2,
		`tailrace_connections{listener="postgres"}`:                                    2,
		`tailrace_postgres_errors_total{sqlstate="42P01"}`:                             2,
		`tailrace_kafka_errors_total{api="CreateTopics",error="TOPIC_ALREADY_EXISTS"}`: 2,
		`tailrace_healthy{check="queries"}`:                                            1,
		`tailrace_faults`:                                                              0,
	} {
		second.Want(t, series, want)
	}
	for _, series := range []string{`tailrace_query_processing_log_entries_total{query="(transient)"}`, `tailrace_query_read_records_total{query="CTAS_PAGES_1"}`, `tailrace_query_read_bytes_total{query="CTAS_PAGES_1"}`,
		`tailrace_query_written_records_total{query="CTAS_PAGES_1"}`, `tailrace_query_written_bytes_total{query="CTAS_PAGES_1"}`,
		`tailrace_query_state_bytes{query="CTAS_PAGES_1"}`, `tailrace_topic_size_bytes{topic="clicks"}`, `tailrace_topic_appended_bytes_total{topic="clicks"}`,
		`tailrace_topic_fetched_bytes_total{topic="clicks"}`, `tailrace_memory_used_bytes{account="state"}`, `tailrace_disk_available_bytes`,
		`tailrace_fsync_duration_seconds_count{file="segment"}`, `tailrace_commit_duration_seconds_count`, `tailrace_query_commit_duration_seconds_count`,
		`tailrace_kafka_request_duration_seconds_count{api="Produce"}`, `tailrace_postgres_statement_duration_seconds_count{kind="select"}`,
		`tailrace_start_duration_seconds{phase="log"}`, `tailrace_connections{listener="kafka"}`, `tailrace_build_info{goversion="` + runtime.Version() + `",version="e2e"}`} {
		if v, ok := second.Value(series); !ok || v <= 0 {
			t.Errorf("%s = %g (there: %v), want more than 0", series, v, ok)
		}
	}
	ends, _ := b.tryEnds("clicks")
	for p, end := range ends {
		second.Want(t, fmt.Sprintf(`tailrace_partition_log_end_offset{partition="%d",topic="clicks"}`, p), float64(end))
		second.Want(t, fmt.Sprintf(`tailrace_group_committed_offset{group="readers",partition="%d",topic="clicks"}`, p), float64(end))
	}
}

// TestMetricsOfWhatIsGone: what is dropped is told of no more, and what counts goes on.
func TestMetricsOfWhatIsGone(t *testing.T) {
	b := newBusy(t)
	before := b.scrape()
	tells := func(s metrictest.Scrape, words ...string) (out []string) {
		for series := range s.Series() {
			for _, w := range words {
				if strings.Contains(series, `"`+w+`"`) {
					out = append(out, series)
				}
			}
		}
		return out
	}
	for _, w := range []string{"clicks", "readers", "CTAS_PAGES_1", "PAGES"} {
		if len(tells(before, w)) == 0 {
			t.Errorf("nothing is told of %s", w)
		}
	}
	b.cut()
	b.kafka.Close()
	b.exec(b.sql, "DROP TABLE pages DELETE TOPIC")
	eventually(t, func() error {
		_, err := b.sql.Exec(context.Background(), "DROP STREAM clicks DELETE TOPIC")
		return err
	})
	eventually(t, func() error {
		if _, err := kadm.NewClient(b.client()).DeleteGroups(context.Background(), "readers"); err != nil {
			return err
		}
		if left := tells(b.scrape(), "clicks", "readers", "CTAS_PAGES_1", "PAGES"); len(left) > 0 {
			return fmt.Errorf("told of what is gone:\n%s", strings.Join(left, "\n"))
		}
		return nil
	})
	after := b.scrape()
	checkScrape(t, after)
	neverFall(t, before, after)
}

// TestMetricsWithoutPartitions: the setting leaves out what there is of each partition, and
// nothing else.
func TestMetricsWithoutPartitions(t *testing.T) {
	b := newBusy(t, "metrics.partitions=false")
	s := b.scrape()
	checkScrape(t, s)
	for name, f := range s.Families {
		for _, m := range f.GetMetric() {
			if strings.Contains(metrictest.Labels(m), "partition=") {
				t.Errorf("%s%s is told", name, metrictest.Labels(m))
			}
		}
	}
	s.Want(t, `tailrace_group_lag_records{group="readers",topic="clicks"}`, 0)
}

// declared are the families of a node by name.
func declared() map[string]*metric.Family {
	out := map[string]*metric.Family{}
	for _, g := range node.MetricGroups() {
		for _, f := range g.Families {
			out[f.Name] = f
		}
	}
	return out
}

// checkScrape holds a scrape against Prometheus' conventions, its own sums and the declarations.
func checkScrape(t *testing.T, s metrictest.Scrape) {
	t.Helper()
	problems, err := promlint.New(strings.NewReader(s.Text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("promlint: %s: %s", p.Metric, p.Text)
	}
	known := declared()
	for name, f := range s.Families {
		if f.GetHelp() == "" || f.GetType() == dto.MetricType_UNTYPED {
			t.Errorf("%s has no HELP or no TYPE", name)
		}
		for _, m := range f.GetMetric() {
			if m.Histogram != nil {
				checkHistogram(t, name+metrictest.Labels(m), m.GetHistogram())
			}
		}
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue
		}
		d := known[name]
		if d == nil {
			t.Errorf("%s is not declared", name)
			continue
		}
		if kind := strings.ToLower(f.GetType().String()); kind != string(d.Kind) {
			t.Errorf("%s is a %s, and declared as a %s", name, kind, d.Kind)
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, p := range m.GetLabel() {
				labels = append(labels, p.GetName())
			}
			want := slices.Sorted(slices.Values(d.Labels))
			if slices.Sort(labels); !slices.Equal(labels, want) {
				t.Errorf("%s has the labels %v, declared %v", name, labels, want)
			}
		}
	}
}

// checkHistogram: buckets are cumulative, and the last holds everything.
func checkHistogram(t *testing.T, name string, h *dto.Histogram) {
	t.Helper()
	last, bound := uint64(0), math.Inf(-1)
	for _, b := range h.GetBucket() {
		if b.GetCumulativeCount() < last || b.GetUpperBound() <= bound {
			t.Errorf("%s: bucket le=%g has %d, the one before (%g) %d", name, b.GetUpperBound(), b.GetCumulativeCount(), bound, last)
		}
		last, bound = b.GetCumulativeCount(), b.GetUpperBound()
	}
	if !math.IsInf(bound, 1) || last != h.GetSampleCount() {
		t.Errorf("%s: the last bucket, le=%g, has %d, the count is %d", name, bound, last, h.GetSampleCount())
	}
	if h.GetSampleSum() < 0 || h.GetSampleCount() == 0 && h.GetSampleSum() != 0 {
		t.Errorf("%s: the sum of %d is %g", name, h.GetSampleCount(), h.GetSampleSum())
	}
}

// neverFall: counters, and the series of histograms, grow from one scrape to the next.
func neverFall(t *testing.T, before, after metrictest.Scrape) {
	t.Helper()
	was, is := before.Series(), after.Series()
	for series, v := range was {
		name, _, _ := strings.Cut(series, "{")
		f := after.Families[name]
		if f != nil && f.GetType() == dto.MetricType_GAUGE {
			continue
		}
		if now, ok := is[series]; ok && now < v {
			t.Errorf("%s has fallen from %g to %g", series, v, now)
		}
	}
}

// everything: what is declared is told.
func everything(t *testing.T, s metrictest.Scrape) {
	t.Helper()
	for name := range declared() {
		if s.Families[name] == nil {
			t.Errorf("%s is declared, and a busy server does not tell it", name)
		}
	}
	for _, name := range []string{"go_goroutines", "go_memstats_heap_inuse_bytes", "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds"} {
		if s.Families[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
}
