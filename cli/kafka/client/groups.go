package client

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// retryAfter is how long to wait for a coordinator that is not there yet: a cluster makes
// the topic of offsets when the first group needs it, and loads it when a broker starts.
const retryAfter = 200 * time.Millisecond

// Retry asks again while the cluster says that it cannot answer yet, until the time of the
// context is up.
func Retry(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		var shards *kadm.ShardErrors
		if errors.As(err, &shards) && len(shards.Errs) > 0 {
			err = shards.Errs[0].Err
		}
		if !errors.Is(err, kerr.CoordinatorNotAvailable) && !errors.Is(err, kerr.CoordinatorLoadInProgress) && !errors.Is(err, kerr.NotCoordinator) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(retryAfter):
		}
	}
}

// Committed are the offsets that a group has committed; none for one that does not exist.
func (c *Conn) Committed(ctx context.Context, group string) (offsets kadm.OffsetResponses, err error) {
	err = Retry(ctx, func() error {
		offsets, err = c.Admin.FetchOffsets(ctx, group)
		return err
	})
	if errors.Is(err, kerr.GroupIDNotFound) {
		return kadm.OffsetResponses{}, nil
	}
	return offsets, err
}

// DescribeGroups describes groups of the classic protocol; Err of each is its own.
func (c *Conn) DescribeGroups(ctx context.Context, groups ...string) (all kadm.DescribedGroups, err error) {
	var failed error // of the request, not of a group
	_ = Retry(ctx, func() error {
		if all, failed = c.Admin.DescribeGroups(ctx, groups...); failed != nil {
			return failed
		}
		return all.Error()
	})
	return all, failed
}

// DeleteGroups deletes groups; Err of each answer is its own.
func (c *Conn) DeleteGroups(ctx context.Context, groups ...string) (all kadm.DeleteGroupResponses, err error) {
	var failed error
	_ = Retry(ctx, func() error {
		if all, failed = c.Admin.DeleteGroups(ctx, groups...); failed != nil {
			return failed
		}
		return nil
	})
	return all, failed
}

// DeleteOffsets deletes offsets that a group has committed; Err of each answer is its own.
func (c *Conn) DeleteOffsets(ctx context.Context, group string, set kadm.TopicsSet) (all kadm.DeleteOffsetsResponses, err error) {
	err = Retry(ctx, func() error {
		all, err = c.Admin.DeleteOffsets(ctx, group, set)
		return err
	})
	return all, err
}

// Commit commits offsets for a group without members; Err of each answer is its own.
func (c *Conn) Commit(ctx context.Context, group string, offsets kadm.Offsets) (all kadm.OffsetResponses, err error) {
	var failed error
	_ = Retry(ctx, func() error {
		if all, failed = c.Admin.CommitOffsets(ctx, group, offsets); failed != nil {
			return failed
		}
		return all.Error()
	})
	return all, failed
}
