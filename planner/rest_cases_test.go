package planner_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tailrace/planner"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/parse"
)

// restDir holds ksqlDB's cases of its REST interface: here only for the schemas and the
// errors of queries that answer a client.
const restDir = "../../shared/ksql-cases/rest-query-validation-tests"

type restCase struct {
	Name       string         `json:"name"`
	Statements []string       `json:"statements"`
	Format     []string       `json:"format"`
	Properties map[string]any `json:"properties"`
	Responses  []struct {
		Query []struct {
			Header *struct {
				Schema string `json:"schema"`
			} `json:"header"`
		} `json:"query"`
	} `json:"responses"`
	ExpectedError *struct {
		Message string `json:"message"`
	} `json:"expectedError"`
}

// TestRestCases plans the queries of the REST cases and compares the schemas that they
// answer with.
func TestRestCases(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(restDir, "*.json"))
	if len(files) == 0 {
		t.Skipf("no cases: %s is missing", restDir)
	}
	var total tally
	perFile := map[string]*tally{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var f struct{ Tests []restCase }
		if err := json.Unmarshal(data, &f); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		perFile[name] = &tally{}
		for _, c := range f.Tests {
			outcome, why := c.run()
			perFile[name].add(outcome)
			total.add(outcome)
			if why != "" && os.Getenv("CASES") != "" && strings.Contains(name+"/"+c.Name, os.Getenv("CASES")) {
				t.Logf("%s/%s: %s", name, c.Name, why)
			}
		}
	}
	t.Logf("%s", report(perFile, total))
	if got := total.planned * 100; got < 80*(total.planned+total.notPlanned) {
		t.Errorf("only %d of %d cases plan as they should", total.planned, total.planned+total.notPlanned)
	}
}

func (c restCase) run() (out outcome, why string) {
	text := strings.Join(c.Statements, "\n")
	if notBuilt.MatchString(text) || testFunctions.MatchString(text) || strings.Contains(text, "{FORMAT}") {
		return skipped, ""
	}
	defer func() {
		if r := recover(); r != nil {
			out, why = notPlanned, fmt.Sprintf("panic: %v", r)
		}
	}()
	schemas, err := c.plan()
	if c.ExpectedError != nil {
		switch want := c.ExpectedError.Message; {
		case err == nil:
			return notRefused, "no error; want " + want
		case !strings.Contains(err.Error(), want):
			return notRefused, "\n got " + err.Error() + "\nwant " + want
		}
		return refused, ""
	}
	if err != nil {
		return notPlanned, err.Error()
	}
	var want []string
	for _, r := range c.Responses {
		if len(r.Query) > 0 && r.Query[0].Header != nil {
			want = append(want, r.Query[0].Header.Schema)
		}
	}
	for i := range min(len(want), len(schemas)) {
		if want[i] != "" && schemas[i] != want[i] {
			return notPlanned, "\n got " + schemas[i] + "\nwant " + want[i]
		}
	}
	return planned, ""
}

// plan plans all statements and returns the schemas of the queries.
func (c restCase) plan() ([]string, error) {
	props := map[string]string{}
	for k, p := range c.Properties {
		props[k] = fmt.Sprint(p)
	}
	snapshot, next := catalog.Empty(), 0
	var schemas []string
	for _, s := range c.Statements {
		st, err := parse.ParseOne(s)
		if err != nil {
			return nil, err
		}
		env := planner.Env{Catalog: snapshot, Text: s, Properties: props, NextQueryID: next}
		switch a := st.AST.(type) {
		case *ast.Select:
			schema, err := planSelect(a, env)
			if err != nil {
				return nil, err
			}
			schemas = append(schemas, schema)
			continue
		case *ast.InsertValues:
			if _, err := planner.PlanInsertValues(a, env); err != nil {
				return nil, err
			}
			continue
		case *ast.Set, *ast.Unset:
			continue
		}
		cmd, err := planner.Plan(st.AST, env)
		if err != nil {
			return nil, err
		}
		if cmd.Query != nil {
			next++
		}
		if snapshot, err = plan.Apply(snapshot, cmd); err != nil {
			return nil, err
		}
	}
	return schemas, nil
}

func planSelect(s *ast.Select, env planner.Env) (string, error) {
	if s.Emit != ast.EmitNone {
		q, err := planner.PlanPush(s, env)
		if err != nil {
			return "", err
		}
		return q.Root.Schema().String(), nil
	}
	p, err := planner.PlanPull(s, env)
	if err != nil {
		return "", err
	}
	return p.Schema().String(), nil
}
