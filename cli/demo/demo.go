// Package demo shows the whole system on real data: 20,000 flights go in through the
// Kafka port, four continuous queries run over them, and the answers come out of the
// Postgres port.
package demo

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/shell"
)

// Partitions of the demo's topics.
const Partitions = 4

// live is how many of the flights are kept back, to arrive while a query watches.
const (
	live     = 300
	liveTime = 3 * time.Second
)

// Statements declare what the demo runs, in order. The archive is loaded faster than it
// happened, hence the long grace: no flight is too late.
var Statements = []string{
	`CREATE STREAM flights (date VARCHAR, delay INT, distance INT, origin VARCHAR, destination VARCHAR)
  WITH (kafka_topic = 'flights', value_format = 'JSON', timestamp = 'date', timestamp_format = 'yyyy/MM/dd HH:mm');`,
	`CREATE TABLE airports (iata VARCHAR PRIMARY KEY, name VARCHAR, city VARCHAR, state VARCHAR)
  WITH (kafka_topic = 'airports', value_format = 'JSON');`,
	`CREATE STREAM late_flights AS
  SELECT date, origin, destination, delay FROM flights WHERE delay > 60;`,
	`CREATE TABLE by_airport AS
  SELECT origin, COUNT(*) AS flights, AVG(delay) AS avg_delay, MAX(delay) AS worst
  FROM flights GROUP BY origin;`,
	`CREATE TABLE per_day AS
  SELECT origin, COUNT(*) AS flights, SUM(delay) AS minutes
  FROM flights WINDOW TUMBLING (SIZE 1 DAY, GRACE PERIOD 365 DAYS) GROUP BY origin;`,
	`CREATE STREAM departures AS
  SELECT f.origin, a.name AS airport, a.city, a.state, f.destination, f.delay
  FROM flights f JOIN airports a ON f.origin = a.iata;`,
	`CREATE TABLE by_state AS
  SELECT state, COUNT(*) AS flights, AVG(delay) AS avg_delay FROM departures GROUP BY state;`,
}

// Watch is the push query that shows changes live.
const Watch = `SELECT origin, flights, avg_delay, worst FROM by_airport EMIT CHANGES LIMIT 12;`

// Answers are the pull queries on the finished views.
var Answers = []string{
	`SELECT origin, flights, avg_delay, worst FROM by_airport WHERE origin IN ('ATL', 'ORD', 'DFW');`,
	`SELECT origin, flights, minutes FROM per_day WHERE origin = 'ORD' AND windowstart >= '2001-03-25T00:00:00' LIMIT 5;`,
	`SELECT state, flights, avg_delay FROM by_state WHERE state IN ('CA', 'TX', 'NY');`,
}

// Options say where the demo runs.
type Options struct {
	Kafka, PG string // addresses of a running server
	Out, Err  io.Writer
	Terminal  bool // Out is a terminal: the progress bar may redraw
}

// Run does everything up to the answers, and leaves the server as it is then.
func Run(ctx context.Context, o Options) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(o.Kafka), kgo.ProducerLinger(2*time.Millisecond))
	if err != nil {
		return err
	}
	defer client.Close()
	sql, err := shell.Open(ctx, shell.Options{URL: URL(o.PG), Out: o.Out, Err: o.Err, Quiet: true})
	if err != nil {
		return err
	}
	defer sql.Close()

	if err := createTopics(ctx, client, o.Out); err != nil {
		return err
	}
	section(o.Out, "Declare a stream, a table and continuous queries (Postgres port)")
	for _, st := range Statements {
		if err := show(ctx, o.Out, sql, st); err != nil {
			return err
		}
	}
	if err := load(ctx, client, sql, o); err != nil {
		return err
	}
	section(o.Out, "Ask the views (they are already up to date)")
	if err := sql.RunScript(ctx, "SET read_consistency = strict"); err != nil {
		return err
	}
	for _, st := range Answers {
		if err := show(ctx, o.Out, sql, st); err != nil {
			return err
		}
	}
	return nil
}

// URL is the address of a server's Postgres port as clients take it.
func URL(addr string) string { return "postgres://tailrace@" + addr + "/tailrace?sslmode=disable" }

func section(out io.Writer, title string) { fmt.Fprintf(out, "\n── %s\n\n", title) }

// show prints a statement as a person would have typed it, and runs it.
func show(ctx context.Context, out io.Writer, sql *shell.Shell, statement string) error {
	fmt.Fprintf(out, "tailrace> %s\n", statement)
	if err := sql.RunScript(ctx, statement); err != nil {
		return err
	}
	fmt.Fprintln(out)
	return nil
}

func createTopics(ctx context.Context, client *kgo.Client, out io.Writer) error {
	section(out, "Create topics (Kafka port)")
	admin := kadm.NewClient(client)
	compact := "compact"
	for _, t := range []struct {
		name    string
		configs map[string]*string
	}{{"flights", nil}, {"airports", map[string]*string{"cleanup.policy": &compact}}} {
		if _, err := admin.CreateTopic(ctx, Partitions, 1, t.configs, t.name); err != nil {
			return fmt.Errorf("create topic %s: %w", t.name, err)
		}
		fmt.Fprintf(out, "  Created topic %s, %d partitions.\n", t.name, Partitions)
	}
	return nil
}

// load sends the data through the Kafka port: the airports and most flights at full
// speed, the last flights slowly, while a push query watches what they change.
func load(ctx context.Context, client *kgo.Client, sql *shell.Shell, o Options) error {
	flights, err := flightRecords()
	if err != nil {
		return err
	}
	airports, err := airportRecords()
	if err != nil {
		return err
	}
	section(o.Out, "Load real data (Kafka port)")
	archive, rest := flights[:len(flights)-live], flights[len(flights)-live:]
	if err := produce(ctx, client, airports, newBar(o.Out, "airports", len(airports), o.Terminal).set); err != nil {
		return err
	}
	if err := produce(ctx, client, archive, newBar(o.Out, "flights", len(archive), o.Terminal).set); err != nil {
		return err
	}
	section(o.Out, fmt.Sprintf("Watch changes while the last %d flights depart", live))
	sent := make(chan error, 1)
	go func() { sent <- trickle(ctx, client, rest, liveTime) }()
	if err := show(ctx, o.Out, sql, Watch); err != nil {
		return err
	}
	return <-sent
}
