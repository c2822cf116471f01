package console

import (
	"sync"
	"time"
)

const (
	// sampleInterval is how often the rings get a sample, ringSize how many they keep: an hour.
	sampleInterval = 5 * time.Second
	ringSize       = int(time.Hour / sampleInterval)
	// ringAccounts are how many accounts of memory a sample has room for.
	ringAccounts = 8
	// ringGroups bounds the groups whose lag is kept: 3 MB.
	ringGroups = 512
)

// sample is what the server was doing at one moment. Counters count from the start.
type sample struct {
	at                          int64 // ms since 1970
	recordsIn, recordsRead      int64 // counters: appended to topics, taken by groups
	bytesIn, bytesOut           int64 // counters: of the Kafka port
	rowsIn, rowsOut, commits    int64 // counters: of queries
	errors                      int64 // counter: of the processing log
	queryLag, groupLag          int64 // records
	logBytes, diskFree          int64
	memory                      [ringAccounts]int64
	queries, failed, partitions int32
}

// ring keeps the last samples.
type ring[T any] struct {
	n     int // samples ever
	items [ringSize]T
}

func (r *ring[T]) add(x T) {
	r.items[r.n%ringSize] = x
	r.n++
}

// each calls f for the samples that are kept, the oldest first.
func (r *ring[T]) each(f func(T)) {
	for i := max(0, r.n-ringSize); i < r.n; i++ {
		f(r.items[i%ringSize])
	}
}

func (r *ring[T]) len() int { return min(r.n, ringSize) }

// last is the youngest sample.
func (r *ring[T]) last() (x T, ok bool) {
	if r.n == 0 {
		return x, false
	}
	return r.items[(r.n-1)%ringSize], true
}

// groupSample is the lag of a group at one moment.
type groupSample struct{ at, lag int64 }

// rings are what the console remembers.
type rings struct {
	mu     sync.Mutex
	node   ring[sample]
	groups map[string]*ring[groupSample]
	// ends and read are where topics ended, and what groups had read in all, at the last sample.
	ends, read map[string]int64
}

func (r *rings) init() { r.groups = map[string]*ring[groupSample]{} }
