package kafka_test

import (
	"bytes"
	"testing"

	"tailrace/sql/types"
	"tailrace/storage/serde"
)

// The bytes are those of Kafka's own serializers.
func TestBytes(t *testing.T) {
	for _, tc := range []struct {
		typ   types.Type
		value types.Value
		data  []byte
	}{
		{types.IntType, int32(-2), []byte{0xff, 0xff, 0xff, 0xfe}},
		{types.BigintType, int64(258), []byte{0, 0, 0, 0, 0, 0, 1, 2}},
		{types.DoubleType, 1.5, []byte{0x3f, 0xf8, 0, 0, 0, 0, 0, 0}},
		{types.StringType, "é", []byte{0xc3, 0xa9}},
		{types.StringType, "", []byte{}},
		{types.BytesType, []byte{0, 1}, []byte{0, 1}},
		{types.IntType, nil, nil},
	} {
		columns := []types.Column{{Name: "V", Type: tc.typ}}
		f := serde.Format{Name: "KAFKA", Unwrapped: true}
		got, err := serde.EncodeRow(f, columns, []types.Value{tc.value})
		if err != nil || !bytes.Equal(got, tc.data) || (got == nil) != (tc.data == nil) {
			t.Errorf("%v as %v: %x, %v, want %x", tc.value, tc.typ, got, err, tc.data)
		}
		row, err := serde.DecodeRow(f, columns, tc.data)
		if err != nil || !types.Equal(row[0], tc.value) {
			t.Errorf("%x as %v: %v, %v, want %v", tc.data, tc.typ, row, err, tc.value)
		}
	}
}

func TestWrongSize(t *testing.T) {
	for _, tc := range []struct {
		typ  types.Type
		data string
		want string
	}{
		{types.IntType, "12345", "INTEGER takes 4 bytes, not 5"},
		{types.BigintType, "1234", "BIGINT takes 8 bytes, not 4"},
		{types.DoubleType, "", "DOUBLE takes 8 bytes, not 0"},
	} {
		_, err := serde.DecodeRow(serde.Format{Name: "KAFKA"}, []types.Column{{Name: "V", Type: tc.typ}}, []byte(tc.data))
		if err == nil || err.Error() != tc.want {
			t.Errorf("got %v, want %s", err, tc.want)
		}
	}
	row, err := serde.DecodeRow(serde.Format{Name: "KAFKA"}, []types.Column{{Name: "V", Type: types.StringType}}, []byte("a\xff"))
	if err != nil || row[0] != "a\uFFFD" {
		t.Errorf("got %q, %v", row, err)
	}
}
