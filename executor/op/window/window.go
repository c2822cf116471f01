// Package window says which windows an event time lies in, and when a window is over.
// Windows are aligned to 1970-01-01 UTC and hold their start but not their end; sessions
// hold both.
package window

// Kind is a kind of window.
type Kind string

// The kinds of window.
const (
	Tumbling Kind = "TUMBLING"
	Hopping  Kind = "HOPPING"
	Sessions Kind = "SESSION"
)

// Window says how time is cut, in milliseconds.
type Window struct {
	Kind      Kind
	Size      int64 // Sessions: the gap
	Advance   int64 // Tumbling: = Size
	Grace     int64
	Retention int64
}

// Starts appends the starts of the windows that hold t, the earliest first. Hopping
// windows that would begin before 1970 are left out, as Kafka Streams does.
func Starts(w *Window, t int64, dst []int64) []int64 {
	first := floor(t-w.Size+w.Advance, w.Advance)
	if first < 0 && t >= 0 {
		first = 0
	}
	for s := first; s <= t; s += w.Advance {
		dst = append(dst, s)
	}
	return dst
}

// Newest is the start of the latest window that holds t; not for Sessions.
func Newest(w *Window, t int64) int64 { return floor(t, w.Advance) }

// floor is the greatest multiple of step that is at most t.
func floor(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}

// Closed reports whether the window that ends at end takes no more rows at stream time
// now: its end and the grace have passed.
func Closed(w *Window, end, now int64) bool { return end <= now-w.Grace }

// Keep is how long after its start (a session's end) a window's state is kept and shown, in
// stream time.
func Keep(w *Window) int64 { return max(w.Retention, w.Size+w.Grace) }
