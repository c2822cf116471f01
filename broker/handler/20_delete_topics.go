package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// DeleteTopics, API key 20.
//
//	v4 flexible   v5 messages   v6 by id (KIP-516)
//
// System topics stay: they are their owners'. A topic that is named twice is refused, once.
func init() { register(20, versions{1, 6}, (*API).deleteTopics) }

func (a *API) deleteTopics(c *call, req *kmsg.DeleteTopicsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DeleteTopicsResponse)
	type target struct {
		name string
		id   [16]byte
	}
	var order []target
	named := map[target]int{}
	add := func(name *string, id [16]byte) {
		t := target{id: id}
		if name != nil {
			t.name = *name
		}
		if name == nil && id == [16]byte{} || name != nil && id != [16]byte{} {
			resp.Topics = append(resp.Topics, a.deleteTopic(c, name, id)) // refused
			return
		}
		if named[t]++; named[t] == 1 {
			order = append(order, t)
		}
	}
	for _, name := range req.TopicNames {
		add(&name, [16]byte{})
	}
	for i := range req.Topics {
		add(req.Topics[i].Topic, req.Topics[i].TopicID)
	}
	for _, t := range order {
		name := &t.name
		if t.id != [16]byte{} {
			name = nil
		}
		if named[t] == 1 {
			resp.Topics = append(resp.Topics, a.deleteTopic(c, name, t.id))
			continue
		}
		rt := kmsg.NewDeleteTopicsResponseTopic()
		rt.Topic, rt.TopicID = name, t.id
		rt.ErrorCode, rt.ErrorMessage = int16(kerr.InvalidRequest), str("the topic is named more than once in the request")
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}

func (a *API) deleteTopic(c *call, name *string, id [16]byte) kmsg.DeleteTopicsResponseTopic {
	rt := kmsg.NewDeleteTopicsResponseTopic()
	rt.Topic, rt.TopicID = name, id
	refuse := func(code kerr.Code, msg string) kmsg.DeleteTopicsResponseTopic {
		rt.ErrorCode = int16(code)
		if msg != "" {
			rt.ErrorMessage = &msg
		}
		return rt
	}
	byID := id != [16]byte{}
	switch {
	case name == nil && !byID:
		return refuse(kerr.InvalidRequest, "neither a name nor an id")
	case name != nil && byID:
		return refuse(kerr.InvalidRequest, "both a name and an id")
	case name == nil:
		name = str("")
	}
	t, code := a.topic(c, *name, id)
	if code != 0 {
		return refuse(code, unknownTopic(code))
	}
	if err := a.log.MayChange(t.Name); err != nil {
		return refuse(codeOf(err), err.Error())
	}
	rt.Topic, rt.TopicID = &t.Name, t.ID
	if err := a.log.DeleteTopic(c, t.Name); err != nil {
		return refuse(a.fail("delete topic", err), err.Error())
	}
	a.deleted.note(t.Name, a.cfg.Clock.Now())
	return rt
}

// unknownTopic is what Kafka says to a topic that it does not have.
func unknownTopic(code kerr.Code) string {
	if code == kerr.UnknownTopicID {
		return "This server does not host this topic ID."
	}
	return "This server does not host this topic-partition."
}
