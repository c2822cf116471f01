package console

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

var pathName = regexp.MustCompile(`\{(\w+)\}`)

// object is JSON that is put together.
type object = map[string]any

// openAPI describes the API in OpenAPI 3.1, as the endpoints declare it.
func openAPI(version string) object {
	paths := object{}
	schemas := object{}
	for i := range endpoints {
		e := &endpoints[i]
		item, _ := paths[e.path].(object)
		if item == nil {
			item = object{}
			paths[e.path] = item
		}
		item[strings.ToLower(e.method)] = operation(e, schemas)
	}
	paths["/api/openapi.json"] = object{"get": object{"summary": "This description", "operationId": "get_openapi",
		"responses": object{"200": object{"description": "OpenAPI 3.1", "content": object{"application/json": object{"schema": object{"type": "object"}}}}}}}
	return object{
		"openapi": "3.1.0",
		"info": object{"title": "Tailrace console", "version": version,
			"description": "What the web console is made of. Requests that are not a GET carry the token of GET /api/session in the header " + tokenHeader +
				". Answers that stream are lines of JSON. Numbers that JavaScript cannot hold are text."},
		"paths": paths,
		"components": object{"schemas": schemas,
			"securitySchemes": object{"token": object{"type": "apiKey", "in": "header", "name": tokenHeader}}},
	}
}

// operationID is a name for code that is generated: get_topics_topic.
func operationID(e *endpoint) string {
	parts := strings.FieldsFunc(strings.TrimPrefix(e.path, "/api/"), func(r rune) bool { return strings.ContainsRune("/{}.", r) })
	return strings.ToLower(e.method) + "_" + strings.Join(parts, "_")
}

func operation(e *endpoint, schemas object) object {
	out := object{"summary": e.summary, "operationId": operationID(e)}
	var params []any
	for _, p := range e.params {
		params = append(params, parameter(e, p))
	}
	if params != nil {
		out["parameters"] = params
	}
	if e.body != nil {
		out["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": schemaOf(reflect.TypeOf(e.body), schemas)}}}
	}
	if e.method != "GET" {
		out["security"] = []any{object{"token": []any{}}}
	}
	kind := "application/json"
	if e.stream {
		kind = "application/x-ndjson"
	}
	failed := object{"description": "What is wrong", "content": object{"application/json": object{"schema": schemaOf(reflect.TypeOf(apiError{}), schemas)}}}
	out["responses"] = object{
		"200":     object{"description": "OK", "content": object{kind: object{"schema": schemaOf(reflect.TypeOf(e.answer), schemas)}}},
		"default": failed,
	}
	return out
}

func parameter(e *endpoint, p param) object {
	schema := object{"type": string(p.kind)}
	if p.def != "" {
		schema["default"] = typed(p)
	}
	if p.values != nil {
		schema["enum"] = p.values
	}
	if p.min != 0 || p.max != 0 {
		schema["minimum"], schema["maximum"] = p.min, p.max
	}
	if p.kind == textParam {
		schema["maxLength"] = maxText
	}
	out := object{"name": p.name, "in": "query", "description": p.doc, "schema": schema}
	for _, m := range pathName.FindAllStringSubmatch(e.path, -1) {
		if m[1] == p.name {
			out["in"], out["required"] = "path", true
		}
	}
	return out
}

// typed is a default as JSON.
func typed(p param) any {
	if p.kind == textParam {
		return p.def
	}
	return json.RawMessage(p.def)
}

// schemaOf describes a Go type as it is marshalled; structs with a name are put into schemas.
func schemaOf(t reflect.Type, schemas object) object {
	switch t.Kind() {
	case reflect.Pointer:
		s := schemaOf(t.Elem(), schemas)
		return object{"anyOf": []any{s, object{"type": "null"}}}
	case reflect.Slice:
		return object{"type": "array", "items": schemaOf(t.Elem(), schemas)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": schemaOf(t.Elem(), schemas)}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Int16:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Interface:
		return object{} // any JSON
	case reflect.Struct:
		return structSchema(t, schemas)
	}
	panic(fmt.Sprintf("no schema for %s", t))
}

func structSchema(t reflect.Type, schemas object) object {
	name := schemaName(t)
	ref := object{"$ref": "#/components/schemas/" + name}
	if _, done := schemas[name]; done {
		return ref
	}
	schemas[name] = object{} // types that hold themselves end here
	properties := object{}
	var required []string
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		if !f.IsExported() || f.Anonymous || tag == "" {
			continue
		}
		field, options, _ := strings.Cut(tag, ",")
		s := schemaOf(f.Type, schemas)
		if doc := f.Tag.Get("doc"); doc != "" {
			if _, isRef := s["$ref"]; isRef {
				s = object{"allOf": []any{s}}
			}
			s["description"] = strings.TrimSpace(doc)
		}
		properties[field] = s
		if options != "omitempty" {
			required = append(required, field)
		}
	}
	out := object{"type": "object", "properties": properties, "additionalProperties": false}
	if required != nil {
		out["required"] = required
	}
	schemas[name] = out
	return ref
}

// schemaName is the name of a type: page[console.topicRow] is topicRowPage.
func schemaName(t reflect.Type) string {
	name := t.Name()
	if base, arg, ok := strings.Cut(name, "["); ok {
		arg = strings.TrimSuffix(arg, "]")
		return arg[strings.LastIndexByte(arg, '.')+1:] + strings.ToUpper(base[:1]) + base[1:]
	}
	return name
}
