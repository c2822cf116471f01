package produce

import (
	"errors"
	"io"
	"strings"
	"testing"

	"tailrace/cli/kafka/datum"
)

func read(l layout, text string) (records []string, err error) {
	s := newSource(l, strings.NewReader(text))
	for {
		r, err := s.read()
		switch {
		case errors.Is(err, io.EOF):
			return records, nil
		case isBadLine(err):
			records = append(records, "bad: "+err.Error())
		case err != nil:
			return records, err
		default:
			text := ""
			for _, h := range r.Headers {
				text += h.Key + "=" + string(h.Value) + " "
			}
			records = append(records, text+string(r.Key)+"|"+string(r.Value))
		}
	}
}

func TestSource(t *testing.T) {
	plain := layout{input: "lines", keySeparator: "\t", headerDelimiter: "\t", headerSeparator: ",", headerKey: ":", lineSeparator: "\n", partition: -1}
	keyed := plain
	keyed.parseKey = true
	headed := keyed
	headed.parseHeaders = true
	zero := plain
	zero.lineSeparator = "\x00\x00"
	whole := plain
	whole.input = "whole"
	objects := plain
	objects.input = "jsonl"
	numbers := objects
	numbers.value, _ = datum.Parse("integer")
	tests := []struct {
		name string
		l    layout
		text string
		want string
	}{
		{"lines", plain, "a\n\nb\r\nc", "|a ; | ; |b ; |c"},
		{"keys", keyed, "k\tv\tw\n\tv\nx\n", "k|v\tw ; |v ; bad: line 3: no \"\\t\" ends the key"},
		{"headers", headed, "a:1,b:\tk\tv\n\tk\tv\n", "a=1 b= k|v ; k|v"},
		{"a separator of two bytes", zero, "a\x00\x00b\nc\x00\x00", "|a ; |b\nc"},
		{"everything", whole, "a\nb\n", "|a\nb\n"},
		{"nothing is one record", whole, "", "|"},
		{"objects", objects, "{\"key\":\"k\",\"value\":\"v\",\"headers\":[{\"key\":\"h\",\"value\":\"x\"}]}\n\n{\"valueBase64\":\"AQI=\"}\n[]\n{} {}\n",
			"h=x k|v ; |\x01\x02 ; bad: line 4: no record in JSON: it must be an object, not array ; bad: line 5: more than one JSON object"},
		{"numbers in objects", numbers, "{\"value\":65}\n{\"value\":\"66\"}\n{\"value\":\"x\"}\n", "|\x00\x00\x00A ; |\x00\x00\x00B ; bad: line 3: the value \"x\" is no integer: it must be a whole number of 32 bits"},
	}
	for _, tc := range tests {
		got, err := read(tc.l, tc.text)
		if text := strings.Join(got, " ; "); text != tc.want || err != nil {
			t.Errorf("%s: %v\n got %q\nwant %q", tc.name, err, text, tc.want)
		}
	}
}

// TestLongLine: a line is as long as it is, beyond any buffer.
func TestLongLine(t *testing.T) {
	long := strings.Repeat("x", 10<<20)
	got, err := read(layout{input: "lines", lineSeparator: "\n"}, long+"\nshort\n")
	if err != nil || len(got) != 2 || got[0] != "|"+long || got[1] != "|short" {
		t.Errorf("%d records, %v", len(got), err)
	}
}
