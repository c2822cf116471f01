package compat

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"tailrace/sql/catalog"
	"tailrace/sql/types"
	"tailrace/storage/serde"
)

// topicShape is how the records of a topic are encoded: from the source that is declared
// on it, or from the case's list of topics.
type topicShape struct {
	key, value   serde.Format
	keyColumns   []types.Column
	valueColumns []types.Column
	window       *catalog.Window
}

// shapeOf finds out how a topic is encoded.
func shapeOf(snap *catalog.Snapshot, topics []Topic, name string) topicShape {
	for _, src := range snap.Sources() {
		if src.Topic == name {
			return sourceShape(src)
		}
	}
	shape := topicShape{key: serde.Format{Name: "KAFKA"}, value: serde.Format{Name: "JSON"}}
	for _, t := range topics {
		if t.Name == name && t.ValueFormat != "" {
			shape.value.Name = t.ValueFormat
		}
		if t.Name == name && t.KeyFormat != "" {
			shape.key.Name = t.KeyFormat
		}
	}
	return shape
}

func sourceShape(src *catalog.Source) topicShape {
	s := topicShape{window: src.Window,
		key:   serde.Format{Name: src.Key.Name, Delimiter: src.Key.Delimiter, Unwrapped: src.Key.Unwrapped},
		value: serde.Format{Name: src.Value.Name, Delimiter: src.Value.Delimiter, Unwrapped: src.Value.Unwrapped}}
	for _, c := range src.Schema.Columns {
		switch c.In {
		case types.InKey:
			s.keyColumns = append(s.keyColumns, c)
		case types.InValue:
			s.valueColumns = append(s.valueColumns, c)
		}
	}
	return s
}

// encode makes the bytes of a record's key and value.
func (s topicShape) encode(r Record) (key, value []byte, err error) {
	if key, err = encodeNode(s.key, s.keyColumns, r.Key); err != nil {
		return nil, nil, fmt.Errorf("key of %s: %w", r.Topic, err)
	}
	if r.Window != nil && key != nil {
		if r.Window.Type == "session" {
			key = serde.AppendSessionWindow(key, r.Window.Start, r.Window.End)
		} else {
			key = serde.AppendTimeWindow(key, r.Window.Start)
		}
	}
	if value, err = encodeNode(s.value, s.valueColumns, r.Value); err != nil {
		return nil, nil, fmt.Errorf("value of %s: %w", r.Topic, err)
	}
	return key, value, nil
}

// encodeNode encodes what stands in a case: JSON as it stands, text formats as their
// text, KAFKA by the type of the column.
func encodeNode(f serde.Format, columns []types.Column, node json.RawMessage) ([]byte, error) {
	if len(node) == 0 || string(node) == "null" {
		return nil, nil
	}
	switch f.Name {
	case "JSON":
		var compact bytes.Buffer
		if err := json.Compact(&compact, node); err != nil {
			return nil, err
		}
		return compact.Bytes(), nil
	case "KAFKA":
		if len(columns) == 1 {
			v, err := scalarOf(columns[0].Type, plainText(node))
			if err != nil {
				return nil, err
			}
			return serde.EncodeRow(f, columns, []types.Value{v})
		}
	}
	return []byte(plainText(node)), nil
}

// plainText is the content of a JSON string, or the text of another scalar.
func plainText(node json.RawMessage) string {
	var s string
	if json.Unmarshal(node, &s) == nil {
		return s
	}
	return string(node)
}

func scalarOf(t types.Type, text string) (types.Value, error) {
	switch t.Kind {
	case types.Int:
		n, err := strconv.ParseInt(text, 10, 32)
		return int32(n), err
	case types.Bigint:
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err
	case types.Double:
		f, err := strconv.ParseFloat(text, 64)
		return f, err
	case types.String:
		return text, nil
	case types.Bytes:
		return []byte(text), nil
	}
	return nil, fmt.Errorf("the KAFKA format has no %s", t)
}

// show renders a record that was seen as the case would write it.
func (s topicShape) show(f serde.Format, columns []types.Column, data []byte) string {
	switch {
	case data == nil:
		return "null"
	case f.Name == "JSON":
		return string(data)
	case f.Name == "KAFKA" && len(columns) == 1:
		row, err := serde.DecodeRow(f, columns, data)
		if err != nil {
			return base64.StdEncoding.EncodeToString(data) + " (" + err.Error() + ")"
		}
		if b, ok := row[0].([]byte); ok {
			return strconv.Quote(string(b))
		}
		return string(serde.AppendJSON(nil, columns[0].Type, row[0]))
	}
	return strconv.Quote(strings.TrimRight(string(data), "\r\n"))
}
