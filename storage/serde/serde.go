package serde

import (
	"bytes"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/delimited"
	"tailrace/storage/serde/json"
	"tailrace/storage/serde/kafka"
	"tailrace/storage/serde/none"
)

// Padding is how many bytes of capacity past the end of a record let a decoder read it in
// place: slice records out of a batch buffer with as many spare bytes at its end. They may
// hold anything but must not change during the call. Other records are copied first.
const Padding = json.Padding

// Format says how the key or the value of a topic is encoded. Its fields are those of the
// plan's Format.
type Format struct {
	Name      string // JSON, DELIMITED, KAFKA, NONE, ...
	Delimiter string // DELIMITED: one character, TAB or SPACE; empty = ","
	// Unwrapped: a single column is encoded as itself, not as a record of one field. Keys
	// of one column always are. Formats that know no records ignore it.
	Unwrapped bool
	Options   map[string]string // of further formats
}

// Decoder reads records into vectors. It belongs to one goroutine.
type Decoder interface {
	// Decode appends one row to each vector, whose types are those of the wanted columns
	// in their order; or it returns an error and appends nothing. nil data is a NULL
	// record: all its columns are NULL. Nothing of data is kept.
	Decode(data []byte, out []*vector.Vector) error
}

// Encoder writes rows as records. It may serve many goroutines.
type Encoder interface {
	// Append appends the record of one row of the columns' vectors to dst. null reports
	// that the record itself is NULL, which has no bytes: then and after an error dst
	// comes back as it was.
	Append(dst []byte, cols []*vector.Vector, row int) (out []byte, null bool, err error)
}

// NewDecoder makes a decoder of records with these columns for those of them that wanted
// lists, by index and each at most once. The error says why the format cannot hold the
// columns; see Check.
func NewDecoder(f Format, columns []types.Column, wanted []int) (Decoder, error) {
	info, err := Lookup(f.Name)
	if err != nil {
		return nil, err
	}
	if err := Check(f, columns); err != nil {
		return nil, err
	}
	return info.decoder(f, columns, wanted)
}

// NewEncoder makes an encoder of records with these columns.
func NewEncoder(f Format, columns []types.Column) (Encoder, error) {
	info, err := Lookup(f.Name)
	if err != nil {
		return nil, err
	}
	if err := Check(f, columns); err != nil {
		return nil, err
	}
	return info.encoder(f, columns)
}

// IsNull reports whether data stands for a NULL record: nil, and in JSON also the text
// null where a record of several columns is expected. A table takes both for a deletion.
func IsNull(f Format, data []byte) bool {
	if data == nil {
		return true
	}
	return len(data) >= 4 && len(data) < 32 && f.Name == "JSON" && !f.Unwrapped &&
		string(bytes.Trim(data, " \t\r\n")) == "null"
}

// All is the wanted argument for every column.
func All(columns []types.Column) []int {
	out := make([]int, len(columns))
	for i := range out {
		out[i] = i
	}
	return out
}

func newJSONDecoder(f Format, columns []types.Column, wanted []int) (Decoder, error) {
	return json.NewDecoder(columns, wanted, f.Unwrapped)
}

func newJSONEncoder(f Format, columns []types.Column) (Encoder, error) {
	return json.NewEncoder(columns, f.Unwrapped)
}

func newDelimitedDecoder(f Format, columns []types.Column, wanted []int) (Decoder, error) {
	return delimited.NewDecoder(columns, wanted, f.Delimiter)
}

func newDelimitedEncoder(f Format, columns []types.Column) (Encoder, error) {
	return delimited.NewEncoder(columns, f.Delimiter)
}

func newKafkaDecoder(_ Format, columns []types.Column, _ []int) (Decoder, error) {
	return kafka.NewDecoder(columns), nil
}

func newKafkaEncoder(_ Format, columns []types.Column) (Encoder, error) {
	return kafka.NewEncoder(columns), nil
}

func newNoneDecoder(Format, []types.Column, []int) (Decoder, error) { return none.Codec{}, nil }

func newNoneEncoder(Format, []types.Column) (Encoder, error) { return none.Codec{}, nil }
