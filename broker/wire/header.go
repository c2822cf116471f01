package wire

import (
	"encoding/binary"
	"fmt"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// APIKey numbers a kind of request.
type APIKey int16

// The keys that this package and the connection loop treat specially.
const (
	Produce     APIKey = 0
	Fetch       APIKey = 1
	JoinGroup   APIKey = 11
	SyncGroup   APIKey = 14
	ApiVersions APIKey = 18
)

// maxAPIKey bounds the table of flexible versions.
const maxAPIKey = 127

// firstFlexible[key] is the first version whose request has header v2 and whose answer
// has header v1 (KIP-482); neverFlexible when there is none.
var firstFlexible = func() (t [maxAPIKey + 1]int16) {
	for key := range t {
		t[key] = neverFlexible
		req := kmsg.RequestForKey(int16(key))
		if req == nil {
			continue
		}
		for v := int16(0); v <= req.MaxVersion(); v++ {
			if req.SetVersion(v); req.IsFlexible() {
				t[key] = v
				break
			}
		}
	}
	return t
}()

const neverFlexible = 1<<15 - 1

// Flexible reports whether a version of a request uses compact types and tagged fields.
func (k APIKey) Flexible(version int16) bool {
	return k >= 0 && k <= maxAPIKey && version >= firstFlexible[k]
}

// Name is the key's name in Kafka's documents, as "ListOffsets".
func (k APIKey) Name() string { return kmsg.NameForKey(int16(k)) }

// Waits reports whether clients ask such a request to wait for something that is yet to come.
func (k APIKey) Waits() bool { return k == Fetch || k == JoinGroup || k == SyncGroup }

// Header is what stands before every request.
type Header struct {
	Key           APIKey
	Version       int16
	CorrelationID int32
	ClientID      string // empty when null
}

// ReadHeader decodes the header of a frame and returns the body behind it. The body
// aliases the frame.
func ReadHeader(frame []byte) (h Header, body []byte, err error) {
	b := kbin.Reader{Src: frame}
	h.Key = APIKey(b.Int16())
	h.Version = b.Int16()
	h.CorrelationID = b.Int32()
	if len(b.Src) == 0 { // header v0: nothing but the three numbers
		return h, nil, complete(&b)
	}
	if n := b.Int16(); n >= 0 {
		h.ClientID = string(b.Span(int(n)))
	}
	if h.Key.Flexible(h.Version) {
		skipTags(&b)
	}
	return h, b.Src, complete(&b)
}

// AppendAnswerHeader appends the size field, left at zero for FinishFrame, and the
// header of the answer to h.
func AppendAnswerHeader(dst []byte, h Header) []byte {
	dst = append(dst, 0, 0, 0, 0)
	dst = kbin.AppendInt32(dst, h.CorrelationID)
	// A client learns from ApiVersions whether we know flexible headers at all, so its
	// answer stays at header v0 for ever (KIP-511).
	if h.Key != ApiVersions && h.Key.Flexible(h.Version) {
		dst = append(dst, 0)
	}
	return dst
}

// FinishFrame writes the size field of a frame that begins at dst[0] and is followed by
// extra bytes that are not in dst.
func FinishFrame(dst []byte, extra int64) {
	binary.BigEndian.PutUint32(dst, uint32(int64(len(dst)-4)+extra))
}

// skipTags passes over a tagged-field section without keeping it.
func skipTags(b *kbin.Reader) {
	for n := b.Uvarint(); n > 0 && b.Ok(); n-- {
		b.Uvarint()
		b.Span(int(b.Uvarint()))
	}
}

func complete(b *kbin.Reader) error {
	if err := b.Complete(); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}
