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
