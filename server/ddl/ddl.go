// Package ddl is what changes the catalog: it plans a statement against the current
// snapshot, writes the command with its plan to the command log, and applies it.
//
//	statement -> planner.Plan -> topics made -> command log (durable) -> snapshot -> engine
//
// The command log is the only truth. Opening replays it: nothing is planned twice, and a
// plan made by an older version runs as it was made. One statement at a time changes the
// catalog; readers take a snapshot and are never in the way.
package ddl

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tailrace/executor"
	"tailrace/planner"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/sqlerr"
	"tailrace/storage/commitlog"
	"tailrace/storage/damage"
	"tailrace/storage/env"
)

// Config is what a Catalog needs.
type Config struct {
	Log       commitlog.Log
	Engine    *executor.Engine
	Clock     env.Clock
	ServiceID string
	Logger    *slog.Logger
	// Damage takes what is out of service; default: a ledger of its own.
	Damage *damage.Ledger
	// DefaultPartitions are those of a topic that a statement makes without a count.
	DefaultPartitions int32
}

// Catalog is the catalog of a node and the queries that run for it.
type Catalog struct {
	cfg      Config
	commands *commandLog
	snapshot atomic.Pointer[catalog.Snapshot]
	tables   tableLocks

	mu struct {
		sync.Mutex // one statement changes the catalog at a time
		plans      map[string]*plan.Query
		passed     []span // commands that are not in the catalog
	}
}

// Open replays the command log and starts the queries that are in it.
func Open(ctx context.Context, cfg Config) (*Catalog, error) {
	commands, err := openCommandLog(ctx, cfg.Log, cfg.Clock, cfg.ServiceID)
	if err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Damage == nil {
		cfg.Damage = damage.NewLedger(cfg.Logger, cfg.Clock.Now)
	}
	c := &Catalog{cfg: cfg, commands: commands}
	c.mu.plans = map[string]*plan.Query{}
	c.snapshot.Store(catalog.Empty())
	err = errors.Join(commands.fault, commands.replay(ctx, c.replayOne, c.skipped))
	if ctx.Err() != nil {
		return nil, err
	}
	if err != nil { // queries that are known run, and so does everything that needs none
		c.cfg.Damage.Report(damage.Fault{Part: "command topic", File: commands.tp.Topic, Offset: -1, Reason: err.Error(),
			Remedy: "restore a backup; statements that change the catalog are refused until then"})
	}
	if err := c.findOrphans(ctx); err != nil {
		return nil, err
	}
	return c, c.startAll()
}

// skipped reports commands that are not in the catalog.
func (c *Catalog) skipped(s span, reason string) {
	part := s.part()
	if c.commands.accepted(s) {
		c.cfg.Logger.Info("commands are done without, as was said", "part", part, "reason", reason)
		return
	}
	c.mu.passed = append(c.mu.passed, s)
	c.cfg.Damage.Report(damage.Fault{Part: part, File: c.commands.tp.Topic, Offset: -1, Reason: reason,
		Remedy: "restore a backup, or run the statements again: topics and records that they named are kept. ACKNOWLEDGE COMMANDS ends this message"})
}

// part is the name of commands in the ledger of what is out of service.
func (s span) part() string {
	if s.To > s.From+1 {
		return fmt.Sprintf("commands %d to %d", s.From, s.To-1)
	}
	return fmt.Sprintf("command %d", s.From)
}

// Acknowledge says of the commands that are not in the catalog that they are done without: they
// are no faults any more, now and after a start. It returns how many messages that ends.
func (c *Catalog) Acknowledge(ctx context.Context) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	passed := c.mu.passed
	if len(passed) == 0 {
		return 0, nil
	}
	if err := c.commands.accept(ctx, passed); err != nil {
		return 0, fmt.Errorf("write the position of the command log: %w", err)
	}
	c.mu.passed = nil
	for _, s := range passed {
		c.cfg.Damage.Clear(s.part())
	}
	return len(passed), nil
}

// findOrphans looks for what queries have left whose commands are gone: a catalog that is
// empty although there were queries has been lost. Nothing of it is removed.
func (c *Catalog) findOrphans(ctx context.Context) error {
	topics, err := c.cfg.Log.Topics(ctx)
	if err != nil {
		return err
	}
	prefix := commitlog.Names{ServiceID: c.cfg.ServiceID}.Query("")
	var orphans []string
	for _, t := range topics {
		rest, ok := strings.CutPrefix(t.Name, prefix)
		if !ok {
			continue
		}
		known := slices.ContainsFunc(c.snapshot.Load().Queries(), func(q *catalog.Query) bool { return strings.HasPrefix(rest, q.ID+"-") })
		if !known {
			orphans = append(orphans, t.Name)
		}
	}
	if len(orphans) == 0 {
		return nil
	}
	c.cfg.Logger.Warn("internal topics of queries that are not in the catalog are kept", "topics", strings.Join(orphans, ", "))
	if c.commands.known == 0 && len(c.snapshot.Load().Sources()) == 0 {
		c.cfg.Damage.Report(damage.Fault{Part: "command topic", File: c.commands.tp.Topic, Offset: -1,
			Reason: fmt.Sprintf("it has no commands, but there are internal topics of queries: %s", strings.Join(orphans, ", ")),
			Remedy: "restore a backup, or run the statements again: topics and records that they named are kept"})
	}
	return nil
}

func (c *Catalog) replayOne(cmd *plan.Command) error {
	if q := cmd.Query; q != nil && (q.ID == "" || !whole(q.Root.Node)) {
		return errors.New("its plan is not whole")
	}
	if err := dependsOn(c.snapshot.Load(), cmd); err != nil {
		return err
	}
	next, err := plan.Apply(c.snapshot.Load(), cmd)
	if err != nil {
		return err
	}
	c.snapshot.Store(next)
	c.keepPlans(cmd, next)
	return nil
}

// dependsOn fails when a command needs a source that is not there: that of a command which
// was passed over.
func dependsOn(now *catalog.Snapshot, cmd *plan.Command) error {
	var names []string
	switch {
	case cmd.Drop != nil:
		names = []string{cmd.Drop.Name}
	case cmd.Query != nil:
		names = cmd.Query.Sources
	}
	for _, name := range names {
		_, ok := now.Source(name)
		if !ok && (cmd.Create == nil || cmd.Create.Source.Name != name) {
			return fmt.Errorf("%s does not exist", name)
		}
	}
	return nil
}

// whole reports whether a plan has all its nodes.
func whole(n plan.Node) bool {
	return n != nil && !slices.ContainsFunc(n.Inputs(), func(in plan.Node) bool { return !whole(in) })
}

// keepPlans holds on to the plan of every query that is in the catalog.
func (c *Catalog) keepPlans(cmd *plan.Command, now *catalog.Snapshot) {
	if cmd.Query != nil {
		c.mu.plans[cmd.Query.ID] = cmd.Query
	}
	for id := range c.mu.plans {
		if _, ok := now.Query(id); !ok {
			delete(c.mu.plans, id)
		}
	}
}

// startAll starts what replay has left. A query that cannot start is shown as failed and
// keeps the server from nothing.
func (c *Catalog) startAll() error {
	for _, q := range c.snapshot.Load().Queries() {
		p, ok := c.mu.plans[q.ID]
		if !ok {
			c.cfg.Damage.Report(damage.Fault{Part: "query " + q.ID, Offset: -1, Reason: "it is in the catalog without a plan",
				Remedy: "TERMINATE " + q.ID + ", and run its statement again"})
			continue
		}
		if err := c.cfg.Engine.Restart(p); err != nil {
			return err
		}
		if q.Paused {
			c.note(q.ID, c.cfg.Engine.Pause(q.ID))
		}
	}
	return nil
}

// Snapshot is the catalog as of now.
func (c *Catalog) Snapshot() *catalog.Snapshot { return c.snapshot.Load() }

// Plan returns the plan of a running query.
func (c *Catalog) Plan(id string) (*plan.Query, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, ok := c.mu.plans[id]
	return q, ok
}

// Outcome says what a statement did.
type Outcome struct {
	Message string // as ksqlDB words it: "Stream created", "Created query with ID CSAS_X_3"
	// Warning is what the user should know beside; empty for nothing.
	Warning string
	QueryID string
}

// Env is what planning sees: the current snapshot, the session's properties, the topics.
func (c *Catalog) Env(ctx context.Context, properties map[string]string) planner.Env {
	return planner.Env{Catalog: c.snapshot.Load(), Properties: properties, Topics: topics{ctx, c.cfg.Log}}
}

// Request is a statement that changes the catalog, of one session.
type Request struct {
	Statement ast.Statement
	// Own is the statement's own text, which the command log keeps; positions count in
	// Text, which may hold more.
	Own, Text  string
	Properties map[string]string
	Standard   bool
}

// Execute plans and carries out a statement that changes the catalog.
func (c *Catalog) Execute(ctx context.Context, r Request) (Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	penv := c.Env(ctx, r.Properties)
	penv.Statement, penv.Text, penv.Standard = r.Own, r.Text, r.Standard
	next, err := c.commands.next(ctx)
	if err != nil {
		return Outcome{}, err
	}
	penv.NextQueryID = int(next)
	cmd, err := planner.Plan(r.Statement, penv)
	if err != nil {
		return Outcome{}, err
	}
	if cmd.Empty() {
		return Outcome{Message: cmd.Notice}, nil
	}
	return c.carryOut(ctx, cmd)
}

func (c *Catalog) carryOut(ctx context.Context, cmd *plan.Command) (Outcome, error) {
	if ctl := cmd.Control; ctl != nil && ctl.Verb == plan.Rebuild {
		for _, id := range ctl.Queries {
			if err := c.cfg.Engine.Rebuild(ctx, id); err != nil {
				return Outcome{}, fmt.Errorf("rebuild query %s: %w", id, err)
			}
		}
		return outcome(cmd), nil
	}
	after, err := plan.Apply(c.snapshot.Load(), cmd)
	if err != nil {
		return Outcome{}, err
	}
	if err := c.checkOwners(cmd); err != nil {
		return Outcome{}, err
	}
	replaced := c.replacedQuery(cmd)
	kept := func(state string) bool {
		_, err := c.cfg.Log.Topic(ctx, commitlog.Names{ServiceID: c.cfg.ServiceID}.Query(replaced)+"-"+state+"-changelog")
		return err == nil
	}
	if old, ok := c.mu.plans[replaced]; ok && cmd.Query != nil && cmd.Query.ID == replaced {
		if err := plan.SameSteps(old, cmd.Query); err != nil {
			return Outcome{}, err
		}
		if err := plan.Upgrade(old, cmd.Query, kept); err != nil {
			return Outcome{}, sqlerr.New(sqlerr.FeatureNotSupported, "query %s cannot be replaced: %w", replaced, err).
				Hint("DROP the table and create it again.")
		}
	}
	undo, err := c.makeReady(ctx, cmd)
	if err != nil {
		return Outcome{}, err
	}
	if err := c.commands.append(ctx, cmd); err != nil {
		return Outcome{}, errors.Join(fmt.Errorf("write the command log: %w", err), undo())
	}
	c.snapshot.Store(after)
	c.keepPlans(cmd, after)
	if err := c.apply(ctx, cmd, replaced); err != nil {
		return Outcome{}, err
	}
	done := outcome(cmd)
	if cmd.Create != nil && cmd.Query == nil {
		done.Warning = c.retentionWarning(ctx, cmd.Create.Source.Topic)
	}
	return done, nil
}

// makeReady does all of a command that can fail, before it is logged; undo takes it back. A
// failure leaves nothing behind.
func (c *Catalog) makeReady(ctx context.Context, cmd *plan.Command) (undo func() error, err error) {
	undo = func() error { return nil }
	if cmd.Create != nil && cmd.Create.Topic != nil {
		made, err := c.makeTopic(ctx, cmd.Create.Topic)
		if err != nil {
			return nil, err
		}
		if made {
			undo = func() error { return c.cfg.Log.DeleteTopic(ctx, cmd.Create.Topic.Name) }
		}
	}
	if cmd.Query == nil {
		return undo, nil
	}
	back, err := c.cfg.Engine.Prepare(ctx, cmd.Query)
	switch {
	case errors.Is(err, commitlog.ErrInvalidTopic), errors.Is(err, commitlog.ErrInvalidConfig):
		err = sqlerr.New(sqlerr.InvalidParameter, "%w", err)
	case err == nil:
		first := undo
		return func() error { return errors.Join(back(), first()) }, nil
	}
	return nil, errors.Join(err, undo())
}

// checkOwners refuses a command that would make, write or delete a system topic. Reading one
// is anybody's right.
func (c *Catalog) checkOwners(cmd *plan.Command) error {
	var topics []string
	if cmd.Create != nil && cmd.Create.Topic != nil {
		topics = append(topics, cmd.Create.Topic.Name)
	}
	if cmd.Query != nil && cmd.Query.Sink != nil {
		topics = append(topics, cmd.Query.Sink.Topic)
	}
	if cmd.Drop != nil && cmd.Drop.DeleteTopic != "" {
		topics = append(topics, cmd.Drop.DeleteTopic)
	}
	for _, t := range topics {
		if err := c.CheckWritable(t); err != nil {
			return err
		}
	}
	return nil
}

// CheckWritable refuses the topics that belong to the server itself.
func (c *Catalog) CheckWritable(topic string) error {
	names := commitlog.Names{ServiceID: c.cfg.ServiceID}
	if !names.OwnsTopic(topic) && topic != commitlog.OffsetsTopic {
		return nil
	}
	return sqlerr.New(sqlerr.InsufficientPrivilege, "topic %q is a system topic: it can be read, not made, written or deleted", topic)
}

// retentionWarning tells what retention will do to a topic that holds records which are
// older than it keeps.
func (c *Catalog) retentionWarning(ctx context.Context, topic string) string {
	t, err := c.cfg.Log.Topic(ctx, topic)
	if err != nil || t.RetentionMs < 0 {
		return ""
	}
	limit := c.cfg.Clock.Now().Add(-time.Duration(t.RetentionMs) * time.Millisecond)
	for p := range t.Partitions {
		tp := commitlog.TopicPartition{Topic: topic, Partition: commitlog.PartitionID(p)}
		_, ms, err := c.cfg.Log.OffsetForTime(ctx, tp, time.UnixMilli(0))
		if err == nil && ms >= 0 && ms < limit.UnixMilli() {
			return fmt.Sprintf("topic %s holds records of %s, and its retention.ms = %d deletes segments whose records are all older than %s; set its retention.ms to -1, or its %s to append, to keep them",
				topic, time.UnixMilli(ms).UTC().Format(time.DateOnly), t.RetentionMs, limit.UTC().Format(time.DateOnly), commitlog.RetentionClock)
		}
	}
	return ""
}

// replacedQuery is the query that CREATE OR REPLACE takes the place of, "" for none.
func (c *Catalog) replacedQuery(cmd *plan.Command) string {
	if cmd.Create == nil || !cmd.Create.Replaces {
		return ""
	}
	if old, ok := c.snapshot.Load().Source(cmd.Create.Source.Name); ok {
		return old.CreatedBy
	}
	return ""
}

// apply starts and stops what a logged command asks for.
func (c *Catalog) apply(ctx context.Context, cmd *plan.Command, replaced string) error {
	if replaced != "" {
		c.stop(replaced, cmd.Query == nil || cmd.Query.ID != replaced)
	}
	switch {
	case cmd.Query != nil:
		return c.start(ctx, cmd.Query)
	case cmd.Drop != nil:
		if cmd.Drop.Query != "" {
			c.stop(cmd.Drop.Query, true)
		}
		if cmd.Drop.DeleteTopic != "" {
			err := c.cfg.Log.DeleteTopic(ctx, cmd.Drop.DeleteTopic)
			if err != nil && !errors.Is(err, commitlog.ErrUnknownTopic) {
				return err
			}
		}
	case cmd.Control != nil:
		c.control(cmd.Control)
	}
	return nil
}

func (c *Catalog) control(ctl *plan.QueryControl) {
	for _, id := range ctl.Queries {
		switch ctl.Verb {
		case plan.Terminate:
			c.stop(id, true)
		case plan.Pause:
			c.note(id, c.cfg.Engine.Pause(id))
		case plan.Resume:
			c.note(id, c.cfg.Engine.Resume(id))
		}
	}
}

// start runs a query and returns when it has its starting positions: what is appended
// after its statement has returned is in its result.
func (c *Catalog) start(ctx context.Context, q *plan.Query) error {
	if err := c.cfg.Engine.Start(q); err != nil {
		return err
	}
	c.note(q.ID, c.cfg.Engine.Ready(ctx, q.ID))
	return nil
}

func (c *Catalog) stop(id string, drop bool) { c.note(id, c.cfg.Engine.Stop(id, drop)) }

// note logs what went wrong with a query beside the statement: the command stands, and
// the engine goes on trying.
func (c *Catalog) note(id string, err error) {
	if err != nil && !errors.Is(err, executor.ErrUnknownQuery) {
		c.cfg.Logger.Error("query", "query", id, "err", err)
	}
}

// makeTopic makes a topic unless it is there, and reports whether it did.
func (c *Catalog) makeTopic(ctx context.Context, t *plan.Topic) (made bool, err error) {
	spec := commitlog.TopicSpec{Name: t.Name, Partitions: t.Partitions, ReplicationFactor: t.Replicas, Configs: commitlog.KeptByAppend(t.Configs)}
	if spec.Partitions == 0 {
		spec.Partitions = max(1, c.cfg.DefaultPartitions)
	}
	if spec.ReplicationFactor == 0 {
		spec.ReplicationFactor = -1
	}
	_, err = c.cfg.Log.CreateTopic(ctx, spec)
	switch {
	case err == nil || errors.Is(err, commitlog.ErrTopicExists):
		return err == nil, nil
	case errors.Is(err, commitlog.ErrInvalidTopic), errors.Is(err, commitlog.ErrInvalidConfig):
		return false, sqlerr.New(sqlerr.InvalidParameter, "%w", err)
	}
	return false, fmt.Errorf("make topic %s: %w", t.Name, err)
}

// outcome words what was done as ksqlDB does.
func outcome(cmd *plan.Command) Outcome {
	switch {
	case cmd.Query != nil && cmd.Query.Kind != plan.MaterializeTable:
		return Outcome{Message: "Created query with ID " + cmd.Query.ID, QueryID: cmd.Query.ID}
	case cmd.Create != nil && cmd.Create.Source.Table:
		return Outcome{Message: "Table created"}
	case cmd.Create != nil:
		return Outcome{Message: "Stream created"}
	case cmd.Drop != nil:
		message := fmt.Sprintf("Source %s was dropped.", cmd.Drop.Name)
		if cmd.Drop.DeleteTopic != "" {
			message += fmt.Sprintf(" Topic %s was deleted.", cmd.Drop.DeleteTopic)
		}
		return Outcome{Message: message}
	case cmd.Alter != nil:
		return Outcome{Message: "Source " + cmd.Alter.Name + " was altered."}
	case cmd.Type != nil:
		return Outcome{Message: "Registered custom type with name " + cmd.Type.Name}
	case cmd.Untype != nil:
		return Outcome{Message: "Dropped type " + cmd.Untype.Name}
	}
	return Outcome{Message: fmt.Sprintf("%s: %s", cmd.Control.Verb, strings.Join(cmd.Control.Queries, ", "))}
}

// topics is the log's topics as the planner sees them.
type topics struct {
	ctx context.Context
	log commitlog.Log
}

// Topic describes a topic that exists.
func (t topics) Topic(name string) (partitions int32, replicas int16, ok bool) {
	found, err := t.log.Topic(t.ctx, name)
	return found.Partitions, found.ReplicationFactor, err == nil
}
