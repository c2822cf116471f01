package command

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// zoneless and zoned are the forms of points in time, with fractions of seconds too.
var (
	zoned    = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04Z07:00"}
	zoneless = []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}
)

// ParseTime reads a point in time: ISO 8601, in UTC when it names no zone, a number of
// milliseconds since 1970, now, or a duration from now: -1h is an hour ago.
func ParseTime(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "now" {
		return now, nil
	}
	for _, layout := range zoned {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	for _, layout := range zoneless {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return t, nil
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
		return time.UnixMilli(n), nil
	}
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		if d, err := ParseDuration(strings.TrimPrefix(text, "+")); err == nil {
			return now.Add(d), nil
		}
	}
	return time.Time{}, errors.New("it must be a time such as 2026-01-31T12:00:00Z or 2026-01-31, milliseconds since 1970, or a duration from now such as -1h")
}
