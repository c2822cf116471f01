package conn

import "time"

// deadline is the read or the write deadline of a connection, moved only when it must:
// every move costs a timer of the runtime, and a busy connection would move it several
// times in a request. It comes no sooner than it was asked for and at most a quarter of
// the timeout later.
type deadline struct {
	set     func(time.Time) error
	timeout time.Duration
	at      time.Time
}

// move gives the peer timeout from now on.
func (d *deadline) move(now time.Time, timeout time.Duration) {
	if timeout == d.timeout && d.at.Sub(now) >= timeout {
		return
	}
	d.timeout, d.at = timeout, now.Add(timeout+timeout/4)
	_ = d.set(d.at)
}
