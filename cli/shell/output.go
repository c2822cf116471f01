package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// target is where results go: the standard output, a file, or a program that reads them.
type target struct {
	name   string // of the file or program, for errors; empty for the standard output
	w      io.Writer
	closer io.Closer // nil for the standard output
}

// openTarget opens a file to write, or with "|command" a program to write to.
func openTarget(s *Shell, name string) (*target, error) {
	if command, ok := strings.CutPrefix(name, "|"); ok {
		if command = strings.TrimSpace(command); command == "" {
			return nil, errors.New("there is no command behind the |")
		}
		cmd := shellCommandLine(context.Background(), command)
		cmd.Stdout, cmd.Stderr = s.opts.Out, s.opts.Err
		c, err := startChild(cmd)
		if err != nil {
			return nil, err
		}
		return &target{name, c, c}, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, FileError(err)
	}
	return &target{name, f, f}, nil
}

// close ends a file or a program; the standard output stays.
func (p *target) close() error {
	if p.closer == nil {
		return nil
	}
	if err := p.closer.Close(); err != nil {
		return fmt.Errorf("%s: %w", p.name, FileError(err))
	}
	return nil
}

// standard reports whether results go to the standard output.
func (p *target) standard() bool { return p.closer == nil }

// screenFor is what the place of results can show.
func (s *Shell) screenFor(p *target) Screen {
	if p.standard() {
		return s.screen()
	}
	return Screen{}
}

// sheet is what one result is written to. It remembers the first failure to write; what
// comes after it is dropped.
type sheet struct {
	shell *Shell // whose spool gets a copy; nil: no copy is kept
	buf   *bufio.Writer
	under io.WriteCloser
	err   error
}

// sheet begins a result at the place where results go; what ends may be paged.
func (s *Shell) sheet(ends bool) *sheet {
	if !s.out.standard() {
		return newSheet(nil, nopCloser{s.out.w})
	}
	if !ends {
		return newSheet(s, nopCloser{s.opts.Out})
	}
	return newSheet(s, s.paged())
}

func newSheet(s *Shell, under io.WriteCloser) *sheet {
	return &sheet{shell: s, buf: bufio.NewWriterSize(under, 32<<10), under: under}
}

// Write implements io.Writer; it never fails.
func (w *sheet) Write(p []byte) (int, error) {
	if w.shell != nil {
		w.shell.spool.write(p)
	}
	if w.err == nil {
		_, w.err = w.buf.Write(p)
	}
	return len(p), nil
}

// flush shows what has been written so far.
func (w *sheet) flush() {
	if w.err == nil {
		w.err = w.buf.Flush()
	}
}

// close ends the result.
func (w *sheet) close() {
	w.flush()
	if err := w.under.Close(); w.err == nil {
		w.err = err
	}
}

// fault is the failure to write, if there was one that a person should know: a reader who
// has left is none.
func (w *sheet) fault(p *target) error {
	if w.err == nil || hasLeft(w.err) {
		return nil
	}
	reason := w.err
	var path *os.PathError
	if errors.As(reason, &path) {
		reason = path.Err
	}
	return fmt.Errorf("%s: %w", orDefault(p.name, "standard output"), reason)
}

// say tells what the shell has done. It is never among rows that a program reads.
func (s *Shell) say(format string, args ...any) {
	if s.vars.on("QUIET", false) {
		return
	}
	w := s.std
	if s.set.Format.ForPrograms() && s.out.standard() {
		w = s.errOut
	}
	fmt.Fprintf(w, format+"\n", args...)
}

// report tells what a statement has done: beside its rows, unless a program reads those.
func (s *Shell) report(text string) {
	if s.vars.on("QUIET", false) {
		return
	}
	w := s.results()
	if s.set.Format.ForPrograms() {
		w = s.errOut
	}
	fmt.Fprintln(w, text)
}

// results is where texts go that belong to results.
func (s *Shell) results() io.Writer {
	if s.out.standard() {
		return s.std
	}
	return s.out.w
}
