package demo

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// bar is a progress bar: redrawn in place on a terminal, one line at the end elsewhere.
type bar struct {
	out      io.Writer
	label    string
	total    int
	terminal bool
	started  time.Time
	drawn    time.Time
}

func newBar(out io.Writer, label string, total int, terminal bool) *bar {
	return &bar{out: out, label: label, total: total, terminal: terminal, started: time.Now()}
}

const barWidth = 32

func (b *bar) set(done int) {
	now := time.Now()
	last := done == b.total
	if !last && (!b.terminal || now.Sub(b.drawn) < 50*time.Millisecond) {
		return
	}
	b.drawn = now
	filled := barWidth * done / b.total
	rate := float64(done) / max(now.Sub(b.started).Seconds(), 1e-6)
	start, end := "", ""
	if b.terminal {
		start = "\r"
	}
	if last {
		end = "\n"
	}
	fmt.Fprintf(b.out, "%s  %-9s %s%s %6d/%d  %7.0f records/s%s", start, b.label, strings.Repeat("█", filled),
		strings.Repeat("░", barWidth-filled), done, b.total, rate, end)
}
