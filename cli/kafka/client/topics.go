package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"tailrace/cli/command"
)

// IsPattern reports whether a selector is a regular expression: it has a character that
// the name of a topic cannot have.
func IsPattern(selector string) bool {
	return strings.ContainsFunc(selector, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
	})
}

// Pattern compiles a selector as kafka-topics does: it must match the whole name, and
// commas part alternatives.
func Pattern(selector string) (*regexp.Regexp, error) {
	alternatives := strings.ReplaceAll(selector, ",", "|")
	if _, err := regexp.Compile(alternatives); err != nil {
		return nil, command.Usagef("%q is no name of a topic and no regular expression: %s", selector, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return regexp.MustCompile("^(?:" + alternatives + ")$"), nil
}

// TopicID is the text of a topic's id, as Kafka writes it; empty where there is none.
func TopicID(id [16]byte) string {
	if id == ([16]byte{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// TopicsFlag declares --topic, Kafka's way to give what arguments give too. The function
// returns both.
func TopicsFlag(c *cobra.Command, f *Flags, doc string) func(args []string) []string {
	var topics []string
	c.Flags().StringArrayVar(&topics, "topic", nil, doc)
	c.ValidArgsFunction = f.CompleteTopics
	_ = c.RegisterFlagCompletionFunc("topic", f.CompleteTopics)
	return func(args []string) []string { return append(slices.Clone(args), topics...) }
}

// Selection is what a command works on.
type Selection struct {
	Selectors       []string // names and patterns; none selects everything
	ExcludeInternal bool     // of patterns and of everything; a topic that is named is meant
	MissingOK       bool     // a name without a topic is passed over (--if-exists)
}

// Topics finds the topics of a selection, in the order of their names. A name that no
// topic has is an error with the one that was perhaps meant, and so is a pattern that
// selects nothing.
func (c *Conn) Topics(ctx context.Context, s Selection) ([]kadm.TopicDetail, error) {
	var names []string
	var patterns []*regexp.Regexp
	for _, sel := range s.Selectors {
		if !IsPattern(sel) {
			names = append(names, sel)
			continue
		}
		re, err := Pattern(sel)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, re)
	}
	ask := names
	if len(patterns) > 0 {
		ask = nil // all
	}
	all, err := c.Admin.ListTopicsWithInternal(ctx, ask...)
	if err != nil {
		return nil, Failed("read the topics", err, "")
	}
	var missing []error
	var found []kadm.TopicDetail
	for _, t := range all.Sorted() {
		if slices.Contains(names, t.Topic) || matches(s, patterns, t) {
			if !errors.Is(t.Err, kerr.UnknownTopicOrPartition) {
				found = append(found, t)
			}
		}
	}
	for _, name := range names {
		if !all.Has(name) && !s.MissingOK {
			missing = append(missing, c.noTopic(ctx, name))
		}
	}
	if len(found) == 0 && len(missing) == 0 && len(patterns) > 0 && !s.MissingOK {
		return nil, fmt.Errorf("no topic matches %q", strings.Join(s.Selectors, ","))
	}
	return found, command.Failures(missing)
}

func matches(s Selection, patterns []*regexp.Regexp, t kadm.TopicDetail) bool {
	if s.ExcludeInternal && t.IsInternal {
		return false
	}
	return len(s.Selectors) == 0 || slices.ContainsFunc(patterns, func(re *regexp.Regexp) bool { return re.MatchString(t.Topic) })
}

// noTopic says that a topic does not exist, and which was perhaps meant.
func (c *Conn) noTopic(ctx context.Context, name string) error {
	err := fmt.Errorf("topic %q does not exist", name)
	all, listErr := c.Admin.ListTopicsWithInternal(ctx)
	if near := command.Near(name, all.Names()); listErr == nil && near != "" {
		return command.WithHint(err, "%s", near)
	}
	return err
}

// completionTime bounds what a press of the tabulator waits for.
const completionTime = 2 * time.Second

// CompleteTopics lists the topics of the cluster for a shell.
func (f *Flags) CompleteTopics(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return f.complete(func(ctx context.Context, c *Conn) []string {
		all, _ := c.Admin.ListTopicsWithInternal(ctx)
		return all.Names()
	}, args, typed)
}

// CompleteGroups lists the groups of the cluster for a shell.
func (f *Flags) CompleteGroups(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return f.complete(func(ctx context.Context, c *Conn) []string {
		all, _ := c.Admin.ListGroups(ctx)
		return all.Groups()
	}, args, typed)
}

// complete asks a cluster for names. A cluster that does not answer completes nothing,
// without a word.
func (f *Flags) complete(list func(context.Context, *Conn) []string, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	f.timeout = command.Duration(completionTime)
	c, err := f.Admin(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer c.Close()
	var names []string
	for _, name := range list(ctx, c) {
		if strings.HasPrefix(name, typed) && !slices.Contains(args, name) && (typed != "" || !strings.HasPrefix(name, "_")) {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// KeyValues reads the values of a flag such as --config retention.ms=1000.
func KeyValues(flag string, values []string) (map[string]string, error) {
	m := map[string]string{}
	for _, kv := range values {
		k, v, ok := strings.Cut(kv, "=")
		if k = strings.TrimSpace(k); !ok || k == "" {
			return nil, command.Usagef("--%s takes name=value, not %q", flag, kv)
		}
		m[k] = v
	}
	return m, nil
}

// Run makes the function of a command that works on a cluster: it connects, bounds the
// time, and closes.
func (f *Flags) Run(do func(ctx context.Context, c *Conn, args []string) error) func(*cobra.Command, []string) error {
	return func(_ *cobra.Command, args []string) error {
		ctx, cancel := context.WithTimeout(context.Background(), f.Timeout())
		defer cancel()
		c, err := f.Admin(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		return do(ctx, c, args)
	}
}

// OffsetsAfter are the offsets of the first records that are not older than a time, or the
// ends. Times before 1970 stand for 1970: the protocol gives negative ones other meanings.
func (c *Conn) OffsetsAfter(ctx context.Context, at time.Time, topics ...string) (kadm.ListedOffsets, error) {
	return c.Admin.ListOffsetsAfterMilli(ctx, max(at.UnixMilli(), 0), topics...)
}
