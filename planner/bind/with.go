package bind

import (
	"fmt"
	"strconv"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/function/scalar/datetime"
	"tailrace/sql/sqlerr"
)

// With is a WITH clause that has been read. Absent properties are zero.
type With struct {
	Topic              string
	KeyFormat          string // as given by KEY_FORMAT or FORMAT, upper case
	ValueFormat        string
	KeyDelimiter       string
	ValueDelimiter     string
	Wrap               *bool // WRAP_SINGLE_VALUE
	Partitions         int32
	Replicas           int16
	Configs            map[string]string // of the topic
	Timestamp          string            // column
	TimestampFormat    string
	WindowType         string
	WindowSize         int64 // milliseconds
	QueryID            string
	keyFormatExplicit  bool
	windowSizeExplicit bool
}

// Place says which statement a WITH clause belongs to: each allows other properties.
type Place uint8

// The statements with a WITH clause.
const (
	InCreate Place = iota
	InCreateAs
	InInsert
)

type property struct {
	places []Place
	read   func(w *With, name string, v value) error
}

// value is the literal of a property, as text and as itself.
type value struct {
	text string
	expr ast.Expr
}

var everywhere = []Place{InCreate, InCreateAs}

// properties is every property there is. Those of formats that are not built are known,
// so that the message is about the format and not about the property.
var properties = map[string]property{
	"KAFKA_TOPIC": {everywhere, func(w *With, n string, v value) error { w.Topic = v.text; return nil }},
	"FORMAT": {everywhere, func(w *With, n string, v value) error {
		w.KeyFormat, w.ValueFormat, w.keyFormatExplicit = strings.ToUpper(v.text), strings.ToUpper(v.text), true
		return nil
	}},
	"KEY_FORMAT": {everywhere, func(w *With, n string, v value) error {
		w.KeyFormat, w.keyFormatExplicit = strings.ToUpper(v.text), true
		return nil
	}},
	"VALUE_FORMAT": {everywhere, func(w *With, n string, v value) error { w.ValueFormat = strings.ToUpper(v.text); return nil }},
	"KEY_DELIMITER": {everywhere, func(w *With, n string, v value) (err error) {
		w.KeyDelimiter, err = delimiter(n, v.text)
		return err
	}},
	"VALUE_DELIMITER": {everywhere, func(w *With, n string, v value) (err error) {
		w.ValueDelimiter, err = delimiter(n, v.text)
		return err
	}},
	"WRAP_SINGLE_VALUE": {everywhere, readWrap},
	"PARTITIONS": {everywhere, func(w *With, n string, v value) error {
		i, err := integer(n, v, 1, 1<<20)
		w.Partitions = int32(i)
		return err
	}},
	"REPLICAS": {everywhere, func(w *With, n string, v value) error {
		i, err := integer(n, v, -1, 1<<10)
		w.Replicas = int16(max(i, 0))
		return err
	}},
	"RETENTION_MS": {everywhere, func(w *With, n string, v value) error {
		i, err := integer(n, v, -1, 1<<62)
		w.config("retention.ms", strconv.FormatInt(i, 10))
		return err
	}},
	"CLEANUP_POLICY":   {everywhere, readCleanup},
	"TIMESTAMP":        {everywhere, func(w *With, n string, v value) error { w.Timestamp = columnName(v.text); return nil }},
	"TIMESTAMP_FORMAT": {everywhere, readTimestampFormat},
	"WINDOW_TYPE":      {[]Place{InCreate}, readWindowType},
	"WINDOW_SIZE":      {[]Place{InCreate}, readWindowSize},
	"QUERY_ID":         {[]Place{InInsert}, func(w *With, n string, v value) error { w.QueryID = strings.ToUpper(v.text); return nil }},

	"KEY_SCHEMA_ID": {everywhere, ignored}, "VALUE_SCHEMA_ID": {everywhere, ignored},
	"KEY_SCHEMA_FULL_NAME": {everywhere, ignored}, "VALUE_SCHEMA_FULL_NAME": {everywhere, schemaName},
	"VALUE_AVRO_SCHEMA_FULL_NAME":          {everywhere, schemaName},
	"KEY_PROTOBUF_NULLABLE_REPRESENTATION": {everywhere, ignored}, "VALUE_PROTOBUF_NULLABLE_REPRESENTATION": {everywhere, ignored},
	"SOURCED_BY_CONNECTOR": {[]Place{InCreate}, ignored},
}

// ignored properties only count for formats that need a schema registry.
func ignored(*With, string, value) error { return nil }

func schemaName(w *With, _ string, v value) error {
	w.config("\x00fullSchemaName", v.text)
	return nil
}

func (w *With) config(name, text string) {
	if w.Configs == nil {
		w.Configs = map[string]string{}
	}
	w.Configs[name] = text
}

// ReadWith reads a WITH clause.
func ReadWith(props []ast.Property, place Place) (*With, error) {
	w := &With{}
	seen := map[string]bool{}
	for _, p := range props {
		name := strings.ToUpper(p.Name.Name)
		def, ok := properties[name]
		if !ok || !contains(def.places, place) {
			err := sqlerr.New(sqlerr.InvalidParameter, "Invalid config variable(s) in the WITH clause: %s", name).At(p.Name.Pos())
			if best := sqlerr.Closest(name, propertyNames(place)); best != "" {
				err.Hint("Perhaps you meant the property %s.", best)
			}
			return nil, err
		}
		if seen[name] {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "Duplicate config variable in the WITH clause: %s", name).At(p.Name.Pos())
		}
		seen[name] = true
		text, err := literalText(name, p.Value)
		if err == nil {
			err = def.read(w, name, value{text: text, expr: p.Value})
		}
		if err != nil {
			return nil, at(err, p.Value.Pos())
		}
	}
	for _, single := range []string{"KEY_FORMAT", "VALUE_FORMAT"} {
		if seen["FORMAT"] && seen[single] {
			return nil, sqlerr.New(sqlerr.InvalidParameter, "Cannot supply both '%s' and 'FORMAT' properties, as 'FORMAT' sets both key and value formats. "+
				"Either use just 'FORMAT', or use 'KEY_FORMAT' and 'VALUE_FORMAT'.", single)
		}
	}
	return w, w.checkWindow()
}

func contains(places []Place, place Place) bool {
	for _, p := range places {
		if p == place {
			return true
		}
	}
	return false
}

func propertyNames(place Place) []string {
	var out []string
	for name, p := range properties {
		if contains(p.places, place) {
			out = append(out, name)
		}
	}
	return out
}

// literalText is the text of a property's value: properties are read as text, whatever
// literal they were written as.
func literalText(name string, e ast.Expr) (string, error) {
	switch e := e.(type) {
	case *ast.String:
		return e.Value, nil
	case *ast.Int:
		return strconv.FormatInt(e.Value, 10), nil
	case *ast.Bool:
		return strconv.FormatBool(e.Value), nil
	case *ast.Decimal:
		return e.Text, nil
	case *ast.Double:
		return strconv.FormatFloat(e.Value, 'g', -1, 64), nil
	}
	return "", sqlerr.New(sqlerr.InvalidParameter, "Configuration %s is invalid: a literal is needed", name)
}

func integer(name string, v value, low, high int64) (int64, error) {
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil {
		return 0, sqlerr.New(sqlerr.InvalidParameter, "Invalid value %s for property %s: Not a number of type INT", v.text, name)
	}
	if n < low || n > high {
		return 0, sqlerr.New(sqlerr.InvalidParameter, "Invalid value %s for property %s: a whole number of at least %d is needed", v.text, name, low)
	}
	return n, nil
}

// delimiter checks a delimiter. TAB and SPACE stay words: the format reads them.
func delimiter(name, text string) (string, error) {
	const example = "\nExample valid value: ';'"
	switch {
	case strings.TrimSpace(text) == "":
		return "", sqlerr.New(sqlerr.InvalidParameter, "Failed to prepare statement: Configuration %s is invalid: "+
			"Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values 'TAB' or 'SPACE'%s", name, example)
	case text == "TAB", text == "SPACE", len([]rune(text)) == 1:
		return text, nil
	}
	return "", sqlerr.New(sqlerr.InvalidParameter, "Failed to prepare statement: Configuration %s is invalid: "+
		"Invalid delimiter value: '%s'. Delimiter must be a single character or TAB,SPACE%s", name, text, example)
}

func readWrap(w *With, name string, v value) error {
	b, err := strconv.ParseBool(strings.ToLower(v.text))
	if err != nil {
		return sqlerr.New(sqlerr.InvalidParameter, "Invalid value %s for property %s: Expected value to be either true or false", v.text, name)
	}
	w.Wrap = &b
	return nil
}

func readCleanup(w *With, name string, v value) error {
	policy := strings.ToLower(v.text)
	switch policy {
	case "compact", "delete", "compact,delete", "delete,compact":
		w.config("cleanup.policy", policy)
		return nil
	}
	return sqlerr.New(sqlerr.InvalidParameter, "Invalid value %s for property %s: String must be one of: COMPACT, DELETE, COMPACT,DELETE", v.text, name)
}

func readWindowType(w *With, name string, v value) error {
	switch kind := strings.ToUpper(v.text); kind {
	case "SESSION", "HOPPING", "TUMBLING":
		w.WindowType = kind
		return nil
	}
	return sqlerr.New(sqlerr.InvalidParameter, "Invalid value %s for property %s: String must be one of: SESSION, HOPPING, TUMBLING, null", v.text, name)
}

func readTimestampFormat(w *With, name string, v value) error {
	if _, err := datetime.Compile(v.text); err != nil {
		return sqlerr.New(sqlerr.InvalidParameter, "Invalid datetime format for config:%s, reason:%v", name, err)
	}
	w.TimestampFormat = v.text
	return nil
}

func readWindowSize(w *With, name string, v value) error {
	why := ""
	switch parts := strings.Fields(v.text); {
	case len(parts) != 2:
		why = fmt.Sprintf("Expected 2 tokens, got: %d", len(parts))
	default:
		n, err := strconv.ParseInt(parts[0], 10, 64)
		unit := ast.UnitByName(strings.ToUpper(parts[1]))
		switch {
		case unit == 0 || unit > ast.Day:
			why = "Unknown time unit: '" + parts[1] + "'"
		case err != nil || n <= 0 || n > 1<<62/unit.Milliseconds():
			why = "A whole number of units is needed, not " + parts[0]
		default:
			w.WindowSize, w.windowSizeExplicit = n*unit.Milliseconds(), true
			return nil
		}
	}
	return sqlerr.New(sqlerr.InvalidParameter, "Error in WITH clause property '%s': Invalid duration: '%s'. %s\nExample valid value: '10 SECONDS'", name, v.text, why)
}

func (w *With) checkWindow() error {
	switch {
	case w.WindowType == "SESSION" && w.windowSizeExplicit:
		return sqlerr.New(sqlerr.InvalidParameter, "'WINDOW_SIZE' should not be set for SESSION windows.")
	case w.WindowType != "" && w.WindowType != "SESSION" && !w.windowSizeExplicit:
		return sqlerr.New(sqlerr.InvalidParameter, "%s windows require 'WINDOW_SIZE' to be provided in the WITH clause. For example: 'WINDOW_SIZE'='10 SECONDS'", w.WindowType)
	case w.WindowType == "" && w.windowSizeExplicit:
		return sqlerr.New(sqlerr.InvalidParameter, "'WINDOW_SIZE' should not be set for SESSION windows. Others need 'WINDOW_TYPE' too.")
	}
	return nil
}

// Window is the window that the clause declares for the keys of the topic.
func (w *With) Window() *catalog.Window {
	if w.WindowType == "" {
		return nil
	}
	return &catalog.Window{Kind: w.WindowType, Size: w.WindowSize}
}

// columnName folds a column name that stands in a string, unless it is quoted there.
func columnName(text string) string {
	if n := len(text); n >= 2 && (text[0] == '`' || text[0] == '"') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return strings.ToUpper(text)
}

// at gives an error a position if it is a user's error without one.
func at(err error, pos int) error {
	if e, ok := sqlerr.As(err); ok {
		e.At(pos)
	}
	return err
}
