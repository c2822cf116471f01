package demo

import (
	"fmt"
	"io"
	"time"

	"tailrace/cli/shell"
)

// bar is a progress bar: redrawn in place on a terminal, one line at the end elsewhere.
type bar struct {
	out     io.Writer
	screen  shell.Screen
	label   string
	total   int
	started time.Time
	drawn   time.Time
}

func newBar(out io.Writer, screen shell.Screen, label string, total int) *bar {
	return &bar{out: out, screen: screen, label: label, total: total, started: time.Now()}
}

const (
	barWidth = 32
	redraw   = 50 * time.Millisecond
)

// set says how many are done.
func (b *bar) set(done int) {
	now := time.Now()
	last := done == b.total
	if !last && (!b.screen.Terminal || now.Sub(b.drawn) < redraw) {
		return
	}
	b.drawn = now
	rate := float64(done) / max(now.Sub(b.started).Seconds(), 1e-6)
	start, end := "", ""
	if b.screen.Terminal {
		start = "\r"
	}
	if last {
		end = "\n"
	}
	fmt.Fprintf(b.out, "%s  %-9s %s %6d/%d  %7.0f records/s%s", start, b.label, b.screen.Bar(done, b.total, barWidth),
		done, b.total, rate, end)
}
