package console_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"tailrace/server/console"
)

type object = map[string]any

// TestOpenAPI: every endpoint is described, with every parameter, and what endpoints answer is
// what their schemas say: no field more, none that is required less.
func TestOpenAPI(t *testing.T) {
	s := newSystem(t)
	s.flights(20)
	var doc object
	s.get("/api/openapi.json", &doc)
	paths := doc["paths"].(object)
	n := 0
	for _, e := range console.Endpoints() {
		item, _ := paths[e.Path].(object)
		op, ok := item[strings.ToLower(e.Method)].(object)
		if !ok {
			t.Errorf("%s %s is not described", e.Method, e.Path)
			continue
		}
		n++
		if op["summary"] == "" || (op["requestBody"] != nil) != (e.Body != nil) {
			t.Errorf("%s %s: summary %q, body %v", e.Method, e.Path, op["summary"], op["requestBody"] != nil)
		}
		names := ""
		params, _ := op["parameters"].([]any)
		for _, p := range params {
			p := p.(object)
			names += fmt.Sprint(p["name"], " ")
			if p["description"] == "" {
				t.Errorf("%s %s: %s has no description", e.Method, e.Path, p["name"])
			}
			if in := strings.Contains(e.Path, fmt.Sprintf("{%s}", p["name"])); in != (p["in"] == "path") {
				t.Errorf("%s %s: %s is in the %s", e.Method, e.Path, p["name"], p["in"])
			}
		}
		for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(e.Path, -1) {
			if !strings.Contains(names, m[1]+" ") {
				t.Errorf("%s %s: {%s} is no parameter", e.Method, e.Path, m[1])
			}
		}
	}
	described := 0
	for _, item := range paths {
		described += len(item.(object))
	}
	if described != n+1 {
		t.Errorf("%d operations are described, want %d and the description itself", described, n)
	}
	v := validator{t: t, schemas: doc["components"].(object)["schemas"].(object)}
	for _, e := range console.Endpoints() {
		path := place(e.Path, "flights", "_confluent-ksql-default_query_CTAS_BY_ORIGIN_1", "CTAS_BY_ORIGIN_1")
		if e.Stream || e.Changes {
			continue
		}
		var body any
		if e.Body != nil {
			body = bodies[e.Path]
		}
		var answer any
		s.call(e.Method, path, body, &answer)
		op := paths[e.Path].(object)[strings.ToLower(e.Method)].(object)
		schema := op["responses"].(object)["200"].(object)["content"].(object)["application/json"].(object)["schema"].(object)
		v.check(e.Method+" "+e.Path, schema, answer)
	}
	_, text := s.send("GET", "/api/topics/nope", nil)
	var failed any
	if err := json.Unmarshal(text, &failed); err != nil {
		t.Fatal(err)
	}
	v.check("an error", object{"$ref": "#/components/schemas/apiError"}, failed)
}

// validator holds answers against schemas, as far as these use JSON Schema.
type validator struct {
	t       *testing.T
	schemas object
}

func (v validator) check(at string, schema object, x any) {
	v.t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		schema = v.schemas[strings.TrimPrefix(ref, "#/components/schemas/")].(object)
	}
	if all, ok := schema["allOf"].([]any); ok {
		v.check(at, all[0].(object), x)
		return
	}
	if anyOf, ok := schema["anyOf"].([]any); ok {
		if x != nil {
			v.check(at, anyOf[0].(object), x)
		}
		return
	}
	kind := ""
	switch x := x.(type) {
	case nil:
		kind = "null"
	case bool:
		kind = "boolean"
	case string:
		kind = "string"
	case float64:
		if kind = "number"; x == float64(int64(x)) && schema["type"] == "integer" {
			kind = "integer"
		}
	case []any:
		kind = "array"
		for i, e := range x {
			if items, ok := schema["items"].(object); ok {
				v.check(fmt.Sprintf("%s[%d]", at, i), items, e)
			}
		}
	case object:
		kind = "object"
		v.object(at, schema, x)
	}
	if want := schema["type"]; want != nil && want != kind {
		v.t.Errorf("%s is %s, its schema says %s", at, kind, want)
	}
}

func (v validator) object(at string, schema, x object) {
	v.t.Helper()
	properties, _ := schema["properties"].(object)
	for name, field := range x {
		if p, ok := properties[name].(object); ok {
			v.check(at+"."+name, p, field)
		} else if more, ok := schema["additionalProperties"].(object); ok {
			v.check(at+"."+name, more, field)
		} else if len(schema) > 0 {
			v.t.Errorf("%s has %s, which its schema does not", at, name)
		}
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := x[name.(string)]; !ok {
			v.t.Errorf("%s lacks %s, which its schema requires", at, name)
		}
	}
}
