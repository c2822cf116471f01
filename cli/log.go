package main

import (
	"bufio"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"tailrace/broker/local"
	"tailrace/cli/command"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/segment"
)

// logCommand works on files, where no server runs, also where one will not start.
func logCommand(std command.Stdio) *cobra.Command {
	return command.Group(&cobra.Command{
		Use:   "log",
		Short: "Check, print and repair the files of a data folder, offline",
		Long: `Works on the files of a data folder while no server has it open, also of one that a
server will not start on. DIR is the folder that --data-dir names.`,
		Example: `  tailrace log verify ./data
  tailrace log dump --records data/log/orders-0/00000000000000000000.log
  tailrace log repair ./data`,
	}, logVerifyCommand(std), logDumpCommand(std), logRepairCommand(std))
}

// logFolder is the folder of the log in a data folder, or the folder itself.
func logFolder(dir string) string {
	inner := filepath.Join(dir, "log")
	if _, err := env.Disk.Stat(inner); err == nil {
		return inner
	}
	return dir
}

func logVerifyCommand(std command.Stdio) *cobra.Command {
	var quiet bool
	cmd := &cobra.Command{
		Use:   "verify DIR",
		Short: "Check every file, and say what is wrong and what becomes of it",
		Long: `Reads every batch of every partition, the journal and the metadata, checks their
checksums, and compares the logs with what the checkpoints say of them. It changes nothing.
Exit code 0: nothing is damaged (what is made anew by the next start does not count);
1: there is damage, or the folder cannot be read.`,
		Example: "  tailrace log verify ./data",
		Args:    oneFolder,
		RunE: func(_ *cobra.Command, args []string) error {
			damaged := 0
			tell := func(f local.Finding) {
				if f.Damage {
					damaged++
				}
				fmt.Fprint(std.Out, findingText(f))
			}
			o, found, err := local.OpenOffline(env.Disk, logFolder(args[0]))
			if err != nil {
				return err
			}
			defer o.Close()
			for _, f := range found {
				tell(f)
			}
			partitions, bytes := 0, int64(0)
			err = o.Verify(func(tp commitlog.TopicPartition, r segment.Report) {
				partitions, bytes = partitions+1, bytes+r.Bytes
				if !quiet && r.Segments > 0 {
					fmt.Fprintf(std.Out, "partition %s: offsets %d to %d, %d segments, %d bytes\n", tp, r.Start, r.End, r.Segments, r.Bytes)
				}
			}, tell)
			if err != nil {
				return err
			}
			if damaged > 0 {
				return fmt.Errorf("%d damages in %d partitions, %d bytes; see above", damaged, partitions, bytes)
			}
			fmt.Fprintf(std.Out, "nothing is damaged: %d partitions, %d bytes\n", partitions, bytes)
			return nil
		},
	}
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print only what is wrong")
	return cmd
}

func findingText(f local.Finding) string {
	kind := "note"
	if f.Damage {
		kind = "DAMAGE"
	}
	text := fmt.Sprintf("%s: %s: %s\n  %s", kind, f.Part, f.Reason, f.File)
	if f.Offset >= 0 {
		text += fmt.Sprintf(" at byte %d", f.Offset)
	}
	if f.Remedy != "" {
		text += "\n  " + f.Remedy
	}
	return text + "\n"
}

func logDumpCommand(std command.Stdio) *cobra.Command {
	var records bool
	cmd := &cobra.Command{
		Use:   "dump FILE...",
		Short: "Print segments, indexes, snapshots, journal, metadata and checkpoints",
		Long: `Prints files of a data folder in a readable form: a line a batch of .log files (and, with
--records, a line a record; those of __consumer_offsets are decoded, and those of the command
topic are text), a line an entry of indexes, producer snapshots, the journal and metadata.journal.
What is damaged is marked, and what lies behind it is printed.`,
		Example: "  tailrace log dump --records data/log/orders-0/00000000000000000000.log\n  tailrace log dump data/log/metadata.journal",
		Args:    command.Arguments(1, -1, "a file"),
		RunE: func(_ *cobra.Command, args []string) error {
			w := bufio.NewWriter(std.Out)
			defer w.Flush()
			for _, name := range args {
				if len(args) > 1 {
					fmt.Fprintf(w, "%s\n", name)
				}
				if err := local.Dump(env.Disk, name, w, records); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&records, "records", "r", false, "print every record of .log files too")
	return cmd
}

func logRepairCommand(std command.Stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "repair DIR",
		Short: "Go on without the records that cannot be read",
		Long: `Makes what "log verify" calls damage of partitions gaps, as compaction leaves them: readers
go over them from then on. What is whole of a damaged file is kept, and the file itself goes to
lost+found in the folder. Everything else that verify names is put right by the next start of a
server. To have the records back, restore a backup instead.`,
		Example: "  tailrace log repair ./data",
		Args:    oneFolder,
		RunE: func(_ *cobra.Command, args []string) error {
			o, _, err := local.OpenOffline(env.Disk, logFolder(args[0]))
			if err != nil {
				return err
			}
			defer o.Close()
			n := 0
			err = o.Repair(func(text string) { n++; fmt.Fprintln(std.Out, text) })
			if err == nil && n == 0 {
				fmt.Fprintln(std.Out, "nothing to repair")
			}
			return err
		},
	}
}
