package segment

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"tailrace/storage/record"
	"tailrace/storage/record/kerr"
)

// rememberedBatches is how many batches of a producer are recognised when they are sent
// again: as many as an idempotent client has in flight.
const rememberedBatches = 5

// Producers are the idempotent producers of a log: for each the last batches, by which a
// batch that is sent twice is found out. Rebuilt from the batches on recovery.
type Producers struct {
	byID map[int64]*producer
}

type producer struct {
	epoch   int16
	n       int8
	batches [rememberedBatches]ProducerBatch // oldest first
}

// ProducerBatch is a batch that a producer has appended.
type ProducerBatch struct {
	LastSequence int32
	LastOffset   int64
	OffsetDelta  int32
	// Timestamp (ms) is when the batch was appended (Kafka: its largest timestamp, by
	// which a producer of old records would be forgotten at once).
	Timestamp int64
}

// BaseOffset is the offset of the first record of the batch.
func (b *ProducerBatch) BaseOffset() int64 { return b.LastOffset - int64(b.OffsetDelta) }

func (b *ProducerBatch) baseSequence() int32 {
	s := b.LastSequence - b.OffsetDelta
	if s < 0 {
		s += 1<<31 - 1
		s++
	}
	return s
}

func (p *producer) last() *ProducerBatch { return &p.batches[p.n-1] }

// Check decides what may become of a batch with a producer id: a non-nil batch is the one
// it repeats; an error has Kafka's code.
//
//	lower epoch                     INVALID_PRODUCER_EPOCH
//	one of the last five again      the same answer as the first time
//	any other that is not the next  OUT_OF_ORDER_SEQUENCE_NUMBER
//	  one, or a new epoch that does
//	  not begin at 0
//
// A sequence that lies behind the remembered ones is not known to be stored: it may be one
// that was refused while those after it passed. DUPLICATE_SEQUENCE_NUMBER, which clients
// take for success, is therefore never answered (as Kafka has it since 1.0).
// A producer that is not known (its state expired) may begin anywhere.
func (t *Producers) Check(h *record.Header) (*ProducerBatch, error) {
	p := t.byID[h.ProducerID]
	if p == nil {
		return nil, nil
	}
	if h.ProducerEpoch < p.epoch {
		return nil, fmt.Errorf("%w: producer %d sent epoch %d after %d",
			kerr.InvalidProducerEpoch, h.ProducerID, h.ProducerEpoch, p.epoch)
	}
	if h.ProducerEpoch > p.epoch {
		if h.BaseSequence != 0 {
			return nil, fmt.Errorf("%w: producer %d began epoch %d with sequence %d",
				kerr.OutOfOrderSequenceNumber, h.ProducerID, h.ProducerEpoch, h.BaseSequence)
		}
		return nil, nil
	}
	last := h.LastSequence()
	for i := range p.batches[:p.n] {
		if b := &p.batches[i]; b.LastSequence == last && b.baseSequence() == h.BaseSequence {
			return b, nil
		}
	}
	want := record.AddSequence(p.last().LastSequence, 1)
	if h.BaseSequence == want {
		return nil, nil
	}
	return nil, fmt.Errorf("%w: producer %d sent sequence %d, the next is %d",
		kerr.OutOfOrderSequenceNumber, h.ProducerID, h.BaseSequence, want)
}

// LastSequence returns the last sequence of a producer in this log.
func (t *Producers) LastSequence(id int64) (seq int32, ok bool) {
	if p := t.byID[id]; p != nil {
		return p.last().LastSequence, true
	}
	return 0, false
}

// KnownProducer is what a log remembers of a producer.
type KnownProducer struct {
	ID           int64
	Epoch        int16
	LastSequence int32
	Timestamp    int64 // ms, of its last append
}

// List returns every producer, in order of id.
func (t *Producers) List() []KnownProducer {
	out := make([]KnownProducer, 0, len(t.byID))
	for id, p := range t.byID {
		out = append(out, KnownProducer{id, p.epoch, p.last().LastSequence, p.last().Timestamp})
	}
	slices.SortFunc(out, func(a, b KnownProducer) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Len is the number of producers.
func (t *Producers) Len() int { return len(t.byID) }

// update takes note of a batch that was appended at nowMs.
func (t *Producers) update(h *record.Header, nowMs int64) {
	if h.ProducerID < 0 || h.Control() {
		return
	}
	t.put(h.ProducerID, h.ProducerEpoch, ProducerBatch{
		LastSequence: h.LastSequence(), LastOffset: h.LastOffset(),
		OffsetDelta: h.LastOffsetDelta, Timestamp: nowMs,
	})
}

func (t *Producers) put(id int64, epoch int16, b ProducerBatch) {
	if t.byID == nil {
		t.byID = map[int64]*producer{}
	}
	p := t.byID[id]
	if p == nil {
		p = &producer{epoch: epoch}
		t.byID[id] = p
	}
	if p.epoch != epoch {
		p.epoch, p.n = epoch, 0
	}
	if p.n == rememberedBatches {
		copy(p.batches[:], p.batches[1:])
		p.n--
	}
	p.batches[p.n] = b
	p.n++
}

// expire forgets producers that were last heard of before ms.
func (t *Producers) expire(ms int64) {
	for id, p := range t.byID {
		if p.last().Timestamp < ms {
			delete(t.byID, id)
		}
	}
}

const (
	snapshotVersion  = 1
	snapshotHead     = 2 + 4 + 4
	snapshotProducer = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8
)

// encode writes Kafka's snapshot format. A producer with several remembered batches has
// as many entries, oldest first: Kafka's reader keeps the last of them.
func (t *Producers) encode() []byte {
	ids := make([]int64, 0, len(t.byID))
	for id := range t.byID {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	be := binary.BigEndian
	b := be.AppendUint16(nil, snapshotVersion)
	b = be.AppendUint32(b, 0) // CRC of what follows
	b = be.AppendUint32(b, 0) // count
	n := uint32(0)
	for _, id := range ids {
		p := t.byID[id]
		for i := range p.batches[:p.n] {
			e := &p.batches[i]
			b = be.AppendUint64(b, uint64(id))
			b = be.AppendUint16(b, uint16(p.epoch))
			b = be.AppendUint32(b, uint32(e.LastSequence))
			b = be.AppendUint64(b, uint64(e.LastOffset))
			b = be.AppendUint32(b, uint32(e.OffsetDelta))
			b = be.AppendUint64(b, uint64(e.Timestamp))
			b = be.AppendUint32(b, 1<<32-1) // coordinator epoch: none
			b = be.AppendUint64(b, 1<<64-1) // open transaction: none
			n++
		}
	}
	be.PutUint32(b[6:], n)
	be.PutUint32(b[2:], crc32.Checksum(b[6:], castagnoli))
	return b
}

// decodeProducers reads what encode wrote, or what Kafka did.
func decodeProducers(b []byte) (Producers, error) {
	var t Producers
	be := binary.BigEndian
	if len(b) < snapshotHead || be.Uint16(b) != snapshotVersion {
		return t, fmt.Errorf("segment: producer snapshot of %d bytes is not of version %d", len(b), snapshotVersion)
	}
	if crc32.Checksum(b[6:], castagnoli) != be.Uint32(b[2:]) {
		return t, fmt.Errorf("segment: producer snapshot does not match its CRC")
	}
	n := int64(be.Uint32(b[6:]))
	if int64(len(b)-snapshotHead) != n*snapshotProducer {
		return t, fmt.Errorf("segment: producer snapshot of %d bytes for %d entries", len(b), n)
	}
	for e := b[snapshotHead:]; len(e) > 0; e = e[snapshotProducer:] {
		pb := ProducerBatch{
			LastSequence: int32(be.Uint32(e[10:])), LastOffset: int64(be.Uint64(e[14:])),
			OffsetDelta: int32(be.Uint32(e[22:])), Timestamp: int64(be.Uint64(e[26:])),
		}
		if pb.LastSequence < 0 || pb.OffsetDelta < 0 {
			continue // a producer known to Kafka by transaction markers only
		}
		t.put(int64(be.Uint64(e)), int16(be.Uint16(e[8:])), pb)
	}
	return t, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
