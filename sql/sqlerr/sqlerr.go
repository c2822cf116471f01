// Package sqlerr is the error that a user of Tailrace sees: a SQLSTATE, one
// sentence, where in the statement it went wrong, and what to try instead.
//
//	return sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", name).
//		At(ref.Pos()).
//		Hint("Perhaps you meant the column %q.", sqlerr.Closest(name, columns))
//
// Everything a statement, a value or a limit can cause is an *Error; whatever is
// not an *Error when it reaches a client is a bug or the machine's fault and is
// shown as InternalError. Messages are shown as they stand: many are ksqlDB's own
// texts, so nothing here changes their case or punctuation.
package sqlerr

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is one fault of a statement, in the parts that the Postgres protocol and
// ksqlDB's REST API send apart.
type Error struct {
	// Code is the SQLSTATE; clients branch on it, so it is part of the contract.
	Code Code
	// Message is the primary text, one sentence, no trailing newline.
	Message string
	// DetailText adds facts that do not fit the message; empty when there are none.
	DetailText string
	// HintText says what to do about it; empty when there is nothing to suggest.
	HintText string
	// Pos is the 1-based offset in characters (runes, not bytes) into the text the
	// client sent; 0 means that the fault has no place in the text.
	Pos int

	cause error
}

// New returns an error with a formatted message. An argument of %w is kept as the
// cause, for errors.Is and errors.As.
func New(code Code, format string, args ...any) *Error {
	if !strings.Contains(format, "%w") {
		return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
	}
	wrapped := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: wrapped.Error(), cause: errors.Unwrap(wrapped)}
}

// At sets the position, unless the error has one already: who is nearest to the
// fault knows best. A pos of 0 changes nothing. It returns e, for chaining.
func (e *Error) At(pos int) *Error {
	if e.Pos == 0 {
		e.Pos = pos
	}
	return e
}

// Hint sets the hint, and returns e.
func (e *Error) Hint(format string, args ...any) *Error {
	e.HintText = fmt.Sprintf(format, args...)
	return e
}

// Detail sets the detail, and returns e.
func (e *Error) Detail(format string, args ...any) *Error {
	e.DetailText = fmt.Sprintf(format, args...)
	return e
}

// Error is the message alone: where and why are for the client to lay out.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause given to New with %w, or nil.
func (e *Error) Unwrap() error { return e.cause }

// As finds the *Error in err's chain.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// CodeOf is the SQLSTATE of err: that of its *Error, or InternalError.
func CodeOf(err error) Code {
	if e, ok := As(err); ok {
		return e.Code
	}
	return InternalError
}

// Caret lays the error out as psql does: the message, the line of text that holds
// the position with a caret below it, then detail and hint. It ends in a newline.
func (e *Error) Caret(text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ERROR:  %s\n", e.Message)
	if line, number, column, ok := locate(text, e.Pos); ok {
		prefix := fmt.Sprintf("LINE %d: ", number)
		b.WriteString(prefix)
		b.WriteString(strings.ReplaceAll(line, "\t", " "))
		b.WriteByte('\n')
		b.WriteString(strings.Repeat(" ", len(prefix)+column))
		b.WriteString("^\n")
	}
	if e.DetailText != "" {
		fmt.Fprintf(&b, "DETAIL:  %s\n", e.DetailText)
	}
	if e.HintText != "" {
		fmt.Fprintf(&b, "HINT:  %s\n", e.HintText)
	}
	return b.String()
}

// LineColumn turns a 1-based rune position into a 1-based line and a 0-based
// column, the way ksqlDB prints them ("line 1:12"). A pos outside the text gives
// 0, 0.
func LineColumn(text string, pos int) (line, column int) {
	_, line, column, ok := locate(text, pos)
	if !ok {
		return 0, 0
	}
	return line, column
}

// locate finds the line that holds the 1-based rune position, its 1-based number
// and the 0-based column in runes. The end of the text is a position too.
func locate(text string, pos int) (line string, number, column int, ok bool) {
	if pos < 1 || pos > utf8.RuneCountInString(text)+1 {
		return "", 0, 0, false
	}
	start, number, runes := 0, 1, 1
	for i, r := range text {
		if runes == pos {
			break
		}
		runes++
		column++
		if r == '\n' {
			start, column = i+1, 0
			number++
		}
	}
	line, _, _ = strings.Cut(text[start:], "\n")
	return strings.TrimSuffix(line, "\r"), number, column, true
}
