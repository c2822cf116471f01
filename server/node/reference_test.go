package node_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"tailrace/server/node"
)

var update = flag.Bool("update", false, "write docs/reference/metrics.md")

const metricsPage = "../../docs/reference/metrics.md"

// TestReferencePage keeps the page of the metrics equal to their declarations. That a node
// serves what is declared is tested in server/e2e.
func TestReferencePage(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Metrics

<!-- Generated from the declarations: make docs -->

` + "`GET /metrics`" + ` on the HTTP port answers in Prometheus' text format. A histogram has the series
` + "`_bucket` (with the label `le`), `_sum` and `_count`" + `. Counters begin at 0 when the server starts, those of
a topic or a query with it. A series is gone when what it tells of is dropped. Metrics of the Go
runtime and of the process come with them, under their usual names (` + "`go_*`, `process_*`" + `).

Series by partition are left out with ` + "`metrics.partitions: false`" + `.
[What to watch](../operations/metrics.md) says which of them matter, and what to do.
`)
	for _, g := range node.MetricGroups() {
		fmt.Fprintf(&b, "\n## %s\n\n| metric | kind | labels | |\n|---|---|---|---|\n", g.Title)
		for _, f := range g.Families {
			labels := ""
			if len(f.Labels) > 0 {
				labels = "`" + strings.Join(f.Labels, "`, `") + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Kind, labels, strings.ReplaceAll(f.Help, "|", `\|`))
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
