package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/coordinator/group"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// OffsetCommit, API key 8: this group has read so far.
//
//	v2 retention (gone in v5)   v6 leader epoch   v7 static members (KIP-345)
//	v8 flexible                 v10 topic ids
//
// A request without partitions succeeds and writes nothing. A generation of -1 is a
// consumer that assigns itself, which a group without members welcomes.
func init() { register(8, versions{2, 10}, (*API).offsetCommit) }

func (a *API) offsetCommit(c *call, req *kmsg.OffsetCommitRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.OffsetCommitResponse)
	find := a.topic
	if req.Version >= 10 {
		find = a.topicByID
	}
	set := map[commitlog.TopicPartition]group.CommittedOffset{}
	for i := range req.Topics {
		t := &req.Topics[i]
		rt := kmsg.NewOffsetCommitResponseTopic()
		rt.Topic, rt.TopicID = t.Topic, t.TopicID
		topic, code := find(c, t.Topic, t.TopicID)
		for j := range t.Partitions {
			q := &t.Partitions[j]
			rp := kmsg.NewOffsetCommitResponseTopicPartition()
			rp.Partition = q.Partition
			switch {
			case code != 0:
				rp.ErrorCode = int16(code)
			case q.Partition < 0 || q.Partition >= topic.Partitions:
				rp.ErrorCode = int16(kerr.UnknownTopicOrPartition)
			default:
				o := group.CommittedOffset{Offset: commitlog.Offset(q.Offset), LeaderEpoch: q.LeaderEpoch}
				if q.Metadata != nil {
					o.Metadata = *q.Metadata
				}
				set[commitlog.TopicPartition{Topic: topic.Name, Partition: commitlog.PartitionID(q.Partition)}] = o
			}
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	who := identity(req.MemberID, req.InstanceID, req.Generation)
	var each map[commitlog.TopicPartition]kerr.Code
	code := kerr.UnknownMemberID // of a query: only its tasks commit
	if !a.log.OwnsGroup(req.Group) {
		code, each = a.groups.Commit(c, req.Group, who, set)
	}
	if code == kerr.GroupIDNotFound && req.Version < 9 {
		code = kerr.IllegalGeneration // clients of then know no other
	}
	for i := range resp.Topics {
		rt := &resp.Topics[i]
		name := a.nameOf(rt.Topic, rt.TopicID)
		for j := range rt.Partitions {
			rp := &rt.Partitions[j]
			switch {
			case code != 0:
				rp.ErrorCode = int16(code)
			case rp.ErrorCode == 0:
				rp.ErrorCode = int16(each[commitlog.TopicPartition{Topic: name, Partition: commitlog.PartitionID(rp.Partition)}])
			}
		}
	}
	return resp
}

// topic describes a topic by name, or by id when name is empty.
func (a *API) topic(c *call, name string, id [16]byte) (commitlog.Topic, kerr.Code) {
	if name != "" || id == [16]byte{} {
		t, err := a.log.Topic(c, name)
		return t, codeOf(err)
	}
	return a.topicByID(c, "", id)
}

// topicByID describes a topic by id, also where the id is zero, which no topic has.
func (a *API) topicByID(_ *call, _ string, id [16]byte) (commitlog.Topic, kerr.Code) {
	t, err := a.log.TopicByID(id)
	if err != nil {
		return t, kerr.UnknownTopicID
	}
	return t, 0
}

// nameOf is the name of a topic given by name or id; empty when the id is unknown.
func (a *API) nameOf(name string, id [16]byte) string {
	if name != "" {
		return name
	}
	t, _ := a.log.TopicByID(id)
	return t.Name
}

// identity is how a member of a group shows itself.
func identity(memberID string, instanceID *string, generation int32) group.Identity {
	id := group.Identity{MemberID: memberID, Generation: generation}
	if instanceID != nil {
		id.InstanceID = *instanceID
	}
	return id
}
