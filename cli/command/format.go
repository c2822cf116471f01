package command

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
)

// Choice is a flag that takes one of a few words.
type Choice struct {
	value   string
	choices []string
}

// NewChoice makes a choice with its default, the first.
func NewChoice(choices ...string) *Choice { return &Choice{choices[0], choices} }

// String, Set and Type implement pflag.Value.
func (c *Choice) String() string { return c.value }

// Type is the word for the value in the help.
func (c *Choice) Type() string { return strings.Join(c.choices, "|") }

// Set takes a value.
func (c *Choice) Set(text string) error {
	for _, choice := range c.choices {
		if strings.EqualFold(text, choice) {
			c.value = choice
			return nil
		}
	}
	return fmt.Errorf("it must be %s", Alternatives(c.choices))
}

// Alternatives lists words as in "a, b or c".
func Alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// ChoiceFlag declares a flag that takes one of a few words, the first by default, and
// completes them.
func ChoiceFlag(c *cobra.Command, name, doc string, choices ...string) *Choice {
	v := NewChoice(choices...)
	c.Flags().Var(v, name, doc)
	Complete(c, name, choices...)
	return v
}

// Complete gives the words that complete a flag's value.
func Complete(c *cobra.Command, flag string, words ...string) {
	_ = c.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return WithPrefix(words, typed), cobra.ShellCompDirectiveNoFileComp
	})
}

// WithPrefix are the words that begin with what was typed.
func WithPrefix(words []string, typed string) []string {
	var match []string
	for _, w := range words {
		if strings.HasPrefix(w, typed) {
			match = append(match, w)
		}
	}
	return match
}

// ListFormat declares --format of a command that prints a list.
func ListFormat(c *cobra.Command, more ...string) *Choice {
	return ChoiceFlag(c, "format", "how to print: "+Alternatives(append([]string{"table", "json"}, more...)),
		append([]string{"table", "json"}, more...)...)
}

// Column is one of a table of rows of T.
type Column[T any] struct {
	Name string
	Cell func(T) string
}

// List prints rows as a table or, with format json, as an array of the rows' JSON.
func List[T any](w io.Writer, format *Choice, rows []T, columns ...Column[T]) error {
	if format.String() == "json" {
		if rows == nil {
			rows = []T{}
		}
		return JSON(w, rows)
	}
	return Table(w, rows, columns...)
}

// JSON prints a value, indented.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Table prints rows under a line of names, in columns that are two blanks apart. What
// could move the cursor of a terminal is escaped.
func Table[T any](w io.Writer, rows []T, columns ...Column[T]) error {
	cells := make([][]string, len(rows)+1)
	width := make([]int, len(columns))
	for i := range cells {
		cells[i] = make([]string, len(columns))
		for j, c := range columns {
			text := c.Name
			if i > 0 {
				text = Plain(c.Cell(rows[i-1]))
			}
			cells[i][j] = text
			width[j] = max(width[j], runewidth.StringWidth(text))
		}
	}
	out := bufio.NewWriter(w)
	for _, row := range cells {
		pad := 0
		for j, text := range row {
			if text == "" {
				pad += width[j] + 2
				continue
			}
			out.WriteString(strings.Repeat(" ", pad))
			out.WriteString(text)
			pad = width[j] - runewidth.StringWidth(text) + 2
		}
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return out.Flush()
}

// Plain escapes what is not to be printed, as Go writes it in strings.
func Plain(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }) {
		return text
	}
	quoted := fmt.Sprintf("%q", text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// Lines prints n lines.
func Lines(w io.Writer, n int, line func(int) string) error {
	out := bufio.NewWriter(w)
	for i := range n {
		out.WriteString(line(i))
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return out.Flush()
}
