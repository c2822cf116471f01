package record

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// build encodes n records; every third has no key, every fourth no value, every fifth headers.
func build(t testing.TB, o Options, n int) []byte {
	b := NewBuilder(o)
	for i := range n {
		key, value := []byte("key "+strconv.Itoa(i)), []byte(strings.Repeat("value ", i%7)+strconv.Itoa(i))
		var hs []RecordHeader
		if i%3 == 2 {
			key = nil
		}
		if i%4 == 3 {
			value = nil
		}
		if i%5 == 4 {
			hs = []RecordHeader{{[]byte("h"), []byte("x")}, {[]byte(""), nil}}
		}
		b.Append(int64(1000+i), key, value, hs)
	}
	out, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func dump(b []byte) string {
	var it Iter
	var s strings.Builder
	if err := it.Reset(b); err != nil {
		return err.Error()
	}
	for it.Next() {
		r := it.Record()
		fmt.Fprintf(&s, "%d@%d %q=%q", r.Offset, r.Timestamp, r.Key, r.Value)
		if r.Key == nil {
			s.WriteString(" keyless")
		}
		r.Headers(func(h RecordHeader) bool { fmt.Fprintf(&s, " %q:%q", h.Key, h.Value); return true })
		s.WriteByte('\n')
	}
	if it.Err() != nil {
		return it.Err().Error()
	}
	return s.String()
}

func TestEveryCodecGivesBackTheRecords(t *testing.T) {
	want := dump(build(t, Options{}, 100))
	if n := strings.Count(want, "\n"); n != 100 {
		t.Fatalf("%d records:\n%s", n, want)
	}
	for _, c := range []Codec{None, Gzip, Snappy, LZ4, Zstd} {
		b := build(t, Options{Codec: c}, 100)
		h, err := Verify(b)
		if err != nil || h.Codec() != c || h.Count != 100 || h.MaxTimestamp != 1099 || h.ProducerID != NoProducer {
			t.Errorf("%v: %+v, %v", c, h, err)
		}
		if got := dump(b); got != want {
			t.Errorf("%v\n got %s\nwant %s", c, got, want)
		}
		var it Iter
		s, err := Check(b, &it)
		if err != nil || s.FirstKeyless != 2 || s.MinTimestamp != 1000 || s.MaxTimestamp != 1099 || s.OffsetOfMax != 99 {
			t.Errorf("%v: Check: %+v, %v", c, s, err)
		}
		if cap(b)-len(b) < Slack {
			t.Errorf("%v: %d bytes behind the batch", c, cap(b)-len(b))
		}
	}
}

// The decoder of another project agrees about the bytes.
func TestBatchIsKafkas(t *testing.T) {
	b := build(t, Options{Idempotent: true, ProducerID: 7, ProducerEpoch: 2, BaseSequence: 11}, 10)
	var rb kmsg.RecordBatch
	if err := rb.ReadFrom(b); err != nil {
		t.Fatal(err)
	}
	if rb.Magic != 2 || rb.NumRecords != 10 || rb.ProducerID != 7 || rb.ProducerEpoch != 2 || rb.FirstSequence != 11 ||
		rb.LastOffsetDelta != 9 || rb.FirstTimestamp != 1000 || rb.MaxTimestamp != 1009 {
		t.Errorf("%+v", rb)
	}
	r := kbin.Reader{Src: rb.Records}
	for i := range 10 {
		var rec kmsg.Record
		rest := r.Src
		n := r.Varint()
		size := len(rest) - len(r.Src) + int(n)
		if err := rec.ReadFrom(rest[:size]); err != nil {
			t.Fatal(err)
		}
		if rec.OffsetDelta != int32(i) || rec.TimestampDelta64 != int64(i) {
			t.Errorf("record %d: %+v", i, rec)
		}
		r.Src = rest[size:]
	}
	if len(r.Src) != 0 {
		t.Errorf("%d bytes are left", len(r.Src))
	}
}

func TestPatchesLeaveTheCRC(t *testing.T) {
	b := build(t, Options{}, 3)
	SetBaseOffset(b, 1<<40)
	SetLeaderEpoch(b, 5)
	h, err := Verify(b)
	if err != nil || h.BaseOffset != 1<<40 || h.LeaderEpoch != 5 || h.LastOffset() != 1<<40+2 {
		t.Errorf("%+v, %v", h, err)
	}
	SetProducer(b, 9, 1, 1<<31-2)
	if _, err := Verify(b); !errors.Is(err, ErrCRC) {
		t.Errorf("the CRC covers the producer: %v", err)
	}
	Seal(b)
	if h, err = Verify(b); err != nil || h.LastSequence() != 0 {
		t.Errorf("sequences wrap: %d, %v", h.LastSequence(), err)
	}
	SetLogAppendTime(b, 77)
	Seal(b)
	if got := dump(b); strings.Count(got, "@77 ") != 3 {
		t.Errorf("log append time:\n%s", got)
	}
}

func TestBadBatches(t *testing.T) {
	good := func() []byte { return build(t, Options{}, 3) }
	resealed := func(f func([]byte)) []byte { b := good(); f(b); Seal(b); return b }
	for _, tc := range []struct {
		name string
		b    []byte
		want error
	}{
		{"empty", nil, ErrTruncated},
		{"short", good()[:80], ErrTruncated},
		{"magic", func() []byte { b := good(); b[16] = 1; return b }(), ErrMagic},
		{"crc", func() []byte { b := good(); b[70] ^= 1; return b }(), ErrCRC},
		{"count too small", resealed(func(b []byte) { b[60]-- }), ErrMalformed},
		{"count too large", resealed(func(b []byte) { b[60]++; b[26]++ }), ErrMalformed},
		{"negative delta", resealed(func(b []byte) { b[23] = 0xff }), ErrMalformed},
		{"record length", resealed(func(b []byte) { b[61] = 0x7f }), ErrMalformed},
		{"offset delta", resealed(func(b []byte) { b[64] = 4 }), ErrMalformed},
		{"unknown codec", resealed(func(b []byte) { b[22] |= 6 }), ErrMalformed},
		{"not gzip", resealed(func(b []byte) { b[22] |= 1 }), ErrMalformed},
		{"not snappy", resealed(func(b []byte) { b[22] |= 2 }), ErrMalformed},
		{"not lz4", resealed(func(b []byte) { b[22] |= 3 }), ErrMalformed},
		{"not zstd", resealed(func(b []byte) { b[22] |= 4 }), ErrMalformed},
	} {
		_, err := Verify(tc.b)
		if err == nil {
			var it Iter
			_, err = Check(tc.b, &it)
		}
		if !errors.Is(err, tc.want) && !(strings.HasPrefix(tc.name, "not snappy") && errors.Is(err, ErrTooLarge)) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
}

// A small batch must not make the decoder take more than the limit.
func TestBombIsRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("compresses 160 MiB")
	}
	for _, c := range []Codec{Gzip, LZ4, Zstd} {
		b := NewBuilder(Options{Codec: c})
		b.Append(1, nil, make([]byte, MaxDecompressed+1), nil)
		out, err := b.Finish()
		if err != nil {
			t.Fatal(err)
		}
		var it Iter
		if err := it.Reset(out); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v: %d bytes: %v", c, len(out), err)
		}
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	batch := build(t, Options{}, 100)
	zipped := build(t, Options{Codec: LZ4}, 100)
	var it Iter
	b := NewBuilder(Options{})
	key, value := []byte("key"), []byte("value")
	for name, f := range map[string]func(){
		"check":   func() { _, _ = Check(batch, &it) },
		"lz4":     func() { _, _ = Check(zipped, &it) },
		"builder": func() { b.Reset(Options{}); b.Append(1, key, value, nil); _, _ = b.Finish() },
	} {
		limit := 0.0
		if name == "lz4" {
			limit = 4 // the codec's own
		}
		if n := testing.AllocsPerRun(100, f); n > limit {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func FuzzBatch(f *testing.F) {
	for _, c := range []Codec{None, Gzip, Snappy, LZ4, Zstd} {
		f.Add(build(f, Options{Codec: c}, 5))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// The CRC is made to hold: what lies behind it is to be reached.
		if len(b) >= HeaderSize {
			b = bytes.Clone(b)
			if n := PeekSize(b); n > 0 && n <= len(b) {
				b = b[:n]
			}
			b[16] = 2
			Seal(b)
		}
		h, err := Verify(b)
		if err != nil {
			return
		}
		var it Iter
		if it.Reset(b) != nil {
			return
		}
		if it.BufferSize() > MaxDecompressed+MaxDecompressed/2+1<<20 {
			t.Fatalf("%d bytes for a batch of %d", it.BufferSize(), len(b))
		}
		n := int32(0)
		for it.Next() {
			n++
			r := it.Record()
			if r.Offset < h.BaseOffset || r.Offset > h.LastOffset() {
				t.Fatalf("offset %d outside of %d..%d", r.Offset, h.BaseOffset, h.LastOffset())
			}
			r.Headers(func(RecordHeader) bool { return true })
		}
		if it.Err() == nil && n != h.Count {
			t.Fatalf("%d records of %d", n, h.Count)
		}
	})
}

// The corpus holds a batch of every codec, so that the seeds do not depend on an encoder.
func TestCorpusIsThere(t *testing.T) {
	names, err := filepath.Glob("testdata/fuzz/FuzzBatch/*")
	if err != nil || len(names) < 5 {
		if os.Getenv("TAILRACE_WRITE_CORPUS") == "" {
			t.Fatalf("%d files in the corpus, %v; TAILRACE_WRITE_CORPUS=1 writes it", len(names), err)
		}
		if err := os.MkdirAll("testdata/fuzz/FuzzBatch", 0o755); err != nil {
			t.Fatal(err)
		}
		for _, c := range []Codec{None, Gzip, Snappy, LZ4, Zstd} {
			text := fmt.Sprintf("go test fuzz v1\n[]byte(%q)\n", build(t, Options{Codec: c}, 5))
			if err := os.WriteFile("testdata/fuzz/FuzzBatch/"+c.String(), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
