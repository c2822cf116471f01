package handler

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// Metadata, API key 3: which topics are there, and who leads their partitions?
//
//	v0 empty means all             v1 null means all, empty none
//	v4 allow_auto_topic_creation   v7 leader epoch   v10 topic ids (KIP-516)
//	v12 topics asked for by id
//
// A topic that does not exist is made on the way, with the node's defaults, when both
// the client and auto.create.topics.enable allow it.
func init() { register(3, versions{0, 13}, (*API).metadata) }

// notAsked is what stands for authorized operations that were not asked for.
const notAsked = -1 << 31

func (a *API) metadata(c *call, req *kmsg.MetadataRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.MetadataResponse)
	broker := kmsg.NewMetadataResponseBroker()
	broker.NodeID = a.log.NodeID()
	broker.Host, broker.Port = a.advertised(c.Request)
	if a.cfg.Rack != "" {
		broker.Rack = &a.cfg.Rack
	}
	resp.Brokers = append(resp.Brokers, broker)
	resp.ClusterID = str(a.log.ClusterID())
	resp.ControllerID = a.log.NodeID()
	if req.Topics == nil || (req.Version == 0 && len(req.Topics) == 0) {
		topics, err := a.log.Topics(c)
		if err != nil {
			resp.ErrorCode = int16(a.fail("list topics", err))
		}
		for _, t := range topics {
			resp.Topics = append(resp.Topics, a.describeTopic(t))
		}
		return resp
	}
	create := a.cfg.AutoCreateTopics && (req.Version < 4 || req.AllowAutoTopicCreation)
	for i := range req.Topics {
		resp.Topics = append(resp.Topics, a.metadataTopic(c, &req.Topics[i], create))
	}
	return resp
}

func (a *API) metadataTopic(c *call, q *kmsg.MetadataRequestTopic, create bool) kmsg.MetadataResponseTopic {
	failed := kmsg.NewMetadataResponseTopic()
	failed.Topic, failed.TopicID = q.Topic, q.TopicID
	if q.Topic == nil || *q.Topic == "" {
		t, err := a.log.TopicByID(q.TopicID)
		if err == nil {
			return a.describeTopic(t)
		}
		failed.ErrorCode = int16(kerr.UnknownTopicID)
		if q.Topic != nil && q.TopicID == [16]byte{} {
			failed.ErrorCode = int16(kerr.InvalidTopic)
		}
		return failed
	}
	t, err := a.log.Topic(c, *q.Topic)
	if errors.Is(err, commitlog.ErrUnknownTopic) {
		spec := commitlog.TopicSpec{Name: *q.Topic, Partitions: -1, ReplicationFactor: -1}
		switch _, invalid := a.log.ValidateTopic(spec); {
		case errors.Is(invalid, commitlog.ErrInvalidTopic):
			err = invalid
		case create:
			t, err = a.log.CreateTopic(c, spec)
			if errors.Is(err, commitlog.ErrTopicExists) { // somebody was faster
				t, err = a.log.Topic(c, *q.Topic)
			}
		}
	}
	if err != nil {
		failed.ErrorCode = int16(a.fail("metadata", err))
		return failed
	}
	return a.describeTopic(t)
}

// describeTopic is the entry of a topic that exists. One node has every replica.
func (a *API) describeTopic(t commitlog.Topic) kmsg.MetadataResponseTopic {
	rt := kmsg.NewMetadataResponseTopic()
	rt.Topic, rt.TopicID, rt.IsInternal = str(t.Name), t.ID, t.Internal
	node := []int32{a.log.NodeID()}
	rt.Partitions = make([]kmsg.MetadataResponseTopicPartition, 0, t.Partitions)
	for n := range t.Partitions {
		rp := kmsg.NewMetadataResponseTopicPartition()
		rp.Partition, rp.Leader, rp.Replicas, rp.ISR = n, node[0], node, node
		if p, code := a.partitionByName(t.Name, n); code == 0 {
			rp.LeaderEpoch = p.LeaderEpoch()
		} else {
			rp.ErrorCode, rp.Leader = int16(kerr.LeaderNotAvailable), -1
		}
		rt.Partitions = append(rt.Partitions, rp)
	}
	return rt
}
