// Package render turns the rows of a result into text: boxes for people, and the formats
// that programs read.
//
//	screen.go   what the place can show that the text goes to
//	column.go   what the types of columns mean for their looks
//	box.go      aligned: a box, measured as a whole or growing as rows come; one column a line
//	layout.go   how wide the columns of a box are, and how text wraps in them
//	records.go  PRINT: one record a line
//	plain.go    unaligned, CSV, TSV, Markdown
//	json.go     JSON and JSON lines
//
// Nothing is cut: what is wider than a column goes on in the next line of its cell, and
// numbers and times stand on one line or the result is shown one column a line.
package render
