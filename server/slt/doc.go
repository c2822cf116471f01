// Package slt runs the SQL of testdata/sql, sqllogictest files whose expected answers are
// PostgreSQL's, through the Postgres port.
//
//	statement ok                     a statement that succeeds
//	statement error (22012)          one, or a query, that fails with this SQLSTATE
//	query IT [rowsort]               a query: a letter a column (I, T: as text; R: a float,
//	                                 to nine digits), its text, ---- and a line a row
//	                                 with tabs between the values; NULL and (empty)
//
// go test ./server/slt -update asks a PostgreSQL for the answers, which it starts in a
// temporary folder; TestPostgreSQL holds the files against it. What this server cannot do yet stands in
// testdata/sql/pending, a query a line: a query that fails and is not there fails the test, and
// so does one that stands there and succeeds (-pending writes the list anew).
package slt
