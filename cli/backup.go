package main

import (
	"context"
	"fmt"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"tailrace/broker/local"
	"tailrace/cli/command"
	"tailrace/storage/env"
)

func backupCommand(std command.Stdio) *cobra.Command {
	var url string
	cmd := &cobra.Command{
		Use:   "backup FOLDER",
		Short: "Copy a running server's data into a new folder, as of one moment",
		Long: `Asks the server at --url to copy its log into FOLDER, on the server's machine. It serves
meanwhile. The copy is of one moment: what queries wrote, counted and remember agree. Every
batch is checked on the way, and every file is synced.

A backup is a data folder: "tailrace server --data-dir FOLDER" runs on it. To keep it as it
is, "tailrace restore FOLDER --data-dir NEW" copies it and checks every file again.`,
		Example: `  tailrace backup /backups/monday
  tailrace restore /backups/monday --data-dir ./data`,
		Args:        oneFolder,
		Annotations: map[string]string{command.PsqlCodes: "yes"},
		RunE: func(_ *cobra.Command, args []string) error {
			folder, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			return runSQL(sqlOptions{url: url, actions: []action{{false, "BACKUP TO '" + strings.ReplaceAll(folder, "'", "''") + "';"}}}, std)
		},
	}
	cmd.Flags().StringVar(&url, "url", defaultURL, "address of the server's Postgres port: host:port, or postgres://user@host:port/database")
	return cmd
}

func restoreCommand(std command.Stdio) *cobra.Command {
	var dataDir string
	cmd := &cobra.Command{
		Use:   "restore FOLDER",
		Short: "Make a data folder of a backup",
		Long: `Copies the backup in FOLDER into the data folder, which must be new or empty, and checks
every file against the checksum that the backup has of it. Queries fill their state from
their changelogs when a server is started on it.`,
		Example: `  tailrace restore /backups/monday --data-dir ./data
  tailrace server --data-dir ./data`,
		Args: oneFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if dataDir == "" {
				return command.Usagef("--data-dir is missing: name the folder to restore into")
			}
			ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			b, err := local.Restore(ctx, env.Disk, args[0], dataDir)
			if err != nil {
				return err
			}
			fmt.Fprintf(std.Out, "restored %d files, %d bytes, of %s\n", len(b.Files), b.Bytes(), b.Taken.Format("2006-01-02 15:04:05 MST"))
			return nil
		},
	}
	cmd.Flags().StringVar(&dataDir, "data-dir", "", "folder to restore into: new, or empty")
	return cmd
}

// oneFolder is the argument of the commands on data folders.
var oneFolder = command.Arguments(1, 1, "one folder")
