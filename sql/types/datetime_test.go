package types

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCalendarAgreesWithGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.IntRange(-5_000_000, 5_000_000).Draw(t, "days")
		y, m, d := CivilOf(days)
		gy, gm, gd := time.Unix(int64(days)*86400, 0).UTC().Date()
		if y != gy || m != int(gm) || d != gd {
			t.Fatalf("day %d\n got %d-%d-%d\nwant %d-%d-%d", days, y, m, d, gy, gm, gd)
		}
		if back := DaysOf(y, m, d); back != days {
			t.Fatalf("day %d comes back as %d", days, back)
		}
	})
}

func TestParseTimestampCompletesOnTheRight(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"2020", "2020-01-01T00:00:00.000"},
		{"2020-05", "2020-05-01T00:00:00.000"},
		{"2020-05-26", "2020-05-26T00:00:00.000"},
		{"2020-05-26T23", "2020-05-26T23:00:00.000"},
		{"2020-05-26T24", "2020-05-27T00:00:00.000"},
		{"2020-12-31T24:00:00.0+0100", "2020-12-31T23:00:00.000"},
		{"2020-05-26T23:59", "2020-05-26T23:59:00.000"},
		{"2020-05-26T23:59:58", "2020-05-26T23:59:58.000"},
		{"2020-05-26T23:59:58.123", "2020-05-26T23:59:58.123"},
		{"2020-05-26T23:59:58.1", "2020-05-26T23:59:58.100"},
		{"2020-05-26 23:59:58", "2020-05-26T23:59:58.000"},
		{"2020-05-26T23:59:58.123Z", "2020-05-26T23:59:58.123"},
		{"2020-05-26T23:59:58.123+0200", "2020-05-26T21:59:58.123"},
		{"2020-05-26T23:59:58-01:30", "2020-05-27T01:29:58.000"},
		{"1969-12-31T23:59:59.999", "1969-12-31T23:59:59.999"},
	} {
		got, err := ParseTimestamp(tc.in)
		if err != nil || got.String() != tc.want {
			t.Errorf("ParseTimestamp(%q) = %v, %v; want %s", tc.in, got, err, tc.want)
		}
	}
	for _, in := range []string{"", "hello", "2020-13-01", "2020-02-30", "2020-05-26T25", "2020-05-26T23:59:58+9900", "2020-1-1", "20-01-01T"} {
		if got, err := ParseTimestamp(in); err == nil {
			t.Errorf("ParseTimestamp(%q) = %v, want an error", in, got)
		}
	}
}

func TestTimeTextIsAsShortAsItCanBe(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"10", "10:00"}, {"10:15", "10:15"}, {"10:15:30", "10:15:30"}, {"10:15:30.120", "10:15:30.120"}, {"00:00:00.001", "00:00:00.001"},
	} {
		got, err := ParseTime(tc.in)
		if err != nil || got.String() != tc.want {
			t.Errorf("ParseTime(%q) = %v, %v; want %s", tc.in, got, err, tc.want)
		}
	}
}

func FuzzParseTimestamp(f *testing.F) {
	for _, s := range []string{"2020", "2020-05-26T23:59:58.123+0200", "-0044-03-15", "+12020-01-01T10Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ts, err := ParseTimestamp(s)
		if err != nil {
			return
		}
		again, err := ParseTimestamp(ts.String())
		if err != nil || again != ts {
			t.Errorf("ParseTimestamp(%q) = %v; its text reads back as %v, %v", s, ts, again, err)
		}
	})
}
