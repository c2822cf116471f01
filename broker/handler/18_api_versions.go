package handler

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/conn"
	"tailrace/broker/wire"
	"tailrace/storage/record/kerr"
)

// ApiVersions, API key 18: what does this broker speak?
//
//	v3 flexible, client name (KIP-511), features (KIP-584)
//
// A version that we do not know is answered in v0, with UNSUPPORTED_VERSION and the range
// of this key, so that the client can ask again; everything else would have to cut the
// connection. The answer's header is v0 always.
func init() { register(18, versions{0, 4}, (*API).apiVersions) }

// No feature is announced: each that clients gate on (transaction.version, group.version,
// share.version) promises requests that are not served here.
func (a *API) apiVersions(_ *call, req *kmsg.ApiVersionsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ApiVersionsResponse)
	resp.ApiKeys = announced()
	return resp
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
	rt := routes[wire.ApiVersions]
	resp.ApiKeys = []kmsg.ApiVersionsResponseApiKey{{ApiKey: int16(wire.ApiVersions), MinVersion: rt.min, MaxVersion: rt.max}}
	answer.Bytes = resp.AppendTo(answer.Bytes)
	return conn.Outcome{}
}
