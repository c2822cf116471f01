package shell

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// commandName cuts the name of a command off the beginning of a line. \! needs no space
// behind it.
func commandName(line string) string {
	if strings.HasPrefix(line, `\!`) {
		return `\!`
	}
	for i := 1; i < len(line); i++ {
		if line[i] == ' ' || line[i] == '\t' || line[i] == '\\' || line[i] == ';' {
			return line[:i]
		}
	}
	return line
}

// takesLine reports whether everything on the line belongs to a command: backslashes and
// quotes in it are somebody else's.
func takesLine(name, arg string) bool {
	c, _, ok := find(name)
	if ok && c.buffer == takesBuffer {
		_, arg, _ = cutParentheses(arg)
	}
	return ok && c.wholeLine || strings.HasPrefix(arg, "|")
}

// skipArgument returns where the part of an argument ends that begins at i: a quoted text,
// or one byte.
func skipArgument(line string, i int) int {
	quote := line[i]
	if quote != '\'' && quote != '"' && quote != '`' {
		return i + 1
	}
	for i++; i < len(line); i++ {
		switch {
		case line[i] == '\\' && quote == '\'' && i+1 < len(line):
			i++
		case line[i] == quote && quote != '`' && i+1 < len(line) && line[i+1] == quote: // a doubled quote is one
			i++
		case line[i] == quote:
			return i + 1
		}
	}
	return len(line)
}

// closed reports whether a quoted text ends with its quote.
func closed(text string) bool {
	end := skipArgument(text+"\x00", 0)
	return end == len(text) && len(text) > 1
}

// arguments cuts the rest of a command's line into arguments, as psql does: blanks
// separate; 'text' may hold blanks, ” for a quote, and \n, \t and their like; "text" may
// hold blanks; `command` is what a command line of the system writes; :name, :'name',
// :"name" and ${name} are variables.
func (s *Shell) arguments(ctx context.Context, text string) ([]string, error) {
	var out []string
	var b strings.Builder
	open := false // an argument has begun
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if open {
				out = append(out, b.String())
				b.Reset()
				open = false
			}
			i++
			continue
		case c == '\'' || c == '"' || c == '`':
			end := skipArgument(text, i)
			if !closed(text[i:end]) {
				return nil, fmt.Errorf("the quote %c is not closed in: %s", c, text[i:])
			}
			inner, err := s.quoted(ctx, c, text[i+1:end-1])
			if err != nil {
				return nil, err
			}
			b.WriteString(inner)
			i = end
		case c == ':':
			value, n, ok := s.vars.colon(text[i:])
			if !ok {
				value, n = ":", 1
			}
			b.WriteString(value)
			i += n
		case c == '$':
			i += s.vars.dollar(&b, text[i:])
		default:
			b.WriteByte(c)
			i++
		}
		open = true
	}
	if open {
		out = append(out, b.String())
	}
	return out, nil
}

// quoted is the value of a quoted part of an argument.
func (s *Shell) quoted(ctx context.Context, quote byte, inner string) (string, error) {
	switch quote {
	case '\'':
		return unescape(s.vars.inQuotes(inner)), nil
	case '`':
		cmd := shellCommandLine(ctx, s.vars.inQuotes(inner))
		cmd.Stderr = s.opts.Err
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("`%s`: %w", inner, err)
		}
		return strings.TrimRight(string(out), "\n"), nil
	}
	return strings.ReplaceAll(s.vars.inQuotes(inner), `""`, `"`), nil
}

var escapes = strings.NewReplacer("''", "'", `\n`, "\n", `\t`, "\t", `\r`, "\r", `\b`, "\b", `\f`, "\f", `\\`, `\`, `\'`, "'", `\"`, `"`)

// unescape reads the escapes that psql knows in single quotes.
func unescape(text string) string { return escapes.Replace(text) }

// one asks for at most one argument.
func one(args []string) (string, error) {
	switch len(args) {
	case 0:
		return "", nil
	case 1:
		return args[0], nil
	}
	return "", errTooMany
}

// errTooMany is an argument too many; the command's usage is added where it is printed.
var errTooMany = errors.New("there is an argument too many")
