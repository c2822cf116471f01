package session

import (
	"unicode/utf8"

	"tailrace/sql/parse"
)

// Piece is one statement of a text.
type Piece struct {
	Text   string
	Offset int // characters before it in the whole text
}

// Split cuts a text into its statements.
func Split(text string) ([]Piece, error) {
	var out []Piece
	for _, st := range parse.Split(text) {
		out = append(out, Piece{Text: st.Text, Offset: utf8.RuneCountInString(text[:st.Start])})
	}
	return out, nil
}
