package shell

import (
	"strings"

	"tailrace/sql/parse"
)

// item is something to run: a command of the shell, or a statement without its semicolon.
type item struct {
	text    string
	command bool
	line    int // of the input, from 1, where it begins
	// buffer is the statement that stands in front of a command without a semicolon, when
	// the command is about it: SELECT 1 \gx.
	buffer string
}

// input gathers lines until they make something to run. A command of the shell ends with
// its line; a statement ends with a semicolon, and a line may hold several. A backslash
// begins a command wherever it stands outside quotes and comments, as in psql; a word is a
// command at the beginning of a statement only.
type input struct {
	pending strings.Builder // lines that are not complete yet
	mode    place           // where in the grammar of tokens they end
	ended   bool            // a semicolon stands outside quotes in them
	first   int             // the number of the line that pending begins with
	lines   int             // fed so far
}

// feed takes the next line, without its line break.
func (in *input) feed(line string) []item {
	in.lines++
	if in.empty() {
		in.begin()
		if !strings.HasPrefix(strings.TrimSpace(line), `\`) && isCommand(line) {
			return []item{{text: strings.TrimSpace(line), command: true, line: in.lines}}
		}
	}
	var out []item
	commands := false
	for {
		at := in.backslash(line)
		if at < 0 {
			break
		}
		in.add(line[:at])
		out = append(out, in.cut(false)...)
		commands = true
		if strings.HasPrefix(line[at:], `\\`) { // it separates commands from statements
			line = line[at+2:]
			continue
		}
		var text string
		text, line = splitCommand(line[at:])
		out = append(out, in.commandItem(text))
		if in.empty() {
			in.begin()
		}
	}
	if commands && strings.TrimSpace(line) == "" && (in.pending.Len() == 0 || strings.HasSuffix(in.pending.String(), "\n")) {
		return out // the line was the command's
	}
	in.add(line + "\n")
	return append(out, in.cut(false)...)
}

// begin starts anew with the present line.
func (in *input) begin() { in.reset(); in.first = in.lines }

// add appends a text to what is pending. Each text is looked at once, however long a
// statement becomes.
func (in *input) add(text string) {
	in.pending.WriteString(text)
	i := 0
	if in.mode != outside {
		if i = closing(text, in.mode); i < 0 {
			return
		}
		in.mode = outside
	}
	for i < len(text) {
		next := skip(text, i)
		if next > len(text) {
			in.mode = place(text[i])
			if text[i] == '/' {
				in.mode = inComment
			}
			return
		}
		in.ended = in.ended || text[i] == ';'
		i = next
	}
}

// closing returns where in a text what is open ends, -1 when it does not.
func closing(text string, open place) int {
	end := string(rune(open))
	if open == inComment {
		end = "*/"
	}
	if at := strings.Index(text, end); at >= 0 {
		return at + len(end)
	}
	return -1
}

// commandItem is a command, with the statement in front of it if it is about that.
func (in *input) commandItem(text string) item {
	it := item{text: text, command: true, line: in.lines}
	c, _, _ := find(text)
	if c == nil || c.buffer == leavesBuffer {
		return it
	}
	if !in.empty() {
		it.buffer = strings.TrimSpace(in.pending.String())
	}
	if c.buffer == takesBuffer {
		in.reset()
	}
	return it
}

// backslash finds the beginning of a command in the next line; -1 when there is none.
func (in *input) backslash(line string) int {
	i := 0
	if in.mode != outside {
		if i = closing(line, in.mode); i < 0 {
			return -1
		}
	}
	for i < len(line) {
		if line[i] == '\\' {
			return i
		}
		i = skip(line, i)
	}
	return -1
}

// splitCommand cuts a line that begins with a command behind it: at the next backslash
// outside quotes, unless the command takes the whole line.
func splitCommand(line string) (command, rest string) {
	end := len(line)
	if name := commandName(line); !takesLine(name, strings.TrimSpace(line[len(name):])) {
		for i := len(name); i < len(line); {
			if line[i] == '\\' {
				end = i
				break
			}
			i = skipArgument(line, i)
		}
	}
	return strings.TrimSpace(line[:end]), line[end:]
}

// rest returns what is left at the end of the input: a last statement needs no semicolon.
func (in *input) rest() []item { return in.cut(true) }

// reset forgets a statement that is half typed.
func (in *input) reset() { in.pending.Reset(); in.mode, in.ended = outside, false }

// cut takes the statements that are complete, or all, off what is pending.
func (in *input) cut(all bool) []item {
	if !in.ended && !all {
		return nil // nothing can have become complete
	}
	var out []item
	pending, end := in.pending.String(), 0
	for _, st := range parse.Split(pending) {
		if !st.Terminated && !all {
			break
		}
		out = append(out, item{text: st.Text, line: in.first + strings.Count(pending[:st.Start], "\n")})
		end = st.Start + len(st.Text)
		for end < len(pending) && pending[end] != ';' { // space and comments in between
			end = skip(pending, end)
		}
		end = min(end+1, len(pending))
	}
	rest := pending[end:]
	in.first += strings.Count(pending[:end], "\n")
	if trimmed := strings.TrimLeft(rest, "; \t\r\n"); trimmed == "" || all {
		rest = ""
	} else {
		in.first += strings.Count(rest[:len(rest)-len(trimmed)], "\n")
		rest = trimmed
	}
	in.reset()
	in.add(rest)
	return out
}

// empty reports that nothing is half typed: what is pending is space and comments.
func (in *input) empty() bool {
	text := strings.TrimSpace(in.pending.String())
	if !strings.HasPrefix(text, "--") && !strings.HasPrefix(text, "/*") {
		return text == ""
	}
	return len(parse.Split(text)) == 0
}

// place is where in the grammar of tokens a text ends.
type place byte

const (
	outside    place = 0
	inString   place = '\''
	inQuoted   place = '"'
	inBacktick place = '`'
	inComment  place = '*'
)

// state says where the pending text ends: the prompt shows what has to be closed.
func (in *input) state() place { return in.mode }

func endOf(text string) place {
	for i := 0; i < len(text); {
		next := skip(text, i)
		if next > len(text) {
			if text[i] == '/' {
				return inComment
			}
			return place(text[i])
		}
		i = next
	}
	return outside
}

// skip returns where the token ends that begins at i: a comment, a quoted text, or one
// byte. A token that is not closed ends behind the text.
func skip(text string, i int) int {
	to := func(end string, from int) int {
		if n := strings.Index(text[min(from, len(text)):], end); n >= 0 {
			return from + n + len(end)
		}
		return len(text) + 1
	}
	switch c := text[i]; {
	case strings.HasPrefix(text[i:], "--"):
		return min(to("\n", i), len(text))
	case strings.HasPrefix(text[i:], "/*"):
		return to("*/", i+2)
	case c == '\'' || c == '"' || c == '`':
		return to(string(c), i+1)
	}
	return i + 1
}

// oneLine writes a statement on one line, for a history file that has one entry a line:
// runs of white space become one space, comments to the end of the line become bracketed
// ones. ok is false when a line break stands inside quotes, where it has a meaning.
func oneLine(text string) (line string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); {
		end := min(skip(text, i), len(text))
		token := text[i:end]
		i = end
		switch {
		case strings.HasPrefix(token, "--"):
			token = strings.TrimSpace(token[2:])
			b.WriteString("/* " + strings.ReplaceAll(token, "*/", "* /") + " */ ")
		case strings.TrimSpace(token) == "":
			if s := b.String(); s != "" && !strings.HasSuffix(s, " ") {
				b.WriteByte(' ')
			}
		case strings.HasPrefix(token, "/*"):
			b.WriteString(strings.Join(strings.Fields(token), " "))
		case strings.Contains(token, "\n"):
			return "", false
		default:
			b.WriteString(token)
		}
	}
	return strings.TrimSpace(b.String()), true
}
