package client

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Properties are the settings of a client, by Kafka's names.
type Properties map[string]string

// ParseProperties reads a file of Java's format: key=value, key:value or key value, # and !
// for comments, a backslash at the end of a line that goes on, and \t \n \r \f \uXXXX.
func ParseProperties(text string) (Properties, error) {
	p := Properties{}
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		first := i + 1
		line := strings.TrimLeft(lines[i], " \t\f")
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		for goesOn(line) {
			line = line[:len(line)-1]
			if i++; i >= len(lines) {
				break
			}
			line += strings.TrimLeft(lines[i], " \t\f")
		}
		rawKey, rawValue := splitProperty(line)
		key, err := unescape(rawKey)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", first, err)
		}
		value, err := unescape(rawValue)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", first, err)
		}
		p[key] = value
	}
	return p, nil
}

// goesOn reports whether a line ends with an odd number of backslashes.
func goesOn(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

func splitProperty(line string) (key, value string) {
	end := 0
	for end < len(line) && !strings.ContainsRune("=: \t\f", rune(line[end])) {
		if line[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(line))
	value = strings.TrimLeft(line[end:], " \t\f")
	if value != "" && (value[0] == '=' || value[0] == ':') {
		value = strings.TrimLeft(value[1:], " \t\f")
	}
	return line[:end], value
}

func unescape(text string) (string, error) {
	if !strings.Contains(text, `\`) {
		return text, nil
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		switch text[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 'f':
			b.WriteByte('\f')
		case 'u':
			end := min(i+5, len(text))
			n, err := strconv.ParseUint(text[i+1:end], 16, 16)
			if err != nil || end-i != 5 {
				return "", fmt.Errorf(`\u takes four hexadecimal digits, not %q`, text[i+1:end])
			}
			b.WriteString(string(utf8.AppendRune(nil, rune(n))))
			i += 4
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), nil
}

// jaasOptions are the options of the login module in sasl.jaas.config:
// Module required key="value" key=value;
func jaasOptions(text string) (module string, options map[string]string, err error) {
	options = map[string]string{}
	rest := strings.TrimSpace(text)
	module, rest, _ = strings.Cut(rest, " ")
	_, rest, _ = strings.Cut(strings.TrimSpace(rest), " ") // the control flag
	for {
		rest = strings.TrimLeft(rest, " \t\r\n")
		if rest == "" || rest[0] == ';' {
			return module, options, nil
		}
		key, after, ok := strings.Cut(rest, "=")
		if !ok {
			return "", nil, fmt.Errorf("sasl.jaas.config: %q is no key=value", rest)
		}
		var value string
		if value, rest, err = jaasValue(strings.TrimLeft(after, " ")); err != nil {
			return "", nil, fmt.Errorf("sasl.jaas.config: the value of %s %w", strings.TrimSpace(key), err)
		}
		options[strings.TrimSpace(key)] = value
	}
}

func jaasValue(text string) (value, rest string, err error) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		end := strings.IndexAny(text, " \t\r\n;")
		if end < 0 {
			end = len(text)
		}
		return text[:end], text[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == text[0]:
			return b.String(), text[i+1:], nil
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		b.WriteByte(text[i])
	}
	return "", "", fmt.Errorf("has no closing %c", text[0])
}
