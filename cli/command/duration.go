package command

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Duration is a flag that takes a length of time: 1.5s, 2h30m, 7d, 2w, as ISO 8601 has it
// (P1DT2H), or a bare number of milliseconds, which is what Kafka's options take.
type Duration time.Duration

// String implements pflag.Value.
func (d *Duration) String() string { return time.Duration(*d).String() }

// Type is the word for the value in the help.
func (d *Duration) Type() string { return "duration" }

// Set takes a value.
func (d *Duration) Set(text string) error {
	v, err := ParseDuration(text)
	if err == nil && v < 0 {
		err = errors.New("it must not be negative")
	}
	*d = Duration(v)
	return err
}

var (
	errDuration = errors.New("it must be a duration such as 500ms, 2h30m, 7d or P1DT2H, or a number of milliseconds")
	isoDuration = regexp.MustCompile(`^([-+]?)P(?:([-+]?\d+)W)?(?:([-+]?\d+)D)?(?:T(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?\d+(?:\.\d+)?)S)?)?$`)
	longUnits   = regexp.MustCompile(`(\d+(?:\.\d+)?)([dw])`)
)

// ParseDuration reads a duration as Duration takes it; it may be negative.
func ParseDuration(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n > math.MaxInt64/int64(time.Millisecond) || n < math.MinInt64/int64(time.Millisecond) {
			return 0, errors.New("it is too long: at most 292 years")
		}
		return time.Duration(n) * time.Millisecond, nil
	}
	if m := isoDuration.FindStringSubmatch(strings.ToUpper(text)); m != nil && len(text) > len(m[1])+1 && !strings.HasSuffix(strings.ToUpper(text), "T") {
		var sum float64
		for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
			if m[i+2] != "" {
				n, _ := strconv.ParseFloat(m[i+2], 64)
				sum += n * float64(unit)
			}
		}
		if m[1] == "-" {
			sum = -sum
		}
		if math.Abs(sum) >= math.MaxInt64 {
			return 0, errors.New("it is too long: at most 292 years")
		}
		return time.Duration(sum), nil
	}
	hours := longUnits.ReplaceAllStringFunc(text, func(s string) string {
		n, _ := strconv.ParseFloat(s[:len(s)-1], 64)
		perUnit := 24.0
		if s[len(s)-1] == 'w' {
			perUnit = 7 * 24
		}
		return fmt.Sprintf("%gh", n*perUnit)
	})
	d, err := time.ParseDuration(hours)
	if err != nil {
		return 0, errDuration
	}
	return d, nil
}
