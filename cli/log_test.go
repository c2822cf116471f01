package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tailrace/broker/local"
	"tailrace/cli/command"
	"tailrace/storage/commitlog"
	"tailrace/storage/commitlog/logtest"
)

// TestLogCommands: verify, dump and repair on a folder with one flipped bit.
func TestLogCommands(t *testing.T) {
	dir := t.TempDir()
	l, err := local.Open(local.Config{Dir: filepath.Join(dir, "log")})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if _, err := l.CreateTopic(ctx, commitlog.TopicSpec{Name: "t", Partitions: 1, ReplicationFactor: 1}); err != nil {
		t.Fatal(err)
	}
	tp := commitlog.TopicPartition{Topic: "t"}
	for _, v := range []string{"one", "two", "three"} {
		if _, err := l.Append(ctx, commitlog.PartitionBatch{TopicPartition: tp, Batch: logtest.Batch(5, v)}, commitlog.AcksDurable); err != nil {
			t.Fatal(err)
		}
	}
	logCommand := func(code int, args ...string) string {
		t.Helper()
		var out strings.Builder
		if got := run(args, command.Stdio{In: strings.NewReader(""), Out: &out, Err: &out, Env: func(string) string { return "" }}); got != code {
			t.Errorf("tailrace %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, out.String())
		}
		return out.String()
	}
	wants := func(text string, parts ...string) {
		t.Helper()
		for _, p := range parts {
			if !strings.Contains(text, p) {
				t.Errorf("%s\nhas no %q", text, p)
			}
		}
	}
	wants(logCommand(1, "log", "verify", dir), "in use")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	wants(logCommand(0, "log", "verify", dir), "partition t-0: offsets 0 to 3", "nothing is damaged: 1 partitions")
	wants(logCommand(0, "log", "repair", dir), "nothing to repair")
	file := filepath.Join(dir, "log", "t-0", "00000000000000000000.log")
	wants(logCommand(0, "log", "dump", "--records", file), "baseOffset: 1", `value: "two"`, "isvalid: true")
	wants(logCommand(0, "log", "dump", filepath.Join(dir, "log", "metadata.journal")), `"op":"topic","name":"t"`)

	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 4
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	wants(logCommand(1, "log", "verify", dir), "DAMAGE: partition t-0: records 1 to 1 cannot be read", "repair", "1 damages")
	wants(logCommand(0, "log", "dump", "-r", file), "isvalid: false", `value: "three"`)
	wants(logCommand(0, "log", "repair", dir), "records 1 to 1 are given up", "lost+found")
	wants(logCommand(0, "log", "verify", dir), "nothing is damaged")
	wants(logCommand(1, "log", "verify", filepath.Join(dir, "nothing")), "no such file")
	wants(logCommand(2, "log", "verify"), "one folder is needed")
}
