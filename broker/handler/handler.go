// Package handler answers Kafka requests, one file per API key (NN_name.go).
//
// Each file registers its handler with the range of versions that it speaks; ApiVersions
// announces exactly what is registered. Requests are franz-go's kmsg structs, except
// Produce and Fetch, whose record batches must not be touched.
//
// Two rules hold everywhere. An error goes into its own slot: one unknown topic never
// fails a request. And nothing of a request is kept after its handler returns, unless it
// was copied: bytes alias the frame, which is reused (strings are copies).
package handler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/conn"
	"tailrace/broker/coordinator/group"
	"tailrace/broker/local"
	"tailrace/broker/partition"
	"tailrace/broker/wire"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/metric"
	"tailrace/storage/record/kerr"
)

// Config is what the handlers must know of the node.
type Config struct {
	// AdvertisedHost and AdvertisedPort are where clients are told to connect. When the
	// host is empty, each is told the address by which it reached us.
	AdvertisedHost string
	AdvertisedPort int32
	Rack           string
	// AutoCreateTopics makes a topic that a client asks about.
	AutoCreateTopics bool
	// MaxTopicPartitions bounds the partitions of a new topic.
	MaxTopicPartitions int32
	// FetchMaxBytes bounds an answer to Fetch whatever the client asks for.
	FetchMaxBytes int32
	// BrokerConfigs is what DescribeConfigs shows of the broker, besides what is set while it
	// runs.
	BrokerConfigs []BrokerConfig

	Clock  env.Clock
	Logger *slog.Logger
}

// BrokerConfig is one configuration of the broker, with the value it was started with.
type BrokerConfig struct {
	Key      local.ConfigKey
	Value    string
	ReadOnly bool // while the broker runs
}

// API answers requests out of a log.
type API struct {
	cfg    Config
	log    *local.Log
	groups *group.Coordinator
	// large admits the handling of large control requests one at a time: decoded, they
	// take a hundred times their size.
	large   chan struct{}
	deleted deletions
	errors  *metric.Counts // in answers
}

// largeBytes is the size from which a control request is large.
const largeBytes = 256 << 10

// New makes the handlers of a node.
func New(c Config, log *local.Log, groups *group.Coordinator) *API {
	a := &API{cfg: c, log: log, groups: groups, large: make(chan struct{}, 1), errors: answeredErrors.Counts()}
	for _, key := range []wire.APIKey{wire.Produce, wire.Fetch} {
		for _, code := range []kerr.Code{kerr.StorageError, kerr.CorruptMessage, kerr.Unknown} {
			a.errors.Add(0, key.Name(), code.Error()) // the first one is to be seen as a rise
		}
	}
	return a
}

// versions is a closed range of versions of one API key.
type versions struct{ min, max int16 }

// route is a registered handler.
type route struct {
	versions
	run func(a *API, ctx context.Context, r *conn.Request, answer *wire.Body) conn.Outcome
}

// routes is filled by init functions and only read afterwards.
var routes [128]*route

// call is one request in the hands of a handler.
type call struct {
	context.Context
	*conn.Request
}

// register adds the handler of one API key. f returns the answer; all errors are in it.
func register[Q any, R interface {
	*Q
	kmsg.Request
}](key int16, v versions, f func(*API, *call, R) kmsg.Response) {
	registerRaw(key, v, func(a *API, ctx context.Context, r *conn.Request, answer *wire.Body) conn.Outcome {
		if len(r.Body) > largeBytes && !r.Key.Waits() {
			a.large <- struct{}{}
			defer func() { <-a.large }()
		}
		if err := wire.CheckShape(r.Key, r.Version, r.Body); err != nil {
			return conn.Outcome{Err: err}
		}
		req := R(new(Q))
		req.SetVersion(r.Version)
		if err := req.ReadFrom(r.Body); err != nil {
			return conn.Outcome{Err: fmt.Errorf("%w: %w", wire.ErrMalformed, err)}
		}
		resp := f(a, &call{ctx, r}, req)
		a.countAll(r.Key, resp)
		answer.Bytes = resp.AppendTo(answer.Bytes)
		return conn.Outcome{}
	})
}

func registerRaw(key int16, v versions, run func(*API, context.Context, *conn.Request, *wire.Body) conn.Outcome) {
	if routes[key] != nil {
		panic(fmt.Sprintf("API key %d is registered twice", key))
	}
	routes[key] = &route{v, run}
}

// Handle implements conn.Handler.
func (a *API) Handle(ctx context.Context, r *conn.Request, answer *wire.Body) conn.Outcome {
	if r.Key < 0 || int(r.Key) >= len(routes) || routes[r.Key] == nil {
		return conn.Outcome{Err: fmt.Errorf("API key %d is not served", r.Key)}
	}
	rt := routes[r.Key]
	if r.Version < rt.min || r.Version > rt.max {
		if r.Key == wire.ApiVersions {
			return a.apiVersionsUnknown(answer)
		}
		return conn.Outcome{Err: fmt.Errorf("version %d is not served, only %d to %d", r.Version, rt.min, rt.max)}
	}
	return rt.run(a, ctx, r, answer)
}

// Served is one API key with the versions that are served, for the generated page.
type Served struct {
	Key      int16
	Name     string
	Min, Max int16
	Flexible int16 // the first flexible version; -1 when none is served
}

// ServedAPIs lists all registered handlers, in order of key.
func ServedAPIs() []Served {
	var out []Served
	for key, rt := range routes {
		if rt == nil {
			continue
		}
		s := Served{Key: int16(key), Name: wire.APIKey(key).Name(), Min: rt.min, Max: rt.max, Flexible: -1}
		for v := rt.min; v <= rt.max; v++ {
			if wire.APIKey(key).Flexible(v) {
				s.Flexible = v
				break
			}
		}
		out = append(out, s)
	}
	return out
}

// advertised is where the client is to connect.
func (a *API) advertised(r *conn.Request) (host string, port int32) {
	host, port = a.cfg.AdvertisedHost, a.cfg.AdvertisedPort
	if host != "" && port != 0 {
		return host, port
	}
	h, p, err := net.SplitHostPort(r.Listener.String())
	if err != nil {
		return host, port
	}
	if host == "" {
		host = h
	}
	if port == 0 {
		n, _ := strconv.ParseInt(p, 10, 32)
		port = int32(n)
	}
	return host, port
}

// partitionFor finds a partition by id, or by name in the versions that have names.
func (a *API) partitionFor(byID bool, name string, id [16]byte, n int32) (*partition.Partition, kerr.Code) {
	if byID {
		return a.partition("", id, n)
	}
	return a.partitionByName(name, n)
}

// partition finds a partition by name, or by id when name is empty.
func (a *API) partition(name string, id [16]byte, n int32) (*partition.Partition, kerr.Code) {
	var p *partition.Partition
	var err error
	if name != "" {
		p, err = a.log.Partition(commitlog.TopicPartition{Topic: name, Partition: commitlog.PartitionID(n)})
	} else {
		p, err = a.log.PartitionByID(id, commitlog.PartitionID(n))
	}
	switch {
	case err == nil:
		if err := p.Serving(); kerr.Of(err) == kerr.StorageError {
			return nil, kerr.StorageError // damaged: the log and /health say how
		}
		return p, 0
	case name == "" && errors.Is(err, commitlog.ErrUnknownTopic):
		return nil, kerr.UnknownTopicID
	}
	return nil, codeOf(err)
}

// codeOf maps an error of the log to the code for its slot.
func codeOf(err error) kerr.Code {
	if err == nil {
		return kerr.None
	}
	if c := kerr.Of(err); c != kerr.Unknown {
		return c
	}
	for _, m := range []struct {
		err  error
		code kerr.Code
	}{
		{commitlog.ErrUnknownTopic, kerr.UnknownTopicOrPartition},
		{commitlog.ErrUnknownPartition, kerr.UnknownTopicOrPartition},
		{commitlog.ErrTopicExists, kerr.TopicAlreadyExists},
		{commitlog.ErrInvalidTopic, kerr.InvalidTopic},
		{commitlog.ErrInvalidConfig, kerr.InvalidConfig},
		{commitlog.ErrBatchTooLarge, kerr.MessageTooLarge},
		{commitlog.ErrInvalidBatch, kerr.CorruptMessage},
		{commitlog.ErrOffsetOutOfRange, kerr.OffsetOutOfRange},
		{commitlog.ErrClosed, kerr.NotLeaderOrFollower},
		{context.DeadlineExceeded, kerr.RequestTimedOut},
		{context.Canceled, kerr.NotLeaderOrFollower},
	} {
		if errors.Is(err, m.err) {
			return m.code
		}
	}
	return kerr.Unknown
}

// fail is codeOf with a line in the log when the error is ours and not the client's.
func (a *API) fail(doing string, err error) kerr.Code {
	code := codeOf(err)
	if code == kerr.Unknown || code == kerr.StorageError {
		a.cfg.Logger.Error("request failed", "doing", doing, "err", err)
	}
	return code
}

// message is the text for an error slot; nil on success. Clients show it beside the name of
// the code, which it does not repeat.
func message(err error) *string {
	if err == nil {
		return nil
	}
	s := err.Error()
	known := []error{kerr.Of(err), commitlog.ErrInvalidTopic, commitlog.ErrInvalidConfig, commitlog.ErrUnknownTopic, commitlog.ErrTopicExists}
	for i := 0; i < len(known); i++ {
		if cut, ok := strings.CutPrefix(s, known[i].Error()+": "); ok {
			s, i = cut, -1
		}
	}
	return &s
}

// str is a pointer to s.
func str(s string) *string { return &s }
