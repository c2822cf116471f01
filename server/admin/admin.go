// Package admin is the HTTP port: health for those who restart servers, metrics for
// those who watch them.
//
//	GET /health         200 {"isHealthy":true,...} or 503
//	GET /healthcheck    the same, by ksqlDB's name
//	GET /info           ksqlDB's: version, cluster id, service id
//	GET /metrics        Prometheus text format
package admin

import (
	"encoding/json"
	"net/http"
	"time"
)

// Check is one part of a server that can be well or not.
type Check struct {
	Name string
	// Fault says what is wrong; nil means well.
	Fault func() error
}

// Info is what GET /info answers.
type Info struct {
	Version        string `json:"version"`
	KafkaClusterID string `json:"kafkaClusterId"`
	KsqlServiceID  string `json:"ksqlServiceId"`
	ServerStatus   string `json:"serverStatus"`
}

// New makes the HTTP server's handler; metrics answers GET /metrics.
func New(info Info, checks []Check, metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	health := func(w http.ResponseWriter, _ *http.Request) { serveHealth(w, checks) }
	mux.HandleFunc("GET /health", health)
	mux.HandleFunc("GET /healthcheck", health)
	mux.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]Info{"KsqlServerInfo": info})
	})
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusNotFound, map[string]any{"error_code": 40400,
			"message": "nothing at " + r.URL.Path + "; this port has /health, /info and /metrics"})
	})
	return mux
}

// NewServer wraps the handler in a server with limits: a client that is slow to send its
// request, or to read the answer, does not keep a connection for ever.
func NewServer(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
}

type checkResult struct {
	IsHealthy bool   `json:"isHealthy"`
	Fault     string `json:"fault,omitempty"`
}

func serveHealth(w http.ResponseWriter, checks []Check) {
	healthy := true
	details := map[string]checkResult{}
	for _, c := range checks {
		r := checkResult{IsHealthy: true}
		if err := c.Fault(); err != nil {
			r, healthy = checkResult{Fault: err.Error()}, false
		}
		details[c.Name] = r
	}
	status := http.StatusOK
	if !healthy {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, map[string]any{"isHealthy": healthy, "details": details})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client went away: nobody to tell
}
