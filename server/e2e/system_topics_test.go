package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestSystemTopicsAreTheirOwners: whatever clients and statements ask of system topics, before
// these exist and after, they can be read, and their owners find them as they left them.
func TestSystemTopicsAreTheirOwners(t *testing.T) {
	s := newServer(t)
	s.start()
	ctx := context.Background()
	adm := kadm.NewClient(s.client())
	future := "_confluent-ksql-default_query_CTAS_N_3-count-changelog"
	// Metadata is the first to name the offsets topic, and creates; CreateTopics comes before
	// the owners, too.
	asks := kmsg.NewPtrMetadataRequest()
	asks.AllowAutoTopicCreation = true
	for _, name := range []string{future, "default_ksql_processing_log", "__consumer_offsets"} {
		if r, err := adm.CreateTopic(ctx, 3, 1, nil, name); r.Err != kerr.InvalidTopicException {
			t.Errorf("creating %s: %v, %v", name, r.Err, err)
		}
		q := kmsg.NewMetadataRequestTopic()
		q.Topic = kmsg.StringPtr(name)
		asks.Topics = append(asks.Topics, q)
	}
	meta, err := asks.RequestWith(ctx, s.client())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range meta.Topics {
		want := kerr.UnknownTopicOrPartition
		if *m.Topic == "__consumer_offsets" {
			want = nil
		}
		if got := kerr.ErrorForCode(m.ErrorCode); got != error(want) && (want != nil || got != nil) {
			t.Errorf("metadata of %s: %v, want %v", *m.Topic, got, want)
		}
		if want == nil && len(m.Partitions) != 50 {
			t.Errorf("the offsets topic has %d partitions", len(m.Partitions))
		}
	}

	c := s.psql()
	s.exec(c, "SET 'auto.offset.reset' = 'earliest'",
		`CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON', partitions=1)`,
		`CREATE TABLE n AS SELECT v, COUNT(*) AS c FROM s GROUP BY v`,
		`INSERT INTO s (k, v) VALUES (1, 7)`, `INSERT INTO s (k, v) VALUES (2, 7)`)
	client := s.client(kgo.ConsumeTopics("s"), kgo.ConsumerGroup("g"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: "s", Value: []byte(`junk`)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if fs := client.PollFetches(ctx); fs.Err() != nil {
		t.Fatal(fs.Err())
	}
	if err := client.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatal(err)
	}
	var system []string
	eventually(t, func() error {
		system = system[:0]
		topics, err := adm.ListTopicsWithInternal(ctx)
		if err != nil {
			return err
		}
		for _, name := range topics.Names() {
			if name != "s" && name != "N" {
				system = append(system, name)
			}
		}
		for _, kind := range []string{"__consumer_offsets", "command_topic", "processing_log", "-changelog", "-repartition"} {
			if !slices.ContainsFunc(system, func(name string) bool { return strings.HasSuffix(name, kind) }) {
				return fmt.Errorf("no topic like %s yet in %q", kind, system)
			}
		}
		return nil
	})
	for i, name := range system {
		refuseChanges(t, adm, s.client(kgo.DefaultProduceTopic(name), kgo.RecordPartitioner(kgo.ManualPartitioner())), name)
		s.refuses(c, fmt.Sprintf(`CREATE STREAM made%d WITH (kafka_topic='%s') AS SELECT * FROM s`, i, name))
		s.exec(c, fmt.Sprintf(`CREATE STREAM over%d (v VARCHAR) WITH (kafka_topic='%s', value_format='KAFKA')`, i, name))
		s.refuses(c, fmt.Sprintf(`INSERT INTO over%d (v) VALUES ('junk')`, i))
		s.refuses(c, fmt.Sprintf(`DROP STREAM over%d DELETE TOPIC`, i))
	}
	groups, err := adm.ListGroups(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups.Groups() {
		if strings.HasPrefix(g, "_confluent-ksql-") {
			refuseGroup(t, adm, s.client(), g)
		}
	}
	// Topics that only look similar are their clients' own.
	own := "app-KSTREAM-AGGREGATE-repartition"
	if _, err := adm.CreateTopic(ctx, 1, 1, nil, own); err != nil {
		t.Fatal(err)
	}
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: own}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if r, err := adm.DeleteRecords(ctx, kadm.Offsets{own: {0: {Topic: own, At: 1}}}); err != nil || r.Error() != nil {
		t.Errorf("records of %s: %v, %v", own, err, r.Error())
	}
	client.Close()

	for range 2 {
		c := s.psql()
		s.exec(c, "SET read_consistency = strict")
		if got, err := table(c, 1, "SELECT v, c FROM n"); err != nil || fmt.Sprint(got) != "map[7:2]" {
			t.Errorf("the view has %v (%v)", got, err)
		}
		if o, err := kadm.NewClient(s.client()).FetchOffsets(ctx, "g"); err != nil || len(o["s"]) != 1 {
			t.Errorf("offsets of g: %+v (%v)", o, err)
		}
		s.stop()
		s.start()
	}
}

// refuses runs a statement that must fail because of a system topic.
func (s *server) refuses(c *pgx.Conn, sql string) {
	s.t.Helper()
	if _, err := c.Exec(context.Background(), sql); err == nil || !strings.Contains(err.Error(), "is a system topic") {
		s.t.Errorf("%s: %v", sql, err)
	}
}

// refuseChanges tries every request that would change a topic.
func refuseChanges(t *testing.T, adm *kadm.Client, cl *kgo.Client, topic string) {
	t.Helper()
	ctx, one := context.Background(), "1000"
	check := func(doing string, err error) {
		t.Helper()
		if err != kerr.InvalidTopicException {
			t.Errorf("%s %s: %v", doing, topic, err)
		}
	}
	check("producing to", cl.ProduceSync(ctx, &kgo.Record{Key: []byte("k"), Value: []byte("junk")}).FirstErr())
	deleted, err := adm.DeleteTopics(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	check("deleting", deleted[topic].Err)
	records, err := adm.DeleteRecords(ctx, kadm.Offsets{topic: {0: {Topic: topic, At: -1}}})
	if err != nil {
		t.Fatal(err)
	}
	check("deleting records of", records[topic][0].Err)
	grown, err := adm.UpdatePartitions(ctx, 99, topic)
	if err != nil {
		t.Fatal(err)
	}
	check("growing", grown[topic].Err)
	inc, err := adm.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Name: "retention.ms", Value: &one}}, topic)
	if err != nil {
		t.Fatal(err)
	}
	check("configuring", inc[0].Err)
	all, err := adm.AlterTopicConfigsState(ctx, []kadm.AlterConfig{{Name: "retention.ms", Value: &one}}, topic)
	if err != nil {
		t.Fatal(err)
	}
	check("replacing configs of", all[0].Err)
}

// refuseGroup tries every request that would change the positions of a query.
func refuseGroup(t *testing.T, adm *kadm.Client, cl *kgo.Client, group string) {
	t.Helper()
	ctx := context.Background()
	committed, err := adm.CommitOffsets(ctx, group, kadm.Offsets{"s": {0: {Topic: "s", At: 0}}})
	if err != nil || committed.Error() != kerr.UnknownMemberID {
		t.Errorf("commit to %s: %v, %v", group, err, committed.Error())
	}
	if r, err := adm.DeleteGroups(ctx, group); err != nil || r[group].Err != kerr.NonEmptyGroup {
		t.Errorf("deleting %s: %v, %v", group, err, r[group].Err)
	}
	if _, err := adm.DeleteOffsets(ctx, group, kadm.TopicsSet{"s": {0: {}}}); err != kerr.NonEmptyGroup {
		t.Errorf("deleting offsets of %s: %v", group, err)
	}
	join := kmsg.NewPtrJoinGroupRequest()
	join.Group, join.SessionTimeoutMillis, join.ProtocolType = group, 10_000, "consumer"
	p := kmsg.NewJoinGroupRequestProtocol()
	p.Name = "range"
	join.Protocols = append(join.Protocols, p)
	if r, err := join.RequestWith(ctx, cl); err != nil || kerr.ErrorForCode(r.ErrorCode) != kerr.InconsistentGroupProtocol {
		t.Errorf("joining %s: %+v, %v", group, r, err)
	}
}
