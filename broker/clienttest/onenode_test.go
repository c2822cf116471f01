package clienttest

import (
	"github.com/twmb/franz-go/pkg/kmsg"
)

// oneNode asks what concerns replicas, log folders, controllers, features and access.
func (c *conversation) oneNode() {
	type parts = []int32
	elect := func(what string, kind int8, topics []kmsg.ElectLeadersRequestTopic) {
		c.on("%s", what)
		q := kmsg.NewPtrElectLeadersRequest()
		q.ElectionType, q.Topics, q.TimeoutMillis = kind, topics, 10000
		ask[*kmsg.ElectLeadersResponse](c, q)
	}
	for kind := range int8(3) {
		elect("some", kind, []kmsg.ElectLeadersRequestTopic{{Topic: odd1, Partitions: parts{0, 7}}, {Topic: "nobody", Partitions: parts{0}}})
		elect("all", kind, nil)
		elect("none", kind, []kmsg.ElectLeadersRequestTopic{})
		elect("no partitions", kind, []kmsg.ElectLeadersRequestTopic{{Topic: odd1}})
		elect("twice", kind, []kmsg.ElectLeadersRequestTopic{{Topic: odd1, Partitions: parts{0, 0}}, {Topic: odd1, Partitions: parts{1}}})
	}
	for _, to := range []parts{nil, {}, {1}, {2}, {1, 2}, {1, 1}, {-1}} {
		for _, at := range []struct {
			topic string
			part  int32
		}{{odd1, 0}, {odd1, 9}, {"nobody", 0}} {
			c.on("%s %d to %d, cancelled %v", at.topic, at.part, to, to == nil)
			q := kmsg.NewPtrAlterPartitionAssignmentsRequest()
			q.TimeoutMillis = 10000
			q.Topics = []kmsg.AlterPartitionAssignmentsRequestTopic{{Topic: at.topic, Partitions: []kmsg.AlterPartitionAssignmentsRequestTopicPartition{{Partition: at.part, Replicas: to}}}}
			ask[*kmsg.AlterPartitionAssignmentsResponse](c, q)
		}
	}
	c.on("none")
	ask[*kmsg.AlterPartitionAssignmentsResponse](c, kmsg.NewPtrAlterPartitionAssignmentsRequest())
	for _, topics := range [][]kmsg.ListPartitionReassignmentsRequestTopic{nil, {}, {{Topic: odd1, Partitions: parts{0, 9}}}, {{Topic: "nobody", Partitions: parts{0}}}} {
		q := kmsg.NewPtrListPartitionReassignmentsRequest()
		q.Topics, q.TimeoutMillis = topics, 10000
		c.on("%v", topics)
		ask[*kmsg.ListPartitionReassignmentsResponse](c, q)
	}
	c.folders()
	c.quorum()
	c.access()
	c.nobody()
}

// nobody asks about what there is none of: quotas, passwords, transactions.
func (c *conversation) nobody() {
	quotas := func(what string, strict bool, parts ...kmsg.DescribeClientQuotasRequestComponent) {
		c.on("%s", what)
		ask[*kmsg.DescribeClientQuotasResponse](c, &kmsg.DescribeClientQuotasRequest{Components: parts, Strict: strict})
	}
	type part = kmsg.DescribeClientQuotasRequestComponent
	quotas("all", false)
	quotas("none, strictly", true)
	quotas("a user", false, part{EntityType: "user", MatchType: 0, Match: text("x")})
	quotas("any user", true, part{EntityType: "user", MatchType: 2})
	quotas("a kind that is not there", false, part{EntityType: "planet", MatchType: 0, Match: text("x")})
	quotas("no kind", false, part{EntityType: "", MatchType: 2})
	quotas("a match that is not there", false, part{EntityType: "user", MatchType: 9})
	quotas("a kind twice", false, part{EntityType: "user", MatchType: 2}, part{EntityType: "user", MatchType: 1})
	quotas("an exact match of null", false, part{EntityType: "user", MatchType: 0})
	quotas("an address and a user", false, part{EntityType: "ip", MatchType: 2}, part{EntityType: "user", MatchType: 2})
	type user = kmsg.DescribeUserSCRAMCredentialsRequestUser
	for _, users := range [][]user{nil, {}, {{Name: "a"}}, {{Name: "a"}, {Name: "b"}, {Name: "a"}}, {{Name: ""}}} {
		c.on("users %v", users)
		ask[*kmsg.DescribeUserSCRAMCredentialsResponse](c, &kmsg.DescribeUserSCRAMCredentialsRequest{Users: users})
	}
	for _, states := range [][]string{nil, {"Ongoing"}, {"ongoing"}, {"Nonsense", "Dead", "PrepareEpochFence"}, {""}} {
		c.on("in %q", states)
		q := kmsg.NewPtrListTransactionsRequest()
		q.StateFilters = states
		ask[*kmsg.ListTransactionsResponse](c, q)
	}
	if c.newest {
		for _, pattern := range []string{"", "a.*", "("} {
			c.on("like %q", pattern)
			q := kmsg.NewPtrListTransactionsRequest()
			q.TransactionalIDPattern = &pattern
			ask[*kmsg.ListTransactionsResponse](c, q)
		}
	}
	c.on("")
	type topic = kmsg.DescribeProducersRequestTopic
	for _, topics := range [][]topic{nil, {{Topic: odd1}}, {{Topic: odd1, Partitions: []int32{0, 0, 7}}, {Topic: "nobody", Partitions: []int32{0}}, {Topic: "", Partitions: []int32{0}}}} {
		ask[*kmsg.DescribeProducersResponse](c, &kmsg.DescribeProducersRequest{Topics: topics})
	}
}

func (c *conversation) folders() {
	type parts = []int32
	dir := ""
	for _, topics := range [][]kmsg.DescribeLogDirsRequestTopic{{{Topic: odd1, Partitions: parts{0, 1, 9}}, {Topic: "nobody", Partitions: parts{0}}}, {}, nil, {{Topic: odd1}}} {
		c.on("%v", topics)
		q := kmsg.NewPtrDescribeLogDirsRequest()
		q.Topics = topics
		if r := ask[*kmsg.DescribeLogDirsResponse](c, q); r != nil && len(r.Dirs) == 1 {
			dir = r.Dirs[0].Dir
		}
	}
	for _, to := range []struct{ what, dir string }{{"its own", dir}, {"another", dir + "-2"}, {"relative", "x"}, {"empty", ""}} {
		c.on("to %s", to.what)
		q := kmsg.NewPtrAlterReplicaLogDirsRequest()
		q.Dirs = []kmsg.AlterReplicaLogDirsRequestDir{{Dir: to.dir, Topics: []kmsg.AlterReplicaLogDirsRequestDirTopic{
			{Topic: odd1, Partitions: parts{0, 9}}, {Topic: "nobody", Partitions: parts{0}}}}}
		ask[*kmsg.AlterReplicaLogDirsResponse](c, q)
	}
	c.on("none")
	ask[*kmsg.AlterReplicaLogDirsResponse](c, kmsg.NewPtrAlterReplicaLogDirsRequest())
}

func (c *conversation) quorum() {
	quorum := func(what string, topics ...kmsg.DescribeQuorumRequestTopic) {
		c.on("%s", what)
		ask[*kmsg.DescribeQuorumResponse](c, &kmsg.DescribeQuorumRequest{Topics: topics})
	}
	part := func(n ...int32) (out []kmsg.DescribeQuorumRequestTopicPartition) {
		for _, n := range n {
			out = append(out, kmsg.DescribeQuorumRequestTopicPartition{Partition: n})
		}
		return out
	}
	quorum("of the metadata", kmsg.DescribeQuorumRequestTopic{Topic: "__cluster_metadata", Partitions: part(0)})
	quorum("of another partition", kmsg.DescribeQuorumRequestTopic{Topic: "__cluster_metadata", Partitions: part(1)})
	quorum("of two partitions", kmsg.DescribeQuorumRequestTopic{Topic: "__cluster_metadata", Partitions: part(0, 1)})
	quorum("of a topic", kmsg.DescribeQuorumRequestTopic{Topic: odd1, Partitions: part(0)})
	quorum("of none")
	for _, types := range [][]int8{{}, {2}, {4}, {8}, {16}, {32}, {2, 2}, {99}, {0}, {-1}, {2, 99}} {
		if c.newest || len(types) == 0 {
			c.on("%v", types)
			ask[*kmsg.ListConfigResourcesResponse](c, &kmsg.ListConfigResourcesRequest{ResourceTypes: types})
		}
	}
	update := func(what string, validate bool, u ...kmsg.UpdateFeaturesRequestFeatureUpdate) {
		c.on("%s", what)
		q := kmsg.NewPtrUpdateFeaturesRequest()
		q.ValidateOnly, q.FeatureUpdates, q.TimeoutMillis = validate, u, 10000
		ask[*kmsg.UpdateFeaturesResponse](c, q)
	}
	type feature = kmsg.UpdateFeaturesRequestFeatureUpdate
	update("none", false)
	update("the same level", false, feature{Feature: "metadata.version", MaxVersionLevel: 33, UpgradeType: 1})
	update("a level that is not there", false, feature{Feature: "metadata.version", MaxVersionLevel: 99, UpgradeType: 1})
	update("level 0", false, feature{Feature: "metadata.version", MaxVersionLevel: 0, UpgradeType: 3})
	update("lower as an upgrade", false, feature{Feature: "metadata.version", MaxVersionLevel: 30, UpgradeType: 1})
	update("below 0", false, feature{Feature: "metadata.version", MaxVersionLevel: -1, UpgradeType: 1})
	update("unknown", false, feature{Feature: "no.such", MaxVersionLevel: 1, UpgradeType: 1})
	update("no name", false, feature{Feature: "", MaxVersionLevel: 1, UpgradeType: 1})
	update("twice", false, feature{Feature: "metadata.version", MaxVersionLevel: 33, UpgradeType: 1}, feature{Feature: "metadata.version", MaxVersionLevel: 33, UpgradeType: 1})
	update("an unknown type", false, feature{Feature: "metadata.version", MaxVersionLevel: 33, UpgradeType: 9})
	update("to validate, one good and one bad", true, feature{Feature: "metadata.version", MaxVersionLevel: 33, UpgradeType: 1}, feature{Feature: "no.such", MaxVersionLevel: 1, UpgradeType: 1})
	if c.newest {
		c.on("")
		var id *string
		if m := ask[*kmsg.MetadataResponse](c, &kmsg.MetadataRequest{Topics: []kmsg.MetadataRequestTopic{}}); m != nil {
			id = m.ClusterID
		}
		for _, v := range []struct {
			what    string
			cluster *string
			node    int32
			name    string
		}{{"nothing told", nil, -1, "x"}, {"the node", nil, 1, "x"}, {"another node", nil, 7, "x"}, {"the cluster", id, -1, "x"},
			{"both", id, 1, "x"}, {"the cluster and another node", id, 7, "x"}, {"another cluster and the node", text("elsewhere"), 1, "x"}, {"another cluster", text("elsewhere"), -1, "x"}, {"no name", nil, -1, ""}, {"a bad name", nil, -1, "a b"}} {
			c.on("%s", v.what)
			q := kmsg.NewPtrApiVersionsRequest()
			q.ClientSoftwareName, q.ClientSoftwareVersion, q.ClusterID, q.NodeID = v.name, "1", v.cluster, v.node
			ask[*kmsg.ApiVersionsResponse](c, q)
		}
	}
}

func (c *conversation) access() {
	c.on("")
	d := kmsg.NewPtrDescribeACLsRequest()
	d.ResourceType, d.ResourcePatternType, d.Operation, d.PermissionType = 1, 1, 1, 1
	ask[*kmsg.DescribeACLsResponse](c, d)
	cr := kmsg.NewPtrCreateACLsRequest()
	ask[*kmsg.CreateACLsResponse](c, cr)
	for range 2 {
		cr.Creations = append(cr.Creations, kmsg.CreateACLsRequestCreation{ResourceType: 2, ResourceName: "x", ResourcePatternType: 3, Principal: "User:a", Host: "*", Operation: 3, PermissionType: 3})
	}
	ask[*kmsg.CreateACLsResponse](c, cr)
	del := kmsg.NewPtrDeleteACLsRequest()
	ask[*kmsg.DeleteACLsResponse](c, del)
	for range 2 {
		del.Filters = append(del.Filters, kmsg.DeleteACLsRequestFilter{ResourceType: 1, ResourcePatternType: 1, Operation: 1, PermissionType: 1})
	}
	ask[*kmsg.DeleteACLsResponse](c, del)
}
