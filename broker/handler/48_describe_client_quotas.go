package handler

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// DescribeClientQuotas, API key 48: which clients are slowed down? None: there are no quotas.
// v1 is flexible. Null entries are an error's, no entries an empty list.
func init() { register(48, versions{0, 1}, (*API).describeClientQuotas) }

func (a *API) describeClientQuotas(_ *call, req *kmsg.DescribeClientQuotasRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeClientQuotasResponse)
	if err := checkQuotaFilter(req.Components); err != nil {
		resp.ErrorCode, resp.ErrorMessage = int16(codeOf(err)), message(err)
		return resp
	}
	resp.ErrorMessage, resp.Entries = str(""), []kmsg.DescribeClientQuotasResponseEntry{}
	return resp
}

// checkQuotaFilter refuses a filter that could match nothing by its form.
func checkQuotaFilter(parts []kmsg.DescribeClientQuotasRequestComponent) error {
	bad := func(code kerr.Code, format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{code}, args...)...)
	}
	const exact, anyName = 0, 2
	seen := map[string]bool{}
	for _, p := range parts {
		switch kind := p.EntityType; {
		case kind == "":
			return bad(kerr.InvalidRequest, "a kind of client is not named")
		case kind != "user" && kind != "client-id" && kind != "ip":
			return bad(kerr.UnsupportedVersion, "there is no kind of client %q, only user, client-id and ip", kind)
		case seen[kind]:
			return bad(kerr.InvalidRequest, "the kind of client %q is named more than once", kind)
		case p.MatchType < exact || p.MatchType > anyName:
			return bad(kerr.InvalidRequest, "there is no kind of match %d", p.MatchType)
		case (p.MatchType == exact) != (p.Match != nil):
			return bad(kerr.InvalidRequest, "an exact match, and no other, has a name")
		}
		seen[p.EntityType] = true
	}
	if seen["ip"] && len(seen) > 1 {
		return bad(kerr.InvalidRequest, "an address stands with no other kind of client")
	}
	return nil
}
