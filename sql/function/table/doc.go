// Package table holds the table functions of the language: one row becomes many.
package table
