// Package state keeps what the operators of a task remember between records: compact
// tables in memory, with an ordered store of bytes under them.
//
//	operators ── Keyed, Ordered          what is hot, as columns by slot
//	                 | dirty rows
//	              Task                   one commit's changes -> changelog topics
//	                 | Flush: one batch, with the positions that it is as of
//	              Store                  Pebble (one DB a node, a space a task), or memory
//
// The log is the truth. A commit writes changelog records with the task's outputs and
// positions in one commitlog.Commit; the Store is written behind it, in batches that are
// atomic and carry the positions they belong to, without a write-ahead log of its own.
// After a crash the store is therefore as of some earlier commit, says which, and is
// brought forward by reading the changelogs from there.
//
// Everything here has one owner, the task's goroutine, but for Store and its snapshots,
// which many may read.
package state

import "errors"

// ErrClosed is what a closed store answers.
var ErrClosed = errors.New("state store is closed")

// Reader looks into an ordered map of bytes.
type Reader interface {
	// Get appends the value of key to dst; ok is false when there is none.
	Get(dst, key []byte) (value []byte, ok bool, err error)
	// Iter walks the keys in [lo, hi) in order; a nil hi is the end. It sees the map as
	// it was when Iter was called.
	Iter(lo, hi []byte) (Iter, error)
}

// Iter is a position in an ordered map, before the first key when it is new.
type Iter interface {
	// Next goes to the next key, if there is one.
	Next() bool
	// Key and Value are valid until Next or Close.
	Key() []byte
	Value() []byte
	// Close ends the walk and says why it stopped early, if it did.
	Close() error
}

// Snapshot is a Store as it was when the snapshot was taken.
type Snapshot interface {
	Reader
	Close() error
}

// Store is the key space of one task: an ordered map of bytes. Pebble and Memory are its
// two homes, held to one suite (statetest).
type Store interface {
	Reader
	// NewBatch starts a set of changes that become visible together.
	NewBatch() Batch
	// Snapshot freezes the present content; readers may be on other goroutines.
	Snapshot() Snapshot
	// Clear removes every key.
	Clear() error
}

// Batch is a set of changes in order; later ones win. Keys and values are copied.
type Batch interface {
	Set(key, value []byte) error
	Delete(key []byte) error
	// Bytes is about how much memory the batch holds.
	Bytes() int
	// Commit applies all changes at once. The batch is used up, as by Close.
	Commit() error
	Close() error
}

// Successor returns the smallest key that is greater than every key with the prefix, or
// nil when there is none.
func Successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			out := append([]byte{}, prefix[:i+1]...)
			out[i]++
			return out
		}
	}
	return nil
}
