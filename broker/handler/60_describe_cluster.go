package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// DescribeCluster, API key 60: who is in the cluster?
//
//	v1 endpoint type (KIP-919)   v2 fenced brokers
func init() { register(60, versions{0, 2}, (*API).describeCluster) }

// endpointBrokers is the only endpoint type served: controllers have no listener.
const (
	endpointBrokers     = 1
	endpointControllers = 2
)

func (a *API) describeCluster(c *call, req *kmsg.DescribeClusterRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeClusterResponse)
	resp.EndpointType = endpointBrokers
	resp.ClusterAuthorizedOperations = notAsked
	if req.Version >= 1 && req.EndpointType != endpointBrokers {
		resp.ErrorCode = int16(kerr.Code(115)) // UNSUPPORTED_ENDPOINT_TYPE
		if req.EndpointType == endpointControllers {
			resp.ErrorCode = int16(kerr.Code(114)) // MISMATCHED_ENDPOINT_TYPE
		}
		resp.ErrorMessage = str("this listener serves brokers")
		return resp
	}
	if req.IncludeClusterAuthorizedOperations {
		resp.ClusterAuthorizedOperations = clusterOperations
	}
	resp.ClusterID, resp.ControllerID = a.log.ClusterID(), a.log.NodeID()
	b := kmsg.NewDescribeClusterResponseBroker()
	b.NodeID = a.log.NodeID()
	b.Host, b.Port = a.advertised(c.Request)
	if a.cfg.Rack != "" {
		b.Rack = &a.cfg.Rack
	}
	resp.Brokers = append(resp.Brokers, b)
	return resp
}
