package compat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/planner/plan"
	"tailrace/server/config"
	"tailrace/server/node"
	"tailrace/sql/catalog"
	"tailrace/sql/sqlerr"
)

// wire drives a server of its own through its ports: statements go to the Postgres port,
// records go and come through the Kafka port.
type wire struct {
	dir    string
	node   *node.Node
	sql    *pgconn.PgConn
	client *kgo.Client
	admin  *kadm.Client
}

func openWire(ctx context.Context, properties map[string]string) (d driver, err error) {
	dir, err := os.MkdirTemp(scratch(), "tailrace-compat-")
	if err != nil {
		return nil, err
	}
	w := &wire{dir: dir}
	defer func() {
		if err != nil {
			_ = w.close()
		}
	}()
	cfg := config.Default()
	cfg.DataDir, cfg.RetentionMs, cfg.FlushMs = dir, -1, 1000
	cfg.KafkaAddr, cfg.PGAddr, cfg.HTTPAddr = "127.0.0.1:0", "127.0.0.1:0", "off"
	cfg.Properties["commit.interval.ms"] = "1" // every record is waited for
	for k, v := range caseProperties(properties) {
		cfg.Properties[k] = v
	}
	if w.node, err = node.Start(ctx, cfg, node.Options{Version: "compat"}); err != nil {
		return nil, err
	}
	if w.sql, err = pgconn.Connect(ctx, "postgres://compat@"+w.node.Addrs().PG+"/tailrace?sslmode=disable"); err != nil {
		return nil, err
	}
	w.client, err = kgo.NewClient(kgo.SeedBrokers(w.node.Addrs().Kafka), kgo.ProducerLinger(0),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return nil, err
	}
	w.admin = kadm.NewClient(w.client)
	return w, nil
}

// scratch is where cases keep their servers' data: memory, where the system has a folder
// in it and TMPDIR names no other. A case waits for many small writes, and what a disk
// keeps is not what it is about.
func scratch() string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() && os.Getenv("TMPDIR") == "" {
		return memory
	}
	return ""
}

// caseProperties are the properties under which every case runs: from the start of the
// topics, every change emitted.
func caseProperties(properties map[string]string) map[string]string {
	out := map[string]string{"auto.offset.reset": "earliest", "ksql.streams.cache.max.bytes.buffering": "0"}
	for k, v := range properties {
		out[k] = v
	}
	return out
}

func (w *wire) close() error {
	if w.client != nil {
		w.client.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if w.sql != nil {
		_ = w.sql.Close(ctx)
	}
	var err error
	if w.node != nil {
		err = w.node.Close(ctx)
	}
	_ = os.RemoveAll(w.dir)
	return err
}

func (w *wire) createTopic(ctx context.Context, t Topic) error {
	r, err := w.admin.CreateTopic(ctx, max(1, t.Partitions), 1, nil, t.Name)
	if err == nil {
		err = r.Err
	}
	return err
}

func (w *wire) execute(ctx context.Context, statement string, _ map[string]string) error {
	_, err := w.sql.Exec(ctx, statement).ReadAll()
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return sqlerr.New(sqlerr.Code(pg.Code), "%s", pg.Message).At(int(pg.Position)).Detail("%s", pg.Detail)
	}
	return err
}

func (w *wire) produce(ctx context.Context, topic string, key, value []byte, timestamp int64, headers []RecordHeader) error {
	r := &kgo.Record{Topic: topic, Key: key, Value: value, Timestamp: time.UnixMilli(timestamp)}
	for _, h := range headers {
		kh := kgo.RecordHeader{Key: h.Key}
		if h.Value != nil {
			kh.Value = *h.Value
		}
		r.Headers = append(r.Headers, kh)
	}
	return w.client.ProduceSync(ctx, r).FirstErr()
}

// settle waits until every query has no lag, twice in a row: what a query wrote while the
// first look went on is seen by the second.
func (w *wire) settle(ctx context.Context) error {
	for calm := 0; calm < 2; {
		results, err := w.sql.Exec(ctx, "SHOW QUERIES EXTENDED").ReadAll()
		if err != nil {
			return err
		}
		idle, err := noLag(results[0])
		if err != nil {
			return err
		}
		if idle {
			calm++
			continue
		}
		calm = 0
		select {
		case <-ctx.Done():
			return fmt.Errorf("queries did not settle: %w", ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// noLag reads SHOW QUERIES EXTENDED: whether everything is processed, or the error of the
// first query that failed.
func noLag(r *pgconn.Result) (bool, error) {
	at := map[string]int{}
	for i, f := range r.FieldDescriptions {
		at[f.Name] = i
	}
	idle := true
	for _, row := range r.Rows {
		if failure := string(row[at["last_error"]]); string(row[at["status"]]) == "ERROR" && failure != "" {
			return false, errors.New(failure)
		}
		n, err := strconv.ParseInt(string(row[at["lag"]]), 10, 64)
		if err != nil {
			return false, err
		}
		idle = idle && n == 0
	}
	return idle, nil
}

func (w *wire) read(ctx context.Context, topic string) ([]Seen, error) {
	ends, err := w.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	if err := ends.Error(); err != nil {
		return nil, err
	}
	want := int64(0)
	ends.Each(func(o kadm.ListedOffset) { want += o.Offset })
	client, err := kgo.NewClient(kgo.SeedBrokers(w.node.Addrs().Kafka), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(50*time.Millisecond))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var out []Seen
	for int64(len(out)) < want {
		f := client.PollFetches(ctx)
		if err := f.Err(); err != nil {
			return nil, err
		}
		f.EachRecord(func(r *kgo.Record) {
			s := Seen{Key: r.Key, Value: r.Value, Timestamp: r.Timestamp.UnixMilli()}
			for _, h := range r.Headers {
				value := h.Value
				s.Headers = append(s.Headers, RecordHeader{Key: h.Key, Value: &value})
			}
			out = append(out, s)
		})
	}
	return out, nil
}

// snapshot rebuilds the catalog from the command topic, which any client may read.
func (w *wire) snapshot(ctx context.Context) (*catalog.Snapshot, error) {
	topics, err := w.admin.ListTopicsWithInternal(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range topics.Names() {
		if !strings.HasSuffix(name, "_command_topic") {
			continue
		}
		records, err := w.read(ctx, name)
		if err != nil {
			return nil, err
		}
		snap := catalog.Empty()
		for _, r := range records {
			var cmd plan.Command
			if err := json.Unmarshal(r.Value, &cmd); err != nil {
				return nil, err
			}
			if snap, err = plan.Apply(snap, &cmd); err != nil {
				return nil, err
			}
		}
		return snap, nil
	}
	return nil, fmt.Errorf("no command topic")
}
