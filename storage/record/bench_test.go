package record

import (
	"hash/crc32"
	"testing"
)

// payload is a batch of 100-byte records, about 1 MiB.
func payload(b *testing.B, c Codec) []byte {
	w := NewBuilder(Options{Codec: c})
	value := make([]byte, 100)
	for i := range 9600 {
		for j := range value {
			value[j] = byte('a' + (i*7+j*j)%26)
		}
		w.Append(int64(i), nil, value, nil)
	}
	out, err := w.Finish()
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// BenchmarkValidate is what the log does with a produced batch: CRC and walk. Its ceiling
// is the CRC alone.
func BenchmarkValidate(b *testing.B) {
	batch := payload(b, None)
	b.Run("ceiling=crc", func(b *testing.B) {
		b.SetBytes(int64(len(batch)))
		for b.Loop() {
			crc32.Checksum(batch[21:], castagnoli)
		}
	})
	for _, c := range []Codec{None, LZ4, Zstd} {
		b.Run("codec="+c.String(), func(b *testing.B) {
			batch := payload(b, c)
			var it Iter
			b.SetBytes(int64(len(batch)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Verify(batch); err != nil {
					b.Fatal(err)
				}
				if _, err := Check(batch, &it); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(9600*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

func BenchmarkWalk(b *testing.B) {
	batch := payload(b, None)
	var it Iter
	n := 0
	b.SetBytes(int64(len(batch)))
	for b.Loop() {
		if err := it.Reset(batch); err != nil {
			b.Fatal(err)
		}
		for it.Next() {
			n += len(it.Record().Value)
		}
	}
	b.ReportMetric(9600*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkBuild(b *testing.B) {
	w := NewBuilder(Options{})
	value := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		w.Reset(Options{})
		for i := range 9600 {
			w.Append(int64(i), nil, value, nil)
		}
		if _, err := w.Finish(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(9600*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
