package command

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"500": 500 * time.Millisecond, "1.5s": 1500 * time.Millisecond, "2h30m": 150 * time.Minute, "7d": 7 * day,
		"1w2d": 9 * day, "-1h": -time.Hour, "P1D": day, "P1DT2H": 26 * time.Hour, "PT0.5S": 500 * time.Millisecond,
		"-PT1M": -time.Minute, "pt1m": time.Minute, "P2W": 14 * day, "0": 0, "1.5d": 36 * time.Hour,
	} {
		if got, err := ParseDuration(text); got != want || err != nil {
			t.Errorf("%s is %s (%v), want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "P", "PT", "P1DT", "1x", "h", "1 h", "99999999999999999", "P999999999999D", "--1h"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is %s, want an error", text, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-01-30T10:00:00Z": "2026-01-30T10:00:00Z", "2026-01-30T10:00:00.123": "2026-01-30T10:00:00.123Z", "2026-01-30": "2026-01-30T00:00:00Z",
		"2026-01-30 10:00": "2026-01-30T10:00:00Z", "2026-01-30T10:00:00+0200": "2026-01-30T08:00:00Z", "2026-01-30T10:00:00.5+02:00": "2026-01-30T08:00:00.5Z",
		"1000": "1970-01-01T00:00:01Z", "now": "2026-01-31T12:00:00Z", "-1h": "2026-01-31T11:00:00Z", "+1d": "2026-02-01T12:00:00Z", "-PT1M": "2026-01-31T11:59:00Z",
	} {
		if got, err := ParseTime(text, now); err != nil || got.UTC().Format(time.RFC3339Nano) != want {
			t.Errorf("%s is %s (%v), want %s", text, got.UTC().Format(time.RFC3339Nano), err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "1h", "2026-13-01", "-x", "10:00"} {
		if got, err := ParseTime(text, now); err == nil {
			t.Errorf("%q is %s, want an error", text, got)
		}
	}
}
