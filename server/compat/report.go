package compat

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
)

// Report collects results.
type Report struct {
	Mode    string         `json:"mode"` // in process, wire
	Passed  int            `json:"passed"`
	Failed  int            `json:"failed"`
	Skipped map[string]int `json:"skipped"` // by reason
	Results []Result       `json:"results"`
}

// Add counts a result.
func (r *Report) Add(res Result) {
	r.Results = append(r.Results, res)
	switch res.Status {
	case Passed:
		r.Passed++
	case Failed:
		r.Failed++
	default:
		if r.Skipped == nil {
			r.Skipped = map[string]int{}
		}
		r.Skipped[res.Reason]++
	}
}

// WriteJSON writes the machine-readable report.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(r)
}

// Mode names how cases are run.
func Mode(wire bool) string {
	if wire {
		return "wire"
	}
	return "in process"
}

// WriteTable prints a line a file, and then the totals.
func (r *Report) WriteTable(w io.Writer) {
	type count struct{ passed, failed, skipped int }
	files := map[string]*count{}
	for _, res := range r.Results {
		f := res.Case.File
		if files[f] == nil {
			files[f] = &count{}
		}
		switch res.Status {
		case Passed:
			files[f].passed++
		case Failed:
			files[f].failed++
		default:
			files[f].skipped++
		}
	}
	names := make([]string, 0, len(files))
	for f := range files {
		names = append(names, f)
	}
	sort.Strings(names)
	fmt.Fprintf(w, "%-34s %7s %7s %7s\n", "file", "passed", "failed", "skipped")
	for _, f := range names {
		fmt.Fprintf(w, "%-34s %7d %7d %7d\n", f, files[f].passed, files[f].failed, files[f].skipped)
	}
	fmt.Fprintln(w, strings.Repeat("-", 58))
	r.WriteTotals(w)
}

// WriteTotals prints the totals, and the skips by reason.
func (r *Report) WriteTotals(w io.Writer) {
	skipped := 0
	for _, n := range r.Skipped {
		skipped += n
	}
	fmt.Fprintf(w, "%-34s %7d %7d %7d\n", "total ("+r.Mode+")", r.Passed, r.Failed, skipped)
	for _, reason := range sortedReasons(r.Skipped) {
		fmt.Fprintf(w, "  skipped: %-40s %5d\n", reason, r.Skipped[reason])
	}
	if ran := r.Passed + r.Failed; ran > 0 {
		fmt.Fprintf(w, "%.1f %% of the %d cases that were not skipped pass\n", 100*float64(r.Passed)/float64(ran), ran)
	}
}

func sortedReasons(m map[string]int) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
