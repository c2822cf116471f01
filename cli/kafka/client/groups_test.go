package client

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/cli/command"
)

// TestCoordinatorIsNotThereYet: the first group of a cluster waits for the topic of
// offsets, as Apache Kafka makes it then.
func TestCoordinatorIsNotThereYet(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	const refusals = 3
	refused := 0
	cluster.ControlKey(int16(kmsg.FindCoordinator), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if refused++; refused > refusals {
			return nil, nil, false
		}
		r := req.(*kmsg.FindCoordinatorRequest)
		resp := r.ResponseKind().(*kmsg.FindCoordinatorResponse)
		resp.ErrorCode = kerr.CoordinatorNotAvailable.Code
		for _, key := range append(r.CoordinatorKeys, r.CoordinatorKey) {
			c := kmsg.NewFindCoordinatorResponseCoordinator()
			c.Key, c.ErrorCode = key, kerr.CoordinatorNotAvailable.Code
			resp.Coordinators = append(resp.Coordinators, c)
		}
		return resp, nil, true
	})
	c := &cobra.Command{Use: "x"}
	f := Bind(c, command.Stdio{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Env: func(string) string { return "" }})
	if err := c.ParseFlags([]string{"-b", cluster.ListenAddrs()[0], "--timeout", "20s"}); err != nil {
		t.Fatal(err)
	}
	err = f.Run(func(ctx context.Context, conn *Conn, _ []string) error {
		if _, err := conn.DescribeGroups(ctx, "g"); err != nil {
			return err
		}
		_, err := conn.Committed(ctx, "g")
		return err
	})(c, nil)
	if err != nil || refused <= refusals {
		t.Errorf("after %d refusals: %v", refused, err)
	}
}
