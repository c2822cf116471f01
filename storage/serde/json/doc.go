// Package json reads JSON records into columns and writes columns as JSON records, by
// ksqlDB's rules and without a tree in between.
//
//	{"date":"2001/01/01 00:47","delay":66,"origin":"DTW"}     wanted: DELAY, ORIGIN
//	^------^                  ^------^  ^--------^     ^
//	opening  value skipped    piece    value taken     end
//
// A stream's records look alike, so the decoder remembers the pieces of text between the
// values it has seen, white space included, and which piece followed which. The fast path
// checks the expected piece with two masked 8-byte compares, skips strings and numbers 8
// bytes at a time, and parses wanted values straight into their vectors. Members that a
// record leaves out, adds or reorders cost a search among the pieces, and then that order
// is the expected one.
//
// Whatever the fast path does not expect sends the record to the full path, which takes
// back what was appended, checks the whole text first, notes where the wanted values lie,
// and then converts them; new pieces are learned there. Both paths accept the same records
// and append the same values.
//
// What is accepted: RFC 8259 text, one value with nothing after it, UTF-8 in wanted
// strings, nesting up to MaxDepth. A leading byte order mark is skipped. Fields match
// columns by their exact name, else by their name in upper case; of several, the last
// exact one wins, else the last.
//
// An integer that does not fit its column is an error, where ksqlDB keeps its low bits.
package json
