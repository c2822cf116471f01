// Package session runs statements for one client: it parses, plans and executes, keeps
// the client's settings, and remembers what the client wrote so that it reads its own
// writes.
//
//	Prepare(text) -> Prepared{Params, Columns} -> Run(args, Result)
//
// pgwire puts the Postgres protocol in front of it. A Session belongs to one connection
// and is used by one goroutine at a time.
package session

import (
	"context"
	"log/slog"
	"time"

	"tailrace/executor"
	"tailrace/server/ddl"
	"tailrace/sql/sqlerr"
	"tailrace/storage/commitlog"
	"tailrace/storage/damage"
	"tailrace/storage/env"
	"tailrace/storage/memory"
)

// Deps are the parts of a server that sessions work with; they are shared by all.
type Deps struct {
	Log     commitlog.Log
	Engine  *executor.Engine
	Catalog *ddl.Catalog
	Clock   env.Clock
	Rand    env.Rand
	Logger  *slog.Logger
	// Damage is what SHOW FAULTS lists; nil: nothing.
	Damage *damage.Ledger
	// Memory is the account of what statements gather; nil: no limit.
	Memory *memory.Account
	// Properties are the ksql properties that a session starts with.
	Properties map[string]string
	// Settings are those of the server, for SHOW PROPERTIES.
	Settings []Setting
	// PullTimeout bounds the wait for a view to have applied the session's writes.
	PullTimeout time.Duration
	// Backup copies the log into a folder, as of one moment, and returns how many bytes and
	// files it wrote.
	Backup func(ctx context.Context, folder string) (bytes int64, files int, err error)
	// Version is the program's, for version() and server_version.
	Version string
}

// Setting is one that the server was started with.
type Setting struct{ Name, Default, Value, Doc string }

// Session is the state of one client.
type Session struct {
	deps       *Deps
	settings   settings
	properties map[string]string
	variables  map[string]string
	// written is how far the session has written into each partition: the offset after
	// its last record. Reads wait for it.
	written map[commitlog.TopicPartition]commitlog.Offset
	topics  map[string][16]byte // the ids of the topics of written
	writes  int                 // changes of written
	// fresh is what the streams and tables that the session has read were waited for.
	fresh  map[string]freshness
	tx     byte   // 'I' idle, 'T' in a transaction block, 'E' in a failed one
	spread uint32 // of rows without a key over partitions
	// wroteInBlock: a statement of the transaction block has changed something.
	wroteInBlock bool

	plans  plans
	client clientFacts

	onNotice  func(Notice)
	onSetting func(name, value string)
}

// New makes the session of a client whose startup parameters are params.
func New(deps *Deps, params map[string]string) *Session {
	s := &Session{deps: deps, properties: map[string]string{}, variables: map[string]string{},
		written: map[commitlog.TopicPartition]commitlog.Offset{}, topics: map[string][16]byte{}, fresh: map[string]freshness{}, tx: 'I',
		onNotice: func(Notice) {}, onSetting: func(string, string) {}}
	for k, v := range deps.Properties {
		s.properties[k] = v
	}
	s.settings = newSettings(deps.Version, params)
	s.client = factsOf(params, deps.Clock.Now())
	return s
}

// Close ends the session.
func (s *Session) Close() {}

// OnNotice sets who is told notices that no running statement takes.
func (s *Session) OnNotice(f func(Notice)) { s.onNotice = f }

// OnSettingChange sets who is told when one of ReportedSettings changes.
func (s *Session) OnSettingChange(f func(name, value string)) { s.onSetting = f }

// TransactionStatus is the status that ReadyForQuery reports: 'I', 'T' or 'E'.
func (s *Session) TransactionStatus() byte { return s.tx }

// Failed notes that a statement failed: a transaction block refuses further ones until
// its end, as PostgreSQL's do.
func (s *Session) Failed() {
	if s.tx == 'T' {
		s.tx = 'E'
	}
}

// errAborted is what a failed transaction block says to everything but its end.
func errAborted() error {
	return sqlerr.New(sqlerr.InFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}

// cancelled turns the end of a context into what the client is told.
func cancelled(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return sqlerr.New(sqlerr.QueryCanceled, "canceling statement due to user request")
	}
	return err
}
