package function

import (
	"slices"
	"strings"

	"tailrace/sql/sqlerr"
)

// others are what PostgreSQL, MySQL, Spark and others call functions that do much the same
// here under another name. A function that is here under its own name, or as an alias, does
// not stand in it.
var others = words(map[string]string{
	// Texts.
	"INSTR":                 "LOCATE CHARINDEX",
	"TRIM":                  "STRIP",
	"REPLACE":               "STR_REPLACE",
	"CHR":                   "CHAR",
	"CONCAT":                "STR_CONCAT",
	"SPLIT":                 "STR_SPLIT SPLIT_TO_ARRAY STRTOK_TO_ARRAY",
	"SPLIT_TO_MAP":          "STR_TO_MAP",
	"SUBSTRING":             "MID",
	"ENCODE":                "HEX UNHEX FROM_HEX TO_BASE64 FROM_BASE64 BASE64 UNBASE64",
	"TO_BYTES":              "TO_BINARY BINARY",
	"URL_DECODE_PARAM":      "URL_DECODE",
	"URL_ENCODE_PARAM":      "URL_ENCODE",
	"URL_EXTRACT_HOST":      "PARSE_URL HOST DOMAIN",
	"REGEXP_SPLIT_TO_ARRAY": "REGEXP_SPLIT SPLIT_BY_REGEXP",
	"UUID":                  "UUIDV4 UUIDV7 UUID_GENERATE_V4 NEWID GENERATE_UUID RANDOM_UUID",
	// Numbers.
	"RANDOM":   "RAND",
	"SIGN":     "SIGNUM",
	"ROUND":    "RINT BROUND",
	"TRUNC":    "TRUNCATE",
	"GREATEST": "GREATER",
	// Times.
	"NOW":              "UTC_TIMESTAMP SYSDATE GETDATE TIMEOFDAY",
	"CURRENT_DATE":     "CURDATE UTC_DATE TODAY",
	"CURRENT_TIME":     "CURTIME UTC_TIME",
	"FORMAT_TIMESTAMP": "DATE_FORMAT STRFTIME",
	"FORMAT_TIME":      "TIME_FORMAT",
	"PARSE_TIMESTAMP":  "TRY_TO_TIMESTAMP STRPTIME TODATETIME MAKE_TIMESTAMPTZ",
	"PARSE_DATE":       "STR_TO_DATE MAKEDATE",
	"PARSE_TIME":       "MAKETIME TO_TIME",
	"UNIX_TIMESTAMP":   "EPOCH EPOCH_MS UNIX_MILLIS UNIX_SECONDS TO_UNIX_TIMESTAMP TO_SECONDS",
	"FROM_UNIXTIME":    "TIMESTAMP_MILLIS TIMESTAMP_SECONDS TIMESTAMP_MICROS",
	"UNIX_DATE":        "TO_DAYS",
	"FROM_DAYS":        "DATE_FROM_UNIX_DATE",
	"DATEADD":          "DATE_ADD ADDDATE ADD_MONTHS",
	"DATESUB":          "DATE_SUB SUBDATE DATE_SUBTRACT",
	"TIMEADD":          "ADDTIME",
	"TIMESUB":          "SUBTIME",
	"TIMESTAMPADD":     "TIMESTAMP_ADD",
	"TIMESTAMPSUB":     "TIMESTAMP_SUB",
	"CONVERT_TZ":       "FROM_UTC_TIMESTAMP TO_UTC_TIMESTAMP CONVERT_TIMEZONE",
	// Arrays and maps.
	"ARRAY_CONCAT":    "LIST_CONCAT",
	"ARRAY_CONTAINS":  "LIST_CONTAINS",
	"ARRAY_LENGTH":    "ARRAY_SIZE SIZE",
	"ARRAY_SORT":      "SORT_ARRAY LIST_SORT",
	"ARRAY_DISTINCT":  "LIST_DISTINCT",
	"ARRAY_INTERSECT": "ARRAYS_OVERLAP",
	"SLICE":           "LIST_SLICE",
	"GENERATE_SERIES": "SEQUENCE RANGE",
	"FILTER":          "LIST_FILTER MAP_FILTER ARRAY_FILTER ARRAY_COMPACT",
	"TRANSFORM":       "LIST_TRANSFORM TRANSFORM_KEYS TRANSFORM_VALUES",
	"REDUCE":          "AGGREGATE LIST_AGGREGATE LIST_REDUCE",
	"EXPLODE":         "EXPLODE_OUTER POSEXPLODE INLINE FLATTEN",
	"MAP_UNION":       "MAP_CONCAT MAP_CAT",
	"MAP_KEYS":        "OBJECT_KEYS",
	"ENTRIES":         "MAP_ENTRIES",
	"AS_MAP":          "MAP_FROM_ARRAYS",
	// JSON.
	"EXTRACTJSONFIELD": "JSON_EXTRACT JSON_VALUE JSON_QUERY JSON_EXTRACT_STRING JSON_UNQUOTE GET_JSON_OBJECT JSON_TUPLE " +
		"JSONB_PATH_QUERY FROM_JSON PARSE_JSON TRY_PARSE_JSON",
	"TO_JSON_STRING":      "JSON_PRETTY JSON_QUOTE",
	"JSON_RECORDS":        "JSON_EACH JSONB_EACH JSON_TO_RECORD JSON_POPULATE_RECORD",
	"JSON_ARRAY_LENGTH":   "JSON_LENGTH",
	"JSON_ARRAY_CONTAINS": "JSON_CONTAINS JSON_OVERLAPS",
	"JSON_CONCAT":         "JSON_MERGE_PATCH JSON_MERGE_PRESERVE JSON_INSERT JSON_SET JSONB_SET JSONB_INSERT",
	"IS_JSON_STRING":      "JSON_VALID IS_JSON ISJSON",
	// Aggregates.
	"COLLECT_LIST":       "JSON_ARRAYAGG GROUP_CONCAT LISTAGG LIST_AGG GROUPARRAY CONCAT_AGG XMLAGG",
	"COUNT_DISTINCT":     "UNIQ APPROX_DISTINCT",
	"EARLIEST_BY_OFFSET": "FIRST FIRST_VALUE FIRST_BY",
	"LATEST_BY_OFFSET":   "LAST LAST_VALUE LAST_BY ANY_VALUE",
	"AVG":                "MEAN",
	"HISTOGRAM":          "HISTOGRAM_NUMERIC",
	"STDDEV_POP":         "STD",
	"TOPK":               "MAX_BY ARG_MAX ARGMAX NTH_VALUE",
	"MASK":               "REDACT",
	"GEO_DISTANCE":       "HAVERSINE ST_DISTANCE",
})

// written are functions of others that are an expression here.
var written = words(map[string]string{
	"SPLIT(text, delimiter)[n]":                         "SUBSTRING_INDEX SPLIT_INDEX",
	"STARTS_WITH(text, start)":                          "STARTSWITH",
	"text LIKE '%end'":                                  "ENDS_WITH ENDSWITH",
	"INSTR(text, part) > 0":                             "CONTAINS",
	"LCASE(text) LIKE LCASE(pattern)":                   "ILIKE",
	"REGEXP_EXTRACT(pattern, text) IS NOT NULL":         "REGEXP RLIKE REGEXP_CONTAINS",
	"OCTET_LENGTH(text)":                                "BYTE_LENGTH",
	"a % b":                                             "PMOD",
	"LOG(2, x)":                                         "LOG2",
	"LN(1 + x)":                                         "LOG1P",
	"EXP(x) - 1":                                        "EXPM1",
	"SQRT(a * a + b * b)":                               "HYPOT",
	"DEGREES(ASIN(x))":                                  "ASIND",
	"DEGREES(ACOS(x))":                                  "ACOSD",
	"DEGREES(ATAN(x))":                                  "ATAND",
	"DEGREES(ATAN2(y, x))":                              "ATAN2D",
	"EXTRACT(YEAR FROM time)":                           "YEAR",
	"EXTRACT(MONTH FROM time)":                          "MONTH",
	"EXTRACT(DAY FROM time)":                            "DAY DAYOFMONTH",
	"EXTRACT(HOUR FROM time)":                           "HOUR DATEPART",
	"EXTRACT(MINUTE FROM time)":                         "MINUTE",
	"EXTRACT(SECOND FROM time)":                         "SECOND",
	"FORMAT_TIMESTAMP(time, 'EEEE')":                    "DAYNAME DAYOFWEEK WEEKDAY",
	"FORMAT_TIMESTAMP(time, 'MMMM')":                    "MONTHNAME",
	"DATE_TRUNC('hour', time)":                          "DATETRUNC TIMESTAMP_TRUNC TOSTARTOFHOUR",
	"UNIX_TIMESTAMP(a) - UNIX_TIMESTAMP(b)":             "TIMESTAMPDIFF TIMESTAMP_DIFF TIMEDIFF",
	"UNIX_DATE(a) - UNIX_DATE(b)":                       "DATEDIFF DATE_DIFF",
	"WINDOW TUMBLING (SIZE 1 HOUR)":                     "TUMBLE TIME_BUCKET WINDOW",
	"WINDOW HOPPING (SIZE 1 HOUR, ADVANCE BY 1 MINUTE)": "HOP",
	"WINDOW SESSION (1 HOUR)":                           "SESSION SESSION_WINDOW",
	"WINDOWSTART":                                       "TUMBLE_START HOP_START SESSION_START WINDOW_START",
	"WINDOWEND":                                         "TUMBLE_END HOP_END SESSION_END WINDOW_END WINDOW_TIME",
	"ROWTIME":                                           "PROCTIME",
	"ARRAY_CONCAT(array, ARRAY[x])":                     "LIST_APPEND ARRAY_INSERT",
	"ARRAY_CONCAT(ARRAY[x], array)":                     "LIST_PREPEND",
	"ARRAY[a, b]":                                       "ARRAY ARRAY_CONSTRUCT LIST_VALUE",
	"a[i]":                                              "ELEMENT_AT TRY_ELEMENT_AT LIST_EXTRACT",
	"MAP('a' := 1)":                                     "MAP MAP_CONSTRUCT CREATE_MAP",
	"ARRAY_CONTAINS(MAP_KEYS(m), key)":                  "MAP_CONTAINS_KEY MAP_CONTAINS",
	"STRUCT(a := 1)":                                    "STRUCT NAMED_STRUCT ROW STRUCT_PACK",
	"TO_JSON_STRING(STRUCT(a := 1))":                    "JSON_OBJECT OBJECT_CONSTRUCT",
	"TO_JSON_STRING(ARRAY[a, b])":                       "JSON_ARRAY",
	"COUNT(CASE WHEN condition THEN 1 END)":             "COUNT_IF COUNTIF",
	"SUM(CASE WHEN condition THEN x END)":               "SUM_IF SUMIF",
	"BOOL_AND(condition)":                               "LOGICAL_AND",
	"BOOL_OR(condition)":                                "SOME LOGICAL_OR ANY",
	"CASE WHEN condition THEN a ELSE b END":             "IF IIF IFF NVL2 DECODE_ORACLE",
	"x IS NULL":                                         "ISNULL",
	"x IS NOT NULL":                                     "ISNOTNULL NOTNULL",
	"a IS NOT DISTINCT FROM b":                          "EQUAL_NULL NULLSAFE_EQUAL",
	"IFNULL(x, 0)":                                      "ZEROIFNULL NANVL",
	"CAST(x AS VARCHAR)":                                "STRING TOSTRING TO_VARCHAR TO_STRING",
	"CAST(x AS DOUBLE)":                                 "TRY_TO_NUMBER TO_DOUBLE FLOAT DOUBLE",
	"CAST(x AS INT)":                                    "TRY_CAST SAFE_CAST CONVERT INT TO_INT TINYINT SMALLINT",
	"CAST(x AS DATE)":                                   "DATE",
	"CAST(x AS TIME)":                                   "TIME",
	"CAST(x AS TIMESTAMP)":                              "TIMESTAMP",
	"CAST(x AS DECIMAL(10, 2))":                         "DECIMAL",
	"CAST(x AS BIGINT)":                                 "TO_BIGINT BIGINT",
	"CAST(x AS BOOLEAN)":                                "BOOL TO_BOOLEAN",
})

// absent are functions of others that nothing here resembles: another name that is spelled
// much like one would lead astray.
var absent = set(` ARRAY_REPEAT ARRAY_SAMPLE ARRAY_SHUFFLE ARRAYS_ZIP ORD
	BIN BIN_TO_UUID BIT_COUNT BIT_GET GETBIT GET_BIT SET_BIT SHIFTLEFT SHIFTRIGHT CONV CRC32 HASH XXHASH64 OCT
	TO_OCT TO_BIN SHA SHA1 SHA2 SHA256_HEX AES_ENCRYPT AES_DECRYPT COMPRESS UNCOMPRESS COLLATION CHARSET COERCIBILITY
	COUNT_MIN_SKETCH KURTOSIS SKEWNESS MEDIAN PERCENTILE PERCENTILE_APPROX APPROX_PERCENTILE QUANTILE
	      MIN_BY ARG_MIN ARGMIN PRODUCT MUL RANGE_AGG
	JSON_OBJECTAGG JSON_TYPE JSON_DEPTH JSON_REMOVE JSON_REPLACE JSON_SEARCH JSON_TABLE JSON_SCHEMA_VALID JSON_STORAGE_SIZE
	JSON_CONTAINS_PATH SCHEMA_OF_JSON FROM_CSV TO_CSV FROM_XML XPATH EXTRACTVALUE CURRENT_CATALOG CURRENT_DATABASE CURRENT_SCHEMA CURRENT_SETTING CURRENT_USER
	SESSION_USER CURRENT_TIMEZONE DATABASE SCHEMA USER VERSION PG_TYPEOF TYPEOF PG_SLEEP SLEEP BENCHMARK NEXTVAL LAST_INSERT_ID ROW_COUNT FOUND_ROWS
	LOAD_FILE RELEASE_LOCK FORMAT_BYTES FORMAT_NUMBER FORMAT_STRING PRINTF INET_ATON INET_NTOA IS_UUID UUID_SHORT UUID_TO_BIN
	INSERT EXPORT_SET MAKE_SET FIND_IN_SET MAKE_DT_INTERVAL PERIOD_ADD PERIOD_DIFF LAST_DAY
	NEXT_DAY MONTHS_BETWEEN QUARTER WEEK WEEKOFYEAR YEARWEEK DAYOFYEAR MICROSECOND SEC_TO_TIME TIME_TO_SEC ISNAN LEVENSHTEIN SOUNDEX SIMILARITY
	LUHN_CHECK MAP_FROM_ENTRIES MAP_ZIP_WITH ZIP_WITH MONOTONICALLY_INCREASING_ID SPARK_PARTITION_ID INPUT_FILE_NAME NORMALIZE
	QUOTE SPACE RANDOM_NORMAL SETSEED SENTENCES SHUFFLE STACK STRCMP TO_ASCII TO_TSQUERY
	TO_TSVECTOR TS_RANK TRY_ADD TRY_DIVIDE UNISTR WEIGHT_STRING NEGATIVE POSITIVE POINT NAME_CONST ASSERT_TRUE JAVA_METHOD
	REFLECT GROUPING CHARAT UNIX_MICROS FORALL E`)

// overWindows are window functions: they want OVER, which there is not.
var overWindows = set("ROW_NUMBER RANK DENSE_RANK PERCENT_RANK CUME_DIST NTILE LAG LEAD")

// words turns a table of names by what they mean round.
func words(byMeaning map[string]string) map[string]string {
	out := map[string]string{}
	for meaning, names := range byMeaning {
		for _, name := range strings.Fields(names) {
			out[name] = meaning
		}
	}
	return out
}

func set(names string) map[string]bool {
	out := map[string]bool{}
	for _, name := range strings.Fields(names) {
		out[name] = true
	}
	return out
}

// unknown is the error for a name that no function has. The hint is what other databases
// mean by it, else the name that looks most like it; where others mean something that is
// not here, no name is guessed.
func unknown(name string) error {
	err := sqlerr.New(sqlerr.UndefinedFunction, "Can't find any functions with the name '%s'", name)
	upper := strings.ToUpper(name)
	switch {
	case overWindows[upper]:
		return err.Hint("There are no window functions. LATEST_BY_OFFSET(x, n) keeps the last n values, TOPK(x, n) the greatest.")
	case written[upper] != "":
		return err.Hint("Write %s.", written[upper])
	case absent[upper]:
		return err.Hint("Nothing here does the same; SHOW FUNCTIONS lists what there is.")
	}
	best := others[upper]
	if KindOf(best) == NotAFunction {
		all := keys(aliases)
		for _, kind := range []Kind{IsScalar, IsAggregate, IsTable} {
			all = append(all, Names(kind)...)
		}
		slices.Sort(all)
		best = sqlerr.Closest(name, all)
	}
	if best != "" {
		return err.Hint("Perhaps you meant the function %s.", best)
	}
	return err.Hint("SHOW FUNCTIONS lists what there is.")
}
