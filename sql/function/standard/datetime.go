package standard

import (
	"math"
	"strings"
	"time"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

func init() {
	both(times, "AGE", "From the second time to the first, in years, months, days and less; with one time from it to the midnight that today began with, in UTC.",
		function.F2("TIMESTAMP time", "TIMESTAMP from", "INTERVAL", age),
		function.Rows([]string{"TIMESTAMP from"}, "INTERVAL", func(ctx *function.Context, a []types.Value) (types.Value, error) {
			if a[0] == nil {
				return nil, nil
			}
			today, _ := types.TimestampVal(ctx.NowMillis()).Split()
			v, err := age(today.Timestamp(), a[0].(types.TimestampVal))
			return v, err
		}).Unstable())
	both(times, "MAKE_DATE", "The date of a year (negative: before Christ), month and day.",
		function.F3("INTEGER year", "INTEGER month", "INTEGER day", "DATE", func(y, m, d int32) (types.DateVal, error) { return makeDate(int(y), int(m), int(d)) }))
	both(times, "MAKE_TIME", "The time of an hour, minute and second.",
		function.F3("INTEGER hour", "INTEGER minute", "DOUBLE second", "TIME", makeTime))
	both(times, "MAKE_TIMESTAMP", "The timestamp of a year, month, day, hour, minute and second.",
		strict([]string{"INTEGER year", "INTEGER month", "INTEGER day", "INTEGER hour", "INTEGER minute", "DOUBLE second"}, "TIMESTAMP", func(_ *function.Context, a []types.Value) (types.Value, error) {
			day, err := makeDate(int(a[0].(int32)), int(a[1].(int32)), int(a[2].(int32)))
			if err != nil {
				return nil, err
			}
			at, err := makeTime(a[3].(int32), a[4].(int32), a[5].(float64))
			if err != nil {
				return nil, err
			}
			return day.Timestamp() + types.TimestampVal(at), nil
		}))
	intervalMakers()
	both(times, "DATE_BIN", "The time, moved back to the last that is a multiple of the stride away from the origin.",
		function.F3("INTERVAL stride", "TIMESTAMP time", "TIMESTAMP origin", "TIMESTAMP", dateBin))
	both(times, "ISFINITE", "Whether the time is finite: all are.",
		function.F1("TIMESTAMP time", "BOOLEAN", finite[types.TimestampVal]), function.F1("DATE time", "BOOLEAN", finite[types.DateVal]),
		function.F1("INTERVAL time", "BOOLEAN", finite[types.IntervalVal]))
	both(times, "TIMEZONE", "The moment at which clocks in the zone show the timestamp, in UTC: timestamp AT TIME ZONE zone.",
		function.F2("STRING zone", "TIMESTAMP timestamp", "TIMESTAMP", atTimeZone))
	for _, name := range []string{"CLOCK_TIMESTAMP", "STATEMENT_TIMESTAMP", "TRANSACTION_TIMESTAMP"} {
		both(times, name, "The timestamp of now.", function.F0("TIMESTAMP", func(ctx *function.Context) (types.TimestampVal, error) {
			return types.TimestampVal(ctx.NowMillis()), nil
		}).Unstable())
	}
}

func finite[T any](T) (bool, error) { return true, nil }

// age is timestamp_age: the difference field by field, with days borrowed from the month of the
// earlier time.
func age(a, b types.TimestampVal) (types.IntervalVal, error) {
	negative := a < b
	if negative {
		a, b = b, a
	}
	x, y := clockOf(a), clockOf(b)
	months := (x.year-y.year)*12 + x.month - y.month
	days, micros := x.day-y.day, x.micros-y.micros
	if micros < 0 {
		micros += types.MicrosPerDay
		days--
	}
	if days < 0 {
		of := y // the month that days are borrowed from: that of the earlier time
		days += types.DaysOf(of.year, of.month+1, 1) - types.DaysOf(of.year, of.month, 1)
		months--
	}
	v := types.IntervalVal{Months: int32(months), Days: int32(days), Micros: micros}
	if negative {
		v, _ = v.Neg()
	}
	return v, nil
}

func makeDate(y, m, d int) (types.DateVal, error) {
	year := y
	if y < 0 {
		year = y + 1
	}
	if y == 0 || y > 5874897 || y < -4713 || m < 1 || m > 12 || d < 1 || d > types.DaysOf(year, m+1, 1)-types.DaysOf(year, m, 1) {
		return 0, sqlerr.New(sqlerr.DatetimeOverflow, "date field value out of range: %d-%02d-%02d", y, m, d)
	}
	return types.DateVal(types.DaysOf(year, m, d)), nil
}

func makeTime(h, m int32, s float64) (types.TimeVal, error) {
	millis := math.Floor(s * 1000)
	if h < 0 || h > 24 || m < 0 || m > 59 || !(s >= 0 && s <= 60) || h == 24 && (m > 0 || s > 0) {
		return 0, sqlerr.New(sqlerr.DatetimeOverflow, "time field value out of range: %d:%02d:%02g", h, m, s)
	}
	return types.TimeVal(int64(h)*types.MillisPerHour + int64(m)*types.MillisPerMinute + int64(millis)), nil
}

func dateBin(stride types.IntervalVal, t, origin types.TimestampVal) (types.TimestampVal, error) {
	if stride.Months != 0 {
		return 0, sqlerr.New(sqlerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	size := int64(stride.Days)*types.MillisPerDay + stride.Micros/1000
	if size <= 0 {
		return 0, sqlerr.New(sqlerr.DatetimeOverflow, "stride must be greater than zero")
	}
	apart := int64(t - origin)
	rest := apart % size
	if rest < 0 {
		rest += size
	}
	return t - types.TimestampVal(rest), nil
}

func atTimeZone(zone string, t types.TimestampVal) (types.TimestampVal, error) {
	at, err := time.LoadLocation(zone)
	if err != nil || strings.EqualFold(zone, "local") || zone == "" {
		return 0, sqlerr.New(sqlerr.InvalidParameter, "time zone \"%s\" not recognized", strings.Clone(zone))
	}
	g := t.Go()
	local := time.Date(g.Year(), g.Month(), g.Day(), g.Hour(), g.Minute(), g.Second(), g.Nanosecond(), at)
	return types.TimestampVal(local.UnixMilli()), nil
}

func intervalMakers() {
	params := []string{"INTEGER years", "INTEGER months", "INTEGER weeks", "INTEGER days", "INTEGER hours", "INTEGER minutes", "DOUBLE seconds"}
	var overloads []function.Signature
	for n := range params {
		overloads = append(overloads, strict(params[:n+1], "INTERVAL", func(_ *function.Context, a []types.Value) (types.Value, error) {
			v, err := makeInterval(a)
			return v, err
		}))
	}
	both(times, "MAKE_INTERVAL", "The interval of so many years, months, weeks, days, hours, minutes and seconds; what is left out is 0.", overloads...)
	both(times, "JUSTIFY_HOURS", "The interval with 24 hours as a day.", function.F1("INTERVAL value", "INTERVAL", justifyHours))
	both(times, "JUSTIFY_DAYS", "The interval with 30 days as a month.", function.F1("INTERVAL value", "INTERVAL", justifyDays))
	both(times, "JUSTIFY_INTERVAL", "The interval with 24 hours as a day, 30 days as a month, and one sign.", function.F1("INTERVAL value", "INTERVAL", justifyInterval))
}

func makeInterval(a []types.Value) (types.IntervalVal, error) {
	var n [6]int64
	for i := range min(len(a), 6) {
		n[i] = int64(a[i].(int32))
	}
	months, days := n[0]*12+n[1], n[2]*7+n[3]
	micros := float64(n[4])*types.MicrosPerHour + float64(n[5])*types.MicrosPerMinute
	if len(a) == 7 {
		micros += math.RoundToEven(a[6].(float64) * types.MicrosPerSecond)
	}
	v := types.IntervalVal{Months: int32(months), Days: int32(days), Micros: int64(micros)}
	if int64(v.Months) != months || int64(v.Days) != days || !(math.Abs(micros) < math.MaxInt64) {
		return v, errIntervalRange
	}
	return v, nil
}

func justifyHours(v types.IntervalVal) (types.IntervalVal, error) {
	days := int64(v.Days) + v.Micros/types.MicrosPerDay
	v.Micros %= types.MicrosPerDay
	if days > 0 && v.Micros < 0 {
		v.Micros += types.MicrosPerDay
		days--
	} else if days < 0 && v.Micros > 0 {
		v.Micros -= types.MicrosPerDay
		days++
	}
	return fitInterval(int64(v.Months), days, v.Micros)
}

func justifyDays(v types.IntervalVal) (types.IntervalVal, error) {
	months, days := int64(v.Months)+int64(v.Days/types.DaysPerMonth), int64(v.Days%types.DaysPerMonth)
	if months > 0 && days < 0 {
		days += types.DaysPerMonth
		months--
	} else if months < 0 && days > 0 {
		days -= types.DaysPerMonth
		months++
	}
	return fitInterval(months, days, v.Micros)
}

func fitInterval(months, days, micros int64) (types.IntervalVal, error) {
	v := types.IntervalVal{Months: int32(months), Days: int32(days), Micros: micros}
	if int64(v.Months) != months || int64(v.Days) != days {
		return v, errIntervalRange
	}
	return v, nil
}

func justifyInterval(v types.IntervalVal) (types.IntervalVal, error) {
	days := int64(v.Days) + v.Micros/types.MicrosPerDay
	micros := v.Micros % types.MicrosPerDay
	months := int64(v.Months) + days/types.DaysPerMonth
	days %= types.DaysPerMonth
	if months > 0 && (days < 0 || days == 0 && micros < 0) {
		days += types.DaysPerMonth
		months--
	} else if months < 0 && (days > 0 || days == 0 && micros > 0) {
		days -= types.DaysPerMonth
		months++
	}
	if days > 0 && micros < 0 {
		micros += types.MicrosPerDay
		days--
	} else if days < 0 && micros > 0 {
		micros -= types.MicrosPerDay
		days++
	}
	return fitInterval(months, days, micros)
}
