package clienttest

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/broker"
)

// properties writes a file of properties and returns its path.
func properties(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "it.properties")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func workerOf(n *node, rest string) []string {
	return []string{
		"bootstrap.servers=" + n.addr, "listeners=http://" + rest, "plugin.discovery=only_scan", "offset.flush.interval.ms=500",
		"key.converter=org.apache.kafka.connect.storage.StringConverter", "value.converter=org.apache.kafka.connect.storage.StringConverter",
	}
}

// lines is what a sink has written, or nothing yet.
func lines(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

// TestConnectStandalone: a worker with the file connectors copies a file through a topic.
func TestConnectStandalone(t *testing.T) {
	class := jars(t, "connect")
	n := start(t, broker.Config{})
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := os.WriteFile(from, []byte("one\ntwo\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	worker := properties(t, append(workerOf(n, freeAddr(t)), "offset.storage.file.filename="+filepath.Join(dir, "offsets"))...)
	source := properties(t, "name=from", "connector.class=FileStreamSource", "file="+from, "topic=lines")
	sink := properties(t, "name=to", "connector.class=FileStreamSink", "file="+to, "topics=lines")
	background(t, class, "org.apache.kafka.connect.cli.ConnectStandalone", worker, source, sink)
	eventually(t, "the copy of the file", func() bool { return lines(to) == "one\ntwo\nthree\n" })
}

// TestConnectDistributed: a worker that keeps what it knows in topics, and is told by REST.
func TestConnectDistributed(t *testing.T) {
	class := jars(t, "connect")
	n := start(t, broker.Config{})
	dir, rest := t.TempDir(), freeAddr(t)
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := os.WriteFile(from, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	worker := properties(t, append(workerOf(n, rest), "group.id=workers",
		"config.storage.topic=connect-configs", "offset.storage.topic=connect-offsets", "status.storage.topic=connect-status",
		"config.storage.replication.factor=1", "offset.storage.replication.factor=1", "status.storage.replication.factor=1")...)
	background(t, class, "org.apache.kafka.connect.cli.ConnectDistributed", worker)
	for _, connector := range []string{
		fmt.Sprintf(`{"name": "from", "config": {"connector.class": "FileStreamSource", "file": %q, "topic": "lines"}}`, from),
		fmt.Sprintf(`{"name": "to", "config": {"connector.class": "FileStreamSink", "file": %q, "topics": "lines"}}`, to),
	} {
		eventually(t, "the connector "+connector, func() bool {
			r, err := http.Post("http://"+rest+"/connectors", "application/json", strings.NewReader(connector))
			if err != nil {
				return false
			}
			defer r.Body.Close()
			return r.StatusCode == http.StatusCreated
		})
	}
	eventually(t, "the copy of the file", func() bool { return lines(to) == "one\ntwo\n" })
	if n.contents("connect-configs")["connector-from"] == "" {
		t.Error("the worker keeps no configuration in its topic")
	}
}

// TestMirrorMaker copies topics and the positions of groups between two nodes, both ways.
func TestMirrorMaker(t *testing.T) {
	class := jars(t, "connect")
	a, b := start(t, broker.Config{}), start(t, broker.Config{})
	a.topic("east", 2, map[string]*string{"retention.ms": ptr("777777777")})
	b.topic("west", 1, nil)
	produce(t, a.client(), numbered("east", 100)...)
	produce(t, b.client(), numbered("west", 50)...)
	reader := a.client(kgo.ConsumerGroup("readers"), kgo.ConsumeTopics("east"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	values(t, reader, 100)
	if err := reader.CommitUncommittedOffsets(ctxOf(t)); err != nil {
		t.Fatal(err)
	}
	mirror := properties(t, "clusters=A,B", "A.bootstrap.servers="+a.addr, "B.bootstrap.servers="+b.addr,
		"A->B.enabled=true", "B->A.enabled=true", "topics=east,west", "groups=readers",
		"sync.group.offsets.enabled=true", "sync.group.offsets.interval.seconds=1", "emit.checkpoints.interval.seconds=1",
		"refresh.topics.interval.seconds=2", "refresh.groups.interval.seconds=2", "offset.lag.max=0",
		"replication.factor=1", "checkpoints.topic.replication.factor=1", "heartbeats.topic.replication.factor=1", "offset-syncs.topic.replication.factor=1",
		"config.storage.replication.factor=1", "offset.storage.replication.factor=1", "status.storage.replication.factor=1",
		"dedicated.mode.enable.internal.rest=false")
	background(t, class, "org.apache.kafka.connect.mirror.MirrorMaker", mirror)
	eventually(t, "A.east on B", func() bool { return len(b.contents("A.east")) == 100 })
	eventually(t, "B.west on A", func() bool { return len(a.contents("B.west")) == 50 })
	eventually(t, "the positions of the group on B", func() bool {
		offsets, err := b.admin().FetchOffsets(ctxOf(t), "readers")
		sum := int64(0)
		for _, o := range offsets["A.east"] {
			sum += o.At
		}
		return err == nil && sum == 100
	})
	eventually(t, "the configuration of A.east", func() bool {
		cs, err := b.admin().DescribeTopicConfigs(ctxOf(t), "A.east")
		if err != nil {
			return false
		}
		var text bytes.Buffer
		for _, c := range cs[0].Configs {
			fmt.Fprintf(&text, "%s=%s\n", c.Key, c.MaybeValue())
		}
		return strings.Contains(text.String(), "retention.ms=777777777\n")
	})
}
