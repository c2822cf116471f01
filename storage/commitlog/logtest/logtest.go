// Package logtest is what every home of commitlog.Log must do: each sentence of the seam's
// comments, as a test. A home calls Run from a test of its own.
package logtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// Home is an open log under test. Reopen closes it and opens it again over the same
// records; nil skips the tests that need it.
type Home struct {
	Log    commitlog.Log
	Reopen func() commitlog.Log
}

// patience is how long a test waits for what must happen soon. It is no measure of speed.
const patience = 30 * time.Second

// Run runs the suite, each test in a home of its own.
func Run(t *testing.T, open func(t *testing.T) Home) {
	for _, tc := range []struct {
		name string
		f    func(*suite)
	}{
		{"topics come and go", (*suite).topics},
		{"bad topics are refused", (*suite).badTopics},
		{"unknown names are told apart", (*suite).unknown},
		{"batches keep their order and bytes", (*suite).order},
		{"a read begins inside a batch", (*suite).readInside},
		{"a read returns whole batches", (*suite).readWhole},
		{"a read outside the bounds is refused", (*suite).readOutside},
		{"bad batches are refused", (*suite).badBatches},
		{"what was used up is trimmed", (*suite).trim},
		{"durable appends are below the high watermark", (*suite).acks},
		{"appends from many goroutines", (*suite).manyWriters},
		{"offsets by time", (*suite).byTime},
		{"watching", (*suite).watch},
		{"watching a topic that is deleted", (*suite).watchDeleted},
		{"a commit is all", (*suite).commit},
		{"a refused commit is nothing", (*suite).commitRefused},
		{"an older owner is fenced", (*suite).fence},
		{"commits of many tasks", (*suite).manyCommits},
		{"positions are of a group", (*suite).positions},
		{"everything survives reopening", (*suite).reopen},
		{"a closed log says so", (*suite).closed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := open(t)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			s := &suite{T: t, home: h, log: h.Log, ctx: ctx}
			defer func() { _ = s.log.Close() }()
			tc.f(s)
		})
	}
}

type suite struct {
	*testing.T
	home Home
	log  commitlog.Log
	ctx  context.Context
}

// Batch encodes values as the records of one batch, a millisecond apart from ts on. The
// key of each is its value.
func Batch(ts int64, values ...string) []byte {
	b := record.NewBuilder(record.Options{})
	for i, v := range values {
		b.Append(ts+int64(i), []byte(v), []byte(v), nil)
	}
	out, err := b.Finish()
	if err != nil {
		panic(err) // no codec: cannot fail
	}
	return out
}

// Value is a record as the suite looks at it.
type Value struct {
	Offset commitlog.Offset
	Value  string
}

// Decode walks batches and returns the records from an offset on. It checks the CRCs and
// that offsets grow.
func Decode(from commitlog.Offset, batches []byte) ([]Value, error) {
	var out []Value
	var it record.Iter
	last := int64(-1)
	for len(batches) > 0 {
		h, err := record.Verify(batches)
		if err != nil {
			return out, err
		}
		if err := it.Reset(batches); err != nil {
			return out, err
		}
		for it.Next() {
			r := it.Record()
			if r.Offset <= last {
				return out, fmt.Errorf("offset %d after %d", r.Offset, last)
			}
			last = r.Offset
			if r.Offset >= int64(from) {
				out = append(out, Value{commitlog.Offset(r.Offset), string(r.Value)})
			}
		}
		if it.Err() != nil {
			return out, it.Err()
		}
		batches = batches[h.Size():]
	}
	return out, nil
}

// ReadAll returns every record of a partition.
func ReadAll(ctx context.Context, log commitlog.Log, tp commitlog.TopicPartition) ([]Value, error) {
	b, err := log.Bounds(ctx, tp)
	if err != nil {
		return nil, err
	}
	var out []Value
	buf := make([]byte, 4096)
	for at := b.LogStart; at < b.HighWatermark; {
		f, err := log.Read(ctx, tp, at, buf)
		if err != nil {
			return out, err
		}
		vs, err := Decode(at, f.Batches)
		if err != nil {
			return out, err
		}
		out = append(out, vs...)
		next := at
		for rest := f.Batches; len(rest) > 0; { // a batch may be without records
			h, err := record.ParseHeader(rest)
			if err != nil {
				return out, err
			}
			next, rest = commitlog.Offset(h.NextOffset()), rest[h.Size():]
		}
		if next == at {
			return out, fmt.Errorf("nothing at offset %d below the high watermark %d", at, b.HighWatermark)
		}
		at = next
	}
	return out, nil
}

func (s *suite) topic(name string, partitions int32) commitlog.TopicPartition {
	s.Helper()
	if _, err := s.log.CreateTopic(s.ctx, commitlog.TopicSpec{Name: name, Partitions: partitions, ReplicationFactor: -1}); err != nil {
		s.Fatalf("CreateTopic(%s): %v", name, err)
	}
	return commitlog.TopicPartition{Topic: name}
}

func (s *suite) append(tp commitlog.TopicPartition, values ...string) commitlog.Offset {
	s.Helper()
	off, err := s.log.Append(s.ctx, commitlog.PartitionBatch{TopicPartition: tp, Batch: Batch(1000, values...)}, commitlog.AcksDurable)
	if err != nil {
		s.Fatalf("Append to %v: %v", tp, err)
	}
	return off
}

func (s *suite) values(tp commitlog.TopicPartition) []string {
	s.Helper()
	vs, err := ReadAll(s.ctx, s.log, tp)
	if err != nil {
		s.Fatalf("reading %v: %v", tp, err)
	}
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.Value
	}
	return out
}

func (s *suite) want(got, want any, what string, args ...any) {
	s.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		s.Errorf("%s\n got %s\nwant %s", fmt.Sprintf(what, args...), g, w)
	}
}

func (s *suite) wantErr(err, want error, what string, args ...any) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s\n got error %v\nwant error %v", fmt.Sprintf(what, args...), err, want)
	}
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}
