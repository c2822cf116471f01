package delimited

import (
	"strings"
	"unicode/utf8"

	"tailrace/sql/sqlerr"
)

// ParseDelimiter reads the VALUE_DELIMITER and KEY_DELIMITER properties: one character, or
// TAB or SPACE in any case; empty text is a comma, the default. White space has to be
// asked for by name.
func ParseDelimiter(text string) (string, error) {
	switch strings.ToUpper(text) {
	case "":
		return ",", nil
	case "TAB":
		return "\t", nil
	case "SPACE":
		return " ", nil
	}
	if strings.TrimSpace(text) == "" {
		return "", sqlerr.New(sqlerr.InvalidParameter,
			"Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values 'TAB' or 'SPACE'\nExample valid value: ';'")
	}
	if utf8.RuneCountInString(text) != 1 {
		return "", sqlerr.New(sqlerr.InvalidParameter,
			"Invalid delimiter value: '%s'. Delimiter must be a single character or TAB,SPACE\nExample valid value: ';'", text)
	}
	if text == `"` {
		return "", sqlerr.New(sqlerr.InvalidParameter, "Invalid delimiter value: '%s'. It is the character that quotes fields", text)
	}
	return text, nil
}
