package config

import (
	"fmt"
	"strings"

	"tailrace/sql/property"
)

// Reference is the text of docs/reference/configuration.md.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Generated from server/config/settings.go: go test ./server/config -run TestReferencePage -update -->

Every setting is a flag of ` + "`tailrace server`" + `, an environment variable, and a line of the YAML
file that ` + "`--config`" + ` names. Flags are over the environment, the environment over the file, the
file over defaults. All faults are reported at once, before anything starts.

` + "```" + `
tailrace server --num.partitions 4
TAILRACE_NUM_PARTITIONS=4 tailrace server
echo 'num.partitions: 4' > tailrace.yaml && tailrace server --config tailrace.yaml
` + "```" + `

In the file nested keys join with dots: ` + "`log: {segment.bytes: 1048576}`" + ` is ` + "`log.segment.bytes`" + `.
Settings with names of Kafka's or ksqlDB's mean what they mean there.

| setting | kind | default | |
|---|---|---|---|
`)
	for _, s := range settings {
		def := "`" + s.Default + "`"
		if s.Default == "" {
			def = ""
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Key, s.Kind, def, strings.ReplaceAll(s.Doc, "|", `\|`))
	}
	b.WriteString(`
## Properties of statements

What statements are planned and run with. A server that is given one has its sessions start with it;
` + "`SET 'property' = 'value';`" + ` changes it for the statements that follow in a session, ` + "`UNSET 'property';`" + `
takes that back, and ` + "`SHOW PROPERTIES`" + ` lists all, with the settings above. A query keeps the properties that it was made with.
Names may begin with ` + "`ksql.streams.`" + `, as in ksqlDB.

| property | default | |
|---|---|---|
`)
	for _, p := range property.All() {
		def := "`" + p.Default + "`"
		if p.Default == "" {
			def = ""
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, def, strings.ReplaceAll(p.Doc, "|", `\|`))
	}
	return b.String()
}
