package node

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
)

// TestListenersBeyondThisMachine want a flag, and are loudly told of; the HTTP port
// answers to its own names only.
func TestListenersBeyondThisMachine(t *testing.T) {
	ctx := context.Background()
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0"} {
		for _, listener := range []string{"kafka-addr", "pg-addr", "http-addr"} {
			cfg := testConfig(t)
			if err := cfg.Set(listener, addr); err != nil {
				t.Fatal(err)
			}
			n, err := Start(ctx, cfg, Options{})
			if err == nil {
				_ = n.Close(ctx)
			}
			if err == nil || !strings.Contains(err.Error(), listener) || !strings.Contains(err.Error(), "--allow-insecure-listeners") {
				t.Errorf("--%s %s: %v", listener, addr, err)
			}
		}
	}
	cfg := testConfig(t)
	cfg.HTTPAddr, cfg.AllowInsecureListeners, cfg.HTTPAllowedHosts = "0.0.0.0:0", true, "rail.example, other.example"
	var log bytes.Buffer
	n, err := Start(ctx, cfg, Options{LogTo: &log})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "INSECURE LISTENER") || !strings.Contains(log.String(), "http-addr") {
		t.Errorf("the log says nothing of it: %s", log.String())
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(n.Addrs().HTTP, "[::]"), ":")
	for host, want := range map[string]int{"": 200, "localhost": 200, "other.example": 200, "evil.example": 421} {
		r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+port+"/info", nil)
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			r.Host = host + ":" + port
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("asked as %q: %d, want %d", host, res.StatusCode, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	if err := n.Close(ctx); err != nil {
		t.Error(err)
	}
}
