package segment

import (
	"fmt"
	"io"

	"tailrace/storage/record"
)

const (
	// walkChunk is what a walk over headers reads at once: an index interval.
	walkChunk = 4096
	// scanChunk is what a scan over whole batches reads at once.
	scanChunk = 1 << 20
)

// scanner walks the batches of a file between two positions. A header walk reads little
// of large batches; a full scan has each whole batch in memory, with record.Slack behind.
type scanner struct {
	f     io.ReaderAt
	pos   int64 // of the current batch
	next  int64 // of the batch after it
	limit int64
	chunk int
	full  bool
	skips []span // of the file: holes to go over

	h     record.Header
	batch []byte // of the current batch, when full
	err   error  // why the walk ended before limit

	buf []byte
	at  int64 // file position of buf[0]
}

func (s *scanner) start(f io.ReaderAt, pos, limit int64) {
	s.f, s.pos, s.next, s.limit, s.err, s.skips = f, pos, pos, limit, nil, nil
	s.buf = s.buf[:0]
	s.at = pos
}

// step moves to the next batch. It returns false at the limit or, with err set, at bytes
// that are not a batch.
func (s *scanner) step() bool {
	s.pos = s.next
	for _, skip := range s.skips {
		if s.pos == skip.from {
			s.pos = skip.to
		}
	}
	if s.pos >= s.limit || s.err != nil {
		return false
	}
	b, err := s.bytes(s.pos, record.HeaderSize)
	if err == nil {
		s.h, err = record.ParseHeader(b)
	}
	if err == nil && (int64(s.h.Size()) > s.limit-s.pos || s.h.Size() > MaxBatchBytes) {
		err = fmt.Errorf("%w: %d bytes at position %d", record.ErrTruncated, s.h.Size(), s.pos)
	}
	if err == nil && s.full {
		s.batch, err = s.bytes(s.pos, s.h.Size())
	}
	if err != nil {
		s.err = err
		return false
	}
	s.next = s.pos + int64(s.h.Size())
	return true
}

// bytes returns n bytes of the file from pos, valid until the next call.
func (s *scanner) bytes(pos int64, n int) ([]byte, error) {
	if n > int(s.limit-pos) {
		return nil, record.ErrTruncated
	}
	if pos >= s.at && pos+int64(n) <= s.at+int64(len(s.buf)) {
		return s.buf[pos-s.at:][:n], nil
	}
	want := int(min(int64(max(n, s.chunk)), s.limit-pos))
	if cap(s.buf) < want+record.Slack {
		s.buf = make([]byte, want, max(want, s.chunk)+record.Slack)
	}
	s.buf = s.buf[:want]
	s.at = pos
	if _, err := s.f.ReadAt(s.buf, pos); err != nil {
		s.buf = s.buf[:0]
		return nil, err
	}
	return s.buf[:n], nil
}
