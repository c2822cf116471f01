package session

import (
	"math"
	"strconv"
	"strings"
	"time"

	"tailrace/sql/sqlerr"
)

// durations are the settings that are lengths of time, in milliseconds where no unit stands.
var durations = map[string]bool{"statement_timeout": true, "lock_timeout": true, "idle_in_transaction_session_timeout": true}

// durationUnits are PostgreSQL's, largest first.
var durationUnits = []struct {
	name string
	size time.Duration
}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}}

// parseDuration reads a setting as PostgreSQL does: a number and a unit, rounded to
// milliseconds.
func parseDuration(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	number := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	unit := time.Millisecond
	if name := text[len(number):]; name != "" {
		unit = 0
		for _, u := range durationUnits {
			if u.name == name {
				unit = u.size
			}
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	ms := math.RoundToEven(n * float64(unit) / float64(time.Millisecond))
	if err != nil || unit == 0 || !(ms >= 0 && ms <= math.MaxInt32) {
		return 0, false
	}
	return time.Duration(ms) * time.Millisecond, true
}

// formatDuration writes a length of time in the largest unit that divides it.
func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	for _, u := range durationUnits {
		if d%u.size == 0 {
			return strconv.FormatInt(int64(d/u.size), 10) + u.name
		}
	}
	return d.String()
}

// duration is the form of a setting that is a length of time.
func duration(name, value string) (string, error) {
	d, ok := parseDuration(value)
	if !ok {
		return "", sqlerr.New(sqlerr.InvalidParameter, "invalid value for parameter %q: %q", name, value).
			Hint("Use milliseconds, or a number with one of the units us, ms, s, min, h and d, up to 2147483647 ms.")
	}
	return formatDuration(d), nil
}

// statementTimeout is how long a statement may run; 0: for ever.
func (s *Session) statementTimeout() time.Duration {
	v, _ := s.Setting("statement_timeout")
	d, _ := parseDuration(v)
	return d
}
