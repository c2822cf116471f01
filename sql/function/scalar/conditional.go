package scalar

import (
	"encoding/binary"
	"fmt"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types/vector"
)

func init() {
	coalesce := func(_ *function.Context, args []*vector.Vector, n int, out *vector.Vector) error {
		for i := range n {
			k := 0
			for k < len(args)-1 && args[k].IsNull(i) {
				k++
			}
			out.AppendFrom(args[k], i)
		}
		return nil
	}
	conditional := func(name, doc string, overload function.Signature) {
		function.RegisterScalar(function.Scalar{Name: name, Text: name, Category: "CONDITIONAL", Doc: doc, Overloads: []function.Signature{overload}})
	}
	conditional("COALESCE", "The first value that is not NULL.",
		function.Signature{Params: []string{"T first", "T others"}, Variadic: true, Result: "T", Compile: function.Always(coalesce)})
	conditional("IFNULL", "The expression, or altValue where that is NULL.",
		function.Signature{Params: []string{"T expression", "T altValue"}, Result: "T", Compile: function.Always(coalesce)})
	conditional("NULLIF", "NULL where the two values are equal, else the first.",
		function.Signature{Params: []string{"T expression1", "T expression2"}, Result: "T",
			Compile: function.Always(func(_ *function.Context, args []*vector.Vector, n int, out *vector.Vector) error {
				for i := range n {
					if args[0].IsNull(i) || !args[1].IsNull(i) && args[0].EqualAt(i, args[1], i) {
						out.AppendNull()
						continue
					}
					out.AppendFrom(args[0], i)
				}
				return nil
			})})
	function.RegisterScalar(function.Scalar{Name: "AS_VALUE", Text: "AS_VALUE", Category: "OTHER",
		Doc:       "The value itself: it copies a key column into the value of the result.",
		Overloads: []function.Signature{{Params: []string{"T keyColumn"}, Result: "T", NullIn: true, Compile: function.Always(coalesce)}}})
	registerString("UUID", "A random UUID, or the text of the UUID that 16 bytes hold.",
		function.F0("STRING", func(ctx *function.Context) (string, error) {
			var b [16]byte
			binary.BigEndian.PutUint64(b[:8], ctx.Random())
			binary.BigEndian.PutUint64(b[8:], ctx.Random())
			b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4, RFC 9562
			return uuidText(b[:]), nil
		}).Unstable(),
		function.F1("BYTES bytes", "STRING", func(b []byte) (string, error) {
			if len(b) != 16 {
				return "", sqlerr.New(sqlerr.InvalidBinary, "a UUID has 16 bytes, not %d", len(b))
			}
			return uuidText(b), nil
		}))
}

func uuidText(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
