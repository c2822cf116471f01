package render

// Cell is one value as the server writes it; NULL is not the same as an empty string.
type Cell struct {
	Text string
	Null bool
}

// Column is a column of a result: its name, and its type by PostgreSQL's number.
type Column struct {
	Name string
	OID  uint32
}

// kind is what a type means for how its values are written.
type kind byte

const (
	text    kind = iota
	number       // stands at the right; JSON writes it without quotes
	boolean      // t and f on the wire
	moment       // a date, a time of day, or both
	nested       // JSON on the wire
	list         // an array as PostgreSQL writes it
)

// look is what the type of a column means for its looks.
type look struct {
	kind kind
	// reserve is the width that values of the type usually have. A result that is shown
	// before its end keeps it free, because wider values may follow.
	reserve int
	elem    uint32 // of a list: the type of its elements
}

// looks of the types that the server sends. A DOUBLE that is not round has 17 digits, a
// sign and a point; a time in milliseconds has 13 digits.
var looks = map[uint32]look{
	16:   {kind: boolean, reserve: 5},
	20:   {kind: number, reserve: 13}, // int8
	21:   {kind: number, reserve: 10}, // int2
	23:   {kind: number, reserve: 10}, // int4
	26:   {kind: number, reserve: 10}, // oid
	114:  {kind: nested, reserve: 20}, // json
	3802: {kind: nested, reserve: 20}, // jsonb
	700:  {kind: number, reserve: 20}, // float4
	701:  {kind: number, reserve: 20}, // float8
	1700: {kind: number, reserve: 14}, // numeric
	1082: {kind: moment, reserve: 10}, // date
	1083: {kind: moment, reserve: 12}, // time
	1114: {kind: moment, reserve: 23}, // timestamp
	1184: {kind: moment, reserve: 26}, // timestamptz

	1000: {kind: list, reserve: 20, elem: 16},
	1005: {kind: list, reserve: 20, elem: 21},
	1007: {kind: list, reserve: 20, elem: 23},
	1016: {kind: list, reserve: 20, elem: 20},
	1021: {kind: list, reserve: 20, elem: 700},
	1022: {kind: list, reserve: 20, elem: 701},
	1028: {kind: list, reserve: 20, elem: 26},
	1231: {kind: list, reserve: 20, elem: 1700},
	1001: {kind: list, reserve: 20, elem: 17},
	1002: {kind: list, reserve: 20, elem: 18},
	1003: {kind: list, reserve: 20, elem: 19},
	1009: {kind: list, reserve: 20, elem: 25},
	1015: {kind: list, reserve: 20, elem: 1043},
	1115: {kind: list, reserve: 20, elem: 1114},
	1182: {kind: list, reserve: 20, elem: 1082},
	1183: {kind: list, reserve: 20, elem: 1083},
	1185: {kind: list, reserve: 20, elem: 1184},
}

func lookOf(oid uint32) look {
	if l, ok := looks[oid]; ok {
		return l
	}
	return look{reserve: 20}
}

// rigid says that a value of the column is of no use when it is broken over lines.
func (l look) rigid() bool { return l.kind == number || l.kind == boolean || l.kind == moment }

// value is the text of a cell that is not NULL, with booleans spelled out, which the wire
// shortens to a letter.
func (l look) value(c Cell) string {
	if l.kind != boolean {
		return c.Text
	}
	switch c.Text {
	case "t":
		return "true"
	case "f":
		return "false"
	}
	return c.Text
}

// looksOf are the looks of all columns.
func looksOf(columns []Column) []look {
	out := make([]look, len(columns))
	for i, c := range columns {
		out[i] = lookOf(c.OID)
	}
	return out
}
