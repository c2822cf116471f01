package wire

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kbin"
)

// shapes are the bodies of the requests that kmsg decodes, from Kafka's message
// definitions. CheckShape walks a body along its shape before kmsg sees it, because
// kmsg trusts counts: it makes a struct for each element that an array claims, and goes
// round four billion times for tagged fields that are not there.
//
//	1 2 4 8 u   so many bytes; u is a UUID     s  string, may be null     b  bytes
//	4* s*       array of such                  [ … ]  array of structs    ( … )  struct, may be null
//	x@3  x@3-5  only since version 3, only in versions 3 to 5
var shapes = map[APIKey]string{
	2:  "4 1@2 [ s [ 4 4@4 8 ] ] 4@10",
	3:  "[ u@10 s ] 1@4 1@8-10 1@8",
	8:  "s 4@1 s@1 s@7 8@2-4 [ s@0-9 u@10 [ 4 8 8@1-1 4@6 s ] ]",
	9:  "s@0-7 [@0-7 s 4* ] [@8 s s@9 4@9 [ s@8-9 u@10 4* ] ] 1@7",
	10: "s@0-3 1@1 s*@4",
	11: "s 4 4@1 s s@5 s [ s b ] s@8",
	12: "s 4 s s@3",
	13: "s s@0-2 [@3 s s s@5 ]",
	14: "s 4 s s@3 s@5 s@5 [ s b ]",
	15: "s* 1@3",
	16: "s*@4 s*@5",
	18: "s@3 s@3 s@5 4@5",
	19: "[ s 4 2 [ 4 4* ] [ s s ] ] 4 1@1",
	20: "[@6 s u ] s*@0-5 4",
	21: "[ s [ 4 8 ] ] 4",
	22: "s 4 8@3 2@3",
	23: "4@3 [ s [ 4 4@2 4 ] ]",
	29: "1 s 1 s s 1 1",
	30: "[ 1 s 1 s s 1 1 ]",
	31: "[ 1 s 1 s s 1 1 ]",
	32: "[ 1 s s* ] 1@1 1@3",
	33: "[ 1 s [ s s ] ] 1",
	34: "[ s [ s 4* ] ]",
	35: "[ s 4* ]",
	37: "[ s 4 [ 4* ] ] 4 1",
	42: "s*",
	43: "1@1 [ s 4* ] 4",
	44: "[ 1 s [ s 1 s ] ] 1",
	45: "4 1@1 [ s [ 4 4* ] ]",
	46: "4 [ s 4* ]",
	47: "s [ s [ 4 ] ]",
	48: "[ s 1 s ] 1",
	50: "[ s ]",
	55: "[ s [ 4 ] ]",
	57: "4 [ s 2 1@0-0 1@1 ] 1@1",
	60: "1 1@1 1@2",
	61: "[ s 4* ]",
	66: "s* 8* 8@1 s@2",
	74: "1*@1",
	75: "[ s ] 4 ( s 4 )",
}

const (
	// MaxElements bounds the array elements and tagged fields of one request: some 30 MiB
	// once decoded. A commit of that many partitions would not fit MaxControlBytes.
	MaxElements = 200_000
	// maxDepth bounds nesting; the shapes above need three.
	maxDepth = 8
)

// field is one parsed word of a shape.
type field struct {
	kind     byte // '1' '2' '4' '8' 'u' 's' 'b' '[' '('
	array    bool // of a primitive
	min, max int16
	fields   []field // of '[' and '('
}

var parsedShapes = func() (out [maxAPIKey + 1][]field) {
	for key, s := range shapes {
		words := strings.Fields(s)
		out[key] = parseShape(&words)
	}
	return out
}()

func parseShape(words *[]string) []field {
	var out []field
	for len(*words) > 0 {
		w := (*words)[0]
		*words = (*words)[1:]
		if w == "]" || w == ")" {
			return out
		}
		f := field{kind: w[0], max: 1<<15 - 1}
		head, since, ok := strings.Cut(w, "@")
		f.array = strings.HasSuffix(head, "*")
		if ok {
			from, to, bounded := strings.Cut(since, "-")
			f.min = mustVersion(from)
			if bounded {
				f.max = mustVersion(to)
			}
		}
		if f.kind == '[' || f.kind == '(' {
			f.fields = parseShape(words)
		}
		out = append(out, f)
	}
	return out
}

func mustVersion(s string) int16 {
	v, err := strconv.ParseInt(s, 10, 16)
	if err != nil {
		panic("shape: " + err.Error())
	}
	return int16(v)
}

// walker checks one body.
type walker struct {
	kbin.Reader
	version  int16
	flexible bool
	elements int
}

// CheckShape reports whether body can be handed to kmsg: whether all of its arrays and
// tagged fields are there and are not too many. Bytes behind the body are ignored, as
// Kafka does.
func CheckShape(key APIKey, version int16, body []byte) error {
	if key < 0 || key > maxAPIKey || parsedShapes[key] == nil {
		return fmt.Errorf("%w: no shape for API key %d", ErrMalformed, key)
	}
	w := walker{Reader: kbin.Reader{Src: body}, version: version, flexible: key.Flexible(version)}
	w.fields(parsedShapes[key], 0)
	if w.elements > MaxElements {
		return fmt.Errorf("%w: more than %d elements in one request", ErrMalformed, MaxElements)
	}
	return complete(&w.Reader)
}

func (w *walker) ok() bool { return w.Ok() && w.elements <= MaxElements }

// fields walks the fields of a struct and its tags.
func (w *walker) fields(fs []field, depth int) {
	for i := range fs {
		f := &fs[i]
		if w.version < f.min || w.version > f.max || !w.ok() || depth > maxDepth {
			continue
		}
		switch {
		case f.kind == '[':
			for n := w.count(); n > 0 && w.ok(); n-- {
				w.fields(f.fields, depth+1)
			}
		case f.kind == '(':
			if w.Int8() >= 0 {
				w.fields(f.fields, depth+1)
			}
		case f.array:
			for n := w.count(); n > 0 && w.ok(); n-- {
				w.primitive(f.kind)
			}
		default:
			w.primitive(f.kind)
		}
	}
	if !w.flexible {
		return
	}
	for n := w.Uvarint(); n > 0 && w.ok(); n-- {
		w.elements++
		w.Uvarint()
		w.Span(int(w.Uvarint()))
	}
}

// count reads the length of an array and charges for its elements.
func (w *walker) count() int32 {
	n := readArrayLen(&w.Reader, w.flexible)
	w.elements += int(max(n, 0))
	return n
}

func (w *walker) primitive(kind byte) {
	switch kind {
	case 's':
		if w.flexible {
			w.UnsafeCompactNullableString()
		} else {
			w.UnsafeNullableString()
		}
	case 'b':
		if w.flexible {
			w.CompactNullableBytes()
		} else {
			w.NullableBytes()
		}
	case 'u':
		w.Span(16)
	default:
		w.Span(int(kind - '0'))
	}
}
