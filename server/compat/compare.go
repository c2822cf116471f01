package compat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"tailrace/sql/types"
	"tailrace/storage/serde"
)

// Seen is a record that a topic held after the run.
type Seen struct {
	Key, Value []byte
	Timestamp  int64
	Headers    []RecordHeader
}

// compareTopic checks the records of one topic: as many as expected, in their order.
func compareTopic(c *Case, shape topicShape, topic string, want []Record, got []Seen) error {
	for i := 0; i < len(want) && i < len(got); i++ {
		if err := compareRecord(c, shape, want[i], got[i]); err != nil {
			return fmt.Errorf("%s, record %d: %w", topic, i, err)
		}
	}
	switch {
	case len(got) < len(want):
		w := want[len(got)]
		return fmt.Errorf("%s: %d records, want %d; the first that is missing: key %s value %s", topic, len(got), len(want), w.Key, w.Value)
	case len(got) > len(want):
		g := got[len(want)]
		return fmt.Errorf("%s: %d records, want %d; the first too many: key %s value %s", topic, len(got), len(want),
			shape.show(shape.key, shape.keyColumns, g.Key), shape.show(shape.value, shape.valueColumns, g.Value))
	}
	return nil
}

func compareRecord(c *Case, shape topicShape, want Record, got Seen) error {
	key := got.Key
	if want.Window != nil {
		bare, err := splitWindow(want.Window, key)
		if err != nil {
			return err
		}
		key = bare
	}
	if err := compareNode(c, shape, shape.key, shape.keyColumns, want.Key, key); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if err := compareNode(c, shape, shape.value, shape.valueColumns, want.Value, got.Value); err != nil {
		return fmt.Errorf("value: %w (key %s)", err, want.Key)
	}
	if want.Timestamp != nil && *want.Timestamp != got.Timestamp {
		return fmt.Errorf("timestamp %d, want %d (key %s value %s)", got.Timestamp, *want.Timestamp, want.Key, want.Value)
	}
	return compareHeaders(want.Headers, got.Headers)
}

// splitWindow takes the window off a key and checks it.
func splitWindow(w *RecordWindow, key []byte) ([]byte, error) {
	if w.Type == "session" {
		bare, start, end, err := serde.SplitSessionWindow(key)
		if err == nil && (start != w.Start || end != w.End) {
			err = fmt.Errorf("window [%d,%d], want [%d,%d]", start, end, w.Start, w.End)
		}
		return bare, err
	}
	bare, start, err := serde.SplitTimeWindow(key)
	if err == nil && start != w.Start {
		err = fmt.Errorf("window starts at %d, want %d", start, w.Start)
	}
	return bare, err
}

func compareHeaders(want, got []RecordHeader) error {
	if len(want) != len(got) {
		return fmt.Errorf("%d headers, want %d", len(got), len(want))
	}
	for i := range want {
		if want[i].Key != got[i].Key {
			return fmt.Errorf("header %q, want %q", got[i].Key, want[i].Key)
		}
		if w, g := headerText(want[i]), headerText(got[i]); w != g {
			return fmt.Errorf("header %q is %s, want %s", got[i].Key, g, w)
		}
	}
	return nil
}

// headerText shows a header's value; clients read one that is NULL as empty.
func headerText(h RecordHeader) string {
	if h.Value == nil {
		return `""`
	}
	return strconv.Quote(string(*h.Value))
}

func compareNode(c *Case, shape topicShape, f serde.Format, columns []types.Column, want json.RawMessage, got []byte) error {
	wantNull := len(want) == 0 || string(want) == "null"
	if wantNull || got == nil {
		if wantNull == (got == nil) {
			return nil
		}
		return fmt.Errorf("got %s, want %s", shape.show(f, columns, got), orNull(want))
	}
	if f.Name != "JSON" && f.Name != "KAFKA" {
		if text := strings.TrimRight(string(got), "\r\n"); text != plainText(want) {
			return fmt.Errorf("got %q, want %q", text, plainText(want))
		}
		return nil
	}
	wantTree, err := tree(want)
	if err != nil {
		return err
	}
	gotTree, err := tree([]byte(shape.show(f, columns, got)))
	if err != nil {
		return fmt.Errorf("%s: %w", got, err)
	}
	if err := compareTree(wantTree, gotTree, columnType(f, columns), c.ExactOff); err != nil {
		return fmt.Errorf("%w\n got %s\nwant %s", err, shape.show(f, columns, got), want)
	}
	return nil
}

func orNull(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "null"
	}
	return string(raw)
}

// columnType is the type of a whole record: a struct, unless a single column stands for
// itself.
func columnType(f serde.Format, columns []types.Column) *types.Type {
	if len(columns) == 1 && (f.Unwrapped || f.Name == "KAFKA") {
		return &columns[0].Type
	}
	t := types.Type{Kind: types.Struct}
	for _, c := range columns {
		t.Fields = append(t.Fields, types.Field{Name: c.Name, Type: c.Type})
	}
	return &t
}

func tree(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// compareTree compares as ksqlDB's runner does; t is the type where it is known.
func compareTree(want, got any, t *types.Type, loose bool) error {
	switch w := want.(type) {
	case map[string]any:
		return compareObject(w, got, t, loose)
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return fmt.Errorf("array differs")
		}
		for i := range w {
			if err := compareTree(w[i], g[i], elemType(t), loose); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return nil
	case json.Number:
		return compareNumber(string(w), got, t, loose)
	case string:
		if n, ok := got.(json.Number); ok && string(n) == w {
			return nil
		}
	}
	if want != got {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}

func elemType(t *types.Type) *types.Type {
	if t == nil {
		return nil
	}
	return t.Elem
}

func compareObject(want map[string]any, got any, t *types.Type, loose bool) error {
	g, ok := got.(map[string]any)
	if !ok || len(g) != len(want) {
		return fmt.Errorf("object differs in its fields")
	}
	for name, w := range want {
		value, ok := g[name]
		if !ok {
			value, ok = g[strings.ToUpper(name)]
		}
		if !ok && w != nil { // to ksqlDB's runner a field that is not there is null
			return fmt.Errorf("field %s is missing", name)
		}
		if err := compareTree(w, value, fieldType(t, name), loose); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func fieldType(t *types.Type, name string) *types.Type {
	if t == nil {
		return nil
	}
	if t.Kind == types.Map {
		return t.Elem
	}
	for i, f := range t.Fields {
		if f.Name == name || f.Name == strings.ToUpper(name) {
			return &t.Fields[i].Type
		}
	}
	return nil
}

// compareNumber: whole numbers exactly, decimals with their scale, doubles within 1e-6.
func compareNumber(want string, got any, t *types.Type, loose bool) error {
	text := fmt.Sprint(got)
	if _, isText := got.(string); isText && t != nil && t.Kind != types.Decimal && t.Kind != types.Double {
		return fmt.Errorf("got text %q, want number %s", text, want)
	}
	if text == want {
		return nil
	}
	w, errWant := strconv.ParseFloat(want, 64)
	g, errGot := strconv.ParseFloat(text, 64)
	exact := t != nil && t.Kind == types.Decimal && !loose
	if errWant != nil || errGot != nil || exact || math.Abs(w-g) >= 1e-6 && w != g {
		return fmt.Errorf("got %s, want %s", text, want)
	}
	return nil
}
