package node_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"tailrace/broker/conn"
	"tailrace/executor"
	"tailrace/server/config"
	"tailrace/server/node"
	"tailrace/server/pgwire"
)

var update = flag.Bool("update", false, "write docs/reference/metrics.md")

const metricsPage = "../../docs/reference/metrics.md"

// TestReferencePage keeps the page of the metrics equal to their declarations.
func TestReferencePage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Metrics\n\nGenerated from the declarations. `GET /metrics` on the HTTP port answers in Prometheus' text\nformat; the metrics of the Go runtime and of the process (`go_*`, `process_*`) come with them.\n")
	for _, section := range []struct {
		name string
		list [][2]string
	}{{"Kafka port", conn.Described}, {"Queries", executor.Described}, {"Postgres port", pgwire.Described}, {"Memory", node.DescribedMemory}} {
		fmt.Fprintf(&b, "\n## %s\n\n| metric | what it says |\n|---|---|\n", section.name)
		for _, m := range section.list {
			fmt.Fprintf(&b, "| `%s` | %s |\n", m[0], m[1])
		}
	}
	if *update {
		if err := os.WriteFile(metricsPage, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(metricsPage)
	if err != nil || string(page) != b.String() {
		t.Errorf("%s is not what the code declares (%v): go test ./server/node -run Reference -update", metricsPage, err)
	}
}

// TestMetricsAreDescribed: every metric of ours that a node serves is on the page.
func TestMetricsAreDescribed(t *testing.T) {
	cfg := config.Default()
	cfg.DataDir = t.TempDir()
	cfg.KafkaAddr, cfg.PGAddr, cfg.HTTPAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	n, err := node.Start(context.Background(), cfg, node.Options{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close(context.Background())
	resp, err := http.Get("http://" + n.Addrs().HTTP + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`^[a-z_]+`)
	suffix := regexp.MustCompile(`_(bucket|sum|count)$`)
	for _, line := range strings.Split(string(body), "\n") {
		m := name.FindString(line)
		if m == "" || strings.HasPrefix(m, "go_") || strings.HasPrefix(m, "process_") {
			continue
		}
		if !strings.Contains(string(page), "`"+m+"`") && !strings.Contains(string(page), "`"+suffix.ReplaceAllString(m, "")+"`") {
			t.Errorf("metric %s is not described", m)
		}
	}
}
