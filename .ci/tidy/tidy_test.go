// Package tidy checks what a reviewer would otherwise have to remember: who may import
// whom, how long files and functions are, that packages say what they are for, and that
// the clock, the disk and the network are touched only where they may be.
//
//	go test ./.ci/tidy           check
//	go test ./.ci/tidy -ratchet  write today's long files and functions to ratchet.txt
//
// ratchet.txt names what was already too long when the rule came; its numbers may only go
// down.
package tidy

import (
	"bufio"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

const (
	root        = "../.."
	maxFile     = 800 // lines
	maxFunction = 70  // lines, from func to the closing brace
	module      = "tailrace/"
)

var writeRatchet = flag.Bool("ratchet", false, "write ratchet.txt")

// allowed lists, for each room, the rooms of ours that it may import; sub-folders count
// as their room unless they stand here themselves.
var allowed = map[string][]string{
	"sql":      {"sql"},
	"storage":  {"storage", "sql/types", "sql/sqlerr"},
	"planner":  {"planner", "sql"},
	"executor": {"executor", "sql", "storage", "planner/plan"},
	"broker":   {"broker", "storage", "sql/types"},
	"server":   {"server", "sql", "storage", "planner", "executor", "broker"},
	"cli":      {"cli", "server", "sql", "storage", "planner", "executor", "broker", "testdata"},
}

// thirdParty says where a library may be imported (tests may use any).
var thirdParty = map[string][]string{
	"github.com/pingcap/tidb":           {"sql/parse"},
	"github.com/cockroachdb/pebble":     {"storage"},
	"github.com/jackc/pgx/v5/pgproto3":  {"server/pgwire", "cli"},
	"github.com/chzyer/readline":        {"cli"},
	"github.com/twmb/franz-go/pkg/kgo":  {"storage/commitlog/kafka", "broker/mirror", "cli", "server/compat"},
	"github.com/twmb/franz-go/pkg/kadm": {"broker/mirror", "cli", "server/compat"},
	"github.com/twmb/franz-go/pkg/kmsg": {"broker", "cli/kafka"},
	"github.com/spf13":                  {"cli"},
	"github.com/prometheus":             {"storage/metric", "server/admin"},
}

// machine lists the calls that touch clock, chance, disk and network, and machineRooms
// the rooms that may make them.
var (
	machine = map[string]bool{"time.Now": true, "time.Since": true, "time.Sleep": true, "time.After": true,
		"time.NewTimer": true, "time.NewTicker": true, "time.AfterFunc": true, "os.Open": true, "os.OpenFile": true,
		"os.Create": true, "os.ReadFile": true, "os.WriteFile": true, "net.Dial": true, "net.Listen": true}
	machineRooms = []string{"storage/env", "server/node", "server/bench", "server/compat", "server/e2e", "cli"}
)

type file struct {
	path, room string // room: folder, slash-separated, relative to the root
	test       bool
	syntax     *ast.File
	lines      int
}

var fset = token.NewFileSet()

func load(t *testing.T) []file {
	t.Helper()
	var files []file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") && name != ".ci" || name == "testdata" || name == "bin") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
				return filepath.SkipDir // a module of its own
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(fset, path, src, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		files = append(files, file{path: filepath.ToSlash(rel), room: filepath.ToSlash(filepath.Dir(rel)),
			test: strings.HasSuffix(name, "_test.go"), syntax: syntax, lines: strings.Count(string(src), "\n")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func inAny(room string, rooms []string) bool {
	for _, r := range rooms {
		if room == r || strings.HasPrefix(room, r+"/") {
			return true
		}
	}
	return false
}

// TestImports keeps the imports table of the design: rooms know only what lies below.
func TestImports(t *testing.T) {
	for _, f := range load(t) {
		if f.test || strings.HasPrefix(f.room, ".ci") {
			continue
		}
		top, _, _ := strings.Cut(f.room, "/")
		may, ok := allowed[top]
		if !ok {
			t.Errorf("%s: folder %q is not one of the house's rooms", f.path, top)
		}
		for _, imp := range f.syntax.Imports {
			path := strings.Trim(imp.Path.Value, `"`)
			if ours, ok := strings.CutPrefix(path, module); ok && !inAny(ours, may) {
				t.Errorf("%s imports %s: %s may import only %s", f.path, path, top, strings.Join(may, ", "))
			}
			for lib, rooms := range thirdParty {
				if strings.HasPrefix(path, lib) && !inAny(f.room, rooms) {
					t.Errorf("%s imports %s, which is for %s only", f.path, path, strings.Join(rooms, ", "))
				}
			}
		}
	}
}

// TestLengths keeps files and functions readable, with a ratchet for what is not yet.
func TestLengths(t *testing.T) {
	over := map[string]int{}
	for _, f := range load(t) {
		if f.test {
			continue
		}
		if f.lines > maxFile {
			over[f.path] = f.lines
		}
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1
			if n > maxFunction {
				over[f.path+" "+fn.Name.Name] = n
			}
		}
	}
	if *writeRatchet {
		saveRatchet(t, over)
		return
	}
	was := readRatchet(t)
	for what, n := range over {
		if n > was[what] {
			t.Errorf("%s has %d lines; at most %d (a file %d, a function %d)", what, n, max(was[what], limitOf(what)), maxFile, maxFunction)
		}
	}
}

func limitOf(what string) int {
	if strings.Contains(what, " ") {
		return maxFunction
	}
	return maxFile
}

func readRatchet(t *testing.T) map[string]int {
	t.Helper()
	was := map[string]int{}
	f, err := os.Open("ratchet.txt")
	if err != nil {
		return was
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if n, what, ok := strings.Cut(s.Text(), "\t"); ok {
			var lines int
			fmt.Sscan(n, &lines)
			was[what] = lines
		}
	}
	return was
}

func saveRatchet(t *testing.T, over map[string]int) {
	t.Helper()
	var out []string
	for what, n := range over {
		out = append(out, fmt.Sprintf("%d\t%s\n", n, what))
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i][strings.IndexByte(out[i], '\t'):] < out[j][strings.IndexByte(out[j], '\t'):]
	})
	if err := os.WriteFile("ratchet.txt", []byte(strings.Join(out, "")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPackageComments: a newcomer must be able to ask every package what it is for.
func TestPackageComments(t *testing.T) {
	has := map[string]bool{}
	for _, f := range load(t) {
		if !f.test {
			has[f.room] = has[f.room] || f.syntax.Doc != nil
		}
	}
	for room, ok := range has {
		if !ok {
			t.Errorf("%s has no package comment", room)
		}
	}
}

// TestExportedComments: every exported type, function and method says its rule.
func TestExportedComments(t *testing.T) {
	for _, f := range load(t) {
		if f.test {
			continue
		}
		for _, d := range f.syntax.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					t.Errorf("%s: %s has no comment", fset.Position(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
						t.Errorf("%s: type %s has no comment", fset.Position(ts.Pos()), ts.Name.Name)
					}
				}
			}
		}
	}
}

func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return true
	}
	typ := fn.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

// TestMachineCalls: rules are pure. Clock, disk and network are handed in, so that a
// whole cluster can run in one test from one seed.
func TestMachineCalls(t *testing.T) {
	for _, f := range load(t) {
		if f.test || inAny(f.room, machineRooms) || strings.HasPrefix(f.room, ".ci") || strings.HasSuffix(f.room, "test") {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Obj == nil && machine[pkg.Name+"."+sel.Sel.Name] {
				t.Errorf("%s: %s.%s: take the clock, the disk and the network from package env", fset.Position(n.Pos()), pkg.Name, sel.Sel.Name)
			}
			return true
		})
	}
}

// TestLeftovers: what cannot be finished is left out and named, never marked in the code.
func TestLeftovers(t *testing.T) {
	words := []string{"TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK", "for " + "now", "not implemented " + "yet"}
	for _, f := range load(t) {
		for _, group := range f.syntax.Comments {
			for _, w := range words {
				if strings.Contains(group.Text(), w) {
					t.Errorf("%s: %q in a comment", fset.Position(group.Pos()), w)
				}
			}
		}
	}
}
