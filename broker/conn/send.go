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
	// SendfileBytes is the size from which a range of a segment leaves by sendfile. Below
	// it, reading the range also finds its end, and one writev sends it with its header;
	// above it sendfile is as fast or faster (see BenchmarkFetch and docs/decisions.md),
	// and a thousand lagging consumers need no buffer each.
	SendfileBytes = 128 << 10
	// sendfilePiece bounds one sendfile call. Between 64 and 256 KiB the socket drains
	// while the next piece is queued; larger pieces measured slower.
	sendfilePiece = 256 << 10
	// stagingBytes is the buffer through which small ranges go that are not in memory.
	stagingBytes = 256 << 10
)

// sender writes answers to one connection.
type sender struct {
	conn   net.Conn
	raw    syscall.RawConn // nil when conn is not a TCP socket: no sendfile then
	renew  func()          // moves the write deadline: there was progress, or a new answer
	meters *meters

	pending net.Buffers // what the next write sends: parts of the answer and of staging
	vec     net.Buffers // pending, as it shrinks while it is written
	staging []byte      // borrowed when an answer needs it
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
	if b.Plain() {
		s.renew()
		_, err := s.conn.Write(b.Bytes)
		return err
	}
	err := b.Walk(s.put, s.splice)
	if err == nil {
		err = s.flush()
	}
	clear(s.pending) // of a failed answer
	s.pending = s.pending[:0]
	if s.staging != nil {
		wire.PutBuffer(s.staging)
		s.staging = nil
	}
	return err
}

func (s *sender) put(p []byte) error {
	s.pending = append(s.pending, p)
	return nil
}

// flush writes what is pending with one system call, as long as the socket takes it.
func (s *sender) flush() error {
	if len(s.pending) == 0 {
		return nil
	}
	s.renew()
	var err error
	if len(s.pending) == 1 { // a plain write is the cheaper call
		_, err = s.conn.Write(s.pending[0])
	} else {
		s.vec = s.pending
		_, err = s.vec.WriteTo(s.conn)
	}
	clear(s.pending)
	s.pending, s.staging = s.pending[:0], s.staging[:0]
	return err
}

// splice sends a range: out of memory when it is there, by sendfile when it is large and
// can, else through staging.
func (s *sender) splice(r *segment.Range) error {
	if r.Data != nil {
		return s.put(r.Data)
	}
	if r.Len >= SendfileBytes && s.raw != nil {
		if fd, ok := r.Fd(); ok {
			if err := s.flush(); err != nil {
				return err
			}
			return s.sendfile(int(fd), r.Pos, r.Len)
		}
	}
	if s.staging == nil {
		s.staging = wire.GetBuffer(stagingBytes)
	}
	for off := 0; off < r.Len; {
		at := len(s.staging)
		n, err := r.ReadAt(s.staging[at:cap(s.staging)], off)
		if n == 0 {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		off += n
		s.staging = s.staging[:at+n]
		s.pending = append(s.pending, s.staging[at:])
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
		s.renew()
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
		s.meters.sendfile.Add(int64(sent))
	}
	return nil
}
