package consume

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
	"tailrace/cli/kafka/datum"
	"tailrace/sql/sqlerr"
)

// fieldNames are what --print takes, in the order in which it is printed.
var fieldNames = []string{"topic", "timestamp", "partition", "offset", "epoch", "headers", "key"}

// printing is how records are printed.
type printing struct {
	format                     string
	fields                     map[string]bool
	value                      bool
	separator, line, headerSep string
	null                       string
	keyFormat, valueFormat     datum.Format
	headerFormat               datum.Format
}

// layout reads the flags that say how to print.
func (o *flags) layout(c *cobra.Command) (printing, error) {
	p := printing{format: o.format.String(), fields: map[string]bool{}, null: o.null, value: *o.formatter["value"] && !o.noValue,
		keyFormat: *o.keyFormat, valueFormat: *o.valueFormat, headerFormat: *o.headerValue}
	for _, name := range o.print {
		switch {
		case name == "all":
			for _, f := range fieldNames {
				p.fields[f] = true
			}
		case name == "value": // always, unless it is turned off
		case slices.Contains(fieldNames, name):
			p.fields[name] = true
		default:
			hint := ""
			if near := sqlerr.Closest(name, fieldNames); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			return p, command.Usagef("--print takes %s, not %q%s", command.Alternatives(append(slices.Clone(fieldNames), "all")), name, hint)
		}
	}
	for _, name := range fieldNames {
		p.fields[name] = p.fields[name] || *o.formatter[name]
	}
	for _, s := range []struct {
		flag, text string
		to         *string
	}{{"key-separator", o.keySeparator, &p.separator}, {"line-separator", o.lineSeparator, &p.line}, {"headers-separator", o.headersSep, &p.headerSep}} {
		text, err := command.Unescape(s.text)
		if err != nil {
			return p, command.Usagef("--%s: %q is no separator", s.flag, s.text)
		}
		*s.to = text
	}
	return p, nil
}

// begin and end frame what is printed.
func (p *printing) begin(w *bufio.Writer) {
	if p.format == "json" {
		w.WriteByte('[')
	}
}

func (p *printing) end(w *bufio.Writer, printed int) {
	if p.format == "json" {
		if printed > 0 {
			w.WriteByte('\n')
		}
		w.WriteString("]\n")
	}
}

// record prints a record, the nth. An error is of the record, not of the output.
func (p *printing) record(w *bufio.Writer, r *kgo.Record, nth int) error {
	switch p.format {
	case "raw":
		_, _ = w.Write(r.Value) // the writer keeps its error
		return nil
	case "text":
		return p.text(w, r)
	}
	b, err := p.object(r)
	if err != nil {
		return err
	}
	if p.format == "json" {
		if nth > 0 {
			w.WriteByte(',')
		}
		w.WriteString("\n  ")
		_, _ = w.Write(b)
		return nil
	}
	_, _ = w.Write(b)
	w.WriteByte('\n')
	return nil
}

// text prints what kafka-console-consumer prints.
func (p *printing) text(w *bufio.Writer, r *kgo.Record) error {
	b := make([]byte, 0, 128+len(r.Key)+len(r.Value))
	add := func(texts ...string) {
		if len(b) > 0 {
			b = append(b, p.separator...)
		}
		for _, t := range texts {
			b = append(b, t...)
		}
	}
	for _, name := range fieldNames {
		if !p.fields[name] {
			continue
		}
		switch name {
		case "topic":
			add("Topic:", r.Topic)
		case "timestamp":
			if kind := timestampType(r); kind == "" {
				add("NO_TIMESTAMP")
			} else {
				add(kind, ":", strconv.FormatInt(r.Timestamp.UnixMilli(), 10))
			}
		case "partition":
			add("Partition:", strconv.Itoa(int(r.Partition)))
		case "offset":
			add("Offset:", strconv.FormatInt(r.Offset, 10))
		case "epoch":
			if r.LeaderEpoch < 0 {
				add("Epoch:NOT_PRESENT")
			} else {
				add("Epoch:", strconv.Itoa(int(r.LeaderEpoch)))
			}
		case "headers":
			headers, err := p.headers(r)
			if err != nil {
				return err
			}
			add(headers)
		case "key":
			key, err := p.decode(p.keyFormat, r.Key)
			if err != nil {
				return fmt.Errorf("the key %w", err)
			}
			add(key)
		}
	}
	if p.value {
		value, err := p.decode(p.valueFormat, r.Value)
		if err != nil {
			return fmt.Errorf("the value %w", err)
		}
		add(value)
	}
	_, _ = w.Write(b)
	w.WriteString(p.line)
	return nil
}

// headers prints h1:v1,h2:v2.
func (p *printing) headers(r *kgo.Record) (string, error) {
	if len(r.Headers) == 0 {
		return "NO_HEADERS", nil
	}
	var b []byte
	for i, h := range r.Headers {
		if i > 0 {
			b = append(b, p.headerSep...)
		}
		value, err := p.decode(p.headerFormat, h.Value)
		if err != nil {
			return "", fmt.Errorf("the header %s: %w", h.Key, err)
		}
		b = append(append(append(b, h.Key...), ':'), value...)
	}
	return string(b), nil
}

func (p *printing) decode(f datum.Format, b []byte) (string, error) {
	if b == nil {
		return p.null, nil
	}
	return f.Decode(b)
}

// timestampType is Kafka's name of what a timestamp means; empty without one.
func timestampType(r *kgo.Record) string {
	switch r.Attrs.TimestampType() {
	case 0:
		return "CreateTime"
	case 1:
		return "LogAppendTime"
	}
	return ""
}

// object is a record in JSON. What is no text in UTF-8 stands in base64, under another
// name.
type object struct {
	Topic         string          `json:"topic"`
	Partition     int32           `json:"partition"`
	Offset        int64           `json:"offset"`
	Timestamp     int64           `json:"timestamp"` // milliseconds since 1970
	TimestampType string          `json:"timestampType,omitempty"`
	LeaderEpoch   int32           `json:"leaderEpoch"`
	Headers       []header        `json:"headers"`
	Key           json.RawMessage `json:"key,omitempty"`
	KeyBase64     *string         `json:"keyBase64,omitempty"`
	Value         json.RawMessage `json:"value,omitempty"`
	ValueBase64   *string         `json:"valueBase64,omitempty"`
}

type header struct {
	Key         string          `json:"key"`
	Value       json.RawMessage `json:"value,omitempty"`
	ValueBase64 *string         `json:"valueBase64,omitempty"`
}

func (p *printing) object(r *kgo.Record) ([]byte, error) {
	o := object{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp.UnixMilli(), TimestampType: timestampType(r),
		LeaderEpoch: r.LeaderEpoch, Headers: []header{}}
	var err error
	for _, h := range r.Headers {
		j := header{Key: h.Key}
		if j.Value, j.ValueBase64, err = jsonValue(p.headerFormat, h.Value); err != nil {
			return nil, fmt.Errorf("the header %s: %w", h.Key, err)
		}
		o.Headers = append(o.Headers, j)
	}
	if o.Key, o.KeyBase64, err = jsonValue(p.keyFormat, r.Key); err != nil {
		return nil, fmt.Errorf("the key %w", err)
	}
	if p.value {
		if o.Value, o.ValueBase64, err = jsonValue(p.valueFormat, r.Value); err != nil {
			return nil, fmt.Errorf("the value %w", err)
		}
	}
	return json.Marshal(o)
}

func jsonValue(f datum.Format, b []byte) (json.RawMessage, *string, error) {
	if b == nil {
		return json.RawMessage("null"), nil, nil
	}
	raw, ok, err := f.JSON(b)
	if err != nil || ok {
		return raw, nil, err
	}
	text := base64.StdEncoding.EncodeToString(b)
	return nil, &text, nil
}
