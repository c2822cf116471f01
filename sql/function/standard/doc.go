// Package standard holds PostgreSQL's functions: those that ksqlDB has no like of, for both
// dialects, and PostgreSQL's reading of names that ksqlDB reads in another way, which
// standard queries get (function.RegisterStandardScalar). Results, result types and SQLSTATEs
// are those of PostgreSQL 15; sql/expr/testdata/postgres compares them with its answers.
package standard

import (
	"tailrace/sql/function"
	_ "tailrace/sql/function/scalar" // registers first: what it has, only differs here
	"tailrace/sql/types"
)

// The categories of the reference page.
const (
	texts   = "STRING"
	numbers = "MATHEMATICAL"
	times   = "DATE / TIME"
	arrays  = "ARRAY"
	jsons   = "JSON"
	regexps = "REGULAR EXPRESSION"
	other   = "OTHER"
)

// both adds a function that ksqlDB has no like of: it is PostgreSQL's in both dialects.
func both(category, name, doc string, overloads ...function.Signature) {
	function.RegisterScalar(function.Scalar{Name: name, Category: category, Doc: doc, Overloads: overloads})
}

// differs adds PostgreSQL's reading of a function of ksqlDB's.
func differs(category, name, doc string, overloads ...function.Signature) {
	function.RegisterStandardScalar(function.Scalar{Name: name, Category: category, Doc: doc, Overloads: overloads})
}

// strict lifts a function over boxed arguments none of which is NULL.
func strict(params []string, result string, f func(ctx *function.Context, a []types.Value) (types.Value, error)) function.Signature {
	s := function.Rows(params, result, func(ctx *function.Context, a []types.Value) (types.Value, error) {
		for _, x := range a {
			if x == nil {
				return nil, nil
			}
		}
		return f(ctx, a)
	})
	s.NullIn = true
	return s
}

// typed is function.Rows for functions that look at the types of their arguments.
func typed(params []string, result string, f func(ctx *function.Context, t []types.Type, a []types.Value) (types.Value, error)) function.Signature {
	return function.Signature{Params: params, Result: result, Compile: func(t []types.Type, _ types.Type) (function.Kernel, error) {
		return function.LiftRows(func(ctx *function.Context, a []types.Value) (types.Value, error) { return f(ctx, t, a) }), nil
	}}
}
