package datetime

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tailrace/sql/types"
)

// ParseSimpleDate reads a DATE as Java's older formats do (FastDateFormat, and a lenient
// GregorianCalendar): a number has as many digits as stand there, after blanks, unless another
// number touches it; a month 13 is the next January and a day 0 the last of the month before;
// names are long or short; what follows the text is not looked at. Of fields that say the day
// in different ways the last counts. A time of the day must come to midnight UTC.
func (p *Pattern) ParseSimpleDate(text string) (types.DateVal, error) {
	s := simple{reader: reader{rest: text}}
	for i := range p.items {
		touches := i+1 < len(p.items) && simpleNumber(&p.items[i+1])
		if !s.item(&p.items[i], touches) {
			return 0, p.failed(text, "")
		}
	}
	days := s.days()
	if days < cutover {
		s.julian = true
		days = s.days()
	}
	if days < -maxYear*366 || days > maxYear*366 {
		return 0, p.failed(text, "")
	}
	millis := int64(days)*types.MillisPerDay + s.millis()
	if s.f.zone != nil {
		millis = Instant(millis, s.f.zone)
	}
	if millis%types.MillisPerDay != 0 {
		return 0, p.failed(text, "Date format contains time field.")
	}
	return types.DateVal(millis / types.MillisPerDay), nil
}

// simple reads one text. at has when a field was read, by its letter: M, d, D, w, W, F, and u
// for the day of the week, H, h and a; 0 is never.
type simple struct {
	reader
	value [128]int
	at    [128]int
	clock int
	bc    bool

	julian bool // count by the calendar before 1582-10-15
}

// simpleNumber reports whether the older formats read an item as a number.
func simpleNumber(it *item) bool {
	switch it.letter {
	case 'M', 'L':
		return it.count < 3
	case 'D', 'F', 'H', 'K', 'S', 'W', 'd', 'h', 'k', 'm', 's', 'u', 'w', 'y', 'Y':
		return true
	}
	return false
}

func (s *simple) set(letter byte, n int) {
	s.clock++
	s.value[letter], s.at[letter] = n, s.clock
}

func (s *simple) item(it *item, touches bool) bool {
	if simpleNumber(it) {
		n, ok := s.digits(it, touches)
		if ok {
			s.number(it, n)
		}
		return ok
	}
	switch it.letter {
	case 0:
		rest, ok := strings.CutPrefix(s.rest, it.literal)
		s.rest = rest
		return ok
	case 'M', 'L':
		return s.name('M', monthNames, 1)
	case 'E':
		return s.name('u', dayNames, 1)
	case 'a':
		return s.name('a', []string{"AM", "PM"}, 0)
	case 'G':
		ok := s.name('G', []string{"AD", "BC"}, 0)
		s.bc = s.value['G'] == 1
		return ok
	case 'z', 'Z':
		return s.offset(false) || s.zoneName()
	case 'X':
		return s.utc() || s.offset(false)
	}
	return false
}

// digits reads a number: all digits after blanks, or as many as the item has letters.
func (s *simple) digits(it *item, touches bool) (int, bool) {
	limit := len(s.rest)
	if touches {
		limit = min(limit, it.count)
	} else {
		s.rest = strings.TrimLeftFunc(s.rest, unicode.IsSpace)
		limit = len(s.rest)
	}
	n, i := 0, 0
	for ; i < limit && isDigit(s.rest[i]) && n < 1<<31; i++ {
		n = 10*n + int(s.rest[i]-'0')
	}
	s.rest = s.rest[i:]
	return n, i > 0 && n < 1<<31
}

// firstYear is the first that two digits may mean. Java takes 80 years before today; here a
// text means the same whenever it is read, or read again.
const firstYear = 1946

func (s *simple) number(it *item, n int) {
	letter := it.letter
	switch letter {
	case 'y', 'Y':
		if letter = 'y'; it.count <= 2 && n < 100 {
			if n += 1900; n < firstYear {
				n += 100
			}
		}
	case 'L':
		letter = 'M'
	case 'k':
		letter, n = 'H', n%24
	case 'h':
		if n == 12 {
			n = 0
		}
	case 'K':
		letter = 'h'
	}
	s.set(letter, n)
}

// name reads the longest name that matches, whole or by its first three letters.
func (s *simple) name(letter byte, names []string, from int) bool {
	found, size := -1, 0
	for i, name := range names {
		for _, n := range []string{name, name[:min(3, len(name))]} {
			if len(n) > size && len(s.rest) >= len(n) && strings.EqualFold(s.rest[:len(n)], n) {
				found, size = i, len(n)
			}
		}
	}
	if found < 0 || !utf8.ValidString(s.rest[:size]) {
		return false
	}
	s.rest = s.rest[size:]
	s.set(letter, found+from)
	return true
}

func (s *simple) millis() int64 {
	hour := int64(s.value['H'])
	if twelve := s.later('h', 'a'); twelve > s.at['H'] || s.at['H'] == 0 {
		hour = int64(s.value['h'] + 12*s.value['a'])
	}
	return ((hour*60+int64(s.value['m']))*60+int64(s.value['s']))*1000 + int64(s.value['S'])
}

// later is when the second of two fields was read, 0 unless both were.
func (s *simple) later(a, b byte) int {
	if s.at[a] == 0 || s.at[b] == 0 {
		return 0
	}
	return max(s.at[a], s.at[b])
}

// days picks the fields that say the day as GregorianCalendar does.
func (s *simple) days() int {
	at := &s.at
	day, week, nth, yearDay, yearWeek := at['d'], s.later('W', 'u'), s.later('F', 'u'), at['D'], s.later('w', 'u')
	best := max(day, week, nth, yearDay, yearWeek)
	if best == 0 {
		week, nth, yearWeek = at['W'], max(at['F'], at['u']), at['w']
		best = max(week, nth, yearWeek)
	}
	weekday := 6 // Sunday, from Monday
	if at['u'] > 0 {
		weekday = s.value['u'] - 1
	}
	switch {
	case best == day:
		first := s.first(s.month())
		if at['d'] > 0 {
			first += s.value['d'] - 1
		}
		return first
	case best == week && at['W'] >= at['w'] && (week != nth || at['W'] >= at['F']):
		return inWeek(s.first(s.month()), s.value['W'], weekday)
	case best == nth && at['F'] >= at['w']:
		n := 1
		if at['F'] > 0 {
			n = s.value['F']
		}
		return onOrBefore(s.first(s.month())+7*n-1, weekday)
	case best == yearDay:
		return s.first(1) + s.value['D'] - 1
	}
	return inWeek(s.first(1), s.value['w'], weekday)
}

func (s *simple) month() int {
	if s.at['M'] == 0 {
		return 1
	}
	return s.value['M']
}

// inWeek is the weekday in the nth week, of which the first has the day given.
func inWeek(first, n, weekday int) int {
	return onOrBefore(onOrBefore(first, 6)+6, weekday) + 7*(n-1)
}

// onOrBefore is the last such weekday (0: Monday) until a day.
func onOrBefore(day, of int) int {
	return day - ((weekday(day)-of)%7+7)%7
}

// cutover is 1582-10-15, the first day of the Gregorian calendar.
const cutover = -141427

// first is the first day of a month of the year.
func (s *simple) first(month int) int {
	year := 1970
	if s.at['y'] > 0 {
		year = s.value['y']
	}
	if s.bc {
		year = 1 - year
	}
	carry := (month - 1) / 12
	if month < 1 {
		carry = (month - 12) / 12
	}
	year, month = year+carry, month-12*carry
	if year > maxYear {
		return (maxYear + 1) * 366
	}
	if !s.julian {
		return types.DaysOf(year, month, 1)
	}
	y := year + 4800
	if month <= 2 {
		y--
	}
	return (153*((month+9)%12)+2)/5 + 365*y + (y+4_000_000)/4 - 1_000_000 - 32082 - 2440588
}
