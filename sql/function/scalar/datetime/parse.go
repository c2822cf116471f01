package datetime

import (
	"strings"
	"time"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// fields is what a text said. set has one bit a field.
type fields struct {
	set                                uint32
	year, month, day, yearDay, weekday int // weekday 0: Monday
	weekYear, week, monthWeek, quarter int
	julianDay                          int
	bc, pm, midnight                   bool // midnight: the one that ends the day
	hour, hour12, minute, second       int
	nano, milliOfDay                   int64
	zone                               *time.Location
}

const (
	hasYear = 1 << iota
	hasEra
	hasMonth
	hasDay
	hasYearDay
	hasHour
	hasHour12
	hasHalf
	hasMinute
	hasSecond
	hasNano
	hasOfDay
	hasWeekday
	hasWeekYear
	hasWeek
	hasMonthWeek
	hasQuarter
	hasJulianDay
	hasSeventh
)

// A text for a DATE may not say a time, nor one for a TIME a date.
const (
	dateFields = hasYear | hasEra | hasMonth | hasDay | hasYearDay | hasWeekday |
		hasWeekYear | hasWeek | hasMonthWeek | hasQuarter | hasJulianDay | hasSeventh
	timeFields = hasHour | hasHour12 | hasHalf | hasMinute | hasSecond | hasNano | hasOfDay
)

// maxYear keeps dates within 32 bits of days.
const maxYear = 5_000_000

// ParseDate reads the day of a text that says all of it, and may say a time too.
func (p *Pattern) ParseDate(text string) (types.DateVal, error) {
	f, err := p.parse(text)
	if err != nil {
		return 0, err
	}
	if !f.whole() {
		return 0, p.failed(text, "it does not say the day.")
	}
	days, err := f.checkedDate()
	if err != nil {
		return 0, p.failed(text, err.Error())
	}
	return types.DateVal(days), nil
}

// whole reports whether a text said all of a day.
func (f *fields) whole() bool {
	for _, set := range []uint32{hasYear | hasMonth | hasDay, hasYear | hasYearDay, hasWeekYear | hasWeek | hasWeekday,
		hasYear | hasMonth | hasMonthWeek | hasWeekday, hasYear | hasMonth | hasMonthWeek | hasSeventh, hasJulianDay} {
		if f.set&set == set {
			return true
		}
	}
	return false
}

// ParseTime reads a TIME.
func (p *Pattern) ParseTime(text string) (types.TimeVal, error) {
	f, err := p.parse(text)
	if err != nil {
		return 0, err
	}
	if f.set&dateFields != 0 {
		return 0, p.failed(text, "Time format contains date field.")
	}
	return types.TimeVal(f.time()), nil
}

// ParseTimestamp reads a TIMESTAMP. A text without a zone of its own is of the zone given.
func (p *Pattern) ParseTimestamp(text string, z *time.Location) (types.TimestampVal, error) {
	f, err := p.parse(text)
	if err != nil {
		return 0, err
	}
	days, err := f.checkedDate()
	if err != nil {
		return 0, p.failed(text, err.Error())
	}
	if f.zone != nil {
		z = f.zone
	}
	if f.midnight && f.whole() {
		days++
	}
	return types.TimestampVal(Instant(int64(days)*types.MillisPerDay+f.time(), z)), nil
}

func (p *Pattern) parse(text string) (fields, error) {
	r := reader{rest: text}
	if !r.all(p.items) {
		return fields{}, p.failed(text, "")
	}
	if r.rest != "" {
		return fields{}, p.failed(text, "unparsed text found at index "+string(appendNumber(nil, int64(len(text)-len(r.rest)), 1)))
	}
	if why := r.f.clock(); why != "" {
		return fields{}, p.failed(text, why)
	}
	return r.f, nil
}

// clock says what is wrong with the hours, and makes 24:00 the midnight that ends the day.
func (f *fields) clock() string {
	switch {
	case f.set&hasHour == 0:
		return ""
	case f.hour == 24 && (f.minute != 0 || f.second != 0 || f.nano != 0):
		return "the last hour of a day is 24:00"
	case f.hour == 24:
		f.hour, f.midnight = 0, true
	}
	if f.set&hasHour12 != 0 && f.hour%12 != f.hour12 || f.set&hasHalf != 0 && f.hour >= 12 != f.pm {
		return "the hours differ"
	}
	return ""
}

func (p *Pattern) failed(text, why string) error {
	if why != "" {
		why = ": " + why
	}
	return sqlerr.New(sqlerr.InvalidDatetime, "Failed to parse '%s' with format '%s'%s", text, p.source, why)
}

// checkedDate is the day, of which a weekday in the text must not say otherwise.
func (f *fields) checkedDate() (int, error) {
	days, err := f.date()
	if err == nil && f.set&hasWeekday != 0 && f.set&hasDay != 0 && weekday(days) != f.weekday {
		err = sqlerr.New(sqlerr.InvalidDatetime, "the day is a %s, not a %s", dayNames[weekday(days)], dayNames[f.weekday])
	}
	return days, err
}

// date is the day: what the text does not say is the first of its kind, of 1970.
func (f *fields) date() (int, error) {
	if f.set&hasJulianDay != 0 {
		return f.julianDay - julianEpoch, nil
	}
	year, month, day := 1970, 1, 1
	if all := uint32(hasWeekYear | hasWeek | hasWeekday); f.set&all == all {
		return f.weekDate()
	}
	if f.set&hasYear != 0 {
		if year = f.year; f.bc {
			year = 1 - year
		}
	}
	if year < -maxYear || year > maxYear {
		return 0, sqlerr.New(sqlerr.DatetimeOverflow, "year out of range")
	}
	if f.set&hasYearDay != 0 && f.set&(hasMonth|hasDay) == 0 {
		length := types.DaysOf(year+1, 1, 1) - types.DaysOf(year, 1, 1)
		if f.yearDay > length {
			return 0, sqlerr.New(sqlerr.InvalidDatetime, "Invalid date 'DayOfYear %d' as '%d' is not a leap year", f.yearDay, year)
		}
		return types.DaysOf(year, 1, 1) + f.yearDay - 1, nil
	}
	if f.set&hasMonth != 0 {
		month = f.month
	}
	if all := uint32(hasQuarter | hasMonth | hasDay); f.set&all == all && (month-1)/3+1 != f.quarter {
		return 0, sqlerr.New(sqlerr.InvalidDatetime, "month %d is not in quarter %d", month, f.quarter)
	}
	if all := uint32(hasMonthWeek | hasWeekday); f.set&all == all && f.set&hasDay == 0 {
		return sunday(types.DaysOf(year, month, 1)) + 7*(f.monthWeek-1) + f.sinceSunday(), nil
	}
	if f.set&hasDay != 0 {
		// A day that the month does not have is its last one: Java's smart resolution.
		day = min(f.day, types.DaysOf(year, month+1, 1)-types.DaysOf(year, month, 1))
	}
	return types.DaysOf(year, month, day), nil
}

// weekDate is the day of a year of weeks.
func (f *fields) weekDate() (int, error) {
	first, next := sunday(types.DaysOf(f.weekYear, 1, 1)), sunday(types.DaysOf(f.weekYear+1, 1, 1))
	if f.week > (next-first)/7 {
		return 0, sqlerr.New(sqlerr.InvalidDatetime, "year %d has no week %d", f.weekYear, f.week)
	}
	return first + 7*(f.week-1) + f.sinceSunday(), nil
}

// sinceSunday is the days from Sunday to the weekday.
func (f *fields) sinceSunday() int { return (f.weekday + 1) % 7 }

// time is the millisecond of the day.
func (f *fields) time() int64 {
	if f.set&hasOfDay != 0 {
		return f.milliOfDay
	}
	hour := f.hour
	if f.set&hasHour == 0 && f.set&hasHour12 != 0 {
		if hour = f.hour12; f.pm {
			hour += 12
		}
	} else if f.set&hasHour == 0 && f.pm {
		hour = 12
	}
	return int64(hour)*types.MillisPerHour + int64(f.minute)*types.MillisPerMinute + int64(f.second)*types.MillisPerSecond + f.nano/1e6
}

type reader struct {
	rest string
	f    fields
}

func (r *reader) all(items []item) bool {
	for i := range items {
		it := &items[i]
		switch {
		case it.letter == 0:
			if !r.literal(it.literal) {
				return false
			}
		case it.letter == '[':
			before := *r
			if !r.all(it.section) {
				*r = before
			}
		case it.letter == 'p':
			if !r.padded(it) {
				return false
			}
		case it.numeric():
			if !r.numericField(it) {
				return false
			}
		case !r.textField(it):
			return false
		}
	}
	return true
}

// padded takes as many characters as the item is wide: spaces, then what they pad.
func (r *reader) padded(it *item) bool {
	if len(r.rest) < it.count {
		return false
	}
	text, after := r.rest[:it.count], r.rest[it.count:]
	r.rest = strings.TrimLeft(text, " ")
	ok := r.all(it.section) && r.rest == ""
	r.rest = after
	return ok
}

// literal takes a text in any case.
func (r *reader) literal(text string) bool {
	if len(r.rest) < len(text) || !strings.EqualFold(r.rest[:len(text)], text) {
		return false
	}
	r.rest = r.rest[len(text):]
	return true
}

// number takes the digits that belong to the item, and a sign where years have one.
func (r *reader) number(it *item) (int64, bool) {
	signed := it.letter == 'y' || it.letter == 'u' || it.letter == 'Y'
	negative, plus := false, false
	rest := r.rest
	if signed && rest != "" && !it.fixed() && (rest[0] == '-' || rest[0] == '+' && it.count >= 4) {
		negative, plus = rest[0] == '-', rest[0] == '+'
		rest = rest[1:]
	}
	run := 0
	for run < len(rest) && isDigit(rest[run]) {
		run++
	}
	width := min(run, it.max)
	if it.reserve > 0 {
		width = min(width, max(it.min, run-it.reserve))
	}
	if width < it.min || signed && it.count >= 4 && (width > it.count) != plus && !negative {
		return 0, false
	}
	if width > 18 {
		return 0, false
	}
	n := int64(0)
	for _, c := range []byte(rest[:width]) {
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	r.rest = rest[width:]
	return n, true
}

func (r *reader) numericField(it *item) bool {
	n, ok := r.number(it)
	if !ok {
		return false
	}
	f := &r.f
	put := func(bit uint32, into *int, low, high int64) bool {
		if n < low || n > high {
			return false
		}
		f.set |= bit
		*into = int(n)
		return true
	}
	switch it.letter {
	case 'y', 'u':
		if it.count == 2 {
			n += 2000
		}
		low := int64(-maxYear)
		if it.letter == 'y' { // of an era
			low = 1
		}
		return put(hasYear, &f.year, low, maxYear)
	case 'Y':
		if it.count == 2 {
			n += 2000
		}
		return put(hasWeekYear, &f.weekYear, -maxYear, maxYear)
	case 'w':
		return put(hasWeek, &f.week, 1, 54)
	case 'W':
		return put(hasMonthWeek, &f.monthWeek, 1, 6)
	case 'F':
		seventh := 0
		return put(hasSeventh, &seventh, 1, 7)
	case 'e', 'c':
		ok = put(hasWeekday, &f.weekday, 1, 7)
		f.weekday = (f.weekday + 5) % 7
		return ok
	case 'Q', 'q':
		return put(hasQuarter, &f.quarter, 1, 4)
	case 'g':
		return put(hasJulianDay, &f.julianDay, -maxYear, maxYear)
	case 'M', 'L':
		return put(hasMonth, &f.month, 1, 12)
	case 'd':
		return put(hasDay, &f.day, 1, 31)
	case 'D':
		return put(hasYearDay, &f.yearDay, 1, 366)
	case 'H':
		return put(hasHour, &f.hour, 0, 24)
	case 'k':
		ok = put(hasHour, &f.hour, 0, 24)
		f.hour %= 24
		return ok
	case 'K':
		return put(hasHour12, &f.hour12, 0, 11)
	case 'h':
		ok = put(hasHour12, &f.hour12, 0, 12)
		f.hour12 %= 12
		return ok
	case 'm':
		return put(hasMinute, &f.minute, 0, 59)
	case 's':
		return put(hasSecond, &f.second, 0, 59)
	}
	return r.smallField(it, n)
}

// smallField stores fractions and counts of the day.
func (r *reader) smallField(it *item, n int64) bool {
	f := &r.f
	switch it.letter {
	case 'S':
		f.set |= hasNano
		f.nano = n * int64(pow10(9-it.count))
	case 'n':
		f.set |= hasNano
		f.nano = n
		return n < 1e9
	case 'A':
		f.set |= hasOfDay
		f.milliOfDay = n
		return n < types.MillisPerDay
	case 'N':
		f.set |= hasOfDay
		f.milliOfDay = n / 1e6
		return f.milliOfDay < types.MillisPerDay
	}
	return true
}

func (r *reader) textField(it *item) bool {
	f := &r.f
	switch it.letter {
	case 'M', 'L':
		i := r.oneOf(monthNames, it.count)
		f.set |= hasMonth
		f.month = i + 1
		return i >= 0
	case 'Q', 'q':
		f.set |= hasQuarter
		for f.quarter = 1; f.quarter <= 4; f.quarter++ {
			if r.literal(quarterName(f.quarter, it.count)) {
				return true
			}
		}
		return false
	case 'E', 'e', 'c':
		i := r.oneOf(dayNames, it.count)
		f.set |= hasWeekday
		f.weekday = i
		return i >= 0
	case 'a':
		f.set |= hasHalf
		f.pm = r.literal("PM")
		return f.pm || r.literal("AM")
	case 'G':
		f.set |= hasEra
		f.bc = r.literal(eraName(false, it.count))
		return f.bc || r.literal(eraName(true, it.count))
	case 'V', 'z':
		return r.zoneName()
	case 'O':
		return r.literal("GMT") && r.offset(true)
	case 'Z':
		if it.count == 4 {
			return r.literal("GMT") && r.offset(true)
		}
		return r.offset(false) || it.count == 5 && r.utc()
	}
	return it.letter == 'X' && r.utc() || r.offset(false)
}

// oneOf takes the first name that matches; English months and days are no prefixes of
// each other.
func (r *reader) oneOf(names []string, count int) int {
	for i, n := range names {
		if r.literal(named(n, count)) {
			return i
		}
	}
	return -1
}

func (r *reader) utc() bool {
	ok := r.literal("Z")
	if ok {
		r.f.zone = time.UTC
	}
	return ok
}

func (r *reader) offset(optional bool) bool {
	seconds, rest, ok := parseOffset(r.rest)
	if !ok {
		if optional {
			r.f.zone = time.UTC
		}
		return optional
	}
	r.rest = rest
	r.f.zone = time.FixedZone(offsetName(seconds), seconds)
	return true
}

// zoneName takes the longest run of characters that names have, then as much of it as is
// a name.
func (r *reader) zoneName() bool {
	n := 0
	for n < len(r.rest) && n < 64 && (isDigit(r.rest[n]) || strings.IndexByte("/_+-:", r.rest[n]) >= 0 || r.rest[n]|0x20 >= 'a' && r.rest[n]|0x20 <= 'z') {
		n++
	}
	for ; n > 0; n-- {
		if z, err := Zone(r.rest[:n]); err == nil {
			r.f.zone, r.rest = z, r.rest[n:]
			return true
		}
	}
	return false
}
