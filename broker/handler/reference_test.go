package handler

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var write = flag.Bool("write", false, "write the generated page instead of comparing it")

// The page in docs/ says what is registered; go test ./broker/handler -write renews it.
func TestReferencePage(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "reference", "kafka-api.md")
	page := referencePage()
	if *write {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != page {
		t.Errorf("%s is not what the handlers say (%v); go test ./broker/handler -write", path, err)
	}
}

func referencePage() string {
	var b strings.Builder
	b.WriteString(`# Kafka requests that are served

Generated from the handlers (broker/handler) by its tests; do not edit.

The ranges are those of Apache Kafka 4.4. Produce is announced from v0, because librdkafka
before 2.11.1 takes its absence for a broker without compression; the message sets of v0
to v2 are refused. A request of another key or version closes its connection, except that
ApiVersions is then answered in v0 with UNSUPPORTED_VERSION and its range.

| key | request | versions | flexible from |
|---|---|---|---|
`)
	for _, s := range ServedAPIs() {
		flexible := "never"
		if s.Flexible >= 0 {
			flexible = fmt.Sprintf("v%d", s.Flexible)
		}
		fmt.Fprintf(&b, "| %d | %s | %d to %d | %s |\n", s.Key, s.Name, s.Min, s.Max, flexible)
	}
	b.WriteString(`
Not served: transactions (24 to 28, 65; InitProducerId refuses a transactional id), the
consumer protocol of KIP-848 (68, 69), share and streams groups (76 to 93), SASL and
delegation tokens (17, 36, 38 to 41, 51), changes of quotas (49), other nodes (64, 80, 81,
94). There are no quotas, passwords and transactions to list. Requests about access are answered with SECURITY_DISABLED. The only feature is
metadata.version, at 33, which is Kafka 4.4's.

Fetch opens no sessions: a request for one is answered in full with session id 0.
`)
	return b.String()
}
