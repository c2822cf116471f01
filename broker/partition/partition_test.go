package partition

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/record"
	"tailrace/storage/record/kerr"
	"tailrace/storage/segment"
)

var t0 = time.UnixMilli(1_700_000_000_000)

type kit struct {
	*testing.T
	ctx context.Context
	p   *Partition
	fs  env.FS
}

func open(t *testing.T, fs env.FS, cfg Config) *kit {
	log, _, err := segment.Open(segment.Options{FS: fs, Files: segment.NewFiles(fs, 10), Dir: "/t-0", Config: cfg.Segment, Now: t0})
	if err != nil {
		t.Fatal(err)
	}
	f := NewFlusher(2, nil)
	p := New(Options{TopicPartition: commitlog.TopicPartition{Topic: "t"}, Config: cfg, Clock: env.NewManualClock(t0), Flusher: f}, log)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(func() {
		_ = p.Close()
		f.Close()
		cancel()
	})
	return &kit{t, ctx, p, fs}
}

// batch has n records stamped ms; a key of "" is null.
func batch(o record.Options, ms int64, keys ...string) []byte {
	b := record.NewBuilder(o)
	for _, k := range keys {
		var key []byte
		if k != "" {
			key = []byte(k)
		}
		b.Append(ms, key, []byte("v"), nil)
	}
	out, err := b.Finish()
	if err != nil {
		panic(err)
	}
	return out
}

// TestIdempotence walks one producer through its life: each line is a batch of n records,
// as epoch and base sequence, and what becomes of it.
func TestIdempotence(t *testing.T) {
	k := open(t, vfs.NewMem(), DefaultConfig())
	for i, tc := range []struct {
		pid   int64
		epoch int16
		seq   int32
		n     int
		want  string
	}{
		{1, 0, 0, 2, "0"},
		{1, 0, 2, 1, "2"},
		{1, 0, 0, 2, "0 again"},
		{1, 0, 2, 1, "2 again"},
		{1, 0, 4, 1, "OUT_OF_ORDER_SEQUENCE_NUMBER"},
		{1, 0, 3, 1, "3"},
		{1, 0, 4, 1, "4"},
		{1, 0, 5, 1, "5"},
		{1, 0, 6, 1, "6"},
		{1, 0, 2, 1, "2 again"},
		{1, 0, 0, 2, "OUT_OF_ORDER_SEQUENCE_NUMBER"},
		{1, 0, 5, 2, "OUT_OF_ORDER_SEQUENCE_NUMBER"},
		{2, 0, 100, 1, "7"}, // unknown: may begin anywhere
		{1, 1, 7, 1, "OUT_OF_ORDER_SEQUENCE_NUMBER"},
		{1, 1, 0, 1, "8"},
		{1, 0, 7, 1, "INVALID_PRODUCER_EPOCH"},
		{3, 0, 1<<31 - 2, 3, "9"}, // wraps
		{3, 0, 1, 1, "12"},
		{3, 0, 1<<31 - 2, 3, "9 again"},
		{3, 0, 1<<31 - 5, 1, "OUT_OF_ORDER_SEQUENCE_NUMBER"},
		{-1, -1, -1, 1, "13"},
	} {
		keys := make([]string, tc.n)
		b := batch(record.Options{Idempotent: true, ProducerID: tc.pid, ProducerEpoch: tc.epoch, BaseSequence: tc.seq}, 1, keys...)
		res, err := k.p.Append(k.ctx, b, AppendOptions{Acks: commitlog.AcksDurable, Internal: true})
		got := fmt.Sprint(res.BaseOffset)
		if res.Duplicate {
			got += " again"
		}
		if err != nil {
			got = kerr.Of(err).Error()
		}
		if got != tc.want {
			t.Errorf("step %d: producer %d, epoch %d, sequence %d: got %s, want %s", i, tc.pid, tc.epoch, tc.seq, got, tc.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	plain := DefaultConfig()
	compact := DefaultConfig()
	compact.Segment.Compact = true
	bounded := DefaultConfig()
	bounded.TimestampBefore = time.Hour
	now := t0.UnixMilli()
	for _, tc := range []struct {
		name    string
		cfg     Config
		batch   []byte
		code    kerr.Code
		records string
	}{
		{"a flipped bit", plain, func() []byte { b := batch(record.Options{}, now, "a"); b[65] ^= 1; return b }(), kerr.CorruptMessage, "[]"},
		{"magic 1", plain, func() []byte { b := batch(record.Options{}, now, "a"); b[16] = 1; return b }(), kerr.InvalidRecord, "[]"},
		{"two batches", plain, append(batch(record.Options{}, now, "a"), batch(record.Options{}, now, "b")...), kerr.InvalidRecord, "[]"},
		{"too large", plain, batch(record.Options{}, now, strings.Repeat("x", 2<<20)), kerr.MessageTooLarge, "[]"},
		{"control", plain, batch(record.Options{Control: true}, now, "a"), kerr.InvalidRecord, "[]"},
		{"transactional", plain, batch(record.Options{Transactional: true}, now, "a"), kerr.InvalidTxnState, "[]"},
		{"no sequence", plain, batch(record.Options{Idempotent: true, ProducerID: 1, BaseSequence: -1}, now, "a"), kerr.InvalidRecord, "[]"},
		{"no key", compact, batch(record.Options{}, now, "a", "", "b", ""), kerr.InvalidRecord,
			"[{1 Compacted topic cannot accept message without key.} {3 Compacted topic cannot accept message without key.}]"},
		{"too new", plain, batch(record.Options{}, now+3_600_001, "a"), kerr.InvalidTimestamp,
			fmt.Sprintf("[{0 Timestamp %d of message is out of range}]", now+3_600_001)},
		{"too old", bounded, batch(record.Options{}, now-3_600_001, "a"), kerr.InvalidTimestamp,
			fmt.Sprintf("[{0 Timestamp %d of message is out of range}]", now-3_600_001)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k := open(t, vfs.NewMem(), tc.cfg)
			_, err := k.p.Append(k.ctx, tc.batch, AppendOptions{Acks: commitlog.AcksDurable})
			var e *Error
			if !errors.As(err, &e) || e.Code != tc.code || fmt.Sprint(e.Records) != tc.records {
				t.Errorf("got %v %+v, want %v %s", err, e, tc.code, tc.records)
			}
			if b := k.p.Bounds(); b.LogEnd != 0 {
				t.Errorf("the log ends at %d", b.LogEnd)
			}
		})
	}
}

func TestTopicChangesBatches(t *testing.T) {
	cfg := DefaultConfig()
	cfg.LogAppendTime, cfg.Recompress, cfg.Codec = true, true, record.LZ4
	k := open(t, vfs.NewMem(), cfg)
	res, err := k.p.Append(k.ctx, batch(record.Options{Idempotent: true, ProducerID: 4}, 5, "a", "b"), AppendOptions{Acks: commitlog.AcksDurable})
	if err != nil || res.LogAppendTimeMs != t0.UnixMilli() {
		t.Fatalf("%+v %v", res, err)
	}
	f, err := k.p.Read(0, make([]byte, 1000))
	if err != nil {
		t.Fatal(err)
	}
	h, err := record.Verify(f.Batches)
	if err != nil || h.Codec() != record.LZ4 || !h.LogAppendTime() || h.ProducerID != 4 || h.Count != 2 {
		t.Errorf("%+v %v", h, err)
	}
	found, err := k.p.OffsetForTime(t0.UnixMilli())
	if err != nil || found.Offset != 0 || found.TimestampMs != t0.UnixMilli() {
		t.Errorf("by time: %+v %v", found, err)
	}
}

// gate holds fsyncs of segments back until it is opened.
type gate struct {
	mu   sync.Mutex
	hold atomic.Bool
}

func (g *gate) fs() env.FS {
	return errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSyncData && g.hold.Load() {
			g.mu.Lock()
			g.mu.Unlock() //nolint:staticcheck // passing through is the point
		}
		return nil
	}))
}

// The high watermark waits for the fsync; what is durable elsewhere does not, unless
// something before it waits.
func TestHighWatermarkIsDurable(t *testing.T) {
	var g gate
	k := open(t, g.fs(), DefaultConfig())
	opts := AppendOptions{Acks: commitlog.AcksDurable, Internal: true}
	prepare := func() *Prepared {
		b, err := k.p.Prepare(batch(record.Options{}, 1, "x"), opts)
		if err != nil {
			t.Fatal(err)
		}
		return &b
	}
	add := func(durable bool) {
		t.Helper()
		if _, err := k.p.AppendPrepared(prepare(), durable); err != nil {
			t.Fatal(err)
		}
	}
	hw := func(want Offset) {
		t.Helper()
		if b := k.p.Bounds(); b.HighWatermark != want {
			t.Errorf("high watermark %d, want %d", b.HighWatermark, want)
		}
	}
	g.mu.Lock()
	g.hold.Store(true)
	add(true)
	add(true)
	hw(2)
	add(false)
	hw(2)
	add(true)
	hw(2)
	ctx, cancel := context.WithCancel(k.ctx)
	cancel()
	if err := k.p.WaitHighWatermark(ctx, 4); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitHighWatermark: %v", err)
	}
	r, b, err := k.p.ReadRange(3, ReadOptions{MaxBytes: 1000, MinOneBatch: true})
	if err != nil || !r.Empty() || b.LogEnd != 4 {
		t.Errorf("reading above the high watermark: %d bytes, %+v, %v", r.Len, b, err)
	}
	g.hold.Store(false)
	g.mu.Unlock()
	if err := k.p.WaitHighWatermark(k.ctx, 4); err != nil {
		t.Error(err)
	}
	hw(4)
}

func TestPageCacheTopicDoesNotWait(t *testing.T) {
	var g gate
	cfg := DefaultConfig()
	cfg.PageCache, cfg.FlushMessages = true, 1000
	k := open(t, g.fs(), cfg)
	g.mu.Lock()
	g.hold.Store(true)
	for i := range 10 {
		if _, err := k.p.Append(k.ctx, batch(record.Options{}, 1, "x"), AppendOptions{Acks: commitlog.AcksDurable, Internal: true}); err != nil {
			t.Fatal(err)
		}
		if b := k.p.Bounds(); b.HighWatermark != Offset(i+1) {
			t.Errorf("high watermark %d after %d appends", b.HighWatermark, i+1)
		}
	}
	g.hold.Store(false)
	g.mu.Unlock()
}

func TestFailedFsyncAnswersWaiters(t *testing.T) {
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSyncData {
			return syscall.EIO
		}
		return nil
	}))
	k := open(t, fs, DefaultConfig())
	for range 2 {
		_, err := k.p.Append(k.ctx, batch(record.Options{}, 1, "x"), AppendOptions{Acks: commitlog.AcksDurable, Internal: true})
		if kerr.Of(err) != kerr.StorageError {
			t.Errorf("got %v", err)
		}
	}
	if b := k.p.Bounds(); b.HighWatermark != 0 {
		t.Errorf("high watermark %d", b.HighWatermark)
	}
}

func TestDeleteRecords(t *testing.T) {
	k := open(t, vfs.NewMem(), DefaultConfig())
	for range 10 {
		if _, err := k.p.Append(k.ctx, batch(record.Options{}, 1, "x"), AppendOptions{Acks: commitlog.AcksDurable, Internal: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.p.DeleteRecords(11); kerr.Of(err) != kerr.OffsetOutOfRange {
		t.Errorf("above the high watermark: %v", err)
	}
	if start, err := k.p.DeleteRecords(4); start != 4 || err != nil {
		t.Errorf("start %d, %v", start, err)
	}
	if _, _, err := k.p.ReadRange(3, ReadOptions{MaxBytes: 100}); kerr.Of(err) != kerr.OffsetOutOfRange {
		t.Errorf("reading below the start: %v", err)
	}
	if start, err := k.p.DeleteRecords(-1); start != 10 || err != nil {
		t.Errorf("start %d, %v", start, err)
	}
}

func TestDeletionWakesAndRefuses(t *testing.T) {
	var g gate
	k := open(t, g.fs(), DefaultConfig())
	wake := make(chan struct{}, 1)
	defer k.p.Watch(wake)()
	done := make(chan error, 1)
	go func() { done <- k.p.WaitHighWatermark(k.ctx, 5) }()
	if err := k.p.Delete(); err != nil {
		t.Fatal(err)
	}
	<-wake
	if err := <-done; !errors.Is(err, commitlog.ErrUnknownTopic) {
		t.Errorf("the waiter got %v", err)
	}
	_, err := k.p.Append(k.ctx, batch(record.Options{}, 1, "x"), AppendOptions{})
	if kerr.Of(err) != kerr.UnknownTopicOrPartition {
		t.Errorf("Append: %v", err)
	}
}
