package state

import (
	"encoding/binary"
	"math/bits"
)

// Keys is a batch of encoded keys, back to back, with their hashes. The hash is private
// to the process: it is never stored.
type Keys struct {
	Arena []byte
	ends  []uint32
	hash  []uint64
}

// Reset empties the batch and keeps its memory.
func (k *Keys) Reset() { k.Arena, k.ends, k.hash = k.Arena[:0], k.ends[:0], k.hash[:0] }

// Len is the number of keys.
func (k *Keys) Len() int { return len(k.ends) }

// Add copies a key.
func (k *Keys) Add(key []byte) {
	k.Arena = append(k.Arena, key...)
	k.End()
}

// End finishes the key that was appended to Arena since the last End.
func (k *Keys) End() {
	start := uint32(0)
	if n := len(k.ends); n > 0 {
		start = k.ends[n-1]
	}
	k.ends = append(k.ends, uint32(len(k.Arena)))
	k.hash = append(k.hash, hashKey(k.Arena[start:]))
}

// Key returns key i, valid until Reset.
func (k *Keys) Key(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = k.ends[i-1]
	}
	return k.Arena[start:k.ends[i]:k.ends[i]]
}

// Constants of wyhash.
const (
	mix0 = 0xa0761d6478bd642f
	mix1 = 0xe7037ed1a0b428db
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hashKey is a hash in the manner of wyhash: two multiplications for keys up to 16 bytes,
// which most are.
func hashKey(b []byte) uint64 {
	n := len(b)
	seed := uint64(mix0) ^ uint64(n)
	for len(b) > 16 {
		seed = mix(binary.LittleEndian.Uint64(b)^mix1, binary.LittleEndian.Uint64(b[8:])^seed)
		b = b[16:]
	}
	var x, y uint64
	switch {
	case len(b) >= 8:
		x, y = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[len(b)-8:])
	case len(b) >= 4:
		x, y = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))
	case len(b) > 0:
		x = uint64(b[0])<<16 | uint64(b[len(b)/2])<<8 | uint64(b[len(b)-1])
	}
	return mix(mix1^uint64(n), mix(x^mix1, y^seed))
}
