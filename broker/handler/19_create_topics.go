package handler

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/local"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// CreateTopics, API key 19.
//
//	v4 -1 for the node's default partitions and replicas (KIP-464)
//	v5 flexible; the answer shows the configuration (KIP-525)   v7 topic ids
//
// Each topic succeeds or fails alone; one that is named twice fails, and is told of once.
func init() { register(19, versions{2, 7}, (*API).createTopics) }

func (a *API) createTopics(c *call, req *kmsg.CreateTopicsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
	named := map[string]int{}
	for i := range req.Topics {
		named[req.Topics[i].Topic]++
	}
	for i := range req.Topics {
		q := &req.Topics[i]
		if named[q.Topic] == 0 {
			continue
		}
		rt := kmsg.NewCreateTopicsResponseTopic()
		rt.Topic = q.Topic
		rt.NumPartitions, rt.ReplicationFactor = -1, -1
		rt.Configs = []kmsg.CreateTopicsResponseTopicConfig{} // never null: Kafka lists none with an error
		if named[q.Topic] > 1 {
			rt.ErrorCode, rt.ErrorMessage = int16(kerr.InvalidRequest), str("the topic is named more than once in the request")
		} else {
			a.createTopic(c, q, req.ValidateOnly, &rt)
		}
		named[q.Topic] = 0 // answered
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}

func (a *API) createTopic(c *call, q *kmsg.CreateTopicsRequestTopic, validateOnly bool, rt *kmsg.CreateTopicsResponseTopic) {
	spec := commitlog.TopicSpec{Name: q.Topic, Partitions: q.NumPartitions, ReplicationFactor: q.ReplicationFactor}
	if err := a.log.CheckNewTopic(q.Topic); err != nil {
		rt.ErrorCode, rt.ErrorMessage = int16(a.fail("create topic", err)), message(err)
		return
	}
	set := map[string]*string{}
	for _, cfg := range q.Configs {
		if set[cfg.Name] = cfg.Value; cfg.Value == nil {
			rt.ErrorCode, rt.ErrorMessage = int16(kerr.InvalidConfig), str(fmt.Sprintf("the value of %s must not be null", cfg.Name))
			return
		}
		if spec.Configs == nil {
			spec.Configs = map[string]string{}
		}
		spec.Configs[cfg.Name] = *cfg.Value
	}
	if err := local.CheckTopicConfig(set); err != nil {
		rt.ErrorCode, rt.ErrorMessage = int16(a.fail("create topic", err)), message(err)
		return
	}
	code, msg := a.checkShape(q, &spec)
	if code != 0 {
		rt.ErrorCode, rt.ErrorMessage = int16(code), &msg
		return
	}
	t, err := a.log.ValidateTopic(spec)
	if err == nil {
		err = a.log.MayChange(q.Topic)
	}
	if err == nil && !validateOnly {
		t, err = a.log.CreateTopic(c, spec)
	}
	if err != nil {
		rt.ErrorCode, rt.ErrorMessage = int16(a.fail("create topic", err)), message(err)
		return
	}
	rt.TopicID, rt.NumPartitions, rt.ReplicationFactor = t.ID, t.Partitions, t.ReplicationFactor
	for _, e := range a.log.ConfigsWith(t.Configs) {
		rc := kmsg.NewCreateTopicsResponseTopicConfig()
		rc.Name, rc.Value, rc.Source = e.Key.Name, str(e.Value), int8(e.Source())
		rt.Configs = append(rt.Configs, rc)
	}
}

// checkShape checks counts and a manual assignment, and completes spec from them. On one
// node every replica is here.
func (a *API) checkShape(q *kmsg.CreateTopicsRequestTopic, spec *commitlog.TopicSpec) (kerr.Code, string) {
	if len(q.ReplicaAssignment) > 0 {
		if q.NumPartitions != -1 || q.ReplicationFactor != -1 {
			return kerr.InvalidRequest, "a manual assignment excludes a partition count and a replication factor"
		}
		seen := make([]bool, len(q.ReplicaAssignment))
		for _, as := range q.ReplicaAssignment {
			switch {
			case as.Partition < 0 || int(as.Partition) >= len(seen) || seen[as.Partition]:
				return kerr.InvalidReplicaAssignment, "the assigned partitions must be numbered from 0 without gaps"
			case len(as.Replicas) != 1 || as.Replicas[0] != a.log.NodeID():
				return kerr.InvalidReplicaAssignment, fmt.Sprintf("partition %d is assigned to brokers that do not exist", as.Partition)
			}
			seen[as.Partition] = true
		}
		spec.Partitions, spec.ReplicationFactor = int32(len(seen)), 1
	}
	switch {
	case spec.ReplicationFactor == 0 || spec.ReplicationFactor < -1:
		return kerr.InvalidReplicationFactor, "the replication factor must be positive, or -1 for the default"
	case spec.Partitions == 0 || spec.Partitions < -1:
		return kerr.InvalidPartitions, "the number of partitions must be positive, or -1 for the default"
	case spec.Partitions > a.cfg.MaxTopicPartitions:
		return kerr.InvalidPartitions, fmt.Sprintf("%d partitions are more than the %d that one topic may have", spec.Partitions, a.cfg.MaxTopicPartitions)
	case spec.ReplicationFactor > 1:
		return kerr.InvalidReplicationFactor, fmt.Sprintf("the replication factor %d cannot be reached: there is 1 broker", spec.ReplicationFactor)
	}
	return 0, ""
}
