// Package bind turns the syntax tree of a statement into what it means against one
// catalog snapshot: names are resolved, select lists expanded, properties read, and
// nearly every error that a user can make is born here, with a position.
//
//	with.go     the WITH clause            format.go   what formats can hold
//	schema.go   columns of CREATE          query.go    sources, clauses, select list
//	names.go    generated column names     rewrite.go  walking and renaming expressions
//	join.go     join conditions, keys      aggregate.go  GROUP BY, HAVING, aggregates
//
// The result still holds syntax trees for expressions, in which every column is
// qualified; package logical binds them to columns by index when it knows the input of
// each operator.
//
// Messages follow ksqlDB to the letter where it has one, because clients and their tests
// match on them.
package bind
