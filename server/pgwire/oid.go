package pgwire

import (
	"tailrace/server/session"
	"tailrace/sql/types"
)

// oid numbers of the types that Tailrace speaks of, from PostgreSQL's pg_type.dat.
const (
	oidUnknown     = 0
	oidBool        = 16
	oidBytea       = 17
	oidChar        = 18
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidOid         = 26
	oidJSON        = 114
	oidFloat4      = 700
	oidFloat8      = 701
	oidUnknownT    = 705
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestamptz = 1184
	oidInterval    = 1186
	oidNumeric     = 1700
	oidUUID        = 2950
	oidJSONB       = 3802
)

// typeInfo is what a RowDescription says of a type.
type typeInfo struct {
	oid  uint32
	size int16 // bytes, -1: varies
	mod  int32
}

var scalarInfo = map[types.Kind]typeInfo{
	types.Null:      {oidText, -1, -1},
	types.Boolean:   {oidBool, 1, -1},
	types.Int:       {oidInt4, 4, -1},
	types.Bigint:    {oidInt8, 8, -1},
	types.Double:    {oidFloat8, 8, -1},
	types.String:    {oidText, -1, -1},
	types.Bytes:     {oidBytea, -1, -1},
	types.Date:      {oidDate, 4, -1},
	types.Time:      {oidTime, 8, -1},
	types.Timestamp: {oidTimestamp, 8, -1},
	types.Numeric:   {oidNumeric, -1, -1},
	types.Interval:  {oidInterval, 16, -1},
	types.JSON:      {oidJSON, -1, -1},
	types.JSONB:     {oidJSONB, -1, -1},
	types.Map:       {oidJSON, -1, -1},
	types.Struct:    {oidJSON, -1, -1},
}

// arrayOID is the type of an array by the type of its elements; other arrays travel as
// json.
var arrayOID = map[uint32]uint32{
	oidBool: 1000, oidBytea: 1001, oidInt4: 1007, oidInt8: 1016, oidText: 1009, oidFloat8: 1022,
	oidNumeric: 1231, oidDate: 1182, oidTime: 1183, oidTimestamp: 1115, oidInterval: 1187, oidJSONB: 3807,
}

// elemOID is arrayOID turned round, with the arrays that only parameters have.
var elemOID = func() map[uint32]uint32 {
	m := map[uint32]uint32{1005: oidInt2, 1015: oidVarchar, 1003: oidName, 1028: oidOid, 1021: oidFloat4, 1185: oidTimestamptz, 1014: oidBpchar, 1002: oidChar}
	for elem, array := range arrayOID {
		m[array] = elem
	}
	return m
}()

// sizeOf is the length of the types that only columns of the catalog have.
var sizeOf = map[uint32]int16{oidChar: 1, oidName: 64, oidOid: 4, 28: 4, 29: 4}

// columnInfo is infoOf for a column, whose type may be one that the language does not
// have.
func columnInfo(c session.Column) typeInfo {
	info := infoOf(c.Type)
	if c.OID == 0 || c.OID == info.oid {
		return info
	}
	if size, ok := sizeOf[c.OID]; ok {
		return typeInfo{c.OID, size, -1}
	}
	return typeInfo{c.OID, -1, -1}
}

// infoOf maps a type of the language to PostgreSQL's.
func infoOf(t types.Type) typeInfo {
	switch t.Kind {
	case types.Decimal:
		return typeInfo{oidNumeric, -1, int32(t.Precision)<<16 | int32(t.Scale) + 4}
	case types.Array:
		if oid, ok := arrayOID[infoOf(*t.Elem).oid]; ok && !t.Elem.IsNested() {
			return typeInfo{oid, -1, -1}
		}
		return typeInfo{oidJSON, -1, -1}
	}
	return scalarInfo[t.Kind]
}

// typeOf is the type of a parameter that a client declared; NullType when it left the
// choice to the server or named a type that we do not have.
func typeOf(oid uint32) types.Type {
	switch oid {
	case oidInt2, oidInt4:
		return types.IntType
	case oidInt8:
		return types.BigintType
	case oidFloat4, oidFloat8:
		return types.DoubleType
	case oidNumeric:
		return types.DecimalOf(types.MaxPrecision, 10)
	case oidBool:
		return types.BooleanType
	case oidInterval:
		return types.IntervalType
	case oidText, oidVarchar, oidBpchar, oidName, oidChar, oidUUID:
		return types.StringType
	case oidOid:
		return types.BigintType
	case oidBytea:
		return types.BytesType
	case oidDate:
		return types.DateType
	case oidTime:
		return types.TimeType
	case oidTimestamp, oidTimestamptz:
		return types.TimestampType
	}
	if elem, ok := elemOID[oid]; ok {
		return types.ArrayOf(typeOf(elem))
	}
	return types.NullType
}
