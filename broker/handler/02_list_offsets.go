package handler

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/partition"
	"tailrace/storage/record/kerr"
)

// ListOffsets, API key 2: where does this partition start, end, or stand at time T?
//
//	v1 one offset per partition     v2 isolation level (KIP-98)
//	v4 leader epoch (KIP-320)       v7 max timestamp, -3 (KIP-734)
//	v8 local start, -4 (KIP-405)    v9 tiered end, -5    v11 pending upload, -6
//
// Read-committed readers get the last stable offset where others get the high watermark.
// The latest offset lies behind everything that was acknowledged, also with acks=1: the
// answer waits for the fsync that is on its way.
// There is no tiered storage: -4 is the log start, -5 and -6 are nowhere (-1). An error
// goes in its own slot; a partition that is named twice has one, with an error.
func init() { register(2, versions{1, 11}, (*API).listOffsets) }

// settleTimeout bounds that wait for all partitions of a request.
const settleTimeout = 5 * time.Second

// The timestamps with a meaning of their own.
const (
	atLatest         = -1
	atEarliest       = -2
	atMaxTimestamp   = -3
	atEarliestLocal  = -4
	atLatestTiered   = -5
	atPendingUpload  = -6
	readCommitted    = 1
	offsetUnknown    = -1
	timestampUnknown = -1
)

// specialSince are the versions that brought the special times.
var specialSince = map[int64]int16{atLatest: 0, atEarliest: 0, atMaxTimestamp: 7, atEarliestLocal: 8, atLatestTiered: 9, atPendingUpload: 11}

func (a *API) listOffsets(c *call, req *kmsg.ListOffsetsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
	ctx, cancel := context.WithTimeout(c, settleTimeout)
	defer cancel()
	for i := range req.Topics {
		t := &req.Topics[i]
		rt := kmsg.NewListOffsetsResponseTopic()
		rt.Topic = t.Topic
		named := map[int32]int{}
		for j := range t.Partitions {
			named[t.Partitions[j].Partition]++
		}
		for j := range t.Partitions {
			q := &t.Partitions[j]
			switch named[q.Partition] {
			case 0: // answered
			case 1:
				rt.Partitions = append(rt.Partitions, a.listOffset(ctx, t.Topic, q, req))
			default:
				rt.Partitions = append(rt.Partitions, noOffset(q.Partition, kerr.InvalidRequest))
				named[q.Partition] = 0
			}
		}
		if len(rt.Partitions) > 0 {
			resp.Topics = append(resp.Topics, rt)
		}
	}
	return resp
}

func (a *API) listOffset(ctx context.Context, topic string, q *kmsg.ListOffsetsRequestTopicPartition, req *kmsg.ListOffsetsRequest) kmsg.ListOffsetsResponseTopicPartition {
	rp := noOffset(q.Partition, 0)
	// A special time of a later version, or of none, is not a time before 1970.
	if since, ok := specialSince[q.Timestamp]; q.Timestamp < 0 && (!ok || req.Version < since) {
		rp.ErrorCode = int16(kerr.UnsupportedVersion)
		return rp
	}
	p, code := a.partitionByName(topic, q.Partition)
	if code == 0 {
		code = checkEpoch(p, q.CurrentLeaderEpoch)
	}
	if code != 0 {
		rp.ErrorCode = int16(code)
		return rp
	}
	b := p.Bounds()
	switch q.Timestamp {
	case atLatest:
		b = p.Settle(ctx)
		rp.Offset, rp.LeaderEpoch = int64(b.HighWatermark), p.LeaderEpoch()
		if req.IsolationLevel == readCommitted {
			rp.Offset = int64(b.LastStable)
		}
	case atEarliest, atEarliestLocal:
		rp.Offset, rp.LeaderEpoch = int64(b.LogStart), p.LeaderEpoch()
	case atLatestTiered, atPendingUpload:
	case atMaxTimestamp:
		a.timed(&rp, p.MaxTimestamp)
	default:
		a.timed(&rp, func() (partition.TimedOffset, error) { return p.OffsetForTime(q.Timestamp) })
	}
	return rp
}

// noOffset is the answer without an offset.
func noOffset(partition int32, code kerr.Code) kmsg.ListOffsetsResponseTopicPartition {
	rp := kmsg.NewListOffsetsResponseTopicPartition()
	rp.Partition, rp.Offset, rp.Timestamp, rp.LeaderEpoch = partition, offsetUnknown, timestampUnknown, -1
	rp.ErrorCode = int16(code)
	return rp
}

// timed fills a slot with the answer of a search by time.
func (a *API) timed(rp *kmsg.ListOffsetsResponseTopicPartition, find func() (partition.TimedOffset, error)) {
	at, err := find()
	if err != nil {
		rp.ErrorCode = int16(a.fail("list offsets", err))
		return
	}
	rp.Offset, rp.Timestamp, rp.LeaderEpoch = int64(at.Offset), at.TimestampMs, at.LeaderEpoch
}

// partitionByName is partition for requests that never carry ids.
func (a *API) partitionByName(topic string, n int32) (*partition.Partition, kerr.Code) {
	if topic == "" {
		return nil, kerr.UnknownTopicOrPartition
	}
	return a.partition(topic, [16]byte{}, n)
}
