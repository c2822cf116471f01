package command

import (
	"errors"
	"io"
	"os"
	"syscall"

	"golang.org/x/term"
)

// Stdio is where a command reads and writes: the standard files, or a test's.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) string
}

// OS is the Stdio of the process.
func OS() Stdio { return Stdio{os.Stdin, os.Stdout, os.Stderr, os.Getenv} }

// InputIsTerminal reports whether somebody types the standard input.
func (s Stdio) InputIsTerminal() bool { return isTerminal(s.In) }

// OutputIsTerminal reports whether somebody watches the standard output.
func (s Stdio) OutputIsTerminal() bool { return isTerminal(s.Out) }

func isTerminal(file any) bool {
	f, ok := file.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// IsClosedOutput reports whether writing failed because the reader of the output has
// gone, as head does when it has seen enough. That is no failure of the command.
func IsClosedOutput(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}
