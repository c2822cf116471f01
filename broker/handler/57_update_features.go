package handler

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// UpdateFeatures, API key 57: finalize other levels of features. v0 is flexible, v1 has kinds
// of updates and validation, v2 no results of single features.
//
// Every feature has the one level that this version serves, so that nothing changes; all that
// is named is checked, and one fault fails the request.
func init() { register(57, versions{0, 2}, (*API).updateFeatures) }

// feature is a feature of the cluster (KIP-584), supported and finalized at one level.
type feature struct {
	name  string
	level int16
}

// features are those that are announced. Clients gate on others (transaction.version,
// group.version, share.version, streams.version), which promise requests that are not served
// here. metadata.version says which Kafka's tools suit: 4.4's.
var features = []feature{{"metadata.version", 33}}

func (a *API) updateFeatures(_ *call, req *kmsg.UpdateFeaturesRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.UpdateFeaturesResponse)
	for i := range req.FeatureUpdates {
		u := &req.FeatureUpdates[i]
		if err := checkFeature(req.Version, u); err != nil {
			resp.ErrorCode, resp.ErrorMessage, resp.Results = int16(codeOf(err)), message(err), nil
			return resp
		}
		r := kmsg.NewUpdateFeaturesResponseResult()
		r.Feature, r.ErrorMessage = u.Feature, str("")
		resp.Results = append(resp.Results, r)
	}
	return resp
}

func checkFeature(version int16, u *kmsg.UpdateFeaturesRequestFeatureUpdate) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: feature %q "+format, append([]any{kerr.InvalidUpdateVersion, u.Feature}, args...)...)
	}
	const unsafeDowngrade = 3
	if version >= 1 && (u.UpgradeType < 1 || u.UpgradeType > unsafeDowngrade) {
		return bad("cannot be updated: there is no kind of update %d", u.UpgradeType)
	}
	for _, f := range features {
		switch {
		case f.name != u.Feature:
		case f.level != u.MaxVersionLevel:
			return bad("is served at level %d only, not at %d", f.level, u.MaxVersionLevel)
		default:
			return nil
		}
	}
	return bad("is not known")
}
