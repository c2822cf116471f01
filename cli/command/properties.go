package command

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"tailrace/sql/sqlerr"
)

// SetProperties sets flags from Kafka's way to give them to a console tool, such as
// --reader-property parse.key=true; names says which flag a property is.
func SetProperties(fs *pflag.FlagSet, flag string, properties []string, names map[string]string) error {
	for _, p := range properties {
		k, v, ok := strings.Cut(p, "=")
		if !ok {
			return Usagef("--%s takes name=value, not %q", flag, p)
		}
		name, known := names[k]
		if !known {
			hint := ""
			if near := sqlerr.Closest(k, slices.Collect(maps.Keys(names))); near != "" {
				hint = "; did you mean " + near + "?"
			}
			return Usagef("--%s: no property %q%s", flag, k, hint)
		}
		if err := fs.Set(name, v); err != nil {
			return Usagef("--%s %s: %w", flag, p, err)
		}
	}
	return nil
}

// Unescape reads the escapes of a separator: \t, \n, \0 and whatever Go's strings have.
func Unescape(text string) (string, error) {
	if !strings.Contains(text, `\`) {
		return text, nil
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, `\0`, `\x00`), `"`, `\"`)
	return strconv.Unquote(`"` + text + `"`)
}
