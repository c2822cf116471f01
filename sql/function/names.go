package function

import (
	"slices"
	"strings"

	"tailrace/sql/sqlerr"
)

// aliases are further names of functions: those that PostgreSQL, or the SQL standard, has
// for the very same thing.
var aliases = map[string]string{
	"LENGTH": "LEN", "CHAR_LENGTH": "LEN", "CHARACTER_LENGTH": "LEN",
	"UPPER": "UCASE", "LOWER": "LCASE", "SUBSTR": "SUBSTRING", "STRPOS": "INSTR",
	"CEILING": "CEIL", "POW": "POWER",
	"CARDINALITY": "ARRAY_LENGTH", "UNNEST": "EXPLODE", "GEN_RANDOM_UUID": "UUID",
	"ARRAY_AGG": "COLLECT_LIST", "CORR": "CORRELATION", "APPROX_COUNT_DISTINCT": "COUNT_DISTINCT",
	"NVL": "IFNULL", "CURRENT_TIMESTAMP": "NOW", "LOCALTIMESTAMP": "NOW", "LOCALTIME": "CURRENT_TIME",
}

// others are what other databases call functions that do much the same, for hints.
var others = map[string]string{
	"JSON_AGG": "COLLECT_LIST", "GROUP_CONCAT": "COLLECT_LIST", "STRING_AGG": "COLLECT_LIST", "MODE": "HISTOGRAM",
	"FIRST": "EARLIEST_BY_OFFSET", "FIRST_VALUE": "EARLIEST_BY_OFFSET", "LAST": "LATEST_BY_OFFSET", "LAST_VALUE": "LATEST_BY_OFFSET", "ANY_VALUE": "LATEST_BY_OFFSET",
	"STRING_TO_ARRAY": "SPLIT", "REGEXP_SPLIT": "REGEXP_SPLIT_TO_ARRAY", "REGEXP_MATCHES": "REGEXP_EXTRACT_ALL", "REGEXP_SUBSTR": "REGEXP_EXTRACT",
	"JSON_EXTRACT": "EXTRACTJSONFIELD", "GET_JSON_OBJECT": "EXTRACTJSONFIELD", "JSON_VALUE": "EXTRACTJSONFIELD", "TO_JSON": "TO_JSON_STRING",
	"TO_CHAR": "FORMAT_TIMESTAMP", "DATE_FORMAT": "FORMAT_TIMESTAMP", "STRFTIME": "FORMAT_TIMESTAMP",
	"TO_TIMESTAMP": "PARSE_TIMESTAMP", "STR_TO_DATE": "PARSE_DATE", "TO_DATE": "PARSE_DATE", "EPOCH": "UNIX_TIMESTAMP",
	"DATE_ADD": "DATEADD", "DATE_SUB": "DATESUB", "HAVERSINE": "GEO_DISTANCE", "MD5": "ENCODE", "DECODE": "ENCODE",
	"ISNULL": "IFNULL", "IF": "NULLIF", "ARRAY_CAT": "ARRAY_CONCAT", "ARRAY_POSITION": "ARRAY_CONTAINS", "LIST_CONTAINS": "ARRAY_CONTAINS",
	"MAP_FROM_ARRAYS": "AS_MAP", "OBJECT_KEYS": "MAP_KEYS", "VARIANCE": "STDDEV_SAMP", "STDDEV": "STDDEV_SAMP", "RAND": "RANDOM",
}

// known is the name under which a function is registered, of a name in any case of letters.
func known(name string) string {
	name = strings.ToUpper(name)
	if real, ok := aliases[name]; ok && scalars[name] == nil && aggregates[name] == nil && tables[name] == nil {
		return real
	}
	return name
}

// Aliases lists the other names of a function, sorted.
func Aliases(name string) []string {
	var out []string
	for alias, real := range aliases {
		if real == name {
			out = append(out, alias)
		}
	}
	slices.Sort(out)
	return out
}

// Niladic says that SQL calls a function without parentheses: CURRENT_DATE.
func Niladic(name string) bool {
	switch strings.ToUpper(name) {
	case "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "LOCALTIMESTAMP", "LOCALTIME":
		return true
	}
	return false
}

// unknown is the error for a name that no function has. The hint is what other databases
// mean by it, else the name that looks most like it.
func unknown(name string) error {
	err := sqlerr.New(sqlerr.UndefinedFunction, "Can't find any functions with the name '%s'", name)
	best := others[strings.ToUpper(name)]
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
	return err
}
