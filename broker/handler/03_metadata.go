package handler

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/local"
	"tailrace/storage/commitlog"
	"tailrace/storage/record/kerr"
)

// Metadata, API key 3: which topics are there, and who leads their partitions?
//
//	v0 empty means all             v1 null means all, empty none
//	v4 allow_auto_topic_creation   v7 leader epoch   v10 topic ids (KIP-516)
//	v8 authorized operations (KIP-430)
//	v12 topics asked for by id
//
// A topic that does not exist is made on the way, with the node's defaults, when both
// the client and auto.create.topics.enable allow it; not at once after it was deleted.
func init() { register(3, versions{0, 13}, (*API).metadata) }

// What clients may do, as bits numbered like Kafka's AclOperation: without an authorizer
// everybody may do everything that there is for a kind of resource.
const (
	// notAsked is what stands for authorized operations that were not asked for.
	notAsked = -1 << 31
	// topicOperations: READ 3, WRITE 4, CREATE 5, DELETE 6, ALTER 7, DESCRIBE 8,
	// DESCRIBE_CONFIGS 10, ALTER_CONFIGS 11.
	topicOperations = 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<10 | 1<<11
	// clusterOperations: CREATE, ALTER, DESCRIBE, CLUSTER_ACTION 9, DESCRIBE_CONFIGS,
	// ALTER_CONFIGS, IDEMPOTENT_WRITE 12.
	clusterOperations = 1<<5 | 1<<7 | 1<<8 | 1<<9 | 1<<10 | 1<<11 | 1<<12
	// groupOperations: READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS.
	groupOperations = 1<<3 | 1<<6 | 1<<8 | 1<<10 | 1<<11
)

func (a *API) metadata(c *call, req *kmsg.MetadataRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.MetadataResponse)
	if req.Version == 10 || req.Version == 11 {
		// These versions have ids on the wire, and topics by name only.
		if slices.ContainsFunc(req.Topics, func(t kmsg.MetadataRequestTopic) bool { return t.Topic == nil || t.TopicID != [16]byte{} }) {
			for i := range req.Topics {
				rt := kmsg.NewMetadataResponseTopic()
				rt.Topic, rt.TopicID, rt.ErrorCode = req.Topics[i].Topic, req.Topics[i].TopicID, int16(kerr.InvalidRequest)
				if rt.Topic == nil {
					rt.Topic = str("")
				}
				resp.Topics = append(resp.Topics, rt)
			}
			return resp
		}
	}
	broker := kmsg.NewMetadataResponseBroker()
	broker.NodeID = a.log.NodeID()
	broker.Host, broker.Port = a.advertised(c.Request)
	if a.cfg.Rack != "" {
		broker.Rack = &a.cfg.Rack
	}
	resp.Brokers = append(resp.Brokers, broker)
	resp.ClusterID = str(a.log.ClusterID())
	resp.ControllerID = a.log.NodeID()
	if req.IncludeClusterAuthorizedOperations { // not on the wire from v11 on
		resp.AuthorizedOperations = clusterOperations
	}
	defer func() {
		for i := range resp.Topics {
			if t := &resp.Topics[i]; req.IncludeTopicAuthorizedOperations && t.ErrorCode != int16(kerr.UnknownTopicID) { // also of topics that there are not
				t.AuthorizedOperations = topicOperations
			}
		}
	}()
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
	type wanted struct {
		name string
		id   [16]byte
	}
	told := map[wanted]bool{} // a topic that is named twice is told of once
	for i := range req.Topics {
		w := wanted{id: req.Topics[i].TopicID}
		if req.Topics[i].Topic != nil {
			w.name = *req.Topics[i].Topic
		}
		if told[w] {
			continue
		}
		told[w] = true
		resp.Topics = append(resp.Topics, a.metadataTopic(c, &req.Topics[i], create))
	}
	return resp
}

func (a *API) metadataTopic(c *call, q *kmsg.MetadataRequestTopic, create bool) kmsg.MetadataResponseTopic {
	failed := kmsg.NewMetadataResponseTopic()
	failed.Topic, failed.TopicID = q.Topic, q.TopicID
	if q.Topic == nil || *q.Topic == "" || q.TopicID != [16]byte{} { // beside an id the name does not count
		t, err := a.log.TopicByID(q.TopicID)
		if err == nil {
			return a.describeTopic(t)
		}
		failed.ErrorCode = int16(kerr.UnknownTopicID)
		if q.TopicID != [16]byte{} {
			failed.Topic = nil
		}
		if q.Topic != nil && q.TopicID == [16]byte{} {
			failed.ErrorCode = int16(kerr.InvalidTopic)
		}
		return failed
	}
	t, err := a.log.Topic(c, *q.Topic)
	if errors.Is(err, commitlog.ErrUnknownTopic) {
		spec := commitlog.TopicSpec{Name: *q.Topic, Partitions: -1, ReplicationFactor: -1}
		switch invalid := local.CheckTopicName(*q.Topic); {
		case invalid != nil:
			err = invalid
		case create && !a.deleted.recently(*q.Topic, a.cfg.Clock.Now()):
			t, err = a.autoCreate(c, spec)
		}
	}
	if err != nil {
		failed.ErrorCode = int16(a.fail("metadata", err))
		return failed
	}
	return a.describeTopic(t)
}

// autoCreate makes a topic that a client asks about. OffsetsTopic gets the shape that the
// coordinator needs, whoever names it first; the engine's topics stay unknown until it makes
// them.
func (a *API) autoCreate(c *call, spec commitlog.TopicSpec) (t commitlog.Topic, err error) {
	switch {
	case spec.Name == local.OffsetsTopic:
		err = a.log.Offsets().EnsureTopic(c)
	case a.log.MayChange(spec.Name) != nil:
	default:
		if t, err = a.log.CreateTopic(c, spec); err == nil {
			return t, nil
		}
	}
	if err != nil && !errors.Is(err, commitlog.ErrTopicExists) { // else somebody was faster
		return t, err
	}
	return a.log.Topic(c, spec.Name)
}

// deletions remembers which topics have just been deleted. A client that used one goes on
// asking about it for a moment: that must not bring it back.
type deletions struct {
	mu sync.Mutex
	at map[string]time.Time
}

// afterDeletion is how long a deleted topic is not made again by itself.
const afterDeletion = 2 * time.Second

func (d *deletions) note(topic string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.at, func(_ string, at time.Time) bool { return now.Sub(at) >= afterDeletion })
	if d.at == nil {
		d.at = map[string]time.Time{}
	}
	d.at[topic] = now
}

func (d *deletions) recently(topic string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, ok := d.at[topic]
	return ok && now.Sub(at) < afterDeletion
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
