package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Exit codes of commands. The shell (tailrace sql) has psql's instead: see its help.
const (
	ExitFailure     = 1   // the command line was right, and what it asked for failed
	ExitUsage       = 2   // the command line is wrong
	ExitInterrupted = 130 // Ctrl-C, as a shell reports it
)

// Failure is an error with an exit code and a hint. Its message says what could not be
// done and why; the hint what to do about it.
type Failure struct {
	Err    error
	Hint   string // a sentence, or empty
	Code   int    // 0: ExitUsage for Usage, else ExitFailure
	Usage  bool   // the command line is wrong
	Silent bool   // the message has been printed already
}

// Error is the message for the user, without the hint.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the failure behind it.
func (f *Failure) Unwrap() error { return f.Err }

// Exit is a failure with an exit code of its own.
func Exit(code int, err error) error { return &Failure{Err: err, Code: code} }

// Silent is a failure that has been told already.
func Silent(code int, err error) error { return &Failure{Err: err, Code: code, Silent: true} }

// Usagef is a command line that is wrong: exit code 2.
func Usagef(format string, args ...any) error {
	return &Failure{Err: fmt.Errorf(format, args...), Usage: true}
}

// WithHint adds what to do about an error; an error that has a hint keeps its own.
func WithHint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	f := &Failure{Err: err, Hint: fmt.Sprintf(format, args...)}
	var inner *Failure
	if errors.As(err, &inner) {
		f.Code, f.Usage, f.Silent = inner.Code, inner.Usage, inner.Silent
		if inner.Hint != "" {
			f.Hint = inner.Hint
		}
	}
	return f
}

// Message is the text of a failure for standard error, hint included, without the
// program's name.
func Message(err error) string {
	text := strings.TrimSpace(err.Error())
	var f *Failure
	if errors.As(err, &f) && f.Hint != "" {
		text += "\n" + f.Hint
	}
	return text
}

// Failures joins what failed of several things that a command was asked for, with their
// hints. Without any it is nil.
func Failures(errs []error) error {
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	}
	var texts []string
	for _, err := range errs {
		texts = append(texts, Message(err))
	}
	return &joined{strings.Join(texts, "\n"), errs}
}

type joined struct {
	text string
	errs []error
}

// Error is the texts of all.
func (j *joined) Error() string { return j.text }

// Is reports whether one of them is target. They are not unwrapped: the hint of one is not
// that of all.
func (j *joined) Is(target error) bool {
	return slices.ContainsFunc(j.errs, func(err error) bool { return errors.Is(err, target) })
}
