package json

import (
	"math/bits"
	"unicode/utf8"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/cell"
)

const (
	// maxSlots bounds what a decoder remembers: past it, looking for a slot would cost
	// more than the full path does.
	maxSlots = 128
	// maxFastColumns is how many columns fit the set of those already appended.
	maxFastColumns = 64
	// patience is how many records in a row the full path takes before it learns from
	// every patience-th only, and weariness how many before it forgets all slots.
	patience, weariness = 16, 1024
)

// shape is the text between values in the records seen so far, piece by piece, and in
// which order the pieces came last.
type shape struct {
	slots []slot
	first int // the slot that records begin with
}

// slot is one piece of text, and what to do with the value after it.
type slot struct {
	lo, hi         uint64 // the first 16 bytes
	loMask, hiMask uint64
	length         int
	next           int // the slot that followed it last
	column         int
	action         action
	opening        bool   // the piece opens the record: no other may, and it may nowhere else
	text           []byte // all of it
}

// action is what becomes of a value.
type action uint8

const (
	skip       action = iota
	end               // no value: the record ends here
	takeI32           // INT
	takeI64           // BIGINT, TIMESTAMP
	takeF64           // DOUBLE
	takeString        // STRING
	take              // anything else, through appendToken
)

func actionFor(t types.Type) action {
	switch t.Kind {
	case types.Int:
		return takeI32
	case types.Bigint, types.Timestamp:
		return takeI64
	case types.Double:
		return takeF64
	case types.String:
		return takeString
	}
	return take
}

// fits reports whether the text at p, which is below n, goes on with the slot: with all of
// its bytes, and then with a value, or with nothing when it is an end.
func (s *slot) fits(b []byte, p, n int) bool {
	if (load(b, p)^s.lo)&s.loMask|(load(b, p+8)^s.hi)&s.hiMask != 0 {
		return false
	}
	q := p + s.length
	if s.action == end && q != n || s.action != end && (q >= n || b[q] <= ' ') {
		return false
	}
	return s.length <= 16 || string(b[p+16:q]) == string(s.text[16:])
}

// find returns the slot that the text at p goes on with, or -1.
func (s *shape) find(b []byte, p, n int) int {
	for i := range s.slots {
		if e := &s.slots[i]; e.opening == (p == 0) && e.fits(b, p, n) {
			return i
		}
	}
	return -1
}

// learn adds the pieces of text of the record that scan has just gone through. A member
// that two columns want has no slot: such records stay with the full path.
func (d *Decoder) learn(b []byte, n int) {
	d.misses++
	if len(d.columns) > maxFastColumns || len(d.values) >= maxSlots || d.misses > patience && d.misses%patience != 0 {
		return
	}
	s := &d.shape
	if len(s.slots)+len(d.values) >= maxSlots {
		if d.misses < weariness {
			return
		}
		s.slots, d.misses = s.slots[:0], 0
	}
	from, last := 0, &s.first
	for i, v := range d.values {
		t := d.targets[i]
		if t.exact >= 0 && t.folded >= 0 {
			return
		}
		e := slot{opening: i == 0}
		if c := max(t.exact, t.folded); c >= 0 {
			e.column, e.action = c, actionFor(d.columns[c].Type)
		}
		*last = s.add(e, b[from:v.start])
		from, last = v.end, &s.slots[*last].next
	}
	if len(d.values) > 0 {
		*last = s.add(slot{action: end}, b[from:n])
	}
}

// add returns the index of the slot for a piece of text, which it makes unless there is
// one. Pointers into the slots stay valid: learn has seen to the room.
func (s *shape) add(e slot, text []byte) int {
	for i := range s.slots {
		if o := &s.slots[i]; o.opening == e.opening && o.action == e.action && o.column == e.column && string(o.text) == string(text) {
			return i
		}
	}
	if s.slots == nil {
		s.slots = make([]slot, 0, maxSlots)
	}
	e.length = len(text)
	e.text = append(make([]byte, 0, len(text)+Padding), text...)
	padded := e.text[:len(text)+Padding]
	e.lo, e.hi, e.loMask, e.hiMask = load(padded, 0), load(padded, 8), ^uint64(0), ^uint64(0)
	if e.length < 8 {
		e.loMask = 1<<(8*e.length) - 1
	}
	if e.length < 16 {
		e.hiMask = 1<<(8*max(e.length-8, 0)) - 1
	}
	s.slots = append(s.slots, e)
	return len(s.slots) - 1
}

// fast decodes a record of known pieces. When it has another, a column twice, or a value
// that is not to be had quickly, it takes back what it has appended and returns false: the
// full path will know. Positions stay below n wherever text is read, so that loads stay
// within the padding.
func (d *Decoder) fast(b []byte, n int, out []*vector.Vector) bool {
	var done uint64 // columns that have their row
	slots := d.shape.slots
	expected := &d.shape.first
	for p := 0; p >= 0 && p < n; {
		e := &slots[*expected]
		if e.opening != (p == 0) || !e.fits(b, p, n) {
			i := d.shape.find(b, p, n)
			if i < 0 {
				break
			}
			*expected, e = i, &slots[i]
		}
		expected = &e.next
		p += e.length
		if e.action == end {
			d.complete(done, out)
			return true
		}
		if e.action == skip {
			switch c := b[p]; {
			case c == '"':
				p = skipString(b, p+1, n)
			case c == '-' || c-'0' <= 9:
				p = skipNumber(b, p, n)
			default:
				p = skipValue(b, p, n, MaxDepth-1)
			}
			continue
		}
		if done>>e.column&1 != 0 {
			break
		}
		if p = takeValue(out[e.column], e.action, b, p, n); p >= 0 {
			done |= 1 << e.column
		}
	}
	for ; done != 0; done &= done - 1 {
		cell.Pop(out[bits.TrailingZeros64(done)])
	}
	return false
}

// complete gives the columns that the record left out their NULL.
func (d *Decoder) complete(done uint64, out []*vector.Vector) {
	for missing := ^done & (1<<len(d.columns) - 1); missing != 0; missing &= missing - 1 {
		out[bits.TrailingZeros64(missing)].AppendNull()
	}
}

// takeValue appends the value at p and returns the position after it, or -1.
func takeValue(v *vector.Vector, a action, b []byte, p, n int) int {
	c := b[p]
	switch number := c == '-' || c-'0' <= 9; {
	case a == takeString && c == '"':
		if q := takePlain(v, b, p+1, n); q >= 0 {
			return q
		}
	case a == takeI64 && number:
		if x, q := parseInt(b, p); q >= 0 && q < n {
			v.I64 = append(v.I64, x)
			v.N++
			return q
		}
	case a == takeI32 && number:
		if x, q := parseInt(b, p); q >= 0 && q < n && x == int64(int32(x)) {
			v.I32 = append(v.I32, int32(x))
			v.N++
			return q
		}
	case a == takeF64 && number:
		if x, q := parseFloat(b, p); q >= 0 && q < n {
			v.F64 = append(v.F64, x)
			v.N++
			return q
		}
	}
	q := skipValue(b, p, n, MaxDepth-1)
	if q < 0 || appendToken(v, b[p:q]) != nil {
		return -1
	}
	return q
}

// takePlain appends a string without escapes whose opening quote is before p.
func takePlain(v *vector.Vector, b []byte, p, n int) int {
	start, seen := p, uint64(0)
	for p < n {
		w := load(b, p)
		m := stops(w)
		if m == 0 {
			seen |= w
			p += 8
			continue
		}
		seen |= w & ((m ^ (m - 1)) >> 8) // the bytes before the stop
		p += bits.TrailingZeros64(m) >> 3
		if p >= n || b[p] != '"' || seen&highs != 0 && !utf8.Valid(b[start:p]) {
			return -1
		}
		at := len(v.Arena)
		v.Arena = append(v.Arena, b[start:p]...)
		if cell.CloseArena(v, at) != nil {
			return -1
		}
		return p + 1
	}
	return -1
}
