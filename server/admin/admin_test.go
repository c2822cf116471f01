package admin_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tailrace/server/admin"
	"tailrace/storage/metric"
)

func TestRoutes(t *testing.T) {
	var fault error
	h := admin.New(admin.Info{Version: "1", KsqlServiceID: "s"}, []admin.Check{{Name: "log", Fault: func() error { return fault }}},
		admin.MetricsHandler(metric.NewRegistry().Gatherer(), slog.New(slog.DiscardHandler)))
	for _, tc := range []struct {
		name, path string
		fault      error
		status     int
		want       string
	}{
		{"well", "/health", nil, 200, `"isHealthy":true`},
		{"one part is not well", "/health", errors.New("disk is full"), 503, "disk is full"},
		{"ksqlDB's name", "/healthcheck", nil, 200, `"isHealthy":true`},
		{"info", "/info", nil, 200, `"ksqlServiceId":"s"`},
		{"metrics", "/metrics", nil, 200, "go_goroutines"},
		{"elsewhere", "/nope", nil, 404, "/metrics"},
	} {
		fault = tc.fault
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tc.path, nil))
		body, _ := io.ReadAll(w.Result().Body)
		if w.Code != tc.status || !strings.Contains(string(body), tc.want) {
			t.Errorf("%s: GET %s = %d %s\nwant %d and %s", tc.name, tc.path, w.Code, body, tc.status, tc.want)
		}
	}
}
