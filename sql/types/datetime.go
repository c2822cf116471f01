package types

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Milliseconds in the units of the calendar.
const (
	MillisPerSecond = 1000
	MillisPerMinute = 60 * MillisPerSecond
	MillisPerHour   = 60 * MillisPerMinute
	MillisPerDay    = 24 * MillisPerHour
)

// DaysOf is the number of days from 1970-01-01 to a date of the proleptic Gregorian
// calendar. Days and months outside their range carry over.
func DaysOf(year, month, day int) int {
	m := month - 1
	year += floorDiv(m, 12)
	m -= floorDiv(m, 12) * 12
	m = (m + 10) % 12 // from March, so that the leap day comes last
	y := year
	if m >= 10 {
		y--
	}
	return 365*y + floorDiv(y, 4) - floorDiv(y, 100) + floorDiv(y, 400) + (m*306+5)/10 + day - 1 - 719468
}

// CivilOf is the date of a number of days from 1970-01-01.
func CivilOf(days int) (year, month, day int) {
	z := days + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = (mp+2)%12 + 1
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Split is the day of a timestamp and the time of that day.
func (t TimestampVal) Split() (DateVal, TimeVal) {
	day := floorDiv(int(t), MillisPerDay)
	return DateVal(day), TimeVal(int(t) - day*MillisPerDay)
}

// Timestamp is midnight of the day.
func (d DateVal) Timestamp() TimestampVal { return TimestampVal(int64(d) * MillisPerDay) }

// Append writes a DATE as ISO 8601: 2020-01-31.
func (d DateVal) Append(dst []byte) []byte {
	y, m, day := CivilOf(int(d))
	switch {
	case y < 0:
		dst = appendPadded(append(dst, '-'), -y, 4)
	case y > 9999:
		dst = appendPadded(append(dst, '+'), y, 4)
	default:
		dst = appendPadded(dst, y, 4)
	}
	dst = appendPadded(append(dst, '-'), m, 2)
	return appendPadded(append(dst, '-'), day, 2)
}

// Append writes a TIME as Java's LocalTime does: 10:15, 10:15:30 or 10:15:30.123, the
// shortest that says it all.
func (t TimeVal) Append(dst []byte) []byte {
	ms := int(t)
	dst = appendPadded(dst, ms/MillisPerHour, 2)
	dst = appendPadded(append(dst, ':'), ms/MillisPerMinute%60, 2)
	if ms%MillisPerMinute == 0 {
		return dst
	}
	dst = appendPadded(append(dst, ':'), ms/MillisPerSecond%60, 2)
	if ms%MillisPerSecond == 0 {
		return dst
	}
	return appendPadded(append(dst, '.'), ms%MillisPerSecond, 3)
}

// Append writes a TIMESTAMP as ksqlDB casts it: 2020-01-31T10:15:30.123, always with
// milliseconds and without a zone.
func (t TimestampVal) Append(dst []byte) []byte {
	day, tod := t.Split()
	dst = append(day.Append(dst), 'T')
	ms := int(tod)
	dst = appendPadded(dst, ms/MillisPerHour, 2)
	dst = appendPadded(append(dst, ':'), ms/MillisPerMinute%60, 2)
	dst = appendPadded(append(dst, ':'), ms/MillisPerSecond%60, 2)
	return appendPadded(append(dst, '.'), ms%MillisPerSecond, 3)
}

func appendPadded(dst []byte, v, width int) []byte {
	var buf [20]byte
	digits := strconv.AppendInt(buf[:0], int64(v), 10)
	for i := len(digits); i < width; i++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// String is the text that Append writes.
func (d DateVal) String() string { return string(d.Append(nil)) }

// String is the text that Append writes.
func (t TimeVal) String() string { return string(t.Append(nil)) }

// String is the text that Append writes.
func (t TimestampVal) String() string { return string(t.Append(nil)) }

// timePattern fills up what a time leaves out.
const timePattern = "00:00:00.000"

// ParseTimestamp reads an ISO 8601 timestamp as ksqlDB does: date and time parted by T (or
// a space), what is missing on the right is zero ("2020", "2020-05", "2020-05-26T23:59"),
// an optional zone at the end ("Z", "+02", "+0200", "+02:00").
// Without one it is UTC. 24:00 is the end of the day.
func ParseTimestamp(text string) (TimestampVal, error) {
	t, why := parseTimestamp(text)
	if why != "" {
		return 0, fmt.Errorf("Failed to parse timestamp '%s': %s\nRequired format is: \"yyyy-MM-dd'T'HH:mm:ss.SSS\", "+
			"with an optional numeric 4-digit timezone, for example: '2020-05-26T23.59.58.000' or with tz: "+
			"'2020-05-26T23.59.58.000+0200'. Partials are also supported, for example \"2020-05-26\"", text, why)
	}
	return t, nil
}

func parseTimestamp(text string) (TimestampVal, string) {
	date, clock, found := strings.Cut(text, "T")
	if !found {
		date, clock, _ = strings.Cut(text, " ")
	}
	day, err := ParseDate(date)
	if err != nil {
		return 0, err.Error()
	}
	zone := ""
	if i := strings.IndexAny(clock, "+-Z"); i >= 0 {
		clock, zone = clock[:i], clock[i:]
	}
	if strings.HasPrefix(clock, "24") && strings.Trim(clock[2:], "0:.") == "" { // the end of the day
		day, clock = day+1, "00"+clock[2:]
	}
	t, err := ParseTime(clock)
	if err != nil {
		return 0, err.Error()
	}
	local := day.Timestamp() + TimestampVal(t)
	offset, ok := parseZone(zone)
	if !ok {
		return 0, fmt.Sprintf("Failed to parse timezone '%s'", zone)
	}
	return local - TimestampVal(offset), ""
}

// parseZone reads an offset from UTC and returns it in milliseconds.
func parseZone(zone string) (int, bool) {
	if zone == "" || zone == "Z" {
		return 0, true
	}
	digits := strings.Replace(zone[1:], ":", "", 1)
	if len(digits) == 1 {
		digits = "0" + digits
	}
	if len(digits) == 2 {
		digits += "00"
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || len(digits) != 4 || n/100 > 18 || n%100 > 59 {
		return 0, false
	}
	offset := (int(n)/100*60 + int(n)%100) * MillisPerMinute
	if zone[0] == '-' {
		offset = -offset
	}
	return offset, zone[0] != 'Z'
}

// ParseDate reads an ISO 8601 date; a missing month or day is the first.
func ParseDate(text string) (DateVal, error) {
	s, sign := text, 1
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		s, sign = rest, -1
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	parts := [3]int{0, 1, 1}
	for i, n := range strings.SplitN(s, "-", 3) {
		v, err := strconv.ParseUint(n, 10, 31)
		if err != nil || i == 0 && len(n) < 4 || i == 0 && v > 5_000_000 || i > 0 && len(n) != 2 {
			return 0, fmt.Errorf("Text '%s' could not be parsed as a date", text)
		}
		parts[i] = int(v)
	}
	y, m, d := sign*parts[0], parts[1], parts[2]
	if m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return 0, fmt.Errorf("Text '%s' could not be parsed as a date: Invalid date", text)
	}
	return DateVal(DaysOf(y, m, d)), nil
}

func daysIn(year, month int) int { return DaysOf(year, month+1, 1) - DaysOf(year, month, 1) }

// ParseTime reads a time of day, HH[:mm[:ss[.SSS]]]; what is missing is zero. Digits
// beyond milliseconds are cut off.
func ParseTime(text string) (TimeVal, error) {
	fail := func() (TimeVal, error) {
		return 0, fmt.Errorf("Required format is: \"HH:mm:ss.SSS\": Text '%s' could not be parsed as a time", text)
	}
	s := text
	if len(s) < len(timePattern) {
		s += timePattern[len(s):]
	}
	if s[2] != ':' || s[5] != ':' || s[8] != '.' || len(s) > len(timePattern)+6 {
		return fail()
	}
	field := func(from, to, limit int) int {
		n := 0
		for _, c := range []byte(s[from:to]) {
			if c < '0' || c > '9' {
				return -1
			}
			n = n*10 + int(c-'0')
		}
		if n >= limit {
			return -1
		}
		return n
	}
	h, m, sec, ms := field(0, 2, 24), field(3, 5, 60), field(6, 8, 60), field(9, 12, 1000)
	if h < 0 || m < 0 || sec < 0 || ms < 0 || field(12, len(s), 1_000_000) < 0 {
		return fail()
	}
	return TimeVal(h*MillisPerHour + m*MillisPerMinute + sec*MillisPerSecond + ms), nil
}

// Go is the timestamp as a time.Time in UTC.
func (t TimestampVal) Go() time.Time { return time.UnixMilli(int64(t)).UTC() }
