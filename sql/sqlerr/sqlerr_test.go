package sqlerr_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"tailrace/sql/sqlerr"
)

func TestErrorKeepsItsParts(t *testing.T) {
	err := fmt.Errorf("while planning: %w",
		sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", "X").At(7).At(9).Hint("Try %s.", "Y").Detail("n=%d", 3))
	e, ok := sqlerr.As(err)
	if !ok {
		t.Fatalf("As(%v) found nothing", err)
	}
	if e.Code != "42703" || e.Message != `column "X" does not exist` || e.Pos != 7 || e.HintText != "Try Y." || e.DetailText != "n=3" {
		t.Errorf("parts: %+v", e)
	}
	if got := sqlerr.CodeOf(io.EOF); got != sqlerr.InternalError {
		t.Errorf("CodeOf(io.EOF) = %s, want XX000", got)
	}
	if !errors.Is(sqlerr.New(sqlerr.IOError, "reading: %w", io.EOF), io.EOF) {
		t.Error("New with percent-w lost its cause")
	}
}

func TestCaret(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		pos        int
		want       string
	}{
		{"first character", "SELEC 1", 1, "ERROR:  m\nLINE 1: SELEC 1\n        ^\n"},
		{"second line", "SELECT\n  x", 10, "ERROR:  m\nLINE 2:   x\n          ^\n"},
		{"runes, not bytes", "é é x", 5, "ERROR:  m\nLINE 1: é é x\n            ^\n"},
		{"end of text", "SELECT", 7, "ERROR:  m\nLINE 1: SELECT\n              ^\n"},
		{"tabs keep the caret in place", "\tx", 2, "ERROR:  m\nLINE 1:  x\n         ^\n"},
		{"carriage return", "a\r\nb", 1, "ERROR:  m\nLINE 1: a\n        ^\n"},
		{"no position", "x", 0, "ERROR:  m\n"},
		{"past the end", "x", 3, "ERROR:  m\n"},
	} {
		if got := sqlerr.New(sqlerr.SyntaxError, "m").At(tc.pos).Caret(tc.text); got != tc.want {
			t.Errorf("%s:\n got %q\nwant %q", tc.name, got, tc.want)
		}
	}
	if line, col := sqlerr.LineColumn("ab\ncd", 5); line != 2 || col != 1 {
		t.Errorf("LineColumn = %d:%d, want 2:1", line, col)
	}
}

func TestClosest(t *testing.T) {
	columns := []string{"AMOUNT", "REGION", "ID", "ORDERED_AT"}
	for name, want := range map[string]string{
		"amuont": "AMOUNT", "regoin": "REGION", "IE": "ID", "orderd_at": "ORDERED_AT",
		"price": "", "": "", "REG": "",
	} {
		if got := sqlerr.Closest(name, columns); got != want {
			t.Errorf("Closest(%q) = %q, want %q", name, got, want)
		}
	}
}
