package compat

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	r := &Report{Mode: Mode(false)}
	for _, res := range []Result{
		{Case: &Case{File: "b"}, Name: "b/1", Status: Passed},
		{Case: &Case{File: "a"}, Name: "a/1", Status: Failed, Reason: "why"},
		{Case: &Case{File: "b"}, Name: "b/2", Status: Skipped, Reason: "format AVRO is not built"},
		{Case: &Case{File: "b"}, Name: "b/3", Status: Passed},
	} {
		r.Add(res)
	}
	var table bytes.Buffer
	r.WriteTable(&table)
	var got []string
	for _, line := range strings.Split(table.String(), "\n") {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	want := []string{"file passed failed skipped", "a 0 1 0", "b 2 0 1", strings.Repeat("-", 58), "total (in process) 2 1 1",
		"skipped: format AVRO is not built 1", "66.7 % of the 3 cases that were not skipped pass", ""}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("table\n got %q\nwant %q", got, want)
	}
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Passed != 2 || back.Failed != 1 || back.Skipped["format AVRO is not built"] != 1 || len(back.Results) != 4 || back.Results[1].Reason != "why" {
		t.Errorf("report %+v, %v", back, err)
	}
}

func TestNamedTopic(t *testing.T) {
	for _, tc := range []struct{ rule, statement, want string }{
		{"the topic of a source that needs one to exist", "CREATE STREAM S (A INT) WITH (VALUE_FORMAT='JSON', kafka_topic='my topic');", "my topic"},
		{"one that is made is not", "CREATE STREAM S (A INT) WITH (kafka_topic='t', partitions=2);", ""},
		{"one of a query is not", "CREATE STREAM S WITH (kafka_topic='t') AS SELECT * FROM R;", ""},
		{"a statement without one", "CREATE TYPE T AS INT;", ""},
	} {
		if got := namedTopic(tc.statement); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.rule, got, tc.want)
		}
	}
}
