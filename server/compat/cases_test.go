package compat

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// shared is where ksqlDB's own cases are kept beside the project.
const shared = "../../../shared/ksql-cases"

func runAll(t *testing.T, dir string, wire bool, chosen func(i int) bool) *Report {
	t.Helper()
	return runCases(t, dir, Load, wire, chosen)
}

func runCases(t *testing.T, dir string, load func(string) ([]Case, error), wire bool, chosen func(i int) bool) *Report {
	t.Helper()
	cases, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var run []Case
	for i, c := range cases {
		if chosen == nil || chosen(i) {
			run = append(run, c)
		}
	}
	r := &Report{Mode: Mode(wire)}
	Run(context.Background(), run, wire, r.Add)
	return r
}

// replay is the command that runs one case again.
func replay(r Result, dir string, wire bool) string {
	target := "compat"
	if wire {
		target = "compat-wire"
	}
	abs, _ := filepath.Abs(dir)
	return "make " + target + " CASES=" + abs + " ARGS='-run \"" + r.Name + "\"'"
}

// The project's own cases, which say by rule what ksqlDB's reference says, hold in process.
func TestOwnCases(t *testing.T) {
	r := runAll(t, "testdata", false, nil)
	for _, res := range r.Results {
		if res.Status != Passed {
			t.Errorf("%s: %s\n%s\nagain: %s", res.Name, res.Status, res.Reason, replay(res, "testdata", false))
		}
	}
	if len(r.Results) < 50 {
		t.Errorf("%d cases, want at least 50", len(r.Results))
	}
}

// A sample of them holds through the ports of a server too: every third, and in short
// runs every ninth.
func TestOwnCasesThroughTheWire(t *testing.T) {
	every := 3
	if testing.Short() {
		every = 9
	}
	r := runAll(t, "testdata", true, func(i int) bool { return i%every == 0 })
	for _, res := range r.Results {
		if res.Status != Passed {
			t.Errorf("%s: %s\n%s\nagain: %s", res.Name, res.Status, res.Reason, replay(res, "testdata", true))
		}
	}
}

// The project's own cases of queries that answer a client hold.
func TestOwnAskedCases(t *testing.T) {
	r := runCases(t, "testdata", LoadAsked, false, nil)
	for _, res := range r.Results {
		if res.Status != Passed {
			t.Errorf("%s: %s\n%s", res.Name, res.Status, res.Reason)
		}
	}
	if len(r.Results) == 0 {
		t.Error("no cases")
	}
}

// ksqlDB's cases of its REST interface: at least nine in ten of those that are not skipped
// pass.
func TestSharedAskedCases(t *testing.T) {
	if _, err := os.Stat(shared); err != nil {
		t.Skipf("skipped: there is no folder %s with ksqlDB's cases", shared)
	}
	r := runCases(t, shared, LoadAsked, false, nil)
	if ran := r.Passed + r.Failed; ran == 0 || r.Passed*10 < ran*9 {
		t.Errorf("%d of %d cases pass, want at least 90 %%", r.Passed, ran)
	}
}

// ksqlDB's cases: at least nine in ten of those that are not skipped pass.
func TestSharedCases(t *testing.T) {
	if _, err := os.Stat(shared); err != nil {
		t.Skipf("skipped: there is no folder %s with ksqlDB's cases", shared)
	}
	r := runAll(t, shared, false, nil)
	var table bytes.Buffer
	r.WriteTotals(&table)
	t.Logf("\n%s", table.String())
	if ran := r.Passed + r.Failed; ran == 0 || r.Passed*10 < ran*9 {
		for _, res := range r.Results {
			if res.Status == Failed {
				t.Logf("%s: %s", res.Name, res.Reason)
			}
		}
		t.Errorf("%d of %d cases pass, want at least 90 %%", r.Passed, ran)
	}
}
