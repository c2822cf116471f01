// Package rows reads the rows of files, for \copy: CSV, TSV, JSON and JSON lines. A Reader
// yields a row's values with the line that they begin on; Literal writes a value as SQL has
// it for the type of a column.
package rows
