package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tailrace/cli/demo"
	"tailrace/server/node"
)

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Load real data into a scratch server, query it live, leave the shell open",
		Long: `Starts a server on a scratch folder with free ports, loads 20,000 flights through its
Kafka port, runs continuous queries over them, shows their changes and answers, and
leaves the shell open. When standard input is not a terminal it ends there.
The scratch folder is removed at the end.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return runDemo() },
	}
}

func runDemo() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "tailrace-demo-")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(dir)
	cfg := embeddedConfig(dir)
	cfg.RetentionMs = -1 // the flights are of 2001: any retention by time would drop them
	n, err := node.Start(ctx, cfg, node.Options{Version: version, LogTo: io.Discard})
	if err != nil {
		return err
	}
	defer closeNode(n)
	fmt.Printf("Tailrace %s: a streaming SQL database in one program.\nServing on %s\n", version, n.Addrs())
	err = demo.Run(ctx, demo.Options{Kafka: n.Addrs().Kafka, PG: n.Addrs().PG, Out: os.Stdout, Err: os.Stderr,
		Terminal: term.IsTerminal(int(os.Stdout.Fd()))})
	if err != nil {
		return err
	}
	printConnections(n.Addrs())
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil
	}
	stop() // from here Ctrl-C belongs to the shell
	s, err := openShell(context.Background(), demo.URL(n.Addrs().PG), false, false)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Interactive()
}

func printConnections(a node.Addrs) {
	host, port := splitAddr(a.PG)
	fmt.Printf(`── Connect while the demo runs

  psql -h %s -p %s
  kcat -b %s -C -t BY_STATE -e
  tailrace sql --url '%s'
  curl http://%s/metrics

`, host, port, a.Kafka, demo.URL(a.PG), a.HTTP)
}
