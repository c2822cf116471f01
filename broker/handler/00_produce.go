package handler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tailrace/broker/conn"
	"tailrace/broker/partition"
	"tailrace/broker/wire"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// Produce, API key 0: append one batch to each of these partitions.
//
//	v3 batches v2 (KIP-98)       v5 log start offset
//	v7 zstd (KIP-110)            v8 errors per record (KIP-467)
//	v9 flexible                  v13 topic ids (KIP-516)
//
// v0 to v2 are announced because librdkafka before 2.11.1 takes their absence for a
// broker without compression (KAFKA-18659); their message sets are refused.
//
// The batches are appended in the order of the request. With acks=-1 the answer then
// waits until all are durable, and the connection goes on meanwhile: the appends that
// follow share the fsync.
func init() { registerRaw(0, versions{0, 13}, (*API).produce) }

// attributesAt is the offset of the attributes in a batch v2; their low byte holds the
// codec.
const (
	attributesAt = 22
	codecMask    = 7
	codecZstd    = 4
)

// produced is a Produce between append and answer.
type produced struct {
	req     wire.ProduceRequest
	results []producedPartition
}

type producedPartition struct {
	wire.ProduceResult
	p    *partition.Partition
	wait commitlog.Offset // the high watermark that makes it durable; 0: nothing to wait for
}

var producedPool = sync.Pool{New: func() any { return new(produced) }}

func (a *API) produce(ctx context.Context, r *conn.Request, answer *wire.Body) conn.Outcome {
	pr := producedPool.Get().(*produced)
	pr.results = pr.results[:0]
	if err := pr.req.Read(r.Version, r.Body); err != nil {
		producedPool.Put(pr)
		return conn.Outcome{Err: err}
	}
	var firstError error
	waits := false
	for i := range pr.req.Topics {
		t := &pr.req.Topics[i]
		for j := range t.Partitions {
			res := a.append(ctx, &pr.req, t, &t.Partitions[j])
			t.Partitions[j].Records = nil // the frame is about to go
			waits = waits || res.wait > 0
			if res.Code != 0 && firstError == nil {
				firstError = fmt.Errorf("partition %d: %w: %s", res.Index, kerr.Code(res.Code), res.Message)
			}
			pr.results = append(pr.results, res)
		}
	}
	switch {
	case pr.req.Acks == 0:
		producedPool.Put(pr)
		// The client hears nothing, so a closed connection is its only sign.
		return conn.Outcome{Silent: true, Err: firstError}
	case waits:
		return conn.Outcome{Pending: func(ctx context.Context, answer *wire.Body) {
			a.awaitDurable(ctx, pr)
			a.answerProduce(pr, answer)
		}}
	}
	a.answerProduce(pr, answer)
	return conn.Outcome{}
}

// append adds one batch to one partition.
func (a *API) append(ctx context.Context, req *wire.ProduceRequest, t *wire.ProduceTopic, q *wire.ProducePartition) producedPartition {
	res := producedPartition{ProduceResult: wire.ProduceResult{
		Index: q.Index, BaseOffset: -1, LogAppendTime: -1, LogStartOffset: -1,
	}}
	refuse := func(code kerr.Code, msg string) producedPartition {
		res.Code, res.Message = int16(code), msg
		return res
	}
	switch {
	case req.Acks < -1 || req.Acks > 1:
		return refuse(kerr.InvalidRequiredAcks, fmt.Sprintf("acks must be -1, 0 or 1, not %d", req.Acks))
	case req.Transactional:
		return refuse(kerr.InvalidTxnState, "transactions are not supported")
	case len(q.Records) == 0:
		return refuse(kerr.InvalidRecord, "no record batch")
	case len(q.Records) > attributesAt && q.Records[attributesAt]&codecMask == codecZstd && req.Version < 7:
		return refuse(kerr.UnsupportedCompressionType, "zstd needs Produce v7")
	}
	p, code := a.partitionFor(req.Version >= 13, t.Name, t.ID, q.Index)
	switch {
	case code != 0:
		return refuse(code, "")
	case p.System():
		return refuse(kerr.InvalidTopic, "only its owner writes to the system topic "+p.TopicPartition().Topic)
	}
	out, err := p.Append(ctx, q.Records, partition.AppendOptions{Acks: commitlog.Acks(req.Acks), NoWait: true})
	if err != nil {
		res.fail(a.fail("append", err), err)
		switch kerr.Code(res.Code) {
		case kerr.InvalidRecord:
			if pe := (*partition.Error)(nil); !errors.As(err, &pe) || !pe.Unread {
				res.LogStartOffset = int64(p.Bounds().LogStart)
			}
		case kerr.InvalidTimestamp, kerr.OutOfOrderSequenceNumber, kerr.InvalidProducerEpoch:
			res.LogStartOffset = int64(p.Bounds().LogStart)
		}
		return res
	}
	res.BaseOffset = int64(out.BaseOffset)
	res.LogAppendTime = out.LogAppendTimeMs
	res.LogStartOffset = int64(out.LogStart)
	if req.Acks == -1 {
		res.p, res.wait = p, out.NextOffset
	}
	return res
}

func (r *producedPartition) fail(code kerr.Code, err error) {
	r.Code, r.Message = int16(code), err.Error()
	var pe *partition.Error
	if errors.As(err, &pe) {
		for _, e := range pe.Records {
			r.RecordErrors = append(r.RecordErrors, wire.RecordError{BatchIndex: e.Index, Message: e.Message})
		}
	}
}

// awaitDurable waits until every appended batch is below its high watermark, within the
// timeout of the request.
func (a *API) awaitDurable(ctx context.Context, pr *produced) {
	timeout := time.Duration(max(pr.req.TimeoutMillis, 1)) * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for i := range pr.results {
		r := &pr.results[i]
		if r.wait == 0 {
			continue
		}
		if err := r.p.WaitHighWatermark(ctx, r.wait); err != nil {
			r.BaseOffset, r.LogAppendTime, r.LogStartOffset = -1, -1, -1
			r.fail(a.fail("await durability", err), err)
		}
	}
}

// answerProduce encodes the results and lets go of pr.
func (a *API) answerProduce(pr *produced, answer *wire.Body) {
	v := pr.req.Version
	flexible := wire.Produce.Flexible(v)
	dst := wire.AppendArrayLen(answer.Bytes, flexible, len(pr.req.Topics))
	next := 0
	for i := range pr.req.Topics {
		t := &pr.req.Topics[i]
		dst = wire.AppendProduceTopic(dst, v, t, len(t.Partitions))
		for range t.Partitions {
			a.count(wire.Produce, pr.results[next].Code)
			dst = wire.AppendProduceResult(dst, v, &pr.results[next].ProduceResult)
			next++
		}
		dst = wire.AppendEndTags(dst, flexible)
	}
	if v >= 1 {
		dst = append(dst, 0, 0, 0, 0) // throttle time
	}
	answer.Bytes = wire.AppendEndTags(dst, flexible)
	clear(pr.results)
	producedPool.Put(pr)
}
