package planner_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"tailrace/planner"
	"tailrace/planner/plan"
	"tailrace/sql/catalog"
	"tailrace/sql/parse"
)

// keptPlans are statements whose plans are kept in testdata/plans: what a command log of
// this version may hold. Later versions must read them, and read them as the same.
var keptPlans = []struct{ name, setup, statement string }{
	{"create_stream", "", "CREATE STREAM s (id INT KEY, v STRING, ts STRING, h BYTES HEADER('k')) WITH (kafka_topic='s', value_format='delimited', value_delimiter='|', timestamp='ts', timestamp_format='yyyy-MM-dd');"},
	{"create_table_bare", "", "CREATE TABLE t (id INT PRIMARY KEY, v DECIMAL(10, 2));"},
	{"filter_project", streams, "CREATE STREAM o AS SELECT id, v * 2.5 AS v, CASE WHEN v > 1 THEN 'a' ELSE name END AS c, ARRAY[1, 2][1] AS a FROM s WHERE name LIKE 'a%' AND v IN (1, 2);"},
	{"partition_by", streams, "CREATE STREAM o AS SELECT UCASE(name) AS k, v FROM s PARTITION BY UCASE(name);"},
	{"explode", streams, "CREATE STREAM o AS SELECT id, EXPLODE(list) AS x FROM s;"},
	{"group_by", streams, "CREATE TABLE o AS SELECT name, COUNT(*) AS n, SUM(v) AS s, TOPK(v, 3) AS t FROM s GROUP BY name HAVING COUNT(*) > 1;"},
	{"window_final", streams, "CREATE TABLE o AS SELECT name, COUNT(*) AS n FROM s WINDOW HOPPING (SIZE 1 MINUTE, ADVANCE BY 10 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY name EMIT FINAL;"},
	{"session", streams, "CREATE TABLE o AS SELECT name, MAX(v) AS n FROM s WINDOW SESSION (30 SECONDS) GROUP BY name;"},
	{"stream_table", streams, "CREATE STREAM o AS SELECT s.name, t.city, v FROM s LEFT JOIN t ON s.name = t.code;"},
	{"stream_stream", streams, "CREATE STREAM o AS SELECT s.id, r.w FROM s JOIN r WITHIN (1 MINUTE, 2 MINUTES) GRACE PERIOD 1 MINUTE ON s.id = r.id;"},
	{"table_table", streams, "CREATE TABLE o AS SELECT * FROM t FULL JOIN u ON t.code = u.code;"},
	{"foreign_key", streams, "CREATE TABLE o AS SELECT u.code, t.city FROM u JOIN t ON u.other = t.code;"},
	{"insert_into", streams, "INSERT INTO r SELECT id, v AS w FROM s;"},
	{"lambda", streams, "CREATE STREAM o AS SELECT id, TRANSFORM(list, x => x + v) AS l, TRANSFORM(list, x => REDUCE(list, 0, (a, b) => a + b * x)) AS m FROM s;"},
}

const streams = `
CREATE STREAM s (id STRING KEY, name STRING, v INT, list ARRAY<INT>) WITH (kafka_topic='s', value_format='json');
CREATE STREAM r (id STRING KEY, w BIGINT) WITH (kafka_topic='r', value_format='json');
CREATE TABLE t (code STRING PRIMARY KEY, city STRING) WITH (kafka_topic='t', value_format='json');
CREATE TABLE u (code STRING PRIMARY KEY, other STRING) WITH (kafka_topic='u', value_format='json');`

// TestKeptPlans reads the kept plans, checks them, and writes them again: nothing may be
// lost. KEEP_PLANS=1 adds the files that are missing; those that exist never change.
func TestKeptPlans(t *testing.T) {
	for _, k := range keptPlans {
		file := filepath.Join("testdata", "plans", "1", k.name+".json")
		kept, err := os.ReadFile(file)
		if os.IsNotExist(err) && os.Getenv("KEEP_PLANS") != "" {
			kept = keep(t, file, k.setup, k.statement)
		} else if err != nil {
			t.Errorf("%v; KEEP_PLANS=1 makes it", err)
			continue
		}
		var cmd plan.Command
		if err := json.Unmarshal(kept, &cmd); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if cmd.Query != nil {
			if err := plan.Check(cmd.Query); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		if again := marshal(t, &cmd); !bytes.Equal(again, bytes.TrimSpace(kept)) {
			t.Errorf("%s changes when it is read and written:\n%s", file, again)
		}
		if _, err := plan.Apply(catalog.Empty(), &cmd); err != nil {
			t.Errorf("%s: Apply: %v", file, err)
		}
	}
}

func keep(t *testing.T, file, setup, statement string) []byte {
	s := &session{catalog: catalog.Empty()}
	if out := s.run(setup, false); setup != "" && bytes.Contains([]byte(out), []byte("ERROR")) {
		t.Fatal(out)
	}
	st, err := parse.ParseOne(statement)
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := planner.Plan(st.AST, planner.Env{Catalog: s.catalog, Text: statement, Statement: st.Text, Topics: fakeTopics{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	out := marshal(t, cmd)
	if err := os.WriteFile(file, append(out, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	return out
}

func marshal(t *testing.T, cmd *plan.Command) []byte {
	out, err := json.MarshalIndent(cmd, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// FuzzCommand feeds the reader of persisted commands: whatever stands in a command log,
// reading and checking it fails with an error, never with a panic.
func FuzzCommand(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("testdata", "plans", "1", "*.json"))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"Query":{"Root":{"op":"filter"}}}`))
	f.Add([]byte(`{"Query":{"Root":{"op":"join"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var cmd plan.Command
		if json.Unmarshal(data, &cmd) != nil || cmd.Query == nil {
			return
		}
		_ = plan.Check(cmd.Query)
		if _, err := json.Marshal(&cmd); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}
