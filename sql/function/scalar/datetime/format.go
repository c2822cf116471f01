package datetime

import (
	"strconv"
	"strings"
	"time"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

var (
	monthNames = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	quarters   = []string{"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"}
)

// moment is what a pattern can write of a value. A value without a date, time or zone
// refuses the letters that need one.
type moment struct {
	hasDate, hasTime bool
	days             int
	year, month, day int
	millis           int // of the day
	zone             *time.Location
	offset           int // seconds
	name             string
}

func (m *moment) setDate(days int) {
	m.hasDate, m.days = true, days
	m.year, m.month, m.day = types.CivilOf(days)
}

// AppendDate writes a DATE.
func (p *Pattern) AppendDate(dst []byte, d types.DateVal) ([]byte, error) {
	var m moment
	m.setDate(int(d))
	return m.appendAll(dst, p.items)
}

// AppendTime writes a TIME.
func (p *Pattern) AppendTime(dst []byte, t types.TimeVal) ([]byte, error) {
	return (&moment{hasTime: true, millis: int(t)}).appendAll(dst, p.items)
}

// AppendTimestamp writes a TIMESTAMP as clocks in the zone show it.
func (p *Pattern) AppendTimestamp(dst []byte, t types.TimestampVal, z *time.Location) ([]byte, error) {
	m := moment{hasTime: true, zone: z}
	m.name, m.offset = time.UnixMilli(int64(t)).In(z).Zone()
	date, tod := types.TimestampVal(int64(t) + int64(m.offset)*1000).Split()
	m.setDate(int(date))
	m.millis = int(tod)
	return m.appendAll(dst, p.items)
}

func (m *moment) appendAll(dst []byte, items []item) ([]byte, error) {
	for i := range items {
		it := &items[i]
		var err error
		switch it.letter {
		case 0:
			dst = append(dst, it.literal...)
		case '[':
			// An optional section that the value cannot fill is left out.
			if out, err := m.appendAll(dst, it.section); err == nil {
				dst = out
			}
		case 'p':
			out, err := m.appendAll(nil, it.section)
			if err != nil {
				return dst, err
			}
			if len(out) > it.count {
				return dst, sqlerr.New(sqlerr.InvalidParameter, "Cannot print as output of %d characters exceeds pad width of %d", len(out), it.count)
			}
			dst = append(append(dst, strings.Repeat(" ", it.count-len(out))...), out...)
		default:
			if dst, err = m.append(dst, it); err != nil {
				return dst, err
			}
		}
	}
	return dst, nil
}

const (
	dateLetters = "yuMLdDEGYwWecQqFg"
	timeLetters = "aHkKhmsSnAN"
)

func (m *moment) append(dst []byte, it *item) ([]byte, error) {
	switch {
	case strings.IndexByte(dateLetters, it.letter) >= 0:
		if m.hasDate {
			return m.appendDate(dst, it), nil
		}
	case strings.IndexByte(timeLetters, it.letter) >= 0:
		if m.hasTime {
			return m.appendTime(dst, it), nil
		}
	case m.zone != nil:
		return m.appendZone(dst, it), nil
	}
	return dst, sqlerr.New(sqlerr.InvalidParameter, "Unsupported field: pattern letter %c has no value here", it.letter)
}

func (m *moment) appendDate(dst []byte, it *item) []byte {
	switch it.letter {
	case 'y', 'u', 'Y':
		year := m.year
		switch {
		case it.letter == 'Y':
			year, _ = weekOf(m.days)
		case it.letter == 'y' && year <= 0:
			year = 1 - year
		}
		if it.count == 2 {
			return appendNumber(dst, int64(max(year, -year)%100), 2)
		}
		if it.count >= 4 && year >= pow10(it.count) {
			dst = append(dst, '+')
		}
		return appendNumber(dst, int64(year), it.count)
	case 'M', 'L':
		if it.count > 2 {
			return append(dst, named(monthNames[m.month-1], it.count)...)
		}
		return appendNumber(dst, int64(m.month), it.count)
	case 'd':
		return appendNumber(dst, int64(m.day), it.count)
	case 'D':
		return appendNumber(dst, int64(m.days-types.DaysOf(m.year, 1, 1)+1), it.count)
	case 'e', 'c':
		if it.count > 2 {
			return append(dst, named(dayNames[weekday(m.days)], it.count)...)
		}
		return appendNumber(dst, int64(dayOfWeek(m.days)), it.count)
	case 'w':
		_, week := weekOf(m.days)
		return appendNumber(dst, int64(week), it.count)
	case 'W':
		return appendNumber(dst, int64((m.days-sunday(types.DaysOf(m.year, m.month, 1)))/7+1), it.count)
	case 'F':
		return appendNumber(dst, int64((m.day-1)%7+1), it.count)
	case 'Q', 'q':
		quarter := (m.month + 2) / 3
		if it.count > 2 {
			return append(dst, quarterName(quarter, it.count)...)
		}
		return appendNumber(dst, int64(quarter), it.count)
	case 'g':
		return appendNumber(dst, int64(m.days)+julianEpoch, it.count)
	case 'E':
		return append(dst, named(dayNames[weekday(m.days)], it.count)...)
	}
	return append(dst, eraName(m.year > 0, it.count)...)
}

// julianEpoch is the modified Julian day of 1970-01-01.
const julianEpoch = 40587

// weekday is 0 for Monday.
func weekday(days int) int { return ((days+3)%7 + 7) % 7 }

// dayOfWeek is 1 for Sunday.
func dayOfWeek(days int) int { return (weekday(days)+1)%7 + 1 }

// sunday is the first day of the week of a day.
func sunday(days int) int { return days - dayOfWeek(days) + 1 }

// weekOf is the year that the week of a day belongs to, and its number in it.
func weekOf(days int) (year, week int) {
	first := sunday(days)
	year, _, _ = types.CivilOf(first + 6)
	return year, (first-sunday(types.DaysOf(year, 1, 1)))/7 + 1
}

// quarterName is Q2, 2nd quarter, or 2.
func quarterName(quarter, count int) string {
	switch count {
	case 3:
		return "Q" + quarters[quarter-1][:1]
	case 4:
		return quarters[quarter-1]
	}
	return quarters[quarter-1][:1]
}

func eraName(common bool, count int) string {
	switch {
	case common && count == 4:
		return "Anno Domini"
	case common:
		return named("AD", min(count, 3)+2*(count/5))
	case count == 4:
		return "Before Christ"
	}
	return named("BC", min(count, 3)+2*(count/5))
}

// named cuts a name to the width that so many letters ask for.
func named(name string, count int) string {
	switch {
	case count == 4:
		return name
	case count == 5:
		return name[:1]
	}
	return name[:min(3, len(name))]
}

func (m *moment) appendTime(dst []byte, it *item) []byte {
	hour := m.millis / types.MillisPerHour
	n := 0
	switch it.letter {
	case 'a':
		if hour < 12 {
			return append(dst, "AM"...)
		}
		return append(dst, "PM"...)
	case 'H':
		n = hour
	case 'k':
		n = (hour+23)%24 + 1
	case 'K':
		n = hour % 12
	case 'h':
		n = (hour+11)%12 + 1
	case 'm':
		n = m.millis / types.MillisPerMinute % 60
	case 's':
		n = m.millis / types.MillisPerSecond % 60
	case 'S':
		nanos := appendNumber(nil, int64(m.millis%types.MillisPerSecond)*1e6, 9)
		return append(dst, nanos[:it.count]...)
	case 'n':
		return appendNumber(dst, int64(m.millis%types.MillisPerSecond)*1e6, it.count)
	case 'A':
		n = m.millis
	case 'N':
		return appendNumber(dst, int64(m.millis)*1e6, it.count)
	}
	return appendNumber(dst, int64(n), it.count)
}

func (m *moment) appendZone(dst []byte, it *item) []byte {
	switch it.letter {
	case 'V':
		return append(dst, zoneID(m.zone)...)
	case 'z':
		return append(dst, m.name...)
	case 'O':
		return m.appendLocalized(dst, it.count == 4)
	case 'Z':
		switch {
		case it.count == 4:
			return m.appendLocalized(dst, true)
		case it.count == 5 && m.offset == 0:
			return append(dst, 'Z')
		case it.count == 5:
			return appendOffset(dst, m.offset, ':', true, true)
		}
		return appendOffset(dst, m.offset, 0, true, false)
	}
	if it.letter == 'X' && m.offset == 0 {
		return append(dst, 'Z')
	}
	separator := byte(0)
	if it.count == 3 || it.count == 5 {
		separator = ':'
	}
	return appendOffset(dst, m.offset, separator, it.count > 1, it.count > 3)
}

func (m *moment) appendLocalized(dst []byte, long bool) []byte {
	dst = append(dst, "GMT"...)
	if m.offset == 0 {
		return dst
	}
	if long {
		return appendOffset(dst, m.offset, ':', true, true)
	}
	out := appendOffset(nil, m.offset, ':', false, true)
	if out[1] == '0' {
		out = append(out[:1], out[2:]...)
	}
	return append(dst, out...)
}

func zoneID(z *time.Location) string {
	if z == time.UTC {
		return "UTC"
	}
	return z.String()
}

// appendNumber pads with zeros; a sign stands before them.
func appendNumber(dst []byte, v int64, width int) []byte {
	if v < 0 {
		dst, v = append(dst, '-'), -v
	}
	var buf [20]byte
	digits := strconv.AppendInt(buf[:0], v, 10)
	for i := len(digits); i < width; i++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

func pow10(n int) int {
	p := 1
	for range min(n, 18) {
		p *= 10
	}
	return p
}
