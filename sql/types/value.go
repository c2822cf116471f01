package types

// Value is one value of the language. Its dynamic type is one of
//
//	nil          NULL, of any type
//	bool         BOOLEAN
//	int32        INT
//	int64        BIGINT
//	float64      DOUBLE
//	Dec          DECIMAL
//	string       STRING
//	[]byte       BYTES
//	DateVal      DATE       (days since 1970-01-01)
//	TimeVal      TIME       (milliseconds since midnight)
//	TimestampVal TIMESTAMP  (milliseconds since 1970-01-01 UTC)
//	ArrayVal     ARRAY
//	*MapVal      MAP
//	StructVal    STRUCT     (values in order of the type's fields)
//	Dec          NUMERIC    (each with a scale of its own)
//	IntervalVal  INTERVAL
//	string       JSON, JSONB
//
// and nothing else. Values are immutable once they have left the function that made them.
type Value = any

// DateVal is a DATE: days since 1970-01-01.
type DateVal int32

// TimeVal is a TIME: milliseconds since midnight.
type TimeVal int64

// TimestampVal is a TIMESTAMP: milliseconds since 1970-01-01 UTC.
type TimestampVal int64

// ArrayVal is an ARRAY.
type ArrayVal []Value

// StructVal is a STRUCT: one value a field of its type, in order.
type StructVal []Value

// MapVal is a MAP. Entries keep the order in which their keys came; keys are unique and
// not NULL. The zero value is an empty map.
type MapVal struct {
	Keys   []Value
	Values []Value
}

// Len is the number of entries; a nil map has none.
func (m *MapVal) Len() int {
	if m == nil {
		return 0
	}
	return len(m.Keys)
}

// Get returns the value of a key.
func (m *MapVal) Get(key Value) (Value, bool) {
	if m == nil {
		return nil, false
	}
	for i, k := range m.Keys {
		if Equal(k, key) {
			return m.Values[i], true
		}
	}
	return nil, false
}

// Put sets the value of a key; it is for the one who builds the map. Its cost is linear:
// build large maps through NewMapBuilder.
func (m *MapVal) Put(key, value Value) {
	for i, k := range m.Keys {
		if Equal(k, key) {
			m.Values[i] = value
			return
		}
	}
	m.Keys, m.Values = append(m.Keys, key), append(m.Values, value)
}
