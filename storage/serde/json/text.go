package json

import (
	"tailrace/storage/serde/cell"
)

// members walks the members of an object token, or the elements of an array token.
type members struct {
	b []byte
	p int
	n int
}

func membersOf(token []byte) members {
	return members{b: token[:len(token)+Padding], p: 1, n: len(token)}
}

// next returns the next member; an array's have no key. The text is known to be well
// formed.
func (m *members) next() (key, value []byte, ok bool) {
	m.p = skipSpace(m.b, m.p, m.n)
	if m.b[m.p] == ',' {
		m.p = skipSpace(m.b, m.p+1, m.n)
	}
	if c := m.b[m.p]; c == '}' || c == ']' {
		return nil, nil, false
	}
	if m.b[0] == '{' {
		start := m.p
		m.p = skipString(m.b, start+1, m.n)
		key = m.b[start:m.p]
		m.p = skipSpace(m.b, m.p, m.n)
		m.p = skipSpace(m.b, m.p+1, m.n)
	}
	start := m.p
	m.p = skipValue(m.b, start, m.n, MaxDepth)
	return key, m.b[start:m.p], true
}

// appendText writes a token as a VARCHAR column shows it: strings without quotes, numbers
// as Java prints them, objects as compact JSON, arrays as [a, b] over the text of their
// elements.
func appendText(dst, token []byte) ([]byte, error) {
	switch token[0] {
	case '"':
		return appendUnquoted(dst, token)
	case '{':
		return appendCompact(dst, token)
	case '[':
		dst = append(dst, '[')
		m := membersOf(token)
		for first := true; ; first = false {
			_, value, ok := m.next()
			if !ok {
				return append(dst, ']'), nil
			}
			if !first {
				dst = append(dst, ", "...)
			}
			var err error
			if dst, err = appendText(dst, value); err != nil {
				return dst, err
			}
		}
	}
	return appendLiteral(dst, token), nil
}

// appendLiteral writes a number, true, false or null. Integers keep their digits; numbers
// with a fraction or an exponent are BigDecimals.
func appendLiteral(dst, token []byte) []byte {
	if !isNumber(token) {
		return append(dst, token...)
	}
	for _, c := range token {
		if c == '.' || c|0x20 == 'e' {
			return cell.AppendBigDecimal(dst, token)
		}
	}
	if string(token) == "-0" {
		token = token[1:]
	}
	return append(dst, token...)
}

// member is a key, unquoted, and its value.
type member struct {
	key   string
	value []byte
}

// appendCompact writes a token as JSON without white space. Of equal keys the first keeps
// its place and the last its value.
func appendCompact(dst, token []byte) ([]byte, error) {
	switch token[0] {
	case '"':
		text, err := unquoted(nil, token)
		if err != nil {
			return dst, err
		}
		return AppendString(dst, text), nil
	case '[':
		dst = append(dst, '[')
		m := membersOf(token)
		for first := true; ; first = false {
			_, value, ok := m.next()
			if !ok {
				return append(dst, ']'), nil
			}
			if !first {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendCompact(dst, value); err != nil {
				return dst, err
			}
		}
	case '{':
		list, err := distinct(token)
		if err != nil {
			return dst, err
		}
		dst = append(dst, '{')
		for i, m := range list {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(AppendString(dst, bytesOf(m.key)), ':')
			if dst, err = appendCompact(dst, m.value); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}
	return appendLiteral(dst, token), nil
}

// distinct lists the members of an object without those that a later one replaces.
func distinct(token []byte) ([]member, error) {
	var list []member
	at := map[string]int{}
	for m := membersOf(token); ; {
		key, value, ok := m.next()
		if !ok {
			return list, nil
		}
		text, err := appendUnquoted(nil, key)
		if err != nil {
			return nil, err
		}
		if i, ok := at[string(text)]; ok {
			list[i].value = value
			continue
		}
		at[string(text)] = len(list)
		list = append(list, member{string(text), value})
	}
}
