package ast_test

import (
	"testing"

	"tailrace/sql/ast"
)

func TestFormatName(t *testing.T) {
	for name, want := range map[string]string{
		"A": "A", "A_1": "A_1", "A@B": "A@B", "_": "_", "KEY": "KEY",
		"a": "`a`", "1A": "`1A`", "": "``", "A B": "`A B`", "A`B": "`A``B`", "Ä": "`Ä`",
		"SELECT": "`SELECT`", "ARRAY": "`ARRAY`",
	} {
		if got := ast.FormatName(name); got != want {
			t.Errorf("FormatName(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestLookup(t *testing.T) {
	props := []ast.Property{
		{Name: ast.Ident{Name: "KAFKA_TOPIC"}, Value: &ast.String{Value: "t"}},
		{Name: ast.Ident{Name: "partitions", Quoted: true}, Value: &ast.Int{Value: 3}},
	}
	for name, want := range map[string]string{"KAFKA_TOPIC": "'t'", "PARTITIONS": "3"} {
		if got := ast.Lookup(props, name); got == nil || ast.Format(got) != want {
			t.Errorf("Lookup(%s) = %v, want %s", name, got, want)
		}
	}
	if got := ast.Lookup(props, "REPLICAS"); got != nil {
		t.Errorf("Lookup(REPLICAS) = %v", got)
	}
}

func TestUnits(t *testing.T) {
	for u := ast.Millisecond; u <= ast.Year; u++ {
		if ast.UnitByName(u.String()) != u || ast.UnitByName(u.String()[:len(u.String())-1]) != u {
			t.Errorf("unit %s does not read back", u)
		}
	}
	if ast.UnitByName("FORTNIGHT") != 0 || ast.Day.Milliseconds() != 24*60*60*1000 || ast.Month.Milliseconds() != 0 {
		t.Error("units")
	}
}
