// Package demo shows the whole system on real data: 20,000 flights go in through the
// Kafka port, four continuous queries run over them, and the answers come out of the
// Postgres port.
package demo

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/shell"
)

// Partitions of the demo's topics.
const Partitions = 4

// live is how many of the flights are kept back, to arrive while a query watches.
const (
	live     = 80
	liveTime = 4 * time.Second
)

// Statements declare what the demo runs, in order. The archive is loaded faster than it
// happened, hence the long grace: no flight is too late.
var Statements = []string{
	`CREATE STREAM flights
  (date VARCHAR, delay INT, distance INT, origin VARCHAR, destination VARCHAR)
  WITH (kafka_topic = 'flights', value_format = 'JSON',
        timestamp = 'date', timestamp_format = 'yyyy/MM/dd HH:mm');`,
	`CREATE TABLE airports
  (iata VARCHAR PRIMARY KEY, name VARCHAR, city VARCHAR, state VARCHAR)
  WITH (kafka_topic = 'airports', value_format = 'JSON');`,
	`CREATE STREAM late_flights AS
  SELECT date, origin, destination, delay FROM flights WHERE delay > 60;`,
	`CREATE TABLE by_airport AS
  SELECT origin, COUNT(*) AS flights, AVG(delay) AS avg_delay, MAX(delay) AS worst
  FROM flights GROUP BY origin;`,
	`CREATE TABLE per_day AS
  SELECT origin, COUNT(*) AS flights, SUM(delay) AS minutes
  FROM flights WINDOW TUMBLING (SIZE 1 DAY, GRACE PERIOD 365 DAYS)
  GROUP BY origin;`,
	`CREATE STREAM departures AS
  SELECT f.origin, a.name AS airport, a.city, a.state, f.destination, f.delay
  FROM flights f JOIN airports a ON f.origin = a.iata;`,
	`CREATE TABLE by_state AS
  SELECT state, COUNT(*) AS flights, AVG(delay) AS avg_delay
  FROM departures GROUP BY state;`,
}

// Latest makes push queries begin with what comes next; those over a table begin with the
// table's history otherwise.
const Latest = `SET 'auto.offset.reset' = 'latest';`

// Watch is the push query that shows changes live.
const Watch = `SELECT origin, flights, ROUND(avg_delay, 1) AS avg_delay, worst
  FROM by_airport EMIT CHANGES LIMIT 30;`

// Strict makes reads wait until the views have applied everything that the log holds.
const Strict = `SET read_consistency = strict;`

// Answers are the pull queries on the finished views.
var Answers = []string{
	`SELECT origin, flights, ROUND(avg_delay, 1) AS avg_delay, worst
  FROM by_airport WHERE origin IN ('ATL', 'ORD', 'DFW');`,
	`SELECT origin, FORMAT_TIMESTAMP(FROM_UNIXTIME(windowstart), 'yyyy-MM-dd') AS day,
         flights, minutes FROM per_day
  WHERE origin = 'ORD' AND windowstart >= '2001-03-25T00:00:00' LIMIT 5;`,
	`SELECT state, flights, ROUND(avg_delay, 1) AS avg_delay
  FROM by_state WHERE state IN ('CA', 'TX', 'NY');`,
}

// Options say where the demo runs.
type Options struct {
	Kafka, PG string // addresses of a running server
	Out, Err  io.Writer
	Screen    func() shell.Screen // what Out can show; nil: a pipe
}

// Run does everything up to the answers, and leaves the server as it is then.
func Run(ctx context.Context, o Options) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(o.Kafka), kgo.ProducerLinger(2*time.Millisecond))
	if err != nil {
		return err
	}
	defer client.Close()
	if o.Screen == nil {
		o.Screen = func() shell.Screen { return shell.Screen{} }
	}
	sql, err := shell.Open(ctx, shell.Options{URL: URL(o.PG), Out: o.Out, Err: o.Err, Screen: o.Screen,
		ErrColor: o.Screen().Color})
	if err != nil {
		return err
	}
	defer sql.Close()
	d := &demo{Options: o, client: client, sql: sql}

	if err := d.createTopics(ctx); err != nil {
		return err
	}
	d.section("Declare a stream, a table and continuous queries (Postgres port)")
	for _, st := range Statements {
		if err := d.show(ctx, st); err != nil {
			return err
		}
	}
	rest, err := d.load(ctx)
	if err != nil {
		return err
	}
	if err := d.watch(ctx, rest); err != nil {
		return err
	}
	d.section("Ask the views: they are up to date already")
	for _, st := range append([]string{Strict}, Answers...) {
		if err := d.show(ctx, st); err != nil {
			return err
		}
	}
	return nil
}

// Depart sends the flights again, departs a second, until ctx ends: something moves while
// people look around. When the server goes away first, it ends without a word.
func Depart(ctx context.Context, kafka string) {
	flights, err := flightRecords()
	if err != nil {
		return // Run has told
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(kafka), kgo.ProducerLinger(0))
	if err != nil {
		return
	}
	defer client.Close()
	for err == nil {
		err = trickle(ctx, client, flights, time.Duration(len(flights))*time.Second/departs)
	}
}

// departs is how many flights of Depart leave in a second.
const departs = 20

// demo is one run.
type demo struct {
	Options
	client *kgo.Client
	sql    *shell.Shell
}

// URL is the address of a server's Postgres port as clients take it.
func URL(addr string) string { return "postgres://tailrace@" + addr + "/tailrace?sslmode=disable" }

func (d *demo) section(title string) { fmt.Fprintf(d.Out, "%s\n\n", d.Screen().Title(title)) }

// show prints a statement as a person would have typed it, and runs it.
func (d *demo) show(ctx context.Context, statement string) error {
	typed := strings.ReplaceAll(statement, "\n", "\n       -> ")
	fmt.Fprintf(d.Out, "%s%s\n", d.Screen().Prompt(), typed)
	if err := d.sql.RunText(ctx, statement); err != nil {
		return err
	}
	fmt.Fprintln(d.Out)
	return nil
}

func (d *demo) createTopics(ctx context.Context) error {
	d.section("Create topics (Kafka port)")
	admin := kadm.NewClient(d.client)
	compact := "compact"
	for _, t := range []struct {
		name    string
		configs map[string]*string
	}{{"flights", nil}, {"airports", map[string]*string{"cleanup.policy": &compact}}} {
		if _, err := admin.CreateTopic(ctx, Partitions, 1, t.configs, t.name); err != nil {
			return fmt.Errorf("create topic %s: %w", t.name, err)
		}
		fmt.Fprintf(d.Out, "  Created topic %s, %d partitions.\n", t.name, Partitions)
	}
	fmt.Fprintln(d.Out)
	return nil
}

// load sends the airports and most flights through the Kafka port at full speed, and
// returns the flights that are left.
func (d *demo) load(ctx context.Context) (rest []*kgo.Record, err error) {
	flights, err := flightRecords()
	if err != nil {
		return nil, err
	}
	airports, err := airportRecords()
	if err != nil {
		return nil, err
	}
	d.section("Load real data: 20,000 flights of 2001 in the USA (Kafka port)")
	archive, rest := flights[:len(flights)-live], flights[len(flights)-live:]
	if err := produce(ctx, d.client, airports, newBar(d.Out, d.Screen(), "airports", len(airports)).set); err != nil {
		return nil, err
	}
	if err := produce(ctx, d.client, archive, newBar(d.Out, d.Screen(), "flights", len(archive)).set); err != nil {
		return nil, err
	}
	fmt.Fprintln(d.Out)
	return rest, nil
}

// watch lets the last flights depart one by one while a push query shows what each of
// them changes.
func (d *demo) watch(ctx context.Context, rest []*kgo.Record) error {
	if err := d.settle(ctx); err != nil {
		return err
	}
	d.section(fmt.Sprintf("Watch a view change while the last %d flights depart", live))
	if err := d.show(ctx, Latest); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sent := make(chan error, 1)
	go func() { sent <- trickle(ctx, d.client, rest, liveTime) }()
	if err := d.show(ctx, Watch); err != nil {
		return err
	}
	return <-sent
}

// settle waits until the views have applied the archive, so that what is seen next comes
// from the flights that depart next.
func (d *demo) settle(ctx context.Context) error {
	conn, err := pgconn.Connect(ctx, URL(d.PG))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, Strict+" SELECT origin FROM by_airport WHERE origin = 'ORD';").ReadAll()
	return err
}
