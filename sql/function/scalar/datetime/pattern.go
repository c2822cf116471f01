// Package datetime formats and parses dates and times by the patterns of Java's
// DateTimeFormatter, which is what ksqlDB's users write:
//
//	u y       year, year of era        a           AM, PM
//	M L       month, number or text    H k         hour 0-23, 1-24
//	d D       day of month, of year    K h         hour 0-11, 1-12 of AM/PM
//	E         day of the week          m s         minute, second
//	Q q       quarter                  S n         fraction, nanosecond of the second
//	Y w       year and week of weeks   A N         milli- and nanosecond of the day
//	W F       week, seventh of a month V z         zone id, zone name
//	e c       day of the week, number  X x Z O     offsets
//	G g       era, modified Julian day 'text' ''   literals;  [ ] optional sections
//	p         pads the next with spaces
//
// Text is matched in any case, as ksqlDB does, in English. What a text does not say is
// 1970-01-01 00:00. Weeks are those of the United States, Java's usual: they begin on
// Sunday, and the one with the first of January or of the month is number 1. Names of
// zones in full and parts of the day (zzzz v B) are refused.
package datetime

import (
	"strings"

	"tailrace/sql/sqlerr"
)

// Pattern is a compiled pattern. It is immutable, for any number of goroutines.
type Pattern struct {
	source string
	items  []item
}

// item is one element of a pattern.
type item struct {
	letter  byte // of a field; 0: literal; '[': optional section; 'p': section, padded to count
	count   int  // of letters
	literal string
	section []item

	// Numbers: the width to read and write. Where numbers touch, a variable one leaves
	// reserve digits to those after it.
	min, max int
	reserve  int
}

// numeric reports whether the item reads and writes a number.
func (it *item) numeric() bool { return it.max > 0 }

// fixed reports whether a number has one width.
func (it *item) fixed() bool { return it.max > 0 && it.min == it.max }

// Compile reads a pattern.
func Compile(pattern string) (*Pattern, error) {
	p := &patternReader{rest: pattern}
	items, err := p.items(0)
	if err == nil && p.rest != "" {
		err = errPattern("Pattern invalid as it contains ] without previous [")
	}
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidParameter, "invalid date pattern %q: %w", pattern, err)
	}
	reserveDigits(items)
	return &Pattern{source: pattern, items: items}, nil
}

// String is the pattern as written.
func (p *Pattern) String() string { return p.source }

func errPattern(format string, args ...any) error {
	return sqlerr.New(sqlerr.InvalidParameter, format, args...)
}

type patternReader struct{ rest string }

// maxSections bounds the nesting of optional sections, maxPadding the width of p.
const (
	maxSections = 16
	maxPadding  = 64
)

func (p *patternReader) items(depth int) ([]item, error) {
	var out []item
	for p.rest != "" {
		c := p.rest[0]
		switch {
		case c == ']':
			return out, nil
		case c == '[':
			if depth == maxSections {
				return nil, errPattern("optional sections nest deeper than %d", maxSections)
			}
			p.rest = p.rest[1:]
			section, err := p.items(depth + 1)
			if err != nil {
				return nil, err
			}
			// Java lets the end of the pattern close what is open.
			p.rest = strings.TrimPrefix(p.rest, "]")
			out = append(out, item{letter: '[', section: section})
		case c == '\'':
			text, err := p.quoted()
			if err != nil {
				return nil, err
			}
			out = append(out, item{literal: text})
		case c == '{' || c == '}' || c == '#':
			return nil, errPattern("Pattern includes reserved character: '%c'", c)
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			it, err := p.field()
			if err != nil {
				return nil, err
			}
			out = append(out, it)
		default:
			out = append(out, item{literal: p.rest[:1]})
			p.rest = p.rest[1:]
		}
	}
	return out, nil
}

// quoted reads 'text', in which two quotes stand for one, as they do by themselves.
func (p *patternReader) quoted() (string, error) {
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		if p.rest[i] != '\'' {
			b.WriteByte(p.rest[i])
			continue
		}
		if i+1 < len(p.rest) && p.rest[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		text := b.String()
		if i == 1 {
			text = "'"
		}
		p.rest = p.rest[i+1:]
		return text, nil
	}
	return "", errPattern("Pattern ends with an incomplete string literal: %s", p.rest)
}

func (p *patternReader) field() (item, error) {
	c, n := p.rest[0], 1
	for n < len(p.rest) && p.rest[n] == c {
		n++
	}
	p.rest = p.rest[n:]
	it := item{letter: c, count: n}
	most := 2 // letters
	switch c {
	case 'y', 'u', 'Y':
		most = 19
		it.min, it.max = n, 19
		if n == 2 {
			it.max = 2
		}
	case 'M', 'L':
		most = 5
		if n <= 2 {
			it.number(n)
		}
	case 'd', 'H', 'k', 'K', 'h', 'm', 's':
		it.number(n)
	case 'D':
		most = 3
		it.number(n)
		if n == 2 {
			it.max = 3
		}
	case 'S':
		most = 9
		it.min, it.max = n, n
	case 'n', 'A', 'N', 'g':
		most = 19
		it.min, it.max = n, 19
	case 'w':
		it.min, it.max = n, 2
	case 'W', 'F':
		most = 1
		it.min, it.max = n, 2
	case 'Q', 'q', 'e', 'c':
		if most = 5; c == 'c' && n == 2 {
			return it, errPattern("Invalid pattern \"cc\"")
		}
		if n <= 2 {
			it.min, it.max = n, 2
		}
	case 'p':
		if p.rest == "" || (p.rest[0]|0x20) < 'a' || (p.rest[0]|0x20) > 'z' || p.rest[0] == 'p' {
			return it, errPattern("Pad letter 'p' must be followed by valid pad pattern")
		}
		most = maxPadding
		padded, err := p.field()
		if err != nil {
			return it, err
		}
		it.section = []item{padded}
	default:
		var err error
		if most, err = textLetters(c, n); err != nil {
			return it, err
		}
	}
	if n > most {
		return it, errPattern("Too many pattern letters: %c", c)
	}
	return it, nil
}

// textLetters is how often a letter that is never a number may stand, where it stands n
// times.
func textLetters(c byte, n int) (most int, err error) {
	switch c {
	case 'E', 'G', 'X', 'x', 'Z':
		return 5, nil
	case 'a':
		return 1, nil
	case 'z':
		if n == 4 {
			return 0, errPattern("Full names of zones (zzzz) are not supported")
		}
		return 3, nil
	case 'O':
		if n == 2 || n == 3 {
			return 0, errPattern("Pattern letter count must be 1 or 4: O")
		}
		return 4, nil
	case 'V':
		if n != 2 {
			return 0, errPattern("Pattern letter count must be 2: V")
		}
		return 2, nil
	case 'B', 'v':
		return 0, errPattern("Pattern letter %c is not supported", c)
	}
	return 0, errPattern("Unknown pattern letter: %c", c)
}

// number makes the widths of a field of one or two digits.
func (it *item) number(n int) {
	it.min, it.max = n, n
	if n == 1 {
		it.max = 19
	}
}

// reserveDigits tells each variable number how many digits belong to the fixed numbers
// that touch it on the right.
func reserveDigits(items []item) {
	for i := range items {
		if items[i].letter == '[' {
			reserveDigits(items[i].section)
		}
		if !items[i].numeric() || items[i].fixed() {
			continue
		}
		for j := i + 1; j < len(items) && items[j].fixed(); j++ {
			items[i].reserve += items[j].max
		}
	}
}
