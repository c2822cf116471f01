package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tailrace/cli/command"
	"tailrace/cli/shell"
	"tailrace/server/config"
	"tailrace/server/node"
)

// stopTimeout bounds a clean stop; what is not closed by then is recovered at the next
// start.
const stopTimeout = 30 * time.Second

func serverCommand(std command.Stdio) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "server",
		Short: "Run a server until SIGTERM or SIGINT",
		Long: `Runs a server. When it serves it prints one line on standard output:

  ready kafka=127.0.0.1:9092 pg=127.0.0.1:7432 http=127.0.0.1:8088

and logs to standard error. Settings come from flags, over environment variables
(TAILRACE_KAFKA_ADDR, ...), over the YAML file of --config, over defaults.`,
		Example: `  tailrace server --data-dir ./data
  tailrace server --config tailrace.yaml --kafka-addr 127.0.0.1:9092`,
		Args: command.NoArguments(""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(file, cmd.Flags())
			if err != nil {
				return err
			}
			return serve(cfg, std)
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "YAML file with settings")
	addSettings(cmd.Flags())
	return cmd
}

// addSettings declares a flag for every setting of the server.
func addSettings(flags *pflag.FlagSet) {
	for _, s := range config.Settings() {
		flags.Var(&settingValue{s.Default, s.Kind}, s.Key, s.Doc)
	}
}

// settingValue is the flag of a setting. It keeps the text: config reads and checks it
// together with the other sources.
type settingValue struct{ text, kind string }

// String, Set and Type implement pflag.Value.
func (v *settingValue) String() string        { return v.text }
func (v *settingValue) Set(text string) error { v.text = text; return nil }
func (v *settingValue) Type() string          { return v.kind }

// loadConfig composes the configuration from the file, the environment and the flags
// that were given.
func loadConfig(file string, flags *pflag.FlagSet) (config.Config, error) {
	var text []byte
	if file != "" {
		var err error
		if text, err = os.ReadFile(file); err != nil {
			return config.Config{}, fmt.Errorf("--config: %w", shell.FileError(err))
		}
	}
	given := map[string]string{}
	known := map[string]bool{}
	for _, s := range config.Settings() {
		known[s.Key] = true
	}
	flags.Visit(func(f *pflag.Flag) {
		if known[f.Name] {
			given[f.Name] = f.Value.String()
		}
	})
	return config.Load(text, os.LookupEnv, given)
}

// serve runs a server until a signal or a failure that it cannot survive. A second signal
// does not wait for the clean stop.
func serve(cfg config.Config, std command.Stdio) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	n, err := node.Start(ctx, cfg, node.Options{Version: version, LogTo: std.Err})
	if err != nil {
		return err
	}
	fmt.Fprintln(std.Out, "ready "+n.Addrs().String())
	reason := ""
	select {
	case <-ctx.Done():
		reason = context.Cause(ctx).Error() // names the signal
	case err = <-n.Failed():
		reason = err.Error()
	}
	stop()
	closing, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if closeErr := n.Stop(closing, reason); err == nil {
		err = closeErr
	}
	return err
}
