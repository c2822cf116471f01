// Package damage is how a room says what it found broken: one kind of fault, one ledger.
//
// A torn tail (the last write of a crash, nothing valid behind it) is no damage: it is cut.
// Anything else that fails its check is. What is damaged is out of service, alone: its owner
// reports it here, goes on without it, and deletes nothing. /health, SHOW and the log tell
// what the ledger holds.
package damage

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is one thing that is out of service.
type Fault struct {
	// Part names what does not serve, as an operator knows it: "partition orders-0",
	// "query CTAS_SALES_1", "command 12". A part has one fault at a time.
	Part string
	// File is what failed its check, "" when no single file did; Offset is the place in it in
	// bytes, -1 when the file as a whole is meant.
	File   string
	Offset int64
	// Reason says what is wrong, Remedy what to do about it, in words for an operator.
	Reason string
	Remedy string
	// Since is when it was found; Report fills it in when it is zero.
	Since time.Time
}

// Error tells the fault in one line: part, reason, place, remedy.
func (f Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", f.Part, f.Reason)
	if f.File != "" {
		fmt.Fprintf(&b, " (%s", f.File)
		if f.Offset >= 0 {
			fmt.Fprintf(&b, " at byte %d", f.Offset)
		}
		b.WriteString(")")
	}
	if f.Remedy != "" {
		fmt.Fprintf(&b, "; %s", f.Remedy)
	}
	return b.String()
}

// Ledger holds the faults of one node. It is safe for concurrent use.
type Ledger struct {
	log *slog.Logger
	now func() time.Time
	mu  struct {
		sync.Mutex
		faults map[string]Fault // by part
	}
}

// NewLedger makes an empty ledger that writes every new fault to log.
func NewLedger(log *slog.Logger, now func() time.Time) *Ledger {
	l := &Ledger{log: log, now: now}
	l.mu.faults = map[string]Fault{}
	return l
}

// Report takes f in, in place of an earlier fault of its part. What is not known yet is said
// in the log, as an error.
func (l *Ledger) Report(f Fault) {
	if f.Since.IsZero() {
		f.Since = l.now()
	}
	l.mu.Lock()
	old, known := l.mu.faults[f.Part]
	l.mu.faults[f.Part] = f
	l.mu.Unlock()
	if known && old.Reason == f.Reason && old.File == f.File && old.Offset == f.Offset {
		return
	}
	attrs := []any{"part", f.Part, "reason", f.Reason}
	if f.File != "" {
		attrs = append(attrs, "file", f.File)
	}
	if f.Offset >= 0 && f.File != "" {
		attrs = append(attrs, "offset", f.Offset)
	}
	l.log.Error("out of service", append(attrs, "remedy", f.Remedy)...)
}

// Clear forgets the fault of a part that serves again or was dropped.
func (l *Ledger) Clear(part string) {
	l.mu.Lock()
	_, known := l.mu.faults[part]
	delete(l.mu.faults, part)
	l.mu.Unlock()
	if known {
		l.log.Info("in service again", "part", part)
	}
}

// Out tells the fault of a part, if it has one.
func (l *Ledger) Out(part string) (Fault, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, ok := l.mu.faults[part]
	return f, ok
}

// Faults lists what is out of service, by part.
func (l *Ledger) Faults() []Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Fault, 0, len(l.mu.faults))
	for _, f := range l.mu.faults {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Fault) int { return cmp.Compare(a.Part, b.Part) })
	return out
}
