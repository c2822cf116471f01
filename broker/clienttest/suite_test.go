package clienttest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tailrace/broker"
)

// withoutTransactions skips the one test of franz-go's suite that needs a transaction
// coordinator; tests of share groups, of KIP-848 and of SCRAM skip themselves.
const withoutTransactions = "^TestTxnEtl$"

// TestFranzGoSuite runs the tests of franz-go's own client package against a node. They
// take two minutes, so it waits for TAILRACE_KGO_SUITE to be set.
func TestFranzGoSuite(t *testing.T) {
	if os.Getenv("TAILRACE_KGO_SUITE") == "" {
		t.Skip("TAILRACE_KGO_SUITE is not set")
	}
	n := start(t, broker.Config{})
	const pkg = "github.com/twmb/franz-go/pkg/kgo"
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "kgo.test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, pkg).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	records := os.Getenv("KGO_TEST_RECORDS")
	if records == "" {
		records = "50000"
	}
	cmd := exec.Command(binary, "-test.count=1", "-test.timeout=15m", "-test.v", "-test.skip="+withoutTransactions)
	cmd.Dir = strings.TrimSpace(string(dir))
	cmd.Env = append(os.Environ(), "KGO_TEST_RF=1", "KGO_TEST_RECORDS="+records, "KGO_SEEDS="+n.addr)
	out, err := cmd.CombinedOutput()
	result := func(word string) int { return bytes.Count(out, []byte("--- "+word+": ")) }
	t.Logf("franz-go's suite: %d passed, %d skipped, %d failed", result("PASS"), result("SKIP"), result("FAIL"))
	if err != nil {
		failed := regexp.MustCompile(`(?m)^\s*--- FAIL: .*$`).FindAll(out, -1)
		t.Errorf("%v\n%s\n%s", err, bytes.Join(failed, []byte("\n")), out[max(0, len(out)-4000):])
	}
}
