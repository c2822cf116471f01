package console

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/record"
)

// A scan looks for messages of a topic in order of their times: forward from a place, or back
// from one. Each partition (lane) is read in windows of offsets; what matches waits in its lane,
// and the earliest of all lanes (back: the latest) is taken. Where it stops, a cursor says how to go on.

const (
	// Windows begin small, since a page wants few messages, and grow while nothing matches.
	firstWindow = 64
	lastWindow  = 16 << 10
	// scanBuffer bounds what is read at once, and with it how long a scan works without a rest.
	scanBuffer = 64 << 10
)

// pace is how much of the machine all scans have together: one works at a time, and then rests three
// times as long. Whoever looks for something does not slow down what the server is for.
type pace struct{ turn chan struct{} }

func newPace() pace { return pace{turn: make(chan struct{}, 1)} }

// work calls f when it is a scan's turn, and rests.
func (p pace) work(ctx context.Context, clock env.Clock, f func() error) error {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.turn }()
	began := clock.Now()
	err := f()
	rest := clock.NewTimer(min(3*clock.Now().Sub(began), maxRest))
	defer rest.Stop()
	select {
	case <-rest.C():
	case <-ctx.Done():
	}
	return err
}

// maxRest bounds a rest after work that was slow for another reason, such as a disk.
const maxRest = 20 * time.Millisecond

// messagePage is some messages, and how far the scan came.
type messagePage struct {
	Messages []message `json:"messages"`
	Scanned  int64     `json:"scanned" doc:"Records that were looked at for this page."`
	Total    int64     `json:"total" doc:"Records between the start and the end of the partitions that were asked for."`
	Left     int64     `json:"left" doc:"Records that the scan has not come to."`
	Reason   string    `json:"reason" doc:"Why it stopped: limit (the page is full), time (go on with the cursor), end (there is no more)."`
	Cursor   string    `json:"cursor,omitempty" doc:"Goes on where this page ends; empty at the end."`
	Warning  string    `json:"warning,omitempty" doc:"Of rows that the filter could not be computed for, and records that could not be read."`
	Decoded  string    `json:"decoded_as,omitempty" doc:"The stream or table by which rows are made."`
}

type scan struct {
	k        *Console
	topic    string
	back     bool
	key      *string
	accept   func(*record.Record) bool // nil: all
	filter   *filter
	reader   *reader
	limit    int
	deadline time.Time
	lanes    []*lane
	buf      []byte
	scanned  int64
	warning  string
}

// lane is one partition of a scan.
type lane struct {
	partition  int32
	start, end commitlog.Offset // bounds that are scanned within
	at         commitlog.Offset // forward: the next to read; back: all from here on has been read
	window     commitlog.Offset
	waiting    []message // that match, the next to be taken first
}

func (l *lane) done(back bool) bool {
	if back {
		return l.at <= l.start
	}
	return l.at >= l.end
}

// left is how many offsets have not been read.
func (l *lane) left(back bool) int64 {
	if back {
		return int64(max(0, l.at-l.start))
	}
	return int64(max(0, l.end-l.at))
}

// run fills a page.
func (s *scan) run(ctx context.Context) (*messagePage, error) {
	out := &messagePage{Messages: []message{}, Reason: "end"}
	if s.reader.decoder != nil {
		out.Decoded = s.reader.decoder.source.Name
	}
	s.buf = make([]byte, scanBuffer)
	for {
		if len(out.Messages) >= s.limit {
			out.Reason = "limit"
			break
		}
		expired, err := s.fill(ctx)
		if err != nil {
			return nil, err
		}
		if expired {
			out.Reason = "time"
			s.flush(out)
			break
		}
		l := s.next()
		if l == nil {
			break
		}
		out.Messages = append(out.Messages, l.waiting[0])
		l.waiting = l.waiting[1:]
	}
	s.finish(out)
	return out, nil
}

// flush takes what waits when the time is over: later pages may have messages that belong before
// them, but nothing is lost.
func (s *scan) flush(out *messagePage) {
	for len(out.Messages) < s.limit {
		l := s.next()
		if l == nil {
			return
		}
		out.Messages = append(out.Messages, l.waiting[0])
		l.waiting = l.waiting[1:]
	}
}

// fill reads until every lane has a message that waits, or is at its end.
func (s *scan) fill(ctx context.Context) (expired bool, err error) {
	for _, l := range s.lanes {
		for len(l.waiting) == 0 && !l.done(s.back) {
			if s.k.c.Clock.Now().After(s.deadline) {
				return true, nil
			}
			if err := ctx.Err(); err != nil {
				return false, err
			}
			if err := s.window(ctx, l); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// next is the lane whose first message comes next.
func (s *scan) next() *lane {
	var best *lane
	for _, l := range s.lanes {
		if len(l.waiting) == 0 {
			continue
		}
		if best == nil || s.back && l.waiting[0].Timestamp > best.waiting[0].Timestamp ||
			!s.back && l.waiting[0].Timestamp < best.waiting[0].Timestamp {
			best = l
		}
	}
	return best
}

// window reads the next window of a lane.
func (s *scan) window(ctx context.Context, l *lane) error {
	if l.window == 0 {
		l.window = firstWindow
	}
	from, to := l.at, min(l.end, l.at+l.window)
	if s.back {
		from, to = max(l.start, l.at-l.window), l.at
	}
	found, reached, err := s.read(ctx, l, from, to)
	if err != nil {
		return err
	}
	if s.back {
		l.at = from
		for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
			found[i], found[j] = found[j], found[i]
		}
	} else {
		l.at = reached
	}
	l.waiting = append(l.waiting, found...)
	if len(found) == 0 {
		l.window = min(2*l.window, lastWindow)
	}
	return nil
}

// read looks at the records in [from, to) and returns those that match, in order.
func (s *scan) read(ctx context.Context, l *lane, from, to commitlog.Offset) (found []message, reached commitlog.Offset, err error) {
	tp := commitlog.TopicPartition{Topic: s.topic, Partition: commitlog.PartitionID(l.partition)}
	for at := from; at < to && err == nil; {
		err = s.k.pace.work(ctx, s.k.c.Clock, func() error {
			some, next, err := s.readOnce(ctx, tp, at, to, int(l.window)<<10)
			found, at = append(found, some...), next
			return err
		})
	}
	if err != nil {
		return nil, 0, err
	}
	return found, to, nil
}

// readOnce looks at one buffer of records from a place on; next is where to go on, or to.
func (s *scan) readOnce(ctx context.Context, tp commitlog.TopicPartition, from, to commitlog.Offset, most int) (found []message, next commitlog.Offset, err error) {
	got, err := s.k.c.Log.Read(ctx, tp, from, s.buf[:min(len(s.buf), most)])
	switch {
	case errors.Is(err, commitlog.ErrDamaged), errors.Is(err, commitlog.ErrOffsetOutOfRange):
		// Retention has taken them meanwhile, or they are damaged: the rest can be seen.
		s.warning = reason(err)
		return nil, to, nil
	case err != nil || len(got.Batches) == 0:
		return nil, to, err
	}
	next, found, err = s.batches(got.Batches, int32(tp.Partition), from, to)
	return found, next, err
}

// batches walks what was read, up to an offset. With a filter it does so twice: messages are made
// of those that match only.
func (s *scan) batches(b []byte, partition int32, from, to commitlog.Offset) (commitlog.Offset, []message, error) {
	if s.filter == nil {
		var found []message
		next, err := s.walk(b, from, to, func(r *record.Record) { found = append(found, s.reader.show(partition, r)) })
		return next, found, err
	}
	s.filter.reset()
	n := 0
	next, err := s.walk(b, from, to, func(r *record.Record) { s.filter.add(partition, r); n++ })
	if err != nil || n == 0 {
		return next, nil, err
	}
	match, err := s.filter.match()
	if err != nil {
		return 0, nil, err
	}
	if s.filter.failed != nil {
		s.warning = "the filter fails for some records: " + s.filter.failed.Error()
	}
	if !match.Any() {
		return next, nil, nil
	}
	var found []message
	i, counted := 0, s.scanned
	defer func() { s.scanned = counted }() // once
	_, err = s.walk(b, from, to, func(r *record.Record) {
		if match.Get(i) {
			found = append(found, s.reader.show(partition, r))
		}
		i++
	})
	return next, found, err
}

var errPast = errors.New("past the window")

// walk calls f for the records in [from, to) that have the key.
func (s *scan) walk(b []byte, from, to commitlog.Offset, f func(*record.Record)) (commitlog.Offset, error) {
	next, err := record.Walk(b, int64(from), func(r *record.Record) error {
		if r.Offset >= int64(to) {
			return errPast
		}
		s.scanned++
		if (s.key == nil || s.keyIs(r)) && (s.accept == nil || s.accept(r)) {
			f(r)
		}
		return nil
	})
	if errors.Is(err, errPast) {
		return to, nil
	}
	return commitlog.Offset(next), err
}

// keyIs compares a key with what was asked for: its bytes, or what is shown of them.
func (s *scan) keyIs(r *record.Record) bool {
	if r.Key == nil {
		return false
	}
	if string(r.Key) == *s.key {
		return true
	}
	text, _ := show(s.reader.keys, r.Key)
	return text == *s.key
}

// finish says how far the scan came, and how to go on.
func (s *scan) finish(out *messagePage) {
	c := cursor{Back: s.back, At: map[int32]int64{}}
	out.Scanned, out.Warning = s.scanned, s.warning
	more := false
	for _, l := range s.lanes {
		out.Total += int64(l.end - l.start)
		// What waits is read again.
		at := l.at
		if len(l.waiting) > 0 {
			if at = commitlog.Offset(l.waiting[0].Offset); s.back {
				at++
			}
		}
		resumed := lane{start: l.start, end: l.end, at: at}
		out.Left += resumed.left(s.back)
		more = more || !resumed.done(s.back)
		c.At[l.partition] = int64(at)
	}
	if more {
		out.Cursor = c.String()
		return
	}
	out.Reason = "end"
}

// cursor is where each partition of a scan goes on.
type cursor struct {
	Back bool            `json:"b"`
	At   map[int32]int64 `json:"a"`
}

// String is the cursor as a parameter carries it.
func (c cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // numbers and a flag
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseCursor(text string) (c cursor, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || len(c.At) == 0 {
		return c, badParam("cursor is not one that this API has given out")
	}
	return c, nil
}
