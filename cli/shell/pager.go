package shell

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unicode/utf8"
)

// pagedWriter holds a text back until its end. One that is longer than the screen goes to
// a pager, from the moment that is known; the rest to the terminal as it is.
type pagedWriter struct {
	terminal io.Writer
	start    func() (*child, error) // the pager
	width    int                    // of the screen; 0: lines are not measured
	limit    int                    // lines that may go to the terminal; negative: none

	held  []byte
	lines int
	pager *child
	plain bool // there is no pager
}

// Write implements io.Writer. A pager that was left is an error: the rest need not be
// made.
func (w *pagedWriter) Write(p []byte) (int, error) {
	switch {
	case w.pager != nil:
		return w.pager.Write(p)
	case w.plain:
		return w.terminal.Write(p)
	}
	w.count(p)
	w.held = append(w.held, p...)
	if w.lines > w.limit {
		return len(p), w.page()
	}
	return len(p), nil
}

// count adds the lines of the screen that a text takes.
func (w *pagedWriter) count(p []byte) {
	for line := range strings.Lines(string(p)) {
		if !strings.HasSuffix(line, "\n") {
			return // its end is still to come
		}
		w.lines++
		if n := utf8.RuneCountInString(line) - 1; w.width > 0 && n > w.width && !strings.Contains(line, "\x1b") {
			w.lines += (n - 1) / w.width
		}
	}
}

// page begins the pager, with what has been held back.
func (w *pagedWriter) page() (err error) {
	if w.pager, err = w.start(); err != nil {
		w.pager, w.plain = nil, true
		_, err = w.terminal.Write(w.held)
	} else {
		_, err = w.pager.Write(w.held)
	}
	w.held = nil
	return err
}

// Close shows what is left and waits until the reader of a pager has seen enough.
func (w *pagedWriter) Close() error {
	if w.pager == nil && !w.plain {
		if len(w.held) > 0 && w.limit < 0 {
			_ = w.page()
		} else {
			_, err := w.terminal.Write(w.held)
			return err
		}
	}
	if w.pager == nil {
		return nil
	}
	_ = w.pager.Close() // how a pager ends is its own affair
	return nil
}

// paged is a writer for a text of some length: what does not fit the screen is paged.
func (s *Shell) paged() io.WriteCloser {
	screen := s.screen()
	if !s.mayPage(screen) {
		return nopCloser{s.opts.Out}
	}
	w := &pagedWriter{terminal: s.opts.Out, width: screen.Width, limit: max(screen.Height-1, s.set.pagerMin), start: s.startPager}
	if s.set.pager == pagerAlways {
		w.limit = -1
	}
	return w
}

// mayPage says whether there is somebody at a terminal who can turn pages.
func (s *Shell) mayPage(screen Screen) bool {
	return screen.Terminal && screen.Height > 0 && s.opts.Typed && s.set.pager != pagerOff && s.pagerCommand() != ""
}

// pagerCommand is $PAGER, or what there is.
func (s *Shell) pagerCommand() string {
	if p := strings.TrimSpace(s.opts.Env("PAGER")); p != "" {
		return p
	}
	for _, p := range []string{"less", "more"} {
		if _, err := exec.LookPath(p); err == nil {
			return p
		}
	}
	return ""
}

func (s *Shell) startPager() (*child, error) {
	cmd := shellCommandLine(context.Background(), s.pagerCommand())
	cmd.Stdout, cmd.Stderr = s.opts.Out, s.opts.Err
	if s.opts.Env("LESS") == "" { // end at once when it all fits, keep colours, leave the text on the screen
		cmd.Env = append(os.Environ(), "LESS=FRX")
	}
	return startChild(cmd)
}

// child is a program that reads what is written to it.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
}

func startChild(cmd *exec.Cmd) (*child, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &child{cmd, in}, nil
}

// Write implements io.Writer.
func (c *child) Write(p []byte) (int, error) { return c.in.Write(p) }

// Close ends the input of the program and waits for it.
func (c *child) Close() error {
	_ = c.in.Close()
	return c.cmd.Wait()
}

// shellCommandLine is a command line for the system's shell.
// Cancelling ctx kills it.
func shellCommandLine(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "/bin/sh", "-c", line)
}

// hasLeft reports that the reader of an output wants no more of it.
func hasLeft(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, os.ErrClosed)
}

type nopCloser struct{ io.Writer }

// Close implements io.Closer.
func (nopCloser) Close() error { return nil }
