package planner_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"tailrace/planner"
	"tailrace/planner/plan"
	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	_ "tailrace/sql/function/all"
	"tailrace/sql/parse"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// casesDir holds ksqlDB's query-validation cases, beside the tree.
const casesDir = "../../shared/ksql-cases/query-validation-tests"

type qttCase struct {
	Name       string            `json:"name"`
	Statements []string          `json:"statements"`
	Format     []string          `json:"format"`
	Config     []string          `json:"config"`
	Properties map[string]any    `json:"properties"`
	Topics     []json.RawMessage `json:"topics"`
	Enabled    *bool             `json:"enabled"`
	Expected   *struct {
		Message string `json:"message"`
	} `json:"expectedException"`
	Post struct {
		Sources []qttSource `json:"sources"`
	} `json:"post"`
}

type qttSource struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Schema    string `json:"schema"`
	IsSource  bool   `json:"isSource"`
	KeyFormat *struct {
		Format     string `json:"format"`
		WindowType string `json:"windowType"`
		WindowSize int64  `json:"windowSize"`
	} `json:"keyFormat"`
	ValueFormat string `json:"valueFormat"`
}

// notBuilt are the formats of later versions; cases that mention them are skipped.
var notBuilt = regexp.MustCompile(`(?i)'(AVRO|PROTOBUF|JSON_SR|PROTOBUF_NOSR)'|"(AVRO|PROTOBUF|JSON_SR|PROTOBUF_NOSR)"`)

// testFunctions are functions that only ksqlDB's own tests have.
var testFunctions = regexp.MustCompile(`(?i)\b(GENERIC_VAR_ARG|BAD_UDF|MID_VAR_ARG|MULTI_ARG|OBJ_COL_ARG|TEST_UDF|TEST_UDTF|VAR_ARG|TEST_UDAF|WHENCONDITION|WHENRESULT|FOUR_ARG|FIVE_ARG|TOSTRUCT|THROWING_UDTF)\s*\(`)

// TestCases plans the statements of every case and compares the schemas of the results,
// or the message of the error, with what ksqlDB's own tests say. Cases are left out by
// rule only: formats that are not built, functions that only those tests have.
func TestCases(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(casesDir, "*.json"))
	if len(files) == 0 {
		t.Skipf("no cases: %s is missing", casesDir)
	}
	var total tally
	perFile := map[string]*tally{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		for _, c := range readCases(t, file) {
			for _, v := range variants(c) {
				ft := perFile[name]
				if ft == nil {
					ft = &tally{}
					perFile[name] = ft
				}
				outcome, why := v.run()
				ft.add(outcome)
				total.add(outcome)
				if why != "" && os.Getenv("CASES") != "" && strings.Contains(name+"/"+v.c.Name, os.Getenv("CASES")) {
					t.Logf("%s/%s: %s", name, v.c.Name, why)
				}
			}
		}
	}
	t.Logf("%s", report(perFile, total))
	if got := total.planned * 100; got < 80*(total.planned+total.notPlanned) {
		t.Errorf("only %d of %d cases plan as they should", total.planned, total.planned+total.notPlanned)
	}
	if got := total.refused * 100; got < 60*(total.refused+total.notRefused) {
		t.Errorf("only %d of %d wrong statements get the right message", total.refused, total.refused+total.notRefused)
	}
}

func readCases(t *testing.T, file string) []qttCase {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Tests []qttCase `json:"tests"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return f.Tests
}

type variant struct {
	c              qttCase
	format, config string
}

func variants(c qttCase) []variant {
	if c.Enabled != nil && !*c.Enabled {
		return nil
	}
	out := []variant{{c: c}}
	switch {
	case len(c.Format) > 0:
		out = nil
		for _, f := range c.Format {
			out = append(out, variant{c: c, format: f})
		}
	case len(c.Config) > 0:
		out = nil
		for _, f := range c.Config {
			out = append(out, variant{c: c, config: f})
		}
	}
	return out
}

type outcome int

const (
	skipped outcome = iota
	planned
	notPlanned
	refused
	notRefused
)

type tally struct{ skipped, planned, notPlanned, refused, notRefused int }

func (t *tally) add(o outcome) {
	*[...]*int{&t.skipped, &t.planned, &t.notPlanned, &t.refused, &t.notRefused}[o]++
}

func report(perFile map[string]*tally, total tally) string {
	var names []string
	for name, t := range perFile {
		if t.notPlanned+t.notRefused > 0 {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var b strings.Builder
	fmt.Fprintf(&b, "%-32s %8s %8s %8s %8s %8s\n", "file", "planned", "not", "refused", "not", "skipped")
	line := func(name string, t *tally) {
		fmt.Fprintf(&b, "%-32s %8d %8d %8d %8d %8d\n", name, t.planned, t.notPlanned, t.refused, t.notRefused, t.skipped)
	}
	for _, name := range names {
		line(name, perFile[name])
	}
	line("all", &total)
	return b.String()
}

// run plans one case.
func (v variant) run() (out outcome, why string) {
	text := strings.Join(v.c.Statements, "\n")
	text = strings.ReplaceAll(text, "{FORMAT}", v.format)
	topics, _ := json.Marshal(v.c.Topics)
	props := map[string]string{}
	for k, p := range v.c.Properties {
		props[k] = strings.ReplaceAll(fmt.Sprint(p), "{CONFIG}", v.config)
	}
	propText, _ := json.Marshal(props)
	if notBuilt.MatchString(text) || notBuilt.Match(topics) || notBuilt.Match(propText) || testFunctions.MatchString(text) {
		return skipped, ""
	}
	defer func() {
		if r := recover(); r != nil {
			out, why = notPlanned, fmt.Sprintf("panic: %v", r)
		}
	}()
	snapshot, err := planAll(v.c.Statements, v.format, props)
	if v.c.Expected != nil {
		return v.checkError(err)
	}
	if err != nil {
		return notPlanned, err.Error()
	}
	for _, want := range v.c.Post.Sources {
		if diff := compareSource(snapshot, want); diff != "" {
			return notPlanned, diff
		}
	}
	return planned, ""
}

func (v variant) checkError(err error) (outcome, string) {
	want := v.c.Expected.Message
	switch {
	case err == nil:
		return notRefused, "no error; want " + want
	case strings.Contains(err.Error(), want):
		return refused, ""
	}
	if e, ok := sqlerr.As(err); ok {
		text := strings.ReplaceAll(strings.Join(v.c.Statements, "\n"), "{FORMAT}", v.format)
		if strings.Contains("Failed to prepare statement: "+parse.KsqlMessage(e, text), want) {
			return refused, ""
		}
	}
	return notRefused, "\n got " + err.Error() + "\nwant " + want
}

func planAll(statements []string, format string, props map[string]string) (*catalog.Snapshot, error) {
	snapshot := catalog.Empty()
	next := 0
	text := strings.ReplaceAll(strings.Join(statements, "\n"), "{FORMAT}", format)
	list, err := parse.Parse(text)
	if err != nil {
		return nil, err
	}
	for _, st := range list {
		env := planner.Env{Catalog: snapshot, Text: text, Statement: st.Text, Properties: props, NextQueryID: next}
		switch ins := st.AST.(type) {
		case *ast.InsertValues:
			if _, err := planner.PlanInsertValues(ins, env); err != nil {
				return nil, err
			}
			continue
		case *ast.AssertTopic, *ast.AssertSchema, *ast.AssertSource, *ast.AssertValues, *ast.Set, *ast.Unset:
			continue
		}
		cmd, err := planner.Plan(st.AST, env)
		if err != nil {
			return nil, err
		}
		if cmd.Query != nil {
			next++
			if err := roundTrip(cmd); err != nil {
				return nil, err
			}
		}
		if snapshot, err = plan.Apply(snapshot, cmd); err != nil {
			return nil, err
		}
	}
	return snapshot, nil
}

// roundTrip checks that a command reads back from its JSON as the same JSON.
func roundTrip(cmd *plan.Command) error {
	if err := plan.Check(cmd.Query); err != nil {
		return err
	}
	first, err := json.Marshal(cmd)
	if err != nil {
		return err
	}
	var back plan.Command
	if err := json.Unmarshal(first, &back); err != nil {
		return err
	}
	second, err := json.Marshal(&back)
	if err != nil {
		return err
	}
	if string(first) != string(second) {
		return fmt.Errorf("the plan changes in JSON:\n%s\n%s", first, second)
	}
	return nil
}

func compareSource(s *catalog.Snapshot, want qttSource) string {
	src, ok := s.Source(want.Name)
	if !ok {
		return "no source " + want.Name
	}
	if !strings.EqualFold(src.Keyword(), want.Type) {
		return fmt.Sprintf("%s is a %s, want a %s", want.Name, src.Keyword(), want.Type)
	}
	if want.Schema != "" {
		elements, err := parse.ParseElements(want.Schema)
		if err != nil {
			return "schema of the case: " + err.Error()
		}
		if got, wanted := src.Schema.String(), schemaOf(elements); got != wanted {
			return fmt.Sprintf("%s\n got %s\nwant %s", want.Name, got, wanted)
		}
	}
	if f := want.KeyFormat; f != nil {
		if f.Format != "" && src.Key.Name != f.Format {
			return fmt.Sprintf("%s key format %s, want %s", want.Name, src.Key.Name, f.Format)
		}
		kind, size := "", int64(0)
		if src.Window != nil {
			kind, size = src.Window.Kind, src.Window.Size
		}
		if kind != f.WindowType || size != f.WindowSize {
			return fmt.Sprintf("%s window %s %d, want %s %d", want.Name, kind, size, f.WindowType, f.WindowSize)
		}
	}
	if want.ValueFormat != "" && src.Value.Name != want.ValueFormat {
		return fmt.Sprintf("%s value format %s, want %s", want.Name, src.Value.Name, want.ValueFormat)
	}
	if src.ReadOnly != want.IsSource {
		return fmt.Sprintf("%s read-only %v, want %v", want.Name, src.ReadOnly, want.IsSource)
	}
	return ""
}

func schemaOf(elements []ast.Element) string {
	var s types.Schema
	for _, e := range elements {
		t, err := planner.ResolveType(catalog.Empty(), e.Type)
		if err != nil {
			return err.Error()
		}
		c := types.Column{Name: e.Name.Name, Type: t}
		if e.Constraint == ast.Key || e.Constraint == ast.PrimaryKey {
			c.In = types.InKey
		}
		s.Columns = append(s.Columns, c)
	}
	return s.String()
}
