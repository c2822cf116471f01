package console

import (
	"context"
	"fmt"
	"time"

	"tailrace/sql/catalog"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

var (
	partitionParam = param{name: "partition", kind: intParam, def: "-1", min: -1, max: 1 << 30, doc: "One partition; -1: all of them."}
	keyParam       = param{name: "key", kind: textParam, doc: "Only messages with this key."}
	filterParam    = param{name: "filter", kind: textParam, doc: "A condition in SQL over ROWTIME, ROWPARTITION, ROWOFFSET, KEY, VALUE and the columns of the stream or table over the topic."}
	sourceParam    = param{name: "source", kind: textParam, doc: "The stream or table by which messages are decoded; default: the first over the topic; -: none."}
)

var messageEndpoints = []endpoint{
	{method: "GET", path: "/api/topics/{topic}/messages", summary: "Messages of a topic, from a place on, or back from one", answer: messagePage{},
		params: []param{topicParam, partitionParam, keyParam, filterParam, sourceParam,
			{name: "limit", kind: intParam, def: "50", min: 1, max: 500, doc: "Messages of the page."},
			{name: "from", kind: textParam, def: "latest", values: []string{"latest", "earliest", "offset", "time"}, doc: "Where to begin: latest goes back from the end, the others forward."},
			{name: "at", kind: intParam, min: 0, max: 1 << 53, doc: "The offset, or the time in ms since 1970."},
			{name: "cursor", kind: textParam, doc: "Of an earlier page; from and at do not count then."},
			{name: "timeout_ms", kind: intParam, def: "2000", min: 10, max: 20_000, doc: "How long the scan may take."}},
		handle: func(k *Console, r *request) (any, error) { return k.messages(r) }},
	{method: "GET", path: "/api/topics/{topic}/messages/{partition}/{offset}", summary: "One message, whole up to 1 MiB", answer: message{},
		params: []param{topicParam, {name: "partition", kind: intParam, min: 0, max: 1 << 30, doc: "Its partition."},
			{name: "offset", kind: intParam, min: 0, max: 1 << 62, doc: "Its offset."}, sourceParam},
		handle: func(k *Console, r *request) (any, error) { return k.oneMessage(r) }},
	{method: "GET", path: "/api/topics/{topic}/tail", summary: "Messages as they come: a line of JSON each time, until the client goes", answer: tailLine{}, stream: true,
		params: []param{topicParam, partitionParam, keyParam, filterParam, sourceParam},
		handle: func(k *Console, r *request) (any, error) { return nil, k.tail(r) }},
	{method: "POST", path: "/api/topics/{topic}/messages", summary: "Produce messages: durable when it answers", changes: true,
		params: []param{topicParam}, body: produceBody{}, answer: produceResult{},
		handle: func(k *Console, r *request) (any, error) { return k.produce(r) }},
}

// newScan is a scan of what a request names, without lanes.
func (k *Console) newScan(r *request) (*scan, commitlog.Topic, error) {
	topic, err := k.c.Log.Topic(r.Context(), r.text("topic"))
	if err != nil {
		return nil, topic, err
	}
	if p := r.int("partition"); p >= int64(topic.Partitions) {
		return nil, topic, notFound(fmt.Sprintf("topic %s has %d partitions, and no partition %d", topic.Name, topic.Partitions, p))
	}
	source, err := k.sourceOf(topic.Name, r.text("source"))
	if err != nil {
		return nil, topic, err
	}
	s := &scan{k: k, topic: topic.Name, limit: int(r.int("limit")), buf: make([]byte, scanBuffer)}
	if s.reader, err = k.readerOf(source, listText); err != nil {
		return nil, topic, err
	}
	if r.given["key"] {
		key := r.text("key")
		s.key = &key
	}
	if s.filter, err = k.newFilter(r.text("filter"), source); err != nil {
		return nil, topic, filterError(err)
	}
	return s, topic, nil
}

// readerOf is the reader of a source; one whose format cannot be read shows records alone.
func (k *Console) readerOf(source *catalog.Source, most int) (*reader, error) {
	dec, err := newDecoder(source)
	if err != nil {
		return nil, err
	}
	return newReader(dec, most), nil
}

func (k *Console) messages(r *request) (any, error) {
	s, topic, err := k.newScan(r)
	if err != nil {
		return nil, err
	}
	s.back = r.text("from") == "latest"
	s.deadline = k.c.Clock.Now().Add(time.Duration(r.int("timeout_ms")) * time.Millisecond)
	var resumed *cursor
	if r.given["cursor"] {
		c, err := parseCursor(r.text("cursor"))
		if err != nil {
			return nil, err
		}
		resumed, s.back = &c, c.Back
	}
	for p := range topic.Partitions {
		if want := r.int("partition"); want >= 0 && int64(p) != want {
			continue
		}
		l, err := k.laneAt(r, topic.Name, p, s.back)
		if err != nil {
			return nil, err
		}
		if resumed != nil {
			at, ok := resumed.At[p]
			if !ok {
				continue
			}
			l.at = min(max(commitlog.Offset(at), l.start), l.end)
		}
		s.lanes = append(s.lanes, l)
	}
	return s.run(r.Context())
}

// laneAt is a partition of a scan that begins where the request says.
func (k *Console) laneAt(r *request, topic string, p int32, back bool) (*lane, error) {
	tp := commitlog.TopicPartition{Topic: topic, Partition: commitlog.PartitionID(p)}
	b, err := k.c.Log.Bounds(r.Context(), tp)
	if err != nil {
		return nil, err
	}
	l := &lane{partition: p, start: b.LogStart, end: b.HighWatermark, at: b.LogStart}
	if back {
		l.at = l.end
	}
	if r.given["cursor"] {
		return l, nil
	}
	switch r.text("from") {
	case "offset":
		l.at = min(max(commitlog.Offset(r.int("at")), l.start), l.end)
	case "time":
		if l.at, _, err = k.c.Log.OffsetForTime(r.Context(), tp, time.UnixMilli(r.int("at"))); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (k *Console) oneMessage(r *request) (any, error) {
	topic := r.text("topic")
	if _, err := k.c.Log.Topic(r.Context(), topic); err != nil {
		return nil, err
	}
	source, err := k.sourceOf(topic, r.text("source"))
	if err != nil {
		return nil, err
	}
	rd, err := k.readerOf(source, wholeText)
	if err != nil {
		return nil, err
	}
	tp := commitlog.TopicPartition{Topic: topic, Partition: commitlog.PartitionID(r.int("partition"))}
	at := r.int("offset")
	got, err := k.c.Log.Read(r.Context(), tp, commitlog.Offset(at), make([]byte, 64<<10))
	if err != nil {
		return nil, err
	}
	var out *message
	_, err = record.Walk(got.Batches, at, func(rec *record.Record) error {
		if rec.Offset == at {
			m := rd.show(int32(tp.Partition), rec)
			out = &m
		}
		return errPast
	})
	if out == nil {
		if err != nil && err != errPast {
			return nil, err
		}
		return nil, notFound(fmt.Sprintf("%s has no message at offset %d", tp, at))
	}
	return out, nil
}

// tailLine is a line of a live tail.
type tailLine struct {
	Type     string    `json:"type" doc:"messages; ping, every 10 seconds without any; error."`
	Messages []message `json:"messages,omitempty"`
	Skipped  int64     `json:"skipped,omitempty" doc:"Messages that were left out, since more came than can be followed."`
	Error    *apiError `json:"error,omitempty"`
}

const (
	// tailMost is how many messages a tail shows in one line, tailPace how often there is one:
	// nobody reads faster.
	tailMost = 100
	tailPace = 250 * time.Millisecond
	pingTime = 10 * time.Second
)

// tail follows the ends of partitions.
func (k *Console) tail(r *request) error {
	s, topic, err := k.newScan(r)
	if err != nil {
		return err
	}
	ctx, cancel := k.untilClosed(r)
	defer cancel()
	var tps []commitlog.TopicPartition
	for p := range topic.Partitions {
		if want := r.int("partition"); want >= 0 && int64(p) != want {
			continue
		}
		tp := commitlog.TopicPartition{Topic: topic.Name, Partition: commitlog.PartitionID(p)}
		b, err := k.c.Log.Bounds(ctx, tp)
		if err != nil {
			return err
		}
		tps = append(tps, tp)
		s.lanes = append(s.lanes, &lane{partition: p, at: b.HighWatermark, window: lastWindow})
	}
	wake := make(chan struct{}, 1)
	stop, err := k.c.Log.Watch(tps, wake)
	if err != nil {
		return err
	}
	defer stop()
	if err := r.line(tailLine{Type: "ping"}); err != nil {
		return nil // the client went away
	}
	timer := k.c.Clock.NewTimer(pingTime)
	defer timer.Stop()
	for {
		line, err := s.news(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		wait := pingTime
		if len(line.Messages) > 0 || line.Skipped > 0 {
			if err := r.line(line); err != nil {
				return nil
			}
			wait = tailPace
		}
		timer.Reset(wait)
		if wait == tailPace {
			select {
			case <-ctx.Done():
				return nil
			case <-timer.C():
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-timer.C():
			if err := r.line(tailLine{Type: "ping"}); err != nil {
				return nil
			}
		}
	}
}

// news reads what came since it was called last. Of too much it shows the end.
func (s *scan) news(ctx context.Context) (*tailLine, error) {
	line := &tailLine{Type: "messages"}
	for _, l := range s.lanes {
		tp := commitlog.TopicPartition{Topic: s.topic, Partition: commitlog.PartitionID(l.partition)}
		b, err := s.k.c.Log.Bounds(ctx, tp)
		if err != nil {
			return nil, err
		}
		from, to := max(l.at, b.LogStart), b.HighWatermark
		if most := commitlog.Offset(lastWindow); to-from > most {
			line.Skipped += int64(to - from - most)
			from = to - most
		}
		found, _, err := s.read(ctx, l, from, to)
		if err != nil {
			return nil, err
		}
		l.at = to
		if over := len(found) - tailMost; over > 0 {
			line.Skipped += int64(over)
			found = found[over:]
		}
		line.Messages = append(line.Messages, found...)
	}
	if over := len(line.Messages) - tailMost; over > 0 {
		line.Skipped += int64(over)
		line.Messages = line.Messages[over:]
	}
	return line, nil
}
