package planner_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"tailrace/planner"
	"tailrace/planner/explain"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/expr"
	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// fakeTopics are the topics of the goldens: those that begin with "no_" do not exist, one
// called "name_n" has n partitions, all others have one.
type fakeTopics struct{}

func (fakeTopics) Topic(name string) (int32, int16, bool) {
	if strings.HasPrefix(name, "no_") || strings.ToUpper(name) == name {
		return 0, 0, false
	}
	partitions := int32(1)
	if i := strings.LastIndexByte(name, '_'); i >= 0 {
		_, _ = fmt.Sscan(name[i+1:], &partitions)
	}
	return partitions, 1, true
}

// TestGolden runs the scripts of testdata/golden. Each is one catalog from its first to
// its last statement.
//
//	run [standard]    plan statements; print what each does, or its error with a caret
func TestGolden(t *testing.T) {
	datadriven.Walk(t, "testdata/golden", func(t *testing.T, path string) {
		s := &session{catalog: catalog.Empty()}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd != "run" {
				t.Fatalf("unknown command %q", d.Cmd)
			}
			return s.run(d.Input, d.HasArg("standard"))
		})
	})
}

type session struct {
	catalog *catalog.Snapshot
	next    int
}

func (s *session) run(text string, standard bool) string {
	list, err := parse.Parse(text)
	if err != nil {
		return caret(err, text)
	}
	var b strings.Builder
	for _, st := range list {
		env := planner.Env{Catalog: s.catalog, Text: text, Statement: st.Text, Topics: fakeTopics{}, NextQueryID: s.next, Standard: standard}
		for range st.Params {
			env.Parameters = append(env.Parameters, types.NullType)
		}
		out, err := s.one(st.AST, env)
		if err != nil {
			b.WriteString(caret(err, text))
			break
		}
		b.WriteString(out)
	}
	return b.String()
}

func caret(err error, text string) string {
	if e, ok := sqlerr.As(err); ok {
		return fmt.Sprintf("%s %s", e.Code, e.Caret(text))
	}
	return "bug: " + err.Error() + "\n"
}

func (s *session) one(stmt ast.Statement, env planner.Env) (string, error) {
	switch a := stmt.(type) {
	case ast.Query:
		sel, ok := a.(*ast.Select)
		if !ok || sel.Emit == ast.EmitNone {
			p, err := planner.PlanPull(a, env)
			if err != nil {
				return "", err
			}
			return explain.Query(p), nil
		}
		q, err := planner.PlanPush(sel, env)
		if err != nil {
			return "", err
		}
		return explain.Text(q.Query), plan.Check(q.Query)
	case *ast.InsertValues:
		return s.insert(a, env)
	}
	cmd, err := planner.Plan(stmt, env)
	if err != nil {
		return "", err
	}
	if cmd.Query != nil {
		s.next++
		if err := roundTrip(cmd); err != nil {
			return "", err
		}
	}
	if s.catalog, err = plan.Apply(s.catalog, cmd); err != nil {
		return "", err
	}
	return describe(cmd), nil
}

func (s *session) insert(a *ast.InsertValues, env planner.Env) (string, error) {
	ins, err := planner.PlanInsertValues(a, env)
	if err != nil {
		return "", err
	}
	out := "insert into topic " + ins.Topic + "\n"
	for i, row := range ins.Rows {
		for j, e := range row {
			if e != nil {
				out += fmt.Sprintf("  %s = %s\n", ins.Schema.Columns[j].Name, expr.Format(e))
			}
		}
		if ins.RowTime[i] != nil {
			out += "  ROWTIME = " + expr.Format(ins.RowTime[i]) + "\n"
		}
	}
	return out, nil
}

func describe(cmd *plan.Command) string {
	var b strings.Builder
	switch {
	case cmd.Notice != "":
		fmt.Fprintf(&b, "notice: %s\n", cmd.Notice)
	case cmd.Create != nil:
		src := cmd.Create.Source
		fmt.Fprintf(&b, "%s %s: %s\n", strings.ToLower(src.Keyword()), src.Name, src.Schema)
		if t := cmd.Create.Topic; t != nil {
			fmt.Fprintf(&b, "make topic %s: %d partitions, %d replicas, %v\n", t.Name, t.Partitions, t.Replicas, t.Configs)
		}
	case cmd.Drop != nil:
		fmt.Fprintf(&b, "drop %+v\n", *cmd.Drop)
	case cmd.Alter != nil:
		fmt.Fprintf(&b, "alter %s: %d columns more\n", cmd.Alter.Name, len(cmd.Alter.Add))
	case cmd.Type != nil:
		fmt.Fprintf(&b, "type %s: %s\n", cmd.Type.Name, cmd.Type.Type)
	case cmd.Untype != nil:
		fmt.Fprintf(&b, "drop type %s\n", cmd.Untype.Name)
	case cmd.Control != nil:
		fmt.Fprintf(&b, "%s %s\n", cmd.Control.Verb, strings.Join(cmd.Control.Queries, ", "))
	}
	if cmd.Query != nil {
		b.WriteString(explain.Text(cmd.Query))
	}
	return b.String()
}
