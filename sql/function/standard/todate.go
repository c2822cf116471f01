package standard

import (
	"math"
	"strconv"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// moment is what a text has said of a time so far.
type moment struct {
	year, month, day, yearDay, week, weekDay int
	isoYear, isoWeek, isoDay                 int
	hour, minute, second, millis             int
	seconds                                  int64 // of the day, -1: not said
	afternoon, morning, twelve, bc           bool
	century, julian                          int
}

// dateReader reads a text by the words of a format.
type dateReader struct {
	text string
	rest string
	m    moment
}

func (r *dateReader) fail(format string, args ...any) error {
	return sqlerr.New(sqlerr.InvalidDatetime, format, args...)
}

// widths are how many digits the numbers of a format have at most.
var widths = map[string]int{"YYYY": 4, "YYY": 3, "YY": 2, "Y": 1, "IYYY": 4, "IYY": 3, "IY": 2, "I": 1, "MM": 2, "DD": 2, "DDD": 3, "IDDD": 3, "HH": 2, "HH12": 2,
	"HH24": 2, "MI": 2, "SS": 2, "MS": 3, "US": 6, "FF1": 1, "FF2": 2, "FF3": 3, "FF4": 4, "FF5": 5, "FF6": 6, "SSSS": 5, "SSSSS": 5, "CC": 2, "Q": 1, "D": 1, "ID": 1,
	"W": 1, "WW": 2, "IW": 2, "J": 7}

func separator(c byte) bool {
	return c != ' ' && c < 0x80 && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
}

func readMoment(text string, words []word) (moment, error) {
	r := &dateReader{text: text, rest: strings.TrimLeft(text, " ")}
	r.m.seconds = -1
	for i, w := range words {
		if w.key == "" {
			r.skip(w.text)
			continue
		}
		r.rest = strings.TrimLeft(r.rest, " ")
		if r.rest == "" {
			break
		}
		followed := i+1 < len(words) && words[i+1].key != "" && widths[words[i+1].key] > 0
		if err := r.read(w, followed); err != nil {
			return r.m, err
		}
		if w.ordinal != "" && len(r.rest) >= 2 {
			r.rest = r.rest[2:]
		}
	}
	return r.m, nil
}

// skip passes the text of a format: separators stand for any, other letters for one character.
func (r *dateReader) skip(text string) {
	for i := range len(text) {
		switch c := text[i]; {
		case c == ' ' || separator(c):
			trimmed := strings.TrimLeft(r.rest, " ")
			if trimmed != "" && separator(trimmed[0]) && !(trimmed[0] == '-' && c == ' ') {
				trimmed = trimmed[1:]
			}
			r.rest = trimmed
		case r.rest != "":
			r.rest = r.rest[1:]
		}
	}
}

// number reads digits, at most so many where another number follows at once.
func (r *dateReader) number(key string, followed bool) (int, int, error) {
	limit := len(r.rest)
	if followed || strings.HasPrefix(key, "FF") || key == "MS" || key == "US" {
		limit = min(limit, widths[key])
	}
	i := 0
	if i < limit && (r.rest[0] == '-' || r.rest[0] == '+') && (key == "YYYY" || key == "J") {
		i++
	}
	for i < limit && r.rest[i] >= '0' && r.rest[i] <= '9' {
		i++
	}
	n, err := strconv.Atoi(r.rest[:i])
	if err != nil {
		return 0, 0, r.fail("invalid value \"%s\" for \"%s\"", strings.Clone(r.rest[:min(len(r.rest), widths[key])]), key)
	}
	r.rest = r.rest[i:]
	return n, i, nil
}

// name reads one of a list of names, or their first letters.
func (r *dateReader) name(key string, names []string, letters int) (int, error) {
	for i, name := range names {
		if letters > 0 {
			name = name[:letters]
		}
		if len(r.rest) >= len(name) && strings.EqualFold(r.rest[:len(name)], name) {
			r.rest = r.rest[len(name):]
			return i, nil
		}
	}
	word, _, _ := strings.Cut(r.rest, " ")
	return 0, r.fail("invalid value \"%s\" for \"%s\"", strings.Clone(word), key)
}

func (r *dateReader) read(w word, followed bool) error {
	var err error
	var i int
	switch w.key {
	case "MONTH":
		if i, err = r.name(w.text, monthNames, 0); err != nil { // a short one will do
			i, err = r.name(w.text, monthNames, 3)
		}
		r.m.month = i + 1
		return err
	case "MON":
		i, err = r.name(w.text, monthNames, 3)
		r.m.month = i + 1
		return err
	case "RM":
		backward := []string{"VIII", "XII", "VII", "III", "XI", "IX", "VI", "IV", "II", "X", "V", "I"}
		if i, err = r.name(w.text, backward, 0); err == nil {
			for n, roman := range romans {
				if roman == backward[i] {
					r.m.month = n + 1
				}
			}
		}
		return err
	case "DAY":
		_, err = r.name(w.text, dayNames, 0)
		return err
	case "DY":
		_, err = r.name(w.text, dayNames, 3)
		return err
	case "AM", "PM", "A.M.", "P.M.":
		i, err = r.name(w.text, []string{"A.M.", "P.M.", "AM", "PM"}, 0)
		r.m.afternoon, r.m.morning = i%2 == 1, i%2 == 0
		return err
	case "AD", "BC", "A.D.", "B.C.":
		i, err = r.name(w.text, []string{"A.D.", "B.C.", "AD", "BC"}, 0)
		r.m.bc = i%2 == 1
		return err
	case "Y,YYY":
		head, tail, _ := strings.Cut(r.rest, ",")
		n, err1 := strconv.Atoi(head)
		if err1 != nil || len(tail) < 3 {
			return r.fail("invalid value \"%s\" for \"Y,YYY\"", strings.Clone(r.rest))
		}
		k, err2 := strconv.Atoi(tail[:3])
		r.m.year, r.rest = n*1000+k, tail[3:]
		if err2 != nil {
			return r.fail("invalid value \"%s\" for \"Y,YYY\"", strings.Clone(r.rest))
		}
		return nil
	case "TZ", "OF", "TZH", "TZM":
		return sqlerr.New(sqlerr.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", w.key)
	}
	n, digits, err := r.number(w.key, followed)
	if err != nil {
		return err
	}
	r.m.take(w.key, n, digits)
	return nil
}

// take notes a number.
func (m *moment) take(key string, n, digits int) {
	// Years of few digits are those nearest to 2020.
	near := func(n int) int {
		switch {
		case n < 70:
			return n + 2000
		case n < 100:
			return n + 1900
		case n < 520:
			return n + 2000
		case n < 1000:
			return n + 1000
		}
		return n
	}
	switch key {
	case "YYYY":
		m.year = n
	case "YYY", "YY", "Y":
		if m.year = n; digits < 4 {
			m.year = near(n)
		}
	case "IYYY":
		m.isoYear = n
	case "IYY", "IY", "I":
		m.isoYear = near(n)
	case "MM":
		m.month = n
	case "DD":
		m.day = n
	case "DDD":
		m.yearDay = n
	case "IW":
		m.isoWeek = n
	case "ID":
		m.isoDay = n
	case "W":
		m.week = n
	case "WW":
		m.yearDay = (n-1)*7 + 1
	case "D":
		m.weekDay = n
	case "HH", "HH12":
		m.hour, m.twelve = n, true
	case "HH24":
		m.hour = n
	case "MI":
		m.minute = n
	case "SS":
		m.second = n
	case "MS", "US", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		m.millis = int(float64(n) * 1000 / math.Pow10(digits))
	case "SSSS", "SSSSS":
		m.seconds = int64(n)
	case "CC":
		m.century = n
	case "J":
		m.julian = n
	}
}

// date is the day that was said; what was not is that of 1 BC, as in PostgreSQL.
func (m *moment) date(text string) (types.DateVal, error) {
	bad := sqlerr.New(sqlerr.DatetimeOverflow, "date/time field value out of range: \"%s\"", strings.Clone(text))
	if m.julian > 0 {
		return types.DateVal(m.julian - julianOf1970), nil
	}
	year := m.year
	switch {
	case m.century > 0 && m.year > 0:
		year = (m.century-1)*100 + m.year%100
	case m.century > 0:
		year = (m.century-1)*100 + 1
	}
	if m.bc && year > 0 {
		year = 1 - year
	} else if year < 0 {
		year++
	}
	if m.isoWeek > 0 {
		monday := types.DaysOf(m.isoYear, 1, 4)
		monday -= (clock{days: monday}.dow() + 6) % 7
		return types.DateVal(monday + (m.isoWeek-1)*7 + max(m.isoDay, 1) - 1), nil
	}
	if m.yearDay > 0 {
		if m.yearDay > types.DaysOf(year+1, 1, 1)-types.DaysOf(year, 1, 1) {
			return 0, bad
		}
		return types.DateVal(types.DaysOf(year, 1, 1) + m.yearDay - 1), nil
	}
	month, day := max(m.month, 1), max(m.day, 1)
	if m.week > 0 {
		day = (m.week-1)*7 + 1
	}
	if month > 12 || day > types.DaysOf(year, month+1, 1)-types.DaysOf(year, month, 1) {
		return 0, bad
	}
	return types.DateVal(types.DaysOf(year, month, day)), nil
}

func (m *moment) timestamp(text string) (types.TimestampVal, error) {
	day, err := m.date(text)
	if err != nil {
		return 0, err
	}
	if m.seconds >= 0 {
		return day.Timestamp() + types.TimestampVal(m.seconds*1000+int64(m.millis)), nil
	}
	hour := m.hour
	if m.twelve && (hour < 1 || hour > 12) {
		return 0, sqlerr.New(sqlerr.InvalidDatetime, "hour \"%d\" is invalid for the 12-hour clock", hour).
			Hint("Use the 24-hour clock, or give an hour between 1 and 12.")
	}
	if m.afternoon && hour < 12 {
		hour += 12
	} else if m.morning && hour == 12 {
		hour = 0
	}
	if hour > 23 || m.minute > 59 || m.second > 60 {
		return 0, sqlerr.New(sqlerr.DatetimeOverflow, "date/time field value out of range: \"%s\"", strings.Clone(text))
	}
	at := int64(hour)*types.MillisPerHour + int64(m.minute)*types.MillisPerMinute + int64(m.second)*types.MillisPerSecond + int64(m.millis)
	return day.Timestamp() + types.TimestampVal(at), nil
}

// readBy lifts a reading by a format that is parsed once for all rows with the same.
func readBy[R any](result string, f func(m *moment, text string) (R, error)) function.Signature {
	s := function.Signature{Params: []string{"STRING text", "STRING format"}, Result: result, NullIn: true}
	s.Compile = func([]types.Type, types.Type) (function.Kernel, error) {
		var last memo[[]word]
		return function.Lift2(func(text, format string) (r R, err error) {
			words, err := last.get(format, parseFormat)
			if err != nil {
				return r, err
			}
			m, err := readMoment(text, words)
			if err != nil {
				return r, err
			}
			return f(&m, text)
		}), nil
	}
	return s
}

func init() {
	both(times, "TO_DATE", "The date that a text says in one of PostgreSQL's patterns.", readBy("DATE", func(m *moment, text string) (types.DateVal, error) { return m.date(text) }))
	both(times, "TO_TIMESTAMP", "The timestamp that a text says in one of PostgreSQL's patterns, or so many seconds after 1970-01-01 UTC.",
		readBy("TIMESTAMP", func(m *moment, text string) (types.TimestampVal, error) { return m.timestamp(text) }),
		function.F1("DOUBLE seconds", "TIMESTAMP", func(s float64) (types.TimestampVal, error) {
			if !(math.Abs(s) < 9.3e12) {
				return 0, sqlerr.New(sqlerr.DatetimeOverflow, "timestamp out of range: \"%g\"", s)
			}
			return types.TimestampVal(math.Floor(math.Round(s*1e6) / 1e3)), nil
		}))
	both(numbers, "TO_NUMBER", "The number that a text says in one of PostgreSQL's patterns.", function.F2("STRING text", "STRING format", "NUMERIC", toNumber))
}

// toNumber reads the digits of a text; what else the format has is passed over.
func toNumber(text, format string) (types.Dec, error) {
	f, err := parseNumberFormat(format)
	if err != nil {
		return types.Dec{}, err
	}
	var digits strings.Builder
	negative, point, room := false, false, f.pre
	for _, c := range []byte(text) {
		switch {
		case c >= '0' && c <= '9':
			if room--; room >= 0 {
				digits.WriteByte(c)
			}
		case c == '.' && f.decimal && !point:
			point, room = true, f.post
			digits.WriteByte(c)
		case c == '-' || c == '<':
			negative = true
		}
	}
	s := strings.TrimSuffix(digits.String(), ".")
	d, err := types.ParseDec(s)
	if err != nil {
		return types.Dec{}, sqlerr.New(sqlerr.InvalidText, "invalid input syntax for type numeric: \"%s\"", strings.Clone(text))
	}
	if f.multi > 0 {
		d.Scale += int32(f.multi - 1)
	}
	if negative {
		d.Unscaled = d.Unscaled.Neg()
	}
	return d, nil
}
