// Package node puts a server together and takes it apart: the log, the engine on it, the
// catalog that is replayed, and the three ports in front. It is the only place below the
// command line where clock, disk and network are the real ones.
package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"tailrace/broker"
	"tailrace/broker/conn"
	"tailrace/broker/coordinator/group"
	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/server/admin"
	"tailrace/server/config"
	"tailrace/server/console"
	"tailrace/server/ddl"
	"tailrace/server/pgwire"
	"tailrace/server/session"
	"tailrace/storage/commitlog"
	"tailrace/storage/damage"
	"tailrace/storage/env"
	"tailrace/storage/memory"
	"tailrace/storage/metric"
)

// Options are what a node needs besides its configuration.
type Options struct {
	Version string
	LogTo   io.Writer // structured text
	// FS is the disk; default env.Disk. Tests give one whose power they can cut.
	FS env.FS
}

// Addrs are the addresses that a node serves at; empty for a port that is off.
type Addrs struct{ Kafka, PG, HTTP string }

// String is the ready line's list.
func (a Addrs) String() string {
	return fmt.Sprintf("kafka=%s pg=%s http=%s", orOff(a.Kafka), orOff(a.PG), orOff(a.HTTP))
}

func orOff(addr string) string {
	if addr == "" {
		return "off"
	}
	return addr
}

// Node is a running server.
type Node struct {
	cfg    config.Config
	began  time.Time
	logger *slog.Logger
	// clientLogger is for what clients can cause; all and fromClients are the limits of both.
	clientLogger     *slog.Logger
	all, fromClients *limited
	addrs            Addrs
	failed           chan error

	room   room
	memory *memory.Budget
	// stateBytes is the share of state, statements the account of what SELECTs gather.
	stateBytes int64
	// connections is what Postgres clients have theirs keep.
	statements, connections *memory.Account
	damage                  *damage.Ledger
	log                     *local.Log
	engine                  *executor.Engine
	catalog                 *ddl.Catalog
	kafka                   *broker.Broker
	pg                      *pgwire.Server
	http                    *http.Server
	web                     metric.Listener // of http
	phases                  []phase         // of the start
	console                 *console.Console

	listeners []net.Listener
}

// Start opens the data folder and serves. When it fails, everything that it had opened is
// closed again.
func Start(ctx context.Context, cfg config.Config, opts Options) (n *Node, err error) {
	n = &Node{cfg: cfg, failed: make(chan error, 3), began: env.SystemClock.Now()}
	n.logger, n.all = limit(newLogger(opts.LogTo, cfg), anyLines)
	n.clientLogger, n.fromClients = limit(n.logger, clientLines)
	defer func() {
		if err != nil {
			_ = n.close(context.WithoutCancel(ctx))
			n = nil
		}
	}()
	if err := n.shareDescriptors(); err != nil {
		return n, err
	}
	n.shareMemory()
	kafka, pg, web, err := n.listen()
	if err != nil {
		return n, err
	}
	n.logger.Info("starting", "version", opts.Version, "go", runtime.Version(), "pid", os.Getpid(), "data_dir", absolute(cfg.DataDir))
	if err := n.open(ctx, opts); err != nil {
		return n, err
	}
	n.serve(kafka, n.serveKafka)
	n.serve(pg, n.pg.Serve)
	n.serve(web, n.serveHTTP)
	n.logger.Info("ready", "kafka", orOff(n.addrs.Kafka), "pg", orOff(n.addrs.PG), "http", orOff(n.addrs.HTTP), "version", opts.Version,
		"data_dir", absolute(cfg.DataDir), env.Took(env.SystemClock.Now().Sub(n.began)))
	return n, nil
}

// absolute is a folder as it is named from everywhere.
func absolute(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// threshold is a setting of what is slow as the rooms take it: 0 is never.
func threshold(d time.Duration) time.Duration {
	if d < 0 {
		return 0
	}
	return max(d, 1)
}

// open opens the log, the engine and the catalog, in this order.
func (n *Node) open(ctx context.Context, opts Options) (err error) {
	cfg := n.cfg
	n.damage = damage.NewLedger(n.logger, env.SystemClock.Now)
	n.begin("log")
	n.log, err = local.Open(local.Config{
		FS: opts.FS, Dir: filepath.Join(cfg.DataDir, "log"), Logger: n.logger, DefaultPartitions: int32(cfg.NumPartitions),
		TopicDefaults: topicDefaults(cfg), RetentionCheckInterval: cfg.RetentionCheckInterval,
		NodeID: int32(cfg.NodeID), CompactionBackoff: cfg.CleanerBackoff, ProducerExpiry: cfg.ProducerExpiration,
		Damage: n.damage, Owned: commitlog.Names{ServiceID: cfg.ServiceID}, MaxOpenFiles: n.room.files, SlowDisk: threshold(cfg.SlowDisk),
	})
	if err != nil {
		return err
	}
	n.begin("state")
	n.engine, err = executor.New(executor.Config{
		Log: n.log, FS: opts.FS, Dir: filepath.Join(cfg.DataDir, "state"), Clock: env.SystemClock, Logger: n.logger,
		Damage: n.damage, ServiceID: cfg.ServiceID, Properties: cfg.Properties, Memory: n.memory, MemoryBudget: n.stateBytes,
	})
	if err != nil {
		return err
	}
	n.begin("catalog")
	n.catalog, err = ddl.Open(ctx, ddl.Config{Log: n.log, Engine: n.engine, Clock: env.SystemClock,
		ServiceID: cfg.ServiceID, Logger: n.logger, Damage: n.damage, DefaultPartitions: int32(cfg.NumPartitions)})
	if err != nil {
		return err
	}
	n.begin("groups")
	if n.kafka, err = broker.New(n.brokerConfig(), n.log); err != nil {
		return err
	}
	n.begin("")
	backup := func(ctx context.Context, folder string) (int64, int, error) {
		b, err := n.log.Backup(ctx, folder)
		if err != nil {
			return 0, 0, err
		}
		return b.Bytes(), len(b.Files), nil
	}
	deps := &session.Deps{Backup: backup, Damage: n.damage, Memory: n.statements,
		Log: n.log, Engine: n.engine, Catalog: n.catalog, Clock: env.SystemClock, Rand: env.SystemRand,
		Logger: n.clientLogger, Properties: cfg.Properties, PullTimeout: cfg.PullTimeout, Version: opts.Version}
	for _, s := range config.Settings() {
		deps.Settings = append(deps.Settings, session.Setting{Name: s.Key, Default: s.Default, Value: cfg.Value(s), Doc: s.Doc})
	}
	n.pg = pgwire.New(pgwire.Config{
		NewSession:     func(params map[string]string) *session.Session { return session.New(deps, params) },
		MaxConnections: n.room.pg, WriteTimeout: n.cfg.PGWriteTimeout, Memory: n.connections, Logger: n.clientLogger,
		SlowStatement: threshold(cfg.SlowStatement),
	})
	info := admin.Info{Version: opts.Version, KafkaClusterID: n.log.ClusterID(), KsqlServiceID: cfg.ServiceID, ServerStatus: "RUNNING"}
	counter := admin.NewCounter()
	metrics := admin.MetricsHandler(n.registry(counter, opts.Version).Gatherer(), n.clientLogger)
	n.http = admin.NewServer(counter.Count(admin.Guard(n.withConsole(info, deps, admin.New(info, n.checks(), metrics)), n.hosts())))
	return nil
}

// topicDefaults are the node-wide defaults of topics, by topic key: those that were given. What
// was not is Kafka's default, and described as such.
func topicDefaults(cfg config.Config) map[string]string {
	out := maps.Clone(cfg.TopicDefaults)
	if out == nil {
		out = map[string]string{}
	}
	kafkas := config.Default()
	for _, d := range []struct {
		setting, key  string
		value, kafkas int64
	}{
		{"log.segment.bytes", "segment.bytes", cfg.SegmentBytes, kafkas.SegmentBytes},
		{"log.retention.ms", "retention.ms", cfg.RetentionMs, kafkas.RetentionMs},
		{"log.retention.bytes", "retention.bytes", cfg.RetentionBytes, kafkas.RetentionBytes},
		{"message.max.bytes", "max.message.bytes", cfg.MessageMaxBytes, kafkas.MessageMaxBytes},
	} {
		if cfg.Given(d.setting) || d.value != d.kafkas {
			out[d.key] = strconv.FormatInt(d.value, 10)
		}
	}
	if cfg.FlushMessages > 0 {
		out["flush.messages"] = strconv.FormatInt(cfg.FlushMessages, 10)
	}
	if cfg.FlushMs > 0 {
		out["flush.ms"] = strconv.FormatInt(cfg.FlushMs, 10)
	}
	return out
}

func (n *Node) brokerConfig() broker.Config {
	c := broker.Config{Advertised: n.cfg.AdvertisedKafkaAddr, NoAutoCreateTopics: !n.cfg.AutoCreateTopics,
		Logger: n.clientLogger, Clock: env.SystemClock}
	c.Conn.SlowRequest = threshold(n.cfg.SlowRequest)
	c.Conn.MaxRequestBytes, c.Conn.MaxConnections = int(n.cfg.RequestMaxBytes), n.room.kafka
	c.Conn.Memory = n.memory.Account("kafka_requests", 0)
	c.Conn.QueuedRequestBytes = max(n.cfg.RequestMaxBytes, min(conn.QueuedRequestBytes, n.memory.Limit()/2))
	if c.Group.InitialRebalanceDelay = n.cfg.InitialRebalanceDelay; c.Group.InitialRebalanceDelay == 0 {
		c.Group.InitialRebalanceDelay = group.NoDelay
	}
	c.Group.MinSessionTimeout, c.Group.MaxSessionTimeout = n.cfg.MinSessionTimeout, n.cfg.MaxSessionTimeout
	c.Group.MaxSize = int(n.cfg.GroupMaxSize)
	c.Group.OffsetsRetention, c.Group.RetentionCheckInterval = n.cfg.OffsetsRetention, n.cfg.OffsetsCheckInterval
	return c
}

// checks are the parts whose health the HTTP port reports.
func (n *Node) checks() []admin.Check {
	return []admin.Check{{Name: "queries", Fault: n.queryFault}, {Name: "storage", Fault: n.storageFault}}
}

// storageFault tells what was found damaged and is out of service.
func (n *Node) storageFault() error {
	var faults []error
	for _, f := range n.damage.Faults() {
		faults = append(faults, f)
	}
	return errors.Join(faults...)
}

// queryFault names the queries that have failed.
func (n *Node) queryFault() error {
	var faults []error
	for _, q := range n.catalog.Snapshot().Queries() {
		if st, err := n.engine.Status(q.ID); err != nil || st.State == executor.Failed {
			faults = append(faults, fmt.Errorf("query %s: %s", q.ID, st.Error))
		}
	}
	return errors.Join(faults...)
}

// Addrs are the addresses that the node serves at.
func (n *Node) Addrs() Addrs { return n.addrs }

// Failed delivers the error of a port that stopped serving by itself.
func (n *Node) Failed() <-chan error { return n.failed }

// httpGrace is how long answers on the HTTP port may take to finish when the node stops.
const httpGrace = time.Second

// closeHTTP stops the HTTP port. Its errors are those of a listener that is closed already
// and of clients that take no answer: nothing that a stop should fail for.
func (n *Node) closeHTTP(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, httpGrace)
	defer cancel()
	if n.http.Shutdown(ctx) != nil {
		_ = n.http.Close()
	}
}

// within runs f, and does not wait for it longer than ctx lasts: a disk that is full or
// dead may keep it for ever.
func within(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("queries did not stop in time: %w", ctx.Err())
	}
}

// Close is Stop without a reason.
func (n *Node) Close(ctx context.Context) error { return n.Stop(ctx, "closed") }

// Stop stops the node for a reason, which the log tells: no new connections, running
// statements cancelled, queries committed, the log closed. When ctx ends first, or it fails,
// the next start recovers what was not written down.
func (n *Node) Stop(ctx context.Context, reason string) error {
	began := env.SystemClock.Now()
	n.logger.Info("stopping", "reason", reason, "up_s", int64(began.Sub(n.began).Seconds()))
	err := n.close(ctx)
	n.fromClients.flush(env.SystemClock.Now())
	n.all.flush(env.SystemClock.Now())
	took := env.Took(env.SystemClock.Now().Sub(began))
	if err != nil {
		n.logger.Error("stopped, and not in order: the next start recovers", "err", err, took)
	} else {
		n.logger.Info("stopped", took)
	}
	return err
}

// close closes what is open; the node need not have started in full.
func (n *Node) close(ctx context.Context) error {
	var errs []error
	for _, l := range n.listeners {
		_ = l.Close() // closing twice is what Serve does
	}
	if n.console != nil {
		n.console.Close()
	}
	if n.http != nil {
		n.closeHTTP(ctx)
	}
	if n.pg != nil {
		errs = append(errs, n.pg.Close(ctx))
	}
	if n.kafka != nil {
		errs = append(errs, n.kafka.Close(ctx))
	}
	if n.engine != nil {
		if err := within(ctx, n.engine.Close); err != nil {
			errs = append(errs, err)
		}
		if ctx.Err() != nil { // the engine may still use the log: the next start recovers both
			return errors.Join(errs...)
		}
	}
	if n.log != nil {
		errs = append(errs, n.log.Close())
	}
	return errors.Join(errs...)
}
