package handler

import "github.com/twmb/franz-go/pkg/kmsg"

// ListPartitionReassignments, API key 46: which partitions are moving? On one node, none.
func init() { register(46, versions{0, 0}, (*API).listPartitionReassignments) }

func (a *API) listPartitionReassignments(_ *call, req *kmsg.ListPartitionReassignmentsRequest) kmsg.Response {
	return req.ResponseKind()
}
