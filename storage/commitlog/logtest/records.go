package logtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

func (s *suite) order() {
	tp := s.topic("t", 2)
	s.want(s.append(tp, "a", "b"), 0, "first offset")
	s.want(s.append(tp, "c"), 2, "second offset")
	other := commitlog.TopicPartition{Topic: "t", Partition: 1}
	s.want(s.append(other, "x"), 0, "partitions count for themselves")
	sent := Batch(5, "d", "e")
	kept := slices.Clone(sent)
	off, err := s.log.Append(s.ctx, commitlog.PartitionBatch{TopicPartition: tp, Batch: sent}, commitlog.AcksDurable)
	s.must(err)
	s.want(off, 3, "third offset")
	s.want(s.values(tp), "[a b c d e]", "records")
	f, err := s.log.Read(s.ctx, tp, 3, make([]byte, 4096))
	s.must(err)
	if len(f.Batches) != len(kept) || !bytes.Equal(f.Batches[21:], kept[21:]) {
		s.Errorf("a batch is stored as it came\n got %x\nwant %x", f.Batches, kept)
	}
	s.want(f.Bounds, commitlog.Bounds{LogStart: 0, HighWatermark: 5}, "bounds of a read")
}

func (s *suite) readInside() {
	tp := s.topic("t", 1)
	s.append(tp, "a", "b", "c")
	s.append(tp, "d", "e", "f")
	f, err := s.log.Read(s.ctx, tp, 4, make([]byte, 4096))
	s.must(err)
	h, err := record.ParseHeader(f.Batches)
	s.must(err)
	s.want(h.BaseOffset, 3, "the batch that holds offset 4")
	vs, err := Decode(4, f.Batches)
	s.must(err)
	s.want(vs, "[{4 e} {5 f}]", "records from offset 4")
}

func (s *suite) readWhole() {
	tp := s.topic("t", 1)
	one := len(Batch(1, strings.Repeat("x", 100)))
	for range 50 {
		s.append(tp, strings.Repeat("x", 100))
	}
	for _, room := range []int{0, 1, record.Slack, one - 1, one, one + record.Slack, 10 * one, 100 * one} {
		f, err := s.log.Read(s.ctx, tp, 7, make([]byte, room))
		s.must(err)
		vs, err := Decode(7, f.Batches)
		s.must(err)
		if len(vs) == 0 || vs[0].Offset != 7 {
			s.Errorf("Read into %d bytes must return at least the batch at 7, got %d bytes", room, len(f.Batches))
		}
		if len(vs) > 1 && len(f.Batches) > room {
			s.Errorf("Read into %d bytes returned %d batches of %d bytes", room, len(vs), len(f.Batches))
		}
		if cap(f.Batches)-len(f.Batches) < record.Slack {
			s.Errorf("Read into %d bytes: only %d bytes may be read behind the batches", room, cap(f.Batches)-len(f.Batches))
		}
	}
}

func (s *suite) readOutside() {
	tp := s.topic("t", 1)
	s.append(tp, "a", "b")
	f, err := s.log.Read(s.ctx, tp, 2, make([]byte, 100))
	s.must(err)
	s.want(len(f.Batches), 0, "bytes at the high watermark")
	for _, off := range []commitlog.Offset{-1, 3, 1 << 40} {
		_, err := s.log.Read(s.ctx, tp, off, make([]byte, 100))
		s.wantErr(err, commitlog.ErrOffsetOutOfRange, "Read at %d", off)
	}
}

// badBatch makes batches that no log takes.
func badBatches() map[string][]byte {
	good := func() []byte { return Batch(1000, "a", "b") }
	mangle := func(at int, x byte) []byte { b := good(); b[at] ^= x; return b }
	miscount := good()
	miscount[60]++
	record.Seal(miscount)
	return map[string][]byte{
		"nothing":        nil,
		"a head only":    good()[:record.HeaderSize],
		"cut short":      good()[:len(good())-1],
		"a flipped bit":  mangle(len(good())-2, 4),
		"a bad CRC":      mangle(17, 1),
		"magic 1":        mangle(16, 3),
		"two batches":    append(good(), good()...),
		"a wrong count":  miscount,
		"trailing bytes": append(good(), 0),
	}
}

func (s *suite) badBatches() {
	tp := s.topic("t", 1)
	for name, b := range badBatches() {
		_, err := s.log.Append(s.ctx, commitlog.PartitionBatch{TopicPartition: tp, Batch: b}, commitlog.AcksDurable)
		s.wantErr(err, commitlog.ErrInvalidBatch, "Append of %s", name)
	}
	_, err := s.log.Append(s.ctx, commitlog.PartitionBatch{TopicPartition: tp, Batch: Batch(1, strings.Repeat("x", 2<<20))}, commitlog.AcksDurable)
	s.wantErr(err, commitlog.ErrBatchTooLarge, "Append of 2 MiB")
	s.want(s.values(tp), "[]", "what was refused is not there")
	s.want(s.append(tp, "good"), 0, "the log goes on")
}

func (s *suite) trim() {
	tp := s.topic("t", 1)
	s.append(tp, "a", "b")
	s.append(tp, "c")
	for _, before := range []commitlog.Offset{2, 1, 2} { // a start never goes back
		s.must(s.log.Trim(s.ctx, tp, before))
	}
	b, err := s.log.Bounds(s.ctx, tp)
	s.must(err)
	s.want(b, commitlog.Bounds{LogStart: 2, HighWatermark: 3}, "bounds")
	s.want(s.values(tp), "[c]", "records")
	s.wantErr(s.log.Trim(s.ctx, commitlog.TopicPartition{Topic: "nothing"}, 1), commitlog.ErrUnknownTopic, "Trim of an unknown topic")
}

func (s *suite) acks() {
	tp := s.topic("t", 1)
	for i := range 20 {
		off := s.append(tp, "v")
		b, err := s.log.Bounds(s.ctx, tp)
		s.must(err)
		if b.HighWatermark <= off {
			s.Fatalf("append %d was acknowledged at %d with the high watermark at %d", i, off, b.HighWatermark)
		}
	}
	off, err := s.log.Append(s.ctx, commitlog.PartitionBatch{TopicPartition: tp, Batch: Batch(1, "w")}, commitlog.AcksLeader)
	s.must(err)
	s.want(off, 20, "offset of an append that does not wait")
	for s.ctx.Err() == nil {
		if b, err := s.log.Bounds(s.ctx, tp); err != nil || b.HighWatermark == 21 {
			s.must(err)
			return
		}
		time.Sleep(time.Millisecond)
	}
	s.Error("an append that did not wait never came below the high watermark")
}

func (s *suite) manyWriters() {
	const writers, each = 8, 40
	s.topic("t", 3)
	var wg sync.WaitGroup
	errs := make(chan error, writers)
	for w := range writers {
		wg.Go(func() {
			tp := commitlog.TopicPartition{Topic: "t", Partition: commitlog.PartitionID(w % 3)}
			for i := range each {
				v := fmt.Sprintf("%d/%d", w, i)
				off, err := s.log.Append(s.ctx, commitlog.PartitionBatch{TopicPartition: tp, Batch: Batch(1, v)}, commitlog.AcksDurable)
				if err != nil {
					errs <- err
					return
				}
				f, err := s.log.Read(s.ctx, tp, off, make([]byte, 200))
				if err != nil {
					errs <- err
					return
				}
				if vs, err := Decode(off, f.Batches); err != nil || len(vs) == 0 || vs[0].Value != v {
					errs <- fmt.Errorf("appended %s at %d, read %v, %v", v, off, vs, err)
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		s.Error(err)
	}
	next := make([]int, writers)
	total := 0
	for p := range 3 {
		for _, v := range s.values(commitlog.TopicPartition{Topic: "t", Partition: commitlog.PartitionID(p)}) {
			var w, i int
			if _, err := fmt.Sscanf(v, "%d/%d", &w, &i); err != nil || next[w] != i {
				s.Fatalf("record %s where %d/%d was due", v, w, next[w])
			}
			next[w]++
			total++
		}
	}
	s.want(total, writers*each, "records")
}

func (s *suite) byTime() {
	tp := s.topic("t", 1)
	at := func(ms int64) string {
		off, ts, err := s.log.OffsetForTime(s.ctx, tp, time.UnixMilli(ms))
		s.must(err)
		return fmt.Sprint(off, ts)
	}
	s.want(at(0), "0 -1", "in an empty partition")
	for i := range 100 {
		_, err := s.log.Append(s.ctx, commitlog.PartitionBatch{TopicPartition: tp,
			Batch: Batch(int64(1000+10*i), strings.Repeat("v", 200), "w", "x")}, commitlog.AcksDurable)
		s.must(err)
	}
	s.want(at(0), "0 1000", "before the first")
	s.want(at(1000), "0 1000", "the first")
	s.want(at(1001), "1 1001", "inside a batch")
	s.want(at(1003), "3 1010", "between two batches")
	s.want(at(1500), "150 1500", "in the middle")
	s.want(at(1992), "299 1992", "the last")
	s.want(at(1993), "300 -1", "after the last")
}

func (s *suite) watch() {
	a, b := s.topic("a", 1), s.topic("b", 1)
	wake := make(chan struct{}, 1)
	cancel, err := s.log.Watch([]commitlog.TopicPartition{a, b}, wake)
	s.must(err)
	for i, tp := range []commitlog.TopicPartition{a, b, a} {
		drain(wake)
		s.append(tp, "x")
		if !s.woken(wake) {
			s.Fatalf("append %d woke nobody", i)
		}
	}
	// The reader that looks, then waits, sees every record, whoever is faster.
	done := make(chan int)
	go func() {
		seen := commitlog.Offset(2)
		for seen < 52 && s.ctx.Err() == nil {
			f, err := s.log.Read(s.ctx, a, seen, make([]byte, 4096))
			if err != nil {
				break
			}
			if vs, _ := Decode(seen, f.Batches); len(vs) > 0 {
				seen += commitlog.Offset(len(vs))
				continue
			}
			select {
			case <-wake:
			case <-s.ctx.Done():
			}
		}
		done <- int(seen)
	}()
	for range 50 {
		s.append(a, "y")
	}
	s.want(<-done, 52, "offset that the watching reader reached")
	cancel()
	drain(wake)
	s.append(a, "z")
	select {
	case <-wake:
		s.Error("woken after cancel")
	default:
	}
}

func (s *suite) watchDeleted() {
	tp := s.topic("t", 1)
	wake := make(chan struct{}, 1)
	cancel, err := s.log.Watch([]commitlog.TopicPartition{tp}, wake)
	s.must(err)
	defer cancel()
	s.must(s.log.DeleteTopic(s.ctx, "t"))
	if !s.woken(wake) {
		s.Error("the deletion woke nobody")
	}
}

func drain(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

func (s *suite) woken(wake chan struct{}) bool {
	select {
	case <-wake:
		return true
	case <-s.ctx.Done():
		return false
	}
}
