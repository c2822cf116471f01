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
	refused := 0
	cluster.ControlKey(int16(kmsg.OffsetFetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if refused++; refused > 3 {
			return nil, nil, false
		}
		r := req.(*kmsg.OffsetFetchRequest)
		resp := r.ResponseKind().(*kmsg.OffsetFetchResponse)
		resp.ErrorCode = kerr.CoordinatorNotAvailable.Code
		for _, g := range r.Groups {
			rg := kmsg.NewOffsetFetchResponseGroup()
			rg.Group, rg.ErrorCode = g.Group, kerr.CoordinatorNotAvailable.Code
			resp.Groups = append(resp.Groups, rg)
		}
		return resp, nil, true
	})
	c := &cobra.Command{Use: "x"}
	f := Bind(c, command.Stdio{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Env: func(string) string { return "" }})
	if err := c.ParseFlags([]string{"-b", cluster.ListenAddrs()[0], "--timeout", "20s"}); err != nil {
		t.Fatal(err)
	}
	err = f.Run(func(ctx context.Context, conn *Conn, _ []string) error {
		_, err := conn.Committed(ctx, "g")
		return err
	})(c, nil)
	if err != nil || refused < 4 {
		t.Errorf("after %d refusals: %v", refused, err)
	}
}
