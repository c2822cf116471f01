package local

import (
	"encoding/binary"
	"errors"

	"tailrace/storage/commitlog"
)

// A journal entry of a commit:
//
//	version u8 = 1 | group string | task string | owner i64 |
//	count u32 | { topic id 16 | partition i32 | size u32 | batch }
//
// A string is its length u32 and its bytes. The batches carry producer and sequence; the
// positions are the batch for OffsetsTopic.
const commitVersion = 1

var errCommitFormat = errors.New("journal entry is malformed")

func encodeCommit(c commitlog.Commit, items []item) []byte {
	size := 64 + len(c.Group) + len(c.Task)
	for i := range items {
		size += 24 + len(items[i].b.Bytes())
	}
	be := binary.BigEndian
	b := append(make([]byte, 0, size), commitVersion)
	for _, s := range []string{c.Group, c.Task} {
		b = append(be.AppendUint32(b, uint32(len(s))), s...)
	}
	b = be.AppendUint64(b, uint64(c.Owner))
	b = be.AppendUint32(b, uint32(len(items)))
	for i := range items {
		id := items[i].p.TopicID()
		b = append(b, id[:]...)
		b = be.AppendUint32(b, uint32(items[i].p.TopicPartition().Partition))
		b = be.AppendUint32(b, uint32(len(items[i].b.Bytes())))
		b = append(b, items[i].b.Bytes()...)
	}
	return b
}

func decodeCommit(b []byte, visit func(id [16]byte, p commitlog.PartitionID, batch []byte) error) error {
	r := formatReader{b, true}
	if r.take(1)[0] != commitVersion {
		return errCommitFormat
	}
	r.take(int(r.i32())) // group
	r.take(int(r.i32())) // task
	r.i64()              // owner
	for n := r.i32(); n > 0 && r.ok; n-- {
		head := r.take(16)
		if !r.ok {
			break
		}
		id := [16]byte(head)
		p := commitlog.PartitionID(r.i32())
		batch := r.take(int(r.i32()))
		if !r.ok {
			break
		}
		if err := visit(id, p, batch); err != nil {
			return err
		}
	}
	if !r.ok || len(r.b) != 0 {
		return errCommitFormat
	}
	return nil
}
