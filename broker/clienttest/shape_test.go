package clienttest

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// sketch is the shape of answers, by path of field ("Topics.Partitions.ISR", without
// indexes): which nullable fields are null and which are not, which errors were told.
// Texts, numbers and counts are not part of it.
type sketch map[string]map[string]bool

func (s sketch) add(path, what string) {
	if s[path] == nil {
		s[path] = map[string]bool{}
	}
	s[path][what] = true
}

func (s sketch) lines() []string {
	var out []string
	for _, path := range slices.Sorted(maps.Keys(s)) {
		out = append(out, path+": "+strings.Join(slices.Sorted(maps.Keys(s[path])), ", "))
	}
	return out
}

// draw adds an answer to the sketch. nullable are the paths of slices that may be null.
func (s sketch) draw(path string, v reflect.Value, nullable map[string]bool) {
	null := func(is bool) {
		if is {
			s.add(path, "null")
		} else {
			s.add(path, "set")
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		null(v.IsNil())
		if !v.IsNil() {
			s.draw(path, v.Elem(), nullable)
		}
	case reflect.Slice:
		if nullable[path] {
			null(v.IsNil())
		}
		for i := range v.Len() {
			if k := v.Type().Elem().Kind(); k == reflect.Struct || k == reflect.Pointer {
				s.draw(path, v.Index(i), nullable)
			}
		}
	case reflect.Struct:
		for name, f := range schemaFields(v) {
			s.draw(path+"."+name, f, nullable)
		}
	case reflect.Int16:
		if strings.HasSuffix(path, "ErrorCode") {
			s.add(path, fmt.Sprint("error ", v.Int()))
		}
	}
}

// schemaFields are the fields of a message or struct that the schema has.
func schemaFields(v reflect.Value) func(func(string, reflect.Value) bool) {
	return func(yield func(string, reflect.Value) bool) {
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Name; name {
			case "Version", "UnknownTags", "ThrottleMillis":
			default:
				if !yield(name, v.Field(i)) {
					return
				}
			}
		}
	}
}

// nullableFields lists the fields of an answer that its schema lets be null in its version.
// Pointers are; of slices it is seen in how null and empty are encoded.
func nullableFields(resp kmsg.Response, name string) []string {
	top := reflect.ValueOf(resp).Elem()
	var out []string
	var walk func(path string, v reflect.Value)
	encoded := func() []byte { return resp.AppendTo(nil) }
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			without := encoded()
			v.Set(reflect.New(v.Type().Elem()))
			if !bytes.Equal(without, encoded()) { // else the version has no such field
				out = append(out, path)
			}
			walk(path, v.Elem())
		case reflect.Slice:
			without := encoded()
			v.Set(reflect.MakeSlice(v.Type(), 0, 1))
			if !bytes.Equal(without, encoded()) {
				out = append(out, path)
			}
			if k := v.Type().Elem().Kind(); k == reflect.Struct {
				v.Set(reflect.MakeSlice(v.Type(), 1, 1))
				if d, ok := v.Index(0).Addr().Interface().(interface{ Default() }); ok {
					d.Default()
				}
				walk(path, v.Index(0))
			}
		case reflect.Struct:
			for f, fv := range schemaFields(v) {
				walk(path+"."+f, fv)
			}
		}
	}
	walk(name, top)
	return out
}
