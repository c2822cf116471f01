package scalar

import (
	"bytes"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// registerLists: functions between one text and several.
func registerLists() {
	registerString("CONCAT", "The inputs one after the other; NULLs are left out.",
		function.Signature{Params: []string{"STRING inputs", "STRING others"}, Variadic: true, Result: "STRING", Compile: function.Always(concat)},
		function.Signature{Params: []string{"BYTES inputs", "BYTES others"}, Variadic: true, Result: "BYTES", Compile: function.Always(concat)})
	registerString("CONCAT_WS", "The inputs one after the other, with the separator between them; NULLs are left out. NULL when the separator is.",
		function.Signature{Params: []string{"STRING separator", "STRING input", "STRING inputs"}, Variadic: true, Result: "STRING", Compile: function.Always(concatWith)},
		function.Signature{Params: []string{"BYTES separator", "BYTES input", "BYTES inputs"}, Variadic: true, Result: "BYTES", Compile: function.Always(concatWith)})
	registerString("ELT", "The n-th of the texts, from 1; NULL when there is none.",
		function.Rows([]string{"INTEGER n", "STRING args"}, "STRING", func(_ *function.Context, a []types.Value) (types.Value, error) {
			if n, ok := a[0].(int32); ok && n >= 1 && int(n) < len(a) {
				return a[n], nil
			}
			return nil, nil
		}).Repeat())
	registerString("FIELD", "Position of str among the texts, from 1, or 0.",
		function.Rows([]string{"STRING str", "STRING args"}, "INTEGER", func(_ *function.Context, a []types.Value) (types.Value, error) {
			for i, x := range a[1:] {
				if a[0] != nil && x == a[0] {
					return int32(i + 1), nil
				}
			}
			return int32(0), nil
		}).Repeat())
	registerString("SPLIT", "Array of the parts between the delimiters; with an empty delimiter, of the single characters or bytes.",
		function.Rows([]string{"STRING string", "STRING delimiter"}, "ARRAY<STRING>", func(ctx *function.Context, a []types.Value) (types.Value, error) {
			if anyNil(a) {
				return nil, nil
			}
			if a[0] == "" {
				return types.ArrayVal{""}, nil
			}
			if err := ctx.Grow(function.BoxBytes * int64(strings.Count(a[0].(string), a[1].(string)))); err != nil {
				return nil, err
			}
			return textArray(strings.Split(a[0].(string), a[1].(string))), nil
		}),
		function.Rows([]string{"BYTES bytes", "BYTES delimiter"}, "ARRAY<BYTES>", func(ctx *function.Context, a []types.Value) (types.Value, error) {
			if anyNil(a) {
				return nil, nil
			}
			if err := ctx.Grow(function.BoxBytes * int64(bytes.Count(a[0].([]byte), a[1].([]byte)))); err != nil {
				return nil, err
			}
			return splitBytes(a[0].([]byte), a[1].([]byte)), nil
		}))
	registerString("SPLIT_TO_MAP", "Map of the entries that entryDelimiter parts, each a key and a value with kvDelimiter between. Entries without it are left out, later keys win, and empty or equal delimiters give NULL.",
		function.Rows([]string{"STRING input", "STRING entryDelimiter", "STRING kvDelimiter"}, "MAP<STRING, STRING>", splitToMap))
}

func textArray(parts []string) types.ArrayVal {
	out := make(types.ArrayVal, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out
}

func splitBytes(b, delimiter []byte) types.ArrayVal {
	out := types.ArrayVal{}
	if len(delimiter) == 0 && len(b) > 0 {
		for i := range b {
			out = append(out, b[i:i+1:i+1])
		}
		return out
	}
	for _, p := range bytes.Split(b, delimiter) {
		out = append(out, p)
	}
	return out
}

func splitToMap(_ *function.Context, a []types.Value) (types.Value, error) {
	if anyNil(a) || a[1] == "" || a[2] == "" || a[1] == a[2] {
		return nil, nil
	}
	m := types.NewMapBuilder(4)
	for _, entry := range strings.Split(a[0].(string), a[1].(string)) {
		if parts := strings.SplitN(entry, a[2].(string), 3); len(parts) >= 2 {
			m.Put(parts[0], parts[1])
		}
	}
	return m.Map(), nil
}

// concat writes straight into the arena of the result.
func concat(ctx *function.Context, args []*vector.Vector, n int, out *vector.Vector) error {
	for i := range n {
		off := len(out.Arena)
		for _, v := range args {
			if !v.IsNull(i) {
				out.Arena = append(out.Arena, v.Bytes(i)...)
			}
		}
		if err := ctx.EndText(i, n, out, off); err != nil {
			return err
		}
	}
	return nil
}

func concatWith(ctx *function.Context, args []*vector.Vector, n int, out *vector.Vector) error {
	for i := range n {
		if args[0].IsNull(i) {
			out.AppendNull()
			continue
		}
		off, separator, first := len(out.Arena), args[0].Bytes(i), true
		for _, v := range args[1:] {
			if v.IsNull(i) {
				continue
			}
			if !first {
				out.Arena = append(out.Arena, separator...)
			}
			out.Arena, first = append(out.Arena, v.Bytes(i)...), false
		}
		if err := ctx.EndText(i, n, out, off); err != nil {
			return err
		}
	}
	return nil
}
