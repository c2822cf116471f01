package clienttest

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker"
)

// brokerKeys are the broker's configurations that brokerConfigs asks about.
var brokerKeys = []string{"log.retention.ms", "log.retention.bytes", "log.cleanup.policy", "log.segment.bytes", "message.max.bytes",
	"log.cleaner.backoff.ms", "producer.id.expiration.ms", "log.cleaner.threads", "num.io.threads", "compression.type",
	"unclean.leader.election.enable", "log.cleaner.min.cleanable.ratio", "no.such.key", "leader.replication.throttled.rate",
	"num.partitions", "fetch.max.bytes", "group.min.session.timeout.ms", "offsets.retention.minutes"}

// changed are those of them that brokerConfigs changes and that are set then.
var changed = []string{"log.retention.bytes", "log.cleanup.policy", "message.max.bytes", "log.cleaner.backoff.ms", "producer.id.expiration.ms", "log.cleaner.threads"}

// brokerConfigs changes the configuration of the broker and of all brokers while they run.
func (c *conversation) brokerConfigs() {
	const broker, topic = kmsg.ConfigResourceTypeBroker, kmsg.ConfigResourceTypeTopic
	describe := func(kind kmsg.ConfigResourceType, name string, keys ...string) {
		q := kmsg.NewPtrDescribeConfigsRequest()
		q.IncludeSynonyms = true
		q.Resources = append(q.Resources, kmsg.DescribeConfigsRequestResource{ResourceType: kind, ResourceName: name, ConfigNames: keys})
		ask[*kmsg.DescribeConfigsResponse](c, q)
	}
	look := func() {
		time.Sleep(c.pause)
		describe(broker, "1", changed...)
		describe(broker, "", brokerKeys...)
		describe(topic, odd1, "retention.bytes", "cleanup.policy", "max.message.bytes")
	}
	type change = kmsg.IncrementalAlterConfigsRequestResourceConfig
	set := func(name string, changes ...change) {
		q := kmsg.NewPtrIncrementalAlterConfigsRequest()
		q.Resources = append(q.Resources, kmsg.IncrementalAlterConfigsRequestResource{ResourceType: broker, ResourceName: name, Configs: changes})
		ask[*kmsg.IncrementalAlterConfigsResponse](c, q)
	}
	put := func(key, value string) change { return change{Name: key, Value: &value} }
	drop := func(key string) change { return change{Name: key, Op: kmsg.IncrementalAlterConfigOpDelete} }
	for _, name := range []string{"1", ""} {
		c.on("broker %q, as it starts", name)
		describe(broker, name, brokerKeys...)
		for _, kv := range [][2]string{
			{"log.retention.hours", "1"}, {"auto.create.topics.enable", "true"}, {"num.partitions", "3"}, {"node.id", "1"}, {"no.such.key", "x"},
			{"log.retention.ms", "soon"}, {"log.retention.ms", ""}, {"log.segment.bytes", "14"}, {"log.segment.bytes", "1000000"},
			{"log.cleanup.policy", "none"}, {"message.max.bytes", "-1"}, {"num.io.threads", "0"},
			{"log.cleaner.threads", "2"}, {"log.cleaner.backoff.ms", "-1"}, {"producer.id.expiration.ms", "0"}, {"retention.ms", "1"},
			{"min.insync.replicas", "0"}, {"compression.type", "GZIP"}, {"log.retention.ms", "0"},
			{"leader.replication.throttled.rate", "-1"},
		} {
			c.on("broker %q, %s=%s", name, kv[0], kv[1])
			set(name, put(kv[0], kv[1]))
		}
		c.on("broker %q, a null value", name)
		set(name, change{Name: "log.retention.ms"})
		c.on("broker %q, a key twice", name)
		set(name, put("log.retention.ms", "1"), put("log.retention.ms", "2"))
		c.on("broker %q, appended to a number", name)
		set(name, change{Name: "log.retention.ms", Op: kmsg.IncrementalAlterConfigOpAppend, Value: text("1")})
		c.on("broker %q, none", name)
		set(name)
		c.on("broker %q, unknown, deleted", name)
		set(name, drop("other.such.key"), drop("log.retention.hours"))
		c.on("broker %q, one good and one bad", name)
		set(name, put("log.retention.bytes", "77"), put("num.partitions", "3"))
		look()
		c.on("broker %q, back", name)
		set(name, drop("log.retention.ms"), drop("log.cleaner.threads"), drop("no.such.key"), drop("retention.ms"))
	}
	c.on("the default is set")
	set("", put("log.retention.bytes", "5000"), put("log.cleaner.backoff.ms", "14000"), put("producer.id.expiration.ms", "1000000"))
	look()
	c.on("the node is set besides")
	set("1", put("log.retention.bytes", "6000"), change{Name: "log.cleanup.policy", Op: kmsg.IncrementalAlterConfigOpAppend, Value: text("compact")})
	look()
	c.on("taken from a list")
	set("1", change{Name: "log.cleanup.policy", Op: kmsg.IncrementalAlterConfigOpSubtract, Value: text("delete")})
	look()
	c.on("another node, no node")
	set("2", put("log.retention.bytes", "6000"))
	set("one", put("log.retention.bytes", "6000"))
	c.on("to validate")
	q := kmsg.NewPtrIncrementalAlterConfigsRequest()
	q.ValidateOnly = true
	q.Resources = append(q.Resources, kmsg.IncrementalAlterConfigsRequestResource{ResourceType: broker, ResourceName: "1",
		Configs: []change{put("message.max.bytes", "2000000")}})
	ask[*kmsg.IncrementalAlterConfigsResponse](c, q)
	look()
	for _, configs := range [][]kmsg.AlterConfigsRequestResourceConfig{
		{{Name: "message.max.bytes", Value: text("3000000")}}, {{Name: "num.partitions", Value: text("3")}}, {{Name: "message.max.bytes"}}, {}} {
		c.on("replaced by %d", len(configs))
		q := kmsg.NewPtrAlterConfigsRequest()
		q.Resources = append(q.Resources, kmsg.AlterConfigsRequestResource{ResourceType: broker, ResourceName: "1", Configs: configs})
		ask[*kmsg.AlterConfigsResponse](c, q)
		look()
	}
	c.on("back to the start")
	set("", drop("log.retention.bytes"), drop("log.cleaner.backoff.ms"), drop("producer.id.expiration.ms"))
	look()
}

// max.connections holds from the next client on, and so does going back.
func TestMaxConnectionsChange(t *testing.T) {
	n := start(t, broker.Config{})
	adm := n.admin()
	set := func(op kadm.IncrementalOp, value *string) {
		t.Helper()
		for range 2 { // the second uses the connection of the first
			rs, err := adm.AlterBrokerConfigs(ctxOf(t), []kadm.AlterConfig{{Op: op, Name: "max.connections", Value: value}}, 1)
			if err != nil || len(rs) != 1 || rs[0].Err != nil {
				t.Fatalf("%+v, %v", rs, err)
			}
		}
	}
	served := func() bool {
		c, err := net.Dial("tcp", n.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		_, err = c.Write(frame(18, 0, false, nil))
		_, err2 := io.ReadFull(c, make([]byte, 8))
		return err == nil && err2 == nil
	}
	if !served() {
		t.Fatal("a client is not served")
	}
	set(kadm.SetConfig, kadm.StringPtr("1"))
	if served() {
		t.Error("a client more than max.connections is served")
	}
	set(kadm.DeleteConfig, nil)
	if !served() {
		t.Error("a client is not served after max.connections went back")
	}
}
