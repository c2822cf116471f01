// Package scalar holds the scalar functions of the language, one file a family.
//
// Every file registers its functions in init; import the package for that effect. What a
// function does is ksqlDB's behaviour, oddities included, since queries moved over from
// there depend on it. Dates, JSON and text that need more than a function's body live in
// the sub-packages datetime, jsonpath and text.
package scalar
