package compat

import (
	"fmt"
	"regexp"
	"strings"
)

// unbuilt are formats that Tailrace does not have; a case that needs one is skipped.
var unbuilt = regexp.MustCompile(`(?i)'\s*(AVRO|PROTOBUF_NOSR|PROTOBUF|JSON_SR)\s*'`)

// testOnly are functions that exist in the jar of ksqlDB's own tests and nowhere else.
var testOnly = regexp.MustCompile(`(?i)\b(GENERIC_VAR_ARG|BAD_UDF|MID_VAR_ARG|MULTI_ARG|OBJ_COL_ARG|TEST_UDF|TEST_UDTF|` +
	`VAR_ARG|TEST_UDAF|WHENCONDITION|WHENRESULT|FOUR_ARG|FIVE_ARG|TOSTRUCT|THROWING_UDTF)\s*\(`)

// skipReason says by which rule a case is skipped, or "".
func skipReason(c *Case) string {
	for _, s := range c.Statements {
		if m := unbuilt.FindStringSubmatch(s); m != nil {
			return "format " + strings.ToUpper(m[1]) + " is not built"
		}
		if m := testOnly.FindStringSubmatch(s); m != nil {
			return "test-only function"
		}
	}
	for key, value := range c.Properties {
		if strings.HasPrefix(key, "ksql.persistence.default.format.") && unbuilt.MatchString("'"+value+"'") {
			return fmt.Sprintf("format %s is not built", strings.ToUpper(value))
		}
	}
	for _, t := range c.Topics {
		for _, f := range []string{t.KeyFormat, t.ValueFormat} {
			if unbuilt.MatchString("'" + f + "'") {
				return fmt.Sprintf("format %s is not built", strings.ToUpper(f))
			}
		}
		if len(t.ValueSchema) > 0 && t.ValueFormat == "" {
			return "format AVRO is not built"
		}
	}
	return ""
}
