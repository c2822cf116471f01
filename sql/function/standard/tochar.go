package standard

import (
	"fmt"
	"strconv"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// word is a part of a format of dates and times: a key word with its case, or text as it is.
type word struct {
	key     string // upper case; empty for text
	text    string // as written
	fill    bool   // FM: no blanks and no zeros in front
	ordinal string // TH or th
}

// dateKeys are the key words, longer ones before those that they begin with.
var dateKeys = strings.Fields(`A.D. A.M. B.C. P.M. MONTH Y,YYY SSSSS SSSS IYYY YYYY HH24 HH12 IDDD DDD DAY MON IYY YYY FF1 FF2 FF3 FF4 FF5 FF6
	TZH TZM AD AM BC CC DD DY HH ID IW IY MI MM MS OF PM RM SS TZ US WW YY D I J Q W Y`)

// parseFormat cuts a format into its words.
func parseFormat(format string) (out []word, err error) {
	literal := func(s string) {
		if n := len(out); n > 0 && out[n-1].key == "" {
			out[n-1].text += s
		} else if s != "" {
			out = append(out, word{text: s})
		}
	}
	for rest := format; rest != ""; {
		if rest[0] == '"' {
			rest = rest[1:]
			for rest != "" && rest[0] != '"' {
				if rest[0] == '\\' && len(rest) > 1 {
					rest = rest[1:]
				}
				literal(rest[:1])
				rest = rest[1:]
			}
			rest = strings.TrimPrefix(rest, `"`)
			continue
		}
		if rest[0] == '\\' && strings.HasPrefix(rest[1:], `"`) {
			literal(`"`)
			rest = rest[2:]
			continue
		}
		fill := false
		upper := strings.ToUpper(rest)
		for strings.HasPrefix(upper, "FM") || strings.HasPrefix(upper, "TM") || strings.HasPrefix(upper, "FX") {
			fill = fill || upper[0] == 'F' && upper[1] == 'M'
			rest, upper = rest[2:], upper[2:]
		}
		found := false
		for _, key := range dateKeys {
			if strings.HasPrefix(upper, key) {
				w := word{key: key, text: rest[:len(key)], fill: fill}
				rest = rest[len(key):]
				if len(rest) >= 2 && strings.EqualFold(rest[:2], "TH") {
					w.ordinal, rest = rest[:2], rest[2:]
				}
				out, found = append(out, w), true
				break
			}
		}
		if !found && rest != "" {
			literal(rest[:1])
			rest = rest[1:]
		}
	}
	return out, nil
}

// parts are what the words of a format show.
type parts struct {
	clock
	hours    int64 // of the day; of an interval all
	interval bool
}

func formatParts(words []word, p parts) (string, error) {
	var out []byte
	for _, w := range words {
		if w.key == "" {
			out = append(out, w.text...)
			continue
		}
		text, err := p.show(w)
		if err != nil {
			return "", err
		}
		out = append(out, text...)
		if w.ordinal != "" {
			out = append(out, ordinal(text, w.ordinal)...)
		}
	}
	return string(out), nil
}

// ordinal is the ending of a number: 1st, 2nd, 3rd, 11th.
func ordinal(number, as string) string {
	digits := strings.TrimSpace(number)
	if digits == "" || digits[len(digits)-1] < '0' || digits[len(digits)-1] > '9' {
		return ""
	}
	end := "th"
	if len(digits) < 2 || digits[len(digits)-2] != '1' {
		switch digits[len(digits)-1] {
		case '1':
			end = "st"
		case '2':
			end = "nd"
		case '3':
			end = "rd"
		}
	}
	if as == "TH" {
		return strings.ToUpper(end)
	}
	return end
}

var (
	monthNames = strings.Fields("January February March April May June July August September October November December")
	dayNames   = strings.Fields("Sunday Monday Tuesday Wednesday Thursday Friday Saturday")
	romans     = strings.Fields("I II III IV V VI VII VIII IX X XI XII")
)

// cased writes a name in the case of the key word: MONTH, Month or month.
func cased(name, as string, width int, fill bool) string {
	switch {
	case len(as) > 1 && as == strings.ToUpper(as):
		name = strings.ToUpper(name)
	case as == strings.ToLower(as):
		name = strings.ToLower(name)
	}
	if fill {
		return name
	}
	return fmt.Sprintf("%-*s", width, name)
}

func padded(n int64, width int, fill bool) string {
	if fill {
		return strconv.FormatInt(n, 10)
	}
	if n < 0 {
		width++
	}
	return fmt.Sprintf("%0*d", width, n)
}

func (p parts) show(w word) (string, error) {
	micros := p.micros % types.MicrosPerSecond
	if p.interval {
		switch w.key {
		case "MONTH", "MON", "DAY", "DY", "D", "ID", "IW", "IYYY", "IYY", "IY", "I", "IDDD", "TZ", "OF", "TZH", "TZM":
			return "", sqlerr.New(sqlerr.InvalidDatetime, "invalid format specification for an interval value").Hint("Intervals are not tied to specific calendar dates.")
		}
	}
	switch w.key {
	case "HH", "HH12":
		return padded((p.hours+11)%12+1, 2, w.fill), nil
	case "HH24":
		return padded(p.hours, 2, w.fill), nil
	case "MI":
		return padded(p.micros/types.MicrosPerMinute%60, 2, w.fill), nil
	case "SS":
		return padded(p.micros/types.MicrosPerSecond%60, 2, w.fill), nil
	case "MS":
		return padded(micros/1000, 3, w.fill), nil
	case "US":
		return padded(micros, 6, w.fill), nil
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		return fmt.Sprintf("%06d", micros)[:w.key[2]-'0'], nil
	case "SSSS", "SSSSS":
		return strconv.FormatInt(p.hours*3600+p.micros/types.MicrosPerSecond%3600, 10), nil
	case "AM", "PM", "A.M.", "P.M.":
		name := "AM"
		if p.hours%24 >= 12 {
			name = "PM"
		}
		if len(w.key) == 4 {
			name = name[:1] + "." + name[1:] + "."
		}
		return cased(name, w.text, 0, true), nil
	case "TZ":
		return "", nil
	case "OF", "TZH":
		return "+00", nil
	case "TZM":
		return "00", nil
	}
	return p.showDate(w)
}

func (p parts) showDate(w word) (string, error) {
	year := int64(p.year)
	if !p.interval && year < 1 {
		year = 1 - year
	}
	isoYear, week := p.isoWeek()
	iso := int64(isoYear)
	if iso < 1 {
		iso = 1 - iso
	}
	yearDay := p.days - types.DaysOf(p.year, 1, 1) + 1
	if p.interval {
		yearDay = (p.year*12+p.month)*types.DaysPerMonth + p.day
	}
	switch w.key {
	case "AD", "BC", "A.D.", "B.C.":
		name := "AD"
		if p.year < 1 && !p.interval {
			name = "BC"
		}
		if len(w.key) == 4 {
			name = name[:1] + "." + name[1:] + "."
		}
		return cased(name, w.text, 0, true), nil
	case "Y,YYY":
		return fmt.Sprintf("%d,%03d", year/1000, year%1000), nil
	case "YYYY":
		return padded(year, 4, w.fill), nil
	case "YYY":
		return padded(year%1000, 3, w.fill), nil
	case "YY":
		return padded(year%100, 2, w.fill), nil
	case "Y":
		return strconv.FormatInt(year%10, 10), nil
	case "IYYY":
		return padded(iso, 4, w.fill), nil
	case "IYY":
		return padded(iso%1000, 3, w.fill), nil
	case "IY":
		return padded(iso%100, 2, w.fill), nil
	case "I":
		return strconv.FormatInt(iso%10, 10), nil
	case "CC":
		return padded(int64(era(p.year, 100)), 2, w.fill), nil
	}
	return p.showDay(w, week, yearDay)
}

func (p parts) showDay(w word, week, yearDay int) (string, error) {
	switch w.key {
	case "Q":
		if p.month == 0 {
			return "", nil
		}
		return strconv.Itoa((p.month-1)/3 + 1), nil
	case "MM":
		return padded(int64(p.month), 2, w.fill), nil
	case "RM":
		if p.month == 0 {
			return "", nil
		}
		return cased(romans[p.month-1], w.text, 4, w.fill), nil
	case "MONTH":
		return cased(monthNames[p.month-1], w.text, 9, w.fill), nil
	case "MON":
		return cased(monthNames[p.month-1][:3], w.text, 3, true), nil
	case "DAY":
		return cased(dayNames[p.dow()], w.text, 9, w.fill), nil
	case "DY":
		return cased(dayNames[p.dow()][:3], w.text, 3, true), nil
	case "DD":
		return padded(int64(p.day), 2, w.fill), nil
	case "DDD":
		return padded(int64(yearDay), 3, w.fill), nil
	case "IDDD":
		return padded(int64((week-1)*7+(p.dow()+6)%7+1), 3, w.fill), nil
	case "D":
		return strconv.Itoa(p.dow() + 1), nil
	case "ID":
		return strconv.Itoa((p.dow()+6)%7 + 1), nil
	case "W":
		return strconv.Itoa((p.day-1)/7 + 1), nil
	case "WW":
		return padded(int64((yearDay-1)/7+1), 2, w.fill), nil
	case "IW":
		return padded(int64(week), 2, w.fill), nil
	}
	return strconv.Itoa(p.days + julianOf1970), nil // J
}

// formatted lifts a function of a value and a format that is parsed once for all rows with the same;
// an empty format makes NULL.
func formatted[A any](param string, f func(words []word, x A) (string, error)) function.Signature {
	s := function.Signature{Params: []string{param, "STRING format"}, Result: "STRING", NullIn: true}
	s.Compile = func([]types.Type, types.Type) (function.Kernel, error) {
		var last memo[[]word]
		return function.Lift2(func(x A, format string) (string, error) {
			if format == "" {
				return "", function.ErrNull
			}
			words, err := last.get(format, parseFormat)
			if err != nil {
				return "", err
			}
			return f(words, x)
		}), nil
	}
	return s
}

func init() {
	timestamp := func(words []word, t types.TimestampVal) (string, error) {
		c := clockOf(t)
		return formatParts(words, parts{clock: c, hours: c.micros / types.MicrosPerHour})
	}
	overloads := append(numberFormats(),
		formatted("TIMESTAMP value", timestamp),
		formatted("DATE value", func(words []word, d types.DateVal) (string, error) { return timestamp(words, d.Timestamp()) }),
		formatted("INTERVAL value", func(words []word, v types.IntervalVal) (string, error) {
			c := clock{year: int(v.Months / 12), month: int(v.Months % 12), day: int(v.Days), micros: v.Micros}
			return formatParts(words, parts{clock: c, hours: v.Micros / types.MicrosPerHour, interval: true})
		}))
	both(times, "TO_CHAR", "A time, an interval or a number as text, in PostgreSQL's patterns: YYYY-MM-DD HH24:MI:SS, FMMonth DDth, 999,990.00, FM0000, S99.9, ...", overloads...)
}
