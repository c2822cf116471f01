package types

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseType reads a type as String writes it, and the synonyms that SQL has for it (INT,
// VARCHAR, VARCHAR(n)). Unquoted field names fold to upper case. It is for schemas and
// plans at rest; statements go through sql/parse, which knows positions and named types.
func ParseType(text string) (Type, error) {
	p := typeParser{rest: text}
	t, err := p.parse(0)
	if err == nil && strings.TrimSpace(p.rest) != "" {
		err = fmt.Errorf("unexpected %q", strings.TrimSpace(p.rest))
	}
	if err != nil {
		return Type{}, fmt.Errorf("type %q: %w", text, err)
	}
	return t, nil
}

// maxTypeDepth bounds recursion: deeper types are refused, whoever wrote them.
const maxTypeDepth = 64

var kindByName = map[string]Kind{
	"NULL": Null, "BOOLEAN": Boolean, "INT": Int, "INTEGER": Int, "BIGINT": Bigint, "DOUBLE": Double,
	"DECIMAL": Decimal, "DEC": Decimal, "NUMERIC": Decimal, "STRING": String, "VARCHAR": String, "BYTES": Bytes,
	"DATE": Date, "TIME": Time, "TIMESTAMP": Timestamp, "ARRAY": Array, "MAP": Map, "STRUCT": Struct,
	// PostgreSQL's. A type that is wider takes all values of one that is not there.
	"BOOL": Boolean, "SMALLINT": Int, "INT2": Int, "INT4": Int, "INT8": Bigint, "REAL": Double, "FLOAT": Double, "FLOAT4": Double, "FLOAT8": Double,
	"TEXT": String, "CHAR": String, "CHARACTER": String, "BPCHAR": String, "BYTEA": Bytes, "TIMESTAMPTZ": Timestamp, "INTERVAL": Interval, "JSON": JSON, "JSONB": JSONB,
}

// KindByName finds a kind by its name or a synonym of it, in any case of letters.
func KindByName(name string) (Kind, bool) {
	k, ok := kindByName[strings.ToUpper(name)]
	return k, ok
}

type typeParser struct{ rest string }

func (p *typeParser) parse(depth int) (Type, error) {
	if depth > maxTypeDepth {
		return Type{}, fmt.Errorf("nested deeper than %d", maxTypeDepth)
	}
	word, _ := p.name()
	kind, ok := KindByName(word)
	if !ok {
		return Type{}, fmt.Errorf("unknown type %q", word)
	}
	switch kind {
	case Decimal:
		if strings.EqualFold(word, "NUMERIC") && !p.peek('(') {
			return NumericType, nil
		}
		args, err := p.numbers()
		if err != nil || len(args) != 2 {
			return Type{}, fmt.Errorf("DECIMAL takes a precision and a scale")
		}
		return DecimalOf(args[0], args[1]), nil
	case String:
		if p.peek('(') {
			_, err := p.numbers()
			return StringType, err
		}
	case Array, Map, Struct:
		return p.nested(kind, depth)
	}
	return Type{Kind: kind}, nil
}

func (p *typeParser) nested(kind Kind, depth int) (Type, error) {
	if !p.take('<') {
		return Type{}, fmt.Errorf("expected < after %s", kind)
	}
	if kind == Struct {
		return p.fields(depth)
	}
	first, err := p.parse(depth + 1)
	if err != nil {
		return Type{}, err
	}
	t := ArrayOf(first)
	if kind == Map {
		if !p.take(',') {
			return Type{}, fmt.Errorf("MAP takes a key and a value type")
		}
		elem, err := p.parse(depth + 1)
		if err != nil {
			return Type{}, err
		}
		t = MapOf(first, elem)
	}
	if !p.take('>') {
		return Type{}, fmt.Errorf("expected > after the type of %s", kind)
	}
	return t, nil
}

func (p *typeParser) fields(depth int) (Type, error) {
	var fields []Field
	for !p.take('>') {
		if len(fields) > 0 && !p.take(',') {
			return Type{}, fmt.Errorf("expected , or > in STRUCT")
		}
		name, quoted := p.name()
		if name == "" {
			return Type{}, fmt.Errorf("expected a field name in STRUCT")
		}
		if !quoted {
			name = strings.ToUpper(name)
		}
		t, err := p.parse(depth + 1)
		if err != nil {
			return Type{}, err
		}
		fields = append(fields, Field{Name: name, Type: t})
	}
	return StructOf(fields...), nil
}

func (p *typeParser) skip() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *typeParser) peek(c byte) bool {
	p.skip()
	return p.rest != "" && p.rest[0] == c
}

func (p *typeParser) take(c byte) bool {
	ok := p.peek(c)
	if ok {
		p.rest = p.rest[1:]
	}
	return ok
}

func (p *typeParser) name() (name string, quoted bool) {
	p.skip()
	if p.rest == "" || p.rest[0] != '`' {
		n := strings.IndexAny(p.rest, " \t\r\n<>(),`")
		if n < 0 {
			n = len(p.rest)
		}
		name, p.rest = p.rest[:n], p.rest[n:]
		return name, false
	}
	for i := 1; i < len(p.rest); i++ {
		if p.rest[i] != '`' {
			continue
		}
		if i+1 < len(p.rest) && p.rest[i+1] == '`' {
			i++
			continue
		}
		name, p.rest = p.rest[1:i], p.rest[i+1:]
		return strings.ReplaceAll(name, "``", "`"), true
	}
	return "", true
}

func (p *typeParser) numbers() ([]int, error) {
	end := strings.IndexByte(p.rest, ')')
	if !p.take('(') || end < 0 {
		return nil, fmt.Errorf("expected ( ... )")
	}
	end = strings.IndexByte(p.rest, ')')
	if end < 0 {
		return nil, fmt.Errorf("expected )")
	}
	var out []int
	for _, part := range strings.Split(p.rest[:end], ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("expected a number, not %q", strings.TrimSpace(part))
		}
		out = append(out, n)
	}
	p.rest = p.rest[end+1:]
	return out, nil
}
