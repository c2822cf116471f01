// Package serde turns the bytes of keys and values into columns and back. It is the seam
// between the formats, one a folder, and whoever reads or writes records:
//
//	     serde.NewDecoder / NewEncoder
//	    /        |          |        \
//	json     delimited    kafka      none
//	    \        |          |        /
//	     cell: one value into a column
//
// A decoder is told which columns are wanted and decodes no others (DESIGN D5). It appends
// one row to each vector, or none together with an error: the caller skips the record and
// logs why. Decoders remember what records look like, so each serves one goroutine.
//
// Formats follow ksqlDB byte for byte where it writes, and accept what it accepts where it
// reads; docs/format/serde.md lists the rules and the few deliberate differences. Every
// format is held to the suite in serdetest.
//
// Beside that: Guesser says which format unknown bytes may be in (PRINT), Windowed takes
// keys of windowed tables apart, DecodeRow and EncodeRow work on single values.
package serde
