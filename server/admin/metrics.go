package admin

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tailrace/storage/metric"
)

// Metrics are those of the HTTP port.
var Metrics = &metric.Group{Title: "HTTP port"}

var requests = Metrics.Counter("tailrace_http_requests_total",
	"Requests by path, as far as there is something at it, and status. 421 and 403 are requests that a web page of somebody else's made a browser send.", "path", "code")

const (
	// scrapesAtOnce bounds the memory that answers to GET /metrics take together.
	scrapesAtOnce = 4
	// scrapeTimeout is below the ten seconds for which Prometheus waits by default.
	scrapeTimeout = 9 * time.Second
)

// MetricsHandler answers GET /metrics in Prometheus' text format. What cannot be told is left
// out, with a line in the log.
func MetricsHandler(from prometheus.Gatherer, logger *slog.Logger) http.Handler {
	return promhttp.HandlerFor(from, promhttp.HandlerOpts{
		ErrorLog: scrapeLog{logger}, ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapesAtOnce, Timeout: scrapeTimeout,
	})
}

// scrapeLog takes what is wrong with a scrape.
type scrapeLog struct{ *slog.Logger }

// Println implements promhttp.Logger.
func (l scrapeLog) Println(v ...any) { l.Warn("metrics", "err", v) }

// Counter counts requests.
type Counter struct{ requests *metric.Counts }

// NewCounter makes a counter that has seen none.
func NewCounter() *Counter { return &Counter{requests.Counts()} }

// WriteMetrics writes the counts.
func (c *Counter) WriteMetrics(w *metric.Writer) { w.Counts(c.requests) }

// Count counts what passes to next.
func (c *Counter) Count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		path := "" // nothing was looked up
		if r.Pattern != "" {
			path = r.Pattern[strings.Index(r.Pattern, "/"):]
		}
		c.requests.Add(1, path, strconv.Itoa(seen.status))
	})
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is beneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
