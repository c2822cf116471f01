package segment

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/storage/record"
)

func FuzzSnapshot(f *testing.F) {
	var t Producers
	t.update(&record.Header{ProducerID: 4, ProducerEpoch: 1, BaseSequence: 7, LastOffsetDelta: 2, BaseOffset: 100}, 99)
	t.update(&record.Header{ProducerID: 4, ProducerEpoch: 1, BaseSequence: 10, BaseOffset: 103}, 100)
	t.update(&record.Header{ProducerID: 9, BaseOffset: 104}, 101)
	f.Add(t.encode())
	f.Add(new(Producers).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= snapshotHead {
			b = bytes.Clone(b)
			binary.BigEndian.PutUint32(b[2:], crc32.Checksum(b[6:], castagnoli))
		}
		p, err := decodeProducers(b)
		if err != nil {
			return
		}
		again, err := decodeProducers(p.encode())
		if err != nil || again.Len() != p.Len() {
			t.Errorf("%d producers became %d, %v", p.Len(), again.Len(), err)
		}
	})
}

// FuzzOpen opens a log whose file is garbage behind a good batch: it must come up with
// the good batch and go on.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{0, 0, 0})
	f.Add(bytes.Repeat([]byte{0}, 5000))
	f.Add([]byte(strings.Repeat("\xff", 100)))
	f.Fuzz(func(t *testing.T, tail []byte) {
		k := &kit{T: t, fs: vfs.NewMem(), cfg: small()}
		k.open(0)
		k.fill(1)
		size := k.log.Size()
		k.log.closeFiles()
		k.poke("/t-0/00000000000000000000.log", size, append([]byte(nil), tail...))
		k.open(0)
		if got := k.text(0); !strings.HasPrefix(got, "0:k0=") {
			t.Fatalf("%q", got)
		}
		k.fill(2)
		k.close()
	})
}
