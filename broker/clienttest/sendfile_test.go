package clienttest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/broker"
	"tailrace/storage/metric"
	"tailrace/storage/metric/metrictest"
)

// A consumer that catches up on a large log is served by sendfile: the broker's own
// count says so, and so does the kernel, if strace can watch this process.
func TestCatchUpUsesSendfile(t *testing.T) {
	n := start(t, broker.Config{})
	n.topic("big", 1, nil)
	const records, size = 4000, 10_000
	cl := n.client(kgo.ProducerBatchCompression(kgo.NoCompression()))
	rs := make([]*kgo.Record, records)
	for i := range rs {
		rs[i] = &kgo.Record{Topic: "big", Value: bytes.Repeat([]byte{byte(i)}, size)}
	}
	produce(t, cl, rs...)

	trace := straceSendfile(t)
	got := values(t, n.client(kgo.ConsumeTopics("big")), records)
	for i, r := range got {
		if len(r.Value) != size || r.Value[0] != byte(i) || r.Value[size-1] != byte(i) {
			t.Fatalf("record %d is not what was produced", i)
		}
	}
	sent, _ := metrictest.Of(t, n.broker.WriteMetrics, append(broker.Metrics, metric.Listeners)...).Value("tailrace_kafka_sendfile_bytes_total")
	if sent < records*size/2 {
		t.Errorf("only %g of %d bytes went by sendfile", sent, records*size)
	}
	if trace != nil {
		if calls := trace(); calls == 0 {
			t.Error("strace saw no sendfile")
		} else {
			t.Logf("strace saw %d sendfile calls; the broker counted %g bytes", calls, sent)
		}
	}
}

// straceSendfile watches this process; the returned function ends that and counts the
// calls. It is nil where strace is missing or not permitted.
func straceSendfile(t *testing.T) func() int {
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Log("strace is not installed: relying on the broker's own count")
		return nil
	}
	out := t.TempDir() + "/strace"
	cmd := exec.Command(path, "-f", "-e", "trace=sendfile", "-o", out, "-p", fmt.Sprint(os.Getpid()))
	if err := cmd.Start(); err != nil {
		return nil
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	select { // strace has attached when it has not given up
	case <-exited:
		t.Log("strace may not watch this process: relying on the broker's own count")
		return nil
	case <-time.After(time.Second):
	}
	return func() int {
		_ = cmd.Process.Signal(os.Interrupt)
		<-exited
		b, err := os.ReadFile(out)
		if err != nil {
			t.Log(err)
		}
		return bytes.Count(b, []byte("sendfile("))
	}
}
