package sqlerr_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/reference/errors.md")

const errorsPage = "../../docs/reference/errors.md"

// TestReferencePage keeps the page of the SQLSTATEs equal to their declarations.
func TestReferencePage(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Errors\n\nGenerated from package `sql/sqlerr`. Errors carry a SQLSTATE, as PostgreSQL's do, and where there is one a\nposition in the statement and a hint.\n\n| SQLSTATE | name | meaning |\n|---|---|---|\n")
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			code := strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`)
			doc := strings.Join(strings.Fields(v.Doc.Text()), " ")
			_, meaning, found := strings.Cut(doc, ": ")
			if !found {
				_, meaning, _ = strings.Cut(doc, " ")
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", code, v.Names[0].Name, meaning)
		}
	}
	if *update {
		if err := os.WriteFile(errorsPage, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(errorsPage)
	if err != nil || string(page) != b.String() {
		t.Errorf("%s is not what the code declares (%v): go test ./sql/sqlerr -run Reference -update", errorsPage, err)
	}
}
