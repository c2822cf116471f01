package compat

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
)

// place is where a message says the fault is, if it begins with that.
var place = regexp.MustCompile(`^Line: (\d+), Col: `)

// messageForms are the ways in which ksqlDB may put an error of a case's last statement.
// Its runner sends all statements as one text, a line each, so that lines and positions
// count from the first.
func messageForms(c *Case, err error, statement string) []string {
	forms := []string{err.Error()}
	e, ok := sqlerr.As(err)
	if !ok {
		return forms
	}
	before := strings.Join(c.Statements[:len(c.Statements)-1], "\n")
	if before != "" {
		before += "\n"
	}
	moved := *e
	if moved.Pos > 0 {
		moved.Pos += len([]rune(before))
	}
	moved.Message = place.ReplaceAllStringFunc(moved.Message, func(at string) string {
		line, _ := strconv.Atoi(place.FindStringSubmatch(at)[1])
		return strings.Replace(at, strconv.Itoa(line), strconv.Itoa(line+strings.Count(before, "\n")), 1)
	})
	text := before + statement
	forms = append(forms, "Failed to prepare statement: "+parse.KsqlMessage(&moved, text))
	if near := nearForm(&moved, text); near != "" {
		forms = append(forms, near)
	}
	return forms
}

// nearForm is how ksqlDB puts a syntax error where no rule of its grammar goes on.
func nearForm(e *sqlerr.Error, text string) string {
	line, column := sqlerr.LineColumn(text, e.Pos)
	if e.Code != sqlerr.SyntaxError || line == 0 {
		return ""
	}
	rest := []rune(text)[e.Pos-1:]
	end := 0
	for end < len(rest) && strings.ContainsRune("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", rest[end]) {
		end++
	}
	if end = max(end, 1); end > len(rest) {
		return ""
	}
	return fmt.Sprintf("Syntax error at or near '%s' at line %d:%d", string(rest[:end]), line, column+1)
}

// matchMessage compares an error, in its forms, with the case's message: a substring of
// one; white space does not count.
func matchMessage(want any, forms ...string) error {
	text, ok := want.(string)
	if !ok || text == "" {
		return nil // any error will do
	}
	for _, got := range forms {
		if strings.Contains(squash(got), squash(text)) {
			return nil
		}
	}
	return fmt.Errorf("another error\n got %s\nwant %s", forms[0], text)
}

func squash(s string) string { return strings.Join(strings.Fields(s), " ") }
