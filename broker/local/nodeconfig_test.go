package local

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/storage/record/kerr"
)

// What is set while a node runs goes before what it was started with: that of the node before
// that of all nodes, and a topic's own before both. It survives a restart, also one with
// another id, to which only that of all nodes applies.
func TestNodeConfig(t *testing.T) {
	fs, ctx := vfs.NewMem(), context.Background()
	open := func(id int32) *Log {
		return mustOpen(t, Config{FS: fs, Dir: "/d", NodeID: id, TopicDefaults: map[string]string{"retention.bytes": "7"}})
	}
	l := open(1)
	mustCreate(t, l, "t", 1, nil)
	mustCreate(t, l, "own", 1, map[string]string{"retention.bytes": "9"})
	text := func(s string) *string { return &s }
	set := func(scope string, value *string) {
		t.Helper()
		if err := l.SetNodeConfig(ctx, scope, map[string]*string{"log.retention.bytes": value}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(when, want, own string) {
		t.Helper()
		for topic, want := range map[string]string{"t": want, "own": own} {
			es, err := l.TopicConfig(topic)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range es {
				if got := fmt.Sprint(e.Value, " from ", e.Source()); e.Key.Name == "retention.bytes" && got != want {
					t.Errorf("%s, topic %s: described %s, want %s", when, topic, got, want)
				}
			}
			tt, _ := l.topicByName(topic)
			if got := tt.parts[0].Log().Config().RetentionBytes; fmt.Sprint(got) != want[:len(fmt.Sprint(got))] {
				t.Errorf("%s, topic %s: %d is applied, want %s", when, topic, got, want)
			}
		}
	}
	check("as started", "7 from 4", "9 from 1")
	set(AllNodes, text("5000"))
	check("all nodes", "5000 from 3", "9 from 1")
	set("1", text("6000"))
	check("the node", "6000 from 2", "9 from 1")
	if err := l.SetNodeConfig(ctx, AllNodes, map[string]*string{cleanerBackoffKey: text("100"), producerExpirationKey: text("2000")}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if l.compactionBackoff() != 100*time.Millisecond || l.producerExpiry() != 2*time.Second {
			t.Errorf("compaction every %v, producers live %v", l.compactionBackoff(), l.producerExpiry())
		}
		mustClose(t, l)
		l = open(1)
		check("restarted", "6000 from 2", "9 from 1")
	}
	mustClose(t, l)
	l = open(2)
	check("another node", "5000 from 3", "9 from 1")
	set(AllNodes, nil)
	check("back", "7 from 4", "9 from 1")
	for name, value := range map[string]string{"log.retention.bytes": "soon", "num.partitions": "3", "log.retention.ms": "0", "retention.bytes": "1"} {
		if err := l.SetNodeConfig(ctx, AllNodes, map[string]*string{name: &value, "log.segment.bytes": text("2000000")}); kerr.Of(err) != kerr.InvalidRequest {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	if set := l.NodeConfig(AllNodes); set["log.segment.bytes"] != "" {
		t.Errorf("half a change was made: %v", set)
	}
	mustClose(t, l)
}
