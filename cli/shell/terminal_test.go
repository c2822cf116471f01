package shell_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/datadriven"
	"github.com/mattn/go-runewidth"
	"golang.org/x/sys/unix"

	"tailrace/cli/shell"
)

// shellURL tells a process of the test program that it is to be a shell on its terminal.
const shellURL = "TAILRACE_TEST_SHELL"

func TestMain(m *testing.M) {
	url := os.Getenv(shellURL)
	if url == "" {
		os.Exit(m.Run())
	}
	s, err := shell.Open(context.Background(), shell.Options{URL: url, Out: os.Stdout, Err: os.Stderr, Typed: true, Version: "test", StartFile: ".tailracerc", Hold: time.Second,
		Screen: func() shell.Screen { return shell.ScreenOf(os.Stdout, os.Getenv) }})
	if err == nil {
		err = s.Interactive()
		s.Close()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestTerminal types into a shell on a real terminal. Commands:
//
//	type            types the lines of the input; {NAME} is a key: Tab, C-c, C-d, Up, Esc
//	wait=TEXT       what the line of the cursor is when it is done; the prompt by default
//	above=TEXT      what stands in the line above it
//	file name=NAME  writes the input to a file of the working folder
//	show name=NAME  shows a file
//
// The pager is testPager, the editor a file "editor" that the test writes.
//
// The answer is what has come onto the screen since the command before, as a terminal of
// that size shows it. The address of the server and figures of time are masked.
func TestTerminal(t *testing.T) {
	datadriven.Walk(t, "testdata/terminal", func(t *testing.T, path string) {
		n := startNode(t)
		var width, height int
		if _, err := fmt.Sscanf(filepath.Base(path), "%dx%d", &width, &height); err != nil {
			t.Fatalf("%s: the name of a transcript begins with the size of the screen, as 80x24", path)
		}
		term := openTerminal(t, n.Addrs().PG, width, height)
		term.wait(t, "tailrace> ")
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			name := ""
			d.MaybeScanArgs(t, "name", &name)
			switch d.Cmd {
			case "file":
				if err := os.WriteFile(filepath.Join(term.dir, name), []byte(d.Input+"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
				return ""
			case "show":
				text, err := os.ReadFile(filepath.Join(term.dir, name))
				if err != nil {
					return err.Error()
				}
				return string(text)
			}
			until := "tailrace> "
			if d.MaybeScanArgs(t, "wait", &until) {
				until = strings.ReplaceAll(until, "_", " ")
			}
			if d.MaybeScanArgs(t, "above", &until) {
				until = "^" + strings.ReplaceAll(until, "_", " ")
			}
			lines := strings.Split(d.Input, "\n")
			for i, line := range lines {
				term.press(t, keysOf(line))
				if i < len(lines)-1 {
					term.wait(t, "")
				}
			}
			term.wait(t, until)
			return mask(term.since())
		})
	})
}

var keyNames = map[string]string{"Tab": "\t", "C-c": "\x03", "C-d": "\x04", "C-l": "\x0c", "Up": "\x1b[A", "Down": "\x1b[B", "Esc": "\x1b", "Enter": "\r", "Space": " ",
	"Home": "\x1b[1~", "End": "\x1b[4~", "Delete": "\x1b[3~", "C-Left": "\x1b[1;5D", "Left": "\x1b[D"}

var (
	keyName     = regexp.MustCompile(`\{([A-Z][A-Za-z-]*)\}`)
	endsWithKey = regexp.MustCompile(`\{[A-Z][A-Za-z-]*\}$`)
	aPrompt     = regexp.MustCompile(`^(tailrace|  *[-'"\x60*]|>)>$`)
	timing      = regexp.MustCompile(`\d+\.\d{3} ms`)
	stamp       = regexp.MustCompile(`20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?`)
	clock       = regexp.MustCompile(`[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d 20\d\d`)
	port        = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// keysOf are the keys of a line, which ends with Enter unless it ends with a named key.
func keysOf(line string) string {
	text := keyName.ReplaceAllStringFunc(line, func(k string) string { return keyNames[k[1:len(k)-1]] })
	if !endsWithKey.MatchString(line) {
		text += "\r"
	}
	return text
}

func mask(text string) string {
	text = timing.ReplaceAllString(text, "N.NNN ms")
	text = stamp.ReplaceAllStringFunc(text, func(s string) string { return regexp.MustCompile(`\d`).ReplaceAllString(s, "0") })
	text = clock.ReplaceAllString(text, "Mon Jan  1 00:00:00 0000")
	return port.ReplaceAllString(text, "127.0.0.1:PORT")
}

// terminal is a pseudo terminal with a shell in it, and what a person would see there. It
// keeps all lines, as the scroll bar of a terminal does.
type terminal struct {
	master *os.File
	dir    string
	width  int

	mu       sync.Mutex
	lines    [][]rune
	row, col int
	told     int  // lines that since has returned
	pressed  int  // the row in which keys were pressed last
	stays    bool // those keys do not leave the row
	last     time.Time
	pending  []byte // of an escape sequence or a character
}

// testPager shows the first lines and how many there are, and waits for a line of input.
const testPager = "#!/bin/sh\nsed -n '1,5p;$='\nprintf 'pager: '\nread line </dev/tty\n"

func openTerminal(t *testing.T, url string, width, height int) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(height), Col: uint16(width)}); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{master: master, dir: t.TempDir(), width: width, lines: make([][]rune, 1), last: time.Now(), stays: true}
	if err := os.WriteFile(filepath.Join(term.dir, "pager"), []byte(testPager), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(term.dir, ".tailracerc"), []byte("\\set from_start_file yes\n\\pset pager_min_lines 0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Dir = term.dir
	cmd.Env = append(os.Environ(), shellURL+"="+url, "TERM=xterm", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "NO_COLOR=1", "PAGER=./pager", "EDITOR=./editor", "VISUAL=", "HOME="+term.dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	go term.read()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGHUP)
		done := make(chan struct{})
		go func() { _ = cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-done
		}
		master.Close()
	})
	return term
}

func (m *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := m.master.Read(buf)
		m.mu.Lock()
		m.last = time.Now()
		m.show(buf[:n])
		m.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (m *terminal) press(t *testing.T, keys string) {
	t.Helper()
	m.mu.Lock()
	m.last, m.pressed, m.stays = time.Now(), m.row, !strings.ContainsAny(keys, "\r\x03\x04")
	m.mu.Unlock()
	if _, err := m.master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// wait waits until the cursor has come to another line, that line is a text, and nothing
// comes any more. The text may be empty: any prompt; behind a ^ it is that of the line
// above.
func (m *terminal) wait(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		m.mu.Lock()
		want, row, at := text, m.row, m.row
		if above, ok := strings.CutPrefix(text, "^"); ok {
			want, row = above, max(0, row-1)
		}
		line, quiet, moved := string(m.lines[row]), time.Since(m.last) > 100*time.Millisecond, m.row > m.pressed || m.stays
		m.mu.Unlock()
		if quiet && moved && (row != at && strings.Contains(line, want) || text == "" && aPrompt.MatchString(strings.TrimRight(line, " ")) || text != "" && strings.TrimRight(line, " ") == strings.TrimRight(want, " ")) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the last line is %q, not %q; the screen:\n%s", line, text, m.since())
		}
	}
}

// since returns what has been shown since the last call; the line of the cursor is not
// over yet.
func (m *terminal) since() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, line := range m.lines[min(m.told, m.row):m.row] {
		b.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	m.told = m.row
	return b.String()
}

// show draws what a program writes: text, the control characters, and the few escape
// sequences that shells and pagers use.
func (m *terminal) show(p []byte) {
	p = append(m.pending, p...)
	m.pending = nil
	for len(p) > 0 {
		if p[0] == 0x1b {
			n := m.escape(p)
			if n == 0 {
				m.pending = append(m.pending, p...)
				return
			}
			p = p[n:]
			continue
		}
		if !utf8.FullRune(p) {
			m.pending = append(m.pending, p...)
			return
		}
		r, n := utf8.DecodeRune(p)
		p = p[n:]
		switch r {
		case '\n':
			m.down(1)
		case '\r':
			m.col = 0
		case '\b':
			m.col = max(0, m.col-1)
		case '\t':
			m.col = min(m.width-1, (m.col/8+1)*8)
		case '\a':
		default:
			m.put(r)
		}
	}
}

func (m *terminal) put(r rune) {
	w := runewidth.RuneWidth(r)
	if m.col+w > m.width {
		m.down(1)
		m.col = 0
	}
	line := m.lines[m.row]
	for len(line) < m.col+1 {
		line = append(line, ' ')
	}
	line[m.col] = r
	m.lines[m.row] = line
	m.col += w
}

func (m *terminal) down(n int) {
	for range n {
		if m.row++; m.row == len(m.lines) {
			m.lines = append(m.lines, nil)
		}
	}
}

var csi = regexp.MustCompile(`^\x1b\[([0-9;?]*)([@-~])`)

// escape carries out an escape sequence and returns its length; 0 when it is not whole.
func (m *terminal) escape(p []byte) int {
	if len(p) < 2 {
		return 0
	}
	if p[1] != '[' {
		return 2 // keypad modes and the like
	}
	found := csi.FindSubmatch(p)
	if found == nil {
		return 0
	}
	n := 1
	_, _ = fmt.Sscanf(string(found[1]), "%d", &n)
	switch found[2][0] {
	case 'A':
		m.row = max(0, m.row-n)
	case 'B':
		m.down(n)
	case 'C':
		m.col = min(m.width-1, m.col+n)
	case 'D':
		m.col = max(0, m.col-n)
	case 'J':
		m.lines = m.lines[:m.row+1]
		fallthrough
	case 'K':
		if found[2][0] == 'K' && n == 2 {
			m.lines[m.row] = nil
		} else if len(m.lines[m.row]) > m.col {
			m.lines[m.row] = m.lines[m.row][:m.col]
		}
	}
	return len(found[0])
}
