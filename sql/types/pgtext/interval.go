package pgtext

import (
	"math"
	"strconv"
	"strings"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// unit is what a word of an interval stands for: so many months, days or microseconds.
type unit struct{ months, days, micros int64 }

// units are PostgreSQL's words and their short forms.
var units = func() map[string]unit {
	out := map[string]unit{}
	for words, u := range map[string]unit{
		"microsecond microseconds us usec usecs usecond useconds": {micros: 1},
		"millisecond milliseconds ms msec msecs msecond mseconds": {micros: 1000},
		"second seconds s sec secs":                               {micros: types.MicrosPerSecond},
		"minute minutes m min mins":                               {micros: types.MicrosPerMinute},
		"hour hours h hr hrs":                                     {micros: types.MicrosPerHour},
		"day days d":                                              {days: 1},
		"week weeks w":                                            {days: 7},
		"month months mon mons":                                   {months: 1},
		"year years y yr yrs":                                     {months: 12},
		"decade decades dec decs":                                 {months: 120},
		"century centuries c cent":                                {months: 1200},
		"millennium millennia mil mils":                           {months: 12000},
	} {
		for _, word := range strings.Fields(words) {
			out[word] = u
		}
	}
	return out
}()

// ParseInterval reads the forms that PostgreSQL takes: 1 year 2 mons -3 days +04:05:06.5, 1-2 for
// years and months, a time alone, ISO 8601 (P1Y2M3DT4H5M6S), with "ago" all of it negative. A
// number without a unit is seconds.
func ParseInterval(text string) (types.IntervalVal, error) {
	s := strings.ToLower(strings.TrimSpace(text))
	var sum intervalSum
	var ok bool
	if rest, iso := strings.CutPrefix(s, "p"); iso {
		ok = sum.iso(rest)
	} else {
		ok = sum.words(strings.TrimPrefix(s, "@"))
	}
	if !ok {
		return types.IntervalVal{}, sqlerr.New(sqlerr.InvalidDatetime, "invalid input syntax for type interval: \"%s\"", strings.Clone(text))
	}
	return sum.value(text)
}

type intervalSum struct{ months, days, micros float64 }

func (s *intervalSum) value(text string) (types.IntervalVal, error) {
	if math.Abs(s.months) > math.MaxInt32 || math.Abs(s.days) > math.MaxInt32 || math.Abs(s.micros) >= math.MaxInt64 {
		return types.IntervalVal{}, sqlerr.New(sqlerr.DatetimeOverflow, "interval field value out of range: \"%s\"", strings.Clone(text))
	}
	return types.IntervalVal{Months: int32(s.months), Days: int32(s.days), Micros: int64(math.RoundToEven(s.micros))}, nil
}

// add adds n units; fractions of months go to days, those of days to time.
func (s *intervalSum) add(n float64, u unit) {
	switch {
	case u.months != 0:
		whole, frac := math.Modf(n * float64(u.months))
		s.months += whole
		if u.months == 1 || frac != 0 {
			if u.months > 1 { // years: what is below a month is dropped
				s.months += math.RoundToEven(frac)
				return
			}
			s.add(math.Round(frac*types.DaysPerMonth*1e6)/1e6, unit{days: 1})
		}
	case u.days != 0:
		whole, frac := math.Modf(n * float64(u.days))
		s.days += whole
		s.micros += frac * types.MicrosPerDay
	default:
		s.micros += n * float64(u.micros)
	}
}

func (s *intervalSum) words(text string) bool {
	words := splitWords(text)
	if len(words) == 0 {
		return false
	}
	if words[len(words)-1] == "ago" {
		ok := s.words(strings.Join(words[:len(words)-1], " "))
		s.months, s.days, s.micros = -s.months, -s.days, -s.micros
		return ok
	}
	for i := 0; i < len(words); i++ {
		w := words[i]
		if strings.Contains(w, ":") {
			if !s.clock(w) {
				return false
			}
			continue
		}
		if at := strings.IndexByte(w[1:], '-'); at >= 0 {
			years, err1 := strconv.Atoi(w[:at+1])
			months, err2 := strconv.Atoi(w[at+2:])
			if err1 != nil || err2 != nil || months < 0 || months > 11 {
				return false
			}
			if w[0] == '-' {
				months = -months
			}
			s.months += float64(years*12 + months)
			continue
		}
		n, err := strconv.ParseFloat(w, 64)
		if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
			return false
		}
		u := unit{micros: types.MicrosPerSecond}
		if i+1 < len(words) {
			next := words[i+1]
			if named, ok := units[next]; ok {
				u = named
				i++
			} else if strings.Contains(next, ":") { // days before a time
				u = unit{days: 1}
			} else {
				return false
			}
		}
		s.add(n, u)
	}
	return true
}

// splitWords parts numbers from the words behind them.
func splitWords(text string) []string {
	var out []string
	for _, w := range strings.Fields(text) {
		cut := len(w)
		if c := w[0]; c == '-' || c == '+' || c == '.' || digit(c) {
			if cut = strings.IndexFunc(w, func(r rune) bool { return r >= 'a' && r <= 'z' }); cut < 0 {
				cut = len(w)
			}
		}
		if cut > 0 {
			out = append(out, w[:cut])
		}
		if cut < len(w) {
			if strings.ContainsAny(w[cut:], "0123456789") { // 1h30m
				at := strings.IndexAny(w[cut:], "0123456789") + cut
				out = append(out, w[cut:at])
				out = append(out, splitWords(w[at:])...)
			} else {
				out = append(out, w[cut:])
			}
		}
	}
	return out
}

// clock reads [+-]h:mm[:ss[.f]], or m:ss.f.
func (s *intervalSum) clock(w string) bool {
	sign := 1.0
	if w[0] == '-' || w[0] == '+' {
		if w[0] == '-' {
			sign = -1
		}
		w = w[1:]
	}
	parts := strings.Split(w, ":")
	if len(parts) > 3 {
		return false
	}
	if len(parts) == 2 && strings.Contains(parts[1], ".") {
		parts = append([]string{"0"}, parts...)
	}
	var total float64
	for i, scale := range []float64{types.MicrosPerHour, types.MicrosPerMinute, types.MicrosPerSecond} {
		if i == len(parts) {
			break
		}
		n, err := strconv.ParseFloat(parts[i], 64)
		if err != nil || n < 0 || i > 0 && n >= 61 {
			return false
		}
		total += n * scale
	}
	s.micros += sign * total
	return true
}

// iso reads what follows the P of ISO 8601.
func (s *intervalSum) iso(text string) bool {
	date, time, hasTime := strings.Cut(text, "t")
	if text == "" || hasTime && time == "" {
		return false
	}
	return s.designated(date, map[byte]unit{'y': {months: 12}, 'm': {months: 1}, 'w': {days: 7}, 'd': {days: 1}}) &&
		s.designated(time, map[byte]unit{'h': {micros: types.MicrosPerHour}, 'm': {micros: types.MicrosPerMinute}, 's': {micros: types.MicrosPerSecond}})
}

func (s *intervalSum) designated(text string, designators map[byte]unit) bool {
	for text != "" {
		at := strings.IndexFunc(text, func(r rune) bool { return r >= 'a' && r <= 'z' })
		if at < 1 {
			return false
		}
		n, err := strconv.ParseFloat(text[:at], 64)
		u, known := designators[text[at]]
		if err != nil || !known {
			return false
		}
		s.add(n, u)
		text = text[at+1:]
	}
	return true
}

// ParseIntervalOf is ParseInterval for INTERVAL 'text' FROM TO LAST: a number without a unit is of
// the last field, and what is below it is cut off. Fields are lower case and singular; "" is none.
func ParseIntervalOf(text, from, last string) (types.IntervalVal, error) {
	if last == "" {
		last = from
	}
	if last == "" {
		return ParseInterval(text)
	}
	s := strings.TrimSpace(text)
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		s += " " + last
	} else if from == "minute" && strings.Count(s, ":") == 1 && !strings.Contains(s, " ") {
		s = "00:" + s
	}
	v, err := ParseInterval(s)
	if err != nil {
		return v, err
	}
	switch u := units[last]; {
	case u.months != 0:
		return types.IntervalVal{Months: v.Months - v.Months%int32(u.months)}, nil
	case u.days != 0:
		v.Micros = 0
	case u.micros > types.MicrosPerSecond:
		v.Micros -= v.Micros % u.micros
	}
	return v, nil
}
