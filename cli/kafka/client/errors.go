package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
)

// explainConnection says why no broker could be talked to, and what may help.
func explainConnection(addrs []string, p Properties, err error) error {
	at := strings.Join(addrs, ", ")
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		record    tls.RecordHeaderError
		first     *kgo.ErrFirstReadEOF
	)
	switch {
	case errors.As(err, &dns):
		return command.WithHint(fmt.Errorf("no broker answers at %s: there is no host %q", at, dns.Name), "Name another with --bootstrap-server.")
	case errors.Is(err, syscall.ECONNREFUSED):
		return command.WithHint(fmt.Errorf("no broker answers at %s: connection refused", at),
			"Start one with %q, or name another with --bootstrap-server.", "tailrace server")
	case errors.As(err, &authority):
		return command.WithHint(fmt.Errorf("the certificate of %s is not to be trusted: %w", at, authority),
			"Name who signed it with ssl.truststore.location in --command-config.")
	case errors.As(err, &hostname):
		return command.WithHint(fmt.Errorf("the certificate of %s is another's: %w", at, hostname),
			"An empty ssl.endpoint.identification.algorithm in --command-config does not look at the name.")
	case errors.As(err, &record):
		return command.WithHint(fmt.Errorf("%s does not speak TLS, which security.protocol=%s asks for", at, p["security.protocol"]),
			"security.protocol in --command-config is PLAINTEXT or SASL_PLAINTEXT for such a port.")
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return command.WithHint(fmt.Errorf("%s refuses the login: %w", at, err), "sasl.mechanism and sasl.jaas.config in --command-config have the login.")
	case errors.As(err, &first), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.ErrUnexpectedEOF):
		hint := "Is it the Kafka port? If it wants TLS or a login, set security.protocol in --command-config."
		switch protocol := strings.ToUpper(p["security.protocol"]); {
		case strings.HasPrefix(protocol, "SASL"):
			hint = "Is the login of sasl.mechanism and sasl.jaas.config right, and security.protocol that of the port?"
		case protocol == "SSL":
			hint = "Does the port speak TLS, as security.protocol=" + p["security.protocol"] + " asks for?"
		}
		return command.WithHint(fmt.Errorf("%s closes the connection without an answer", at), "%s", hint)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return command.WithHint(fmt.Errorf("no broker answers at %s in time", at), "Name another with --bootstrap-server, or wait longer with --timeout.")
	}
	return command.WithHint(fmt.Errorf("no broker answers at %s: %w", at, err), "Is it the Kafka port?")
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// hints are what to do about an error of a broker.
var hints = map[*kerr.Error]string{
	kerr.TopicAuthorizationFailed:   "The user of the connection may not do that to the topic: an ACL must allow it.",
	kerr.GroupAuthorizationFailed:   "The user of the connection may not do that to the group: an ACL must allow it.",
	kerr.ClusterAuthorizationFailed: "The user of the connection may not do that to the cluster: an ACL must allow it.",
	kerr.PolicyViolation:            "The cluster has a policy that forbids it.",
	kerr.TopicDeletionDisabled:      "The cluster has delete.topic.enable=false.",
	kerr.NotController:              "The controller is changing: try again.",
	kerr.NonEmptyGroup:              "Stop its members first.",
	kerr.GroupSubscribedToTopic:     "Stop its members first.",
	kerr.MessageTooLarge:            "max.message.bytes of the topic is the limit.",
	kerr.InvalidRecord:              "A compacted topic takes no record without a key; message.timestamp.before.max.ms and after bound timestamps.",
	kerr.NotEnoughReplicas:          "Fewer replicas are in sync than min.insync.replicas asks for.",
	kerr.UnsupportedVersion:         "The cluster is too old for it, or does not serve it.",
}

// Failed says what failed, with the broker's reason and a hint if there is one. message
// is the broker's own, if it gave one.
func Failed(what string, err error, message string) error {
	if err == nil {
		return nil
	}
	var shards *kadm.ShardErrors
	if errors.As(err, &shards) && len(shards.Errs) > 0 {
		err = shards.Errs[0].Err
	}
	var auth *kadm.AuthError
	if errors.As(err, &auth) {
		err = auth.Err
	}
	var broker *kerr.Error
	if errors.As(err, &broker) {
		if message == "" {
			message = messageOf(err)
		}
		reason := strings.TrimSuffix(broker.Description, ".")
		if message != "" {
			reason = strings.TrimSuffix(message, ".")
		}
		failed := fmt.Errorf("%s: %s (%w)", what, reason, code{broker})
		if hint := hints[broker]; hint != "" {
			return command.WithHint(failed, "%s", hint)
		}
		return failed
	}
	if dial := unreachable(err); dial != nil {
		return command.WithHint(fmt.Errorf("%s: the cluster sends clients to %s, which cannot be reached: %w", what, dial.address, dial.reason),
			"Brokers tell their own addresses (advertised.listeners): \"tailrace cluster brokers\" lists them.")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return command.WithHint(fmt.Errorf("%s: the cluster does not answer in time", what), "--timeout waits longer.")
	}
	return fmt.Errorf("%s: %w", what, err)
}

// dialError is an address of a broker that cannot be reached.
type dialError struct {
	address string
	reason  error
}

// unreachable says which address could not be reached; nil when that is not what failed.
func unreachable(err error) *dialError {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case !errors.As(err, &op) || op.Op != "dial":
		return nil
	case errors.As(err, &dns):
		return &dialError{dns.Name, errors.New("there is no such host")}
	case op.Addr == nil:
		return nil
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return &dialError{op.Addr.String(), errno}
	}
	return &dialError{op.Addr.String(), op.Err}
}

// code prints a broker's error as its code alone.
type code struct{ err *kerr.Error }

// Error is the code's name.
func (c code) Error() string { return c.err.Message }

// Unwrap is the broker's error.
func (c code) Unwrap() error { return c.err }
