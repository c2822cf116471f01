package pgtext

import (
	"strconv"
	"strings"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// parseDateTime reads a date, a time or both in the forms that PostgreSQL takes with its
// default DateStyle: ISO 8601, 20200131, 1/31/2020, Jan 31 2020, 31-Jan-2020, with AM or PM, a
// zone and BC. A timestamp with a zone is brought to UTC; fractions end at milliseconds.
func parseDateTime(text string, t types.Type) (types.Value, error) {
	p := dateTime{text: text, kind: t}
	if err := p.parse(); err != nil {
		return nil, err
	}
	switch t.Kind {
	case types.Date:
		if !p.hasDate {
			return nil, p.syntax()
		}
		return types.DateVal(p.days), nil
	case types.Time:
		if !p.hasTime {
			return nil, p.syntax()
		}
		return types.TimeVal(p.millis), nil
	}
	if !p.hasDate {
		return nil, p.syntax()
	}
	return types.DateVal(p.days).Timestamp() + types.TimestampVal(p.millis-p.zone), nil
}

type dateTime struct {
	text             string
	kind             types.Type
	hasDate, hasTime bool
	days             int
	millis           int64
	zone             int64 // milliseconds east of UTC
	bc               bool
	// A date written in words and numbers: its numbers so far, and its month.
	numbers []string
	month   int
}

func (p *dateTime) syntax() error {
	return sqlerr.New(sqlerr.InvalidDatetime, "invalid input syntax for type %s: \"%s\"", TypeName(p.kind), strings.Clone(p.text))
}

func (p *dateTime) outOfRange() error {
	return sqlerr.New(sqlerr.DatetimeOverflow, "date/time field value out of range: \"%s\"", strings.Clone(p.text))
}

var months = [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

var weekdays = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// nameIn finds a name, or its first letters (three at least), in a list; -1 when there is none.
func nameIn(list []string, word string) int {
	for i, name := range list {
		if len(word) >= 3 && strings.HasPrefix(name, word) {
			return i
		}
	}
	return -1
}

func (p *dateTime) parse() error {
	low := strings.ToLower(p.text)
	// 2020-01-31T10:00 and 20200131T100000: the T parts.
	for i := 1; i+1 < len(low); i++ {
		if low[i] == 't' && digit(low[i-1]) && digit(low[i+1]) {
			low = low[:i] + " " + low[i+1:]
			break
		}
	}
	words := strings.FieldsFunc(low, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' || r == '\r' })
	if len(words) == 0 {
		return p.syntax()
	}
	for _, word := range words {
		if err := p.word(word); err != nil {
			return err
		}
	}
	if !p.hasDate && (len(p.numbers) > 0 || p.month > 0) {
		return p.assemble()
	}
	return nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func (p *dateTime) word(w string) error {
	switch {
	case w == "epoch" && !p.hasDate:
		p.hasDate, p.days = true, 0
		return nil
	case w == "bc" || w == "ad":
		p.bc = w == "bc"
		if p.hasDate && p.bc {
			y, m, d := types.CivilOf(p.days)
			p.days = types.DaysOf(1-y, m, d)
		}
		return nil
	case w == "am" || w == "pm":
		return p.half(w == "pm")
	case w == "z" || w == "utc" || w == "gmt":
		return nil
	case nameIn(weekdays[:], w) >= 0:
		return nil
	case nameIn(months[:], w) >= 0:
		p.month = nameIn(months[:], w) + 1
		return nil
	case strings.Contains(w, ":"):
		return p.time(w)
	case (w[0] == '+' || w[0] == '-') && p.hasTime:
		return p.offset(w)
	case (p.hasDate || p.kind.Kind == types.Time) && len(w) == 6 && allDigits(w):
		return p.time(w[:2] + ":" + w[2:4] + ":" + w[4:])
	case strings.ContainsAny(w, "-/."):
		return p.date(w)
	case !p.hasDate && p.month == 0 && len(p.numbers) == 0 && len(w) == 8 && allDigits(w):
		return p.civil(w[:4], w[4:6], w[6:])
	case allDigits(w) && !p.hasDate && len(p.numbers) < 3:
		p.numbers = append(p.numbers, w)
		return nil
	}
	return p.syntax()
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// date reads parts between - or / or a point.
func (p *dateTime) date(w string) error {
	if p.hasDate {
		return p.syntax()
	}
	sep := "-"
	if strings.Contains(w, "/") {
		sep = "/"
	} else if strings.Contains(w, ".") {
		sep = "."
	}
	parts := strings.Split(w, sep)
	if len(parts) == 2 && sep == "." && allDigits(parts[0]) && allDigits(parts[1]) && len(parts[0]) == 4 { // year and day
		return p.syntax()
	}
	if len(parts) != 3 {
		return p.syntax()
	}
	for i, part := range parts {
		if m := nameIn(months[:], part); m >= 0 {
			p.month = m + 1
			p.numbers = append(append(p.numbers, parts[:i]...), parts[i+1:]...)
			return p.assemble()
		}
		if !allDigits(part) {
			return p.syntax()
		}
	}
	if len(parts[0]) >= 3 {
		return p.civil(parts[0], parts[1], parts[2])
	}
	return p.civil(parts[2], parts[0], parts[1]) // month, day, year
}

// assemble makes a date of a month's name and two numbers: the year is the longer one, or else
// the second.
func (p *dateTime) assemble() error {
	if p.month == 0 || len(p.numbers) != 2 || !allDigits(p.numbers[0]) || !allDigits(p.numbers[1]) {
		return p.syntax()
	}
	day, year := p.numbers[0], p.numbers[1]
	if len(day) > 2 {
		day, year = year, day
	}
	return p.civil(year, strconv.Itoa(p.month), day)
}

func (p *dateTime) civil(year, month, day string) error {
	y, err1 := strconv.Atoi(year)
	m, err2 := strconv.Atoi(month)
	d, err3 := strconv.Atoi(day)
	if err1 != nil || err2 != nil || err3 != nil {
		return p.syntax()
	}
	if len(year) <= 2 { // 70 to 99 are of the last century
		if y += 1900; y < 1970 {
			y += 100
		}
	}
	if y == 0 || y > 294276 || m < 1 || m > 12 || d < 1 || d > 31 || d > types.DaysOf(y, m+1, 1)-types.DaysOf(y, m, 1) {
		return p.outOfRange()
	}
	if p.bc {
		y = 1 - y
	}
	p.hasDate, p.days = true, types.DaysOf(y, m, d)
	return nil
}

// half takes a time of day to the morning or the afternoon.
func (p *dateTime) half(afternoon bool) error {
	const noon = 12 * types.MillisPerHour
	if !p.hasTime || p.millis >= 13*types.MillisPerHour {
		return p.outOfRange()
	}
	switch {
	case afternoon && p.millis < noon:
		p.millis += noon
	case !afternoon && p.millis >= noon:
		p.millis -= noon
	}
	return nil
}

// time reads h:mm[:ss[.fff]], maybe with a zone or with AM or PM behind it.
func (p *dateTime) time(w string) error {
	if p.hasTime {
		return p.syntax()
	}
	end := 0
	for end < len(w) && (digit(w[end]) || w[end] == ':' || w[end] == '.') {
		end++
	}
	clock, rest := w[:end], w[end:]
	parts := strings.Split(clock, ":")
	if len(parts) > 3 {
		return p.syntax()
	}
	var n [3]int
	var fraction int64
	for i, part := range parts {
		if i == 2 {
			whole, frac, dotted := strings.Cut(part, ".")
			part = whole
			if dotted {
				millis := (frac + "000")[:3]
				v, err := strconv.Atoi(millis)
				if err != nil || frac != "" && !allDigits(frac) {
					return p.syntax()
				}
				fraction = int64(v)
			}
		}
		if !allDigits(part) {
			return p.syntax()
		}
		n[i], _ = strconv.Atoi(part)
	}
	p.hasTime = true
	p.millis = int64(n[0])*types.MillisPerHour + int64(n[1])*types.MillisPerMinute + int64(n[2])*types.MillisPerSecond + fraction
	if n[0] > 24 || n[1] > 59 || n[2] > 60 || p.millis > types.MillisPerDay {
		return p.outOfRange()
	}
	switch {
	case rest == "" || rest == "z" || rest == "utc":
		return nil
	case rest == "am" || rest == "pm":
		return p.half(rest == "pm")
	case rest[0] == '+' || rest[0] == '-':
		return p.offset(rest)
	}
	return p.syntax()
}

// offset reads a zone as +hh, +hhmm or +hh:mm.
func (p *dateTime) offset(w string) error {
	digits := strings.ReplaceAll(w[1:], ":", "")
	if len(digits) <= 2 {
		digits += "00"
	}
	n, err := strconv.Atoi(digits)
	if err != nil || len(digits) > 4 || !allDigits(digits) {
		return p.syntax()
	}
	p.zone = int64(n/100)*types.MillisPerHour + int64(n%100)*types.MillisPerMinute
	if w[0] == '-' {
		p.zone = -p.zone
	}
	return nil
}
