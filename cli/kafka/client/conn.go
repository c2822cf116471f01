package client

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
	"tailrace/sql/sqlerr"
)

// Where the connection comes from when no flag says so.
const (
	bootstrapEnv = "TAILRACE_BOOTSTRAP_SERVERS"
	configEnv    = "TAILRACE_COMMAND_CONFIG"
	defaultAddr  = "localhost:9092"
	defaultPort  = "9092"
)

// maxRequest is the largest request that is written. The broker's limit (message.max.bytes)
// decides what is too large, not the client.
const maxRequest = 1 << 30

// metadataAge is how old what a command knows of topics may be: commands look at what they
// have just changed.
const metadataAge = 50 * time.Millisecond

// Flags are those by which a command finds its cluster.
type Flags struct {
	std        command.Stdio
	bootstrap  string
	config     string
	properties []string
	timeout    command.Duration
}

// Bind declares the flags of the connection on a command.
func Bind(c *cobra.Command, std command.Stdio) *Flags {
	f := &Flags{std: std, timeout: command.Duration(30 * time.Second)}
	fs := pflag.NewFlagSet("connection", pflag.ContinueOnError)
	fs.StringVarP(&f.bootstrap, "bootstrap-server", "b", "", "brokers to begin with, host:port,...\n(default $"+bootstrapEnv+", else "+defaultAddr+")")
	fs.StringVar(&f.config, "command-config", "", "file of client properties, as for Kafka's tools: security.protocol,\nsasl.jaas.config, ... (default $"+configEnv+")")
	fs.StringArrayVar(&f.properties, "command-property", nil, "a client property `key=value`, over those of the file")
	fs.Var(&f.timeout, "timeout", "how long to wait for the cluster")
	fs.StringVar(&f.bootstrap, "bootstrap-servers", "", "")
	_ = fs.MarkHidden("bootstrap-servers")
	command.InSection("Connection", fs)
	c.Flags().AddFlagSet(fs)
	_ = c.RegisterFlagCompletionFunc("bootstrap-server", cobra.NoFileCompletions)
	_ = c.RegisterFlagCompletionFunc("command-property", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			names = append(names, k+"=")
		}
		return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	return f
}

// Timeout bounds what a command waits for.
func (f *Flags) Timeout() time.Duration { return time.Duration(f.timeout) }

// Properties are those of the file and of the command line, which has precedence.
func (f *Flags) Properties() (Properties, error) {
	p := Properties{}
	file, from := f.config, "--command-config"
	if file == "" {
		file, from = f.std.Env(configEnv), configEnv
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		if p, err = ParseProperties(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", from, file, err)
		}
	}
	for _, kv := range f.properties {
		k, v, ok := strings.Cut(kv, "=")
		if !ok {
			return nil, command.Usagef("--command-property takes key=value, not %q", kv)
		}
		p[strings.TrimSpace(k)] = v
	}
	return p, nil
}

// addresses are where to begin, each with a port.
func (f *Flags) addresses(p Properties) ([]string, error) {
	text := f.bootstrap
	for _, other := range []string{p["bootstrap.servers"], f.std.Env(bootstrapEnv), defaultAddr} {
		if text == "" {
			text = other
		}
	}
	var addrs []string
	for _, a := range strings.Split(text, ",") {
		a = strings.TrimSpace(a)
		if a == "" {
			continue
		}
		host, port, err := net.SplitHostPort(a)
		if err != nil {
			host, port = strings.TrimSuffix(strings.TrimPrefix(a, "["), "]"), defaultPort
		}
		_, err = strconv.ParseUint(port, 10, 16)
		if err != nil || host == "" || strings.ContainsAny(host, "/ ") || strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return nil, errAddress(text)
		}
		addrs = append(addrs, net.JoinHostPort(host, port))
	}
	if len(addrs) == 0 {
		return nil, errAddress(text)
	}
	return addrs, nil
}

func errAddress(text string) error {
	return command.Usagef("--bootstrap-server: %q is no address: it should look like host:port,host:port", text)
}

// Conn is a connection to a cluster that has answered.
type Conn struct {
	*kgo.Client
	Admin      *kadm.Client
	Properties Properties
	addrs      []string
}

// Admin connects for requests of administration.
func (f *Flags) Admin(ctx context.Context) (*Conn, error) { return f.open(ctx, admin, nil) }

// Producer connects to write; opts come after those of the properties.
func (f *Flags) Producer(ctx context.Context, opts ...kgo.Opt) (*Conn, error) {
	return f.open(ctx, producer, opts)
}

// Consumer connects to read; opts come after those of the properties.
func (f *Flags) Consumer(ctx context.Context, opts ...kgo.Opt) (*Conn, error) {
	return f.open(ctx, consumer, opts)
}

func (f *Flags) open(ctx context.Context, as role, more []kgo.Opt) (*Conn, error) {
	p, err := f.Properties()
	if err != nil {
		return nil, err
	}
	addrs, err := f.addresses(p)
	if err != nil {
		return nil, err
	}
	opts, err := f.options(p, as)
	if err != nil {
		return nil, err
	}
	opts = append([]kgo.Opt{kgo.ClientID("tailrace"), kgo.SeedBrokers(addrs...), kgo.DialTimeout(min(f.Timeout(), 10*time.Second)),
		kgo.BrokerMaxWriteBytes(maxRequest), kgo.MetadataMinAge(metadataAge), kgo.RetryTimeout(f.Timeout())}, append(opts, more...)...)
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("client properties: %w", err)
	}
	c := &Conn{Client: cl, Admin: kadm.NewClient(cl), Properties: p, addrs: addrs}
	c.Admin.SetTimeoutMillis(int32(min(f.Timeout(), time.Hour).Milliseconds()))
	pinging, cancel := context.WithTimeout(ctx, f.Timeout())
	defer cancel()
	if err := cl.Ping(pinging); err != nil {
		cl.Close()
		return nil, explainConnection(addrs, p, err)
	}
	return c, nil
}

// options are those of the properties that apply to a role.
func (f *Flags) options(p Properties, as role) ([]kgo.Opt, error) {
	var opts []kgo.Opt
	for _, name := range slices.Sorted(maps.Keys(p)) {
		k, known := keys[name]
		switch {
		case known && k.role&as != 0 && k.apply != nil:
			opt, err := k.apply(p[name])
			if err != nil {
				return nil, fmt.Errorf("client property %s %w", name, err)
			}
			if opt != nil {
				opts = append(opts, opt)
			}
		case !known && !slices.Contains(passedOver, name) && !strings.HasPrefix(name, "ssl.") && !strings.HasPrefix(name, "sasl."):
			hint := ""
			if near := sqlerr.Closest(name, slices.Collect(maps.Keys(keys))); near != "" {
				hint = fmt.Sprintf("; did you mean %s?", near)
			}
			fmt.Fprintf(f.std.Err, "tailrace: no client property %q is known, it is passed over%s\n", name, hint)
		}
	}
	if as == producer {
		acks := p["acks"]
		if p["enable.idempotence"] != "true" && acks != "" && acks != "all" && acks != "-1" {
			opts = append(opts, kgo.DisableIdempotentWrite())
		}
	}
	secure, err := security(p)
	return append(opts, secure...), err
}

// security are the options of TLS and SASL.
func security(p Properties) (opts []kgo.Opt, err error) {
	protocol := strings.ToUpper(strings.TrimSpace(p["security.protocol"]))
	switch protocol {
	case "", "PLAINTEXT":
		return nil, nil
	case "SSL", "SASL_SSL", "SASL_PLAINTEXT":
	default:
		return nil, fmt.Errorf("client property security.protocol must be PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, not %q", p["security.protocol"])
	}
	if strings.HasSuffix(protocol, "SSL") {
		cfg, err := tlsConfig(p)
		if err != nil {
			return nil, fmt.Errorf("client property %w", err)
		}
		opts = append(opts, kgo.DialTLSConfig(cfg))
	}
	if strings.HasPrefix(protocol, "SASL") {
		m, err := mechanism(p)
		if err != nil {
			return nil, fmt.Errorf("client property %w", err)
		}
		opts = append(opts, kgo.SASL(m))
	}
	return opts, nil
}
