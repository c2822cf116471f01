package render

import (
	"os"
	"strings"

	"golang.org/x/term"
)

// Screen says what the place that output goes to can show. The zero Screen is a file or a
// pipe: no limit of width, no colours, boxes in ASCII, so that logs and tools like grep
// have an easy time.
type Screen struct {
	Width    int  // columns; 0: unlimited
	Height   int  // lines; 0: unknown
	Terminal bool // somebody watches: what is drawn may be redrawn
	Unicode  bool // boxes are drawn with box characters
	Color    bool
}

// ScreenOf finds out what a file can show. Colours are off when NO_COLOR is set
// (no-color.org) or the terminal is a dumb one; boxes are ASCII when the locale says that
// the terminal is not UTF-8.
func ScreenOf(f *os.File, env func(string) string) Screen {
	if !term.IsTerminal(int(f.Fd())) {
		return Screen{}
	}
	s := Screen{Terminal: true, Unicode: isUTF8(env), Color: env("NO_COLOR") == "" && env("TERM") != "dumb"}
	if w, h, err := term.GetSize(int(f.Fd())); err == nil {
		s.Width, s.Height = w, h
	}
	return s
}

// isUTF8 follows the order in which POSIX looks at the variables of the locale. Without
// any the terminal is taken for a modern one: containers often have none.
func isUTF8(env func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToUpper(env(name)); v != "" {
			return strings.Contains(v, "UTF-8") || strings.Contains(v, "UTF8")
		}
	}
	return true
}

// The few styles that the shell has. They end with reset, so they do not nest.
const (
	Red    = "\x1b[1;31m"
	Yellow = "\x1b[1;33m"
	Bold   = "\x1b[1m"
	Dim    = "\x1b[2m"
	reset  = "\x1b[0m"
	bold   = Bold
	dim    = Dim
	cyan   = "\x1b[36m"
)

// Paint wraps text in a style, on screens that have colours.
func (s Screen) Paint(style, text string) string { return s.paint(style, text) }

func (s Screen) paint(style, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return style + text + reset
}

// lines are the characters that a box is drawn with.
type lines struct {
	horizontal, vertical                     string
	topLeft, topMiddle, topRight             string
	left, middle, right                      string
	bottomLeft, bottomMiddle, bottomRight    string
	ellipsis                                 string
	filled, empty                            string
	recordStart, recordEnd, recordHorizontal string
}

var (
	unicodeLines = lines{"─", "│", "┌", "┬", "┐", "├", "┼", "┤", "└", "┴", "┘", "…", "█", "░", "─[ ", " ]", "─"}
	asciiLines   = lines{"-", "|", "+", "+", "+", "+", "+", "+", "+", "+", "+", "~", "#", ".", "-[ ", " ]", "-"}
)

func (s Screen) lines() lines {
	if s.Unicode {
		return unicodeLines
	}
	return asciiLines
}

// Bar draws a progress bar of a width in characters.
func (s Screen) Bar(done, total, width int) string {
	filled := width
	if total > 0 {
		filled = width * done / total
	}
	l := s.lines()
	return s.paint(cyan, strings.Repeat(l.filled, filled)) + s.paint(dim, strings.Repeat(l.empty, width-filled))
}

// Title is the text of a heading.
func (s Screen) Title(text string) string {
	return s.paint(bold, strings.Repeat(s.lines().horizontal, 2)+" "+text)
}

// Prompt is what stands in front of a statement that is typed, or shown as if it had been.
func (s Screen) Prompt() string { return s.paint(bold, Prompt) }

// Prompt is Screen.Prompt without colours.
const Prompt = "tailrace> "
