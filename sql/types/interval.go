package types

import (
	"math"
	"math/bits"
	"strconv"
)

// IntervalVal is an INTERVAL: months, days and microseconds, which stay apart, as a day is not
// always 24 hours and a month not always 30 days.
type IntervalVal struct {
	Months, Days int32
	Micros       int64
}

// Microseconds in the units of an interval. For comparisons a month has 30 days.
const (
	MicrosPerSecond = 1_000_000
	MicrosPerMinute = 60 * MicrosPerSecond
	MicrosPerHour   = 60 * MicrosPerMinute
	MicrosPerDay    = 24 * MicrosPerHour
	DaysPerMonth    = 30
)

// Total is the interval in microseconds, with months of 30 days and days of 24 hours: intervals
// of one total are equal.
func (v IntervalVal) Total() Int128 {
	days := int64(v.Months)*DaysPerMonth + int64(v.Days)
	abs, negative := uint64(days), days < 0
	if negative {
		abs = uint64(-days)
	}
	hi, lo := bits.Mul64(abs, MicrosPerDay)
	total := Int128{Hi: int64(hi), Lo: lo}
	if negative {
		total = total.Neg()
	}
	total, _ = total.Add(Int128Of(v.Micros))
	return total
}

// Cmp compares totals.
func (v IntervalVal) Cmp(o IntervalVal) int { return v.Total().Cmp(o.Total()) }

// IntervalOfTotal is an interval with the total, in months of 30 days, days and less: it equals
// whatever had it.
func IntervalOfTotal(total Int128) IntervalVal {
	days, rest, _ := total.QuoRem(Int128Of(MicrosPerDay))
	micros, _ := rest.Int64()
	d, _ := days.Int64()
	months := min(max(d/DaysPerMonth, -math.MaxInt32), math.MaxInt32)
	d -= months * DaysPerMonth
	whole := min(max(d, -math.MaxInt32), math.MaxInt32)
	return IntervalVal{Months: int32(months), Days: int32(whole), Micros: micros + (d-whole)*MicrosPerDay}
}

// Neg is the interval backwards; ok is false where that is out of range.
func (v IntervalVal) Neg() (IntervalVal, bool) {
	out := IntervalVal{-v.Months, -v.Days, -v.Micros}
	return out, !(v.Months == out.Months && v.Months != 0 || v.Days == out.Days && v.Days != 0 || v.Micros == out.Micros && v.Micros != 0)
}

// Add is the sum of the parts; ok is false where one is out of range.
func (v IntervalVal) Add(o IntervalVal) (IntervalVal, bool) {
	months, days, micros := int64(v.Months)+int64(o.Months), int64(v.Days)+int64(o.Days), v.Micros+o.Micros
	out := IntervalVal{int32(months), int32(days), micros}
	return out, int64(out.Months) == months && int64(out.Days) == days && (v.Micros^micros)&(o.Micros^micros) >= 0
}

// Append writes the interval as PostgreSQL does: 1 year 2 mons -3 days +04:05:06.5.
func (v IntervalVal) Append(dst []byte) []byte {
	start, before := len(dst), false // the part before was negative
	part := func(n int64, unit string) {
		if n == 0 {
			return
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		if before && n > 0 {
			dst = append(dst, '+')
		}
		dst = append(append(strconv.AppendInt(dst, n, 10), ' '), unit...)
		if n != 1 {
			dst = append(dst, 's')
		}
		before = n < 0
	}
	part(int64(v.Months)/12, "year")
	part(int64(v.Months)%12, "mon")
	part(int64(v.Days), "day")
	if v.Micros == 0 && len(dst) > start {
		return dst
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	micros := uint64(v.Micros)
	switch {
	case v.Micros < 0:
		dst, micros = append(dst, '-'), -micros
	case before:
		dst = append(dst, '+')
	}
	dst = appendPadded(dst, int(micros/MicrosPerHour), 2)
	dst = appendPadded(append(dst, ':'), int(micros/MicrosPerMinute%60), 2)
	dst = appendPadded(append(dst, ':'), int(micros/MicrosPerSecond%60), 2)
	if frac := micros % MicrosPerSecond; frac != 0 {
		dst = appendPadded(append(dst, '.'), int(frac), 6)
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

// String is the text that Append writes.
func (v IntervalVal) String() string { return string(v.Append(nil)) }

// AddTo moves a timestamp by the interval: months first, to the end of a month that is too short,
// then days, then the time. Microseconds below a millisecond are cut off towards the past.
func (v IntervalVal) AddTo(t TimestampVal) TimestampVal {
	if v.Months != 0 {
		day, clock := t.Split()
		y, m, d := CivilOf(int(day))
		month := m - 1 + int(v.Months)
		y, month = y+floorDiv(month, 12), month-floorDiv(month, 12)*12+1
		t = DateVal(DaysOf(y, month, min(d, daysIn(y, month)))).Timestamp() + TimestampVal(clock)
	}
	return t + TimestampVal(int64(v.Days)*MillisPerDay) + TimestampVal(floorDiv(int(v.Micros), 1000))
}

// Scale is the interval times a factor, or divided by it: what is left of months becomes days,
// what is left of days time (PostgreSQL's interval_mul). ok is false where it is out of range.
func (v IntervalVal) Scale(factor float64, divide bool) (out IntervalVal, ok bool) {
	by := func(n float64) float64 {
		if divide {
			return n / factor
		}
		return n * factor
	}
	micros := func(x float64) float64 { return math.RoundToEven(x*MicrosPerSecond) / MicrosPerSecond }
	months, days := by(float64(v.Months)), by(float64(v.Days))
	wholeMonths, wholeDays := math.Trunc(months), math.Trunc(days)
	spareDays := micros((months - wholeMonths) * DaysPerMonth)
	const secondsPerDay = 86400
	spareSeconds := micros((days - wholeDays + spareDays - math.Trunc(spareDays)) * secondsPerDay)
	if math.Abs(spareSeconds) >= secondsPerDay {
		n := math.Trunc(spareSeconds / secondsPerDay)
		wholeDays += n
		spareSeconds -= n * secondsPerDay
	}
	wholeDays += math.Trunc(spareDays)
	clock := math.RoundToEven(by(float64(v.Micros)) + spareSeconds*MicrosPerSecond)
	ok = math.Abs(wholeMonths) <= math.MaxInt32 && math.Abs(wholeDays) <= math.MaxInt32 && math.Abs(clock) < math.MaxInt64
	return IntervalVal{int32(wholeMonths), int32(wholeDays), int64(clock)}, ok
}
