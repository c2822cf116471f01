package expr_test

import (
	"encoding/json"
	"math"
	"testing"

	"tailrace/sql/expr"
	"tailrace/sql/types"
)

var treeTexts = []string{
	"T.ID + 1", "DBL * 0.93E0 > 5", "K LIKE 'a!%%' ESCAPE '!'", "CASE WHEN Q THEN DEC ELSE 1.50 END", "K IN ('a', NULL, 'b')",
	"TRANSFORM(B, x => REDUCE(C, x, (s, y) => s + y))", "MAP('a' := ARRAY[1, NULL], 'b' := B)", "STRUCT(X := ST->F0, Y := MP['k'])",
	"CAST(K AS DECIMAL(10, 3)) IS NULL", "B[-1] IS DISTINCT FROM 3", "NOT (Q AND K = 'it''s <&> ü')",
}

// Plans keep expressions as JSON: what is read is what was written.
func TestJSONIsExact(t *testing.T) {
	for _, standard := range []bool{false, true} {
		for _, text := range treeTexts {
			e := mustBind(t, text, errorScope, expr.Options{Standard: standard})
			data, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var back *expr.Expr
			if err := json.Unmarshal(data, &back); err != nil {
				t.Fatalf("%s: %v\n%s", text, err, data)
			}
			if !expr.Equal(e, back) {
				t.Errorf("%s\n got %s\nwant %s", text, expr.Format(back), expr.Format(e))
			}
			if err := expr.Validate(back, len(errorScope)); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

func TestConstantsOfEveryTypeSurviveJSON(t *testing.T) {
	st := types.StructOf(types.Field{Name: "a`b", Type: types.DoubleType}, types.Field{Name: "B", Type: types.BytesType})
	dec, _ := types.ParseDec("-5.0500000")
	for _, c := range []expr.Constant{
		{V: nil, Type: types.NullType}, {V: nil, Type: st}, {V: true, Type: types.BooleanType},
		{V: int32(math.MinInt32), Type: types.IntType}, {V: int64(math.MinInt64), Type: types.BigintType},
		{V: 0.1, Type: types.DoubleType}, {V: math.MaxFloat64, Type: types.DoubleType}, {V: 5e-324, Type: types.DoubleType},
		{V: math.Inf(-1), Type: types.DoubleType}, {V: math.Copysign(0, -1), Type: types.DoubleType}, {V: math.NaN(), Type: types.DoubleType},
		{V: dec, Type: types.DecimalOf(8, 7)}, {V: "<ü\x00\u2028>", Type: types.StringType}, {V: "\xff", Type: types.StringType},
		{V: []byte{0, 255}, Type: types.BytesType}, {V: types.DateVal(-1), Type: types.DateType},
		{V: types.TimeVal(86399999), Type: types.TimeType}, {V: types.TimestampVal(-1), Type: types.TimestampType},
		{V: types.ArrayVal{int32(1), nil}, Type: types.ArrayOf(types.IntType)}, {V: types.ArrayVal{}, Type: types.ArrayOf(st)},
		{V: &types.MapVal{Keys: []types.Value{"z", "a"}, Values: []types.Value{int64(1), nil}}, Type: types.MapOf(types.StringType, types.BigintType)},
		{V: types.StructVal{1.5, []byte("x")}, Type: st},
	} {
		data, err := json.Marshal(&c)
		if err != nil {
			t.Fatal(err)
		}
		var back expr.Constant
		if err := json.Unmarshal(data, &back); err != nil {
			t.Errorf("%s: %v", data, err)
			continue
		}
		again, _ := json.Marshal(&back)
		if !types.Equal(c.V, back.V) || !back.Type.Equal(c.Type) || string(again) != string(data) {
			t.Errorf("%s\n got %v (%s)\nwant %v", data, back.V, again, c.V)
		}
	}
}

func TestEqualRemapColumns(t *testing.T) {
	a := mustBind(t, "DBL + 1 > T.ID", errorScope, expr.Options{})
	b := mustBind(t, "T.DBL + 1 > T.ID", errorScope, expr.Options{})
	c := mustBind(t, "DBL + 2 > T.ID", errorScope, expr.Options{})
	if !expr.Equal(a, b) || expr.Equal(a, c) {
		t.Errorf("Equal: a=b is %v, a=c is %v", expr.Equal(a, b), expr.Equal(a, c))
	}
	if got := expr.Columns(a, c); len(got) != 2 || got[0] != 0 || got[1] != 8 {
		t.Errorf("columns %v, want [0 8]", got)
	}
	moved := expr.Remap(a, map[int]int{0: 1, 8: 0})
	if got := expr.Columns(moved); len(got) != 2 || got[0] != 0 || got[1] != 1 {
		t.Errorf("remapped columns %v, want [0 1]", got)
	}
	if expr.Columns(a)[1] != 8 {
		t.Error("Remap changed its operand")
	}
	x := mustBind(t, "TRANSFORM(B, x => x + 1)", errorScope, expr.Options{})
	y := mustBind(t, "TRANSFORM(B, y => y + 1)", errorScope, expr.Options{})
	if !expr.Equal(x, y) {
		t.Error("the name of a lambda's parameter matters to Equal")
	}
}

// Whatever JSON says, an expression is refused or compiles: it does not panic.
func FuzzExprJSON(f *testing.F) {
	for _, text := range treeTexts {
		data, err := json.Marshal(mustBind(f, text, errorScope, expr.Options{}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"Op":"literal","Type":"DECIMAL(2, 1)","Value":{"type":"DECIMAL(2, 1)","value":"1.5"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var e *expr.Expr
		if json.Unmarshal(data, &e) != nil || expr.Validate(e, len(errorScope)) != nil {
			return
		}
		expr.Format(e)
		expr.Columns(e)
		p, err := expr.Compile(e, expr.CompileEnv{})
		if err != nil {
			return
		}
		if p.Type().String() != e.Type.String() {
			t.Errorf("%s compiles to %s", expr.Format(e), p.Type())
		}
	})
}
