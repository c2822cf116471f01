// Package scalar holds the scalar functions of the language, one file a family.
//
// Every file registers its functions in init; import the package for that effect. What a
// function does is ksqlDB's behaviour, oddities included, since queries moved over from
// there depend on it, except that positions and lengths of text count characters where
// Java counts UTF-16 units. Date patterns and JSON have packages of their own below this one.
package scalar
