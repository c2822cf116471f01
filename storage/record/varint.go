package record

import "math/bits"

// zigzag maps signed to unsigned so that small magnitudes are short.
func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// uvarint reads a varint at b[p:] and returns it with the position after it, or a
// position of -1 when it is cut short or longer than 64 bits.
func uvarint(b []byte, p int) (uint64, int) {
	var v uint64
	for shift := uint(0); shift < 70; shift += 7 {
		if p >= len(b) {
			return 0, -1
		}
		c := b[p]
		p++
		if c < 0x80 {
			if shift == 63 && c > 1 {
				return 0, -1
			}
			return v | uint64(c)<<shift, p
		}
		v |= uint64(c&0x7f) << shift
	}
	return 0, -1
}

// varint is uvarint for signed numbers. The walk over records lives on it: the case of
// one byte is inlined, two bytes come next.
func varint(b []byte, p int) (int64, int) {
	if p < len(b) && b[p] < 0x80 {
		return unzigzag(uint64(b[p])), p + 1
	}
	return longVarint(b, p)
}

func longVarint(b []byte, p int) (int64, int) {
	if p+1 < len(b) && b[p+1] < 0x80 {
		return unzigzag(uint64(b[p]&0x7f) | uint64(b[p+1])<<7), p + 2
	}
	u, n := uvarint(b, p)
	return unzigzag(u), n
}

func appendVarint(b []byte, v int64) []byte {
	u := zigzag(v)
	for u >= 0x80 {
		b = append(b, byte(u)|0x80)
		u >>= 7
	}
	return append(b, byte(u))
}

// varintSize is the encoded size of v.
func varintSize(v int64) int { return (bits.Len64(zigzag(v)|1) + 6) / 7 }

// lengthSize is the encoded size of a nullable byte string.
func bytesSize(b []byte) int {
	if b == nil {
		return 1
	}
	return varintSize(int64(len(b))) + len(b)
}

func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 1) // zigzag(-1)
	}
	return append(appendVarint(dst, int64(len(b))), b...)
}
