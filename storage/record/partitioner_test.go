package record_test

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/storage/record"
)

// TestPartitionFor compares with a Kafka client's own default partitioner.
func TestPartitionFor(t *testing.T) {
	client := kgo.StickyKeyPartitioner(nil).ForTopic("t")
	for i := range 200 {
		key := []byte(fmt.Sprintf("%*d", i%23+1, i))
		for _, n := range []int{1, 3, 4, 50} {
			want := client.Partition(&kgo.Record{Key: key}, n)
			if got := record.PartitionFor(key, int32(n)); int(got) != want {
				t.Fatalf("PartitionFor(%q, %d) = %d, want %d", key, n, got, want)
			}
		}
	}
}
