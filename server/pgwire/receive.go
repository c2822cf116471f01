package pgwire

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"
)

// reader reads the messages of a client out of a buffered connection. It frames them
// itself: pgproto3's own reader buffers a second time, and then nobody can tell whether
// the client has sent more, which is when output must be flushed.
type reader struct {
	in    *bufio.Reader
	limit int
	// room is asked for what a message takes beyond keepBytes before it is read, and for 0
	// when its buffer is gone.
	room  func(bytes int) error
	large bool   // room was asked
	body  []byte // of the last message; messages refer to it

	parse    pgproto3.Parse
	bind     pgproto3.Bind
	describe pgproto3.Describe
	execute  pgproto3.Execute
	sync     pgproto3.Sync
	query    pgproto3.Query
}

// keepBytes is the largest body whose buffer is kept for the next message.
const keepBytes = 64 << 10

// growBytes is how much memory is taken ahead of the bytes that have arrived: a length
// alone costs a client nothing, and must cost no more here.
const growBytes = 1 << 20

// startupLimit is PostgreSQL's bound on a startup message.
const startupLimit = 10_000

// next returns the next message, which is valid until the one after it.
func (r *reader) next() (pgproto3.FrontendMessage, error) {
	head, err := r.in.Peek(5)
	if err != nil {
		if len(head) > 0 && err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	kind, size := head[0], int(int32(binary.BigEndian.Uint32(head[1:])))-4
	msg := r.message(kind)
	switch {
	case msg == nil:
		return nil, fmt.Errorf("unknown message type %q", kind)
	case size < 0:
		return nil, fmt.Errorf("invalid message length %d", size+4)
	case size > r.limit:
		return nil, fmt.Errorf("message of %d bytes; the limit is %d", size, r.limit)
	}
	if large := size > keepBytes; large || r.large {
		r.large, r.body = large, nil
		if err := r.room(max(0, size-keepBytes)); err != nil {
			return nil, err
		}
	}
	_, _ = r.in.Discard(5)
	if err := r.read(size); err != nil {
		return nil, err
	}
	return msg, msg.Decode(r.body)
}

// read fills body with the next size bytes.
func (r *reader) read(size int) error {
	r.body = r.body[:0]
	for len(r.body) < size {
		n := min(size-len(r.body), growBytes)
		at := len(r.body)
		r.body = append(r.body, make([]byte, n)...)
		if _, err := io.ReadFull(r.in, r.body[at:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// message is what a message of a kind decodes into. Those of every exchange are used
// again and again.
func (r *reader) message(kind byte) pgproto3.FrontendMessage {
	switch kind {
	case 'P':
		return &r.parse
	case 'B':
		return &r.bind
	case 'D':
		return &r.describe
	case 'E':
		return &r.execute
	case 'S':
		return &r.sync
	case 'Q':
		return &r.query
	case 'C':
		return &pgproto3.Close{}
	case 'H':
		return &pgproto3.Flush{}
	case 'X':
		return &pgproto3.Terminate{}
	case 'F':
		return &pgproto3.FunctionCall{}
	case 'd':
		return &pgproto3.CopyData{}
	case 'c':
		return &pgproto3.CopyDone{}
	case 'f':
		return &pgproto3.CopyFail{}
	}
	return nil
}

// startup returns the first message of a connection, or of what follows a refused request
// for encryption.
func (r *reader) startup() (pgproto3.FrontendMessage, error) {
	head, err := r.in.Peek(8)
	if err != nil {
		return nil, err
	}
	size := int(int32(binary.BigEndian.Uint32(head))) - 4
	if size < 4 || size > startupLimit {
		return nil, fmt.Errorf("invalid length of startup packet: %d", size)
	}
	code := binary.BigEndian.Uint32(head[4:])
	var msg pgproto3.FrontendMessage
	switch {
	case code == 80877103:
		msg = &pgproto3.SSLRequest{}
	case code == 80877104:
		msg = &pgproto3.GSSEncRequest{}
	case code == 80877102:
		msg = &pgproto3.CancelRequest{}
	case code>>16 == 3:
		msg = &pgproto3.StartupMessage{}
	default:
		return nil, fmt.Errorf("unsupported frontend protocol %d.%d", code>>16, code&0xffff)
	}
	_, _ = r.in.Discard(4)
	if err := r.read(size); err != nil {
		return nil, err
	}
	if start, ok := msg.(*pgproto3.StartupMessage); ok {
		binary.BigEndian.PutUint32(r.body, pgproto3.ProtocolVersion30) // minor versions are agreed upon in greet
		err = start.Decode(r.body)
		start.ProtocolVersion = code
		return msg, err
	}
	return msg, msg.Decode(r.body)
}

// awaitTerminate returns nil when the client has sent Terminate, and an error when it is
// gone or the read deadline is over. It takes nothing: messages before Terminate stay.
func (r *reader) awaitTerminate() error {
	at := 0
	for {
		b, err := r.in.Peek(at + 5)
		if err != nil {
			return err
		}
		if b[at] == 'X' {
			return nil
		}
		size := int(binary.BigEndian.Uint32(b[at+1:]))
		if size < 4 || size > r.in.Size() {
			return bufio.ErrBufferFull
		}
		at += 1 + size
	}
}
