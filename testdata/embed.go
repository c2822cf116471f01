// Package testdata holds the real data that the demo loads and tests recompute: public
// data of United States government agencies (README.md).
package testdata

import _ "embed" // the data is part of the program, so that the demo needs nothing else

// Flights is a JSON array of flights, in order of time.
//
//go:embed flights-20k.json
var Flights []byte

// Airports is a CSV file with a header line: iata, name, city, state, country, latitude,
// longitude.
//
//go:embed airports.csv
var Airports []byte
