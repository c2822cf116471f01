package scalar_test

import (
	"errors"
	"testing"

	"tailrace/sql/types"
)

func TestConditional(t *testing.T) {
	check(t, []row{
		{"COALESCE", in(nil, typed{"INTEGER", nil}, 3, 4), "3 :: INTEGER"}, {"COALESCE", in(typed{"STRING", nil}, "x"), "x"}, {"COALESCE", in(int64(1), 0), "1 :: BIGINT"}, {"COALESCE", in(typed{"ARRAY<INTEGER>", nil}, ints(10, 20)), "[10, 20]"},
		{"COALESCE", in(), "!Function 'COALESCE' does not accept parameters ()."}, {"COALESCE", in(nil), "NULL"}, {"IFNULL", in(typed{"INTEGER", nil}, -1), "-1"}, {"IFNULL", in(5, -1), "5"},
		{"NULLIF", in(10, 10), "NULL"}, {"NULLIF", in("a", "x"), "a"}, {"NULLIF", in(ints(1, 2), ints(1, 2)), "NULL"}, {"NULLIF", in(1, nil), "1"}, {"AS_VALUE", in(dec("12.3")), "12.3 :: DECIMAL(3, 1)"}, {"AS_VALUE", in(strs("foo")), "[foo]"},
	})
}

func TestArrays(t *testing.T) {
	lists := typed{"ARRAY<ARRAY<STRING>>", types.ArrayVal{types.ArrayVal{"foo", nil}, types.ArrayVal{"foo", nil}, nil}}
	check(t, []row{
		{"ARRAY_LENGTH", in(ints(1, nil)), "2"}, {"ARRAY_CONTAINS", in(strs("Pink", nil), "Pink"), "true"}, {"ARRAY_CONTAINS", in(strs("Pink", nil), nil), "true"}, {"ARRAY_CONTAINS", in(typed{"ARRAY<STRING>", nil}, "x"), "false"}, {"ARRAY_CONTAINS", in(ints(1, 2), "x"), "!Function 'array_contains' does not accept parameters (ARRAY<INTEGER>, STRING)."},
		{"ARRAY_MIN", in(strs("foo", "fo", "Food", nil, "F")), "F"}, {"ARRAY_MAX", in(ints(1, nil, 3)), "3"}, {"ARRAY_MAX", in(ints()), "NULL"}, {"ARRAY_MIN", in(typed{"ARRAY<BOOLEAN>", types.ArrayVal{nil, true, false}}), "false"},
		{"ARRAY_SORT", in(ints(0, nil, 1, -1)), "[-1, 0, 1, null]"}, {"ARRAY_SORT", in(ints(0, nil, 1, -1), "desc"), "[1, 0, -1, null]"}, {"ARRAY_SORT", in(ints(1), "up"), "NULL"}, {"ARRAY_SORT", in(typed{"ARRAY<INTEGER>", nil}), "NULL"},
		{"ARRAY_REMOVE", in(strs("foo", nil, "bar", "foo"), "foo"), "[null, bar]"}, {"ARRAY_REMOVE", in(ints(1, nil), nil), "[1]"}, {"ARRAY_REMOVE", in(lists, strs("foo", nil)), "[null]"},
		{"SLICE", in(strs("a", "b", "c", "d"), 2, 3), "[b, c]"}, {"SLICE", in(strs("a"), nil, nil), "[a]"}, {"SLICE", in(strs("a"), 0, 1), "NULL"}, {"SLICE", in(strs("a"), 1, 5), "NULL"},
		{"ARRAY_JOIN", in(typed{"ARRAY<BOOLEAN>", types.ArrayVal{true, nil, false}}), "true,null,false"}, {"ARRAY_JOIN", in(typed{"ARRAY<DOUBLE>", types.ArrayVal{1.23, 0.0}}, " "), "1.23 0.0"}, {"ARRAY_JOIN", in(ints(1, 23), nil), "123"},
		{"ARRAY_DISTINCT", in(ints(0, nil, 1, 0, nil)), "[0, null, 1]"}, {"ARRAY_DISTINCT", in(lists), "[[foo, null], null]"}, {"ARRAY_UNION", in(ints(0, 0, 1), ints(1, -2)), "[0, 1, -2]"}, {"ARRAY_UNION", in(ints(0), nil), "NULL"},
		{"ARRAY_EXCEPT", in(ints(0, 0, 1, 0, -1), ints(1, -2)), "[0, -1]"}, {"ARRAY_EXCEPT", in(ints(0, 0, 1), ints()), "[0, 1]"}, {"ARRAY_INTERSECT", in(ints(0, 0, 1, -1), ints(1, -2, 0)), "[0, 1]"}, {"ARRAY_INTERSECT", in(nil, ints(1)), "NULL"},
		{"ARRAY_CONCAT", in(ints(0, 0), ints(1, 0)), "[0, 0, 1, 0]"}, {"ARRAY_CONCAT", in(nil, ints(1)), "[1]"}, {"ARRAY_CONCAT", in(typed{"ARRAY<INTEGER>", nil}, nil), "NULL"},
		{"GENERATE_SERIES", in(0, 3), "[0, 1, 2, 3]"}, {"GENERATE_SERIES", in(3, 1), "[3, 2, 1]"}, {"GENERATE_SERIES", in(-2, 1, 2), "[-2, 0]"}, {"GENERATE_SERIES", in(9, 0, -3), "[9, 6, 3, 0]"}, {"GENERATE_SERIES", in(int64(1), int64(2)), "[1, 2] :: ARRAY<BIGINT>"},
		{"GENERATE_SERIES", in(0, 1, 0), "!GENERATE_SERIES step cannot be zero"}, {"GENERATE_SERIES", in(0, 1, -1), "!GENERATE_SERIES step has wrong sign"}, {"GENERATE_SERIES", in(0, 2000000000), "!GENERATE_SERIES makes at most..."},
		{"GENERATE_SERIES", in(int64(9223372036854775806), int64(9223372036854775807), 1), "[9223372036854775806, 9223372036854775807]"},
	})
}

func TestMaps(t *testing.T) {
	check(t, []row{
		{"AS_MAP", in(strs("a", "b", nil), ints(1, 2, 3)), "{a=1, b=2} :: MAP<STRING, INTEGER>"}, {"AS_MAP", in(strs("a", "b"), ints(1)), "{a=1, b=null}"}, {"AS_MAP", in(strs("a"), ints(1, 2)), "{a=1}"},
		{"MAP_KEYS", in(intMap("foo", 10, "bar", nil)), "[foo, bar]"}, {"MAP_VALUES", in(intMap("foo", 10, "bar", nil)), "[10, null]"}, {"MAP_KEYS", in(typed{"MAP<STRING, INTEGER>", nil}), "NULL"},
		{"MAP_UNION", in(intMap("a", 1, "b", 2), intMap("b", 3, "c", 4)), "{a=1, b=3, c=4}"}, {"MAP_UNION", in(nil, intMap("b", 3)), "{b=3}"}, {"MAP_UNION", in(typed{"MAP<STRING, INTEGER>", nil}, nil), "NULL"},
		{"ENTRIES", in(intMap("b", 1, "a", 2), true), "[Struct{K=a,V=2}, Struct{K=b,V=1}] :: ARRAY<STRUCT<`K` STRING, `V` INTEGER>>"}, {"ENTRIES", in(intMap("b", 1, "a", 2), false), "[Struct{K=b,V=1}, Struct{K=a,V=2}]"},
	})
}

var errNothing = errors.New("nothing to add")

func TestLambdas(t *testing.T) {
	add := func(args ...types.Value) (types.Value, error) {
		sum := int32(0)
		for _, a := range args {
			n, ok := a.(int32)
			if !ok {
				return nil, errNothing
			}
			sum += n
		}
		return sum, nil
	}
	plus := lambda{1, "", func(a ...types.Value) (types.Value, error) { return add(append(a, int32(5))...) }}
	positive := lambda{1, "BOOLEAN", func(a ...types.Value) (types.Value, error) { n, ok := a[0].(int32); return ok && n > 0, nil }}
	key := lambda{2, "STRING", func(a ...types.Value) (types.Value, error) { return a[0].(string) + "_test", nil }}
	same := lambda{2, "STRING", func(...types.Value) (types.Value, error) { return "same", nil }}
	value := lambda{2, "INTEGER", func(a ...types.Value) (types.Value, error) { return a[1], nil }}
	isA := lambda{2, "BOOLEAN", func(a ...types.Value) (types.Value, error) { return a[0] == "a", nil }}
	check(t, []row{
		{"TRANSFORM", in(ints(3, 6), plus), "[8, 11] :: ARRAY<INTEGER>"}, {"TRANSFORM", in(ints(5, nil), plus), "!nothing to add"}, {"TRANSFORM", in(typed{"ARRAY<INTEGER>", nil}, plus), "NULL"},
		{"TRANSFORM", in(intMap("a", 1, "b", 2), key, value), "{a_test=1, b_test=2} :: MAP<STRING, INTEGER>"}, {"TRANSFORM", in(intMap("a", 1, "b", 2), same, value), "!duplicate key same"}, {"TRANSFORM", in(intMap("a", nil), key, value), "!the value of an entry is NULL"},
		{"FILTER", in(ints(-1, nil, 2), positive), "[2]"}, {"FILTER", in(intMap("a", 1, "b", 2), isA), "{a=1}"}, {"FILTER", in(intMap("a", nil, "b", 2), isA), "!the value of an entry is NULL"}, {"FILTER", in(ints(1), plus), "!Function 'filter': the lambda in argument 2 gives INTEGER where BOOLEAN is needed"},
		{"REDUCE", in(ints(3, 6), 2, lambda{2, "", add}), "11"}, {"REDUCE", in(ints(5, nil), 2, lambda{2, "", add}), "!nothing to add"}, {"REDUCE", in(typed{"ARRAY<INTEGER>", nil}, 2, lambda{2, "", add}), "2"}, {"REDUCE", in(ints(1), typed{"INTEGER", nil}, lambda{2, "", add}), "NULL"},
		{"REDUCE", in(intMap("a", 1, "b", 2), 0, lambda{3, "", func(a ...types.Value) (types.Value, error) { return add(a[0], a[2]) }}), "3"},
	})
}
