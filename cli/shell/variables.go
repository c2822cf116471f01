package shell

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/parse"
)

// variables are what \set, -v and DEFINE have set. Names are told apart in any case of
// letters. Statements and arguments of commands use them as :name, :'name' (a string),
// :"name" (a name), and, inside strings too, as ${name}.
type variables struct {
	byName map[string]variable // by name in capitals
}

type variable struct{ name, value string }

// special are the variables that the shell itself looks at, with the check of their
// values.
var special = map[string]func(value string) error{
	"ON_ERROR_STOP": isSwitch,
	"QUIET":         isSwitch,
	"ECHO": func(v string) error {
		switch strings.ToLower(v) {
		case "none", "all", "queries", "errors":
			return nil
		}
		return fmt.Errorf("it must be none, all, queries or errors")
	},
	"WATCH_INTERVAL": func(v string) error {
		if n, err := strconv.ParseFloat(v, 64); err != nil || !(n >= 0 && n <= maxInterval) {
			return fmt.Errorf("it must be a number of seconds")
		}
		return nil
	},
}

// maxInterval bounds \watch: a day, in seconds.
const maxInterval = 86400

func isSwitch(v string) error {
	_, err := parseSwitch(v)
	return err
}

// set sets a variable. One that the shell looks at takes only what the shell can read.
func (v *variables) set(name, value string) error {
	if !isVariableName(name) {
		return fmt.Errorf("%q is no name of a variable: letters, digits and _", name)
	}
	key := strings.ToUpper(name)
	if check := special[key]; check != nil {
		if err := check(value); err != nil {
			return fmt.Errorf("%s cannot be %q: %w", key, value, err)
		}
	}
	if v.byName == nil {
		v.byName = map[string]variable{}
	}
	v.byName[key] = variable{name, value}
	return nil
}

func isVariableName(name string) bool {
	for i := range len(name) {
		if !isNameByte(name[i]) {
			return false
		}
	}
	return name != ""
}

// unset forgets a variable.
func (v *variables) unset(name string) { delete(v.byName, strings.ToUpper(name)) }

// get returns the value of a variable.
func (v *variables) get(name string) (string, bool) {
	found, ok := v.byName[strings.ToUpper(name)]
	return found.value, ok
}

// on reads a variable that is on or off.
func (v *variables) on(name string, otherwise bool) bool {
	if value, ok := v.get(name); ok {
		if on, err := parseSwitch(value); err == nil {
			return on
		}
	}
	return otherwise
}

// all lists the variables by name.
func (v *variables) all() []variable {
	out := make([]variable, 0, len(v.byName))
	for _, one := range v.byName {
		out = append(out, one)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

// interpolate replaces the variables in a statement. Names that are not set stay as they
// are: a colon has other meanings too, and ${name} may be known to the server.
func (v *variables) interpolate(text string) string {
	if len(v.byName) == 0 || !strings.ContainsAny(text, ":$") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ':' && !(i > 0 && text[i-1] == ':'):
			if value, n, ok := v.colon(text[i:]); ok {
				b.WriteString(value)
				i += n
				continue
			}
			b.WriteByte(c)
			i++
		case c == '$':
			n := v.dollar(&b, text[i:])
			i += n
		default:
			end := min(skip(text, i), len(text))
			if token := text[i:end]; len(token) > 1 && !strings.HasPrefix(token, "--") && !strings.HasPrefix(token, "/*") {
				b.WriteString(v.inQuotes(token))
			} else {
				b.WriteString(token)
			}
			i = end
		}
	}
	return b.String()
}

// colon reads :name, :'name' or :"name" at the beginning of a text.
func (v *variables) colon(text string) (value string, length int, ok bool) {
	rest, quote := text[1:], byte(0)
	if rest != "" && (rest[0] == '\'' || rest[0] == '"') {
		quote, rest = rest[0], rest[1:]
	}
	n := 0
	for n < len(rest) && isNameByte(rest[n]) {
		n++
	}
	if value, ok = v.get(rest[:n]); !ok {
		return "", 0, false
	}
	if quote == 0 {
		return value, 1 + n, true
	}
	if n == len(rest) || rest[n] != quote {
		return "", 0, false
	}
	q := string(quote)
	return q + strings.ReplaceAll(value, q, q+q) + q, 3 + n, true
}

// dollar replaces ${name} at the beginning of a text; $${name} stays for the server, which
// makes ${name} of it. It returns how far it has read.
func (v *variables) dollar(b *strings.Builder, text string) int {
	if strings.HasPrefix(text, "$$") {
		b.WriteString("$$")
		return 2
	}
	if end := strings.IndexByte(text, '}'); strings.HasPrefix(text, "${") && end > 0 {
		if value, ok := v.get(text[2:end]); ok {
			b.WriteString(value)
			return end + 1
		}
	}
	b.WriteByte('$')
	return 1
}

// inQuotes replaces ${name} in a quoted text.
func (v *variables) inQuotes(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] == '$' {
			i += v.dollar(&b, text[i:])
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

// defined keeps what a DEFINE or UNDEFINE has done on the server, so that :name knows it
// too.
func (v *variables) defined(text string) {
	words := wordsOf(text)
	if len(words) == 0 || words[0] != "DEFINE" && words[0] != "UNDEFINE" {
		return
	}
	statements, err := parse.Parse(text)
	if err != nil {
		return // the server has other ideas of the language than this shell
	}
	for _, st := range statements {
		switch d := st.AST.(type) {
		case *ast.Define:
			_ = v.set(d.Name.Name, d.Value)
		case *ast.Undefine:
			v.unset(d.Name.Name)
		}
	}
}
