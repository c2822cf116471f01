package node

import (
	"context"
	"net"
	"strings"
	"testing"

	"tailrace/server/config"
)

func testConfig(t *testing.T) config.Config {
	t.Helper()
	c := config.Default()
	c.DataDir = t.TempDir()
	c.KafkaAddr, c.PGAddr, c.HTTPAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	return c
}

// A node that is stopped right after its start, while its ports begin to serve, and with
// clients that say nothing, stops without an error, and its folder is free again.
func TestStartAndClose(t *testing.T) {
	cfg := testConfig(t)
	ctx := context.Background()
	for range 10 {
		n, err := Start(ctx, cfg, Options{Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		for _, addr := range []string{n.Addrs().Kafka, n.Addrs().PG} {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
		if err := n.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// A port that is taken is an error that names the setting, and opens nothing.
func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := testConfig(t)
	cfg.PGAddr = l.Addr().String()
	if _, err := Start(context.Background(), cfg, Options{}); err == nil || !strings.Contains(err.Error(), "--pg-addr") {
		t.Errorf("a taken port: %v", err)
	}
	cfg.PGAddr = "127.0.0.1:0"
	n, err := Start(context.Background(), cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
