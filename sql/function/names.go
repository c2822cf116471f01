package function

import (
	"slices"
	"strings"
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
