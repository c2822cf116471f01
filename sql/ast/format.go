package ast

import (
	"fmt"
	"strconv"
	"strings"
)

// Format renders a node as canonical ksqlDB text on one line. Operators carry
// parentheses, as in ksqlDB's own rendering of expressions, so the text shows what
// binds to what; identifiers are quoted only when they must be.
func Format(n Node) string {
	var f formatter
	f.node(n)
	return f.String()
}

// Shown renders an expression as ksqlDB's messages do: as Format, with constants in small
// letters.
func Shown(e Expr) string {
	f := formatter{small: true}
	f.node(e)
	return f.String()
}

// Quote puts an identifier in backquotes, whatever it is.
func Quote(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// FormatName renders an identifier: as it stands if the parser would read it back
// unquoted, in backquotes otherwise.
func FormatName(name string) string {
	if plain(name) && !reserved[name] && !contextual[name] {
		return name
	}
	return Quote(name)
}

// FormatString renders a string literal.
func FormatString(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// Reserved says that the upper-case word cannot be a name without quotes.
func Reserved(word string) bool { return reserved[word] }

// reserved are the words that end an expression or a relation, or begin what is no
// name. Far fewer than ksqlDB reserves: the parser decides about the others by what
// stands next to them.
var reserved = wordSet(`AND AS BETWEEN BY CASE CROSS DISTINCT ELSE END EXCEPT FALSE FROM FULL GROUP
	HAVING IN INNER INTERSECT INTO IS JOIN LEFT LIKE LIMIT NATURAL NOT NULL ON OR OUTER RIGHT
	SELECT THEN TRUE UNION USING VALUES WHEN WHERE WITH WITHIN`)

// contextual are the words that mean something else only in front of certain
// others. They are read as names everywhere else, and always quoted when rendered.
var contextual = wordSet(`ALL ARRAY CAST EMIT EXISTS FILTER ILIKE MAP OFFSET ORDER PARTITION STRUCT
	WINDOW COLLATE OVER AT ESCAPE`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// plain says that the lexer reads name, unquoted, as one identifier with this very
// name.
func plain(name string) bool {
	if name == "" || '0' <= name[0] && name[0] <= '9' {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z', c == '_', '0' <= c && c <= '9', c == '@' && i > 0:
		default:
			return false
		}
	}
	return true
}

type formatter struct {
	strings.Builder
	small bool // letters for TRUE, FALSE and NULL
}

func (f *formatter) add(parts ...string) {
	for _, p := range parts {
		f.WriteString(p)
	}
}

// node renders any node.
func (f *formatter) node(n Node) {
	switch n := n.(type) {
	case Query:
		f.query(n)
	case Statement:
		f.statement(n)
	case Expr:
		f.expr(n)
	case Relation:
		f.relation(n)
	case Ident:
		f.name(n)
	case TableName:
		f.table(n)
	case *TypeName:
		f.typeName(n)
	case *Window:
		f.window(n)
	default:
		panic(fmt.Sprintf("ast: cannot format %T", n))
	}
}

func (f *formatter) name(i Ident) { f.add(FormatName(i.Name)) }

func (f *formatter) names(list []Ident) {
	for i, n := range list {
		f.comma(i)
		f.name(n)
	}
}

func (f *formatter) table(t TableName) {
	if !t.Schema.Empty() {
		f.name(t.Schema)
		f.add(".")
	}
	f.name(t.Ident)
}

// comma separates the elements of a list.
func (f *formatter) comma(i int) {
	if i > 0 {
		f.add(", ")
	}
}

func (f *formatter) typeName(t *TypeName) {
	name := t.Name
	if t.Quoted || !plain(name) || reserved[name] {
		name = Quote(name)
	}
	f.add(name)
	switch {
	case t.Quoted:
	case name == "STRUCT":
		f.add("<")
		for i, field := range t.Fields {
			f.comma(i)
			f.name(field.Name)
			f.add(" ")
			f.typeName(field.Type)
		}
		f.add(">")
	case len(t.Args) > 0:
		f.add("<")
		for i, a := range t.Args {
			f.comma(i)
			f.typeName(a)
		}
		f.add(">")
	}
	if len(t.Params) > 0 {
		f.add("(", strings.Join(t.Params, ", "), ")")
	}
}

func (f *formatter) duration(d Duration) {
	f.add(strconv.FormatInt(d.N, 10), " ", d.Unit.String())
}

// props renders " WITH (...)", or nothing.
func (f *formatter) props(with []Property) {
	if len(with) == 0 {
		return
	}
	f.add(" WITH (")
	for i, p := range with {
		f.comma(i)
		if plain(p.Name.Name) && !reserved[p.Name.Name] {
			f.add(p.Name.Name)
		} else {
			f.add(FormatString(p.Name.Name))
		}
		f.add("=")
		f.expr(p.Value)
	}
	f.add(")")
}
