package main

import (
	"context"
	"fmt"
	"net"

	"tailrace/cli/command"
	"tailrace/server/config"
	"tailrace/server/node"
)

// embeddedConfig is that of a server which lives inside another command: free ports, so
// that it disturbs nobody, and no wait for consumers that do not come.
func embeddedConfig(dir string) config.Config {
	cfg := config.Default()
	cfg.DataDir = dir
	cfg.KafkaAddr, cfg.PGAddr, cfg.HTTPAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.InitialRebalanceDelay = 0
	return cfg
}

// closeNode stops an embedded server; what it could not finish is recovered at the next
// start.
func closeNode(n *node.Node, std command.Stdio) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := n.Close(ctx); err != nil {
		fmt.Fprintf(std.Err, "tailrace: %s\n", err)
	}
}

func splitAddr(addr string) (host, port string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr, ""
	}
	return host, port
}
