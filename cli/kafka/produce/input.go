package produce

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/kafka/datum"
)

// maxLine is the longest line that is read: the most that a record batch of the client may
// hold.
const maxLine = 1 << 30

// layout is how text becomes records.
type layout struct {
	input           string // lines, jsonl or whole
	parseKey        bool
	parseHeaders    bool
	keySeparator    string
	headerDelimiter string // between the headers and the rest of the line
	headerSeparator string // between two headers
	headerKey       string // between the key and the value of a header
	lineSeparator   string
	nullMarker      string // empty: none
	key, value      datum.Format

	// What is the same for all records, where the input does not say it.
	topic     string
	constKey  *string
	headers   []kgo.RecordHeader
	partition int32 // -1: the partitioner's choice
	timestamp time.Time
}

// source yields the records of an input, with the number of the line for errors.
type source struct {
	layout
	lines *bufio.Scanner
	whole io.Reader
	line  int
}

func newSource(l layout, in io.Reader) *source {
	s := &source{layout: l}
	if l.input == "whole" {
		s.whole = in
		return s
	}
	s.lines = bufio.NewScanner(in)
	s.lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	if l.lineSeparator != "\n" {
		s.lines.Split(splitBy([]byte(l.lineSeparator)))
	}
	return s
}

// splitBy cuts an input at a separator; what follows the last one is a token unless empty.
func splitBy(sep []byte) bufio.SplitFunc {
	return func(data []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.Index(data, sep); i >= 0 {
			return i + len(sep), data[:i], nil
		}
		if atEOF && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	}
}

// lineError is a line that makes no record; the lines after it may.
type lineError struct {
	line int
	err  error
}

// Error says which line it is.
func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.err) }

// Unwrap is what is wrong with the line.
func (e *lineError) Unwrap() error { return e.err }

// read returns the next record, or io.EOF.
func (s *source) read() (*kgo.Record, error) {
	if s.lines == nil {
		return s.readWhole()
	}
	for {
		if !s.lines.Scan() {
			err := s.lines.Err()
			switch {
			case errors.Is(err, bufio.ErrTooLong):
				return nil, fmt.Errorf("line %d is longer than 1 GiB", s.line+1)
			case err != nil:
				return nil, err
			}
			return nil, io.EOF
		}
		s.line++
		text := s.lines.Text()
		var r *kgo.Record
		var err error
		switch {
		case s.input == "jsonl" && strings.TrimSpace(text) == "":
			continue
		case s.input == "jsonl":
			r, err = s.fromJSON(text)
		default:
			r, err = s.fromText(text)
		}
		if err != nil {
			return nil, &lineError{s.line, err}
		}
		return r, nil
	}
}

func (s *source) readWhole() (*kgo.Record, error) {
	if s.whole == nil {
		return nil, io.EOF
	}
	b, err := io.ReadAll(io.LimitReader(s.whole, maxLine+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxLine {
		return nil, errors.New("the input is longer than 1 GiB")
	}
	s.whole, s.line = nil, 1
	r, err := s.record()
	if err == nil {
		r.Value, err = s.encode(s.value, string(b))
	}
	if err != nil {
		return nil, &lineError{1, err}
	}
	return r, nil
}

// record is one with what is the same for all.
func (l *layout) record() (*kgo.Record, error) {
	r := &kgo.Record{Topic: l.topic, Partition: l.partition, Timestamp: l.timestamp, Headers: l.headers}
	if l.constKey != nil {
		key, err := l.encode(l.key, *l.constKey)
		if err != nil {
			return nil, fmt.Errorf("the key %w", err)
		}
		r.Key = key
	}
	return r, nil
}

// encode makes bytes of a text, nil of the null marker.
func (l *layout) encode(f datum.Format, text string) ([]byte, error) {
	if l.nullMarker != "" && text == l.nullMarker {
		return nil, nil
	}
	return f.Encode(text)
}

// fromText reads headers, key and value of a line, as kafka-console-producer does.
func (s *source) fromText(line string) (*kgo.Record, error) {
	r, err := s.record()
	if err != nil {
		return nil, err
	}
	if s.parseHeaders {
		head, rest, ok := strings.Cut(line, s.headerDelimiter)
		switch {
		case s.nullMarker != "" && strings.HasPrefix(line, s.nullMarker+s.headerDelimiter):
			head = ""
		case !ok:
			return nil, fmt.Errorf("no %q ends the headers", s.headerDelimiter)
		}
		headers, err := s.parseHeader(head)
		if err != nil {
			return nil, err
		}
		r.Headers, line = append(headers, s.headers...), rest
	}
	if s.parseKey {
		key, rest, ok := strings.Cut(line, s.keySeparator)
		if !ok {
			return nil, fmt.Errorf("no %q ends the key", s.keySeparator)
		}
		if r.Key, err = s.encode(s.key, key); err != nil {
			return nil, fmt.Errorf("the key %w", err)
		}
		line = rest
	}
	if r.Value, err = s.encode(s.value, line); err != nil {
		return nil, fmt.Errorf("the value %w", err)
	}
	return r, nil
}

// parseHeader reads k1:v1,k2:v2.
func (l *layout) parseHeader(text string) ([]kgo.RecordHeader, error) {
	if text == "" {
		return nil, nil
	}
	var headers []kgo.RecordHeader
	for _, kv := range strings.Split(text, l.headerSeparator) {
		k, v, ok := strings.Cut(kv, l.headerKey)
		if !ok {
			return nil, fmt.Errorf("the header %q has no %q between key and value", kv, l.headerKey)
		}
		value, _ := l.encode(datum.String, v) // strings always encode
		headers = append(headers, kgo.RecordHeader{Key: k, Value: value})
	}
	return headers, nil
}

// object is a record as "tailrace consume --format jsonl" prints it.
type object struct {
	Topic     string          `json:"topic"`
	Partition *int32          `json:"partition"`
	Offset    json.RawMessage `json:"offset"` // told by the cluster, so passed over
	Timestamp *int64          `json:"timestamp"`
	Kind      json.RawMessage `json:"timestampType"`
	Epoch     json.RawMessage `json:"leaderEpoch"`
	Headers   []header        `json:"headers"`
	datumPair
}

type header struct {
	Key         string          `json:"key"`
	Value       json.RawMessage `json:"value"`
	ValueBase64 *string         `json:"valueBase64"`
}

type datumPair struct {
	Key         json.RawMessage `json:"key"`
	KeyBase64   *string         `json:"keyBase64"`
	Value       json.RawMessage `json:"value"`
	ValueBase64 *string         `json:"valueBase64"`
}

// fromJSON reads a record that is a JSON object. Where it was (topic, partition, offset)
// does not say where it goes.
func (s *source) fromJSON(line string) (*kgo.Record, error) {
	var o object
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return nil, jsonFault(err)
	}
	if d.More() {
		return nil, errors.New("more than one JSON object")
	}
	r, err := s.record()
	if err != nil {
		return nil, err
	}
	if r.Timestamp.IsZero() && o.Timestamp != nil {
		r.Timestamp = time.UnixMilli(*o.Timestamp)
	}
	for _, h := range o.Headers {
		value, err := either(datum.String, h.Value, h.ValueBase64)
		if err != nil {
			return nil, fmt.Errorf("the header %s: %w", h.Key, err)
		}
		r.Headers = append(r.Headers[:len(r.Headers):len(r.Headers)], kgo.RecordHeader{Key: h.Key, Value: value})
	}
	if s.constKey == nil {
		if r.Key, err = either(s.key, o.Key, o.KeyBase64); err != nil {
			return nil, fmt.Errorf("the key %w", err)
		}
	}
	if r.Value, err = either(s.value, o.Value, o.ValueBase64); err != nil {
		return nil, fmt.Errorf("the value %w", err)
	}
	return r, nil
}

// jsonFault words what is wrong with a record in JSON.
func jsonFault(err error) error {
	var kind *json.UnmarshalTypeError
	if !errors.As(err, &kind) {
		return fmt.Errorf("no record in JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if kind.Field == "" {
		return fmt.Errorf("no record in JSON: it must be an object, not %s", kind.Value)
	}
	return fmt.Errorf("no record in JSON: %s cannot be %s", kind.Field, kind.Value)
}

// either is a JSON value or bytes in base64; nil for null and for what is left out.
func either(f datum.Format, raw json.RawMessage, encoded *string) ([]byte, error) {
	if encoded != nil {
		return base64.StdEncoding.DecodeString(*encoded)
	}
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	return f.FromJSON(raw)
}
