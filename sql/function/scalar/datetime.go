package scalar

import (
	"strings"
	"time"

	"tailrace/sql/function"
	"tailrace/sql/function/scalar/datetime"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

const (
	dateCategory = "DATE / TIME"
	millisPerDay = 24 * 60 * 60 * 1000
)

func registerDate(name, doc string, overloads ...function.Signature) {
	function.RegisterScalar(function.Scalar{Name: name, Category: dateCategory, Doc: doc, Overloads: overloads})
}

// patterned lifts f with the date pattern in argument 1 compiled, once for all rows with
// the same pattern, and the zone in argument 2, by default UTC.
func patterned[A, R any](params []string, result string, f func(p *datetime.Pattern, a A, z *time.Location) (R, error)) function.Signature {
	compile := func([]types.Type, types.Type) (function.Kernel, error) {
		var patterns memo[*datetime.Pattern]
		var zones memo[*time.Location]
		run := func(a A, pattern, zone string) (r R, err error) {
			p, err := patterns.get(pattern, datetime.Compile)
			if err != nil {
				return r, err
			}
			z := datetime.GMT
			if zone != "" {
				if z, err = zones.get(zone, datetime.Zone); err != nil {
					return r, err
				}
			}
			return f(p, a, z)
		}
		if len(params) == 3 {
			return function.F3(params[0], params[1], params[2], result, run).Compile(nil, types.NullType)
		}
		return function.Lift2(func(a A, pattern string) (R, error) { return run(a, pattern, "") }), nil
	}
	return function.Signature{Params: params, Result: result, NullIn: true, Compile: compile}
}

// zoned makes the overloads without and with a zone.
func zoned[A, R any](params []string, result string, f func(p *datetime.Pattern, a A, z *time.Location) (R, error)) []function.Signature {
	return []function.Signature{patterned(params, result, f), patterned(append(params[:2:2], "STRING timeZone"), result, f)}
}

func init() {
	const patterns = " The pattern is one of Java's DateTimeFormatter."
	formatTimestamp := func(p *datetime.Pattern, t types.TimestampVal, z *time.Location) ([]byte, error) {
		return p.AppendTimestamp(nil, t, z)
	}
	parseTimestamp := func(p *datetime.Pattern, s string, z *time.Location) (types.TimestampVal, error) {
		return p.ParseTimestamp(s, z)
	}
	registerDate("FORMAT_DATE", "The date as text."+patterns,
		patterned([]string{"DATE date", "STRING formatPattern"}, "STRING", func(p *datetime.Pattern, d types.DateVal, _ *time.Location) ([]byte, error) {
			return p.AppendDate(nil, d)
		}))
	registerDate("FORMAT_TIME", "The time as text."+patterns,
		patterned([]string{"TIME time", "STRING formatPattern"}, "STRING", func(p *datetime.Pattern, t types.TimeVal, _ *time.Location) ([]byte, error) {
			return p.AppendTime(nil, t)
		}))
	registerDate("FORMAT_TIMESTAMP", "The timestamp as text, as clocks in the zone (by default UTC) show it."+patterns,
		zoned([]string{"TIMESTAMP timestamp", "STRING formatPattern"}, "STRING", formatTimestamp)...)
	registerDate("PARSE_DATE", "The date that a text begins with; what it does not say is that of 1970-01-01. Months and days outside of their ranges are carried over."+patterns,
		patterned([]string{"STRING formattedDate", "STRING formatPattern"}, "DATE", func(p *datetime.Pattern, s string, _ *time.Location) (types.DateVal, error) {
			return p.ParseSimpleDate(s)
		}))
	registerDate("PARSE_TIME", "The time that a text says; what it does not say is zero."+patterns,
		patterned([]string{"STRING formattedTime", "STRING formatPattern"}, "TIME", func(p *datetime.Pattern, s string, _ *time.Location) (types.TimeVal, error) {
			return p.ParseTime(s)
		}))
	registerDate("PARSE_TIMESTAMP", "The timestamp that a text says; a text without zone is of the zone given (by default UTC)."+patterns,
		zoned([]string{"STRING formattedTimestamp", "STRING formatPattern"}, "TIMESTAMP", parseTimestamp)...)

	registerDate("DATETOSTRING", "FORMAT_DATE for days since 1970-01-01.",
		patterned([]string{"INTEGER epochDays", "STRING formatPattern"}, "STRING", func(p *datetime.Pattern, d int32, _ *time.Location) ([]byte, error) {
			return p.AppendDate(nil, types.DateVal(d))
		}))
	registerDate("STRINGTODATE", "The day of a text, which says all of it and maybe a time, as days since 1970-01-01.",
		patterned([]string{"STRING formattedDate", "STRING formatPattern"}, "INTEGER", func(p *datetime.Pattern, s string, _ *time.Location) (int32, error) {
			d, err := p.ParseDate(s)
			return int32(d), err
		}))
	registerDate("TIMESTAMPTOSTRING", "FORMAT_TIMESTAMP for milliseconds since 1970-01-01 UTC.",
		zoned([]string{"BIGINT epochMilli", "STRING formatPattern"}, "STRING", func(p *datetime.Pattern, t int64, z *time.Location) ([]byte, error) {
			return formatTimestamp(p, types.TimestampVal(t), z)
		})...)
	registerDate("STRINGTOTIMESTAMP", "PARSE_TIMESTAMP into milliseconds since 1970-01-01 UTC.",
		zoned([]string{"STRING formattedTimestamp", "STRING formatPattern"}, "BIGINT", func(p *datetime.Pattern, s string, z *time.Location) (int64, error) {
			t, err := parseTimestamp(p, s, z)
			return int64(t), err
		})...)
	registerCalendar()
	registerShifts()
}

func registerCalendar() {
	registerDate("FROM_DAYS", "The date so many days after 1970-01-01.",
		function.F1("INTEGER days", "DATE", func(d int32) (types.DateVal, error) { return types.DateVal(d), nil }))
	registerDate("FROM_UNIXTIME", "The timestamp so many milliseconds after 1970-01-01 UTC.",
		function.F1("BIGINT epochMilli", "TIMESTAMP", func(t int64) (types.TimestampVal, error) { return types.TimestampVal(t), nil }))
	registerDate("UNIX_DATE", "Days since 1970-01-01 of a date, or of today in UTC.",
		function.F0("INTEGER", func(ctx *function.Context) (int32, error) {
			day, _ := types.TimestampVal(ctx.NowMillis()).Split()
			return int32(day), nil
		}).Unstable(),
		function.F1("DATE date", "INTEGER", func(d types.DateVal) (int32, error) { return int32(d), nil }))
	registerDate("UNIX_TIMESTAMP", "Milliseconds since 1970-01-01 UTC of a timestamp, or of now.",
		function.F0("BIGINT", func(ctx *function.Context) (int64, error) { return ctx.NowMillis(), nil }).Unstable(),
		function.F1("TIMESTAMP timestamp", "BIGINT", func(t types.TimestampVal) (int64, error) { return int64(t), nil }))
	registerDate("NOW", "The time, as a timestamp.",
		function.F0("TIMESTAMP", func(ctx *function.Context) (types.TimestampVal, error) {
			return types.TimestampVal(ctx.NowMillis()), nil
		}).Unstable())
	registerDate("CURRENT_DATE", "The day, in UTC.",
		function.F0("DATE", func(ctx *function.Context) (types.DateVal, error) {
			return types.DateVal(ctx.NowMillis() / millisPerDay), nil
		}).Unstable())
	registerDate("CURRENT_TIME", "The time of day, in UTC.",
		function.F0("TIME", func(ctx *function.Context) (types.TimeVal, error) {
			return types.TimeVal(ctx.NowMillis() % millisPerDay), nil
		}).Unstable())
	registerDate("CONVERT_TZ", "The timestamp moved by the distance between two zones, as it is at the timestamp in UTC.",
		function.F3("TIMESTAMP timestamp", "STRING fromTz", "STRING toTz", "TIMESTAMP", func(t types.TimestampVal, from, to string) (types.TimestampVal, error) {
			f, err := datetime.Zone(from)
			if err != nil {
				return 0, err
			}
			z, err := datetime.Zone(to)
			if err != nil {
				return 0, err
			}
			shift := datetime.Offset(int64(t), z) - datetime.Offset(int64(t), f)
			return t + types.TimestampVal(shift)*1000, nil
		}))
}

// unitMillis and unitMonths are the units of bare time arguments, without their plural S.
var (
	unitMillis = map[string]int64{"MILLISECOND": 1, "SECOND": types.MillisPerSecond, "MINUTE": types.MillisPerMinute,
		"HOUR": types.MillisPerHour, "DAY": types.MillisPerDay, "WEEK": 7 * types.MillisPerDay}
	unitMonths = map[string]int64{"MONTH": 1, "YEAR": 12}
)

// interval is n units, in months of the calendar or in milliseconds.
func interval(unit string, n int64) (months, millis int64, err error) {
	unit = strings.TrimSuffix(strings.ToUpper(unit), "S")
	months, millis = unitMonths[unit]*n, unitMillis[unit]*n // of at most 2^31 weeks: no overflow
	if n != 0 && months == 0 && millis == 0 {
		return 0, 0, sqlerr.New(sqlerr.InvalidParameter, "unknown time unit %s", strings.Clone(unit))
	}
	return months, millis, nil
}

// maxShiftedDays bounds where adding months leads, so that milliseconds are exact there.
const maxShiftedDays = 2_000_000_000

// shift moves a timestamp. A day that the month reached does not have becomes its last.
func shift(t types.TimestampVal, unit string, n int64) (types.TimestampVal, error) {
	months, millis, err := interval(unit, n)
	if months != 0 {
		date, tod := t.Split()
		year, month, day := types.CivilOf(int(date))
		month += int(months)
		first := types.DaysOf(year, month, 1)
		if first < -maxShiftedDays || first > maxShiftedDays {
			return 0, sqlerr.New(sqlerr.DatetimeOverflow, "date out of range")
		}
		day = min(day, types.DaysOf(year, month+1, 1)-first)
		t = types.TimestampVal(int64(first+day-1)*types.MillisPerDay) + types.TimestampVal(tod)
	}
	return t + types.TimestampVal(millis), err
}

func registerShifts() {
	for _, dir := range []struct {
		suffix, verb string
		sign         int64
	}{{"ADD", "later", 1}, {"SUB", "earlier", -1}} {
		const calendar = " Months and years are those of the calendar."
		registerDate("TIMESTAMP"+dir.suffix, "The timestamp so many units "+dir.verb+"."+calendar,
			function.F3("UNIT unit", "INTEGER interval", "TIMESTAMP timestamp", "TIMESTAMP", func(u string, n int32, t types.TimestampVal) (types.TimestampVal, error) {
				return shift(t, u, dir.sign*int64(n))
			}))
		registerDate("TIME"+dir.suffix, "The time so many units "+dir.verb+", around midnight.",
			function.F3("UNIT unit", "INTEGER interval", "TIME time", "TIME", func(u string, n int32, t types.TimeVal) (types.TimeVal, error) {
				_, by, err := interval(u, dir.sign*int64(n))
				_, tod := types.TimestampVal(int64(t) + by%types.MillisPerDay).Split()
				return tod, err
			}))
		registerDate("DATE"+dir.suffix, "The date so many units "+dir.verb+"; parts of days are dropped."+calendar,
			function.F3("UNIT unit", "INTEGER interval", "DATE date", "DATE", func(u string, n int32, d types.DateVal) (types.DateVal, error) {
				t, err := shift(types.TimestampVal(int64(d)*types.MillisPerDay), u, dir.sign*int64(n))
				days := int64(t) / types.MillisPerDay
				if err == nil && days != int64(int32(days)) {
					err = sqlerr.New(sqlerr.DatetimeOverflow, "date out of range")
				}
				return types.DateVal(days), err
			}))
	}
}
