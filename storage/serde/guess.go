package serde

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"tailrace/sql/types"
	"tailrace/storage/serde/json"
)

// Guesser finds out which formats the keys or the values of a topic may be in, by dropping
// every format that fails to read one of them; PRINT shows records with the first that is
// left. Keys may also be those of windowed tables. Make one for keys and one for values.
type Guesser struct {
	left []reader
	seen bool
}

// reader shows bytes of one format; ok is false for bytes that are not of the format.
type reader struct {
	name string
	read func(data []byte) (text string, ok bool)
}

// plain are the formats to guess from, the most telling first: every 4 bytes are an INT,
// but few are JSON.
var plain = []reader{
	{"JSON", func(b []byte) (string, bool) { return string(b), utf8.Valid(b) && json.Valid(b) }},
	{"KAFKA_INT", func(b []byte) (string, bool) {
		if len(b) != 4 {
			return "", false
		}
		return strconv.Itoa(int(int32(binary.BigEndian.Uint32(b)))), true
	}},
	{"KAFKA_BIGINT", func(b []byte) (string, bool) {
		if len(b) != 8 {
			return "", false
		}
		return strconv.FormatInt(int64(binary.BigEndian.Uint64(b)), 10), true
	}},
	{"KAFKA_DOUBLE", func(b []byte) (string, bool) {
		if len(b) != 8 {
			return "", false
		}
		return string(types.AppendDouble(nil, math.Float64frombits(binary.BigEndian.Uint64(b)))), true
	}},
	{"KAFKA_STRING", func(b []byte) (string, bool) { return string(b), len(b) > 0 && utf8.Valid(b) }},
}

// NewGuesser makes a guesser; key says that it is for keys.
func NewGuesser(key bool) *Guesser {
	g := &Guesser{}
	for _, r := range plain {
		if key {
			g.left = append(g.left, windowed(r)...)
		}
		g.left = append(g.left, r)
	}
	return g
}

// Prefer puts a format first, by the name that Formats has for it: somebody says that it is
// this one. It is dropped like the others when it fails.
func (g *Guesser) Prefer(name string) {
	for i, r := range g.left {
		if r.name == name {
			copy(g.left[1:i+1], g.left[:i])
			g.left[0] = r
			return
		}
	}
}

// windowed are the readers of keys whose inner key is of one format. ksqlDB cannot tell
// hopping from tumbling windows either, and lists both.
func windowed(inner reader) []reader {
	session := func(data []byte) (string, bool) {
		key, start, end, err := SplitSessionWindow(data)
		if err != nil || !plausible(start) || !plausible(end) || start > end {
			return "", false
		}
		text, ok := inner.read(key)
		return fmt.Sprintf("[%s@%d/%d]", text, start, end), ok
	}
	fixed := func(data []byte) (string, bool) {
		key, start, err := SplitTimeWindow(data)
		if err != nil || !plausible(start) {
			return "", false
		}
		text, ok := inner.read(key)
		return fmt.Sprintf("[%s@%d/-]", text, start), ok
	}
	return []reader{
		{"SESSION(" + inner.name + ")", session},
		{"HOPPING(" + inner.name + ")", fixed},
		{"TUMBLING(" + inner.name + ")", fixed},
	}
}

// plausible refuses bounds before 1970 and after the year 10000: text of the same length
// would be one.
func plausible(millis int64) bool { return millis >= 0 && millis < 253_402_300_800_000 }

// Text shows one key or value, and narrows the guess down. Bytes of no format left are
// shown in hexadecimal.
func (g *Guesser) Text(data []byte) string {
	if data == nil {
		return "<null>"
	}
	g.seen = true
	out, found := "", false
	kept := g.left[:0]
	for _, r := range g.left {
		text, ok := r.read(data)
		if !ok {
			continue
		}
		if kept = append(kept, r); !found {
			out, found = text, true
		}
	}
	g.left = kept
	if !found {
		return fmt.Sprintf("%x", data)
	}
	return out
}

// Formats are the names of the formats that read everything so far, likeliest first; nil
// before there was anything to read, and empty when no format does.
func (g *Guesser) Formats() []string {
	if !g.seen {
		return nil
	}
	out := make([]string, len(g.left))
	for i, r := range g.left {
		out[i] = r.name
	}
	return out
}
