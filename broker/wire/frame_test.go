package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// frameOf puts a size field before body.
func frameOf(body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// ledger is a Budget that remembers the most that was ever lent.
type ledger struct{ lent, peak int }

func (l *ledger) Acquire(n int) error {
	l.lent += n
	l.peak = max(l.peak, l.lent)
	return nil
}
func (l *ledger) Release(n int) { l.lent -= n }

func TestFrames(t *testing.T) {
	small, large := bytes.Repeat([]byte("k"), 100), bytes.Repeat([]byte("l"), 3<<20)
	for _, tc := range []struct {
		name string
		in   []byte
		want [][]byte
		err  error
	}{
		{"nothing", nil, nil, io.EOF},
		{"two frames", append(frameOf(small), frameOf(large)...), [][]byte{small, large}, io.EOF},
		{"cut in the size", frameOf(small)[:3], nil, io.ErrUnexpectedEOF},
		{"cut in the body", frameOf(large)[:1<<20], nil, io.ErrUnexpectedEOF},
		{"cut after the size", frameOf(small)[:4], nil, io.ErrUnexpectedEOF},
		{"smaller than a header", frameOf(small[:7]), nil, ErrFrameTooSmall},
		{"negative size", []byte{0xff, 0xff, 0xff, 0xff, 0}, nil, ErrFrameTooSmall},
		{"larger than the limit", binary.BigEndian.AppendUint32(nil, 4<<20+1), nil, ErrFrameTooLarge},
		{"an HTTP request", []byte("GET / HTTP/1.1\r\n\r\n"), nil, ErrFrameTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			budget := &ledger{}
			for name, r := range map[string]io.Reader{
				"whole": bytes.NewReader(tc.in), "bit by bit": iotest.HalfReader(bytes.NewReader(tc.in)),
			} {
				fr := NewFrameReader(r, 4<<20, budget)
				for i, want := range tc.want {
					f, err := fr.Next()
					if err != nil || !bytes.Equal(f.Bytes, want) {
						t.Fatalf("%s: frame %d: %d bytes, %v; want %d bytes", name, i, len(f.Bytes), err, len(want))
					}
					f.Release()
				}
				if _, err := fr.Next(); !errors.Is(err, tc.err) {
					t.Errorf("%s: at the end got %v, want %v", name, err, tc.err)
				}
			}
			if budget.lent != 0 {
				t.Errorf("%d bytes of the budget were not given back", budget.lent)
			}
		})
	}
}

// A size field alone must not reserve memory: only bytes that came may.
func TestFrameMemoryFollowsBytes(t *testing.T) {
	for _, sent := range []int{0, 1 << 10, 100 << 10, 1 << 20} {
		in := binary.BigEndian.AppendUint32(nil, DefaultMaxFrameBytes)
		in = append(in, make([]byte, sent)...)
		budget := &ledger{}
		fr := NewFrameReader(bytes.NewReader(in), DefaultMaxFrameBytes, budget)
		if _, err := fr.Next(); err != io.ErrUnexpectedEOF {
			t.Fatalf("got %v", err)
		}
		if limit := growth * max(sent, firstRead); budget.peak > limit {
			t.Errorf("%d bytes came and %d were reserved, more than %d", sent, budget.peak, limit)
		}
	}
}

var errBroke = errors.New("no budget")

type broke struct{}

func (broke) Acquire(int) error { return errBroke }
func (broke) Release(int)       {}

func TestFrameWithoutBudget(t *testing.T) {
	fr := NewFrameReader(bytes.NewReader(frameOf(make([]byte, firstRead+1))), 1<<20, broke{})
	if _, err := fr.Next(); !errors.Is(err, errBroke) {
		t.Errorf("got %v, want the budget's error", err)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add(frameOf([]byte("\x00\x12\x00\x03\x00\x00\x00\x01\x00\x01x\x00")))
	f.Add(append(frameOf(make([]byte, 8)), frameOf(make([]byte, 70_000))...))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"))
	f.Fuzz(func(t *testing.T, in []byte) {
		budget := &ledger{}
		fr := NewFrameReader(bytes.NewReader(in), 1<<20, budget)
		for {
			frame, err := fr.Next()
			if err != nil {
				break
			}
			if h, body, err := ReadHeader(frame.Bytes); err == nil {
				var p ProduceRequest
				var q FetchRequest
				_ = p.Read(h.Version, body)
				_ = q.Read(h.Version, body)
			}
			frame.Release()
		}
		if budget.lent != 0 {
			t.Errorf("%d bytes of the budget were not given back", budget.lent)
		}
		if limit := growth * max(len(in), firstRead); budget.peak > limit {
			t.Errorf("%d bytes came and %d were reserved", len(in), budget.peak)
		}
	})
}
