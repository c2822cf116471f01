// Package datum turns keys and values of records into text and back: strings, JSON, bytes
// in hex or base64, and the primitive types of Kafka's serializers, which are big-endian.
package datum

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tailrace/cli/command"
	"tailrace/sql/sqlerr"
)

// Format is how the bytes of a key, a value or a header are read. The zero Format is
// String.
type Format struct{ c *codec }

type codec struct {
	name   string
	encode func(text string) ([]byte, error)
	decode func(b []byte) (string, error)
	bare   bool // the text is JSON as it stands
}

// The formats by name, in the order of the help.
var codecs = []*codec{
	{name: "string", encode: asIs, decode: func(b []byte) (string, error) { return string(b), nil }},
	{"json", encodeJSON, decodeJSON, true},
	{name: "hex", encode: encodeHex, decode: func(b []byte) (string, error) { return hex.EncodeToString(b), nil }},
	{name: "base64", encode: encodeBase64, decode: func(b []byte) (string, error) { return base64.StdEncoding.EncodeToString(b), nil }},
	{"boolean", encodeBool, decodeBool, true},
	integer("short", 2), integer("integer", 4), integer("long", 8),
	floating("float", 4), floating("double", 8),
	{name: "uuid", encode: encodeUUID, decode: func(b []byte) (string, error) { return string(b), nil }},
}

// String is the format of text in UTF-8.
var String = Format{codecs[0]}

// Names lists the formats.
func Names() []string {
	var names []string
	for _, c := range codecs {
		names = append(names, c.name)
	}
	return names
}

// Parse finds a format by its name, or by that of one of Kafka's Java classes, such as
// org.apache.kafka.common.serialization.IntegerDeserializer.
func Parse(name string) (Format, error) {
	short := strings.ToLower(strings.TrimSpace(name))
	if i := strings.LastIndexByte(short, '.'); i >= 0 {
		short = strings.TrimSuffix(strings.TrimSuffix(short[i+1:], "deserializer"), "serializer")
	}
	switch short {
	case "bytearray", "bytes", "bytebuffer":
		short = "string"
	case "int":
		short = "integer"
	case "bool":
		short = "boolean"
	}
	for _, c := range codecs {
		if c.name == short {
			return Format{c}, nil
		}
	}
	hint := ""
	if near := sqlerr.Closest(short, Names()); near != "" {
		hint = fmt.Sprintf(": did you mean %s?", near)
	}
	return String, fmt.Errorf("it must be %s%s", command.Alternatives(Names()), hint)
}

func (f Format) codec() *codec {
	if f.c == nil {
		return codecs[0]
	}
	return f.c
}

// Set and Type, with String, implement pflag.Value.
func (f *Format) Set(text string) (err error) { *f, err = Parse(text); return err }

// Type is the word for the value in the help.
func (f *Format) Type() string { return "format" }

// String is the name of the format.
func (f *Format) String() string { return f.codec().name }

// Help lists the formats for the text of a flag, on two lines.
func Help() string {
	return strings.Replace(command.Alternatives(Names()), "integer, long", "integer,\nlong", 1)
}

// Flag declares a flag for a format.
func Flag(c *cobra.Command, name, doc string) *Format {
	f := String
	c.Flags().Var(&f, name, doc)
	command.Complete(c, name, Names()...)
	return &f
}

// Encode makes bytes of a text.
func (f Format) Encode(text string) ([]byte, error) {
	b, err := f.codec().encode(text)
	if err != nil {
		return nil, fmt.Errorf("%s is no %s: %w", short(text), f.codec().name, err)
	}
	return b, nil
}

// Decode makes text of bytes.
func (f Format) Decode(b []byte) (string, error) {
	text, err := f.codec().decode(b)
	if err != nil {
		return "", fmt.Errorf("%s is no %s: %w", short(string(b)), f.codec().name, err)
	}
	return text, nil
}

// JSON makes a JSON value of bytes: numbers, booleans and JSON as they stand, the rest
// strings. ok is false for a string that is not UTF-8, which JSON cannot hold.
func (f Format) JSON(b []byte) (raw json.RawMessage, ok bool, err error) {
	text, err := f.Decode(b)
	switch {
	case err != nil:
		return nil, false, err
	case f.codec().bare && json.Valid([]byte(text)):
		return json.RawMessage(text), true, nil
	case !utf8.ValidString(text):
		return nil, false, nil
	}
	return Quote(text), true, nil
}

// FromJSON makes bytes of a JSON value, the inverse of JSON.
func (f Format) FromJSON(raw json.RawMessage) ([]byte, error) {
	text := string(raw)
	if f.codec().name != "json" && strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
	}
	return f.Encode(text)
}

// Quote is a text as a JSON string, with nothing escaped that need not be.
func Quote(text string) json.RawMessage {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // strings always encode
	return json.RawMessage(strings.TrimSuffix(b.String(), "\n"))
}

// shownBytes is how much of a text an error shows.
const shownBytes = 40

func short(text string) string {
	if len(text) > shownBytes {
		return strconv.Quote(text[:shownBytes]) + "..."
	}
	return strconv.Quote(text)
}

func asIs(text string) ([]byte, error) { return []byte(text), nil }

func encodeJSON(text string) ([]byte, error) {
	_, err := decodeJSON([]byte(text))
	return []byte(text), err
}

func decodeJSON(b []byte) (string, error) {
	if !json.Valid(b) {
		var v any
		return "", json.Unmarshal(b, &v)
	}
	return string(b), nil
}

func encodeHex(text string) ([]byte, error) {
	text = strings.TrimPrefix(strings.ReplaceAll(text, " ", ""), "0x")
	return hex.DecodeString(text)
}

func encodeBase64(text string) ([]byte, error) {
	text = strings.TrimRight(text, "=")
	if strings.ContainsAny(text, "-_") {
		return base64.RawURLEncoding.DecodeString(text)
	}
	return base64.RawStdEncoding.DecodeString(text)
}

func encodeBool(text string) ([]byte, error) {
	switch strings.ToLower(text) {
	case "true":
		return []byte{1}, nil
	case "false":
		return []byte{0}, nil
	}
	return nil, errors.New("it must be true or false")
}

func decodeBool(b []byte) (string, error) {
	if len(b) != 1 || b[0] > 1 {
		return "", errors.New("it must be one byte, 0 or 1")
	}
	return strconv.FormatBool(b[0] == 1), nil
}

func integer(name string, size int) *codec {
	return &codec{name, func(text string) ([]byte, error) {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, size*8)
		if err != nil {
			return nil, fmt.Errorf("it must be a whole number of %d bits", size*8)
		}
		return binary.BigEndian.AppendUint64(nil, uint64(n))[8-size:], nil
	}, func(b []byte) (string, error) {
		if len(b) != size {
			return "", fmt.Errorf("it must be %d bytes, not %d", size, len(b))
		}
		var n int64
		switch size {
		case 2:
			n = int64(int16(binary.BigEndian.Uint16(b)))
		case 4:
			n = int64(int32(binary.BigEndian.Uint32(b)))
		default:
			n = int64(binary.BigEndian.Uint64(b))
		}
		return strconv.FormatInt(n, 10), nil
	}, true}
}

func floating(name string, size int) *codec {
	return &codec{name, func(text string) ([]byte, error) {
		n, err := strconv.ParseFloat(strings.TrimSpace(text), size*8)
		if err != nil {
			return nil, errors.New("it must be a number")
		}
		if size == 4 {
			return binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(n))), nil
		}
		return binary.BigEndian.AppendUint64(nil, math.Float64bits(n)), nil
	}, func(b []byte) (string, error) {
		if len(b) != size {
			return "", fmt.Errorf("it must be %d bytes, not %d", size, len(b))
		}
		if size == 4 {
			return strconv.FormatFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(b))), 'g', -1, 32), nil
		}
		return strconv.FormatFloat(math.Float64frombits(binary.BigEndian.Uint64(b)), 'g', -1, 64), nil
	}, true}
}

// encodeUUID checks a UUID; Kafka's serializer writes its text.
func encodeUUID(text string) ([]byte, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != 16 || len(text) != 36 {
		return nil, errors.New("it should look like 123e4567-e89b-12d3-a456-426614174000")
	}
	return []byte(strings.ToLower(text)), nil
}
