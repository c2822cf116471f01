package clienttest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sys/unix"

	"tailrace/broker"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// rawBatch encodes a batch of count records of size bytes each, uncompressed.
func rawBatch(t testing.TB, count, size int) []byte {
	t.Helper()
	b := record.NewBuilder(record.Options{})
	value := make([]byte, size)
	for i := range value {
		value[i] = byte(i * 7)
	}
	for range count {
		b.Append(time.Now().UnixMilli(), nil, value, nil)
	}
	batch, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(batch)
}

// fill appends bytes of batches to a topic and returns the offset after each batch.
func fill(b *testing.B, n *node, topic string, batch []byte, records, total int) {
	b.Helper()
	p, err := n.log.Partition(tp(topic, 0))
	if err != nil {
		b.Fatal(err)
	}
	for done := 0; done < total; done += len(batch) {
		acks := commitlog.AcksLeader
		if done+len(batch) >= total {
			acks = commitlog.AcksDurable
		}
		if _, err := n.log.Append(ctxOf(b), commitlog.PartitionBatch{TopicPartition: tp(topic, 0), Batch: slices.Clone(batch)}, acks); err != nil {
			b.Fatal(err)
		}
	}
	if end := p.Bounds().LogEnd; end == 0 {
		b.Fatal("nothing was appended")
	}
}

// reader is a client that asks for ranges and reads the answers through one buffer.
type reader struct {
	conn net.Conn
	buf  []byte
}

func dialReader(b *testing.B, addr string) *reader {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return &reader{conn: c, buf: make([]byte, 256<<10)}
}

// answer reads one frame and returns its size.
func (r *reader) answer(b *testing.B) int {
	if _, err := io.ReadFull(r.conn, r.buf[:4]); err != nil {
		b.Fatal(err)
	}
	size := int(binary.BigEndian.Uint32(r.buf))
	for left := size; left > 0; {
		m, err := r.conn.Read(r.buf[:min(left, len(r.buf))])
		if err != nil {
			b.Fatal(err)
		}
		left -= m
	}
	return size
}

// bareHead is what stands before n bytes of records in the broker's answers to fetchFrame
// for topic "bench", and bareTail what stands behind: the bare servers send as many bytes.
func bareHead(n int) int { return 62 + len(binary.AppendUvarint(nil, uint64(n+1))) }

const bareTail = 3

// bare is a server without a broker: a request names a position and a length, the answer
// is a head, the range of the file, and a tail, by sendfile or through a buffer.
func bare(b *testing.B, path string, sendfile bool) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ln.Close(); f.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go serveBare(c.(*net.TCPConn), f, sendfile)
		}
	}()
	return ln.Addr().String()
}

const barePiece = 256 << 10

func serveBare(c *net.TCPConn, f *os.File, sendfile bool) {
	defer c.Close()
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	req, head, tail, buf := make([]byte, 100), make([]byte, 100), make([]byte, bareTail), make([]byte, barePiece)
	for {
		if _, err := io.ReadFull(c, req); err != nil {
			return
		}
		pos, n := int64(binary.BigEndian.Uint64(req)), int(binary.BigEndian.Uint32(req[8:]))
		head = head[:bareHead(n)]
		binary.BigEndian.PutUint32(head, uint32(len(head)-4+n+bareTail))
		if sendfile {
			if _, err := c.Write(head); err != nil {
				return
			}
			for n > 0 {
				var sent int
				err := raw.Write(func(fd uintptr) bool {
					sent, _ = unix.Sendfile(int(fd), int(f.Fd()), &pos, min(n, barePiece))
					return sent > 0
				})
				if err != nil {
					return
				}
				n -= sent
			}
			if _, err := c.Write(tail); err != nil {
				return
			}
			continue
		}
		vec := net.Buffers{head}
		for n > 0 {
			m, err := f.ReadAt(buf[:min(n, barePiece)], pos)
			if m == 0 && err != nil {
				return
			}
			vec = append(vec, buf[:m])
			if m == n {
				vec = append(vec, tail)
			}
			if _, err := vec.WriteTo(c); err != nil {
				return
			}
			pos, n, vec = pos+int64(m), n-m, net.Buffers{}
		}
	}
}

// BenchmarkFetch measures the broker against a bare sendfile loop and a bare pread and
// writev loop over the same file, in turns, so that all see the same machine. The figure
// that matters is share: broker / the better of the two. A cold round begins with the file
// dropped from the page cache.
func BenchmarkFetch(b *testing.B) {
	const records, recordSize, total = 16, 1000, 256 << 20
	n := start(b, broker.Config{})
	n.topic("bench", 1, nil)
	batch := rawBatch(b, records, recordSize)
	fill(b, n, "bench", batch, records, total)
	logs, err := filepath.Glob(filepath.Join(n.dir, "bench-0", "*.log"))
	if err != nil || len(logs) == 0 {
		b.Fatal("no segment file", err)
	}
	sendfile, buffered := bare(b, logs[0], true), bare(b, logs[0], false)
	batches := total / len(batch)
	for _, cold := range []bool{false, true} {
		for _, per := range []int{1, 4, 16, 64, 512} { // batches in an answer: 16 KiB to 8 MiB
			size := per * len(batch)
			b.Run(fmt.Sprintf("%s/answer=%dKiB", map[bool]string{false: "cached", true: "cold"}[cold], size>>10), func(b *testing.B) {
				// Requests are encoded beforehand: the measurement is of servers.
				req := make([]byte, 100)
				binary.BigEndian.PutUint32(req[8:], uint32(size))
				ask := func(i int) []byte { // the i-th range
					binary.BigEndian.PutUint64(req, uint64(i*per%(batches-per)*len(batch)))
					return req
				}
				const mark = 1<<62 + 12345
				frame := fetchFrame("bench", mark, int32(size))
				offset := frame[bytes.Index(frame, binary.BigEndian.AppendUint64(nil, mark)):][:8]
				fetch := func(i int) []byte {
					binary.BigEndian.PutUint64(offset, uint64(i*per%(batches-per)*records))
					return frame
				}
				ways := []*way{
					{r: dialReader(b, n.addr), ask: fetch},
					{r: dialReader(b, sendfile), ask: ask},
					{r: dialReader(b, buffered), ask: ask},
				}
				// Each reads another part of the file: nobody is to find it in the
				// processor's cache because somebody else has just been there.
				for i, w := range ways {
					w.next = i * batches / per / len(ways)
				}
				compare(b, ways, max((32<<20)/size, 2), func() {
					if cold {
						drop(b, logs[0])
					}
				})
			})
		}
	}
}

// drop takes a file out of the page cache.
func drop(b *testing.B, path string) {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		b.Fatal(err)
	}
}

// compare lets the ways take turns of so many requests, and calls before each of them.
func compare(b *testing.B, ways []*way, requests int, before func()) {
	round := 0
	for b.Loop() {
		for range len(ways) { // who comes first changes
			w := ways[round%len(ways)]
			round++
			before()
			w.turn(b, requests)
		}
		round++
	}
	report(b, ways)
}

// way is one server under measurement.
type way struct {
	r    *reader
	ask  func(i int) []byte
	next int
	got  int       // bytes in all turns
	took []float64 // MB/s of each turn
	cpu  []float64 // MB of each turn per second of processor time, of both ends
}

func (w *way) turn(b *testing.B, requests int) {
	began, cpu := time.Now(), cpuSeconds()
	got := turn(b, w.r, func(i int) []byte { return w.ask(w.next + i) }, requests)
	w.next += requests
	w.got += got
	w.took = append(w.took, float64(got)/time.Since(began).Seconds()/1e6)
	w.cpu = append(w.cpu, float64(got)/(cpuSeconds()-cpu)/1e6)
}

// cpuSeconds is the processor time of this process.
func cpuSeconds() float64 {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// report prints the median of each way, and the median share of the first in the better
// of the others, round by round: all of one round saw about the same machine. cpu-share is
// the same in terms of processor time, which other programs disturb less.
func report(b *testing.B, ways []*way) {
	median := func(v []float64) float64 { v = slices.Sorted(slices.Values(v)); return v[len(v)/2] }
	for _, w := range ways {
		if w.got != ways[0].got {
			b.Fatalf("answers of %d and of %d bytes: they must be alike to be compared", ways[0].got, w.got)
		}
	}
	shareOf := func(of func(*way) []float64) float64 {
		best := of(ways[1])
		if median(of(ways[2])) > median(best) {
			best = of(ways[2])
		}
		share := make([]float64, len(best))
		for i := range share {
			share[i] = of(ways[0])[i] / best[i]
		}
		return median(share)
	}
	for i, unit := range []string{"broker-MB/s", "sendfile-MB/s", "writev-MB/s"} {
		b.ReportMetric(median(ways[i].took), unit)
	}
	b.ReportMetric(shareOf(func(w *way) []float64 { return w.took }), "share")
	b.ReportMetric(shareOf(func(w *way) []float64 { return w.cpu }), "cpu-share")
	b.ReportMetric(0, "ns/op")
}

// turn asks for ranges with two requests in flight and reads all answers.
func turn(b *testing.B, r *reader, ask func(int) []byte, requests int) (bytes int) {
	for i := range requests + 1 {
		if i < requests {
			if _, err := r.conn.Write(ask(i)); err != nil {
				b.Fatal(err)
			}
		}
		if i > 0 {
			bytes += r.answer(b)
		}
	}
	return bytes
}

// fetchFrame asks for bytes of partition 0 of a topic from an offset on.
func fetchFrame(topic string, from int64, bytes int32) []byte {
	req := kmsg.NewPtrFetchRequest()
	req.Version = 12
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes, req.SessionEpoch = 0, 1, bytes, -1
	t := kmsg.NewFetchRequestTopic()
	t.Topic = topic
	p := kmsg.NewFetchRequestTopicPartition()
	p.FetchOffset, p.PartitionMaxBytes = from, bytes
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return frame(1, 12, true, req.AppendTo(nil))
}

// BenchmarkProduce sends raw batches, five requests in flight, and waits for every
// answer. The ceiling beside it is the same bytes over the same kind of socket, read and
// thrown away by a server that does nothing else.
func BenchmarkProduce(b *testing.B) {
	for _, tc := range []struct {
		name          string
		count, size   int
		acks          int16
		configs       map[string]*string
		inFlightLimit int
	}{
		{"batch=16KiB/acks=1", 160, 100, 1, nil, 5},
		{"batch=16KiB/acks=all", 160, 100, -1, nil, 5},
		{"batch=1MiB/acks=1", 10_000, 100, 1, nil, 5},
		{"batch=1MiB/acks=all", 10_000, 100, -1, nil, 5},
	} {
		b.Run(tc.name, func(b *testing.B) {
			n := start(b, broker.Config{})
			n.topic("p", 1, tc.configs)
			batch := rawBatch(b, tc.count, tc.size)
			req := produceFrame("p", batch, tc.acks)
			sink := discard(b)
			r, s := dialReader(b, n.addr), dialReader(b, sink)
			requests := max((16<<20)/len(batch), 8)
			var brokerMB, sinkMB []float64
			for b.Loop() {
				for _, w := range []struct {
					r   *reader
					out *[]float64
				}{{r, &brokerMB}, {s, &sinkMB}} {
					began := time.Now()
					for i := range requests + tc.inFlightLimit {
						if i < requests {
							if _, err := w.r.conn.Write(req); err != nil {
								b.Fatal(err)
							}
						}
						if i >= tc.inFlightLimit {
							w.r.answer(b)
						}
					}
					*w.out = append(*w.out, float64(requests*len(batch))/time.Since(began).Seconds()/1e6)
				}
			}
			slices.Sort(brokerMB)
			slices.Sort(sinkMB)
			mid := brokerMB[len(brokerMB)/2]
			b.ReportMetric(mid, "broker-MB/s")
			b.ReportMetric(mid*1e6/float64(len(batch))*float64(tc.count), "records/s")
			b.ReportMetric(sinkMB[len(sinkMB)/2], "discard-MB/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func produceFrame(topic string, batch []byte, acks int16) []byte {
	req := kmsg.NewPtrProduceRequest()
	req.Version, req.Acks, req.TimeoutMillis = 9, acks, 30_000
	t := kmsg.NewProduceRequestTopic()
	t.Topic = topic
	p := kmsg.NewProduceRequestTopicPartition()
	p.Records = batch
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return frame(0, 9, true, req.AppendTo(nil))
}

// discard is a server that reads frames and answers each with an empty one.
func discard(b *testing.B) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ln.Close() })
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		head, buf := make([]byte, 4), make([]byte, 256<<10)
		for {
			if _, err := io.ReadFull(c, head); err != nil {
				return
			}
			for left := int(binary.BigEndian.Uint32(head)); left > 0; {
				m, err := c.Read(buf[:min(left, len(buf))])
				if err != nil {
					return
				}
				left -= m
			}
			if _, err := c.Write([]byte{0, 0, 0, 0}); err != nil {
				return
			}
		}
	}()
	return ln.Addr().String()
}
