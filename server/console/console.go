// Package console is the web console: one page application at "/" of the HTTP port, and the
// JSON API under /api/ that it is made of.
//
//	browser ── /, /console/*    the page: embedded files, no other host is asked for anything
//	   └────── /api/*           endpoints (routes.go): what they take is declared, checked and described in one place
//	                |
//	     log, groups, engine, catalog, sessions of this process
//
// Everything that is shown is read when it is asked for, but for the last hour of the
// overview and of the lags of groups, which rings of a fixed size hold (ring.go). Lists come in
// pages, and whatever scans is bounded in time and tells how far it came.
//
// A page of somebody else's cannot drive it: Host and Origin are checked in front of it
// (admin.Guard), whatever changes something wants the token that only its own page can read,
// and the page may load nothing from elsewhere (Content-Security-Policy).
package console

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tailrace/broker/coordinator/group"
	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/server/admin"
	"tailrace/server/ddl"
	"tailrace/server/session"
	"tailrace/storage/commitlog"
	"tailrace/storage/damage"
	"tailrace/storage/env"
	"tailrace/storage/memory"
	"tailrace/storage/record/kerr"
)

// Config is what a Console shows, and how.
type Config struct {
	Info      admin.Info
	Log       *local.Log
	Groups    *group.Coordinator
	Engine    *executor.Engine
	Catalog   *ddl.Catalog
	Damage    *damage.Ledger
	Memory    *memory.Budget
	Checks    []admin.Check
	ServiceID string
	// NewSession makes a session for the statements of a tab.
	NewSession func(params map[string]string) *session.Session
	// Traffic is how many bytes the Kafka port has received and sent; nil: not known.
	Traffic func() (in, out int64)
	// MaxTopicPartitions bounds the partitions of a new topic; 0: the log's own bound.
	MaxTopicPartitions int32
	// ReadOnly refuses whatever changes something. Setting: console.read.only.
	ReadOnly bool

	Clock  env.Clock    // default env.SystemClock
	Rand   env.Rand     // default env.SystemRand
	Logger *slog.Logger // default: discard
}

// Console serves the page and its API. It samples in the background until Close.
type Console struct {
	c        Config
	token    string // of this start
	started  time.Time
	names    commitlog.Names
	rings    rings
	sessions sessions
	pace     pace // of all scans
	mux      *http.ServeMux
	turn     atomic.Uint32 // of partitions, for messages without a key

	ctx  context.Context // ends with Close, and with it what streams
	stop context.CancelFunc
	done sync.WaitGroup
}

// New makes a console and begins to sample.
func New(c Config) *Console {
	if c.Clock == nil {
		c.Clock = env.SystemClock
	}
	if c.Rand == nil {
		c.Rand = env.SystemRand
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	var secret [16]byte
	c.Rand.Read(secret[:])
	k := &Console{c: c, pace: newPace(), token: hex.EncodeToString(secret[:]), started: c.Clock.Now(),
		names: commitlog.Names{ServiceID: c.ServiceID}}
	k.ctx, k.stop = context.WithCancel(context.Background())
	k.rings.init()
	k.sessions.init(k)
	k.mux = k.routes()
	k.done.Add(1)
	go func() {
		defer k.done.Done()
		k.sample()
	}()
	return k
}

// Close ends what streams and samples.
func (k *Console) Close() {
	k.stop()
	k.done.Wait()
}

// Handler serves the console, and with next what is not the console's.
func (k *Console) Handler(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", k.servePage)
	mux.HandleFunc("GET /console/", k.serveAsset)
	mux.Handle("/api/", k.mux)
	mux.Handle("/", next)
	return mux
}

// tokenHeader carries the token of whatever changes something.
const tokenHeader = "X-Tailrace-Token"

// authorized reports whether a request shows the token of this start. A page of another origin
// can neither read the token nor send the header without being asked for it first.
func (k *Console) authorized(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.Header.Get(tokenHeader)), []byte(k.token)) == 1
}

// apiError is an answer that says what is wrong.
type apiError struct {
	status int
	// Code is the status and two digits, as everywhere on the HTTP port.
	Code    int    `json:"error_code" doc:"The HTTP status, and two digits."`
	Message string `json:"message"`
	// Reason is a word that programs may branch on.
	Reason   string `json:"reason,omitempty" doc:"A word to branch on: token, read_only, parameter, body, not_found, conflict, forbidden."`
	Hint     string `json:"hint,omitempty"`
	Detail   string `json:"detail,omitempty"`
	SQLState string `json:"sqlstate,omitempty" doc:"SQLSTATE of errors in SQL."`
	Position int    `json:"position,omitempty" doc:"Where in the SQL, in characters from 1."`
}

func (e *apiError) Error() string { return e.Message }

func fault(status int, reason, message string) *apiError {
	return &apiError{status: status, Code: status * 100, Reason: reason, Message: message}
}

func notFound(message string) *apiError  { return fault(http.StatusNotFound, "not_found", message) }
func badParam(message string) *apiError  { return fault(http.StatusBadRequest, "parameter", message) }
func badBody(message string) *apiError   { return fault(http.StatusBadRequest, "body", message) }
func forbidden(message string) *apiError { return fault(http.StatusForbidden, "forbidden", message) }

// asAPIError is how an error of the rooms below is answered.
func asAPIError(err error) *apiError {
	var e *apiError
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, commitlog.ErrUnknownTopic), errors.Is(err, commitlog.ErrUnknownPartition), errors.Is(err, executor.ErrUnknownQuery):
		return notFound(reason(err))
	case errors.Is(err, commitlog.ErrTopicExists):
		return fault(http.StatusConflict, "conflict", reason(err))
	case errors.Is(err, commitlog.ErrInvalidConfig), errors.Is(err, commitlog.ErrInvalidBatch), errors.Is(err, commitlog.ErrBatchTooLarge),
		errors.Is(err, commitlog.ErrOffsetOutOfRange), errors.Is(err, commitlog.ErrInvalidTopic):
		return fault(http.StatusBadRequest, "parameter", reason(err))
	case errors.Is(err, commitlog.ErrClosed), errors.Is(err, executor.ErrClosed):
		return fault(http.StatusServiceUnavailable, "", "the server is shutting down")
	}
	if e := sqlError(err); e != nil {
		return e
	}
	return fault(http.StatusInternalServerError, "", err.Error())
}

// reason is the text of an error of the log without what kind of error it is: the answer's code
// says that.
func reason(err error) string {
	text := err.Error()
	kinds := []error{kerr.Of(err), commitlog.ErrUnknownTopic, commitlog.ErrTopicExists, commitlog.ErrInvalidTopic, commitlog.ErrInvalidConfig}
	for i := 0; i < len(kinds); i++ {
		if cut, ok := strings.CutPrefix(text, kinds[i].Error()+": "); ok {
			text, i = cut, -1
		}
	}
	return text
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client went away: nobody to tell
}
