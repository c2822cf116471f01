package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tailrace/cli/demo"
	"tailrace/cli/shell"
	"tailrace/server/node"
)

// defaultURL is where a server with default settings listens.
const defaultURL = "postgres://tailrace@127.0.0.1:7432/tailrace?sslmode=disable"

type sqlOptions struct {
	url, execute, file, dataDir string
	vertical                    bool
}

func sqlCommand() *cobra.Command {
	var o sqlOptions
	cmd := &cobra.Command{
		Use:   "sql",
		Short: "Open the SQL shell, or run statements with -e or -f",
		Long: `Opens the shell on a server's Postgres port. With -e, -f or standard input that is
not a terminal it runs statements and ends: exit code 0 if all went well, 2 when
no server answers, 3 when a statement failed (the rest is not run).

With --data-dir it runs a server on that folder itself, for as long as the shell is open.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runSQL(o) },
	}
	cmd.Flags().StringVar(&o.url, "url", defaultURL, "address of the server's Postgres port")
	cmd.Flags().StringVarP(&o.execute, "execute", "e", "", "run these statements and end")
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "run the statements of a file and end; - is standard input")
	cmd.Flags().StringVar(&o.dataDir, "data-dir", "", "run a server on this folder while the shell is open")
	cmd.Flags().BoolVarP(&o.vertical, "vertical", "x", false, "print one column a line")
	cmd.MarkFlagsMutuallyExclusive("execute", "file")
	cmd.MarkFlagsMutuallyExclusive("url", "data-dir")
	return cmd
}

func runSQL(o sqlOptions) error {
	ctx := context.Background()
	script, isScript, err := scriptOf(o)
	if err != nil {
		return err
	}
	if o.dataDir != "" {
		n, err := node.Start(ctx, embeddedConfig(o.dataDir), node.Options{Version: version, LogTo: io.Discard})
		if err != nil {
			return err
		}
		defer closeNode(n)
		o.url = demo.URL(n.Addrs().PG)
	}
	s, err := openShell(ctx, o.url, o.vertical, isScript)
	if err != nil {
		return err
	}
	defer s.Close()
	if !isScript {
		return s.Interactive()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	err = s.RunScript(ctx, script)
	switch {
	case err == nil, errors.Is(err, shell.ErrQuit):
		return nil
	}
	return &exitError{exitScript, err, true} // the shell has printed it
}

func openShell(ctx context.Context, url string, vertical, quiet bool) (*shell.Shell, error) {
	s, err := shell.Open(ctx, shell.Options{URL: url, Out: os.Stdout, Err: os.Stderr, HistoryFile: historyFile(), Quiet: quiet, Vertical: vertical})
	if err != nil {
		return nil, &exitError{exitConnection, fmt.Errorf("%w\nStart one with \"tailrace server\", or name another with --url.", err), false}
	}
	return s, nil
}

// scriptOf returns the statements to run without a dialogue.
func scriptOf(o sqlOptions) (text string, ok bool, err error) {
	switch {
	case o.execute != "":
		return o.execute, true, nil
	case o.file == "-" || o.file == "" && !term.IsTerminal(int(os.Stdin.Fd())):
		b, err := io.ReadAll(os.Stdin)
		return string(b), true, err
	case o.file != "":
		b, err := os.ReadFile(o.file)
		return string(b), true, err
	}
	return "", false, nil
}

// historyFile is where the shell keeps its history; none when there is no home folder.
func historyFile() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".tailrace_history")
}
