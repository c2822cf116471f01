package ast

// Constraint is what a column element is, besides its type.
type Constraint uint8

// The column constraints.
const (
	NoConstraint Constraint = iota
	// Key is KEY: the message key of a stream.
	Key
	// PrimaryKey is PRIMARY KEY: the key of a table.
	PrimaryKey
	// Headers is HEADERS: all headers of the message.
	Headers
	// Header is HEADER('k'): the last value of one header.
	Header
)

// Element is one column of CREATE STREAM or TABLE.
type Element struct {
	Loc
	Name       Ident
	Type       *TypeName
	Constraint Constraint
	// HeaderKey is the k of HEADER('k').
	HeaderKey string
}

// CreateSource is CREATE STREAM or TABLE over a topic.
type CreateSource struct {
	Loc
	Kind        Kind
	OrReplace   bool
	IfNotExists bool
	// Source is CREATE SOURCE STREAM or TABLE: read-only.
	Source bool
	Name   TableName
	// Elements is nil when no list was written: the schema is inferred. An empty list
	// in parentheses is not nil.
	Elements []Element
	With     []Property
}

// CreateAs is CREATE STREAM or TABLE ... AS query, or its synonym CREATE
// MATERIALIZED VIEW.
type CreateAs struct {
	Loc
	Kind        Kind
	OrReplace   bool
	IfNotExists bool
	// View says that MATERIALIZED VIEW was written; Kind is TableKind then, and the
	// standard's rules hold instead of ksqlDB's.
	View  bool
	Name  TableName
	With  []Property
	Query Query
	// QueryText is the query as the user wrote it.
	QueryText string
}

// InsertInto is INSERT INTO name query: a continuous query.
type InsertInto struct {
	Loc
	Name    TableName
	Columns []Ident
	With    []Property
	Query   Query
}

// InsertValues is INSERT INTO name [(columns)] VALUES (...), ...
type InsertValues struct {
	Loc
	Name TableName
	// Columns is nil when the list was left out.
	Columns []Ident
	Rows    [][]Expr
	// Returning are the entries of RETURNING; nil: there is none.
	Returning []SelectItem
}

// Update is UPDATE name SET column = value, ... [FROM ...] [WHERE cond] [RETURNING ...].
type Update struct {
	Loc
	Name      TableName
	Alias     Ident // optional
	Set       []Assignment
	From      Relation     // optional
	Where     Expr         // optional
	Returning []SelectItem // optional
}

// Assignment is one column = value of an Update.
type Assignment struct {
	Column Ident
	Value  Expr
}

// Delete is DELETE FROM name [USING ...] [WHERE cond] [RETURNING ...].
type Delete struct {
	Loc
	Name      TableName
	Alias     Ident        // optional
	Using     Relation     // optional
	Where     Expr         // optional
	Returning []SelectItem // optional
}

// DropKind is what a Drop drops.
type DropKind uint8

// What can be dropped.
const (
	DropStream DropKind = iota + 1
	DropTable
	DropView
	DropType
	DropConnector
)

// String is the keyword after DROP.
func (k DropKind) String() string {
	return [...]string{"", "STREAM", "TABLE", "MATERIALIZED VIEW", "TYPE", "CONNECTOR"}[k]
}

// Drop is DROP STREAM, TABLE, MATERIALIZED VIEW, TYPE or CONNECTOR.
type Drop struct {
	Loc
	Kind     DropKind
	IfExists bool
	Name     TableName
	// DeleteTopic is DELETE TOPIC, for streams and tables.
	DeleteTopic bool
}

// AddColumn is one ADD [COLUMN] of AlterSource.
type AddColumn struct {
	Loc
	Name Ident
	Type *TypeName
}

// AlterSource is ALTER STREAM or TABLE name ADD COLUMN ...
type AlterSource struct {
	Loc
	Kind Kind
	Name TableName
	Add  []AddColumn
}

// AlterSystem is ALTER SYSTEM 'property' = 'value'.
type AlterSystem struct {
	Loc
	Name  string
	Value string
}

// CreateType is CREATE TYPE name AS type.
type CreateType struct {
	Loc
	IfNotExists bool
	Name        Ident
	Type        *TypeName
}

// CreateConnector is CREATE SOURCE or SINK CONNECTOR name WITH (...).
type CreateConnector struct {
	Loc
	Sink        bool
	IfNotExists bool
	Name        Ident
	With        []Property
}

func (*CreateSource) statement()    {}
func (*CreateAs) statement()        {}
func (*InsertInto) statement()      {}
func (*InsertValues) statement()    {}
func (*Update) statement()          {}
func (*Delete) statement()          {}
func (*Drop) statement()            {}
func (*AlterSource) statement()     {}
func (*AlterSystem) statement()     {}
func (*CreateType) statement()      {}
func (*CreateConnector) statement() {}
