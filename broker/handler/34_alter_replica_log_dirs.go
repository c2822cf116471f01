package handler

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// AlterReplicaLogDirs, API key 34: move replicas to another log folder. There is one, and
// what is asked to go there is there. v2 is flexible.
func init() { register(34, versions{1, 2}, (*API).alterReplicaLogDirs) }

func (a *API) alterReplicaLogDirs(_ *call, req *kmsg.AlterReplicaLogDirsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.AlterReplicaLogDirsResponse)
	at := map[string]int{}
	for _, d := range req.Dirs {
		for _, t := range d.Topics {
			i, ok := at[t.Topic]
			if len(t.Partitions) > 0 && !ok {
				i = len(resp.Topics)
				at[t.Topic] = i
				rt := kmsg.NewAlterReplicaLogDirsResponseTopic()
				rt.Topic = t.Topic
				resp.Topics = append(resp.Topics, rt)
			}
			for _, n := range t.Partitions {
				rp := kmsg.NewAlterReplicaLogDirsResponseTopicPartition()
				rp.Partition = n
				if d.Dir != a.log.Dir() {
					rp.ErrorCode = int16(kerr.LogDirNotFound)
				} else {
					_, code := a.partitionByName(t.Topic, n)
					rp.ErrorCode = int16(code)
				}
				rt := &resp.Topics[i]
				same := func(o kmsg.AlterReplicaLogDirsResponseTopicPartition) bool { return o.Partition == n }
				rt.Partitions = append(slices.DeleteFunc(rt.Partitions, same), rp) // the last that is asked counts
			}
		}
	}
	return resp
}
