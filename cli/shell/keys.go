package shell

import (
	"bytes"
	"io"

	"github.com/chzyer/readline"
)

// keyboard gives the line editor the keys that it knows for those that terminals send, and
// tells Delete from Ctrl-D, which the editor takes for one: Delete on an empty line is not
// the end of the dialogue.
type keyboard struct {
	io.ReadCloser
	line []rune // as it is, and where the cursor stands
	pos  int
}

// deleteKey stands for the key Delete until the editor sees it: a rune of private use.
const deleteKey = '\ue000'

// sequences are what terminals send for keys, beside xterm those of tmux, screen, rxvt and
// the console of Linux.
var sequences = []struct{ from, to string }{
	{"\x1b[3~", string(deleteKey)},
	{"\x1b[1~", "\x1b[H"}, {"\x1b[7~", "\x1b[H"}, // Home
	{"\x1b[4~", "\x1b[F"}, {"\x1b[8~", "\x1b[F"}, // End
	{"\x1b[1;5D", "\x1bb"}, {"\x1b[1;3D", "\x1bb"}, {"\x1b[5D", "\x1bb"}, // Ctrl and Alt with the left arrow: a word
	{"\x1b[1;5C", "\x1bf"}, {"\x1b[1;3C", "\x1bf"}, {"\x1b[5C", "\x1bf"},
}

// Read implements io.Reader. A terminal sends what one key is in one piece.
func (k *keyboard) Read(p []byte) (int, error) {
	n, err := k.ReadCloser.Read(p)
	if !bytes.Contains(p[:n], []byte("\x1b[")) {
		return n, err
	}
	text := p[:n:n]
	for _, s := range sequences {
		text = bytes.ReplaceAll(text, []byte(s.from), []byte(s.to)) // never longer
	}
	return copy(p, text), err
}

// filter takes each key before the editor does.
func (k *keyboard) filter(r rune) (rune, bool) {
	if r != deleteKey {
		return r, true
	}
	return readline.CharDelete, k.pos < len(k.line)
}

// OnChange implements readline.Listener.
func (k *keyboard) OnChange(line []rune, pos int, _ rune) ([]rune, int, bool) {
	k.line, k.pos = line, pos
	return nil, 0, false
}
