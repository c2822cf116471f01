// Package cell is what the row formats of storage/serde share: adding one value to a
// column and taking it back, and reading and writing numbers as Java does, because the
// bytes in a topic must not change when a query moves here from ksqlDB.
//
// Every Append function adds exactly one row or, with an error, none. Pop undoes the last
// one, so a decoder can give up in the middle of a record.
package cell
