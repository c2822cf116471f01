package datetime

import (
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones, on machines that have no database of them

	"tailrace/sql/sqlerr"
)

// GMT is UTC by the name that ksqlDB has for it, where no zone is given.
var GMT = time.FixedZone("GMT", 0)

// zones caches locations by name: loading one parses a file.
var zones sync.Map // string -> *time.Location

// Zone finds a zone by its region ("Europe/Oslo"), as an offset ("+02:00", "UTC-3", "Z")
// or by one of the usual abbreviations ("PST").
func Zone(name string) (*time.Location, error) {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location), nil
	}
	name = strings.Clone(name)
	z, ok := findZone(name)
	if !ok {
		return nil, sqlerr.New(sqlerr.InvalidParameter, "Unknown time-zone ID: %s", name)
	}
	if len(name) < 64 {
		zones.Store(name, z)
	}
	return z, nil
}

// abbreviations are the regions behind short names, as Java has them.
var abbreviations = map[string]string{
	"EST": "America/New_York", "EDT": "America/New_York", "CST": "America/Chicago", "CDT": "America/Chicago",
	"MST": "America/Denver", "MDT": "America/Denver", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
	"AKST": "America/Anchorage", "AKDT": "America/Anchorage", "HST": "Pacific/Honolulu", "AST": "America/Halifax",
	"WET": "Europe/Lisbon", "WEST": "Europe/Lisbon", "BST": "Europe/London", "CET": "Europe/Paris", "CEST": "Europe/Paris",
	"EET": "Europe/Bucharest", "EEST": "Europe/Bucharest", "MSK": "Europe/Moscow", "IST": "Asia/Kolkata",
	"SGT": "Asia/Singapore", "HKT": "Asia/Hong_Kong", "JST": "Asia/Tokyo", "KST": "Asia/Seoul",
	"AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "ACST": "Australia/Darwin", "AWST": "Australia/Perth",
	"NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland",
}

func findZone(name string) (*time.Location, bool) {
	offset := name
	for _, prefix := range []string{"UTC", "GMT", "UT"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			switch {
			case rest == "" && prefix == "GMT":
				return GMT, true
			case rest == "":
				return time.UTC, true
			}
			offset = rest
			break
		}
	}
	if name == "Z" {
		return time.UTC, true
	}
	if offset != "" && (offset[0] == '+' || offset[0] == '-') {
		if seconds, rest, ok := parseOffset(offset); ok && rest == "" {
			return time.FixedZone(offsetName(seconds), seconds), true
		}
		return nil, false
	}
	if name == "" || name == "Local" {
		return nil, false
	}
	if z, err := time.LoadLocation(name); err == nil && strings.ContainsRune(name, '/') {
		return z, true
	}
	if region, ok := abbreviations[name]; ok {
		name = region
	}
	z, err := time.LoadLocation(name)
	return z, err == nil
}

// maxOffset is 18 hours, Java's bound.
const maxOffset = 18 * 3600

// parseOffset reads +H, +HH, +HHMM, +HH:MM, +HHMMSS or +HH:MM:SS from the front.
func parseOffset(s string) (seconds int, rest string, ok bool) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, s, false
	}
	negative := s[0] == '-'
	rest = s[1:]
	var parts [3]int
	n := 0
	colon := false
	for n < 3 {
		part := rest
		if n > 0 && (n == 1 || colon) {
			if trimmed, has := strings.CutPrefix(part, ":"); has {
				part, colon = trimmed, true
			} else if colon {
				break
			}
		}
		width := 2
		if n == 0 && (len(part) < 2 || !isDigit(part[1])) {
			width = 1
		}
		if len(part) < width || !isDigit(part[0]) || !isDigit(part[width-1]) {
			break
		}
		for _, c := range []byte(part[:width]) {
			parts[n] = parts[n]*10 + int(c-'0')
		}
		rest = part[width:]
		n++
	}
	seconds = parts[0]*3600 + parts[1]*60 + parts[2]
	if n == 0 || parts[1] > 59 || parts[2] > 59 || seconds > maxOffset {
		return 0, s, false
	}
	if negative {
		seconds = -seconds
	}
	return seconds, rest, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// offsetName is an offset as Java's ids have it: Z, +02:00, -03:30:15.
func offsetName(seconds int) string {
	if seconds == 0 {
		return "Z"
	}
	return string(appendOffset(nil, seconds, ':', true, true))
}

// appendOffset writes +HH, +HHMM or +HH:MM, and seconds where asked for and not zero.
func appendOffset(dst []byte, seconds int, separator byte, minutes, withSeconds bool) []byte {
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	dst = appendNumber(append(dst, sign), int64(seconds/3600), 2)
	put := func(n int) {
		if separator != 0 {
			dst = append(dst, separator)
		}
		dst = appendNumber(dst, int64(n), 2)
	}
	if minutes || seconds/60%60 != 0 {
		put(seconds / 60 % 60)
	}
	if withSeconds && seconds%60 != 0 {
		put(seconds % 60)
	}
	return dst
}

// Instant is the time in milliseconds since the epoch at which clocks of a zone show the
// local time, given the same way. Where clocks are set back the earlier time counts;
// where they are set forward, a time that is skipped moves on by the gap: Java's rules.
func Instant(local int64, z *time.Location) int64 {
	before, after := Offset(local-24*3600*1000, z), Offset(local+24*3600*1000, z)
	early := local - int64(before)*1000
	if before == after || Offset(early, z) == before {
		return early
	}
	if late := local - int64(after)*1000; Offset(late, z) == after {
		return late
	}
	return early
}

// Offset is the zone's distance from UTC in seconds at a time in milliseconds.
func Offset(millis int64, z *time.Location) int {
	_, seconds := time.UnixMilli(millis).In(z).Zone()
	return seconds
}
