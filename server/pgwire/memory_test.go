package pgwire_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"tailrace/server/pgwire"
	"tailrace/storage/memory"
)

// TestConnectionsHaveAnAccount: what a client has its connection keep is counted, refused when
// it is too much, and given back; the connection goes on.
func TestConnectionsHaveAnAccount(t *testing.T) {
	budget := memory.New(64 << 20) // of which accounts may have half
	addr, _ := startServer(t, pgwire.Config{Memory: budget.Account("connections", 0)})
	c := login(t, addr)
	say := func(lines ...string) string {
		t.Helper()
		for _, line := range lines {
			c.Send(frontendMessage(t, line))
		}
		c.say()
		return strings.Join(c.until('Z'), "\n")
	}
	long := strings.Repeat("1,", 100_000) + "1"
	refused := 0
	for i := range 100 {
		if got := say(fmt.Sprintf("P s%d SELECT 1 WHERE 1 IN (%s)", i, long), "S"); strings.Contains(got, "ERROR 53200") {
			refused = i
			break
		}
	}
	if refused < 2 {
		t.Fatalf("statement %d was refused; want some to be taken, and not all", refused)
	}
	if got := say("P more SELECT 1", "B - more", "E -", "S"); !strings.Contains(got, "DataRow 1") {
		t.Errorf("a short statement after it: %s", got)
	}
	for i := range refused {
		say(fmt.Sprintf("C S s%d", i), "S")
	}
	if n := budget.Usage()[0].Used; n > 1<<20 {
		t.Errorf("%d bytes are held by a connection that has closed its statements", n)
	}
	if got := say("P again SELECT 1 WHERE 1 IN ("+long+")", "S"); !strings.Contains(got, "ParseComplete") {
		t.Errorf("room again: %s", got)
	}
	// A message that there is no room for ends the connection before it is read.
	if _, err := c.nc.Write(binary.BigEndian.AppendUint32([]byte{'Q'}, 40<<20)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.until('E'), "\n"); !strings.Contains(got, "FATAL 53200") {
		t.Errorf("a message of 40 MiB: %s", got)
	}
	for deadline := time.Now().Add(20 * time.Second); budget.Usage()[0].Used > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are held by a connection that has ended", budget.Usage()[0].Used)
		}
	}
}
