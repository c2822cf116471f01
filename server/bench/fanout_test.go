package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// fanout is a view that changes at a steady rate, and subscribers that each get every
// change over a connection of their own. A row carries the time at which its record was
// produced, so that a subscriber knows how far behind it is. Clients read raw frames:
// drivers would cost more than the server. They are in this process, on the same machine.
func fanout(tb testing.TB, subscribers, perSecond int, lasting time.Duration) figures {
	p := launch(tb, tb.TempDir(), fmt.Sprintf("--pg.max.connections=%d", subscribers+10))
	execute(tb, p.connect(tb), createEvents, fromStart,
		"CREATE TABLE LAST AS SELECT K, MAX(TS) AS T FROM EVENTS GROUP BY K")
	before := p.rss(tb)
	subs := make([]*subscriber, subscribers)
	for i := range subs {
		subs[i] = subscribe(tb, p.pg, "SELECT K, T FROM LAST EMIT CHANGES")
	}
	var wg sync.WaitGroup
	for _, s := range subs {
		wg.Go(s.read)
	}
	began := time.Now()
	changes := stream(tb, p, perSecond, lasting, func() bool {
		if !all(subs, func(s *subscriber) bool { return s.rows.Load() > 0 }) {
			return false
		}
		return all(subs, func(s *subscriber) bool { s.lag.Store(0); return true }) // what counts begins now
	})
	rss := p.rss(tb)
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) && !all(subs, func(s *subscriber) bool { return s.newest.Load() >= changes.last }) {
		time.Sleep(10 * time.Millisecond)
	}
	for _, s := range subs {
		_ = s.conn.Close()
	}
	wg.Wait()
	out := figures{"changes/s": float64(changes.sent) / changes.took.Seconds(), "rss-MiB": rss, "KiB/subscriber": 1024 * (rss - before) / float64(subscribers)}
	missing := 0
	for _, s := range subs {
		if s.newest.Load() < changes.last {
			missing++
		}
		out["rows/s"] += float64(s.rows.Load()) / time.Since(began).Seconds()
		out["worst-lag-ms"] = max(out["worst-lag-ms"], float64(s.lag.Load()))
	}
	if missing > 0 {
		tb.Errorf("%d of %d subscribers never got the last change", missing, subscribers)
	}
	return out
}

func all(subs []*subscriber, ok func(*subscriber) bool) bool {
	for _, s := range subs {
		if !ok(s) {
			return false
		}
	}
	return true
}

type streamed struct {
	sent int
	took time.Duration
	last int64 // newest time produced
}

// stream produces at a steady rate, a hundred times a second; at first slowly, until
// ready says that all subscribers are there.
func stream(tb testing.TB, p *process, perSecond int, lasting time.Duration, ready func() bool) (out streamed) {
	tb.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(p.kafka), kgo.DefaultProduceTopic("events"))
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close()
	var failed atomic.Pointer[error]
	send := func(i int) {
		out.last = time.Now().UnixMilli()
		v := fmt.Sprintf(`{"V":1,"TS":%d}`, out.last)
		c.Produce(context.Background(), &kgo.Record{Key: []byte(eventKey(i % 1000)), Value: []byte(v)}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Store(&err)
			}
		})
	}
	for i := 0; !ready(); i++ {
		if send(i); i == 6000 {
			tb.Fatal("subscribers did not get a row within a minute")
		}
		time.Sleep(10 * time.Millisecond)
	}
	began := time.Now()
	for out.took = 0; out.took < lasting; out.took = time.Since(began) {
		for due := int(out.took.Seconds() * float64(perSecond)); out.sent < due; out.sent++ {
			send(out.sent)
		}
		time.Sleep(10 * time.Millisecond)
	}
	send(out.sent)
	if err := c.Flush(context.Background()); err != nil {
		tb.Fatal(err)
	}
	if err := failed.Load(); err != nil {
		tb.Fatal(*err)
	}
	return out
}

// subscriber is a client of a push query whose last column is a time in ms.
type subscriber struct {
	conn   net.Conn
	rows   atomic.Int64
	newest atomic.Int64
	lag    atomic.Int64 // worst, ms
}

func subscribe(tb testing.TB, addr, query string) *subscriber {
	tb.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	params := "user\x00bench\x00database\x00tailrace\x00\x00"
	hello := binary.BigEndian.AppendUint32(nil, uint32(8+len(params)))
	hello = append(binary.BigEndian.AppendUint32(hello, 3<<16), params...)
	for _, q := range []string{"SET 'auto.offset.reset' = 'latest'", query} {
		hello = binary.BigEndian.AppendUint32(append(hello, 'Q'), uint32(5+len(q)))
		hello = append(append(hello, q...), 0)
	}
	if _, err := conn.Write(hello); err != nil {
		tb.Fatal(err)
	}
	return &subscriber{conn: conn}
}

// read walks the frames until the connection is closed. The newest row of each read tells
// the lag.
func (s *subscriber) read() {
	buf, have := make([]byte, 128<<10), 0
	for {
		n, err := s.conn.Read(buf[have:])
		if err != nil {
			return
		}
		have += n
		at, rows, newest := 0, int64(0), []byte(nil)
		for have-at >= 5 {
			size := 1 + int(binary.BigEndian.Uint32(buf[at+1:]))
			if have-at < size {
				break
			}
			if buf[at] == 'D' {
				if t := buf[at+size-digits : at+size]; bytes.Compare(t, newest) > 0 {
					newest = t
				}
				rows++
			}
			at += size
		}
		if rows > 0 {
			s.rows.Add(rows)
			s.note(newest)
		}
		have = copy(buf, buf[at:have])
	}
}

// digits of a time in ms.
const digits = 13

func (s *subscriber) note(newest []byte) {
	ms, err := strconv.ParseInt(string(newest), 10, 64)
	if err != nil {
		return
	}
	if lag := time.Now().UnixMilli() - ms; s.newest.Load() > 0 {
		s.lag.Store(max(s.lag.Load(), lag))
	}
	s.newest.Store(max(s.newest.Load(), ms))
}

// discardCeiling is how many bytes a second this machine moves from one writer to as many
// readers as there are subscribers, all over TCP: 16 KiB to each in turn.
func discardCeiling(tb testing.TB, readers int, lasting time.Duration) float64 {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	var conns []net.Conn
	for range readers {
		out, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			tb.Fatal(err)
		}
		defer out.Close()
		in, err := l.Accept()
		if err != nil {
			tb.Fatal(err)
		}
		defer in.Close()
		go func() { _, _ = io.Copy(io.Discard, struct{ io.Reader }{in}) }()
		conns = append(conns, out)
	}
	piece, sent := bytes.Repeat([]byte{'x'}, 16<<10), 0
	began := time.Now()
	for i := 0; time.Since(began) < lasting; i++ {
		n, err := conns[i%readers].Write(piece)
		if err != nil {
			tb.Fatal(err)
		}
		sent += n
	}
	return float64(sent) / time.Since(began).Seconds()
}

func TestFanOut(t *testing.T) {
	fanout(t, 5, 500, 300*time.Millisecond)
	discardCeiling(t, 2, 10*time.Millisecond)
}

func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("subscribers=%d", n), func(b *testing.B) {
			measure(b, func() figures {
				f := fanout(b, n, 10_000, 10*time.Second)
				f["ceiling-MB/s"] = discardCeiling(b, n, time.Second) / 1e6
				return f
			})
		})
	}
}
