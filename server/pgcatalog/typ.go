package pgcatalog

import (
	"strings"

	"tailrace/sql/types"
)

// typ is the static type of an expression: PostgreSQL's number, and the fields of a
// record.
type typ struct {
	oid    uint32
	fields []field
}

type field struct {
	name string
	typ  typ
}

// Numbers of the types that the code names, from PostgreSQL's pg_type.dat.
const (
	oidBool         = 16
	oidBytea        = 17
	oidChar         = 18
	oidName         = 19
	oidInt8         = 20
	oidInt2         = 21
	oidInt2Vector   = 22
	oidInt4         = 23
	oidRegproc      = 24
	oidText         = 25
	oidOid          = 26
	oidOidVector    = 30
	oidJSON         = 114
	oidFloat4       = 700
	oidFloat8       = 701
	oidUnknown      = 705
	oidVarchar      = 1043
	oidDate         = 1082
	oidTime         = 1083
	oidTimestamp    = 1114
	oidTimestamptz  = 1184
	oidInterval     = 1186
	oidNumeric      = 1700
	oidRegprocedure = 2202
	oidRegclass     = 2205
	oidRegtype      = 2206
	oidRecord       = 2249
	oidAny          = 2276
	oidVoid         = 2278
	oidRegnamespace = 4089
	oidRegrole      = 4096
)

var (
	boolType    = typ{oid: oidBool}
	int4Type    = typ{oid: oidInt4}
	int8Type    = typ{oid: oidInt8}
	oidType     = typ{oid: oidOid}
	nameType    = typ{oid: oidName}
	textType    = typ{oid: oidText}
	floatType   = typ{oid: oidFloat8}
	unknownType = typ{oid: oidUnknown}
)

// shape is how values of a type are held while a query runs.
type shape uint8

const (
	isText   shape = iota // string
	isBool                // bool
	isInt                 // int64: numbers and object identifiers
	isFloat               // float64
	isTime                // types.TimestampVal
	isArray               // array
	isRecord              // record
	isUnknown
)

// array and record are the values with parts.
type (
	array  []any
	record []any
)

// typeDef is a row of PostgreSQL's pg_type, as far as it differs from type to type.
type typeDef struct {
	oid      uint32
	name     string
	long     string // format_type's name, if it is another
	size     int64
	category string
	array    uint32
	elem     uint32 // of the vector types
	io       string // stem of the input and output functions, if it is not the name
	shape    shape
}

var typeDefs = []typeDef{
	{oidBool, "bool", "boolean", 1, "B", 1000, 0, "", isBool},
	{oidBytea, "bytea", "", -1, "U", 1001, 0, "", isText},
	{oidChar, "char", `"char"`, 1, "Z", 1002, 0, "", isText},
	{oidName, "name", "", 64, "S", 1003, 0, "", isText},
	{oidInt8, "int8", "bigint", 8, "N", 1016, 0, "", isInt},
	{oidInt2, "int2", "smallint", 2, "N", 1005, 0, "", isInt},
	{oidInt2Vector, "int2vector", "", -1, "A", 1006, oidInt2, "", isArray},
	{oidInt4, "int4", "integer", 4, "N", 1007, 0, "", isInt},
	{oidRegproc, "regproc", "", 4, "N", 1008, 0, "", isInt},
	{oidText, "text", "", -1, "S", 1009, 0, "", isText},
	{oidOid, "oid", "", 4, "N", 1028, 0, "", isInt},
	{27, "tid", "", 6, "U", 1010, 0, "", isText},
	{28, "xid", "", 4, "U", 1011, 0, "", isInt},
	{29, "cid", "", 4, "U", 1012, 0, "", isInt},
	{oidOidVector, "oidvector", "", -1, "A", 1013, oidOid, "", isArray},
	{oidJSON, "json", "", -1, "U", 199, 0, "json_", isText},
	{142, "xml", "", -1, "U", 143, 0, "xml_", isText},
	{194, "pg_node_tree", "", -1, "Z", 0, 0, "pg_node_tree_", isText},
	{oidFloat4, "float4", "real", 4, "N", 1021, 0, "", isFloat},
	{oidFloat8, "float8", "double precision", 8, "N", 1022, 0, "", isFloat},
	{oidUnknown, "unknown", "", -2, "X", 0, 0, "", isUnknown},
	{869, "inet", "", -1, "I", 1041, 0, "inet_", isText},
	{1033, "aclitem", "", 12, "U", 1034, 0, "", isText},
	{1042, "bpchar", "character", -1, "S", 1014, 0, "", isText},
	{oidVarchar, "varchar", "character varying", -1, "S", 1015, 0, "", isText},
	{oidDate, "date", "", 4, "D", 1182, 0, "date_", isText},
	{oidTime, "time", "time without time zone", 8, "D", 1183, 0, "time_", isText},
	{oidTimestamp, "timestamp", "timestamp without time zone", 8, "D", 1115, 0, "timestamp_", isTime},
	{oidTimestamptz, "timestamptz", "timestamp with time zone", 8, "D", 1185, 0, "timestamptz_", isTime},
	{oidInterval, "interval", "", 16, "T", 1187, 0, "interval_", isText},
	{1266, "timetz", "time with time zone", 12, "D", 1270, 0, "timetz_", isText},
	{oidNumeric, "numeric", "", -1, "N", 1231, 0, "numeric_", isFloat},
	{oidRegprocedure, "regprocedure", "", 4, "N", 2207, 0, "", isInt},
	{2203, "regoper", "", 4, "N", 2208, 0, "", isInt},
	{2204, "regoperator", "", 4, "N", 2209, 0, "", isInt},
	{oidRegclass, "regclass", "", 4, "N", 2210, 0, "", isInt},
	{oidRegtype, "regtype", "", 4, "N", 2211, 0, "", isInt},
	{oidRecord, "record", "", -1, "P", 2287, 0, "record_", isRecord},
	{2275, "cstring", "", -2, "P", 1263, 0, "cstring_", isText},
	{oidAny, "any", `"any"`, 4, "P", 0, 0, "any_", isUnknown},
	{2277, "anyarray", "", -1, "P", 0, 0, "anyarray_", isArray},
	{oidVoid, "void", "", 4, "P", 0, 0, "void_", isText},
	{2283, "anyelement", "", 4, "P", 0, 0, "anyelement_", isUnknown},
	{2950, "uuid", "", 16, "U", 2951, 0, "uuid_", isText},
	{3802, "jsonb", "", -1, "U", 3807, 0, "jsonb_", isText},
	{oidRegnamespace, "regnamespace", "", 4, "N", 4090, 0, "", isInt},
	{oidRegrole, "regrole", "", 4, "N", 4097, 0, "", isInt},
}

// standardNames are names of the SQL standard, and short ones, for types of ours.
var standardNames = map[string]uint32{"integer": oidInt4, "int": oidInt4, "bigint": oidInt8, "smallint": oidInt2, "boolean": oidBool,
	"double": oidFloat8, "float": oidFloat8, "real": oidFloat4, "decimal": oidNumeric, "character": 1042, "string": oidText}

// The types by number and by name, and the element type of each array type.
var typeByOID, typeByName, arrayToElem = indexTypes()

func indexTypes() (byOID map[uint32]*typeDef, byName map[string]*typeDef, elems map[uint32]uint32) {
	byOID, byName, elems = map[uint32]*typeDef{}, map[string]*typeDef{}, map[uint32]uint32{}
	for i := range typeDefs {
		d := &typeDefs[i]
		byOID[d.oid], byName[d.name] = d, d
		if d.array != 0 {
			elems[d.array] = d.oid
		}
	}
	for name, oid := range standardNames {
		byName[name] = byOID[oid]
	}
	return byOID, byName, elems
}

func (t typ) shape() shape {
	if d := typeByOID[t.oid]; d != nil {
		return d.shape
	}
	if arrayToElem[t.oid] != 0 {
		return isArray
	}
	return isText
}

func (t typ) isUnknown() bool { return t.oid == oidUnknown }

// isName reports whether values are object identifiers that are written as names.
func (t typ) isName() bool {
	switch t.oid {
	case oidRegproc, oidRegprocedure, oidRegclass, oidRegtype, oidRegnamespace, oidRegrole:
		return true
	}
	return false
}

// elem is the type of an array's elements.
func (t typ) elem() typ {
	if t.fields != nil { // array of records
		return typ{oid: oidRecord, fields: t.fields}
	}
	if e := arrayToElem[t.oid]; e != 0 {
		return typ{oid: e}
	}
	if d := typeByOID[t.oid]; d != nil && d.elem != 0 {
		return typ{oid: d.elem}
	}
	return textType
}

// arrayOf is the type of arrays of t.
func arrayOf(t typ) typ {
	if t.shape() == isRecord {
		return typ{oid: 2287, fields: t.fields}
	}
	if d := typeByOID[t.oid]; d != nil && d.array != 0 {
		return typ{oid: d.array}
	}
	return typ{oid: 1009}
}

// String is the name that format_type gives.
func (t typ) String() string { return formatType(t.oid, -1) }

// formatType is the standard's name of a type, with its modifier.
func formatType(oid uint32, mod int64) string {
	if e := arrayToElem[oid]; e != 0 {
		return formatType(e, mod) + "[]"
	}
	d := typeByOID[oid]
	if d == nil {
		return "???"
	}
	name := d.name
	if d.long != "" {
		name = d.long
	}
	if oid == oidNumeric && mod >= 4 {
		return name + "(" + itoa((mod-4)>>16&0xffff) + "," + itoa((mod-4)&0xffff) + ")"
	}
	if (oid == oidVarchar || oid == 1042) && mod >= 4 {
		return name + "(" + itoa(mod-4) + ")"
	}
	return name
}

// findType finds a type by its name as written, "" or with its schema; ok is false when
// there is none.
func findType(schema, name string, isArrayOf bool) (typ, bool) {
	if schema != "" && schema != "pg_catalog" && schema != "information_schema" {
		return typ{}, false
	}
	if schema == "information_schema" {
		if t, ok := domains[name]; ok {
			return t, true
		}
	}
	d := typeByName[name]
	if d == nil {
		return typ{}, false
	}
	if isArrayOf {
		return arrayOf(typ{oid: d.oid}), true
	}
	return typ{oid: d.oid}, true
}

// domains are information_schema's own types.
var domains = map[string]typ{"sql_identifier": nameType, "character_data": textType, "cardinal_number": int4Type, "yes_or_no": textType}

// columnType is how a column of a result travels, and as which type of PostgreSQL.
// Smallints go as integers, and names of objects as text: what the text format shows is
// the same, and the binary format of the one is not that of the other.
func columnType(t typ) (types.Type, uint32) {
	switch t.shape() {
	case isBool:
		return types.BooleanType, oidBool
	case isInt:
		switch {
		case t.isName():
			return types.StringType, oidText
		case t.oid == oidInt8:
			return types.BigintType, oidInt8
		case t.oid == oidInt2:
			return types.IntType, oidInt4
		}
		return types.IntType, t.oid
	case isFloat:
		return types.DoubleType, oidFloat8
	case isTime:
		return types.TimestampType, oidTimestamp
	case isArray:
		e := t.elem()
		switch {
		case typeByOID[t.oid] != nil, e.shape() == isRecord: // vectors travel as text
			return types.StringType, oidText
		case e.shape() == isInt && e.oid == oidInt8:
			return types.ArrayOf(types.BigintType), 1016
		case e.oid == oidOid:
			return types.ArrayOf(types.IntType), 1028
		case e.shape() == isInt && !e.isName():
			return types.ArrayOf(types.IntType), 1007
		case e.shape() == isBool:
			return types.ArrayOf(types.BooleanType), 1000
		case e.shape() == isFloat:
			return types.ArrayOf(types.DoubleType), 1022
		}
		return types.ArrayOf(types.StringType), 1009
	}
	if t.oid == oidName || t.oid == oidChar || t.oid == oidVarchar {
		return types.StringType, t.oid
	}
	return types.StringType, oidText
}

// typOf is the type of ours for one that a client has declared for a parameter.
func typOf(t types.Type) typ {
	switch t.Kind {
	case types.Null:
		return unknownType
	case types.Boolean:
		return boolType
	case types.Int:
		return int4Type
	case types.Bigint:
		return int8Type
	case types.Double, types.Decimal:
		return floatType
	case types.Timestamp:
		return typ{oid: oidTimestamp}
	case types.Array:
		return arrayOf(typOf(*t.Elem))
	}
	return textType
}

// paramType is the type that a client is told for a parameter.
func paramType(t typ) types.Type {
	switch t.shape() {
	case isBool:
		return types.BooleanType
	case isInt:
		if t.isName() {
			return types.StringType
		}
		if t.oid == oidInt4 || t.oid == oidInt2 {
			return types.IntType
		}
		return types.BigintType
	case isFloat:
		return types.DoubleType
	case isTime:
		return types.TimestampType
	case isArray:
		if typeByOID[t.oid] != nil {
			return types.StringType
		}
		return types.ArrayOf(paramType(t.elem()))
	}
	return types.StringType
}

// paramOID is PostgreSQL's number for it: clients encode by it.
func paramOID(t typ) uint32 {
	switch {
	case t.isName(), t.shape() == isArray && typeByOID[t.oid] != nil, t.isUnknown():
		return oidText
	case t.shape() == isFloat:
		return oidFloat8
	}
	return t.oid
}

// quoteName puts a name in quotes if it would not read back without.
func quoteName(name string) string {
	plain := name != "" && !(name[0] >= '0' && name[0] <= '9')
	for i := 0; i < len(name) && plain; i++ {
		c := name[i]
		plain = c >= 'a' && c <= 'z' || c == '_' || c >= '0' && c <= '9'
	}
	if plain && !keywords[name] {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// keywords are PostgreSQL's reserved words.
var keywords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(keywordList) {
		m[w] = true
	}
	return m
}()

const keywordList = "all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create " +
	"current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else " +
	"end except false fetch for foreign from grant group having in initially intersect into lateral leading limit localtime " +
	"localtimestamp not null offset on only or order placing primary references returning select session_user some symmetric table " +
	"then to trailing true union unique user using variadic when where window with"
