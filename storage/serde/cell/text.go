package cell

import "unicode/utf8"

// AppendUTF8 appends text, with U+FFFD in place of every byte that is not part of a
// character, as Java's String constructor does.
func AppendUTF8(dst, text []byte) []byte {
	if utf8.Valid(text) {
		return append(dst, text...)
	}
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		dst = utf8.AppendRune(dst, r)
		text = text[size:]
	}
	return dst
}
