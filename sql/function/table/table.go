package table

import (
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// cubeLimit is the longest array that CUBE_EXPLODE takes: its result doubles with every
// element.
const cubeLimit = 20

func init() {
	function.RegisterTable(function.Table{
		Name: "EXPLODE",
		Doc:  "One row for each element of an array, in order; none for NULL and for the empty array.",
		Overloads: []function.TableSignature{
			{Params: []string{"ARRAY<DECIMAL> input"}, Result: "T", ResultType: element, Expand: explode},
			{Params: []string{"ARRAY<T> list"}, Result: "T", Expand: explode},
		},
	})
	function.RegisterTable(function.Table{
		Name: "CUBE_EXPLODE",
		Doc: "One row for each way to replace elements of an array by NULL, from all replaced to none. " +
			"An element that is NULL already is not counted twice.",
		Overloads: []function.TableSignature{
			{Params: []string{"ARRAY<T> list"}, Result: "ARRAY<T>", Expand: cube},
		},
	})
}

func element(args []types.Type) (types.Type, error) {
	if args[0].Elem == nil { // the literal NULL
		return types.NullType, nil
	}
	return *args[0].Elem, nil
}

func explode(args []types.Value) ([]types.Value, error) {
	if args[0] == nil {
		return nil, nil
	}
	return args[0].(types.ArrayVal), nil
}

func cube(args []types.Value) ([]types.Value, error) {
	if args[0] == nil {
		return nil, nil
	}
	in := args[0].(types.ArrayVal)
	var present []int // the elements to choose from
	for i, x := range in {
		if x != nil {
			present = append(present, i)
		}
	}
	if len(in) == 0 {
		return nil, nil
	}
	if len(present) > cubeLimit {
		return nil, sqlerr.New(sqlerr.LimitExceeded, "cube_explode takes at most %d elements, not %d", cubeLimit, len(present))
	}
	out := make([]types.Value, 0, 1<<len(present))
	for mask := range 1 << len(present) {
		row := make(types.ArrayVal, len(in))
		for bit, i := range present {
			if mask>>(len(present)-1-bit)&1 == 1 {
				row[i] = in[i]
			}
		}
		out = append(out, row)
	}
	return out, nil
}
