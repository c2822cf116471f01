package damage_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tailrace/storage/damage"
)

func TestLedger(t *testing.T) {
	var out bytes.Buffer
	now := time.UnixMilli(5)
	l := damage.NewLedger(slog.New(slog.NewTextHandler(&out, nil)), func() time.Time { return now })
	fault := damage.Fault{Part: "partition t-0", File: "t-0/7.log", Offset: 61, Reason: "checksum does not hold", Remedy: "restore it"}
	l.Report(fault)
	l.Report(fault)
	l.Report(damage.Fault{Part: "command 3", Offset: -1, Reason: "not JSON"})

	faults := l.Faults()
	if len(faults) != 2 || faults[0].Part != "command 3" || !faults[1].Since.Equal(now) {
		t.Fatalf("Faults() = %+v\nwant command 3, then partition t-0 since 5 ms", faults)
	}
	if got, want := faults[1].Error(), "partition t-0: checksum does not hold (t-0/7.log at byte 61); restore it"; got != want {
		t.Errorf("Error()\n got %s\nwant %s", got, want)
	}
	if n := strings.Count(out.String(), "partition t-0"); n != 1 {
		t.Errorf("a fault that is known was logged %d times, want once:\n%s", n, out.String())
	}
	l.Clear("partition t-0")
	l.Clear("partition t-0")
	if got := l.Faults(); len(got) != 1 || strings.Count(out.String(), "in service again") != 1 {
		t.Errorf("after Clear: %+v\n%s", got, out.String())
	}
}
