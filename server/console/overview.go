package console

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tailrace/executor"
)

// overview is the present in numbers, and what is wrong.
type overview struct {
	At       int64      `json:"at" doc:"ms since 1970."`
	Started  int64      `json:"started"`
	Healthy  bool       `json:"healthy" doc:"As GET /health."`
	Problems []problem  `json:"problems" doc:"The worst first, at most 100."`
	More     int        `json:"more_problems" doc:"Problems that the list has no room for."`
	Topics   int        `json:"topics" doc:"Without those of the server itself."`
	Internal int        `json:"internal_topics"`
	Parts    int32      `json:"partitions"`
	Queries  queryCount `json:"queries"`
	Groups   int        `json:"groups" doc:"Without those of queries."`
	Streams  int        `json:"streams"`
	Tables   int        `json:"tables"`
	LogBytes int64      `json:"log_bytes"`
	Disk     diskUse    `json:"disk"`
	Memory   []account  `json:"memory"`
	// MemoryLimit is what all accounts may have together.
	MemoryLimit int64 `json:"memory_limit"`
}

type queryCount struct {
	Total   int `json:"total"`
	Running int `json:"running"`
	Paused  int `json:"paused"`
	Failed  int `json:"failed"`
}

type diskUse struct {
	Total int64 `json:"total" doc:"Bytes of the disk that the log is on; -1: not known."`
	Free  int64 `json:"free"`
}

type account struct {
	Name  string `json:"name"`
	Used  int64  `json:"used" doc:"Bytes."`
	Share int64  `json:"share" doc:"Bytes that it may have."`
}

// history is the last hour, a sample each interval.
type history struct {
	IntervalMs int64              `json:"interval_ms"`
	Times      []int64            `json:"times" doc:"ms since 1970, ascending."`
	Series     map[string][]int64 `json:"series" doc:"By name, a value for each of times: rates a second (records_in, records_read, bytes_in, bytes_out, rows_in, rows_out, commits, errors), and levels (query_lag, group_lag, log_bytes, disk_free, queries_failed, memory.<account>)."`
}

var overviewEndpoints = []endpoint{
	{method: "GET", path: "/api/overview", summary: "The server now, and what is wrong with it", answer: overview{},
		handle: func(k *Console, r *request) (any, error) { return k.overview(r) }},
	{method: "GET", path: "/api/overview/history", summary: "The last hour", answer: history{},
		params: []param{{name: "since", kind: intParam, min: 0, max: 1 << 50, doc: "Only samples after this time, in ms since 1970."}},
		handle: func(k *Console, r *request) (any, error) { return k.history(r.int("since")), nil }},
}

func (k *Console) overview(r *request) (*overview, error) {
	topics, err := k.c.Log.Topics(r.Context())
	if err != nil {
		return nil, err
	}
	out := &overview{At: k.c.Clock.Now().UnixMilli(), Started: k.started.UnixMilli(), Healthy: true}
	for _, t := range topics {
		out.Parts += t.Partitions
		if k.hidden(t) {
			out.Internal++
		} else {
			out.Topics++
		}
	}
	snap := k.c.Catalog.Snapshot()
	for _, s := range snap.Sources() {
		if s.Table {
			out.Tables++
		} else {
			out.Streams++
		}
	}
	for _, g := range k.c.Groups.List() {
		if !k.names.OwnsGroup(g.ID) {
			out.Groups++
		}
	}
	out.Disk.Total, out.Disk.Free = k.c.Log.DiskBytes()
	if k.c.Memory != nil {
		out.MemoryLimit = k.c.Memory.Limit()
		for _, u := range k.c.Memory.Usage() {
			out.Memory = append(out.Memory, account{u.Name, u.Used, u.Share})
		}
	}
	k.rings.mu.Lock()
	last, _ := k.rings.node.last()
	k.rings.mu.Unlock()
	out.LogBytes = last.logBytes
	for _, id := range k.c.Engine.Queries() {
		if st, err := k.c.Engine.Status(id); err == nil {
			out.Queries.add(st.State)
		}
	}
	for _, c := range k.c.Checks {
		out.Healthy = out.Healthy && c.Fault() == nil
	}
	out.Problems = k.problems(out)
	if n := len(out.Problems); n > 100 {
		out.Problems, out.More = out.Problems[:100], n-100
	}
	return out, nil
}

func (c *queryCount) add(s executor.State) {
	c.Total++
	switch s {
	case executor.Failed, executor.Fenced:
		c.Failed++
	case executor.Paused:
		c.Paused++
	default:
		c.Running++
	}
}

// history is what the ring has after a time. A counter that began anew gives 0.
func (k *Console) history(since int64) *history {
	names := []string{}
	if k.c.Memory != nil {
		for _, u := range k.c.Memory.Usage() {
			names = append(names, "memory."+u.Name)
		}
	}
	out := &history{IntervalMs: sampleInterval.Milliseconds(), Times: []int64{}, Series: map[string][]int64{}}
	k.rings.mu.Lock()
	defer k.rings.mu.Unlock()
	var before sample
	first := true
	k.rings.node.each(func(s sample) {
		was := before
		before = s
		if first || s.at <= since {
			first = false
			return // a rate wants two samples
		}
		out.Times = append(out.Times, s.at)
		add := func(name string, v int64) { out.Series[name] = append(out.Series[name], v) }
		rate := func(name string, was, is, at int64) { add(name, max(0, is-was)*1000/max(1, at)) }
		dt := s.at - was.at
		rate("records_in", was.recordsIn, s.recordsIn, dt)
		rate("records_read", was.recordsRead, s.recordsRead, dt)
		rate("bytes_in", was.bytesIn, s.bytesIn, dt)
		rate("bytes_out", was.bytesOut, s.bytesOut, dt)
		rate("rows_in", was.rowsIn, s.rowsIn, dt)
		rate("rows_out", was.rowsOut, s.rowsOut, dt)
		rate("commits", was.commits, s.commits, dt)
		rate("errors", was.errors, s.errors, dt)
		add("query_lag", s.queryLag)
		add("group_lag", s.groupLag)
		add("log_bytes", s.logBytes)
		add("disk_free", s.diskFree)
		add("queries_failed", int64(s.failed))
		for i, name := range names {
			if i < ringAccounts {
				add(name, s.memory[i])
			}
		}
	})
	return out
}

// problem is something that is wrong, in words.
type problem struct {
	Severity string `json:"severity" doc:"critical: something does not serve; warning: something will not, or is incomplete." `
	Title    string `json:"title"`
	Detail   string `json:"detail"`
	Remedy   string `json:"remedy" doc:"What to do about it."`
	Link     string `json:"link,omitempty" doc:"The page of the console that has more: #/queries/ID and the like."`
	Since    int64  `json:"since,omitempty" doc:"ms since 1970."`
}

const (
	critical = "critical"
	warning  = "warning"
)

// problems says what is wrong: damage, failed queries, other checks, full disks and memory,
// records that were left out.
func (k *Console) problems(o *overview) []problem {
	out := []problem{}
	said := map[string]bool{"queries": true, "storage": true} // checks that are told in parts
	if k.c.Damage != nil {
		for _, f := range k.c.Damage.Faults() {
			p := problem{Severity: critical, Title: "Out of service: " + f.Part, Detail: f.Reason, Remedy: f.Remedy, Since: f.Since.UnixMilli()}
			if f.File != "" {
				p.Detail += fmt.Sprintf(" (%s", f.File)
				if f.Offset >= 0 {
					p.Detail += fmt.Sprintf(" at byte %d", f.Offset)
				}
				p.Detail += ")"
			}
			out = append(out, p)
		}
	}
	queries := k.queryProblems()
	out = append(out, queries...)
	if !slices.ContainsFunc(queries, func(p problem) bool { return p.Severity == critical }) {
		said["queries"] = false // what fails it is told by the check itself
	}
	for _, c := range k.c.Checks {
		if err := c.Fault(); err != nil && !said[c.Name] {
			out = append(out, problem{Severity: critical, Title: "The check " + c.Name + " fails", Detail: err.Error(), Remedy: "The log of the server has more."})
		}
	}
	out = append(out, k.spaceProblems(o)...)
	out = append(out, k.skippedProblem()...)
	slices.SortStableFunc(out, func(a, b problem) int { return rank(a) - rank(b) })
	return out
}

func rank(p problem) int {
	if p.Severity == critical {
		return 0
	}
	return 1
}

func (k *Console) queryProblems() []problem {
	var out []problem
	for _, id := range k.c.Engine.Queries() {
		st, err := k.c.Engine.Status(id)
		if err != nil {
			continue
		}
		link := "#/queries/" + id
		if st.State == executor.Failed || st.State == executor.Fenced {
			p := problem{Severity: critical, Title: "Query " + id + " has failed", Detail: st.Error, Link: link, Since: st.Since.UnixMilli(),
				Remedy: k.remedy(id, st)}
			out = append(out, p)
		}
		if st.Missed > 0 {
			out = append(out, problem{Severity: warning, Title: fmt.Sprintf("Query %s has missed %d records", id, st.Missed), Detail: st.LastMissed, Link: link,
				Remedy: "Retention deleted them before they were read: raise retention.ms of the topic, or REBUILD the query when its input is whole again."})
		}
	}
	return out
}

// remedy says what to do about a query that has failed.
func (k *Console) remedy(id string, st executor.Status) string {
	var failed *executor.Failure
	if errors.As(k.c.Engine.Failure(id), &failed) && failed.Query == id {
		return failed.Remedy()
	}
	if st.State == executor.Fenced {
		return "Another server runs the query on the same log: stop one of them."
	}
	return "It is tried again by itself."
}

// spaceProblems tells of a disk and of accounts that are nearly full.
func (k *Console) spaceProblems(o *overview) []problem {
	var out []problem
	if d := o.Disk; d.Total > 0 && (d.Free < d.Total/20 || d.Free < 1<<30 && d.Free < d.Total/2) {
		p := problem{Severity: warning, Title: "The disk is nearly full", Detail: fmt.Sprintf("%d of %d MiB are free.", d.Free>>20, d.Total>>20),
			Remedy: "Delete topics, shorten their retention (retention.ms, retention.bytes), or give the log a larger disk."}
		if d.Free < 64<<20 {
			p.Severity = critical
		}
		out = append(out, p)
	}
	for _, a := range o.Memory {
		if a.Name != "state_files" && a.Share > 0 && a.Used > a.Share/10*9 {
			out = append(out, problem{Severity: warning, Title: "The memory of " + a.Name + " is used up",
				Detail: fmt.Sprintf("%d of %d MiB are in use.", a.Used>>20, a.Share>>20),
				Remedy: "State is spilled to disk, and statements that want more fail: raise memory.bytes or state.memory.bytes."})
		}
	}
	return out
}

// skippedProblem tells of records that were left out in the last hour.
func (k *Console) skippedProblem() []problem {
	k.rings.mu.Lock()
	defer k.rings.mu.Unlock()
	oldest, seen := int64(0), false
	k.rings.node.each(func(s sample) {
		if !seen {
			oldest, seen = s.errors, true
		}
	})
	last, _ := k.rings.node.last()
	n := last.errors - oldest
	if n <= 0 {
		return nil
	}
	span := time.Duration(k.rings.node.len()-1) * sampleInterval
	title := fmt.Sprintf("%d records were left out", n)
	if n == 1 {
		title = "A record was left out"
	}
	return []problem{{Severity: warning, Title: title, Link: "#/queries",
		Detail: "They could not be read or computed, in the last " + roughly(span) + ".",
		Remedy: "The processing log of each query has topic and reason: the records are wrong, or the declared types are."}}
}

// roughly is a span of time in words.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return "two minutes"
	case d < 59*time.Minute:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	}
	return "hour"
}
