package shell

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"tailrace/cli/shell/render"
)

// parseCopy reads the rest of a \copy.
func parseCopy(text string) (*copySpec, error) {
	p := &copyParser{rest: text}
	spec, err := p.parse()
	if err != nil {
		return nil, fmt.Errorf(`%w; \copy alone explains how it is written`, err)
	}
	return spec, nil
}

// copyParser reads tokens from the left.
type copyParser struct {
	rest string
	spec copySpec
}

func (p *copyParser) parse() (*copySpec, error) {
	if strings.HasPrefix(p.rest, "(") {
		inside, ok := p.parentheses()
		if !ok {
			return nil, fmt.Errorf("the parenthesis of the query is not closed")
		}
		p.spec.query = strings.TrimSpace(inside)
	} else {
		if p.spec.source = p.word(); p.spec.source == "" {
			return nil, fmt.Errorf("there is no stream or table")
		}
		if strings.HasPrefix(p.rest, "(") {
			inside, ok := p.parentheses()
			if !ok {
				return nil, fmt.Errorf("the parenthesis of the columns is not closed")
			}
			for _, column := range strings.Split(inside, ",") {
				p.spec.columns = append(p.spec.columns, strings.TrimSpace(column))
			}
		}
	}
	switch direction := p.word(); strings.ToUpper(direction) {
	case "FROM":
		p.spec.from = true
		if p.spec.query != "" {
			return nil, fmt.Errorf("rows cannot be copied into a query")
		}
	case "TO":
	default:
		return nil, fmt.Errorf("FROM or TO is missing%s", insteadOf(direction))
	}
	if err := p.file(); err != nil {
		return nil, err
	}
	if err := p.options(); err != nil {
		return nil, err
	}
	return &p.spec, p.check()
}

func insteadOf(word string) string {
	if word == "" {
		return ""
	}
	return fmt.Sprintf(", there is %q", word)
}

// file reads where rows come from or go to.
func (p *copyParser) file() error {
	quoted := strings.HasPrefix(p.rest, "'")
	name := p.word()
	switch upper := strings.ToUpper(name); {
	case name == "":
		return fmt.Errorf("there is no file")
	case quoted:
		p.spec.file = unquote(name)
	case upper == "PROGRAM":
		p.spec.program = true
		if !strings.HasPrefix(p.rest, "'") {
			return fmt.Errorf("the command behind PROGRAM stands in single quotes")
		}
		p.spec.file = unquote(p.word())
	case upper == "STDIN" || upper == "PSTDIN" || upper == "STDOUT" || upper == "PSTDOUT":
		if p.spec.from != strings.HasSuffix(upper, "IN") {
			return fmt.Errorf("%s does not go with %s", upper, map[bool]string{true: "FROM", false: "TO"}[p.spec.from])
		}
		p.spec.std = true
	default:
		p.spec.file = name
	}
	return nil
}

// options reads [WITH] (name value, ...), or the same words without parentheses.
func (p *copyParser) options() error {
	if strings.EqualFold(p.peek(), "WITH") {
		p.word()
	}
	if strings.HasPrefix(p.rest, "(") {
		inside, ok := p.parentheses()
		if !ok || p.rest != "" {
			return fmt.Errorf("the options are (NAME VALUE, ...), and nothing follows them")
		}
		p.rest = strings.TrimSpace(inside)
	}
	for p.rest != "" {
		if strings.HasPrefix(p.rest, ",") {
			p.rest = strings.TrimLeft(p.rest[1:], " \t\n")
			continue
		}
		if err := p.option(); err != nil {
			return err
		}
	}
	return nil
}

func (p *copyParser) option() (err error) {
	switch name := strings.ToUpper(p.word()); name {
	case "FORMAT":
		err = p.format(unquote(p.word()))
	case "CSV", "TSV", "TEXT", "JSON", "JSONL", "NDJSON", "MARKDOWN":
		err = p.format(name)
	case "HEADER":
		on := true
		if next := p.peek(); next != "" {
			if value, err := parseSwitch(unquote(next)); err == nil {
				on = value
				p.word()
			}
		}
		p.spec.header = &on
	case "DELIMITER", "NULL":
		if strings.EqualFold(p.peek(), "AS") {
			p.word()
		}
		value := p.word()
		if !strings.HasPrefix(value, "'") {
			return fmt.Errorf("%s is followed by a text in single quotes", name)
		}
		if value = unquote(value); name == "NULL" {
			p.spec.null = &value
			return nil
		}
		if value = unescape(value); utf8.RuneCountInString(value) != 1 || value[0] >= 0x80 || strings.Contains("\"\r\n\\", value) {
			return fmt.Errorf("DELIMITER is one ASCII character, and neither a quote, a backslash nor a line break")
		}
		p.spec.delimiter = rune(value[0])
	default:
		return fmt.Errorf("there is no option %q", name)
	}
	return err
}

func (p *copyParser) format(name string) error {
	switch strings.ToLower(name) {
	case "text":
		name = "tsv"
	case "ndjson":
		name = "jsonl"
	}
	format, err := render.ParseFormat(name)
	if err != nil || !format.ForPrograms() {
		return fmt.Errorf("\\copy has no format %q: csv, tsv, json, jsonl", name)
	}
	p.spec.format, p.spec.hasFormat = format, true
	return nil
}

// check completes what was not said.
func (p *copyParser) check() error {
	s := &p.spec
	if !s.hasFormat {
		s.format = render.TSV
		if !s.program && !s.std {
			s.format = formatOf(s.file)
		}
	}
	switch {
	case s.from && s.format == render.Markdown:
		return fmt.Errorf("rows cannot be read from Markdown")
	case s.delimiter != 0 && s.format != render.CSV && !(s.format == render.TSV && s.from):
		return fmt.Errorf("DELIMITER goes with FORMAT csv only")
	}
	return nil
}

// word takes the next word, quoted text or name off the left; quotes stay on it.
func (p *copyParser) word() string {
	word := p.peek()
	p.rest = strings.TrimLeft(p.rest[len(word):], " \t\n")
	return word
}

func (p *copyParser) peek() string {
	end := 0
	for end < len(p.rest) && !strings.ContainsRune(" \t\n(),", rune(p.rest[end])) {
		if c := p.rest[end]; c == '\'' || c == '"' || c == '`' {
			end = min(skipQuoted(p.rest, end), len(p.rest))
		} else {
			end++
		}
	}
	return p.rest[:end]
}

// skipQuoted returns where a quoted text ends that begins at i; a doubled quote is one.
func skipQuoted(text string, i int) int {
	for end := skip(text, i); ; end = skip(text, end) {
		if end >= len(text) || text[end] != text[i] {
			return end
		}
	}
}

// parentheses takes a text in parentheses off the left.
func (p *copyParser) parentheses() (inside string, ok bool) {
	depth := 0
	for i := 0; i < len(p.rest); i = skip(p.rest, i) {
		switch p.rest[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				inside = p.rest[1:i]
				p.rest = strings.TrimLeft(p.rest[i+1:], " \t\n")
				return inside, true
			}
		}
	}
	return "", false
}

// unquote takes single quotes off a text.
func unquote(text string) string {
	if len(text) < 2 || text[0] != '\'' || text[len(text)-1] != '\'' {
		return text
	}
	return strings.ReplaceAll(text[1:len(text)-1], "''", "'")
}
