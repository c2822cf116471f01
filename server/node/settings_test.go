package node

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/server/config"
)

// Settings under Kafka's names reach what they name, and are described with their source:
// what nobody gave is a default, what somebody gave is not, even when it is the same.
func TestKafkasSettings(t *testing.T) {
	given := map[string]string{
		"node.id": "7", "producer.id.expiration.ms": "5000", "log.cleaner.backoff.ms": "250",
		"log.cleaner.min.cleanable.ratio": " 0.25", "log.cleaner.delete.retention.ms": "1000", "log.cleaner.max.compaction.lag.ms": "9000",
		"log.retention.ms": " 604800000 ", "offsets.retention.minutes": "3", "group.min.session.timeout.ms": "100",
		"kafka-addr": "127.0.0.1:0", "pg-addr": "off", "http-addr": "off", "data-dir": t.TempDir(),
	}
	cfg, err := config.Load(nil, func(string) (string, bool) { return "", false }, given)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	n, err := Start(ctx, cfg, Options{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close(ctx)
	if s := n.log.Settings(); s.NodeID != 7 || s.ProducerExpiry != 5*time.Second || s.CompactionBackoff != 250*time.Millisecond {
		t.Errorf("the log has %d %v %v", s.NodeID, s.ProducerExpiry, s.CompactionBackoff)
	}
	if g := n.brokerConfig().Group; g.OffsetsRetention != 3*time.Minute || g.MinSessionTimeout != 100*time.Millisecond || g.InitialRebalanceDelay != 3*time.Second {
		t.Errorf("groups have %+v", g)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(n.Addrs().Kafka))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	if _, err := adm.CreateTopic(ctx, 1, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	described, err := adm.DescribeTopicConfigs(ctx, "t")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"min.cleanable.dirty.ratio": "0.25", "delete.retention.ms": "1000", "max.compaction.lag.ms": "9000", "retention.ms": "604800000"}
	for _, c := range described[0].Configs {
		v, ok := want[c.Key]
		if static := c.Source == kmsg.ConfigSourceStaticBrokerConfig; static != ok || ok && c.MaybeValue() != v {
			t.Errorf("%s = %s from %v, given %q", c.Key, c.MaybeValue(), c.Source, v)
		}
	}
	for _, bad := range []string{"log.cleaner.min.cleanable.ratio", "log.cleanup.policy", "node.id"} {
		if _, err := config.Load(nil, func(string) (string, bool) { return "", false }, map[string]string{bad: "x"}); err == nil {
			t.Errorf("%s takes x", bad)
		}
	}
}
