package slt

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// TestPostgreSQL: what the files expect is what PostgreSQL 15 answers.
func TestPostgreSQL(t *testing.T) {
	c := connect(t, startPostgres(t))
	for _, path := range files(t) {
		entries := read(t, path)
		for _, e := range entries {
			a := ask(t, c, e)
			if *update {
				e.code = a.code
				if e.query() || a.code != "" {
					e.rows = a.rows
				}
				continue
			}
			if diff := e.difference(a); diff != "" {
				t.Errorf("%s:%d: %s\n%s", filepath.Base(path), e.line, e.text, diff)
			}
		}
		if *update {
			write(t, path, entries)
		}
	}
}

// startPostgres starts a PostgreSQL 15 in a temporary folder, with byte order and UTC, and
// returns where it is.
func startPostgres(t *testing.T) string {
	t.Helper()
	const bin = "/usr/lib/postgresql/15/bin"
	if _, err := os.Stat(bin + "/initdb"); err != nil {
		t.Skip("PostgreSQL 15 is not installed (Debian: postgresql-15); the files are not held against it")
	}
	dir, err := os.MkdirTemp("", "slt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	attr := unprivileged(t, dir)
	run := func(name string, args ...string) {
		cmd := exec.Command(bin+"/"+name, args...)
		cmd.Dir, cmd.SysProcAttr = dir, attr
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	run("initdb", "-D", dir+"/data", "--locale=C", "-E", "UTF8", "-A", "trust", "-U", "postgres", "--no-sync")
	run("pg_ctl", "-D", dir+"/data", "-w", "-l", dir+"/log", "-o",
		fmt.Sprintf("-c listen_addresses= -c unix_socket_directories=%s -c timezone=UTC -c fsync=off -c intervalstyle=postgres", dir), "start")
	t.Cleanup(func() { run("pg_ctl", "-D", dir+"/data", "-m", "immediate", "stop") })
	return "postgres://postgres@/postgres?host=" + url.QueryEscape(dir)
}

// unprivileged is the account that the server runs under: it refuses root's.
func unprivileged(t *testing.T, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	t.Skip("PostgreSQL does not run as root, and there is no account for it")
	return nil
}
