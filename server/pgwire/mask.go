package pgwire

import "strings"

// maxMasked is how much of a statement stands in the log.
const maxMasked = 500

// masked is a statement without its literals, on one line: the log is no place for what users
// write about. Texts and numbers become ?, and comments go; names stay.
func masked(sql string) string {
	var out strings.Builder
	i := 0
	for i < len(sql) && out.Len() < maxMasked {
		rest := sql[i:]
		switch c := rest[0]; {
		case c == '\'':
			i += quoted(rest)
			out.WriteByte('?')
		case c == '"' || c == '`':
			n := quoted(rest)
			out.WriteString(rest[:n])
			i += n
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			i += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest, "*/")
			if n < 0 {
				n = len(rest) - 2
			}
			i += n + 2
		case c <= ' ':
			if out.Len() > 0 && !strings.HasSuffix(out.String(), " ") {
				out.WriteByte(' ')
			}
			i++
		case digit(c) || c == '.' && len(rest) > 1 && digit(rest[1]):
			i += number(rest)
			out.WriteByte('?')
		default:
			n := 1
			for c == '$' || wordByte(c) { // a name, or a parameter: digits in it are no number
				if n == len(rest) || !wordByte(rest[n]) {
					break
				}
				n++
			}
			out.WriteString(rest[:n])
			i += n
		}
	}
	text := strings.TrimSpace(out.String())
	if i < len(sql) {
		text = text[:min(len(text), maxMasked)] + "..."
	}
	return strings.ToValidUTF8(text, "?")
}

// quoted is the length of what begins with a quote; a quote within is there twice.
func quoted(s string) int {
	q := s[0]
	for i := 1; i < len(s); i++ {
		if s[i] != q {
			continue
		}
		if i+1 == len(s) || s[i+1] != q {
			return i + 1
		}
		i++
	}
	return len(s)
}

// number is the length of a number: digits, a point, an exponent.
func number(s string) int {
	for i := 0; i < len(s); i++ {
		sign := (s[i] == '+' || s[i] == '-') && i > 0 && (s[i-1] == 'e' || s[i-1] == 'E')
		if !wordByte(s[i]) && s[i] != '.' && !sign {
			return i
		}
	}
	return len(s)
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func wordByte(c byte) bool {
	return digit(c) || c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}
