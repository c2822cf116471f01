package handler

import (
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/storage/record/kerr"
)

// ListTransactions, API key 66: which transactions are there? None; a state that there is not
// is told, as to whoever asks a broker that has some.
//
//	v0 KIP-664   v1 by age   v2 by a pattern of ids
func init() { register(66, versions{0, 2}, (*API).listTransactions) }

var transactionStates = []string{"Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort", "PrepareEpochFence", "Dead"}

func (a *API) listTransactions(_ *call, req *kmsg.ListTransactionsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.ListTransactionsResponse)
	for _, s := range req.StateFilters {
		if !slices.Contains(transactionStates, s) && !slices.Contains(resp.UnknownStateFilters, s) {
			resp.UnknownStateFilters = append(resp.UnknownStateFilters, s)
		}
	}
	if p := req.TransactionalIDPattern; p != nil {
		if _, err := regexp.Compile(*p); err != nil {
			resp.ErrorCode, resp.UnknownStateFilters = int16(kerr.InvalidRegularExpression), nil
		}
	}
	return resp
}
