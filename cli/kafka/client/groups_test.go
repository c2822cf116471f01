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

// TestAdvertisedAddress: brokers that answer at one address and send clients to another
// that nobody reaches, as in a container without advertised.listeners.
func TestAdvertisedAddress(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cluster.ControlKey(int16(kmsg.Metadata), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		resp := req.ResponseKind().(*kmsg.MetadataResponse)
		b := kmsg.NewMetadataResponseBroker()
		b.NodeID, b.Host, b.Port = 0, "127.0.0.1", 1
		resp.Brokers = append(resp.Brokers, b)
		return resp, nil, true
	})
	c := &cobra.Command{Use: "x"}
	f := Bind(c, command.Stdio{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Env: func(string) string { return "" }})
	if err := c.ParseFlags([]string{"-b", cluster.ListenAddrs()[0], "--timeout", "2s"}); err != nil {
		t.Fatal(err)
	}
	err = f.Run(func(ctx context.Context, conn *Conn, _ []string) error {
		_, err := conn.Configs(ctx, kmsg.ConfigResourceTypeBroker, "0")
		return Failed("describe configurations", err, "")
	})(c, nil)
	check(t, err, "127.0.0.1:1")
	check(t, err, "advertised.listeners")
}
