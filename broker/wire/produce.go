package wire

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kbin"
)

// MaxPartitionsPerRequest bounds the partitions that one Produce or Fetch may name. It
// is far above what a client with a 4 MiB Fetch or an honest batch size sends.
const MaxPartitionsPerRequest = 100_000

// ProduceRequest is a decoded Produce (API key 0, v0 to v13) whose record batches are
// still the bytes of the frame.
type ProduceRequest struct {
	Version       int16
	Transactional bool // carries a transactional id
	TransactionID string
	Acks          int16
	TimeoutMillis int32
	Topics        []ProduceTopic
}

// ProduceTopic names its topic by id from v13 on, by name before.
type ProduceTopic struct {
	Name       string
	ID         [16]byte
	Partitions []ProducePartition
}

// ProducePartition holds what is to be appended to one partition.
type ProducePartition struct {
	Index   int32
	Records []byte // aliases the frame; nil when null
}

// Read decodes body, reusing the slices of p.
func (p *ProduceRequest) Read(version int16, body []byte) error {
	b := kbin.Reader{Src: body}
	flexible := Produce.Flexible(version)
	*p = ProduceRequest{Version: version, Topics: p.Topics[:0]}
	if version >= 3 {
		if id := readNullableString(&b, flexible); id != nil {
			p.Transactional, p.TransactionID = true, *id
		}
	}
	p.Acks = b.Int16()
	p.TimeoutMillis = b.Int32()
	partitions := 0
	for n := readArrayLen(&b, flexible); n > 0 && b.Ok(); n-- {
		t := p.nextTopic()
		if version >= 13 {
			t.ID = b.Uuid()
		} else {
			t.Name = readString(&b, flexible)
		}
		m := readArrayLen(&b, flexible)
		if partitions += 1 + int(max(m, 0)); partitions > MaxPartitionsPerRequest {
			return fmt.Errorf("%w: more than %d partitions in one request", ErrMalformed, MaxPartitionsPerRequest)
		}
		for ; m > 0 && b.Ok(); m-- {
			q := ProducePartition{Index: b.Int32()}
			if flexible {
				q.Records = b.CompactNullableBytes()
				skipTags(&b)
			} else {
				q.Records = b.NullableBytes()
			}
			t.Partitions = append(t.Partitions, q)
		}
		if flexible {
			skipTags(&b)
		}
	}
	if flexible {
		skipTags(&b)
	}
	return complete(&b)
}

// nextTopic extends Topics by one and keeps the partition slice that an earlier request
// may have left there.
func (p *ProduceRequest) nextTopic() *ProduceTopic {
	if len(p.Topics) < cap(p.Topics) {
		p.Topics = p.Topics[:len(p.Topics)+1]
	} else {
		p.Topics = append(p.Topics, ProduceTopic{})
	}
	t := &p.Topics[len(p.Topics)-1]
	*t = ProduceTopic{Partitions: t.Partitions[:0]}
	return t
}

// ProduceResult is the answer for one partition.
type ProduceResult struct {
	Index          int32
	Code           int16
	BaseOffset     int64 // -1 with an error
	LogAppendTime  int64 // ms; -1 unless the topic uses LogAppendTime
	LogStartOffset int64 // -1 with an error
	Message        string
	RecordErrors   []RecordError
	// LeaderID and LeaderEpoch tell a client of v10+ whom to ask instead, when Code is
	// NOT_LEADER_OR_FOLLOWER.
	LeaderID    int32
	LeaderEpoch int32
}

// RecordError blames one record of a batch that was refused (Produce v8+).
type RecordError struct {
	BatchIndex int32
	Message    string
}

// AppendProduceTopic appends the head of one topic's answers; partitions of them follow.
func AppendProduceTopic(dst []byte, version int16, t *ProduceTopic, partitions int) []byte {
	flexible := Produce.Flexible(version)
	if version >= 13 {
		dst = kbin.AppendUuid(dst, t.ID)
	} else {
		dst = appendString(dst, flexible, t.Name)
	}
	return appendArrayLen(dst, flexible, partitions)
}

// AppendProduceResult appends the answer for one partition.
func AppendProduceResult(dst []byte, version int16, r *ProduceResult) []byte {
	flexible := Produce.Flexible(version)
	dst = kbin.AppendInt32(dst, r.Index)
	dst = kbin.AppendInt16(dst, r.Code)
	dst = kbin.AppendInt64(dst, r.BaseOffset)
	if version >= 2 {
		dst = kbin.AppendInt64(dst, r.LogAppendTime)
	}
	if version >= 5 {
		dst = kbin.AppendInt64(dst, r.LogStartOffset)
	}
	if version >= 8 {
		dst = appendArrayLen(dst, flexible, len(r.RecordErrors))
		for i := range r.RecordErrors {
			dst = kbin.AppendInt32(dst, r.RecordErrors[i].BatchIndex)
			dst = appendNullableString(dst, flexible, r.RecordErrors[i].Message)
			if flexible {
				dst = append(dst, 0)
			}
		}
		dst = appendNullableString(dst, flexible, r.Message)
	}
	if flexible {
		dst = append(dst, 0)
	}
	return dst
}

// AppendEndTags closes a topic or the body of a flexible answer.
func AppendEndTags(dst []byte, flexible bool) []byte {
	if flexible {
		dst = append(dst, 0)
	}
	return dst
}

// AppendArrayLen appends the length of an array that is not null.
func AppendArrayLen(dst []byte, flexible bool, n int) []byte { return appendArrayLen(dst, flexible, n) }

func readArrayLen(b *kbin.Reader, flexible bool) int32 {
	if flexible {
		return b.CompactArrayLen()
	}
	return b.ArrayLen()
}

func readString(b *kbin.Reader, flexible bool) string {
	if flexible {
		return b.CompactString()
	}
	return b.String()
}

func readNullableString(b *kbin.Reader, flexible bool) *string {
	if flexible {
		return b.CompactNullableString()
	}
	return b.NullableString()
}

func appendArrayLen(dst []byte, flexible bool, n int) []byte {
	if flexible {
		return kbin.AppendCompactArrayLen(dst, n)
	}
	return kbin.AppendArrayLen(dst, n)
}

func appendString(dst []byte, flexible bool, s string) []byte {
	if flexible {
		return kbin.AppendCompactString(dst, s)
	}
	return kbin.AppendString(dst, s)
}

// appendNullableString writes the empty string as null.
func appendNullableString(dst []byte, flexible bool, s string) []byte {
	var p *string
	if s != "" {
		p = &s
	}
	if flexible {
		return kbin.AppendCompactNullableString(dst, p)
	}
	return kbin.AppendNullableString(dst, p)
}
