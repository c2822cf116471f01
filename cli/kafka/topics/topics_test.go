package topics

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"

	"tailrace/cli/kafka/client"
)

func laidOut(replicas ...[]int32) kadm.PartitionDetails {
	all := kadm.PartitionDetails{}
	for i, r := range replicas {
		all[int32(i)] = kadm.PartitionDetail{Partition: int32(i), Replicas: r}
	}
	return all
}

// TestReplicate: leaders stay, new replicas go where fewest are, partitions that have
// enough are left alone.
func TestReplicate(t *testing.T) {
	tests := []struct {
		name    string
		before  kadm.PartitionDetails
		brokers []int32
		n       int
		want    map[int32][]int32
	}{
		{"more are spread", laidOut([]int32{1}, []int32{2}, []int32{3}), []int32{1, 2, 3}, 2, map[int32][]int32{0: {1, 2}, 1: {2, 1}, 2: {3, 1}}},
		{"a broker without any comes first", laidOut([]int32{1}, []int32{1}), []int32{1, 2, 3}, 2, map[int32][]int32{0: {1, 2}, 1: {1, 3}}},
		{"fewer take the last away", laidOut([]int32{1, 2, 3}, []int32{2, 3, 1}), []int32{1, 2, 3}, 1, map[int32][]int32{0: {1}, 1: {2}}},
		{"enough is left alone", laidOut([]int32{1, 2}, []int32{2}), []int32{1, 2}, 2, map[int32][]int32{1: {2, 1}}},
	}
	for _, tc := range tests {
		got, err := replicate(tc.before, tc.brokers, tc.n)
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", tc.name, err, diff)
		}
	}
	if _, err := replicate(laidOut([]int32{1}), []int32{1, 2}, 3); err == nil {
		t.Error("three replicas on two brokers")
	}
}

// TestTroubles: which partitions each of the filters of describe keeps.
func TestTroubles(t *testing.T) {
	two := "2"
	configs := []client.Config{{Name: "min.insync.replicas", Value: &two}}
	live := map[int32]bool{1: true, 2: true, 3: true}
	for _, tc := range []struct {
		p    partition
		want string
	}{
		{partition{Leader: 1, Replicas: []int32{1, 2, 3}, ISR: []int32{1, 2, 3}}, ""},
		{partition{Leader: 1, Replicas: []int32{1, 2, 3}, ISR: []int32{1, 2}}, "under-replicated at-min"},
		{partition{Leader: 1, Replicas: []int32{1, 2, 3}, ISR: []int32{1}}, "under-replicated under-min"},
		{partition{Leader: -1, Replicas: []int32{1, 2, 3}, ISR: []int32{1, 2, 3}}, "unavailable under-min"},
		{partition{Leader: 4, Replicas: []int32{4, 2, 3}, ISR: []int32{4, 2, 3}}, "unavailable under-min"},
		{partition{Leader: 1, Replicas: []int32{1, 2, 3, 4}, Adding: []int32{4}, ISR: []int32{1, 2, 3}}, ""},
	} {
		got := ""
		for _, f := range []struct {
			name string
			o    describeFlags
		}{{"under-replicated", describeFlags{underReplicated: true}}, {"unavailable", describeFlags{unavailable: true}},
			{"under-min", describeFlags{underMinISR: true}}, {"at-min", describeFlags{atMinISR: true}}} {
			if f.o.keeps(tc.p, configs, live) {
				if got != "" {
					got += " "
				}
				got += f.name
			}
		}
		if got != tc.want {
			t.Errorf("%s is %q, want %q", fmt.Sprint(tc.p), got, tc.want)
		}
	}
}
