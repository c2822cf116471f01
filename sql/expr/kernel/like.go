package kernel

import (
	"bytes"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrLikeEscape is what a pattern gives that ends in its escape character.
var ErrLikeEscape = errors.New("LIKE pattern must not end with escape character")

// Like is a compiled pattern of LIKE: % is any text, _ any one character, and the escape
// character makes the next character stand for itself.
type Like struct {
	kind           likeKind
	prefix, suffix []byte    // the text of the simple kinds
	tokens         []likeTok // general
	fold           bool
}

type likeKind uint8

const (
	likeExact    likeKind = iota // abc
	likePrefix                   // abc%
	likeSuffix                   // %abc
	likeContains                 // %abc%
	likeEnds                     // abc%def
	likeGeneral
)

// likeTok is a character to match, or one of the two wildcards.
type likeTok rune

const (
	likeOne  likeTok = -1
	likeMany likeTok = -2
)

// CompileLike compiles a pattern; escape is 0 where there is none. With fold, case does
// not count.
func CompileLike(pattern string, escape rune, fold bool) (*Like, error) {
	m := &Like{fold: fold}
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			escaped = false
			m.tokens = append(m.tokens, likeTok(r))
		case escape != 0 && r == escape:
			escaped = true
		case r == '%':
			if n := len(m.tokens); n == 0 || m.tokens[n-1] != likeMany {
				m.tokens = append(m.tokens, likeMany)
			}
		case r == '_':
			m.tokens = append(m.tokens, likeOne)
		default:
			m.tokens = append(m.tokens, likeTok(r))
		}
	}
	if escaped {
		return nil, ErrLikeEscape
	}
	if fold {
		for i, t := range m.tokens {
			if t >= 0 {
				m.tokens[i] = likeTok(foldRune(rune(t)))
			}
		}
	}
	m.classify()
	return m, nil
}

func foldRune(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// classify finds the simple kinds, which compare text as a whole.
func (m *Like) classify() {
	m.kind = likeGeneral
	if m.fold {
		return
	}
	var parts [2]strings.Builder
	wild := 0
	for i, t := range m.tokens {
		switch {
		case t == likeOne:
			return
		case t == likeMany:
			if i > 0 && i < len(m.tokens)-1 && wild > 0 {
				return // a%b%c
			}
			wild++
		case wild <= 1:
			parts[wild].WriteRune(rune(t))
		default:
			return
		}
	}
	n := len(m.tokens)
	m.prefix, m.suffix = []byte(parts[0].String()), []byte(parts[1].String())
	switch {
	case wild == 0:
		m.kind = likeExact
	case wild == 2:
		if m.tokens[0] != likeMany {
			return
		}
		m.kind = likeContains
	case m.tokens[n-1] == likeMany:
		m.kind = likePrefix
	case m.tokens[0] == likeMany:
		m.kind = likeSuffix
	default:
		m.kind = likeEnds
	}
}

// Match reports whether the text matches.
func (m *Like) Match(b []byte) bool {
	switch m.kind {
	case likeExact:
		return bytes.Equal(b, m.prefix)
	case likePrefix:
		return bytes.HasPrefix(b, m.prefix)
	case likeSuffix:
		return bytes.HasSuffix(b, m.suffix)
	case likeContains:
		return bytes.Contains(b, m.suffix)
	case likeEnds:
		return len(b) >= len(m.prefix)+len(m.suffix) && bytes.HasPrefix(b, m.prefix) && bytes.HasSuffix(b, m.suffix)
	}
	return m.general(b)
}

// general matches greedily and falls back to the last % on a mismatch: quadratic at
// worst, whatever the number of wildcards.
func (m *Like) general(b []byte) bool {
	t, retryTok, retryAt := 0, -1, 0
	for at := 0; at < len(b) || t < len(m.tokens); {
		if t < len(m.tokens) {
			tok := m.tokens[t]
			if tok == likeMany {
				retryTok, retryAt = t, at
				t++
				continue
			}
			if at < len(b) {
				r, size := utf8.DecodeRune(b[at:])
				if m.fold {
					r = foldRune(r)
				}
				if tok == likeOne || rune(tok) == r {
					at += size
					t++
					continue
				}
			}
		}
		if retryTok < 0 || retryAt >= len(b) {
			return false
		}
		_, size := utf8.DecodeRune(b[retryAt:])
		retryAt += size
		t, at = retryTok+1, retryAt
	}
	return true
}
