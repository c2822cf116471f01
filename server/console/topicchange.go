package console

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tailrace/broker/local"
	"tailrace/storage/commitlog"
)

// newTopic is a topic to be made.
type newTopic struct {
	Name       string            `json:"name"`
	Partitions int32             `json:"partitions,omitempty" doc:"Default: the setting num.partitions."`
	Configs    map[string]string `json:"configs,omitempty" doc:"Configurations by name; of the others the default holds."`
	// ValidateOnly checks the topic and makes none.
	ValidateOnly bool `json:"validate_only,omitempty" doc:"Check only."`
}

// topicMade is a topic as it was made, or would be.
type topicMade struct {
	Name       string `json:"name"`
	Partitions int32  `json:"partitions"`
	Created    bool   `json:"created"`
}

// topicGone is a topic as it was when it was deleted.
type topicGone struct {
	Name    string `json:"name"`
	Records int64  `json:"records"`
}

type configChange struct {
	Set map[string]*string `json:"set" doc:"Values by name; null goes back to the default."`
	// ValidateOnly checks the change and makes none.
	ValidateOnly bool `json:"validate_only,omitempty" doc:"Check only."`
}

type configResult struct {
	Changed bool `json:"changed"`
}

var topicChanges = []endpoint{
	{method: "POST", path: "/api/topics", summary: "Make a topic", changes: true, body: newTopic{}, answer: topicMade{},
		handle: func(k *Console, r *request) (any, error) { return k.createTopic(r.Context(), r.body.(*newTopic)) }},
	{method: "DELETE", path: "/api/topics/{topic}", summary: "Delete a topic with its messages, and the positions of groups in it", changes: true,
		params: []param{topicParam}, answer: topicGone{},
		handle: func(k *Console, r *request) (any, error) { return k.deleteTopic(r.Context(), r.text("topic")) }},
	{method: "PATCH", path: "/api/topics/{topic}/configs", summary: "Change the configuration of a topic: all of it, or nothing", changes: true,
		params: []param{topicParam}, body: configChange{}, answer: configResult{},
		handle: func(k *Console, r *request) (any, error) { return k.changeConfigs(r) }},
}

// createTopic makes a topic as CreateTopics does.
func (k *Console) createTopic(ctx context.Context, n *newTopic) (any, error) {
	spec := commitlog.TopicSpec{Name: n.Name, Partitions: n.Partitions, ReplicationFactor: 1, Configs: n.Configs}
	if spec.Partitions == 0 {
		spec.Partitions = -1
	}
	if limit := k.c.MaxTopicPartitions; limit > 0 && spec.Partitions > limit {
		return nil, badBody(fmt.Sprintf("%d partitions are more than the %d that one topic may have", spec.Partitions, limit))
	}
	set := map[string]*string{}
	for name, value := range n.Configs {
		set[name] = &value
	}
	if err := local.CheckTopicConfig(set); err != nil {
		return nil, err
	}
	t, err := k.c.Log.ValidateTopic(spec)
	if err != nil {
		return nil, err
	}
	if err := k.c.Log.MayChange(n.Name); err != nil {
		return nil, forbidden(reason(err))
	}
	if !n.ValidateOnly {
		if t, err = k.c.Log.CreateTopic(ctx, spec); err != nil {
			return nil, err
		}
	}
	return topicMade{Name: t.Name, Partitions: t.Partitions, Created: !n.ValidateOnly}, nil
}

// deleteTopic deletes a topic that no query reads or writes: a query would fail without it.
func (k *Console) deleteTopic(ctx context.Context, name string) (any, error) {
	d, err := k.topic(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := k.c.Log.MayChange(name); err != nil {
		return nil, forbidden(reason(err))
	}
	if in := slices.Concat(d.Writers, d.Readers); len(in) > 0 {
		slices.Sort(in)
		in = slices.Compact(in)
		verb := "queries use"
		if len(in) == 1 {
			verb = "query uses"
		}
		e := fault(http.StatusConflict, "conflict", fmt.Sprintf("%d %s the topic %s: %s", len(in), verb, name, strings.Join(in[:min(len(in), 5)], ", ")))
		e.Hint = "Terminate what uses it first, or drop the stream or table with DELETE TOPIC."
		return nil, e
	}
	if err := k.c.Log.DeleteTopic(ctx, name); err != nil {
		return nil, err
	}
	k.c.Logger.Info("topic deleted through the console", "topic", name, "records", d.Records)
	return topicGone{Name: name, Records: d.Records}, nil
}

// changeConfigs changes a topic as IncrementalAlterConfigs does.
func (k *Console) changeConfigs(r *request) (any, error) {
	topic, change := r.text("topic"), r.body.(*configChange)
	if len(change.Set) == 0 {
		return nil, badBody("set must name at least one configuration")
	}
	if _, err := k.c.Log.Topic(r.Context(), topic); err != nil {
		return nil, err
	}
	if err := k.c.Log.MayChange(topic); err != nil {
		return nil, forbidden(reason(err))
	}
	if change.ValidateOnly {
		return configResult{}, k.c.Log.ValidateTopicConfig(topic, change.Set)
	}
	if err := k.c.Log.SetTopicConfig(r.Context(), topic, change.Set); err != nil {
		return nil, err
	}
	return configResult{Changed: true}, nil
}
