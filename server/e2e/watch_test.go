package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/goccy/go-yaml"

	"tailrace/storage/metric/metrictest"
)

// What people watch a server with, as it stands in docs/operations.
const (
	alertsFile    = "../../docs/operations/alerts.yml"
	dashboardFile = "../../docs/operations/dashboard.json"
	watchPage     = "../../docs/operations/metrics.md"
)

// rule is an alert.
type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

type ruleFile struct {
	Groups []ruleGroup `yaml:"groups"`
}

type ruleGroup struct {
	Name  string `yaml:"name"`
	Rules []rule `yaml:"rules"`
}

func alerts(t *testing.T) []rule {
	t.Helper()
	text, err := os.ReadFile(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	var f ruleFile
	if err := yaml.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	var out []rule
	for _, g := range f.Groups {
		out = append(out, g.Rules...)
	}
	return out
}

// panel is what the checks look at of a panel of the dashboard.
type panel struct {
	ID      int
	Title   string
	GridPos struct{ X, Y, W, H int }
	Targets []struct{ Expr, LegendFormat string }
}

type dashboard struct {
	Panels     []panel
	Templating struct {
		List []struct{ Name, Type, Query string }
	}
}

func theDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// served are the labels of each metric that a server serves, and those that Prometheus adds.
type served map[string][]string

func whatIsServed(s metrictest.Scrape) served {
	out := served{"up": {"job", "instance"}}
	for name, f := range s.Families {
		labels := []string{"job", "instance"}
		for _, m := range f.GetMetric() {
			for _, p := range m.GetLabel() {
				labels = append(labels, p.GetName())
			}
			if m.Histogram != nil {
				out[name+"_count"], out[name+"_sum"] = labels, labels
				out[name+"_bucket"] = append(slices.Clone(labels), "le")
			}
		}
		out[name] = labels
	}
	return out
}

// check holds an expression against what is served; what names it in a failure.
func (s served) check(t *testing.T, what, expr string) (labels []string) {
	t.Helper()
	e, err := metricsql.Parse(expr)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return nil
	}
	var by []string
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.MetricExpr:
			for _, filters := range e.LabelFilterss {
				name := ""
				for _, f := range filters {
					switch {
					case f.Label == "__name__":
						if name = f.Value; s[name] == nil {
							t.Errorf("%s: %s is not served", what, name)
						}
						labels = append(labels, s[name]...)
					case !slices.Contains(s[name], f.Label):
						t.Errorf("%s: %s has no label %s", what, name, f.Label)
					}
				}
				if name == "" {
					t.Errorf("%s: a selector without a metric: %s", what, expr)
				}
			}
		case *metricsql.ModifierExpr:
			by = append(by, e.Args...)
		}
	})
	for _, l := range by {
		if !slices.Contains(labels, l) {
			t.Errorf("%s: nothing in %s has the label %s", what, expr, l)
		}
	}
	return labels
}

// TestDashboardAndAlerts: every metric that the dashboard and the alerts name is served, with
// the labels that they use; every alert is explained on the page.
func TestDashboardAndAlerts(t *testing.T) {
	known := whatIsServed(newBusy(t).scrape())
	page, err := os.ReadFile(watchPage)
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`\$labels\.(\w+)`)
	for _, r := range alerts(t) {
		labels := known.check(t, "alert "+r.Alert, r.Expr)
		for _, m := range used.FindAllStringSubmatch(r.Annotations["summary"], -1) {
			if !slices.Contains(labels, m[1]) {
				t.Errorf("the summary of %s uses the label %s, which there is not", r.Alert, m[1])
			}
		}
		if !strings.Contains(string(page), "\n### "+r.Alert+"\n") {
			t.Errorf("%s does not explain %s", watchPage, r.Alert)
		}
		if want := "docs/operations/metrics.md#" + strings.ToLower(r.Alert); r.Annotations["runbook"] != want || r.Labels["severity"] == "" || r.Annotations["summary"] == "" {
			t.Errorf("%s has no severity, no summary, or another runbook than %s", r.Alert, want)
		}
	}
	d := theDashboard(t)
	ids := map[int]bool{}
	for i, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		for _, q := range d.Panels[:i] {
			a, b := p.GridPos, q.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("panels %q and %q lie over each other", p.Title, q.Title)
			}
		}
		for _, target := range p.Targets {
			labels := known.check(t, "panel "+p.Title, plain(target.Expr))
			for _, m := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				if !slices.Contains(labels, m[1]) {
					t.Errorf("the legend of %q uses the label %s, which there is not", p.Title, m[1])
				}
			}
		}
	}
	for _, v := range d.Templating.List {
		if m := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`).FindStringSubmatch(v.Query); m != nil {
			if labels := known.check(t, "variable "+v.Name, m[1]); !slices.Contains(labels, m[2]) {
				t.Errorf("variable %s: %s has no label %s", v.Name, m[1], m[2])
			}
		} else if v.Type == "query" {
			t.Errorf("variable %s is not understood: %s", v.Name, v.Query)
		}
	}
}

// plain is an expression of the dashboard without Grafana's variables of time.
func plain(expr string) string { return strings.ReplaceAll(expr, "$__rate_interval", "5m") }

// raised are series, in promtool's notation, that raise each alert: a sample a minute, seen
// after two hours.
var raised = map[string][]string{
	"TailraceDown":                 {`up{job="tailrace"} 0x120`},
	"TailraceRestarts":             {`process_start_time_seconds{job="tailrace"} 1+600x120`},
	"TailraceUnhealthy":            {`tailrace_healthy{check="queries"} 0x120`},
	"TailraceDamage":               {`tailrace_faults 1x120`},
	"TailraceStateDamaged":         {`tailrace_state_damaged_total 0x100 1x20`},
	"TailraceStorageErrors":        {`tailrace_kafka_errors_total{api="Produce",error="KAFKA_STORAGE_ERROR"} 0x115 1x10`},
	"TailraceBug":                  {`tailrace_postgres_errors_total{sqlstate="XX000"} 0x115 1x10`},
	"TailraceQueryFailed":          {`tailrace_query_status{query="Q",status="ERROR"} 1x120`},
	"TailraceQueryRestarts":        {`tailrace_query_restarts_total{query="Q"} 0+1x120`},
	"TailraceQueryLags":            {`tailrace_query_lag_records{query="Q"} 9000+100x120`},
	"TailraceQueryLate":            {`tailrace_query_lag_seconds{query="Q"} 400x120`},
	"TailraceInputMissed":          {`tailrace_query_missed_records_total{query="Q"} 0x100 5x20`},
	"TailraceRecordsLeftOut":       {`tailrace_query_passed_records_total{query="Q"} 0x100 1x20`},
	"TailraceGroupLags":            {`tailrace_group_lag_records{group="g",topic="t"} 9000+100x120`},
	"TailraceGroupWithoutMembers":  {`tailrace_group_members{group="g",instance="i"} 0x120`, `tailrace_group_lag_records{group="g",topic="t",instance="i"} 5x120`},
	"TailraceDiskFull":             {`tailrace_disk_available_bytes 4x120`, `tailrace_disk_size_bytes 100x120`},
	"TailraceDiskFills":            {`tailrace_disk_available_bytes 29-0.05x120`, `tailrace_disk_size_bytes 100x120`},
	"TailraceSlowDisk":             {`tailrace_fsync_duration_seconds_bucket{file="segment",le="0.5"} 0x120`, `tailrace_fsync_duration_seconds_bucket{file="segment",le="1"} 0+60x120`, `tailrace_fsync_duration_seconds_bucket{file="segment",le="+Inf"} 0+60x120`},
	"TailraceMemoryRefused":        {`tailrace_memory_refused_total{account="statements"} 0x115 1x10`},
	"TailraceConnectionsRefused":   {`tailrace_connections_refused_total{listener="kafka"} 0x115 1x10`},
	"TailraceConnectionsNearLimit": {`tailrace_connections{listener="kafka"} 95x120`, `tailrace_connections_limit{listener="kafka"} 100x120`},
	"TailraceFewDescriptors":       {`process_open_fds{job="tailrace"} 95x120`, `process_max_fds{job="tailrace"} 100x120`},
}

// TestAlertsOfPrometheus asks Prometheus' own tool: it takes the rules and the dashboard's
// expressions; each alert is raised by what it is for, and none by a busy server that is well.
func TestAlertsOfPrometheus(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed (Debian: apt-get install prometheus): alerts are not tried")
	}
	dir := t.TempDir()
	write := func(name string, v any) string {
		text, err := yaml.Marshal(v)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args[:2], " "), err, out)
		}
	}
	run("check", "rules", alertsFile)
	var expressions []recording
	for _, p := range theDashboard(t).Panels {
		for _, target := range p.Targets {
			expressions = append(expressions, recording{fmt.Sprintf("panel_%d_%d", p.ID, len(expressions)), plain(target.Expr)})
		}
	}
	run("check", "rules", write("dashboard.yml", map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": expressions}}}))

	rules, err := filepath.Abs(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	f := promTests{RuleFiles: []string{rules}, EvaluationInterval: "1m"}
	for _, r := range alerts(t) {
		if raised[r.Alert] == nil {
			t.Errorf("nothing raises %s", r.Alert)
		}
		f.Tests = append(f.Tests, promTestOf(r.Alert, raised[r.Alert], fmt.Sprintf(`count(ALERTS{alertname=%q,alertstate="firing"}) > bool 0`, r.Alert), `{}`))
	}
	var quiet []string
	for series, v := range newBusy(t).scrape().Series() {
		if !strings.Contains(series, " le=") { // no alert is of a histogram that does not move
			quiet = append(quiet, fmt.Sprintf("%s %gx120", series, v))
		}
	}
	f.Tests = append(f.Tests, promTestOf("a server that is well", quiet, "ALERTS", ""))
	run("test", "rules", write("tests.yml", f))
}

type recording struct {
	Record string `yaml:"record"`
	Expr   string `yaml:"expr"`
}

// promTests is a file of promtool test rules.
type promTests struct {
	RuleFiles          []string   `yaml:"rule_files"`
	EvaluationInterval string     `yaml:"evaluation_interval"`
	Tests              []promTest `yaml:"tests"`
}

type promTest struct {
	Name     string       `yaml:"name"`
	Interval string       `yaml:"interval"`
	Input    []promSeries `yaml:"input_series"`
	Exprs    []promExpr   `yaml:"promql_expr_test"`
}

type promSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

type promExpr struct {
	Expr     string       `yaml:"expr"`
	EvalTime string       `yaml:"eval_time"`
	Samples  []promSample `yaml:"exp_samples"`
}

type promSample struct {
	Labels string  `yaml:"labels"`
	Value  float64 `yaml:"value"`
}

// promTestOf says that expr is 1, with labels, after two hours; without labels, that it is empty.
func promTestOf(name string, series []string, expr, labels string) promTest {
	p := promTest{Name: name, Interval: "1m", Exprs: []promExpr{{Expr: expr, EvalTime: "2h", Samples: []promSample{}}}}
	if labels != "" {
		p.Exprs[0].Samples = append(p.Exprs[0].Samples, promSample{labels, 1})
	}
	for _, s := range series {
		at := strings.LastIndex(s, "} ") + 1
		if at == 0 {
			at = strings.Index(s, " ")
		}
		p.Input = append(p.Input, promSeries{s[:at], s[at+1:]})
	}
	return p
}
