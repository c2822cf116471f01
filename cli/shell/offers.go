package shell

import (
	"slices"
	"strings"
)

// expressionWords may stand wherever an expression goes on.
var expressionWords = strings.Fields(`AND OR NOT IN IS NULL LIKE BETWEEN CASE WHEN THEN ELSE END CAST AS DISTINCT TRUE FALSE ARRAY MAP STRUCT
	EXISTS INTERVAL ESCAPE`)

// clauses are what a query goes on with, by what it has already.
var clauses = strings.Fields(`FROM WHERE JOIN INNER LEFT RIGHT FULL ON WITHIN WINDOW GROUP PARTITION HAVING ORDER EMIT LIMIT OFFSET`)

var (
	typeWords = strings.Fields(`BOOLEAN INT INTEGER BIGINT DOUBLE DECIMAL( VARCHAR STRING BYTES DATE TIME TIMESTAMP ARRAY< MAP< STRUCT<`)
	unitWords = strings.Fields(`MILLISECONDS SECONDS MINUTES HOURS DAYS`)
	units     = setOf("SIZE BY PERIOD RETENTION WITHIN SESSION ADVANCE GRACE")
	showWords = strings.Fields(`ALL FAULTS FUNCTIONS PROPERTIES QUERIES STREAMS TABLES TOPICS TYPES VARIABLES`)
)

// properties are what stands in WITH (...), with the values that each may have; "topic"
// and "column" stand for the names of such.
var properties = map[string][]string{
	"KAFKA_TOPIC": {"topic"}, "FORMAT": formats, "KEY_FORMAT": formats, "VALUE_FORMAT": formats,
	"PARTITIONS": nil, "REPLICAS": nil, "RETENTION_MS": nil, "CLEANUP_POLICY": {"'compact'", "'delete'", "'compact,delete'"},
	"TIMESTAMP": {"column"}, "TIMESTAMP_FORMAT": nil, "KEY_DELIMITER": {"'SPACE'", "'TAB'"}, "VALUE_DELIMITER": {"'SPACE'", "'TAB'"},
	"WRAP_SINGLE_VALUE": {"true", "false"}, "WINDOW_TYPE": {"'TUMBLING'", "'HOPPING'", "'SESSION'"}, "WINDOW_SIZE": nil,
}

var formats = []string{"'JSON'", "'DELIMITED'", "'KAFKA'", "'NONE'"}

// settingValues are the values of settings that have few.
var settingValues = map[string][]string{
	"auto.offset.reset": {"earliest", "latest"}, "processing.guarantee": {"exactly_once_v2", "at_least_once"},
	"dialect": {"auto", "ksql", "standard"}, "read_consistency": {"read_your_writes", "strict", "eventual"},
	"ksql.persistence.default.format.key": {"JSON", "DELIMITED", "KAFKA", "NONE"}, "ksql.persistence.default.format.value": {"JSON", "DELIMITED", "KAFKA"},
	"ksql.create.or.replace.enabled": onAndOff, "ksql.persistence.wrap.single.values": onAndOff, "ksql.suppress.enabled": onAndOff,
	"ksql.timestamp.throw.on.invalid": onAndOff, "ksql.new.query.planner.enabled": onAndOff,
}

var onAndOff = []string{"true", "false"}

// statementOffers are what may stand at a place in a statement that has begun.
func (p *spot) statementOffers() []offers {
	n := p.completer.known()
	if source := p.last(2); p.last(1).up == "." && source.isName() {
		return oneOf(names, p.completer.columnsOf(p.sourceOf(source.name()))...)
	}
	switch p.before[0].up {
	case "SHOW", "LIST":
		return p.showOffers(n)
	case "DESCRIBE":
		return p.describeOffers(n)
	case "PRINT":
		return p.printOffers(n)
	case "TERMINATE", "PAUSE", "RESUME", "REBUILD":
		return []offers{{[]string{"ALL"}, keywords}, {n.queries, names}}
	case "SET", "UNSET", "RESET":
		return p.settingOffers(n)
	case "DEFINE", "UNDEFINE":
		return oneOf(exact, p.completer.variables()...)
	case "DROP", "ALTER":
		return p.dropOffers(n)
	case "BACKUP":
		return oneOf(keywords, "TO")
	}
	if all := p.createOffers(); all != nil {
		return all
	}
	if all := p.withOffers(n); all != nil {
		return all
	}
	return p.queryOffers(n)
}

func (p *spot) showOffers(n *catalog) []offers {
	switch last := p.last(1).up; {
	case len(p.before) == 1 && p.before[0].up == "SHOW":
		return []offers{{showWords, keywords}, {n.settings, exact}}
	case len(p.before) == 1:
		return oneOf(keywords, showWords...)
	case last == "ALL":
		return oneOf(keywords, "TOPICS")
	case slices.Contains([]string{"STREAMS", "TABLES", "TOPICS", "QUERIES"}, last):
		return oneOf(keywords, "EXTENDED")
	}
	return nil
}

func (p *spot) describeOffers(n *catalog) []offers {
	switch {
	case len(p.before) == 1:
		return oneOf(names, append([]string{"FUNCTION", "STREAMS", "TABLES"}, n.sources()...)...)
	case p.last(1).up == "FUNCTION" && len(p.before) == 2:
		return oneOf(names, n.functions...)
	case len(p.before) == 2:
		return oneOf(keywords, "EXTENDED")
	}
	return nil
}

func (p *spot) printOffers(n *catalog) []offers {
	switch last := p.last(1).up; {
	case len(p.before) == 1 && p.quote != outside:
		return oneOf(exact, n.topics...)
	case len(p.before) == 1:
		return oneOf(exact, quotedTopics(n.topics)...)
	case last == "FROM":
		return oneOf(keywords, "BEGINNING")
	}
	return oneOf(keywords, "FROM", "INTERVAL", "LIMIT")
}

// quotedTopics puts the names of topics in quotes that a statement would not read as they
// are.
func quotedTopics(topics []string) []string {
	out := make([]string, len(topics))
	for i, t := range topics {
		if out[i] = t; !isVariableName(t) || t[0] >= '0' && t[0] <= '9' {
			out[i] = "'" + t + "'"
		}
	}
	return out
}

// settingOffers completes SET 'name' = 'value' and SET name = value.
func (p *spot) settingOffers(n *catalog) []offers {
	switch {
	case len(p.before) == 1 && p.quote != outside:
		return oneOf(exact, n.settings...)
	case len(p.before) == 1:
		quoted := make([]string, len(n.settings))
		for i, s := range n.settings {
			if quoted[i] = s; strings.Contains(s, ".") {
				quoted[i] = "'" + s + "'"
			}
		}
		return oneOf(exact, quoted...)
	case len(p.before) == 2 && p.before[0].up == "SET":
		return oneOf(exact, "=")
	case len(p.before) == 3:
		values := settingValues[strings.ToLower(p.before[1].text)]
		if p.quote == outside {
			values = quoteAll(values)
		}
		return oneOf(exact, values...)
	}
	return nil
}

func quoteAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = "'" + t + "'"
	}
	return out
}

// dropOffers completes DROP and ALTER: after each kind only the names of that kind.
func (p *spot) dropOffers(n *catalog) []offers {
	drop := p.before[0].up == "DROP"
	kind := at(p.before, 1).up
	if kind == "MATERIALIZED" {
		kind = "TABLE"
	}
	of := map[string][]string{"STREAM": n.streams, "TABLE": n.tables, "TYPE": n.types}[kind]
	switch last := p.last(1).up; {
	case len(p.before) == 1 && drop:
		return oneOf(keywords, "STREAM", "TABLE", "MATERIALIZED", "TYPE")
	case len(p.before) == 1:
		return oneOf(keywords, "STREAM", "TABLE")
	case last == "MATERIALIZED":
		return oneOf(keywords, "VIEW")
	case last == "IF":
		return oneOf(keywords, "EXISTS")
	case last == "EXISTS", len(p.before) == 2 && !drop:
		return oneOf(names, of...)
	case len(p.before) == 2 || last == "VIEW":
		return []offers{{of, names}, {[]string{"IF"}, keywords}}
	case drop && last == "DELETE":
		return oneOf(keywords, "TOPIC")
	case drop:
		return oneOf(keywords, "DELETE")
	case last == "ADD":
		return oneOf(keywords, "COLUMN")
	case p.last(2).up == "COLUMN" || p.last(2).up == "ADD":
		return oneOf(keywords, typeWords...)
	case len(p.before) == 3:
		return oneOf(keywords, "ADD")
	}
	return nil
}

// createOffers completes the head of CREATE, INSERT and EXPLAIN; nil from where a query or
// WITH begins.
func (p *spot) createOffers() []offers {
	n := p.completer.known()
	switch last := p.last(1).up; {
	case p.ends("EXPLAIN") || p.ends("EXPLAIN", "ANALYZE"):
		return []offers{{[]string{"ANALYZE", "SELECT", "CREATE", "INSERT"}, keywords}, {n.queries, names}}
	case last == "CREATE":
		return oneOf(keywords, "OR", "SOURCE", "STREAM", "TABLE", "MATERIALIZED", "TYPE")
	case p.ends("CREATE", "OR"):
		return oneOf(keywords, "REPLACE")
	case last == "REPLACE" && p.ends("CREATE", "OR", "REPLACE"):
		return oneOf(keywords, "SOURCE", "STREAM", "TABLE", "MATERIALIZED")
	case last == "SOURCE":
		return oneOf(keywords, "STREAM", "TABLE")
	case last == "MATERIALIZED":
		return oneOf(keywords, "VIEW")
	case last == "INSERT":
		return oneOf(keywords, "INTO")
	case last == "INTO":
		return oneOf(names, n.sources()...)
	case p.ends("INTO", "*"):
		return oneOf(keywords, "VALUES", "SELECT", "WITH")
	case p.ends("CREATE", "TYPE", "*"):
		return oneOf(keywords, "AS")
	case p.ends("CREATE", "TYPE", "*", "AS"):
		return oneOf(keywords, typeWords...)
	case last == "STREAM" || last == "TABLE" || last == "VIEW":
		return oneOf(keywords, "IF")
	case last == "IF":
		return oneOf(keywords, "NOT")
	case p.ends("IF", "NOT"):
		return oneOf(keywords, "EXISTS")
	case p.ends("STREAM", "*") || p.ends("TABLE", "*") || p.ends("VIEW", "*") || p.ends("EXISTS", "*"):
		return oneOf(keywords, "AS", "WITH")
	case last == ")" && p.before[0].up == "CREATE" && !slices.ContainsFunc(p.before, func(t token) bool { return t.up == "SELECT" || t.up == "WITH" }):
		return oneOf(keywords, "WITH")
	case last == "AS" && p.before[0].up == "CREATE" && !slices.ContainsFunc(p.before, func(t token) bool { return t.up == "SELECT" }):
		return oneOf(keywords, "SELECT")
	}
	inside, front, ok := p.opened()
	switch {
	case !ok:
		return nil
	case p.before[0].up == "INSERT" && p.ownParenthesis(2):
		return oneOf(names, p.completer.columnsOf(at(p.before, 2).name())...)
	case p.before[0].up == "CREATE" && front.isName() && !slices.ContainsFunc(p.before, func(t token) bool { return t.up == "SELECT" || t.up == "WITH" }):
		return columnDefinition(inside)
	}
	return nil
}

// ownParenthesis reports whether the parenthesis that is open is the first, and follows
// token i.
func (p *spot) ownParenthesis(i int) bool {
	return at(p.before, i+1).up == "(" && !slices.ContainsFunc(p.before, func(t token) bool { return t.up == ")" })
}

// columnDefinition completes the columns of CREATE STREAM and TABLE.
func columnDefinition(inside []token) []offers {
	last := len(inside) - 1
	for i := last; i >= 0 && inside[i].up != ","; i-- {
		last = i
	}
	if last < 0 || inside[len(inside)-1].up == "," {
		return oneOf(keywords) // a new name
	}
	switch words := inside[last:]; {
	case len(words) == 1:
		return oneOf(keywords, typeWords...)
	case words[len(words)-1].up == "PRIMARY":
		return oneOf(keywords, "KEY")
	}
	return oneOf(keywords, "KEY", "PRIMARY", "HEADERS", "HEADER(")
}

// withOffers completes WITH (property = value, ...); nil elsewhere.
func (p *spot) withOffers(n *catalog) []offers {
	inside, front, ok := p.opened()
	if p.ends("WITH") {
		return oneOf(exact, "(")
	}
	if !ok || front.up != "WITH" {
		return nil
	}
	last := at(inside, len(inside)-1)
	switch {
	case len(inside) == 0 || last.up == ",":
		var free []string
		for name := range properties {
			if !slices.ContainsFunc(inside, func(t token) bool { return t.up == name }) {
				free = append(free, name)
			}
		}
		return oneOf(keywords, free...)
	case last.up == "=":
		return p.propertyOffers(at(inside, len(inside)-2).up, n)
	case at(inside, len(inside)-2).up == "=":
		return oneOf(exact, ",", ")")
	}
	return oneOf(exact, "=")
}

func (p *spot) propertyOffers(property string, n *catalog) []offers {
	values := properties[property]
	switch {
	case slices.Equal(values, []string{"topic"}):
		values = quoteAll(n.topics)
	case slices.Equal(values, []string{"column"}):
		values = quoteAll(p.definedColumns())
	}
	if p.quote == outside {
		return oneOf(exact, values...)
	}
	var bare []string
	for _, v := range values {
		if len(v) > 1 && v[0] == '\'' {
			bare = append(bare, v[1:len(v)-1])
		}
	}
	if property == "KAFKA_TOPIC" || property == "TIMESTAMP" {
		return oneOf(exact, bare...)
	}
	return oneOf(keywords, bare...)
}

// definedColumns are the names of the columns that CREATE defines in front of WITH.
func (p *spot) definedColumns() []string {
	var out []string
	depth := 0
	for i, t := range p.before {
		switch t.up {
		case "(", "<":
			depth++
		case ")", ">":
			depth--
		case "WITH":
			return out
		}
		if prev := at(p.before, i-1).up; depth == 1 && (prev == "(" || prev == ",") && t.isName() {
			out = append(out, strings.ToLower(t.text))
		}
	}
	return out
}

// sourceOf is the source that a name stands for: an alias, or itself.
func (p *spot) sourceOf(alias string) string {
	for _, u := range sourcesOf(p.whole) {
		if u.alias == alias {
			return u.source
		}
	}
	return alias
}

// queryOffers completes a query.
func (p *spot) queryOffers(n *catalog) []offers {
	last := p.last(1)
	switch last.up {
	case "FROM", "JOIN":
		return oneOf(names, n.sources()...)
	case "GROUP", "ORDER", "PARTITION":
		return oneOf(keywords, "BY")
	case "EMIT":
		return oneOf(keywords, "CHANGES", "FINAL")
	case "WINDOW":
		return oneOf(keywords, "TUMBLING", "HOPPING", "SESSION")
	case "TUMBLING", "HOPPING":
		return oneOf(exact, "(")
	case "GRACE":
		return oneOf(keywords, "PERIOD")
	case "ADVANCE":
		return oneOf(keywords, "BY")
	case "INNER", "LEFT", "RIGHT", "FULL", "OUTER":
		if last.up != "INNER" && last.up != "OUTER" {
			return oneOf(keywords, "JOIN", "OUTER")
		}
		return oneOf(keywords, "JOIN")
	}
	if last.kind == aWord && last.text[0] >= '0' && last.text[0] <= '9' && (units[p.last(2).up] || p.last(2).up == "(" && units[p.last(3).up]) {
		return oneOf(keywords, unitWords...)
	}
	if inside, front, ok := p.opened(); ok && (front.up == "TUMBLING" || front.up == "HOPPING" || front.up == "SESSION") {
		if len(inside) == 0 && front.up != "SESSION" {
			return oneOf(keywords, "SIZE")
		}
		return oneOf(keywords, "ADVANCE", "GRACE", "RETENTION", "SIZE")
	}
	if last.up == "AS" && slices.ContainsFunc(p.before, func(t token) bool { return t.up == "CAST" }) {
		if _, front, ok := p.opened(); ok && front.up == "CAST" {
			return append(oneOf(keywords, typeWords...), offers{n.types, names})
		}
	}
	return p.expressionOffers(n)
}

// expressionOffers are columns of what the query reads and its aliases, words, and
// functions, in this order.
func (p *spot) expressionOffers(n *catalog) []offers {
	var columns []string
	for _, u := range sourcesOf(p.whole) {
		columns = append(columns, p.completer.columnsOf(u.source)...)
		if u.alias != u.source {
			columns = append(columns, u.alias)
		}
	}
	functions := make([]string, len(n.functions))
	for i, f := range n.functions {
		functions[i] = f + "("
	}
	words := append(append([]string(nil), expressionWords...), clauses...)
	star := p.last(1).up == "*" && slices.Contains([]string{"SELECT", ",", ".", "DISTINCT"}, p.last(2).up)
	if expectsExpression[p.last(1).up] && !star {
		return []offers{{columns, names}, {append(functions, words...), keywords}}
	}
	return []offers{{words, keywords}, {columns, names}, {n.sources(), names}, {functions, names}}
}

// expectsExpression are the words and signs that an expression follows.
var expectsExpression = setOf(`SELECT DISTINCT WHERE ON BY HAVING AND OR NOT WHEN THEN ELSE BETWEEN LIKE IN ( , = < > + - * / % | !`)
