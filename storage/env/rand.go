package env

import (
	crand "crypto/rand"
	"math/rand/v2"
	"sync"
)

// Rand makes random numbers; safe for many goroutines.
type Rand interface {
	// Uint64 returns 64 random bits.
	Uint64() uint64
	// Read fills p. It never fails.
	Read(p []byte)
}

// SystemRand is the machine's source.
var SystemRand Rand = systemRand{}

type systemRand struct{}

func (systemRand) Uint64() uint64 { return rand.Uint64() }

// Read uses the kernel's source: identifiers made from it must not be guessable.
func (systemRand) Read(p []byte) { _, _ = crand.Read(p) }

// NewRand returns a source that repeats for the same seed.
func NewRand(seed uint64) Rand {
	s := &seededRand{}
	s.mu.src = rand.NewChaCha8([32]byte{
		byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24),
		byte(seed >> 32), byte(seed >> 40), byte(seed >> 48), byte(seed >> 56),
	})
	return s
}

type seededRand struct {
	mu struct {
		sync.Mutex
		src *rand.ChaCha8
	}
}

func (s *seededRand) Uint64() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.src.Uint64()
}

func (s *seededRand) Read(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.mu.src.Read(p)
}
