package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tailrace/cli/command"
	"tailrace/cli/demo"
	"tailrace/cli/shell"
	"tailrace/server/node"
)

func demoCommand(std command.Stdio) *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Load real data into a scratch server, query it live, leave the shell open",
		Long: `Starts a server on a scratch folder with free ports, loads 20,000 flights through its
Kafka port, runs continuous queries over them, shows their changes and answers, and
leaves the shell open, while flights keep departing. When standard input is not a
terminal it ends there. With --keep it goes on, without the shell too, until Ctrl-C.
The scratch folder is removed at the end.`,
		Example: "  tailrace demo\n  tailrace demo --keep",
		Args:    command.NoArguments(""),
		RunE:    func(*cobra.Command, []string) error { return runDemo(std, keep) },
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "keep the server and its queries running until Ctrl-C")
	return cmd
}

func runDemo(std command.Stdio, keep bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "tailrace-demo-")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	remove := removeAtEnd(dir, std)
	defer remove()
	cfg := embeddedConfig(dir)
	cfg.RetentionMs = -1 // the flights are of 2001: any retention by time would drop them
	n, err := node.Start(ctx, cfg, node.Options{Version: version, LogTo: io.Discard})
	if err != nil {
		return err
	}
	defer closeNode(n, std)
	fmt.Fprintf(std.Out, "Tailrace %s: a streaming SQL database in one program.\nServing on %s\n\n", version, n.Addrs())
	err = demo.Run(ctx, demo.Options{Kafka: n.Addrs().Kafka, PG: n.Addrs().PG, Out: std.Out, Err: std.Err, Screen: func() shell.Screen { return screenOf(std.Out, std.Env) }})
	if ctx.Err() != nil {
		fmt.Fprintln(std.Err, "\nInterrupted; the scratch folder is removed.")
		return command.Silent(command.ExitInterrupted, ctx.Err())
	}
	if err != nil {
		return err
	}
	printConnections(n.Addrs(), std)
	f, ok := std.In.(*os.File)
	terminal := ok && term.IsTerminal(int(f.Fd()))
	if !terminal && !keep {
		return nil
	}
	moving, stand := context.WithCancel(context.Background())
	defer stand()
	go demo.Depart(moving, n.Addrs().Kafka)
	if terminal {
		stop() // from here Ctrl-C belongs to the shell
		if err := demoShell(n.Addrs().PG, std); err != nil || !keep {
			return err
		}
	}
	ctx, stop = signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Fprintln(std.Out, "The demo keeps running; Ctrl-C ends it and removes its scratch folder.")
	<-ctx.Done()
	return nil
}

func demoShell(addr string, std command.Stdio) error {
	s, err := openShell(context.Background(), sqlOptions{url: demo.URL(addr)}, std)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Interactive()
}

// removeAtEnd removes a scratch folder when the function that it returns is called, or a
// signal ends the program: SIGTERM, or SIGHUP when the terminal is closed. The terminal
// gets back the state that it has now.
func removeAtEnd(dir string, std command.Stdio) (remove func()) {
	var once sync.Once
	remove = func() {
		once.Do(func() {
			if err := os.RemoveAll(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
				fmt.Fprintf(std.Err, "tailrace: the scratch folder stays behind: %s\n", err)
			}
		})
	}
	restore := func() {}
	if f, ok := std.In.(*os.File); ok {
		if state, err := term.GetState(int(f.Fd())); err == nil {
			restore = func() { _ = term.Restore(int(f.Fd()), state) }
		}
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		got := <-signals
		restore()
		// The server still writes: what it makes between listing and removing a folder
		// fails the removal once, hardly ever twice.
		for range 3 {
			if os.RemoveAll(dir) == nil {
				break
			}
		}
		code := 128
		if s, ok := got.(syscall.Signal); ok {
			code += int(s)
		}
		os.Exit(code)
	}()
	return remove
}

func printConnections(a node.Addrs, std command.Stdio) {
	host, port := splitAddr(a.PG)
	fmt.Fprintf(std.Out, `%s

  psql -h %s -p %s
  kcat -b %s -C -t BY_STATE -e
  %s sql --url %s
  http://%s/   the console, in a browser: twenty flights a second keep departing

`, screenOf(std.Out, std.Env).Title("Connect while the demo runs"), host, port, a.Kafka, os.Args[0], a.PG, a.HTTP)
}
