package node_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tailrace/broker/local"
	"tailrace/server/config"
	"tailrace/sql/property"
	"tailrace/storage/record/kerr"
)

// TestLimitsPage holds docs/operations/limits.md against the settings, their defaults, and the
// errors that there are.
func TestLimitsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	codes, err := os.ReadFile("../../docs/reference/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{}
	for _, k := range local.ConfigKeys() {
		defaults[k.Name] = k.Default
	}
	for _, p := range property.All() {
		defaults[p.Name] = p.Default
	}
	for _, s := range config.Settings() {
		defaults[s.Key] = s.Default
	}
	kafka := map[string]bool{}
	for c := kerr.Code(-1); c < 200; c++ {
		kafka[c.Error()] = true
	}
	// A name in backquotes, and the number or word that may follow it.
	setting := regexp.MustCompile("`([a-z]+[a-z_]*[.-][a-z._-]+)`(?: (\\d+))?")
	sqlstate := regexp.MustCompile(`\b(\d\d[0-9A-Z]{3})\b`)
	kafkaName := regexp.MustCompile(`\b[A-Z]{3,}(?:_[A-Z]+)+\b`)
	rows := 0
	for _, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.HasPrefix(cells[1], "---") || cells[1] == " limit " {
			continue
		}
		rows++
		for _, m := range setting.FindAllStringSubmatch(cells[2], -1) {
			def, known := defaults[m[1]]
			switch {
			case !known && m[1] != "ulimit -n":
				t.Errorf("there is no setting %s: %s", m[1], line)
			case m[2] != "" && m[2] != def:
				t.Errorf("the default of %s is %s: %s", m[1], def, line)
			}
		}
		for _, m := range sqlstate.FindAllString(cells[3], -1) {
			if !strings.Contains(string(codes), "| "+m+" |") {
				t.Errorf("there is no error %s: %s", m, line)
			}
		}
		for _, m := range kafkaName.FindAllString(cells[3], -1) {
			if !kafka[m] && !slices.Contains([]string{"GENERATE_SERIES", "CUBE_EXPLODE"}, m) {
				t.Errorf("Kafka has no error %s: %s", m, line)
			}
		}
	}
	if rows < 40 {
		t.Errorf("%d limits were found on the page", rows)
	}
}
