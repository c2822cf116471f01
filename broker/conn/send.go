package conn

import (
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"

	"tailrace/broker/wire"
	"tailrace/storage/segment"
)

const (
	// sendfileBytes is the size from which a range of a segment leaves by sendfile: such
	// a range is a consumer that catches up. On loopback a copy through a warm buffer is
	// as fast or faster at every size (see BenchmarkFetch), so this number is not about
	// speed there: below it a range fits the staging buffer and costs one system call
	// with its header; above it a thousand lagging consumers would need a buffer each.
	sendfileBytes = 128 << 10
	// sendfilePiece bounds one sendfile call. Between 64 and 256 KiB the socket drains
	// while the next piece is queued; larger pieces measured slower.
	sendfilePiece = 256 << 10
	// stagingBytes is the buffer in which heads and small ranges are joined, so that an
	// answer costs one write for each such piece, whatever number of partitions it has.
	stagingBytes = 256 << 10
)

// sender writes answers to one connection.
type sender struct {
	conn    net.Conn
	raw     syscall.RawConn // nil when conn is not a TCP socket: no sendfile then
	renew   func()          // moves the write deadline, because there was progress
	meters  *meters
	staging []byte // borrowed while an answer with ranges is sent
}

func newSender(c net.Conn, renew func(), m *meters) *sender {
	s := &sender{conn: c, renew: renew, meters: m}
	if tcp, ok := c.(*net.TCPConn); ok {
		if raw, err := tcp.SyscallConn(); err == nil {
			s.raw = raw
		}
	}
	return s
}

// send writes one finished answer.
func (s *sender) send(b *wire.Body) error {
	s.renew()
	if b.Plain() {
		_, err := s.conn.Write(b.Bytes)
		return err
	}
	s.staging = wire.GetBuffer(int(min(b.Size(), stagingBytes)))
	err := b.Walk(s.put, s.splice)
	if err == nil {
		err = s.flush()
	}
	wire.PutBuffer(s.staging)
	s.staging = nil
	return err
}

// put stages encoded bytes.
func (s *sender) put(p []byte) error {
	for len(p) > 0 {
		n := copy(s.staging[len(s.staging):cap(s.staging)], p)
		s.staging = s.staging[:len(s.staging)+n]
		if p = p[n:]; len(s.staging) == cap(s.staging) {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sender) flush() error {
	if len(s.staging) == 0 {
		return nil
	}
	_, err := s.conn.Write(s.staging)
	s.staging = s.staging[:0]
	s.renew()
	return err
}

// splice sends a range: by sendfile when it is large and can, else through staging.
func (s *sender) splice(r *segment.Range) error {
	if r.Len >= sendfileBytes && s.raw != nil {
		if fd, ok := r.Fd(); ok {
			if err := s.flush(); err != nil {
				return err
			}
			return s.sendfile(int(fd), r.Pos, r.Len)
		}
	}
	for off := 0; off < r.Len; {
		free := s.staging[len(s.staging):cap(s.staging)]
		n, err := r.ReadAt(free, off)
		if n == 0 {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		off += n
		s.staging = s.staging[:len(s.staging)+n]
		if len(s.staging) == cap(s.staging) {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// sendfile moves n bytes from pos of fd to the socket without passing through this
// process. The offset is explicit, so any number of connections share one descriptor.
func (s *sender) sendfile(fd int, pos int64, n int) error {
	for n > 0 {
		sent, failed := 0, error(nil)
		err := s.raw.Write(func(sock uintptr) bool {
			for {
				sent, failed = unix.Sendfile(int(sock), fd, &pos, min(n, sendfilePiece))
				if failed != unix.EINTR {
					return failed != unix.EAGAIN // else wait until the socket drains
				}
			}
		})
		switch {
		case err != nil:
			return err
		case failed != nil:
			return failed
		case sent == 0: // the file is shorter than its index says
			return io.ErrUnexpectedEOF
		}
		n -= sent
		s.meters.sendfile.Add(sent)
		s.renew()
	}
	return nil
}
