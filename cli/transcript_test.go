package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tailrace/cli/command"
)

// asProgram makes the test binary be the program: transcripts run it in a shell, with
// real pipes and signals.
const asProgram = "TAILRACE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:], command.OS()))
	}
	os.Exit(m.Run())
}

// session is a shell with the program on its path and a server of its own.
type session struct {
	dir   string // where commands run
	env   []string
	kafka string
	pg    string
}

func newSession(t *testing.T) *session {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	addrs := startNode(t).Addrs()
	// The shell has no variable for the server's address, and every page would have to name it.
	script := fmt.Sprintf(`#!/bin/sh
export %[1]s=1
case " $* " in
*" --data-dir "* | *" --url "*) ;;
" sql "*) shift; exec '%[2]s' sql --url %[3]s "$@" ;;
esac
exec '%[2]s' "$@"
`, asProgram, self, addrs.PG)
	if err := os.WriteFile(filepath.Join(bin, "tailrace"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	s := &session{dir: t.TempDir(), kafka: addrs.Kafka, pg: addrs.PG}
	s.env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "TAILRACE_BOOTSTRAP_SERVERS="+s.kafka, "TZ=UTC", "LC_ALL=C.UTF-8")
	return s
}

// commandTime is how long a command of a transcript may take: it hangs.
const commandTime = 30 * time.Second

// sh runs a command line of a shell and returns what it prints, with what differs from
// run to run made equal, and its exit code when that is not 0.
func (s *session) sh(line string) string {
	line = strings.ReplaceAll(line, "localhost:7432", s.pg)
	ctx, cancel := context.WithTimeout(context.Background(), commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", line)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // and what it started
	cmd.WaitDelay = time.Second
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	text := string(out)
	for _, n := range normal {
		text = n.re.ReplaceAllString(text, n.to)
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, s.kafka, "localhost:9092"), s.pg, "localhost:7432")
	text = strings.ReplaceAll(text, s.dir, "/home/me")
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n(no newline)\n"
	}
	if err != nil {
		text += fmt.Sprintf("[%s]\n", strings.TrimPrefix(err.Error(), "exit status "))
	}
	return text
}

var normal = []struct {
	re *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`(TopicId: |"topicId": ")[A-Za-z0-9_-]{22}`), "${1}dRdLLiBfSE6UlAWv6j5Uiw"},
	{regexp.MustCompile(`(Cluster ID:  |"clusterId": ")[A-Za-z0-9_-]{22}`), "${1}HgkstdNsSQe5OKYTxyAAKg"},
	{regexp.MustCompile(`ready kafka=127.0.0.1:\d+ pg=127.0.0.1:\d+ http=127.0.0.1:\d+`), "ready kafka=127.0.0.1:9092 pg=127.0.0.1:7432 http=127.0.0.1:8088"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "6f1f9d2c-6f4c-4f0c-8f55-6d2d5a1c9b10"},
}

// transcribe runs the commands of a text and returns the text with what they printed. A
// command is a line that begins with "$ ", with what follows "> " joined to it; what it
// prints follows, up to the next command, "```", or in a transcript a line of "# ". Only blocks of
// "```console" are looked at when the text has any.
func transcribe(text string, sh func(string) string) string {
	var b strings.Builder
	blocks := strings.Contains(text, "```console")
	lines := strings.SplitAfter(text, "\n")
	inside := !blocks
	for i := 0; i < len(lines); {
		line := lines[i]
		i++
		b.WriteString(line)
		if strings.HasPrefix(line, "```") && blocks {
			inside = strings.HasPrefix(line, "```console")
		}
		if !inside || !strings.HasPrefix(line, "$ ") {
			continue
		}
		input := strings.TrimPrefix(line, "$ ")
		for i < len(lines) && strings.HasPrefix(lines[i], "> ") {
			b.WriteString(lines[i])
			input += strings.TrimPrefix(lines[i], "> ")
			i++
		}
		for i < len(lines) && lines[i] != "" && !strings.HasPrefix(lines[i], "$ ") && !strings.HasPrefix(lines[i], "```") && (blocks || !strings.HasPrefix(lines[i], "# ")) {
			i++
		}
		b.WriteString(sh(strings.TrimSuffix(input, "\n")))
	}
	return b.String()
}

// checkTranscript runs the commands of a file and compares, or with -update writes.
func checkTranscript(t *testing.T, file string, sh func(string) string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := transcribe(string(want), sh)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-file +commands; -update writes it):\n%s", file, diff)
	}
}

// TestTranscripts runs the commands of each file of testdata/transcripts in a shell, on a
// server of its own.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no transcripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel() // they wait more than they work
			s := newSession(t)
			checkTranscript(t, file, s.sh)
		})
	}
}
