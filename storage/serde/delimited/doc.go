// Package delimited is comma separated values as Apache Commons CSV reads and writes them
// by default, which is what ksqlDB's DELIMITED is: RFC 4180 with another delimiter if one
// is asked for, one line a record.
//
//	1,"a ""quoted"", word",,2.50        four fields; the third is NULL
//
// A field that is empty is NULL, quoted or not. Text after the first line is ignored, and
// empty lines before it are. A field in quotes may hold delimiters, line ends and doubled
// quotes; after it only white space may stand before the next delimiter.
package delimited
