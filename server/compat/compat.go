// Package compat runs ksqlDB's query-validation cases against Tailrace: statements,
// records in, records out, or the error that must come.
//
//	load.go      cases from files, expanded by format and configuration
//	encode.go    records of a case as bytes, by the format of their topic
//	compare.go   what a topic held against what the case expects
//	inprocess.go engine and log in memory, stepped one record at a time
//	wire.go      a server of its own for each case, through its Kafka and Postgres ports
//	report.go    the table, the totals, the machine-readable report
//
// It knows no case by name. What is skipped is skipped by rule: a format that is not
// built, or a function that exists only in ksqlDB's own tests (skip.go).
package compat

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"tailrace/planner"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/parse"
	"tailrace/sql/types"
)

// Result is the outcome of one case.
type Result struct {
	Case    *Case         `json:"-"`
	Name    string        `json:"name"`
	Status  string        `json:"status"` // passed, failed, skipped
	Reason  string        `json:"reason,omitempty"`
	Elapsed time.Duration `json:"elapsedNanos"`
}

// The outcomes.
const (
	Passed  = "passed"
	Failed  = "failed"
	Skipped = "skipped"
)

// driver is one way to run statements and records: the two of them are inprocess.go and
// wire.go.
type driver interface {
	createTopic(ctx context.Context, t Topic) error
	execute(ctx context.Context, statement string, properties map[string]string) error
	produce(ctx context.Context, topic string, key, value []byte, timestamp int64, headers []RecordHeader) error
	// settle returns when every query has processed everything there is.
	settle(ctx context.Context) error
	read(ctx context.Context, topic string) ([]Seen, error)
	snapshot(ctx context.Context) (*catalog.Snapshot, error)
	close() error
}

// open makes a fresh, empty system.
type open func(ctx context.Context, properties map[string]string) (driver, error)

// caseTimeout bounds one case: a query that never settles fails its case, not the run.
const caseTimeout = 30 * time.Second

// Run runs the cases one after the other and calls each with every result.
func Run(ctx context.Context, cases []Case, wire bool, each func(Result)) {
	start := openInProcess
	if wire {
		start = openWire
	}
	for i := range cases {
		each(runCase(ctx, &cases[i], start))
	}
}

func runCase(ctx context.Context, c *Case, start open) (r Result) {
	r = Result{Case: c, Name: c.FullName(), Status: Passed}
	if reason := skipReason(c); reason != "" {
		r.Status, r.Reason = Skipped, reason
		return r
	}
	began := time.Now()
	defer func() {
		r.Elapsed = time.Since(began)
		if p := recover(); p != nil {
			r.Status, r.Reason = Failed, fmt.Sprintf("panic: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, caseTimeout)
	defer cancel()
	if err := runOne(ctx, c, start); err != nil {
		r.Status, r.Reason = Failed, err.Error()
	}
	return r
}

func runOne(ctx context.Context, c *Case, start open) (err error) {
	d, err := start(ctx, c.Properties)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := d.close(); err == nil {
			err = closeErr
		}
	}()
	for _, t := range topicsOf(c) {
		if err := d.createTopic(ctx, t); err != nil {
			return err
		}
	}
	if c.Asked {
		return runAsked(ctx, c, d)
	}
	if c.Expected != nil {
		return expectError(ctx, c, d)
	}
	for _, s := range c.Statements {
		if err := d.execute(ctx, s, c.Properties); err != nil {
			return fmt.Errorf("%s\n%w", s, err)
		}
	}
	if err := feed(ctx, c, d); err != nil {
		return err
	}
	return verify(ctx, c, d)
}

// askedPartitions is how many partitions ksqlDB's runner of REST cases gives a topic.
const askedPartitions = 4

// topicsOf lists the topics to make first: those that the case lists, and those that it
// feeds or names in a statement. ksqlDB's runner makes them all with one partition; the one
// of REST cases with four, or as many as a statement says.
func topicsOf(c *Case) []Topic {
	var out []Topic
	seen := map[string]bool{}
	partitions := int32(1)
	if c.Asked {
		partitions = askedPartitions
		for _, s := range c.Statements {
			if m := partitioned.FindStringSubmatch(s); m != nil {
				seen[m[1]] = true // the statement makes it
			}
		}
	}
	add := func(t Topic) {
		if !seen[t.Name] && t.Name != "" {
			seen[t.Name] = true
			out = append(out, t)
		}
	}
	for _, t := range c.Topics {
		if t.Partitions == 0 {
			t.Partitions = partitions
		}
		add(t)
	}
	for _, s := range c.Statements {
		add(Topic{Name: namedTopic(s), Partitions: partitions})
	}
	for _, r := range c.Inputs {
		add(Topic{Name: r.Topic, Partitions: partitions})
	}
	return out
}

var givesPartitions = regexp.MustCompile(`\bPARTITIONS\s*=`)

// partitioned finds the topic of a CREATE that says how many partitions to make it with.
var partitioned = regexp.MustCompile(`(?is)^\s*CREATE .*KAFKA_TOPIC\s*=\s*'([^']*)'.*PARTITIONS`)

// namedTopic is the topic of a CREATE STREAM or TABLE that names no number of partitions:
// the statement takes for granted that it exists.
func namedTopic(statement string) string {
	upper := strings.ToUpper(statement)
	if !strings.HasPrefix(strings.TrimSpace(upper), "CREATE") || strings.Contains(upper, "SELECT") || givesPartitions.MatchString(upper) {
		return ""
	}
	at := strings.Index(upper, "KAFKA_TOPIC")
	if at < 0 {
		return ""
	}
	_, rest, ok := strings.Cut(statement[at:], "'")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "'")
	return name
}

// expectError runs a negative case: the last statement must fail, or else the query on
// the case's inputs, with a message that holds the expected one.
func expectError(ctx context.Context, c *Case, d driver) error {
	for i, s := range c.Statements {
		err := d.execute(ctx, s, c.Properties)
		last := i == len(c.Statements)-1
		switch {
		case err != nil && last:
			return matchMessage(c.Expected.Message, messageForms(c, err, s)...)
		case err != nil:
			return fmt.Errorf("a statement before the last failed: %s\n%w", s, err)
		}
	}
	if len(c.Inputs) > 0 {
		if err := feed(ctx, c, d); err != nil {
			return matchMessage(c.Expected.Message, err.Error())
		}
	}
	return fmt.Errorf("no error; expected %v", c.Expected.Message)
}

// feed produces the inputs one at a time, each after everything before it has been
// processed, as ksqlDB's runner does.
func feed(ctx context.Context, c *Case, d driver) error {
	snap, err := d.snapshot(ctx)
	if err != nil {
		return err
	}
	if err := d.settle(ctx); err != nil {
		return err
	}
	for i, r := range c.Inputs {
		key, value, err := shapeOf(snap, c.Topics, r.Topic).encode(r)
		if err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
		timestamp := int64(0)
		if r.Timestamp != nil {
			timestamp = *r.Timestamp
		}
		if err := d.produce(ctx, r.Topic, key, value, timestamp, r.Headers); err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
		if err := d.settle(ctx); err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
	}
	return nil
}

// verify compares the topics that the outputs name, and the sources that the case lists.
func verify(ctx context.Context, c *Case, d driver) error {
	snap, err := d.snapshot(ctx)
	if err != nil {
		return err
	}
	if err := verifySources(c, snap); err != nil {
		return err
	}
	want := map[string][]Record{}
	var order []string
	for _, r := range c.Outputs {
		if _, ok := want[r.Topic]; !ok {
			order = append(order, r.Topic)
		}
		want[r.Topic] = append(want[r.Topic], r)
	}
	for _, topic := range order {
		got, err := d.read(ctx, topic)
		if err != nil {
			return fmt.Errorf("output topic %s: %w", topic, err)
		}
		if err := compareTopic(c, shapeOf(snap, c.Topics, topic), topic, want[topic], got); err != nil {
			return err
		}
	}
	return nil
}

func verifySources(c *Case, snap *catalog.Snapshot) error {
	for _, want := range c.Sources {
		src, ok := snap.Source(want.Name)
		if !ok {
			return fmt.Errorf("no source %s", want.Name)
		}
		if got := strings.ToLower(src.Keyword()); got != want.Type {
			return fmt.Errorf("%s is a %s, want a %s", want.Name, got, want.Type)
		}
		if want.Schema != "" {
			if err := sameSchema(snap, src, want.Schema); err != nil {
				return err
			}
		}
		if want.KeyFormat != nil && want.KeyFormat.Format != "" && want.KeyFormat.Format != src.Key.Name {
			return fmt.Errorf("key format of %s is %s, want %s", want.Name, src.Key.Name, want.KeyFormat.Format)
		}
		var format string
		if json.Unmarshal(want.ValueFormat, &format) == nil && format != "" && format != src.Value.Name {
			return fmt.Errorf("value format of %s is %s, want %s", want.Name, src.Value.Name, format)
		}
		if want.IsSource != nil && *want.IsSource != src.ReadOnly {
			return fmt.Errorf("%s is read-only: %v, want %v", want.Name, src.ReadOnly, *want.IsSource)
		}
	}
	return nil
}

// sameSchema compares a source's columns with a schema written as in a statement: "ID INT
// KEY, V STRING".
func sameSchema(snap *catalog.Snapshot, src *catalog.Source, want string) error {
	elements, err := parse.ParseElements(want)
	if err != nil {
		return err
	}
	var expected types.Schema
	for _, e := range elements {
		t, err := planner.ResolveType(snap, e.Type)
		if err != nil {
			return err
		}
		c := types.Column{Name: e.Name.Name, Type: t}
		switch e.Constraint {
		case ast.Key, ast.PrimaryKey:
			c.In = types.InKey
		case ast.Headers, ast.Header:
			c.In, c.Header = types.InHeaders, e.HeaderKey
		}
		expected.Columns = append(expected.Columns, c)
	}
	if got, want := keysFirst(src.Schema).String(), keysFirst(expected).String(); got != want {
		return fmt.Errorf("schema of %s\n got %s\nwant %s", src.Name, got, want)
	}
	return nil
}

// keysFirst orders columns as ksqlDB prints them.
func keysFirst(s types.Schema) types.Schema {
	var ordered types.Schema
	for _, in := range []types.Namespace{types.InKey, types.InValue, types.InHeaders} {
		for _, c := range s.Columns {
			if c.In == in {
				ordered.Columns = append(ordered.Columns, c)
			}
		}
	}
	return ordered
}
