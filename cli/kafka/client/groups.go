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

// DescribeGroup describes a group of the classic protocol; Err of what it returns is the
// group's.
func (c *Conn) DescribeGroup(ctx context.Context, group string) (d kadm.DescribedGroup, err error) {
	err = Retry(ctx, func() error {
		all, err := c.Admin.DescribeGroups(ctx, group)
		if d = all[group]; err == nil && !errors.Is(d.Err, kerr.GroupIDNotFound) {
			err = d.Err
		}
		return err
	})
	if d.Err != nil {
		err = nil
	}
	return d, err
}
