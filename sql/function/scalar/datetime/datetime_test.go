package datetime_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"tailrace/sql/function/scalar/datetime"
	"tailrace/sql/types"
)

func timestamp(t *testing.T, text string) types.TimestampVal {
	t.Helper()
	ts, err := types.ParseTimestamp(text)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func TestTimestamps(t *testing.T) {
	for _, tc := range []struct {
		pattern, zone, text, instant string // instant: ISO, UTC; "!" and part of the error
		oneWay                       bool   // parsing text gives instant, formatting gives another text
	}{
		{"yyyy-MM-dd'T'HH:mm:ss", "UTC", "2018-05-11T21:58:33", "2018-05-11T21:58:33", false},
		{"yyyy-MM-dd'T'HH:mm:ssX", "Europe/Oslo", "2018-05-11T21:58:33Z", "2018-05-11T21:58:33", true},
		{"yyyy-MM-dd HH:mm:ss Z", "UTC", "1970-01-01 00:00:10 +0000", "1970-01-01T00:00:10", false},
		{"yyyy-MM-dd HH:mm:ss.SSS", "America/Los_Angeles", "2020-07-01 05:00:00.125", "2020-07-01T12:00:00.125", false},
		{"yyyyMMddHHmmssSSS", "UTC", "20200701050000125", "2020-07-01T05:00:00.125", false},
		{"yyMMdd", "UTC", "200701", "2020-07-01T00:00:00", false},
		{"d/M/y h:m a", "UTC", "1/7/2020 12:5 AM", "2020-07-01T00:05:00", false},
		{"d/M/y h:m a", "UTC", "1/7/2020 1:05 pm", "2020-07-01T13:05:00", true},
		{"EEEE, d MMMM yyyy", "UTC", "Wednesday, 1 July 2020", "2020-07-01T00:00:00", false},
		{"EEE d MMM uuuu", "UTC", "Thu 1 Jul 2020", "!the day is a Wednesday, not a Thursday", true},
		{"yyyy-DDD", "UTC", "2020-183", "2020-07-01T00:00:00", false},
		{"yyyy-MM-dd HH:mm VV", "UTC", "2020-07-01 14:00 Europe/Oslo", "2020-07-01T12:00:00", true},
		{"yyyy-MM-dd HH:mm z", "America/New_York", "2020-07-01 08:00 EDT", "2020-07-01T12:00:00", false},
		{"yyyy-MM-dd HH:mmxxx", "Asia/Kolkata", "2020-07-01 17:30+05:30", "2020-07-01T12:00:00", false},
		{"yyyy-MM-dd HH:mmx", "+02", "2020-07-01 14:00+02", "2020-07-01T12:00:00", false},
		{"yyyy-MM-dd HH:mm O", "GMT-8", "2020-07-01 04:00 GMT-8", "2020-07-01T12:00:00", false},
		{"yyyy-MM-dd HH:mm ZZZZZ", "-08:00", "2020-07-01 04:00 -08:00", "2020-07-01T12:00:00", false},
		{"yyyy-MM-dd[ HH:mm[:ss]]", "UTC", "2020-07-01 04:00", "2020-07-01T04:00:00", true},
		{"yyyy-MM-dd[ HH:mm[:ss]]", "UTC", "2020-07-01", "2020-07-01T00:00:00", true},
		{"yyyy-MM-dd''HH", "UTC", "2020-07-01'04", "2020-07-01T04:00:00", false},
		{"'o''clock' H", "UTC", "o'clock 7", "1970-01-01T07:00:00", false},
		{"yyyy-MM-dd kk:mm", "UTC", "2020-07-01 24:30", "2020-07-01T00:30:00", false},
		{"YYYY-'W'ww-e", "UTC", "2020-W05-3", "2020-01-28T00:00:00", false},
		{"YYYY-ww-EEE", "UTC", "2021-01-Sat", "2021-01-02T00:00:00", false},
		{"YY w c", "UTC", "20 1 1", "2019-12-29T00:00:00", false},
		{"YYYY-w-e", "UTC", "2020-60-1", "!Failed to parse", true},
		{"YYYY-w-e", "UTC", "2021-53-1", "!year 2021 has no week 53", true},
		{"YYYY-MM-dd", "UTC", "2020-05-06", "1970-05-06T00:00:00", true}, // the year of weeks says nothing without a week
		{"yyyy-MM-W-eeee", "UTC", "2020-05-2-Tuesday", "2020-05-05T00:00:00", false},
		{"yyyy-MM-W-ccc", "UTC", "2020-02-1-Sat", "2020-02-01T00:00:00", false},
		{"yyyy QQQ MM dd", "UTC", "2020 Q2 04 07", "2020-04-07T00:00:00", false},
		{"yyyy, QQQQ", "UTC", "2020, 3rd quarter", "2020-01-01T00:00:00", true}, // a quarter is checked, and says no day
		{"yyyy QQQ MM dd", "UTC", "2020 Q3 07 02", "2020-07-02T00:00:00", false},
		{"yyyy QQQ MM dd", "UTC", "2020 Q1 07 02", "!is not in quarter 1", true},
		{"YYYY-'W'ww", "UTC", "2021-W05", "1970-01-01T00:00:00", true}, // nor does a week without its day
		{"yyyy-MM W", "UTC", "2021-01 1", "2021-01-01T00:00:00", true},
		{"yyyy-MM-dd HH:mm", "UTC", "2021-12-31 24:00", "2022-01-01T00:00:00", true},
		{"yyyy-MM-dd HH:mm", "UTC", "2021-12-31 24:01", "!the last hour of a day is 24:00", true},
		{"yyyy-MM HH", "UTC", "2021-12 24", "2021-12-01T00:00:00", true},
		{"yyyy-MM-dd", "UTC", "0000-01-01", "!Failed to parse", true}, // an era begins with 1
		{"uuuu-MM-dd", "UTC", "0000-01-01", "0000-01-01T00:00:00", false},
		{"HH hh", "UTC", "12 00", "1970-01-01T12:00:00", true},
		{"HH hh", "UTC", "12 10", "!the hours differ", true},
		{"HH a", "UTC", "13 AM", "!the hours differ", true},
		{"yyyy q M d", "UTC", "2020 1 5 1", "!month 5 is not in quarter 1", true},
		{"g", "UTC", "58849", "2020-01-01T00:00:00", false},
		{"yyyy MM F ppd", "UTC", "2020 05 6  6", "2020-05-06T00:00:00", false},
		{"yyyy-MM-dd n", "UTC", "2020-07-01 5000000", "2020-07-01T00:00:00.005", false},
		{"yyyy-MM-dd HH:mm", "Europe/Oslo", "2020-03-29 02:30", "2020-03-29T01:30:00", true},  // skipped hour
		{"yyyy-MM-dd HH:mm", "Europe/Oslo", "2020-10-25 02:30", "2020-10-25T00:30:00", false}, // the earlier one
		{"yyyy-MM-dd", "UTC", "2021-02-31", "2021-02-28T00:00:00", true},                      // smart
		{"yyyy-MM-dd", "UTC", "2021-02-32", "!Failed to parse '2021-02-32' with format 'yyyy-MM-dd'", true},
		{"yyyy-MM-dd", "UTC", "12021-02-01", "!Failed to parse", true},
		{"yyyy-MM-dd", "UTC", "+12021-02-01", "+12021-02-01", true},
		{"yyyy-MM-dd", "UTC", "2021-02-01x", "!unparsed text found at index 10", true},
		{"yyyy-MM-dd HH:mm X", "UTC", "2021-02-01 00:00 +19:00", "!Failed to parse", true},
	} {
		p, err := datetime.Compile(tc.pattern)
		if err != nil {
			t.Errorf("%s: %v", tc.pattern, err)
			continue
		}
		z, err := datetime.Zone(tc.zone)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.ParseTimestamp(tc.text, z)
		switch {
		case tc.instant[0] == '!':
			if err == nil || !strings.Contains(err.Error(), tc.instant[1:]) {
				t.Errorf("%s of %q: got %v, %v, want error %s", tc.pattern, tc.text, got, err, tc.instant[1:])
			}
			continue
		case tc.instant[0] == '+':
			if err != nil || got < 1e14 {
				t.Errorf("%s of %q: got %v, %v", tc.pattern, tc.text, got, err)
			}
			continue
		case err != nil || got != timestamp(t, tc.instant):
			t.Errorf("%s of %q in %s\n got %v, %v\nwant %s", tc.pattern, tc.text, tc.zone, got, err, tc.instant)
			continue
		}
		if back, err := p.AppendTimestamp(nil, got, z); !tc.oneWay && (err != nil || string(back) != tc.text) {
			t.Errorf("%s of %s in %s\n got %s, %v\nwant %s", tc.pattern, tc.instant, tc.zone, back, err, tc.text)
		}
	}
}

// The days are FastDateFormat's of commons-lang 3.18.
func TestSimpleDates(t *testing.T) {
	for _, tc := range []struct{ text, pattern, days string }{
		{"01-JAN-2022", "dd-MMM-yyyy", "18993"},
		{"01-January-2022", "dd-MMM-yyyy", "18993"},
		{"01-Jan-2022", "dd-MMMM-yyyy", "18993"},
		{"Friday 07 jan 2022", "EEE dd MMM yyyy", "18999"},
		{"fri 07 jan 2022", "EEEE dd MMM yyyy", "18999"},
		{" 2022-01-01", "yyyy-MM-dd", "18993"},
		{"2022- 1- 1", "yyyy-MM-dd", "18993"},
		{"-1-1-1", "y-M-d", "-"},
		{"2022-1-1", "yyyy-MM-dd", "18993"},
		{"22-1-1", "yyyy-MM-dd", "-711494"},
		{"22-1-1", "yy-MM-dd", "18993"},
		{"2022-1-1", "yy-MM-dd", "18993"},
		{"20220101", "yyyyMMdd", "18993"},
		{" 20220101", "yyyyMMdd", "-"},
		{"2022-01-01x", "yyyy-MM-dd", "18993"},
		{"2022 5", "yyyy w", "19015"},
		{"2022 5", "YYYY w", "19015"},
		{"2022 1 3", "yyyy W F", "19008"},
		{"2022-01-01 AM", "yyyy-MM-dd a", "18993"},
		{"2022-01-01 PM", "yyyy-MM-dd a", "-"},
		{"2022-01-01 AD", "yyyy-MM-dd G", "18993"},
		{"2022-01-01 UTC", "yyyy-MM-dd z", "18993"},
		{"2022-01-01 GMT", "yyyy-MM-dd z", "18993"},
		{"2022-01-01 PST", "yyyy-MM-dd z", "-"},
		{"2022-01-01 +0000", "yyyy-MM-dd Z", "18993"},
		{"2022-01-01 Z", "yyyy-MM-dd X", "18993"},
		{"2022-01-01 +00", "yyyy-MM-dd X", "18993"},
		{"2022-01-01 +00:00", "yyyy-MM-dd XXX", "18993"},
		{"2022-01-01 24", "yyyy-MM-dd HH", "18994"},
		{"2022-01-01 24", "yyyy-MM-dd kk", "18993"},
		{"2022-01-01 12", "yyyy-MM-dd hh", "18993"},
		{"2022-01-01 00", "yyyy-MM-dd KK", "18993"},
		{"2022-366", "yyyy-DDD", "19358"},
		{"2022-02-30", "yyyy-MM-dd", "19053"},
		{"2022-00-00", "yyyy-MM-dd", "18961"},
		{"2022-01-01", "yyyy-MM-dd'T'", "-"},
		{"2022-1", "yyyy-u", "18995"},
		{"2022-01-01 5", "yyyy-MM-dd u", "18993"},
		{"12022-01-01", "yyyy-MM-dd", "3671418"},
		{"2022-01-01", "uuuu-MM-dd", "0"},
		{"2022Q1", "yyyy'Q'q", "-"},
		{"2022-01-01", "yyyy-LL-dd", "18993"},
		{"2022-01-01  ", "yyyy-MM-dd", "18993"},
		{"2022", "yyyy", "18993"},
		{"0", "yyyy", "-719530"},
		{"Jan", "MMM", "0"},
		{"J", "MMMMM", "-"},
		{"Sept 1 2022", "MMM d yyyy", "-"},
		{"2022-01-01T00:00:00.000", "yyyy-MM-dd'T'HH:mm:ss.SSS", "18993"},
		{"2022-01-01T00:00:00.000+01:00", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "-"},
		{"2020-05-06", "YYYY-MM-dd", "18388"},
		{"2022 5 Tue", "yyyy w EEE", "19017"},
		{"2022 5 3", "yyyy w u", "19018"},
		{"2022-03 2", "yyyy-MM W", "19057"},
		{"2022-03 2", "yyyy-MM F", "19064"},
		{"2022 Tue", "yyyy EEE", "18996"},
		{"2022-03 Tue", "yyyy-MM EEE", "19052"},
		{"Mon 07 Jan 2022", "EEE dd MMM yyyy", "18999"},
		{"2022 60 3", "yyyy D M", "19052"},
		{"2022 3 60", "yyyy M D", "19052"},
		{"2022 3 5 2", "yyyy M d w", "19056"},
		{"2022 2 3 5", "yyyy w M d", "19056"},
		{"5-3", "w-M", "24"},
		{"44 BC", "y G", "-1465735"},
		{"0044-03-15 BC", "yyyy-MM-dd G", "-735162"},
		{"99", "y", "10592"},
		{"999", "y", "-354645"},
		{"2022-01-01t", "yyyy-MM-dd'T'", "-"},
		{"2022-01-01 12 AM", "yyyy-MM-dd hh a", "18993"},
		{"2022-01-01 12 am", "yyyy-MM-dd hh a", "18993"},
		{"2022-01-01 0 PM", "yyyy-MM-dd hh a", "-"},
		{"2022-01-01 PST8PDT", "yyyy-MM-dd z", "-"},
		{"2022-01-01 -1:30", "yyyy-MM-dd z", "-"},
		{"2022-01-01 UTC", "yyyy-MM-dd Z", "18993"},
		{"20220101", "yyyyMMMdd", "-"},
		{"2022Jan01", "yyyyMMMdd", "18993"},
		{"2022 01", "yyyyMM", "18993"},
		{"202201", "yyyyMM", "18993"},
		{"20221", "yyyyMM", "18993"},
		{"1500-01-01", "yyyy-MM-dd", "-171655"},
		{"1582-10-10", "yyyy-MM-dd", "-141422"},
		{"1582-10-15", "yyyy-MM-dd", "-141427"},
		{"2022-01-01", "yyyy-MM[-dd]", "-"},
		{"12/31/69", "MM/dd/yy", "-1"},
		{"12/31/45", "MM/dd/yy", "27758"},
		{"12/31/46", "MM/dd/yy", "-8402"},
		{"2022-54", "yyyy-w", "19358"},
		{"2022-0", "yyyy-w", "18980"},
		{"2022-01-01 1000000", "yyyy-MM-dd S", "-"},
		{"2022-01-01 86400000", "yyyy-MM-dd S", "18994"},
	} {
		p, err := datetime.Compile(tc.pattern)
		if err != nil {
			t.Errorf("%s: %v", tc.pattern, err)
			continue
		}
		got := "-"
		if d, err := p.ParseSimpleDate(tc.text); err == nil {
			got = strconv.Itoa(int(d))
		}
		if got != tc.days {
			t.Errorf("%q as %s is %s, want %s", tc.text, tc.pattern, got, tc.days)
		}
	}
}

func TestDatesAndTimes(t *testing.T) {
	for _, tc := range []struct{ pattern, text string }{
		{"yyyy-MM-dd'Lit'", "2018-05-11Lit"}, {"dd-MMM-yyyy", "01-Jan-2022"}, {"uuuu-MM-dd", "-0044-03-15"}, {"y G", "44 BC"}, {"yyyyy", "02022"}, {"MMMMM", "J"},
	} {
		p, err := datetime.Compile(tc.pattern)
		if err != nil {
			t.Fatal(err)
		}
		at, err := p.ParseTimestamp(tc.text, time.UTC)
		d := types.DateVal(at / types.MillisPerDay)
		if err != nil {
			t.Errorf("%s of %q: %v", tc.pattern, tc.text, err)
			continue
		}
		if back, err := p.AppendDate(nil, d); err != nil || string(back) != tc.text {
			t.Errorf("%s of %v: got %s, %v, want %s", tc.pattern, d, back, err, tc.text)
		}
	}
	for pattern, want := range map[string]string{
		"Y YY YYYY w ww W": "-1 01 -0001 10 10 1", "e ee eee eeee eeeee c ccc": "5 05 Thu Thursday T 5 Thu", "Q QQ QQQ QQQQ QQQQQ q": "1 01 Q1 1st quarter 1 1", "F g uu": "4 -679244 01", "pppd,pppppMMM": "  4,  Mar",
	} {
		p, err := datetime.Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.AppendDate(nil, types.DateVal(types.DaysOf(-1, 3, 4))); err != nil || string(got) != want {
			t.Errorf("%s of -0001-03-04: got %s, %v, want %s", pattern, got, err, want)
		}
	}
	p, _ := datetime.Compile("ppMMM")
	if _, err := p.AppendDate(nil, 0); err == nil || !strings.Contains(err.Error(), "exceeds pad width") {
		t.Errorf("a text wider than its padding: %v", err)
	}
	p, _ = datetime.Compile("HH_mm_ss_SSS")
	if tm, err := p.ParseTime("00_01_05_000"); err != nil || tm != 65000 {
		t.Errorf("ParseTime: %v, %v", tm, err)
	}
	if _, err := p.AppendDate(nil, 1); err == nil || !strings.Contains(err.Error(), "Unsupported field") {
		t.Errorf("a date has no hours: %v", err)
	}
	p, _ = datetime.Compile("HH[ yyyy]")
	if got, err := p.AppendTime(nil, 3600_000); err != nil || string(got) != "01" {
		t.Errorf("an optional section without a value: got %q, %v", got, err)
	}
}

func TestBadPatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		"yyyy-bb": "Unknown pattern letter: b", "'x": "incomplete string literal", "yyyy]": "contains ] without", "{": "reserved character: '{'",
		"B": "letter B is not supported", "cc": "Invalid pattern", "p": "followed by valid pad", "WW": "Too many", "QQQQQQ": "Too many", "zzzz": "Full names", "HHH": "Too many pattern letters: H", "V": "count must be 2", "MMMMMM": "Too many",
		strings.Repeat("[", 20): "nest deeper",
	} {
		if _, err := datetime.Compile(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", pattern, err, want)
		}
	}
	for _, name := range []string{"", "Local", "Mars/Olympus", "+25", "../etc/passwd", "+1:"} {
		if z, err := datetime.Zone(name); err == nil {
			t.Errorf("zone %q is %v", name, z)
		}
	}
}

// FuzzPattern: compiling and using any pattern never panics, and a text that a pattern of
// full precision wrote reads back as the same instant.
func FuzzPattern(f *testing.F) {
	f.Add("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2018-05-11T21:58:33.001+02:00", int64(1526075913000))
	f.Add("[EEE, ]d MMM yy[ h a][ VV]", "Fri, 11 May 18 9 PM Europe/Oslo", int64(0))
	f.Add("yyyyMMddHHmmssSSS''z G", "20180511215833001'PST AD", int64(-62135596800001))
	f.Add("u D A N n O Z x", "1 1 1 1 1 GMT+1 +0000 +00", int64(1))
	z, err := datetime.Zone("America/Sao_Paulo")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, pattern, text string, millis int64) {
		p, err := datetime.Compile(pattern)
		if err != nil {
			return
		}
		_, _ = p.ParseTimestamp(text, z)
		_, _ = p.ParseDate(text)
		_, _ = p.ParseSimpleDate(text)
		_, _ = p.ParseTime(text)
		millis %= 100_000_000_000_000
		if _, err := p.AppendTimestamp(nil, types.TimestampVal(millis), z); err != nil && !strings.Contains(pattern, "p") {
			t.Errorf("a timestamp has every field: %v", err) // and any may be wider than its padding
		}
		if strings.ContainsAny(pattern, "[]p") {
			return
		}
		exact, err := datetime.Compile("'" + strings.ReplaceAll(pattern, "'", "''") + "' uuuu-MM-dd HH:mm:ss.SSS xxxxx")
		if err != nil {
			t.Fatal(err)
		}
		out, err := exact.AppendTimestamp(nil, types.TimestampVal(millis), z)
		if err != nil {
			t.Fatal(err)
		}
		back, err := exact.ParseTimestamp(string(out), z)
		if err != nil || int64(back) != millis {
			t.Fatalf("%d written as %q reads as %d, %v", millis, out, back, err)
		}
	})
}
