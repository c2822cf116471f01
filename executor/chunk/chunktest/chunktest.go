// Package chunktest writes chunks as a person reads them.
//
//	k string key, x int              a schema
//	+ a 1 @100 | U- b 2 | U+ b null  rows: op, values, event time (0 when it is not said)
//	- a ~                            ~: the value is not known, or the record had none
package chunktest

import (
	"fmt"
	"strconv"
	"strings"

	"tailrace/executor/chunk"
	"tailrace/sql/types"
)

// Schema parses "name type [key], ...".
func Schema(text string) (types.Schema, error) {
	var s types.Schema
	for _, part := range splitTop(text) {
		name, rest, ok := strings.Cut(strings.TrimSpace(part), " ")
		if !ok {
			return s, fmt.Errorf("column %q has no type", part)
		}
		col := types.Column{Name: name}
		if t, isKey := strings.CutSuffix(rest, " key"); isKey {
			rest, col.In = t, types.InKey
		}
		t, err := types.ParseType(rest)
		if err != nil {
			return s, err
		}
		col.Type = t
		s.Columns = append(s.Columns, col)
	}
	return s, nil
}

// splitTop splits at commas outside brackets.
func splitTop(text string) []string {
	var out []string
	depth, start := 0, 0
	for i, r := range text {
		switch r {
		case '<', '(':
			depth++
		case '>', ')':
			depth--
		case ',':
			if depth == 0 {
				out, start = append(out, text[start:i]), i+1
			}
		}
	}
	return append(out, text[start:])
}

// Parse reads a chunk. It panics on a mistake in the text: tests are right or do not run.
func Parse(schema, rows string) *chunk.Chunk {
	s, err := Schema(schema)
	if err != nil {
		panic(err)
	}
	c, err := Rows(s, rows)
	if err != nil {
		panic(err)
	}
	return c
}

// Rows reads rows separated by | or newlines.
func Rows(s types.Schema, text string) (*chunk.Chunk, error) {
	b := chunk.NewBuilder(s)
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '|' || r == '\n' }) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if err := addRow(b, s, fields); err != nil {
			return nil, fmt.Errorf("row %q: %w", line, err)
		}
	}
	c := b.Chunk()
	if !c.HasOps() {
		c.Ops = nil
	}
	return c, nil
}

func addRow(b *chunk.Builder, s types.Schema, fields []string) error {
	op, ok := map[string]chunk.Op{"+": chunk.Insert, "-": chunk.Delete, "U-": chunk.UpdateBefore, "U+": chunk.UpdateAfter}[fields[0]]
	if !ok {
		return fmt.Errorf("%q is no op", fields[0])
	}
	values, time := fields[1:], int64(0)
	if n := len(values); n > 0 && strings.HasPrefix(values[n-1], "@") {
		t, err := strconv.ParseInt(values[n-1][1:], 10, 64)
		if err != nil {
			return err
		}
		time, values = t, values[:n-1]
	}
	unknown := len(values) > 0 && values[len(values)-1] == "~"
	if unknown {
		values = values[:len(values)-1]
		for len(values) < len(s.Columns) {
			values = append(values, "null")
		}
	}
	if len(values) != len(s.Columns) {
		return fmt.Errorf("%d values for %d columns", len(values), len(s.Columns))
	}
	row := make([]types.Value, len(values))
	for i, text := range values {
		x, err := value(s.Columns[i].Type, text)
		if err != nil {
			return err
		}
		row[i] = x
	}
	b.Add(op, time, row...)
	if unknown {
		b.MarkNull()
	}
	return nil
}

func value(t types.Type, text string) (types.Value, error) {
	if text == "null" {
		return nil, nil
	}
	switch t.Kind {
	case types.Boolean:
		return strconv.ParseBool(text)
	case types.Int:
		n, err := strconv.ParseInt(text, 10, 32)
		return int32(n), err
	case types.Bigint:
		return strconv.ParseInt(text, 10, 64)
	case types.Timestamp:
		n, err := strconv.ParseInt(text, 10, 64)
		return types.TimestampVal(n), err
	case types.Double:
		return strconv.ParseFloat(text, 64)
	case types.String:
		return text, nil
	}
	return nil, fmt.Errorf("no text form for %s", t)
}

// Format writes a chunk as Rows reads it, one row a line; times only where they are not 0.
func Format(c *chunk.Chunk) string {
	var out strings.Builder
	for i := range c.N {
		out.WriteString(c.Op(i).String())
		for col, v := range c.Cols {
			if c.NullValue.Get(i) && c.Schema.Columns[col].In != types.InKey {
				continue
			}
			out.WriteByte(' ')
			out.WriteString(Value(v.Value(i)))
		}
		if c.NullValue.Get(i) {
			out.WriteString(" ~")
		}
		if c.Time[i] != 0 {
			fmt.Fprintf(&out, " @%d", c.Time[i])
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// Value writes one value.
func Value(x types.Value) string {
	switch x := x.(type) {
	case nil:
		return "null"
	case types.ArrayVal:
		parts := make([]string, len(x))
		for i, e := range x {
			parts[i] = Value(e)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case types.Dec:
		return x.String()
	}
	return fmt.Sprint(x)
}

// Line is Format on one line, rows separated by |.
func Line(c *chunk.Chunk) string {
	return strings.ReplaceAll(strings.TrimSuffix(Format(c), "\n"), "\n", " | ")
}
