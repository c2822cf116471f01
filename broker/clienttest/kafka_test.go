package clienttest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// fetched is a folder of what make clients has fetched; without it the test skips.
func fetched(t *testing.T, which string) string {
	t.Helper()
	root := os.Getenv("TAILRACE_CLIENTS")
	if root == "" {
		t.Skip("TAILRACE_CLIENTS is not set: make clients runs this test")
	}
	dir, err := filepath.Abs(filepath.Join(root, which))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// kafka runs one Kafka node until the test ends, and returns its address and the folder of
// its logs.
func kafka(t *testing.T, settings ...string) (addr, data string) {
	t.Helper()
	dir, class := t.TempDir(), jars(t, "kafka")
	addr, controller := freeAddr(t), freeAddr(t)
	data = filepath.Join(dir, "data")
	props := filepath.Join(dir, "server.properties")
	text := fmt.Sprintf(`process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[2]s
listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s
advertised.listeners=PLAINTEXT://%[1]s
controller.listener.names=CONTROLLER
log.dirs=%[3]s
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
%[4]s
`, addr, controller, data, strings.Join(settings, "\n"))
	if err := os.WriteFile(props, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	format := class.java(context.Background(), "kafka.tools.StorageTool", "format", "-t", "AAAAAAAAQACAAAAAAAAAAQ",
		"--feature", "eligible.leader.replicas.version=0", "-c", props)
	if out, err := format.CombinedOutput(); err != nil {
		t.Fatalf("format: %v\n%s", err, out)
	}
	server := class.java(context.Background(), "kafka.Kafka", props)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for cl.Ping(ctx) != nil {
		if ctx.Err() != nil {
			t.Fatal("Kafka does not start")
		}
		time.Sleep(200 * time.Millisecond)
	}
	return addr, data
}

func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}
