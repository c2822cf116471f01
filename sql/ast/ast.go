// Package ast is the tree of a parsed statement: plain structs, no behaviour but
// positions and rendering. It is Tailrace's own tree; the grammar tool behind
// sql/parse never shows through.
//
//	Statement   CreateSource, CreateAs, InsertValues, Drop, Show, ...; every Query is one too
//	Query       Select, SetOp, Values
//	Relation    Table, Join, Derived
//	Expr        literals, ColumnRef, Binary, FunctionCall, Case, Subquery, ...
//
// Names. An Ident carries its name as the catalog looks it up: the parser has
// folded unquoted names to upper case and left quoted ones alone.
//
// Positions. Pos() of every node is the 1-based character (rune) offset of its
// first character, or of the operator for operators, in the text that was parsed:
// what sqlerr.Error.At takes and the Postgres protocol sends. 0 means unknown.
//
// Format renders any node as canonical ksqlDB text, which parses back to an equal
// tree (positions, and quotes that were not needed, apart).
package ast

// Node is any part of the tree.
type Node interface {
	// Pos is the 1-based rune offset in the parsed text, 0 if unknown.
	Pos() int
}

// Loc is the position of the node that embeds it.
type Loc int

// Pos implements Node.
func (l Loc) Pos() int { return int(l) }

// Ident is one identifier.
type Ident struct {
	Loc
	// Name is what the catalog looks up: upper case unless it was quoted.
	Name string
	// Quoted says that the user wrote it in backquotes or double quotes.
	Quoted bool
}

// Empty says that there is no identifier here; optional names use it.
func (i Ident) Empty() bool { return i.Name == "" }

// TableName names a stream, table or view, or a topic, optionally qualified by a
// schema (only Postgres clients write one).
type TableName struct {
	Schema Ident // optional
	Ident
}

// Pos implements Node: where the first part starts.
func (t TableName) Pos() int {
	if !t.Schema.Empty() {
		return t.Schema.Pos()
	}
	return t.Ident.Pos()
}

// Statement is one complete statement.
type Statement interface {
	Node
	statement()
}

// Expr is a value expression.
type Expr interface {
	Node
	expr()
}

// Query is what stands where rows are asked for: *Select, *SetOp or *Values.
type Query interface {
	Statement
	query()
}

// Relation is an operand of FROM: *Table, *Join or *Derived.
type Relation interface {
	Node
	relation()
}

// Kind says whether a source is a stream of facts or a table of latest values.
type Kind uint8

// The kinds of source.
const (
	Stream Kind = iota + 1
	TableKind
)

// String is the keyword: STREAM or TABLE.
func (k Kind) String() string {
	if k == TableKind {
		return "TABLE"
	}
	return "STREAM"
}

// TypeName is a type as written. Resolving it (synonyms, custom types, limits of
// precision) is the binder's work.
type TypeName struct {
	Loc
	// Name is the base name in upper case: INT, STRING, DECIMAL, ARRAY, MAP, STRUCT,
	// or the name of a custom type.
	Name string
	// Quoted says that Name was quoted, which makes it a custom type.
	Quoted bool
	// Params are the parenthesised arguments, as in DECIMAL(10, 2): integers and
	// strings, as written.
	Params []string
	// Args are the bracketed types: the element of ARRAY<T>; key and value of MAP<K, V>.
	Args []*TypeName
	// Fields are those of STRUCT<...>; an empty STRUCT<> has none.
	Fields []TypeField
}

// TypeField is one field of a STRUCT type.
type TypeField struct {
	Name Ident
	Type *TypeName
}

// Property is one entry of a WITH clause. Names are folded to upper case unless
// quoted; a name written as a string keeps its case.
type Property struct {
	Name  Ident
	Value Expr // a literal
}

// Lookup returns the value of the property with the given upper-case name, which
// the user may have written in any case, or nil.
func Lookup(props []Property, name string) Expr {
	for _, p := range props {
		if equalFold(p.Name.Name, name) {
			return p.Value
		}
	}
	return nil
}

// equalFold compares property names, which are ASCII.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if upperByte(a[i]) != upperByte(b[i]) {
			return false
		}
	}
	return true
}

func upperByte(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}
