package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated reference page")

const referencePage = "../../docs/reference/configuration.md"

// TestReferencePage keeps the page about settings as the declarations have them.
func TestReferencePage(t *testing.T) {
	want := Reference()
	if *update {
		if err := os.WriteFile(referencePage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is out of date: run\n  go test ./server/config -run TestReferencePage -update", referencePage)
	}
}

func TestSettings(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Settings() {
		if seen[s.Key] {
			t.Errorf("%s is declared twice", s.Key)
		}
		seen[s.Key] = true
		if s.Doc == "" || !strings.HasSuffix(s.Doc, ".") {
			t.Errorf("%s: the documentation %q is not a sentence", s.Key, s.Doc)
		}
	}
	if err := Default().Validate(); err != nil {
		t.Errorf("the defaults are not valid: %v", err)
	}
}

func TestLoad(t *testing.T) {
	tests := []struct {
		name  string
		file  string
		env   map[string]string
		flags map[string]string
		want  string // of num.partitions, kafka-addr and the properties
	}{
		{"defaults", "", nil, nil, "1 127.0.0.1:9092 map[]"},
		{"the file is over defaults", "num.partitions: 3\n", nil, nil, "3 127.0.0.1:9092 map[]"},
		{"nested keys of the file join with dots", "num:\n  partitions: 3\n", nil, nil, "3 127.0.0.1:9092 map[]"},
		{"the environment is over the file", "num.partitions: 3\n", map[string]string{"TAILRACE_NUM_PARTITIONS": "4"}, nil, "4 127.0.0.1:9092 map[]"},
		{"flags are over the environment", "num.partitions: 3\n", map[string]string{"TAILRACE_NUM_PARTITIONS": "4"},
			map[string]string{"num.partitions": "5"}, "5 127.0.0.1:9092 map[]"},
		{"sources mix", "num.partitions: 3\n", map[string]string{"TAILRACE_KAFKA_ADDR": "0.0.0.0:1"}, nil, "3 0.0.0.0:1 map[]"},
		{"ksql properties go to sessions", "ksql:\n  streams:\n    num.threads: 2\nauto.offset.reset: earliest\n", nil, nil,
			"1 127.0.0.1:9092 map[auto.offset.reset:earliest ksql.streams.num.threads:2]"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			c, err := Load([]byte(tc.file), lookup(tc.env), tc.flags)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(c.NumPartitions, " ", c.KafkaAddr, " ", c.Properties); got != tc.want {
				t.Errorf("\n got %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestLoadFaults(t *testing.T) {
	tests := []struct {
		name  string
		file  string
		env   map[string]string
		flags map[string]string
		want  string
	}{
		{"one fault is one line", "kafka-adr: x\n", nil, nil,
			"kafka-adr in the configuration file: no such setting; did you mean kafka-addr?"},
		{"all faults of all sources at once", "log.segment.bytes: x\nauto.create.topics.enable: perhaps\n",
			map[string]string{"TAILRACE_MAX_CONNECTIONS": "many"}, map[string]string{"num.partitions": "0", "log.level": "loud"},
			`5 settings are wrong:
  auto.create.topics.enable in the configuration file: must be true or false, not "perhaps"
  log.segment.bytes in the configuration file: must be a whole number, not "x"
  environment variable TAILRACE_MAX_CONNECTIONS: must be a whole number, not "many"
  flag --log.level: must be one of debug, info, warn, error, not "loud"
  num.partitions must be between 1 and 10000, not 0`},
		{"limits", "", nil, map[string]string{"log.segment.bytes": "1000", "log.retention.ms": "-2", "pull.timeout.ms": "0", "data-dir": ""},
			`4 settings are wrong:
  data-dir must be a folder, not ""
  log.segment.bytes must be at least 1048576 (1 MiB), not 1000
  log.retention.ms must be -1 or more, not -2
  pull.timeout.ms must be at least 1, not 0`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load([]byte(tc.file), lookup(tc.env), tc.flags)
			if err == nil || err.Error() != tc.want {
				t.Errorf("\n got %v\nwant %s", err, tc.want)
			}
			var faults Faults
			if !errors.As(err, &faults) {
				t.Errorf("%T is not Faults", err)
			}
		})
	}
	if _, err := Load([]byte("a: [1\n"), lookup(nil), nil); err == nil || !strings.Contains(err.Error(), "not YAML") {
		t.Errorf("a file that is not YAML: %v", err)
	}
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}
