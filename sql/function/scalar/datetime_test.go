package scalar_test

import (
	"testing"

	"tailrace/sql/types"
)

func TestDateFunctions(t *testing.T) {
	ts := types.TimestampVal(1526075913000)
	check(t, []row{
		{"FORMAT_DATE", in(types.DateVal(18993), "dd-MMM-yyyy"), "01-Jan-2022 :: STRING"}, {"FORMAT_DATE", in(types.DateVal(-1), "dd-MM-yyyy'Sophia'"), "31-12-1969Sophia"}, {"FORMAT_DATE", in(types.DateVal(0), "HH"), "!Unsupported field..."},
		{"FORMAT_TIME", in(types.TimeVal(65000), "HH_mm_ss_SSS"), "00_01_05_000"}, {"FORMAT_TIME", in(types.TimeVal(1234567), "HHmmss'AAAAA'"), "002034AAAAA"}, {"FORMAT_TIME", in(nil, "HH"), "NULL"},
		{"FORMAT_TIMESTAMP", in(ts, "yyyy-MM-dd HH:mm:ss"), "2018-05-11 21:58:33"}, {"FORMAT_TIMESTAMP", in(ts, "HH:mm Z", "Europe/Oslo"), "23:58 +0200"}, {"FORMAT_TIMESTAMP", in(ts, "HH", "Mars"), "!Unknown time-zone ID: Mars"}, {"FORMAT_TIMESTAMP", in(ts, "bb"), "!invalid date pattern \"bb\": Unknown pattern letter: b"},
		{"PARSE_DATE", in("01-JAN-2022", "dd-MMM-yyyy"), "2022-01-01 :: DATE"}, {"PARSE_DATE", in("JAN-2022", "MMM-yyyy"), "2022-01-01"}, {"PARSE_DATE", in("2003-12-24-01-01", "yyyy-MM-dd"), "2003-12-24"}, {"PARSE_DATE", in("2003-1-5", "yyyy-MM-dd"), "2003-01-05"}, {"PARSE_DATE", in("2003-13-32", "yyyy-MM-dd"), "2004-02-01"},
		{"PARSE_DATE", in("20030105", "yyyyMMdd"), "2003-01-05"}, {"PARSE_DATE", in("2020-01-01 00", "yyyy-MM-dd HH"), "2020-01-01"}, {"PARSE_DATE", in("2020-01-01 10", "yyyy-MM-dd HH"), "!Failed to parse '2020-01-01 10' with format 'yyyy-MM-dd HH': Date format contains time field."}, {"PARSE_TIME", in("2020 10", "yyyy HH"), "!Failed to parse '2020 10' with format 'yyyy HH': Time format contains date field."}, {"PARSE_DATE", in("foo", "yyyy"), "!Failed to parse 'foo' with format 'yyyy'"}, {"PARSE_DATE", in(typed{"STRING", nil}, "yyyy"), "NULL"},
		{"PARSE_TIME", in("10:05", "HH:mm"), "10:05 :: TIME"}, {"PARSE_TIMESTAMP", in("2018-05-11T21:58:33", "yyyy-MM-dd'T'HH:mm:ss"), "2018-05-11T21:58:33.000 :: TIMESTAMP"}, {"PARSE_TIMESTAMP", in("2018-05-11 23", "yyyy-MM-dd HH", "Europe/Oslo"), "2018-05-11T21:00:00.000"},
		{"FORMAT_TIMESTAMP", in(types.TimestampVal(0), "HH z VV"), "00 GMT GMT"}, {"FORMAT_TIMESTAMP", in(types.TimestampVal(0), "HH z VV", "UTC"), "00 UTC UTC"}, {"DATETOSTRING", in(17662, "yyyy-MM-dd"), "2018-05-11"}, {"STRINGTODATE", in("2018-05-11", "yyyy-MM-dd"), "17662 :: INTEGER"}, {"STRINGTODATE", in("2018-05-11 10", "yyyy-MM-dd HH"), "17662 :: INTEGER"}, {"STRINGTODATE", in("2018-131", "yyyy-D"), "17662 :: INTEGER"}, {"STRINGTODATE", in("2018-05", "yyyy-MM"), "!Failed to parse..."}, {"STRINGTODATE", in("foo", "yyyyMMdd"), "!Failed to parse..."},
		{"TIMESTAMPTOSTRING", in(int64(10000), "yyyy-MM-dd HH:mm:ss Z", "UTC"), "1970-01-01 00:00:10 +0000"}, {"TIMESTAMPTOSTRING", in(int64(0), "yyyy-MM-dd"), "1970-01-01"}, {"STRINGTOTIMESTAMP", in("2018-05-11T21:58:33Z", "yyyy-MM-dd'T'HH:mm:ssX"), "1526075913000 :: BIGINT"},
		{"FROM_DAYS", in(-10), "1969-12-22"}, {"FROM_UNIXTIME", in(int64(100)), "1970-01-01T00:00:00.100"}, {"UNIX_DATE", in(), "18518"}, {"UNIX_DATE", in(types.DateVal(5)), "5"}, {"UNIX_TIMESTAMP", in(), "1600000000123"}, {"UNIX_TIMESTAMP", in(ts), "1526075913000"},
		{"CONVERT_TZ", in(types.TimestampVal(0), "UTC", "America/Los_Angeles"), "1969-12-31T16:00:00.000"}, {"CONVERT_TZ", in(types.TimestampVal(0), "+0200", "+01:00"), "1969-12-31T23:00:00.000"}, {"CONVERT_TZ", in(types.TimestampVal(0), "x", "UTC"), "!Unknown time-zone ID: x"},
	})
}

func TestShifts(t *testing.T) {
	check(t, []row{
		{"DATEADD", in(unit("DAYS"), 10, types.DateVal(10)), "1970-01-21"}, {"DATESUB", in(unit("DAY"), 10, types.DateVal(10)), "1970-01-01"}, {"DATEADD", in(unit("HOURS"), 47, types.DateVal(0)), "1970-01-02"}, {"DATESUB", in(unit("HOURS"), 1, types.DateVal(5)), "1970-01-05"}, {"DATEADD", in(unit("MILLISECONDS"), nil, types.DateVal(0)), "NULL"}, {"DATEADD", in(unit("DAYS"), 2147483647, types.DateVal(1)), "!date out of range"},
		{"DATEADD", in(unit("MONTHS"), 1, types.DateVal(30)), "1970-02-28"}, {"DATEADD", in(unit("YEARS"), 4, types.DateVal(789)), "1976-02-29"}, {"DATEADD", in(unit("YEAR"), -1, types.DateVal(789)), "1971-02-28"}, {"DATESUB", in(unit("MONTHS"), 13, types.DateVal(0)), "1968-12-01"}, {"DATESUB", in(unit("WEEKS"), 2, types.DateVal(14)), "1970-01-01"}, {"DATEADD", in(unit("MONTHS"), 0, types.DateVal(3)), "1970-01-04"}, {"DATEADD", in(unit("YEARS"), 2147483647, types.DateVal(1)), "!date out of range"}, {"DATEADD", in(unit("WEEKS"), -2147483648, types.DateVal(1)), "!date out of range"},
		{"TIMESTAMPADD", in(unit("MONTHS"), 25, types.TimestampVal(-1)), "1972-01-31T23:59:59.999"}, {"TIMESTAMPSUB", in(unit("YEARS"), 1, types.TimestampVal(5)), "1969-01-01T00:00:00.005"}, {"TIMESTAMPADD", in(unit("WEEK"), 1, types.TimestampVal(5)), "1970-01-08T00:00:00.005"}, {"TIMESTAMPADD", in(unit("YEARS"), 2147483647, types.TimestampVal(5)), "!date out of range"}, {"TIMEADD", in(unit("MONTHS"), 3, types.TimeVal(5)), "00:00:00.005"},
		{"TIMEADD", in(unit("HOURS"), 25, types.TimeVal(0)), "01:00"}, {"TIMESUB", in(unit("MILLISECONDS"), 1, types.TimeVal(0)), "23:59:59.999"}, {"TIMESTAMPADD", in(unit("milliseconds"), 5, types.TimestampVal(3)), "1970-01-01T00:00:00.008"}, {"TIMESTAMPSUB", in(unit("MILLISECONDS"), 10, types.TimestampVal(20)), "1970-01-01T00:00:00.010"},
		{"TIMESTAMPADD", in(types.TimestampVal(1), 5, types.TimestampVal(1)), "!Function 'timestampadd' does not accept parameters (TIMESTAMP, INTEGER, TIMESTAMP)."},
		{"DATESUB", in(types.DateVal(1), 5, types.DateVal(1)), "!Function 'datesub' does not accept parameters (DATE, INTEGER, DATE)."},
	})
}
