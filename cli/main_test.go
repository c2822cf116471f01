package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tailrace/cli/command"
	"tailrace/server/node"
)

// startNode runs a server on a scratch folder and free ports.
func startNode(t *testing.T) *node.Node {
	t.Helper()
	n, err := node.Start(context.Background(), embeddedConfig(t.TempDir()), node.Options{Version: "test", LogTo: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close(context.Background()) })
	return n
}

// tailrace runs a command line.
func tailrace(stdin string, args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	code = run(args, command.Stdio{In: strings.NewReader(stdin), Out: &o, Err: &e, Env: func(string) string { return "" }})
	return code, o.String(), e.String()
}

// TestCommandLine checks exit codes and messages that need no server.
func TestCommandLine(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := free.Addr().String()
	free.Close()
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("num.partitions: 0\nkafka-adr: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		code int
		want string // all of the output, or a pattern between slashes
	}{
		{"no arguments explain", nil, 0, `/(?s)^Tailrace keeps records.*tailrace demo.*Usage:/`},
		{"version flag", []string{"--version"}, 0, "tailrace dev\n"},
		{"version", []string{"version"}, 0, "tailrace dev\n"},
		{"no such command", []string{"serve"}, 2, "tailrace: no command \"serve\"; did you mean \"tailrace server\"?\n"},
		{"no such command at all", []string{"xyzzy"}, 2, "tailrace: no command \"xyzzy\"; \"tailrace --help\" lists the commands\n"},
		{"no such flag", []string{"sql", "--ulr", "x"}, 1, "tailrace: unknown flag: --ulr; did you mean --url?\n"},
		{"no such flag at all", []string{"sql", "--xyzzy"}, 1, "tailrace: unknown flag: --xyzzy; \"tailrace sql --help\" lists the flags\n"},
		{"an argument too many", []string{"sql", "SELECT 1"}, 1, "tailrace: tailrace sql takes no argument, but there is \"SELECT 1\"; -e runs statements, -f a file\n"},
		{"-e before a file that is not there", []string{"sql", "-e", "x", "-f", "nofile.sql"}, 1, "tailrace: nofile.sql: no such file or directory\n"},
		{"a format that is none", []string{"sql", "--format", "xml"}, 1, `/^tailrace: --format: "xml" will not do: there is no format "xml": aligned, unaligned, csv, tsv, json, jsonl, markdown/`},
		{"half a format", []string{"sql", "--format", "json", "--format", "", "-e", "x"}, 1, `/there is no format ""/`},
		{"a variable that is none", []string{"sql", "-v", "a-b=1"}, 1, `/"a-b" is no name of a variable/`},
		{"a special variable's value", []string{"sql", "-v", "ON_ERROR_STOP=maybe"}, 1, `/ON_ERROR_STOP cannot be "maybe"/`},
		{"a setting that is none", []string{"sql", "-P", "formt=csv"}, 1, `/no setting "formt"; did you mean format\?/`},
		{"a setting without a value", []string{"sql", "-P", "format"}, 1, `/it must be name=value/`},
		{"--url and --data-dir", []string{"sql", "--url", "x", "--data-dir", "y"}, 1, "tailrace: --url and --data-dir exclude each other: connect to a server or be one\n"},
		{"no such script", []string{"sql", "-f", "nofile.sql"}, 1, "tailrace: nofile.sql: no such file or directory\n"},
		{"no server", []string{"sql", "--url", closed, "-e", "SHOW TABLES"}, 2,
			"tailrace: no server answers at " + closed + ": connection refused\nStart one with \"tailrace server\", or name another with --url.\n"},
		{"an address that is none", []string{"sql", "--url", "foo bar", "-e", "x"}, 1,
			"tailrace: the address \"foo bar\" cannot be read: it should look like postgres://127.0.0.1:7432 or 127.0.0.1:7432\n"},
		{"all faults of a configuration", []string{"server", "--config", bad, "--max.connections", "many"}, 1,
			"tailrace: 3 settings are wrong:\n  kafka-adr in the configuration file: no such setting; did you mean kafka-addr?\n" +
				"  flag --max.connections: must be a whole number, not \"many\"\n  num.partitions must be between 1 and 10000, not 0\n"},
		{"no such configuration", []string{"server", "--config", "nofile.yaml"}, 1, "tailrace: --config: nofile.yaml: no such file or directory\n"},
		{"help", []string{"server", "--help"}, 0, `/--num.partitions number +Partitions of a topic/`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errOut := tailrace("", tc.args...)
			checkOutput(t, code, out+errOut, tc.code, tc.want)
		})
	}
}

// TestScripts runs statements on a server: goldens of what is printed, exit codes, and
// what is not run after an error.
func TestScripts(t *testing.T) {
	addr := startNode(t).Addrs().PG
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tour := file("tour.sql", `-- a comment; with a semicolon
CREATE STREAM orders (id INT, region VARCHAR, amount DOUBLE)
  WITH (kafka_topic = 'orders', value_format = 'JSON', partitions = 1);
CREATE TABLE sales AS
  SELECT region, COUNT(*) AS orders, SUM(amount) AS total FROM orders GROUP BY region;
INSERT INTO orders (id, region, amount) VALUES (1, 'west', 10.5);
INSERT INTO orders (id, region, amount) VALUES (2, 'west', 4);
SELECT * FROM sales WHERE region = 'west'`)
	tour2 := file("two.sql", "\\echo two\n")
	failing := file("failing.sql", "SHOW TABLES;\n\nSELECT *\n  FROM nix;\nSHOW STREAMS;\n")
	nested := file("nested.sql", "\\i "+failing+"\n")
	const tables = `+------------+-------------+------------+--------------+----------+
| table_name | kafka_topic | key_format | value_format | windowed |
+------------+-------------+------------+--------------+----------+
| SALES      | SALES       | KAFKA      | JSON         | false    |
+------------+-------------+------------+--------------+----------+
(1 row)
`
	const nix = ": ERROR:  NIX does not exist.\nLINE 2:   FROM nix\n               ^\n"
	tests := []struct {
		name  string
		stdin string
		args  []string
		code  int
		want  string
	}{
		{"a file", "", []string{"-f", tour}, 0, `Stream created
Created query with ID CTAS_SALES_1
INSERT 0 1
INSERT 0 1
+--------+--------+-------+
| region | orders | total |
+--------+--------+-------+
| west   |      2 |  14.5 |
+--------+--------+-------+
(1 row)
`},
		{"standard input", "SHOW TABLES;", nil, 0, tables},
		{"a dash is standard input", "SHOW TABLES", []string{"-f", "-"}, 0, tables},
		{"-e", "", []string{"-e", "SHOW TABLES; exit; SHOW TABLES"}, 0, tables},
		{"-e with nothing", "SHOW TABLES", []string{"-e", ""}, 0, ""},
		{"expanded", "", []string{"-x", "-e", "SELECT region, total FROM sales"}, 0, "-[ row 1 ]--------\nregion | west\ntotal  | 14.5\n(1 row)\n"},
		{"commands of the shell", "\\x\nSELECT region FROM sales;\noutput tabular\n\\echo done\n", nil, 0,
			"Expanded display is on.\n-[ row 1 ]--------\nregion | west\n(1 row)\nOutput is TABULAR.\ndone\n"},
		{"the first error ends a script", "", []string{"-f", failing}, 1, tables + failing + ":3" + nix},
		{"of a script in a script", "", []string{"-f", nested}, 1, tables + failing + ":3" + nix},
		{"of standard input", "SELECT *\n  FROM nix;", nil, 1, "stdin:1" + nix},
		{"of -e", "", []string{"-e", "SELECT *\n  FROM nix; SHOW TABLES"}, 1, nix[2:]},
		{"a push query with a limit", "", []string{"-e", "SET 'auto.offset.reset' = 'earliest'; SELECT id, amount FROM orders EMIT CHANGES LIMIT 2"}, 0,
			`/(?s)^SET\n.* 1 \| +10.5 \|.* 2 \| +4 \|.*\(2 rows\)\n$/`},
		{"every -e and -f in order", "", []string{"-c", "\\echo one", "-f", tour2, "-e", "\\echo three"}, 0, "one\ntwo\nthree\n"},
		{"ON_ERROR_STOP off", "", []string{"-v", "ON_ERROR_STOP=off", "-e", "SELECT * FROM nix; \\echo on", "-e", "\\echo and on"}, 0,
			"on\nand on\nERROR:  NIX does not exist.\nLINE 1: SELECT * FROM nix\n                      ^\n"},
		{"csv", "", []string{"--format", "csv", "-e", "SELECT region, orders FROM sales"}, 0, "region,orders\nwest,2\n"},
		{"messages are not among rows for programs", "", []string{"--format", "jsonl", "-e", "DEFINE x = 'y'; SELECT region FROM sales"}, 0, "{\"region\":\"west\"}\nDEFINE\n"},
		{"quiet", "", []string{"-q", "--format", "tsv", "--no-header", "-e", "DEFINE x = 'y'; SELECT region FROM sales"}, 0, "west\n"},
		{"tuples only", "", []string{"-t", "-P", "format=unaligned", "-P", "fieldsep=;", "-e", "SELECT region, orders FROM sales"}, 0, "west;2\n"},
		{"variables", "", []string{"-t", "-P", "format=unaligned", "-v", "r=west", "-v", "t=sales", "-e", "SELECT orders FROM :t WHERE region = :'r'; SELECT orders FROM ${t} WHERE region = '${r}'"}, 0, "2\n2\n"},
		{"DEFINE makes variables of both kinds", "", []string{"-t", "-P", "format=unaligned", "-e", "DEFINE r = 'west'; SELECT orders FROM sales WHERE region = :'r'; SELECT orders FROM sales WHERE region = '${r}'"}, 0, "DEFINE\n2\n2\n"},
		{"what has been printed to a program", "", []string{"-o", "|tr a-z A-Z", "--format", "csv", "-e", "SELECT region FROM sales"}, 0, "REGION\nWEST\n"},
		{"records", "", []string{"--format", "jsonl", "-e", "PRINT orders FROM BEGINNING LIMIT 1"}, 0,
			`/(?s)^{"rowtime":"20.*","partition":0,"offset":0,"key":null,"value":{"ID":1,"REGION":"west","AMOUNT":10.5}}\nValue format: JSON or KAFKA_STRING\n/`},
		{"ECHO", "SHOW TABLES", []string{"-v", "ECHO=queries", "-e", "DEFINE a = 'b'", "-e", "\\echo x"}, 0, "DEFINE a = 'b';\nDEFINE\nx\n"},
		{"a file that cannot be written", "", []string{"-o", "/nowhere/x", "-e", "SHOW TABLES"}, 1, "tailrace: /nowhere/x: no such file or directory\n"},
		{"a disk that is full", "", []string{"-o", "/dev/full", "-e", "SHOW TABLES"}, 1, "ERROR:  /dev/full: no space left on device\n"},
		{"a command that is none", "\\foo\nSHOW TABLES;", nil, 1, "stdin:1: ERROR:  no command \\foo; \\? lists them\n"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errOut := tailrace(tc.stdin, append([]string{"sql", "--url", addr}, tc.args...)...)
			checkOutput(t, code, out+errOut, tc.code, tc.want)
		})
	}
}

// TestEmbedded runs the shell with a server of its own, twice on one folder.
func TestEmbedded(t *testing.T) {
	dir := t.TempDir()
	code, out, errOut := tailrace("", "sql", "--data-dir", dir, "-e",
		"CREATE STREAM s (v INT) WITH (kafka_topic = 's', value_format = 'JSON', partitions = 1)")
	checkOutput(t, code, out+errOut, 0, "Stream created\n")
	code, out, errOut = tailrace("", "sql", "--data-dir", dir, "-e", "DESCRIBE s")
	checkOutput(t, code, out+errOut, 0, `/\| V     \| INTEGER \|/`)
}

// TestFolderInUse starts a second server on a folder.
func TestFolderInUse(t *testing.T) {
	dir := t.TempDir()
	n, err := node.Start(context.Background(), embeddedConfig(dir), node.Options{Version: "test", LogTo: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close(context.Background())
	code, out, errOut := tailrace("", "sql", "--data-dir", dir, "-e", "SHOW TABLES")
	checkOutput(t, code, out+errOut, 1, `/^tailrace: data folder .* is in use by another server/`)
	code, out, errOut = tailrace("", "server", "--data-dir", t.TempDir(), "--kafka-addr", n.Addrs().Kafka)
	checkOutput(t, code, out+errOut, 1, `/^tailrace: kafka-addr .* is taken by another program/`)
}

func checkOutput(t *testing.T, code int, got string, wantCode int, want string) {
	t.Helper()
	if code != wantCode {
		t.Errorf("exit code %d, want %d", code, wantCode)
	}
	if pattern, ok := strings.CutPrefix(want, "/"); ok && strings.HasSuffix(pattern, "/") {
		if !regexp.MustCompile(pattern[:len(pattern)-1]).MatchString(got) {
			t.Errorf("got\n%s\nwhich does not match %s", got, want)
		}
		return
	}
	if got != want {
		t.Errorf("\n--- got\n%s\n--- want\n%s", got, want)
	}
}
