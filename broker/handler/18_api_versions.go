package handler

import (
	"regexp"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/conn"
	"tailrace/broker/wire"
	"tailrace/storage/record/kerr"
)

// ApiVersions, API key 18: what does this broker speak?
//
//	v3 flexible, client name (KIP-511), features (KIP-584)
//	v5 which cluster and node the client believes to have reached (KIP-1242)
//
// A version that we do not know is answered in v0, with UNSUPPORTED_VERSION and the range
// of this key, so that the client can ask again; everything else would have to cut the
// connection. The answer's header is v0 always.
func init() { register(18, versions{0, 5}, (*API).apiVersions) }

// software is what a client may call itself.
var software = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$`)

func (a *API) apiVersions(_ *call, req *kmsg.ApiVersionsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ApiVersionsResponse)
	if code := a.checkApiVersions(req); code != 0 {
		resp.ErrorCode = int16(code)
		return resp
	}
	resp.ApiKeys = announced()
	resp.FinalizedFeaturesEpoch = 0 // they never change
	for _, f := range features {
		s, fin := kmsg.NewApiVersionsResponseSupportedFeature(), kmsg.NewApiVersionsResponseFinalizedFeature()
		s.Name, s.MinVersion, s.MaxVersion = f.name, f.level, f.level
		fin.Name, fin.MinVersionLevel, fin.MaxVersionLevel = f.name, f.level, f.level
		resp.SupportedFeatures, resp.FinalizedFeatures = append(resp.SupportedFeatures, s), append(resp.FinalizedFeatures, fin)
	}
	return resp
}

// checkApiVersions refuses a client without a proper name, one that says half of whom it
// believes to have reached, and one that has reached somebody else: the last looks its
// cluster up anew.
func (a *API) checkApiVersions(req *kmsg.ApiVersionsRequest) kerr.Code {
	switch {
	case req.Version >= 3 && !(software.MatchString(req.ClientSoftwareName) && software.MatchString(req.ClientSoftwareVersion)):
		return kerr.InvalidRequest
	case (req.ClusterID == nil) != (req.NodeID == -1):
		return kerr.InvalidRequest
	case req.ClusterID != nil && (*req.ClusterID != a.log.ClusterID() || req.NodeID != a.log.NodeID()):
		return kerr.RebootstrapRequired
	}
	return 0
}

func announced() []kmsg.ApiVersionsResponseApiKey {
	var keys []kmsg.ApiVersionsResponseApiKey
	for key, rt := range routes {
		if rt != nil {
			keys = append(keys, kmsg.ApiVersionsResponseApiKey{ApiKey: int16(key), MinVersion: rt.min, MaxVersion: rt.max})
		}
	}
	return keys
}

// apiVersionsUnknown answers a version from the future.
func (a *API) apiVersionsUnknown(answer *wire.Body) conn.Outcome {
	resp := kmsg.NewPtrApiVersionsResponse()
	resp.ErrorCode = int16(kerr.UnsupportedVersion)
	a.countAll(wire.ApiVersions, resp)
	rt := routes[wire.ApiVersions]
	resp.ApiKeys = []kmsg.ApiVersionsResponseApiKey{{ApiKey: int16(wire.ApiVersions), MinVersion: rt.min, MaxVersion: rt.max}}
	answer.Bytes = resp.AppendTo(answer.Bytes)
	return conn.Outcome{}
}
