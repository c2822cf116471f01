package parse_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tailrace/sql/ast"
	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
)

// TestGrammar runs the golden corpus. Commands:
//
//	parse    the whole input is one text; every statement is rendered
//	each     every line is one text; its statement is rendered below it
//	expr     every line is an expression; it is rendered, which shows what binds to what
//	tree     the input's trees in full, with positions
//	split    the input as Split cuts it
//
// Whatever parses must also survive a round trip.
func TestGrammar(t *testing.T) {
	datadriven.Walk(t, "testdata/sql-grammar", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var out strings.Builder
			switch d.Cmd {
			case "parse":
				render(t, &out, d.Input)
			case "each":
				for _, line := range strings.Split(d.Input, "\n") {
					fmt.Fprintf(&out, "%s\n  ", line)
					render(t, &out, line)
				}
			case "expr":
				for _, line := range strings.Split(d.Input, "\n") {
					fmt.Fprintf(&out, "%-40s => %s\n", line, renderExpr(t, line))
				}
			case "tree":
				list, err := parse.Parse(d.Input)
				if err != nil {
					return err.Error() + "\n"
				}
				for _, s := range list {
					dump(&out, reflect.ValueOf(s.AST), 0)
				}
			case "split":
				for _, s := range parse.Split(d.Input) {
					fmt.Fprintf(&out, "%d terminated=%t directives=%q\n%q\n", s.Start, s.Terminated, s.Directives, s.Text)
				}
			default:
				d.Fatalf(t, "unknown command %s", d.Cmd)
			}
			return out.String()
		})
	})
}

func render(t *testing.T, out *strings.Builder, text string) {
	list, err := parse.Parse(text)
	if err != nil {
		e, _ := sqlerr.As(err)
		out.WriteString(e.Caret(text))
		return
	}
	for _, s := range list {
		fmt.Fprintln(out, ast.Format(s.AST))
	}
	checkRoundTrip(t, "round trip", text)
}

func renderExpr(t *testing.T, text string) string {
	e, err := parse.ParseExpr(text)
	if err != nil {
		return "ERROR: " + err.Error()
	}
	rendered := ast.Format(e)
	again, err := parse.ParseExpr(rendered)
	if err != nil {
		t.Errorf("%s renders as %s, which fails: %v", text, rendered, err)
	} else if diff := treeDiff(e, again); diff != "" {
		t.Errorf("%s renders as %s, which is another tree:\n%s", text, rendered, diff)
	}
	return rendered
}

// TestErrors runs the golden errors: "error" shows what psql would show for the
// input, "ksql" what ksqlDB's REST API would.
func TestErrors(t *testing.T) {
	datadriven.Walk(t, "testdata/errors", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			_, err := parse.Parse(d.Input)
			e, ok := sqlerr.As(err)
			if !ok {
				return fmt.Sprintf("no error but %v\n", err)
			}
			if d.Cmd == "ksql" {
				return parse.KsqlMessage(e, d.Input) + "\n"
			}
			return fmt.Sprintf("%s %s", e.Code, e.Caret(d.Input))
		})
	})
}

// dump writes a tree, one node a line: its type, @position, and fields that are not
// zero.
func dump(out *strings.Builder, v reflect.Value, depth int) {
	indent := strings.Repeat("  ", depth)
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		dump(out, v.Elem(), depth)
	case reflect.Slice:
		for i := range v.Len() {
			dump(out, v.Index(i), depth)
		}
	case reflect.Struct:
		fmt.Fprintf(out, "%s%s", indent, v.Type().Name())
		var nested []int
		for i := range v.NumField() {
			field := v.Field(i)
			name := v.Type().Field(i).Name
			switch {
			case name == "Loc":
				fmt.Fprintf(out, " @%d", field.Int())
			case field.IsZero():
			case field.Kind() == reflect.Struct || field.Kind() == reflect.Slice ||
				field.Kind() == reflect.Pointer || field.Kind() == reflect.Interface:
				nested = append(nested, i)
			default:
				fmt.Fprintf(out, " %s=%v", name, field.Interface())
			}
		}
		out.WriteByte('\n')
		for _, i := range nested {
			fmt.Fprintf(out, "%s  .%s\n", indent, v.Type().Field(i).Name)
			dump(out, v.Field(i), depth+2)
		}
	default:
		fmt.Fprintf(out, "%s%v\n", indent, v.Interface())
	}
}

// treeDiff compares trees but for what a rendering may change: positions, quotes that
// were not needed, and the text that a view was made from.
func treeDiff(a, b ast.Node) string {
	return cmp.Diff(a, b,
		cmp.Comparer(func(ast.Loc, ast.Loc) bool { return true }),
		cmpopts.IgnoreFields(ast.Ident{}, "Quoted"),
		cmpopts.IgnoreFields(ast.TypeName{}, "Quoted"),
		cmpopts.IgnoreFields(ast.CreateAs{}, "QueryText"),
		cmpopts.EquateNaNs(),
	)
}
