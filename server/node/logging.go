package node

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"tailrace/server/config"
)

// newLogger is the server's log: text or JSON, a line an event.
func newLogger(to io.Writer, cfg config.Config) *slog.Logger {
	if to == nil {
		to = io.Discard
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.LogLevel)) // the configuration has been checked
	opts := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, opts))
	}
	return slog.New(slog.NewTextHandler(to, opts))
}

// rate is how many lines with the same message may be written: so many at once, and so many a
// second after that.
type rate struct {
	burst  float64
	second float64
}

var (
	// anyLines is for all: what a start finds in ten thousand partitions is told whole enough.
	anyLines = rate{1000, 5}
	// clientLines is for what a client can cause, as often as it likes.
	clientLines = rate{20, 0.2}
)

// limited is a handler that keeps one message from filling the log. Lines that are left out are
// counted, and the count written with the next line that is not, or when the message has been
// quiet for a while.
type limited struct {
	slog.Handler
	rate  rate
	lines *lines
}

// lines are the messages seen. Messages are constants of the program: there are not many.
type lines struct {
	mu sync.Mutex
	by map[string]*line
}

type line struct {
	level   slog.Level
	left    float64 // that may be written now
	at      time.Time
	dropped int
}

// quiet is how long nobody writes a message before its count is told.
const quiet = 10 * time.Second

// limit puts a limit on a log.
func limit(l *slog.Logger, r rate) (*slog.Logger, *limited) {
	h := &limited{l.Handler(), r, &lines{by: map[string]*line{}}}
	return slog.New(h), h
}

// Handle implements slog.Handler.
func (h *limited) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelInfo { // whoever asks for these wants all
		return h.Handler.Handle(ctx, r)
	}
	h.lines.mu.Lock()
	l := h.lines.of(r.Message, h.rate, r.Time)
	l.left = min(h.rate.burst, l.left+max(0, r.Time.Sub(l.at).Seconds())*h.rate.second)
	l.at, l.level = r.Time, r.Level
	write := l.left >= 1
	if write {
		l.left--
		if l.dropped > 0 {
			r.AddAttrs(slog.Int("left_out", l.dropped))
			l.dropped = 0
		}
	} else {
		l.dropped++
	}
	told := h.lines.told(r.Time.Add(-quiet))
	h.lines.mu.Unlock()
	err := h.write(ctx, r.Time, told)
	if !write {
		return err
	}
	return h.Handler.Handle(ctx, r)
}

// mostLines bounds the messages that are told apart.
const mostLines = 1000

// of is what is known of a message; mu is held.
func (ls *lines) of(message string, r rate, at time.Time) *line {
	l := ls.by[message]
	if l == nil && len(ls.by) >= mostLines {
		message = "others"
		l = ls.by[message]
	}
	if l == nil {
		l = &line{left: r.burst, at: at}
		ls.by[message] = l
	}
	return l
}

// counted is a message with the lines of it that were left out.
type counted struct {
	message string
	level   slog.Level
	n       int
}

// told takes the counts of messages that nobody has written since; mu is held.
func (ls *lines) told(since time.Time) (out []counted) {
	for message, l := range ls.by {
		if l.dropped > 0 && !l.at.After(since) {
			out = append(out, counted{message, l.level, l.dropped})
			l.dropped = 0
		}
	}
	return out
}

func (h *limited) write(ctx context.Context, at time.Time, list []counted) error {
	for _, c := range list {
		r := slog.NewRecord(at, c.level, "lines were left out", 0)
		r.AddAttrs(slog.String("line", c.message), slog.Int("left_out", c.n))
		if err := h.Handler.Handle(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// flush tells all counts.
func (h *limited) flush(at time.Time) {
	h.lines.mu.Lock()
	list := h.lines.told(at)
	h.lines.mu.Unlock()
	_ = h.write(context.Background(), at, list) // the log cannot tell that it cannot be written
}

// WithAttrs implements slog.Handler.
func (h *limited) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &limited{h.Handler.WithAttrs(attrs), h.rate, h.lines}
}

// WithGroup implements slog.Handler.
func (h *limited) WithGroup(name string) slog.Handler {
	return &limited{h.Handler.WithGroup(name), h.rate, h.lines}
}
