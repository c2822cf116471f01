package handler

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// CreatePartitions, API key 37: let these topics have so many partitions. v2 is
// flexible. Every topic of the request is in the answer, once.
func init() { register(37, versions{0, 3}, (*API).createPartitions) }

func (a *API) createPartitions(c *call, req *kmsg.CreatePartitionsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.CreatePartitionsResponse)
	named := map[string]int{}
	for i := range req.Topics {
		named[req.Topics[i].Topic]++
	}
	for i := range req.Topics {
		q := &req.Topics[i]
		if named[q.Topic] == 0 {
			continue
		}
		rt := kmsg.NewCreatePartitionsResponseTopic()
		rt.Topic = q.Topic
		code, msg := kerr.InvalidRequest, "the topic is named more than once in the request"
		if named[q.Topic] == 1 {
			code, msg = a.growTopic(c, q, req.ValidateOnly)
		}
		if rt.ErrorCode = int16(code); msg != "" {
			rt.ErrorMessage = &msg
		}
		named[q.Topic] = 0 // answered
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}

func (a *API) growTopic(c *call, q *kmsg.CreatePartitionsRequestTopic, validateOnly bool) (kerr.Code, string) {
	t, err := a.log.Topic(c, q.Topic)
	if err != nil {
		return a.fail("create partitions", err), err.Error()
	}
	if err := a.log.MayChange(q.Topic); err != nil {
		return codeOf(err), err.Error()
	}
	switch {
	case q.Count <= t.Partitions:
		return kerr.InvalidPartitions, fmt.Sprintf("The topic %s currently has %d partition(s); %d would not be an increase.", q.Topic, t.Partitions, q.Count)
	case q.Count > a.cfg.MaxTopicPartitions:
		return kerr.PolicyViolation, fmt.Sprintf("%d partitions are more than the %d that one topic may have", q.Count, a.cfg.MaxTopicPartitions)
	case q.Assignment != nil && len(q.Assignment) != int(q.Count-t.Partitions):
		return kerr.InvalidReplicaAssignment, fmt.Sprintf("%d partitions are added, but %d assigned", q.Count-t.Partitions, len(q.Assignment))
	}
	for _, as := range q.Assignment {
		if len(as.Replicas) != 1 || as.Replicas[0] != a.log.NodeID() {
			return kerr.InvalidReplicaAssignment, "partitions are assigned to brokers that do not exist"
		}
	}
	if validateOnly {
		return 0, ""
	}
	if err := a.log.CreatePartitions(c, q.Topic, q.Count); err != nil {
		return a.fail("create partitions", err), err.Error()
	}
	return 0, ""
}
