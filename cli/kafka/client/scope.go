package client

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"tailrace/cli/command"
)

// Scope is a topic with the partitions that are meant; none means all.
type Scope struct {
	Topic      string
	Partitions []int32
}

// ParseScopes reads orders or orders:0,1,2.
func ParseScopes(texts []string) ([]Scope, error) {
	var scopes []Scope
	for _, text := range texts {
		topic, list, some := strings.Cut(text, ":")
		s := Scope{Topic: topic}
		if some {
			for _, p := range strings.Split(list, ",") {
				n, err := strconv.ParseInt(strings.TrimSpace(p), 10, 32)
				if err != nil || n < 0 {
					return nil, command.Usagef("%q is no partition: it should look like topic or topic:0,1,2", p)
				}
				s.Partitions = append(s.Partitions, int32(n))
			}
		}
		if topic == "" || IsPattern(topic) {
			return nil, command.Usagef("%q is no name of a topic", topic)
		}
		scopes = append(scopes, s)
	}
	return scopes, nil
}

// Partitions finds the partitions of scopes; one that does not exist is an error.
func (c *Conn) Partitions(ctx context.Context, scopes []Scope) (kadm.TopicsSet, error) {
	set := kadm.TopicsSet{}
	var names []string
	for _, s := range scopes {
		names = append(names, s.Topic)
	}
	found, err := c.Topics(ctx, Selection{Selectors: names, MissingOK: len(names) == 0})
	if err != nil {
		return nil, err
	}
	details := map[string]kadm.TopicDetail{}
	for _, t := range found {
		details[t.Topic] = t
	}
	for _, s := range scopes {
		t := details[s.Topic]
		for _, p := range s.Partitions {
			if _, ok := t.Partitions[p]; !ok {
				return nil, fmt.Errorf("topic %q has no partition %d: it has %s", s.Topic, p, command.Count(len(t.Partitions), "partition"))
			}
		}
		if s.Partitions == nil {
			set.Add(s.Topic, t.Partitions.Numbers()...)
		}
		set.Add(s.Topic, s.Partitions...)
	}
	return set, nil
}
