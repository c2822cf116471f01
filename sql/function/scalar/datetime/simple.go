package datetime

import "tailrace/sql/types"

// ParseSimpleDate reads a DATE as Java's older SimpleDateFormat does, leniently: a number
// has as many digits as stand there, unless another number touches it; a month 13 is the
// next January and a day 0 the last of the month before; what follows the text is not
// looked at. A time of the day must come to midnight. A year of weeks (Y) makes months and
// days count for nothing.
func (p *Pattern) ParseSimpleDate(text string) (types.DateVal, error) {
	r := reader{rest: text, lenient: true}
	if !r.all(p.items) {
		return 0, p.failed(text, "")
	}
	f := &r.f
	days, err := f.lenientDate()
	if err != nil {
		return 0, p.failed(text, err.Error())
	}
	millis := f.time()
	if millis%types.MillisPerDay != 0 {
		return 0, p.failed(text, "Date format contains time field.")
	}
	return types.DateVal(int64(days) + millis/types.MillisPerDay), nil
}

// lenientDate is the day, with months and days outside of their ranges carried over.
func (f *fields) lenientDate() (int, error) {
	g := *f
	if f.set&hasWeekYear != 0 {
		g.set |= hasWeek
		if f.set&hasWeek == 0 {
			g.week = 1
		}
		return g.date()
	}
	month, day := 1, 1
	if f.set&hasMonth != 0 {
		month = f.month
	}
	if f.set&hasDay != 0 {
		day = f.day
	}
	if f.set&hasYearDay != 0 && f.set&(hasMonth|hasDay) == 0 {
		day = f.yearDay
	}
	if f.set&hasYear == 0 {
		g.set, g.year = g.set|hasYear, 1970
	}
	carry := (month - 1) / 12
	if (month-1)%12 < 0 {
		carry--
	}
	if g.bc {
		g.year -= carry
	} else {
		g.year += carry
	}
	g.set = g.set&^(hasDay|hasYearDay) | hasMonth
	g.month = month - 12*carry
	first, err := g.date()
	return first + day - 1, err
}
