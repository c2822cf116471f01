// Package all registers every function of the language; import it for its effect.
package all

//go:generate go test . -run TestReferencePage -update

import (
	_ "tailrace/sql/function/aggregate" // registers
	_ "tailrace/sql/function/scalar"    // registers
	_ "tailrace/sql/function/standard"  // registers
	_ "tailrace/sql/function/table"     // registers
)
