package shell

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tailrace/cli/shell/syntax"
)

// spot is where in a statement or command something is to be completed.
type spot struct {
	completer *completer
	word      string  // that is completed
	quote     place   // the quotes that it stands in; outside
	before    []token // of the statement, in front of the word
	whole     []token // of the statement, the word and what follows included
	command   string  // the command of the shell whose arguments are typed, with those in front of the word
}

// spotOf finds out where a text ends: its last word is what is completed.
func spotOf(before, after string) *spot {
	p := &spot{quote: endOf(before)}
	start, typed := len(before), 0
	command := commandStart(before)
	switch {
	case p.quote == inComment:
		return p
	case p.quote != outside:
		start = strings.LastIndexByte(before, byte(p.quote)) + 1
		typed = start - 1
	case command >= 0 && strings.ContainsAny(before[command:], " \t"):
		start = strings.LastIndexAny(before, " \t(,") + 1 // names of files have all kinds of characters
		typed = start
	default:
		for start > 0 && isWordByte(before[start-1]) {
			start--
		}
		typed = start
	}
	p.word = before[start:]
	if command >= 0 && typed > command {
		p.command = before[command:typed]
	}
	p.before = statementOf(tokensOf(before[:typed]))
	p.whole = append(append([]token(nil), p.before...), tokensOf(before[start:]+after)...)
	for i := len(p.before); i < len(p.whole); i++ {
		if p.whole[i].up == ";" {
			p.whole = p.whole[:i]
		}
	}
	return p
}

// commandStart is where the command of the shell begins that stands in the last line of a
// text; -1 when there is none.
func commandStart(text string) int {
	line, found := strings.LastIndexByte(text, '\n')+1, -1
	for i := 0; i < len(text); i = skip(text, i) {
		if text[i] == '\\' && i >= line {
			found = i
		}
	}
	return found
}

func isWordByte(b byte) bool { return isNameByte(b) || b == '\\' || b == '+' || b == '?' }

// statementOf are the tokens behind the last semicolon.
func statementOf(tokens []token) []token {
	for i := len(tokens) - 1; i >= 0; i-- {
		if tokens[i].up == ";" {
			return tokens[i+1:]
		}
	}
	return tokens
}

// style is how the word is written, or what stands in front of it.
func (p *spot) style() style {
	if strings.ContainsFunc(p.word, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) {
		if styleOf(p.word) == lower && p.word == strings.ToLower(p.word) {
			return lower
		}
		return upper
	}
	if first := at(p.before, 0); first.kind == aWord {
		return styleOf(first.text)
	}
	return upper
}

// closing is what follows a candidate that is the only one.
func (p *spot) closing(candidate string) string {
	switch {
	case p.quote == inString || p.quote == inQuoted || p.quote == inBacktick:
		if strings.HasSuffix(candidate, "/") {
			return ""
		}
		return string(rune(p.quote))
	case strings.HasSuffix(candidate, "(") || strings.HasSuffix(candidate, "/") || strings.HasSuffix(candidate, "."):
		return ""
	}
	return " "
}

// last is the nth token from the end of what stands in front of the word, from 1.
func (p *spot) last(n int) token { return at(p.before, len(p.before)-n) }

// ends reports whether what stands in front of the word ends with some words; * is any
// token.
func (p *spot) ends(words ...string) bool {
	if len(p.before) < len(words) {
		return false
	}
	for i, w := range words {
		if got := p.before[len(p.before)-len(words)+i]; w != "*" && got.up != w {
			return false
		}
	}
	return true
}

// begins reports whether the statement begins with some words; words with | are
// alternatives.
func (p *spot) begins(words ...string) bool {
	for i, w := range words {
		if !slices.Contains(strings.Split(w, "|"), at(p.before, i).up) || at(p.before, i).up == "" {
			return false
		}
	}
	return true
}

// function is the name of the function whose arguments are being typed; empty when it is
// none.
func (p *spot) function() string {
	depth := 0
	for i := len(p.before) - 1; i > 0; i-- {
		switch p.before[i].up {
		case ")":
			depth++
		case "(":
			if depth > 0 {
				depth--
				continue
			}
			name := p.before[i-1]
			if name.kind == aWord && p.completer != nil && slices.Contains(p.completer.known().functions, name.up) {
				return name.up
			}
			return ""
		}
	}
	return ""
}

// opened are the tokens of the parenthesis that is open, and the token in front of it.
func (p *spot) opened() (inside []token, front token, ok bool) {
	depth := 0
	for i := len(p.before) - 1; i >= 0; i-- {
		switch p.before[i].up {
		case ")":
			depth++
		case "(":
			if depth--; depth < 0 {
				return p.before[i+1:], at(p.before, i-1), true
			}
		}
	}
	return nil, token{}, false
}

// offers are what may stand at the place, best first: what comes later counts only when
// nothing of what comes first goes on from the word.
func (p *spot) offers() []offers {
	if p.command != "" {
		return p.commandOffers()
	}
	if strings.HasPrefix(p.word, `\`) {
		return oneOf(exact, slices.DeleteFunc(commandNames(), func(n string) bool { return strings.HasSuffix(n, "+") })...)
	}
	if all := p.wordCommandOffers(); all != nil {
		return all
	}
	if len(p.before) == 0 {
		return oneOf(keywords, starters()...)
	}
	return p.statementOffers()
}

// oneOf is offers of one kind.
func oneOf(kind offerKind, texts ...string) []offers { return []offers{{texts, kind}} }

// starters are the words that statements and word commands begin with.
func starters() []string {
	out := firstWords()
	for _, c := range shellCommands {
		for _, n := range c.names {
			if n[0] != '\\' {
				first, _, _ := strings.Cut(n, " ")
				out = append(out, strings.ToUpper(first))
			}
		}
	}
	return append(out, "LIST", "COMMIT", "ROLLBACK", "RESET", "WITH")
}

// wordCommandOffers completes the arguments of the shell's commands that are words.
func (p *spot) wordCommandOffers() []offers {
	switch {
	case p.begins("HELP"):
		return oneOf(keywords, helpWords(p.before[1:])...)
	case p.begins("OUTPUT") && len(p.before) == 1:
		return oneOf(keywords, "TABULAR", "VERTICAL", "JSON")
	case p.begins("SPOOL") && len(p.before) == 1:
		return []offers{{[]string{"OFF"}, keywords}, {filesFor(p.word), exact}}
	case p.begins("RUN", "SCRIPT") && p.quote != outside:
		return oneOf(exact, filesFor(p.word)...)
	case p.begins("RUN") && len(p.before) == 1:
		return oneOf(keywords, "SCRIPT")
	}
	return nil
}

// helpWords are the words that go on from some in the names of statements.
func helpWords(words []token) []string {
	var out []string
	for _, name := range syntax.Names() {
		of := strings.Fields(strings.ReplaceAll(name, "...", ""))
		fits := len(of) > len(words)
		for i := range min(len(of), len(words)) {
			fits = fits && of[i] == words[i].up
		}
		if fits {
			out = append(out, of[len(words)])
		}
	}
	return out
}

// commandOffers completes the arguments of a backslash command.
func (p *spot) commandOffers() []offers {
	name := commandName(p.command)
	rest := strings.TrimSpace(p.command[len(name):])
	n := p.completer.known()
	switch name {
	case `\d`, `\d+`:
		return oneOf(names, n.sources()...)
	case `\dt`, `\dt+`, `\dm`, `\dv`:
		return oneOf(names, n.tables...)
	case `\ds`, `\ds+`:
		return oneOf(names, n.streams...)
	case `\df`, `\df+`:
		return oneOf(names, n.functions...)
	case `\dq`, `\dq+`:
		return oneOf(exact, n.queries...)
	case `\topics`, `\topics+`:
		return oneOf(exact, n.topics...)
	case `\dconfig`:
		return oneOf(exact, n.settings...)
	case `\h`, `\help`:
		return oneOf(keywords, helpWords(tokensOf(rest))...)
	case `\x`:
		return oneOf(exact, "on", "off", "auto")
	case `\t`, `\timing`:
		return oneOf(exact, "on", "off")
	case `\set`, `\unset`, `\echo`, `\prompt`, `\gset`:
		return oneOf(exact, p.completer.variables()...)
	case `\pset`:
		return oneOf(exact, settingWords(rest)...)
	case `\i`, `\ir`, `\o`, `\g`, `\gx`, `\e`, `\w`, `\cd`, `\include`, `\out`:
		return oneOf(exact, filesFor(p.word)...)
	case `\copy`:
		return p.copyOffers(rest, n)
	}
	return nil
}

// variables are the names of the shell's variables, those that it looks at included.
func (c *completer) variables() []string {
	var out []string
	for _, v := range c.shell.vars.all() {
		out = append(out, v.name)
	}
	for name := range special {
		out = append(out, name)
	}
	return out
}

// settingWords completes \pset: the names of settings, or the values of one.
func settingWords(rest string) []string {
	if rest != "" {
		found, err := findSetting(strings.Fields(rest)[0])
		if err != nil || !strings.Contains(found.values, "|") {
			return nil
		}
		return strings.Split(found.values, "|")
	}
	var out []string
	for _, f := range allSettings {
		out = append(out, f.name)
	}
	return out
}

func (p *spot) copyOffers(rest string, n *catalog) []offers {
	words := tokensOf(rest)
	switch last := at(words, len(words)-1); {
	case len(words) == 0:
		return oneOf(names, n.sources()...)
	case last.up == "FROM" || last.up == "TO":
		return []offers{{filesFor(p.word), exact}, {[]string{"STDIN", "STDOUT", "PROGRAM"}, keywords}}
	case len(words) == 1 || last.up == ")" && !slices.ContainsFunc(words, func(t token) bool { return t.up == "FROM" || t.up == "TO" }):
		return oneOf(keywords, "FROM", "TO")
	case last.up == "FORMAT":
		return oneOf(exact, "csv", "tsv", "json", "jsonl")
	case last.up == "(" && len(words) == 2:
		return oneOf(names, p.completer.columnsOf(words[0].name())...)
	}
	return oneOf(keywords, "CSV", "DELIMITER", "FORMAT", "HEADER", "JSON", "JSONL", "NULL", "TSV", "WITH")
}

// filesFor are the files and folders that a name may become.
func filesFor(name string) []string {
	folder, _ := filepath.Split(name)
	entries, err := os.ReadDir(orDefault(folder, "."))
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(filepath.Base(name), ".") {
			continue
		}
		text := folder + e.Name()
		if info, err := os.Stat(text); err == nil && info.IsDir() {
			text += "/"
		}
		out = append(out, text)
	}
	return out
}
