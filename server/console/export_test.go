package console

import (
	"context"
	"unsafe"

	"tailrace/storage/env"
)

// Declared is an endpoint as tests see it.
type Declared struct {
	Method, Path    string
	Params          []DeclaredParam
	Body            any
	Stream, Changes bool
}

// DeclaredParam is a parameter of an endpoint.
type DeclaredParam struct {
	Name, Kind string
	Max        int64
	Values     []string
}

// Endpoints are all endpoints.
func Endpoints() []Declared {
	var out []Declared
	for _, e := range endpoints {
		d := Declared{Method: e.method, Path: e.path, Body: e.body, Stream: e.stream, Changes: e.changes}
		for _, p := range e.params {
			d.Params = append(d.Params, DeclaredParam{p.name, string(p.kind), p.max, p.values})
		}
		out = append(out, d)
	}
	return out
}

// TokenHeader is the header that carries the token.
const TokenHeader = tokenHeader

// Sizes of what a console keeps, in bytes.
var (
	NodeRingBytes  = int(unsafe.Sizeof(ring[sample]{}))
	GroupRingBytes = int(unsafe.Sizeof(ring[groupSample]{}))
)

// RingSize, RingGroups and MaxSessions bound what a console keeps.
const (
	RingSize    = ringSize
	RingGroups  = ringGroups
	MaxSessions = maxSessions
)

// FillRing adds n samples, and returns how many are kept and the first and last of them.
func FillRing(n int) (kept int, first, last int64) {
	var r ring[groupSample]
	for i := range n {
		r.add(groupSample{at: int64(i)})
	}
	first = -1
	r.each(func(s groupSample) {
		if first < 0 {
			first = s.at
		}
		last = s.at
	})
	return r.len(), first, last
}

// Sample takes a sample now.
func (k *Console) Sample() { k.takeSample() }

// NewPace is the pace of scans.
func NewPace() func(context.Context, env.Clock, func() error) error { return newPace().work }
