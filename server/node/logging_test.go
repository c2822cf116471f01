package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tailrace/server/config"
)

// A message that comes too often is cut short; how often it came is told, and other messages
// come through.
func TestLogIsLimited(t *testing.T) {
	var out bytes.Buffer
	_, h := limit(slog.New(slog.NewTextHandler(&out, nil)), rate{burst: 3, second: 1})
	at := time.Unix(1000, 0)
	write := func(message string) {
		r := slog.NewRecord(at, slog.LevelWarn, message, 0)
		r.AddAttrs(slog.Int("i", 1))
		if err := h.WithAttrs([]slog.Attr{slog.String("who", "me")}).Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	lines := func() []string {
		defer out.Reset()
		var got []string
		for _, l := range strings.Split(strings.TrimSpace(out.String()), "\n") {
			_, l, _ = strings.Cut(l, "msg=")
			got = append(got, l)
		}
		return got
	}
	want := func(what string, want ...string) {
		t.Helper()
		if got := lines(); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n got %q\nwant %q", what, got, want)
		}
	}
	for range 10 {
		write("flood")
	}
	want("ten at once", "flood who=me i=1", "flood who=me i=1", "flood who=me i=1")
	at = at.Add(time.Second)
	write("flood")
	want("one a second later", "flood who=me i=1 left_out=7")
	write("flood")
	write("flood")
	write("other")
	want("another message", "other who=me i=1")
	at = at.Add(quiet)
	write("other")
	want("after a while without it", `"lines were left out" who=me line=flood left_out=2`, "other who=me i=1")
	for range 5 {
		write("flood")
	}
	lines()
	h.flush(at)
	want("at the end", `"lines were left out" line=flood left_out=2`)
}

// The log is text or JSON; numbers are numbers in both.
func TestLogFormats(t *testing.T) {
	var out bytes.Buffer
	cfg := config.Default()
	cfg.LogFormat, cfg.LogLevel = "json", "warn"
	l := newLogger(&out, cfg)
	l.Info("not this")
	l.Warn("this", "n", 1, "err", fmt.Errorf("%q", "quoted"))
	var line struct {
		Time  time.Time
		Level string
		Msg   string
		N     int
		Err   string
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if line.Level != "WARN" || line.Msg != "this" || line.N != 1 || line.Err != `"quoted"` || line.Time.IsZero() {
		t.Errorf("the line is %s", out.String())
	}
}
