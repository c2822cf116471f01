package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tailrace/server/config"
	"tailrace/server/node"
	"tailrace/testdata"
)

// flight is a line of the raw file.
type flight struct {
	Date, Origin, Destination string
	Delay, Distance           int
}

// rawFlights and rawAirports read the files anew, not through the demo's own loader.
func rawFlights(t *testing.T) []flight {
	t.Helper()
	var out []flight
	if err := json.Unmarshal(testdata.Flights, &out); err != nil {
		t.Fatal(err)
	}
	if len(out) != 20_000 {
		t.Fatalf("%d flights", len(out))
	}
	return out
}

// rawAirports gives name, city and state by IATA code.
func rawAirports(t *testing.T) map[string][3]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(testdata.Airports)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][3]string{}
	for _, row := range rows[1:] {
		out[row[0]] = [3]string{row[1], row[2], row[3]}
	}
	return out
}

// answers are the rows of each view, as text, with how often each comes.
type answers map[string]map[string]int

func (a answers) add(view string, columns ...any) {
	if a[view] == nil {
		a[view] = map[string]int{}
	}
	a[view][line(columns)]++
}

func line(columns []any) string {
	text := make([]string, len(columns))
	for i, c := range columns {
		text[i] = fmt.Sprint(c)
	}
	return strings.Join(text, "|")
}

// sum is what an aggregate keeps.
type sum struct{ n, total, worst int }

func (s *sum) add(v int) {
	if s.n == 0 || v > s.worst {
		s.worst = v
	}
	s.n, s.total = s.n+1, s.total+v
}

func (s *sum) avg() float64 { return float64(s.total) / float64(s.n) }

// at returns the sum of a key, made when there is none.
func at[K comparable](m map[K]*sum, k K) *sum {
	if m[k] == nil {
		m[k] = &sum{}
	}
	return m[k]
}

// recompute works out every view of the demo from the raw files.
func recompute(t *testing.T) answers {
	t.Helper()
	type day struct {
		origin string
		start  int64
	}
	airports := rawAirports(t)
	byAirport, byState, perDay := map[string]*sum{}, map[string]*sum{}, map[day]*sum{}
	out := answers{}
	for _, f := range rawFlights(t) {
		departed, err := time.Parse("2006/01/02 15:04", f.Date)
		if err != nil {
			t.Fatal(err)
		}
		if f.Delay > 60 {
			out.add("late_flights", f.Date, f.Origin, f.Destination, f.Delay)
		}
		at(byAirport, f.Origin).add(f.Delay)
		at(perDay, day{f.Origin, departed.Truncate(24 * time.Hour).UnixMilli()}).add(f.Delay)
		if a, ok := airports[f.Origin]; ok {
			out.add("departures", f.Origin, a[0], a[1], a[2], f.Destination, f.Delay)
			at(byState, a[2]).add(f.Delay)
		}
	}
	for origin, s := range byAirport {
		out.add("by_airport", origin, s.n, s.avg(), s.worst)
	}
	for d, s := range perDay {
		out.add("per_day", d.origin, d.start, s.n, s.total)
	}
	for state, s := range byState {
		out.add("by_state", state, s.n, s.avg())
	}
	return out
}

// selects reads every view in full.
var selects = map[string]string{
	"late_flights": "SELECT date, origin, destination, delay FROM late_flights",
	"by_airport":   "SELECT origin, flights, avg_delay, worst FROM by_airport",
	"per_day":      "SELECT origin, windowstart, flights, minutes FROM per_day",
	"departures":   "SELECT origin, airport, city, state, destination, delay FROM departures",
	"by_state":     "SELECT state, flights, avg_delay FROM by_state",
}

// TestAnswers runs the demo against a node of its own, and compares every view with what
// the raw files give.
func TestAnswers(t *testing.T) {
	ctx := context.Background()
	cfg := config.Default()
	cfg.DataDir, cfg.RetentionMs = t.TempDir(), -1
	cfg.KafkaAddr, cfg.PGAddr, cfg.HTTPAddr = "127.0.0.1:0", "127.0.0.1:0", "off"
	n, err := node.Start(ctx, cfg, node.Options{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close(ctx)
	var out, complaints bytes.Buffer
	if err := Run(ctx, Options{Kafka: n.Addrs().Kafka, PG: n.Addrs().PG, Out: &out, Err: &complaints}); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out.String(), complaints.String())
	}
	if complaints.Len() > 0 {
		t.Errorf("the demo complains: %s", complaints.String())
	}
	c, err := pgx.Connect(ctx, URL(n.Addrs().PG))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, Strict); err != nil {
		t.Fatal(err)
	}
	want := recompute(t)
	for view, query := range selects {
		rows, err := c.Query(ctx, query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		got := answers{}
		for rows.Next() {
			values, err := rows.Values()
			if err != nil {
				t.Fatal(err)
			}
			got.add(view, values...)
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		compare(t, view, got[view], want[view])
	}
	checkPrinted(t, out.String(), want)
}

// compare tells of the first few rows that differ.
func compare(t *testing.T, view string, got, want map[string]int) {
	t.Helper()
	if len(want) == 0 {
		t.Fatalf("%s: nothing to compare with", view)
	}
	wrong := 0
	tell := func(format string, args ...any) {
		if wrong++; wrong <= 5 {
			t.Errorf(view+": "+format, args...)
		}
	}
	for row, n := range want {
		if got[row] != n {
			tell("row %s is there %d times, want %d", row, got[row], n)
		}
	}
	for row := range got {
		if want[row] == 0 {
			tell("row %s is not in the raw files", row)
		}
	}
	if wrong > 0 {
		t.Errorf("%s: %d rows differ", view, wrong)
	}
}

// checkPrinted looks for an answer on the screen: what a person sees is what the views hold.
func checkPrinted(t *testing.T, out string, want answers) {
	t.Helper()
	for row := range want["by_airport"] {
		columns := strings.Split(row, "|")
		if columns[0] != "ATL" {
			continue
		}
		for _, printed := range strings.Split(out, "\n") {
			fields := strings.FieldsFunc(printed, func(r rune) bool { return strings.ContainsRune(" |│", r) })
			if len(fields) == 4 && fields[0] == "ATL" && fields[1] == columns[1] && fields[3] == columns[3] {
				return
			}
		}
		t.Errorf("the demo does not show ATL with %s flights and a worst delay of %s:\n%s", columns[1], columns[3], out)
	}
}
