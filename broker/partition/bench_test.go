package partition

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/record"
	"tailrace/storage/segment"
)

// BenchmarkAppend is a durable append, beside its ceiling: a bare preallocated
// pwrite + fdatasync loop with the same batch size. Several appenders share fsyncs.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{4 << 10, 64 << 10, 1<<20 - 200} {
		data := make([]byte, size-record.HeaderSize-16)
		w := record.NewBuilder(record.Options{})
		w.Append(1, nil, data, nil)
		batch, err := w.Finish()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("size=%dK/ceiling=pwrite+fdatasync", (size+1023)>>10), func(b *testing.B) { bare(b, batch) })
		for _, appenders := range []int{1, 8} {
			b.Run(fmt.Sprintf("size=%dK/appenders=%d", (size+1023)>>10, appenders), func(b *testing.B) {
				appendAll(b, batch, appenders)
			})
		}
	}
}

func bare(b *testing.B, batch []byte) {
	f, err := env.Disk.Create(b.TempDir()+"/bare", env.LogWrites)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	b.SetBytes(int64(len(batch)))
	const step = 64 << 20
	at, reserved := int64(0), int64(0)
	for b.Loop() {
		if at+int64(len(batch)) > reserved {
			if err := f.Preallocate(reserved, step); err != nil {
				b.Fatal(err)
			}
			reserved += step
		}
		if _, err := f.WriteAt(batch, at); err != nil {
			b.Fatal(err)
		}
		if err := f.SyncData(); err != nil {
			b.Fatal(err)
		}
		at += int64(len(batch))
	}
}

func appendAll(b *testing.B, batch []byte, appenders int) {
	cfg := DefaultConfig()
	log, _, err := segment.Open(segment.Options{FS: env.Disk, Files: segment.NewFiles(env.Disk, 10), Dir: b.TempDir() + "/t-0", Config: cfg.Segment})
	if err != nil {
		b.Fatal(err)
	}
	f := NewFlusher(4, nil)
	defer f.Close()
	p := New(Options{Config: cfg, Clock: env.SystemClock, Flusher: f}, log)
	defer p.Close()
	b.SetBytes(int64(len(batch)))
	b.ReportAllocs()
	ctx := context.Background()
	var wg sync.WaitGroup
	work := make(chan struct{})
	for range appenders {
		mine := append([]byte(nil), batch...)
		wg.Go(func() {
			for range work {
				if _, err := p.Append(ctx, mine, AppendOptions{Acks: commitlog.AcksDurable, Internal: true}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for b.Loop() {
		work <- struct{}{}
	}
	close(work)
	wg.Wait()
}
