// Package pgcatalog answers what PostgreSQL's tools ask about a database: SELECTs over
// pg_catalog and information_schema, and functions such as version().
//
//	Wants(text)            is this statement for us?
//	Prepare(text, params)  names and types bound, columns known
//	Query.Run(facts, args) the rows
//
// It is a small SQL interpreter of its own, because what tools send is PostgreSQL's
// dialect to the letter (regclass casts, array subscripts, correlated subqueries) and has
// nothing to do with streams. Package syntax parses; bind_*.go turn the tree into
// closures with static types; from.go puts conditions where they cost least and looks
// rows up by hash; table_*.go hold what the tables contain, as a function of one catalog
// snapshot. Nothing here changes anything but settings, through set_config.
//
// Names: what is all upper case in the catalog (FLIGHTS) is shown in lower case, as a
// PostgreSQL client expects of a name without quotes. Object identifiers are hashes of
// names: they stay the same from statement to statement and over restarts.
package pgcatalog
