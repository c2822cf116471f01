package console

import (
	"bytes"
	"encoding/json"
	"unicode"
	"unicode/utf8"

	"tailrace/storage/record"
	"tailrace/storage/serde"
)

// message is a record as it is shown.
type message struct {
	Partition int32    `json:"partition"`
	Offset    int64    `json:"offset"`
	Timestamp int64    `json:"timestamp" doc:"ms since 1970."`
	Key       *content `json:"key" doc:"null for a record without a key."`
	Value     *content `json:"value" doc:"null for a tombstone."`
	Headers   []header `json:"headers"`
	// Row is the record by a stream or table over the topic.
	Row      map[string]any `json:"row,omitempty" doc:"Columns of the stream or table over the topic."`
	RowError string         `json:"row_error,omitempty" doc:"Why the record cannot be read by it."`
}

// content is a key or a value.
type content struct {
	Text   string `json:"text" doc:"In the format that it seems to have, in hexadecimal when it has none."`
	Format string `json:"format" doc:"JSON, KAFKA_STRING, ..., or BINARY."`
	Size   int    `json:"size" doc:"Bytes."`
	Cut    bool   `json:"cut,omitempty" doc:"text is only the beginning."`
}

type header struct {
	Key   string  `json:"key"`
	Value *string `json:"value"`
}

// Bounds of what is shown of a key or value in a list, and of one message alone.
const (
	listText  = 8 << 10
	wholeText = 1 << 20
	// maxHeaders bounds the headers that are shown of one record.
	maxHeaders = 200
)

// reader shows records.
type reader struct {
	keys, values *serde.Guesser
	decoder      *decoder
	most         int // bytes of a key or value
}

func newReader(d *decoder, most int) *reader {
	return &reader{keys: serde.NewGuesser(true), values: serde.NewGuesser(false), decoder: d, most: most}
}

// show copies a record.
func (r *reader) show(partition int32, rec *record.Record) message {
	m := message{Partition: partition, Offset: rec.Offset, Timestamp: rec.Timestamp,
		Key: r.content(r.keys, rec.Key), Value: r.content(r.values, rec.Value), Headers: []header{}}
	rec.Headers(func(h record.RecordHeader) bool {
		out := header{Key: r.plain(h.Key)}
		if h.Value != nil {
			text := r.plain(h.Value)
			out.Value = &text
		}
		m.Headers = append(m.Headers, out)
		return len(m.Headers) < maxHeaders
	})
	if r.decoder != nil {
		r.decoder.reset()
		if err := r.decoder.add(rec); err != nil {
			m.RowError = err.Error()
		}
		m.Row = r.decoder.row()
	}
	return m
}

// show is a key or value as text, and its format. Bytes that a person can read are text, also
// where they are four or eight and PRINT takes them for a number.
func show(g *serde.Guesser, data []byte) (text, format string) {
	if readable(data) {
		if len(data) > 0 && (data[0] == '{' || data[0] == '[') && json.Valid(data) {
			return string(data), "JSON"
		}
		return string(data), "KAFKA_STRING"
	}
	text = g.Text(data)
	if formats := g.Formats(); len(formats) > 0 {
		return text, formats[0]
	}
	return text, "BINARY"
}

// readable reports whether bytes are text without control characters but those of lines.
func readable(data []byte) bool {
	for len(data) > 0 {
		c, n := utf8.DecodeRune(data)
		if c == utf8.RuneError && n == 1 || !unicode.IsPrint(c) && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
		data = data[n:]
	}
	return true
}

// plain is bytes as text, where they are not UTF-8 with replacement characters.
func (r *reader) plain(b []byte) string {
	return string(bytes.ToValidUTF8(b[:min(len(b), r.most)], []byte("\uFFFD")))
}

func (r *reader) content(g *serde.Guesser, data []byte) *content {
	if data == nil {
		return nil
	}
	c := &content{Size: len(data)}
	c.Text, c.Format = show(g, data)
	if len(c.Text) > r.most {
		cut := r.most
		for cut > 0 && !utf8.RuneStart(c.Text[cut]) {
			cut--
		}
		c.Text, c.Cut = c.Text[:cut], true
	}
	return c
}
