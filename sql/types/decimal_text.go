package types

import "fmt"

// maxExponent bounds what ParseDec reads, so that short text cannot ask for long numbers.
const maxExponent = 1000

// ParseDec reads a decimal exactly: sign, digits, point, digits, exponent. The scale is
// the number of digits after the point as written, moved by the exponent and never
// negative: "1.50" has scale 2, "1.5e1" scale 0, "1e2" is 100 with scale 0.
func ParseDec(text string) (Dec, error) {
	p := decParser{text: text}
	d, why := p.parse()
	if why != "" {
		return Dec{}, fmt.Errorf("invalid decimal %q: %s", text, why)
	}
	return d, nil
}

type decParser struct {
	text     string
	pos      int
	x        Int128
	digits   int // seen in all, leading zeros too
	fraction int // of them, after the point
	full     bool
}

func (p *decParser) parse() (Dec, string) {
	negative := p.sign()
	p.run(false)
	if p.pos < len(p.text) && p.text[p.pos] == '.' {
		p.pos++
		p.run(true)
	}
	if p.digits == 0 {
		return Dec{}, "no digits"
	}
	if p.full {
		return Dec{}, "more digits than a decimal holds"
	}
	exp, ok := p.exponent()
	if !ok || p.pos < len(p.text) {
		return Dec{}, "not a number"
	}
	x, scale := p.x, p.fraction-exp
	if scale < 0 {
		var err error
		if x, err = Rescale(x, scale, 0, Unnecessary); err != nil {
			return Dec{}, "more digits than a decimal holds"
		}
		scale = 0
	}
	if !x.Fits(MaxPrecision) || scale > maxExponent {
		return Dec{}, "more digits than a decimal holds"
	}
	if negative {
		x = x.Neg()
	}
	return Dec{Unscaled: x, Scale: int32(scale)}, ""
}

func (p *decParser) sign() (negative bool) {
	if p.pos < len(p.text) && (p.text[p.pos] == '-' || p.text[p.pos] == '+') {
		negative = p.text[p.pos] == '-'
		p.pos++
	}
	return negative
}

// run reads digits into x. Past 38 digits only full is noted.
func (p *decParser) run(fraction bool) {
	for ; p.pos < len(p.text); p.pos++ {
		c := p.text[p.pos]
		if c < '0' || c > '9' {
			return
		}
		x, ok := p.x.Mul(Int128{Lo: 10})
		x, ok2 := x.Add(Int128{Lo: uint64(c - '0')})
		if p.full = p.full || !ok || !ok2; !p.full {
			p.x = x
		}
		p.digits++
		if fraction {
			p.fraction++
		}
	}
}

func (p *decParser) exponent() (int, bool) {
	if p.pos == len(p.text) {
		return 0, true
	}
	if p.text[p.pos] != 'e' && p.text[p.pos] != 'E' {
		return 0, false
	}
	p.pos++
	negative, n, start := p.sign(), 0, p.pos
	for ; p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9'; p.pos++ {
		if n = n*10 + int(p.text[p.pos]-'0'); n > maxExponent {
			return 0, false
		}
	}
	if negative {
		n = -n
	}
	return n, p.pos > start
}

// Append writes d in plain notation with exactly Scale digits after the point.
func (d Dec) Append(dst []byte) []byte {
	var buf [40]byte
	digits := d.Unscaled.Append(buf[:0])
	if digits[0] == '-' {
		dst, digits = append(dst, '-'), digits[1:]
	}
	scale := int(d.Scale)
	if scale <= 0 {
		dst = append(dst, digits...)
		for ; scale < 0 && d.Unscaled.Sign() != 0; scale++ {
			dst = append(dst, '0')
		}
		return dst
	}
	if whole := len(digits) - scale; whole > 0 {
		dst = append(dst, digits[:whole]...)
		dst = append(dst, '.')
		return append(dst, digits[whole:]...)
	}
	dst = append(dst, '0', '.')
	for range scale - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// String writes d as Append does.
func (d Dec) String() string { return string(d.Append(nil)) }
