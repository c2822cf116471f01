package standard

import (
	"math/big"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/numeric"
	"tailrace/sql/types/pgtext"
)

// field is a part of a time that EXTRACT, DATE_PART and DATE_TRUNC name.
type field string

// fieldNames are PostgreSQL's names of the fields and their short forms.
var fieldNames = func() map[string]field {
	out := map[string]field{}
	for name, forms := range map[field]string{
		"microseconds": "microsecond us usec usecs useconds usecond", "milliseconds": "millisecond ms msec msecs mseconds msecond",
		"second": "seconds s sec secs", "minute": "minutes m min mins", "hour": "hours h hr hrs", "day": "days d", "week": "weeks w",
		"month": "months mon mons", "quarter": "qtr", "year": "years y yr yrs", "decade": "decades dec decs",
		"century": "centuries c cent", "millennium": "millennia mil mils", "dow": "", "isodow": "", "doy": "", "isoyear": "",
		"epoch": "", "julian": "jd", "timezone": "", "timezone_hour": "", "timezone_minute": "",
	} {
		out[string(name)] = name
		for _, form := range strings.Fields(forms) {
			out[form] = name
		}
	}
	return out
}()

// clock is a moment in its parts.
type clock struct {
	year, month, day int
	days             int   // since 1970-01-01
	micros           int64 // of the day
}

func clockOf(t types.TimestampVal) clock {
	day, at := t.Split()
	c := clock{days: int(day), micros: int64(at) * 1000}
	c.year, c.month, c.day = types.CivilOf(c.days)
	return c
}

func (c clock) timestamp() types.TimestampVal {
	return types.DateVal(c.days).Timestamp() + types.TimestampVal(c.micros/1000)
}

// dow is the day of the week, Sunday being 0.
func (c clock) dow() int { return ((c.days+4)%7 + 7) % 7 }

// isoWeek is the week of ISO 8601 and the year that it belongs to.
func (c clock) isoWeek() (year, week int) {
	thursday := c.days - (c.dow()+6)%7 + 3
	year, _, _ = types.CivilOf(thursday)
	return year, (thursday-types.DaysOf(year, 1, 1))/7 + 1
}

// shownYear is the year as people count: there is none of number 0.
func shownYear(year int) int {
	if year < 1 {
		return year - 1
	}
	return year
}

// era is the century or millennium of a year, from 1.
func era(year, size int) int {
	if year > 0 {
		return (year + size - 1) / size
	}
	return -((size - 1 - (year - 1)) / size)
}

func whole(n int64) types.Dec { return types.DecOf(n) }

func scaled(n int64, scale int32) types.Dec {
	return types.Dec{Unscaled: types.Int128Of(n), Scale: scale}
}

func unsupported(f string, t types.Type) error {
	if _, known := fieldNames[strings.ToLower(f)]; !known {
		return sqlerr.New(sqlerr.InvalidParameter, "unit \"%s\" not recognized for type %s", strings.Clone(f), pgtext.TypeName(t))
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", strings.Clone(f), pgtext.TypeName(t))
}

// datePart is a field of a date: what is below a day, it has not.
func (c clock) datePart(f field) (types.Dec, bool) {
	switch f {
	case "day":
		return whole(int64(c.day)), true
	case "month":
		return whole(int64(c.month)), true
	case "quarter":
		return whole(int64((c.month-1)/3 + 1)), true
	case "week":
		_, week := c.isoWeek()
		return whole(int64(week)), true
	case "year":
		return whole(int64(shownYear(c.year))), true
	case "isoyear":
		year, _ := c.isoWeek()
		return whole(int64(shownYear(year))), true
	case "decade":
		if c.year >= 0 {
			return whole(int64(c.year / 10)), true
		}
		return whole(int64(-((8 - (c.year - 1)) / 10))), true
	case "century":
		return whole(int64(era(c.year, 100))), true
	case "millennium":
		return whole(int64(era(c.year, 1000))), true
	case "dow":
		return whole(int64(c.dow())), true
	case "isodow":
		return whole(int64((c.dow()+6)%7 + 1)), true
	case "doy":
		return whole(int64(c.days - types.DaysOf(c.year, 1, 1) + 1)), true
	}
	return types.Dec{}, false
}

// timePart is a field of a time of day.
func timePart(f field, micros int64) (types.Dec, bool) {
	switch f {
	case "microseconds":
		return whole(micros % types.MicrosPerMinute), true
	case "milliseconds":
		return scaled(micros%types.MicrosPerMinute, 3), true
	case "second":
		return scaled(micros%types.MicrosPerMinute, 6), true
	case "minute":
		return whole(micros / types.MicrosPerMinute % 60), true
	case "hour":
		return whole(micros / types.MicrosPerHour), true
	}
	return types.Dec{}, false
}

const julianOf1970 = 2440588

func extractTimestamp(name string, t types.TimestampVal) (types.Dec, error) {
	c, f := clockOf(t), fieldNames[strings.ToLower(name)]
	if d, ok := c.datePart(f); ok {
		return d, nil
	}
	if d, ok := timePart(f, c.micros); ok {
		return d, nil
	}
	switch f {
	case "epoch":
		return scaled(int64(t)*1000, 6), nil
	case "julian":
		part, err := numeric.Div(whole(c.micros), whole(types.MicrosPerDay))
		if err != nil {
			return part, err
		}
		return numeric.Add(whole(int64(c.days+julianOf1970)), part)
	}
	return types.Dec{}, unsupported(name, types.TimestampType)
}

func extractDate(name string, day types.DateVal) (types.Dec, error) {
	c, f := clockOf(day.Timestamp()), fieldNames[strings.ToLower(name)]
	if d, ok := c.datePart(f); ok {
		return d, nil
	}
	switch f {
	case "epoch":
		return whole(int64(day) * 86400), nil
	case "julian":
		return whole(int64(day) + julianOf1970), nil
	}
	return types.Dec{}, unsupported(name, types.DateType)
}

func extractTime(name string, t types.TimeVal) (types.Dec, error) {
	f := fieldNames[strings.ToLower(name)]
	if d, ok := timePart(f, int64(t)*1000); ok {
		return d, nil
	}
	if f == "epoch" {
		return scaled(int64(t)*1000, 6), nil
	}
	return types.Dec{}, unsupported(name, types.TimeType)
}

func extractInterval(name string, v types.IntervalVal) (types.Dec, error) {
	f := fieldNames[strings.ToLower(name)]
	if d, ok := timePart(f, v.Micros); ok {
		return d, nil
	}
	years := int64(v.Months) / 12
	switch f {
	case "day":
		return whole(int64(v.Days)), nil
	case "month":
		return whole(int64(v.Months % 12)), nil
	case "quarter":
		return whole(int64(v.Months%12/3 + 1)), nil
	case "year":
		return whole(years), nil
	case "decade":
		return whole(years / 10), nil
	case "century":
		return whole(years / 100), nil
	case "millennium":
		return whole(years / 1000), nil
	case "epoch": // a year has 365.25 days here
		const quarterDay = types.MicrosPerDay / 4
		n := new(big.Int).Mul(big.NewInt(years*1461+int64(v.Months%12)*30*4+int64(v.Days)*4), big.NewInt(quarterDay))
		out, ok := types.Int128FromBig(n.Add(n, big.NewInt(v.Micros)))
		if !ok {
			return types.Dec{}, errIntervalRange
		}
		return types.Dec{Unscaled: out, Scale: 6}, nil
	}
	return types.Dec{}, unsupported(name, types.IntervalType)
}

var errIntervalRange = sqlerr.New(sqlerr.DatetimeOverflow, "interval out of range")

// part lifts an extraction, into NUMERIC and into DOUBLE.
func part[T any](param string, f func(string, T) (types.Dec, error)) (exact, double function.Signature) {
	return function.F2("STRING field", param, "NUMERIC", f),
		function.F2("STRING field", param, "DOUBLE", func(name string, x T) (float64, error) {
			d, err := f(name, x)
			if err != nil {
				return 0, err
			}
			return d.Float64(), nil
		})
}

func init() {
	e1, d1 := part("TIMESTAMP time", extractTimestamp)
	e2, d2 := part("DATE time", extractDate)
	e3, d3 := part("TIME time", extractTime)
	e4, d4 := part("INTERVAL time", extractInterval)
	const doc = " microseconds, milliseconds, second, minute, hour, day, week, month, quarter, year, decade, century, millennium, dow (0 is Sunday), isodow, doy, isoyear, epoch (seconds) or julian."
	both(times, "EXTRACT", "A field of a date, time, timestamp or interval, EXTRACT(field FROM time):"+doc, d1, d2, d3, d4)
	differs(times, "EXTRACT", "A field of a date, time, timestamp or interval, EXTRACT(field FROM time):"+doc, e1, e2, e3, e4)
	_, atMidnight := part("DATE time", func(f string, d types.DateVal) (types.Dec, error) { return extractTimestamp(f, d.Timestamp()) })
	both(times, "DATE_PART", "A field of a date, time, timestamp or interval:"+doc, d1, atMidnight, d3, d4)
	both(times, "DATE_TRUNC", "The time without what is below the field, which is microseconds, milliseconds, second, minute, hour, day, week, month, quarter, year, decade, century or millennium.",
		function.F2("STRING field", "TIMESTAMP time", "TIMESTAMP", truncTimestamp),
		function.F2("STRING field", "DATE time", "TIMESTAMP", func(f string, d types.DateVal) (types.TimestampVal, error) { return truncTimestamp(f, d.Timestamp()) }),
		function.F2("STRING field", "INTERVAL time", "INTERVAL", truncInterval))
}

// below is how many microseconds the fields below a day have.
var below = map[field]int64{"microseconds": 1, "milliseconds": 1000, "second": types.MicrosPerSecond, "minute": types.MicrosPerMinute,
	"hour": types.MicrosPerHour, "day": types.MicrosPerDay}

func truncTimestamp(name string, t types.TimestampVal) (types.TimestampVal, error) {
	c, f := clockOf(t), fieldNames[strings.ToLower(name)]
	if size, ok := below[f]; ok {
		c.micros -= c.micros % size
		return c.timestamp(), nil
	}
	c.micros = 0
	start := func(year, month int) (types.TimestampVal, error) {
		c.days = types.DaysOf(year, month, 1)
		return c.timestamp(), nil
	}
	switch f {
	case "week":
		c.days -= (c.dow() + 6) % 7
		return c.timestamp(), nil
	case "month":
		return start(c.year, c.month)
	case "quarter":
		return start(c.year, (c.month-1)/3*3+1)
	case "year":
		return start(c.year, 1)
	case "decade":
		if c.year > 0 {
			return start(c.year/10*10, 1)
		}
		return start(-((8-(c.year-1))/10)*10, 1)
	case "century":
		return start(eraStart(c.year, 100), 1)
	case "millennium":
		return start(eraStart(c.year, 1000), 1)
	}
	return 0, noUnit(name, types.TimestampType)
}

// noUnit is unsupported for DATE_TRUNC, which does not know the fields that are no units.
func noUnit(name string, t types.Type) error {
	switch fieldNames[strings.ToLower(name)] {
	case "dow", "isodow", "doy", "epoch", "julian":
		return sqlerr.New(sqlerr.InvalidParameter, "unit \"%s\" not recognized for type %s", strings.Clone(name), pgtext.TypeName(t))
	}
	return unsupported(name, t)
}

// eraStart is the first year of the century or millennium of a year.
func eraStart(year, size int) int {
	if year > 0 {
		return (year+size-1)/size*size - (size - 1)
	}
	return -((size - 1 - (year - 1)) / size * size) + 1
}

func truncInterval(name string, v types.IntervalVal) (types.IntervalVal, error) {
	f := fieldNames[strings.ToLower(name)]
	if size, ok := below[f]; ok {
		v.Micros -= v.Micros % size
		return v, nil
	}
	months := map[field]int32{"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200, "millennium": 12000}[f]
	if months == 0 {
		return v, noUnit(name, types.IntervalType)
	}
	return types.IntervalVal{Months: v.Months - v.Months%months}, nil
}
