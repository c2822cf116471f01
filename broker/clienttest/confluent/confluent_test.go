// Package confluent holds the broker against confluent-kafka-go, which bundles
// librdkafka 2.11. It is a module of its own because it needs cgo; the broker's tests
// start it (TestConfluentGo in the folder above) against a node at TAILRACE_ADDR.
package confluent

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

func address(t *testing.T) string {
	t.Helper()
	addr := os.Getenv("TAILRACE_ADDR")
	if addr == "" {
		t.Skip("TAILRACE_ADDR is not set: run TestConfluentGo in the folder above")
	}
	return addr
}

const records = 5000

func TestAdminProduceConsume(t *testing.T) {
	addr := address(t)
	admin, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": addr})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	made, err := admin.CreateTopics(ctx, []kafka.TopicSpecification{{Topic: "confluent", NumPartitions: 3, ReplicationFactor: 1}})
	if err != nil || made[0].Error.Code() != kafka.ErrNoError {
		t.Fatalf("%v %v", made, err)
	}
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		produce(t, addr, codec)
	}
	c, err := kafka.NewConsumer(&kafka.ConfigMap{"bootstrap.servers": addr, "group.id": "confluent", "auto.offset.reset": "earliest", "session.timeout.ms": 6000})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SubscribeTopics([]string{"confluent"}, nil); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for len(seen) < 5*records {
		m, err := c.ReadMessage(20 * time.Second)
		if err != nil {
			t.Fatalf("after %d records: %v", len(seen), err)
		}
		if seen[string(m.Value)]++; seen[string(m.Value)] > 1 {
			t.Fatalf("%s came twice", m.Value)
		}
	}
	if _, err := c.Commit(); err != nil {
		t.Fatal(err)
	}
	assigned, err := c.Assignment()
	if err != nil {
		t.Fatal(err)
	}
	committed, err := c.Committed(assigned, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	sum := kafka.Offset(0)
	for _, tp := range committed {
		sum += tp.Offset
	}
	if sum != 5*records {
		t.Errorf("committed offsets add up to %d, want %d: %v", sum, 5*records, committed)
	}
	groups, err := admin.ListConsumerGroups(ctx)
	if err != nil || len(groups.Valid) == 0 {
		t.Errorf("groups: %+v, %v", groups, err)
	}
}

func produce(t *testing.T, addr, codec string) {
	t.Helper()
	p, err := kafka.NewProducer(&kafka.ConfigMap{"bootstrap.servers": addr, "enable.idempotence": true, "compression.type": codec, "linger.ms": 5})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	topic := "confluent"
	// Flush counts reports that nobody has read, so they are read beside it.
	failed := make(chan error, 1)
	go func() {
		defer close(failed)
		for reported := 0; reported < records; {
			if m, ok := (<-p.Events()).(*kafka.Message); ok {
				if reported++; m.TopicPartition.Error != nil {
					failed <- m.TopicPartition.Error
					return
				}
			}
		}
	}()
	for i := range records {
		v := fmt.Sprintf("%s-%d", codec, i)
		m := &kafka.Message{TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: kafka.PartitionAny}, Key: []byte(v), Value: []byte(v)}
		if err := p.Produce(m, nil); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-failed:
		if err != nil {
			t.Fatalf("%s: %v", codec, err)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("%s: %d records are not acknowledged", codec, p.Len())
	}
}
