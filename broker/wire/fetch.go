package wire

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kbin"
)

// FetchRequest is a decoded Fetch (API key 1, v4 to v18).
type FetchRequest struct {
	Version       int16
	ReplicaID     int32 // -1 for a consumer
	MaxWaitMillis int32
	MinBytes      int32
	MaxBytes      int32
	ReadCommitted bool
	SessionID     int32
	SessionEpoch  int32 // -1: no session; 0: asks for a new one
	Topics        []FetchTopic
	Rack          string
}

// FetchTopic names its topic by id from v13 on, by name before.
type FetchTopic struct {
	Name       string
	ID         [16]byte
	Partitions []FetchPartition
}

// FetchPartition is one position to read from.
type FetchPartition struct {
	Index              int32
	CurrentLeaderEpoch int32 // -1: not known
	Offset             int64
	LastFetchedEpoch   int32 // below 0: not known
	MaxBytes           int32
}

// Read decodes body, reusing the slices of f.
func (f *FetchRequest) Read(version int16, body []byte) error {
	b := kbin.Reader{Src: body}
	flexible := Fetch.Flexible(version)
	*f = FetchRequest{Version: version, ReplicaID: -1, SessionEpoch: -1, MaxBytes: 1<<31 - 1, Topics: f.Topics[:0]}
	if version <= 14 {
		f.ReplicaID = b.Int32()
	}
	f.MaxWaitMillis = b.Int32()
	f.MinBytes = b.Int32()
	if version >= 3 {
		f.MaxBytes = b.Int32()
	}
	if version >= 4 {
		f.ReadCommitted = b.Int8() == 1
	}
	if version >= 7 {
		f.SessionID = b.Int32()
		f.SessionEpoch = b.Int32()
	}
	if err := f.readTopics(&b, flexible); err != nil {
		return err
	}
	if version >= 7 { // forgotten topics matter to sessions only
		skipForgotten(&b, version, flexible)
	}
	if version >= 11 {
		f.Rack = readString(&b, flexible)
	}
	if flexible {
		f.readTags(&b)
	}
	return complete(&b)
}

func (f *FetchRequest) readTopics(b *kbin.Reader, flexible bool) error {
	partitions := 0
	for n := readArrayLen(b, flexible); n > 0 && b.Ok(); n-- {
		t := f.nextTopic()
		if f.Version >= 13 {
			t.ID, t.Name = b.Uuid(), ""
		} else {
			t.Name = readSame(b, flexible, t.Name)
		}
		m := readArrayLen(b, flexible)
		if partitions += 1 + int(max(m, 0)); partitions > MaxPartitionsPerRequest {
			return fmt.Errorf("%w: more than %d partitions in one request", ErrMalformed, MaxPartitionsPerRequest)
		}
		for ; m > 0 && b.Ok(); m-- {
			t.Partitions = append(t.Partitions, readFetchPartition(b, f.Version))
		}
		if flexible {
			skipTags(b)
		}
	}
	return nil
}

func readFetchPartition(b *kbin.Reader, version int16) FetchPartition {
	p := FetchPartition{Index: b.Int32(), CurrentLeaderEpoch: -1, LastFetchedEpoch: -1}
	if version >= 9 {
		p.CurrentLeaderEpoch = b.Int32()
	}
	p.Offset = b.Int64()
	if version >= 12 {
		p.LastFetchedEpoch = b.Int32()
	}
	if version >= 5 {
		b.Int64() // a follower's log start offset
	}
	p.MaxBytes = b.Int32()
	if Fetch.Flexible(version) {
		skipTags(b) // directory id and high watermark of a follower
	}
	return p
}

// readTags finds the replica id, which moved into tag 1 in v15 (KIP-903).
func (f *FetchRequest) readTags(b *kbin.Reader) {
	for n := b.Uvarint(); n > 0 && b.Ok(); n-- {
		tag := b.Uvarint()
		field := kbin.Reader{Src: b.Span(int(b.Uvarint()))}
		if tag == 1 && f.Version >= 15 {
			if id := field.Int32(); field.Ok() {
				f.ReplicaID = id
			}
		}
	}
}

func skipForgotten(b *kbin.Reader, version int16, flexible bool) {
	for n := readArrayLen(b, flexible); n > 0 && b.Ok(); n-- {
		if version >= 13 {
			b.Uuid()
		} else {
			readString(b, flexible)
		}
		b.Span(4 * int(max(readArrayLen(b, flexible), 0)))
		if flexible {
			skipTags(b)
		}
	}
}

func (f *FetchRequest) nextTopic() *FetchTopic {
	if len(f.Topics) < cap(f.Topics) {
		f.Topics = f.Topics[:len(f.Topics)+1]
	} else {
		f.Topics = append(f.Topics, FetchTopic{})
	}
	t := &f.Topics[len(f.Topics)-1]
	*t = FetchTopic{Name: t.Name, Partitions: t.Partitions[:0]}
	return t
}

// readSame is readString for a string that was probably the same the last time.
func readSame(b *kbin.Reader, flexible bool, last string) string {
	var n int
	if flexible {
		n = int(b.Uvarint()) - 1
	} else {
		n = int(b.Int16())
	}
	if s := b.Span(n); string(s) != last {
		return string(s)
	}
	return last
}

// FetchResult is the answer for one partition; the records follow it.
type FetchResult struct {
	Index            int32
	Code             int16
	HighWatermark    int64 // -1 with an error
	LastStableOffset int64
	LogStartOffset   int64
	RecordsBytes     int64 // of the batches that follow
	Diverging        *EpochEnd
}

// EpochEnd tells a client of v12+ where the log that it read leaves this one: the last leader
// epoch that both have, and the offset where it ends here (KIP-595).
type EpochEnd struct {
	Epoch int32
	End   int64
}

// AppendFetchHead appends everything before the first topic.
func AppendFetchHead(dst []byte, version, code int16, topics int) []byte {
	dst = kbin.AppendInt32(dst, 0) // throttle time
	if version >= 7 {
		dst = kbin.AppendInt16(dst, code)
		dst = kbin.AppendInt32(dst, 0) // session id: this answer opens none
	}
	return appendArrayLen(dst, Fetch.Flexible(version), topics)
}

// AppendFetchTopic appends the head of one topic's answers; partitions of them follow.
func AppendFetchTopic(dst []byte, version int16, t *FetchTopic, partitions int) []byte {
	flexible := Fetch.Flexible(version)
	if version >= 13 {
		dst = kbin.AppendUuid(dst, t.ID)
	} else {
		dst = appendString(dst, flexible, t.Name)
	}
	return appendArrayLen(dst, flexible, partitions)
}

// AppendFetchResult appends one partition's answer up to and including the length of
// its records. The records and AppendFetchResultEnd follow.
func AppendFetchResult(dst []byte, version int16, r *FetchResult) []byte {
	flexible := Fetch.Flexible(version)
	dst = kbin.AppendInt32(dst, r.Index)
	dst = kbin.AppendInt16(dst, r.Code)
	dst = kbin.AppendInt64(dst, r.HighWatermark)
	dst = kbin.AppendInt64(dst, r.LastStableOffset)
	if version >= 5 {
		dst = kbin.AppendInt64(dst, r.LogStartOffset)
	}
	dst = appendArrayLen(dst, flexible, 0) // aborted transactions
	if version >= 11 {
		dst = kbin.AppendInt32(dst, -1) // preferred read replica: none
	}
	if flexible {
		return kbin.AppendUvarint(dst, uint32(r.RecordsBytes)+1)
	}
	return kbin.AppendInt32(dst, int32(r.RecordsBytes))
}

// AppendFetchResultEnd appends what follows the records of one partition's answer.
func AppendFetchResultEnd(dst []byte, version int16, r *FetchResult) []byte {
	flexible := Fetch.Flexible(version)
	if !flexible || r.Diverging == nil {
		return AppendEndTags(dst, flexible)
	}
	dst = append(dst, 1, 0, 4+8+1) // one tag: its number, its length
	dst = kbin.AppendInt32(dst, r.Diverging.Epoch)
	dst = kbin.AppendInt64(dst, r.Diverging.End)
	return append(dst, 0) // no tags in it
}
