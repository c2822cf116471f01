package shell

import "strings"

// token is a word, a quoted text or a sign of a text; comments and white space are none.
type token struct {
	text string // as written; a quoted text without its quotes
	up   string // a word in capitals, a sign as it is, empty for quoted texts
	kind tokenKind
}

type tokenKind byte

const (
	aWord tokenKind = iota
	aString
	aQuotedName
	aSign
)

// tokensOf cuts a text into tokens. A quoted text that is not closed runs to the end.
func tokensOf(text string) []token {
	var out []token
	for i := 0; i < len(text); {
		c := text[i]
		end := min(skip(text, i), len(text))
		switch {
		case c <= ' ' || strings.HasPrefix(text[i:], "--") || strings.HasPrefix(text[i:], "/*"):
		case c == '\'' || c == '"' || c == '`':
			kind := aQuotedName
			if c == '\'' {
				kind = aString
			}
			out = append(out, token{text: strings.Trim(text[i:end], string(c)), kind: kind})
		case isNameByte(c):
			for end = i; end < len(text) && isNameByte(text[end]); end++ {
			}
			out = append(out, token{text: text[i:end], up: strings.ToUpper(text[i:end])})
		default:
			out = append(out, token{text: text[i:end], up: text[i:end], kind: aSign})
		}
		i = end
	}
	return out
}

// name is the name that a token stands for: a word folds to capitals.
func (t token) name() string {
	if t.kind == aWord {
		return t.up
	}
	return t.text
}

// isName reports whether a token can be the name of something.
func (t token) isName() bool {
	return t.kind == aQuotedName || t.kind == aWord && t.text != "" && !(t.text[0] >= '0' && t.text[0] <= '9')
}

// wordsOf are the words of a text outside quotes and comments, in capitals.
func wordsOf(text string) []string {
	var out []string
	for _, t := range tokensOf(text) {
		if t.kind == aWord {
			out = append(out, t.up)
		}
	}
	return out
}

func isNameByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// used is a stream or table that a statement reads.
type used struct {
	source string // its name
	alias  string // what the statement calls it; the name when there is no other
}

// sourcesOf finds what stands behind FROM, JOIN and INTO in a statement, with aliases.
func sourcesOf(tokens []token) []used {
	var out []used
	for i := 0; i+1 < len(tokens); i++ {
		switch tokens[i].up {
		case "FROM", "JOIN", "INTO":
		case ",": // FROM a, b
			if len(out) == 0 || !fromGoesOn(tokens[:i]) {
				continue
			}
		default:
			continue
		}
		name := tokens[i+1]
		if !name.isName() {
			continue
		}
		u := used{source: name.name(), alias: name.name()}
		if next := at(tokens, i+2); next.up == "AS" && at(tokens, i+3).isName() {
			u.alias = at(tokens, i+3).name()
		} else if next.isName() && next.text != "" && !followsSource[next.up] {
			u.alias = next.name()
		}
		out = append(out, u)
	}
	return out
}

// fromGoesOn reports whether the last clause that has begun is FROM.
func fromGoesOn(tokens []token) bool {
	for i := len(tokens) - 1; i >= 0; i-- {
		switch up := tokens[i].up; {
		case up == "FROM":
			return true
		case up == "(" || up == "SELECT" || followsSource[up] && up != "JOIN" && up != "ON":
			return false
		}
	}
	return false
}

// followsSource are the words that may follow a source, and so are no alias of it.
var followsSource = setOf(`WHERE JOIN INNER LEFT RIGHT FULL OUTER CROSS ON WITHIN GRACE WINDOW GROUP PARTITION HAVING ORDER EMIT LIMIT OFFSET
	UNION VALUES SELECT WITH AS SET BEGINNING INTERVAL SAMPLE`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// at is a token of a list, an empty one beyond its ends.
func at(tokens []token, i int) token {
	if i < 0 || i >= len(tokens) {
		return token{}
	}
	return tokens[i]
}
