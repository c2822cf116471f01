package wire

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fillRandom puts random values into every exported field, so that every field of every
// version is on the wire.
func fillRandom(v reflect.Value, rnd *rand.Rand) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name != "Version" && name != "UnknownTags" {
				fillRandom(v.Field(i), rnd)
			}
		}
	case reflect.Pointer:
		if rnd.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fillRandom(v.Elem(), rnd)
		}
	case reflect.Slice:
		n := rnd.IntN(4)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fillRandom(v.Index(i), rnd)
		}
	case reflect.Array:
		for i := range v.Len() {
			fillRandom(v.Index(i), rnd)
		}
	case reflect.String:
		v.SetString("string"[:rnd.IntN(7)])
	case reflect.Bool:
		v.SetBool(rnd.IntN(2) == 0)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(rnd.Int64N(100) - 1)
	case reflect.Uint8:
		v.SetUint(rnd.Uint64N(100))
	}
}

// shaped are the versions that differ from 0 to kmsg's newest: what is older is not
// served, and kmsg knows drafts.
var shaped = map[APIKey][2]int16{2: {1, 11}, 8: {2, 10}, 9: {1, 10}, 18: {0, 5}, 19: {2, 7}, 20: {1, 6}, 23: {2, 4}, 29: {1, 3}, 30: {1, 3}, 31: {1, 3}, 32: {1, 4}, 34: {1, 2}, 35: {1, 5}}

// Every shape takes exactly the bytes of what kmsg encodes, in every version, and refuses
// one byte less.
func TestShapesMatchKmsg(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for key := range shapes {
		for range 50 {
			req := kmsg.RequestForKey(int16(key))
			from, to := int16(0), req.MaxVersion()
			if r, ok := shaped[key]; ok {
				from, to = r[0], r[1]
			}
			for v := from; v <= to; v++ {
				fillRandom(reflect.ValueOf(req).Elem(), rnd)
				req.SetVersion(v)
				body := req.AppendTo(nil)
				if err := CheckShape(key, v, body); err != nil {
					t.Fatalf("%s v%d: %x is refused: %v", key.Name(), v, body, err)
				}
				if len(body) > 0 && CheckShape(key, v, body[:len(body)-1]) == nil {
					t.Fatalf("%s v%d: %x is accepted without its last byte", key.Name(), v, body)
				}
			}
		}
	}
}

// Counts that lie are refused at once.
func TestShapeRefusesCountsThatLie(t *testing.T) {
	many := kbin.AppendCompactArrayLen(nil, MaxElements+1)
	for name, tc := range map[string]struct {
		key     APIKey
		version int16
		body    []byte
	}{
		"four billion tags":  {75, 0, []byte("\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x0f")},
		"two billion topics": {3, 0, []byte("\x7f\xff\xff\xff")},
		"too many elements":  {42, 2, append(many, bytes.Repeat([]byte{1}, MaxElements+1)...)},
	} {
		began := time.Now()
		if err := CheckShape(tc.key, tc.version, tc.body); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
		if d := time.Since(began); d > time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
}

// What the shape accepts, kmsg decodes without an error and without wasting time.
func FuzzShape(f *testing.F) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for key := range shapes {
		req := kmsg.RequestForKey(int16(key))
		for v := int16(0); v <= req.MaxVersion(); v += 2 {
			fillRandom(reflect.ValueOf(req).Elem(), rnd)
			req.SetVersion(v)
			f.Add(int16(key), v, req.AppendTo(nil))
		}
	}
	f.Fuzz(func(t *testing.T, key, version int16, body []byte) {
		req := kmsg.RequestForKey(key)
		if req == nil || version < 0 || version > req.MaxVersion() || CheckShape(APIKey(key), version, body) != nil {
			return
		}
		req.SetVersion(version)
		// A null where kmsg's type has none is the one thing that only it refuses.
		_ = req.ReadFrom(body)
	})
}
