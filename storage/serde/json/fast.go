package json

import (
	"math/bits"
	"unicode/utf8"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/cell"
)

const (
	// maxSlots bounds what a shape remembers: past it the full path is no slower.
	maxSlots = 256
	// maxFastColumns is how many columns fit the set of those already appended.
	maxFastColumns = 64
	// patience is how many records in a row may miss a richer shape before a poorer one
	// replaces it: a record that leaves fields out should not unlearn them.
	patience = 8
)

// shape is the text between the values of a record, piece by piece. The last slot is what
// follows the last value. It is empty until something has been learned.
type shape struct {
	slots []slot
	text  []byte
}

// slot is one piece of text, and what to do with the value after it.
type slot struct {
	lo, hi         uint64 // the first 16 bytes
	loMask, hiMask uint64
	rest           []byte // those after
	length         int
	action         action
	column         int
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

func (s *slot) matches(b []byte, p int) bool {
	if (load(b, p)^s.lo)&s.loMask|(load(b, p+8)^s.hi)&s.hiMask != 0 {
		return false
	}
	return s.rest == nil || len(b) >= p+s.length && string(b[p+16:p+s.length]) == string(s.rest)
}

// learn makes the shape of the record that scan has just gone through the expected one.
// A shape in which a column has two candidates, or a member two columns, is not for the
// fast path.
func (d *Decoder) learn(b []byte, n int) {
	d.misses++
	if len(d.values) == 0 || len(d.values) >= maxSlots || len(d.columns) > maxFastColumns {
		return
	}
	if len(d.values) < len(d.shape.slots)-1 && d.misses < patience {
		return
	}
	var taken uint64
	for _, t := range d.targets {
		if t.exact >= 0 && t.folded >= 0 {
			return
		}
		if i := max(t.exact, t.folded); i >= 0 {
			if taken>>i&1 != 0 {
				return
			}
			taken |= 1 << i
		}
	}
	d.misses = 0
	s := &d.shape
	s.slots, s.text = s.slots[:0], s.text[:0]
	from := 0
	for _, v := range d.values {
		s.text = append(s.text, b[from:v.start]...)
		from = v.end
	}
	s.text = append(s.text, b[from:n]...)
	s.text = append(s.text, make([]byte, Padding)...) // so that slots can load past their end
	at := 0
	from = 0
	for i, v := range d.values {
		s.add(at, v.start-from)
		at, from = at+v.start-from, v.end
		if c := max(d.targets[i].exact, d.targets[i].folded); c >= 0 {
			s.slots[i].column, s.slots[i].action = c, actionFor(d.columns[c].Type)
		}
	}
	s.add(at, n-from)
	s.slots[len(d.values)].action = end
}

// add appends a slot for length bytes of the shape's text.
func (s *shape) add(at, length int) {
	e := slot{lo: load(s.text, at), hi: load(s.text, at+8), length: length, loMask: ^uint64(0), hiMask: ^uint64(0)}
	if length < 8 {
		e.loMask = 1<<(8*length) - 1
	}
	if length < 16 {
		e.hiMask = 1<<(8*max(length-8, 0)) - 1
	} else if length > 16 {
		e.rest = s.text[at+16 : at+length]
	}
	s.slots = append(s.slots, e)
}

// next finds the slot at or after i that the text at p continues with: members in between
// are absent. It returns -1 when there is none.
func (s *shape) next(b []byte, p, i int) int {
	for ; i < len(s.slots); i++ {
		if s.slots[i].matches(b, p) {
			return i
		}
	}
	return -1
}

// fast decodes a record of the expected shape. When the record has another, or a value
// that is not to be had quickly, it takes back what it has appended and returns false:
// the full path will know. Positions stay below n wherever text is read, so that loads
// stay within the padding.
func (d *Decoder) fast(b []byte, n int, out []*vector.Vector) bool {
	var done uint64 // columns that have their row
	slots := d.shape.slots
	for i, p := 0, 0; p >= 0 && p < n; i++ {
		e := &slots[i]
		if !e.matches(b, p) {
			// The first slot alone opens the object.
			if i == 0 {
				break
			}
			if i = d.shape.next(b, p, i+1); i < 0 {
				break
			}
			e = &slots[i]
		}
		p += e.length
		if p >= n {
			if p == n && e.action == end {
				d.complete(done, out)
				return true
			}
			break
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
		if e.action == end {
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
