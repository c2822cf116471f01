package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tailrace/executor"
	"tailrace/planner/explain"
	"tailrace/planner/plan"
	"tailrace/sql/types"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// queryRow is a running query in a list.
type queryRow struct {
	ID        string   `json:"id"`
	Kind      string   `json:"kind" doc:"CSAS, CTAS, INSERT, or CST: keeps the rows of a declared table."`
	State     string   `json:"state" doc:"STARTING, RUNNING, PAUSED, ERROR, FENCED, STOPPED."`
	Sources   []string `json:"sources"`
	Sink      string   `json:"sink"`
	Statement string   `json:"statement"`
	Tasks     int      `json:"tasks"`
	Restarts  int      `json:"restarts"`
	RowsIn    int64    `json:"rows_in" doc:"Counter: rows read, its internal topics included."`
	RowsOut   int64    `json:"rows_out" doc:"Counter."`
	Commits   int64    `json:"commits" doc:"Counter."`
	Lag       int64    `json:"lag"`
	Error     string   `json:"error,omitempty" doc:"The last one, also when it runs again since."`
	ErrorAt   int64    `json:"error_at,omitempty"`
}

// queryDetail is one query.
type queryDetail struct {
	queryRow
	At         int64             `json:"at" doc:"When the counters were read, in ms since 1970."`
	SinkTopic  string            `json:"sink_topic,omitempty"`
	Group      string            `json:"group" doc:"Of its positions."`
	Plan       string            `json:"plan" doc:"As EXPLAIN has it."`
	Properties map[string]string `json:"properties"`
	Remedy     string            `json:"remedy,omitempty" doc:"What to do about the error."`
	Missed     int64             `json:"missed" doc:"Records that retention deleted before they were read."`
	LastMissed string            `json:"last_missed,omitempty"`
	Controls   bool              `json:"controls" doc:"It can be paused and terminated; those that keep the rows of a table end with it."`
	Operators  []operator        `json:"operators" doc:"The root first."`
	Partitions []partitionLag    `json:"partition_lag" doc:"At most 200, the greatest lag first."`
}

// operator is a node of a query's graph.
type operator struct {
	ID         int    `json:"id"`
	Inputs     []int  `json:"inputs" doc:"The operators that feed it."`
	Op         string `json:"op"`
	Text       string `json:"text" doc:"Its line of the plan."`
	Sub        int    `json:"sub_topology" doc:"The tasks that run it: those between two topics."`
	Topic      string `json:"topic,omitempty" doc:"That it reads."`
	RowsIn     int64  `json:"rows_in" doc:"Counter: rows of changes, both halves of an update."`
	RowsOut    int64  `json:"rows_out" doc:"Counter."`
	BusyMicros int64  `json:"busy_us" doc:"Counter: how long it has worked, all tasks together."`
	Stateful   bool   `json:"stateful"`
	StateKeys  int64  `json:"state_keys" doc:"In memory."`
	StateBytes int64  `json:"state_bytes" doc:"In memory."`
	Lag        int64  `json:"lag" doc:"Of its topic."`
}

type partitionLag struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Lag       int64  `json:"lag"`
}

// controlResult says what was done to a query.
type controlResult struct {
	Message string `json:"message"`
}

// deadLetters are entries of the processing log.
type deadLetters struct {
	Topic   string       `json:"topic" doc:"The processing log."`
	Entries []deadLetter `json:"entries" doc:"The youngest first."`
	Scanned int64        `json:"scanned" doc:"Entries that were looked at, of all queries."`
	Cursor  string       `json:"cursor,omitempty" doc:"Goes on where this page ends."`
	Reason  string       `json:"reason" doc:"limit, time or end."`
}

type deadLetter struct {
	At     int64  `json:"at" doc:"ms since 1970."`
	Offset int64  `json:"offset" doc:"In the processing log."`
	Kind   string `json:"kind" doc:"read: a record that could not be read; compute: a row that could not be computed; write: a result that could not be written."`
	Target string `json:"target,omitempty" doc:"key or value."`
	Topic  string `json:"topic,omitempty"`
	Error  string `json:"error"`
	Record string `json:"record,omitempty" doc:"When ksql.logging.processing.rows.include is true."`
}

var queryParam = pathText("query", "Id of the query.")

var queryEndpoints = []endpoint{
	{method: "GET", path: "/api/queries", summary: "Running queries", answer: page[queryRow]{},
		params: []param{searchParam, limitParam, offsetParam, orderParam,
			{name: "sort", kind: textParam, def: "id", values: []string{"id", "lag", "rows_in", "rows_out", "state"}, doc: "What is sorted by."}},
		handle: func(k *Console, r *request) (any, error) { return k.listQueries(r) }},
	{method: "GET", path: "/api/queries/{query}", summary: "A query, with what each of its operators does", answer: queryDetail{}, params: []param{queryParam},
		handle: func(k *Console, r *request) (any, error) { return k.query(r.Context(), r.text("query")) }},
	{method: "GET", path: "/api/queries/{query}/errors", summary: "What a query could not read, compute or write: its entries of the processing log", answer: deadLetters{},
		params: []param{queryParam, {name: "limit", kind: intParam, def: "50", min: 1, max: 500, doc: "Entries of the page."},
			{name: "cursor", kind: textParam, doc: "Of an earlier page."},
			{name: "timeout_ms", kind: intParam, def: "2000", min: 10, max: 20_000, doc: "How long the scan may take."}},
		handle: func(k *Console, r *request) (any, error) { return k.deadLetters(r) }},
	{method: "POST", path: "/api/queries/{query}/{action}", summary: "Pause, resume, terminate or restart a query", changes: true, answer: controlResult{},
		params: []param{queryParam, {name: "action", kind: textParam, values: []string{"pause", "resume", "terminate", "restart"}, doc: "What to do. restart ends the tasks and opens them at their last commit, without waiting to try again."}},
		handle: func(k *Console, r *request) (any, error) { return k.control(r) }},
}

func init() { endpoints = append(endpoints, queryEndpoints...) }

// planOf finds the plan of a query: one that a statement made, or one that keeps the rows of a table.
func (k *Console) planOf(id string) (*plan.Query, bool) { return k.c.Engine.Plan(id) }

func (k *Console) listQueries(r *request) (any, error) {
	var ids []string
	for _, id := range k.c.Engine.Queries() {
		q, ok := k.planOf(id)
		if ok && (matches(id, r.text("search")) || matches(q.Statement, r.text("search"))) {
			ids = append(ids, id)
		}
	}
	by := r.text("sort")
	if by == "id" {
		sortRows(ids, r.text("order"), strings.Compare)
		return pageOf(r, ids, k.queryRow)
	}
	rows := make([]queryRow, 0, len(ids))
	for _, id := range ids {
		if row, err := k.queryRow(id); err == nil {
			rows = append(rows, row)
		}
	}
	sortRows(rows, r.text("order"), func(a, b queryRow) int {
		n := 0
		switch by {
		case "lag":
			n = cmp.Compare(a.Lag, b.Lag)
		case "rows_in":
			n = cmp.Compare(a.RowsIn, b.RowsIn)
		case "rows_out":
			n = cmp.Compare(a.RowsOut, b.RowsOut)
		case "state":
			n = cmp.Compare(a.State, b.State)
		}
		return cmp.Or(n, cmp.Compare(a.ID, b.ID))
	})
	return pageOf(r, rows, func(q queryRow) (queryRow, error) { return q, nil })
}

func (k *Console) queryRow(id string) (queryRow, error) {
	q, ok := k.planOf(id)
	st, err := k.c.Engine.Status(id)
	if !ok || err != nil {
		return queryRow{}, notFound(fmt.Sprintf("there is no query %q", clip(id)))
	}
	row := queryRow{ID: id, Kind: string(q.Kind), State: string(st.State), Sources: q.Sources, Statement: q.Statement, Tasks: st.Tasks,
		Restarts: st.Restarts, RowsIn: st.RowsIn, RowsOut: st.RowsOut, Commits: st.Commits, Lag: sumLag(st), Error: st.Error}
	if row.Sources == nil {
		row.Sources = []string{}
	}
	if q.Sink != nil {
		row.Sink = q.Sink.Name
	}
	if st.Error != "" {
		row.ErrorAt = st.Since.UnixMilli()
	}
	return row, nil
}

func (k *Console) query(ctx context.Context, id string) (*queryDetail, error) {
	row, err := k.queryRow(id)
	if err != nil {
		return nil, err
	}
	q, _ := k.planOf(id)
	st, err := k.c.Engine.Status(id)
	if err != nil {
		return nil, err
	}
	out := &queryDetail{queryRow: row, At: k.c.Clock.Now().UnixMilli(), Group: k.names.Query(id), Plan: explain.Text(q), Properties: q.Properties,
		Missed: st.Missed, LastMissed: st.LastMissed, Operators: []operator{}, Partitions: []partitionLag{}}
	if out.Properties == nil {
		out.Properties = map[string]string{}
	}
	_, out.Controls = k.c.Catalog.Plan(id)
	if q.Sink != nil {
		out.SinkTopic = q.Sink.Topic
	}
	if st.State == executor.Failed || st.State == executor.Fenced {
		out.Remedy = k.remedy(id, st)
	}
	ops, err := k.c.Engine.Operators(ctx, id)
	if err != nil {
		return nil, err
	}
	for i, o := range ops {
		inputs := o.Inputs
		if inputs == nil {
			inputs = []int{}
		}
		out.Operators = append(out.Operators, operator{ID: i, Inputs: inputs, Op: plan.OpName(o.Node), Text: explain.Operator(o.Node), Sub: o.Sub, Topic: o.Topic,
			RowsIn: o.RowsIn, RowsOut: o.RowsOut, BusyMicros: o.Busy.Microseconds(), Stateful: o.Stateful,
			StateKeys: o.StateKeys, StateBytes: o.StateBytes, Lag: o.Lag})
	}
	for tp, n := range st.Lag {
		out.Partitions = append(out.Partitions, partitionLag{tp.Topic, int32(tp.Partition), n})
	}
	slices.SortFunc(out.Partitions, func(a, b partitionLag) int {
		return cmp.Or(cmp.Compare(b.Lag, a.Lag), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	out.Partitions = out.Partitions[:min(len(out.Partitions), 200)]
	return out, nil
}

// control pauses, resumes, terminates or restarts a query: all but the last are statements, which
// the command log has.
func (k *Console) control(r *request) (any, error) {
	id, action := r.text("query"), r.text("action")
	if _, err := k.queryRow(id); err != nil {
		return nil, err
	}
	if _, ok := k.c.Catalog.Plan(id); !ok {
		return nil, fault(409, "conflict", id+" keeps the rows of a table, and ends with it: DROP TABLE")
	}
	if action == "restart" {
		return k.restart(id)
	}
	s := k.newSession()
	defer s.Close()
	p, err := s.Prepare(r.Context(), strings.ToUpper(action)+" "+types.QuoteName(id)+";", nil)
	if err != nil {
		return nil, err
	}
	out := &noticeResult{}
	if _, err := p.Run(r.Context(), nil, out); err != nil {
		return nil, err
	}
	return controlResult{Message: strings.Join(out.messages, " ")}, nil
}

func (k *Console) restart(id string) (any, error) {
	if q, ok := k.c.Catalog.Snapshot().Query(id); ok && q.Paused {
		return nil, fault(409, "conflict", id+" is paused: resume it")
	}
	if err := k.c.Engine.Pause(id); err != nil {
		return nil, err
	}
	if err := k.c.Engine.Resume(id); err != nil {
		return nil, err
	}
	return controlResult{Message: "Query " + id + " was started again at its last commit."}, nil
}

// processingEntry is an entry of the processing log, as far as it is shown.
type processingEntry struct {
	Logger  string `json:"logger"`
	Time    int64  `json:"time"`
	Message struct {
		Read    *processingFault `json:"deserializationError"`
		Compute *processingFault `json:"recordProcessingError"`
		Write   *processingFault `json:"serializationError"`
	} `json:"message"`
}

type processingFault struct {
	Target    string `json:"target"`
	Error     string `json:"errorMessage"`
	Record    string `json:"record"`
	RecordB64 string `json:"recordB64"`
	Topic     string `json:"topic"`
}

// deadLetters reads the processing log back from its end.
func (k *Console) deadLetters(r *request) (any, error) {
	id := r.text("query")
	if _, err := k.queryRow(id); err != nil {
		return nil, err
	}
	out := &deadLetters{Topic: k.c.Engine.ProcessingLog(), Entries: []deadLetter{}, Reason: "end"}
	topic, err := k.c.Log.Topic(r.Context(), out.Topic)
	if err != nil {
		return out, nil // there is none before the first entry
	}
	logger := []byte(`"logger":"processing.` + id + `"`)
	s := &scan{k: k, topic: topic.Name, back: true, limit: int(r.int("limit")), buf: make([]byte, scanBuffer), reader: newReader(nil, wholeText),
		accept:   func(rec *record.Record) bool { return bytes.Contains(rec.Value, logger) },
		deadline: k.c.Clock.Now().Add(time.Duration(r.int("timeout_ms")) * time.Millisecond)}
	var resumed *cursor
	if r.given["cursor"] {
		c, err := parseCursor(r.text("cursor"))
		if err != nil {
			return nil, err
		}
		resumed = &c
	}
	for p := range topic.Partitions {
		b, err := k.c.Log.Bounds(r.Context(), commitlog.TopicPartition{Topic: topic.Name, Partition: commitlog.PartitionID(p)})
		if err != nil {
			return nil, err
		}
		l := &lane{partition: p, start: b.LogStart, end: b.HighWatermark, at: b.HighWatermark}
		if resumed != nil {
			l.at = min(max(commitlog.Offset(resumed.At[p]), l.start), l.end)
		}
		s.lanes = append(s.lanes, l)
	}
	found, err := s.run(r.Context())
	if err != nil {
		return nil, err
	}
	out.Scanned, out.Cursor, out.Reason = found.Scanned, found.Cursor, found.Reason
	for _, m := range found.Messages {
		if m.Value != nil {
			out.Entries = append(out.Entries, letterOf(m))
		}
	}
	return out, nil
}

func letterOf(m message) deadLetter {
	var e processingEntry
	out := deadLetter{At: m.Timestamp, Offset: m.Offset, Kind: "read"}
	if err := json.Unmarshal([]byte(m.Value.Text), &e); err != nil {
		out.Error = m.Value.Text
		return out
	}
	out.At = e.Time
	f := e.Message.Read
	if f == nil {
		if f, out.Kind = e.Message.Compute, "compute"; f == nil {
			f, out.Kind = e.Message.Write, "write"
		}
	}
	if f != nil {
		out.Target, out.Topic, out.Error, out.Record = f.Target, f.Topic, f.Error, cmp.Or(f.Record, f.RecordB64)
	}
	return out
}
