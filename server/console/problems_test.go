package console_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/server/node"
)

// restarted is the server after a stop, during which f did something to its folder.
func (s *system) restarted(f func(dir string)) {
	s.t.Helper()
	if err := s.node.Close(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	f(s.cfg.DataDir)
	var err error
	if s.node, err = node.Start(context.Background(), s.cfg, node.Options{Version: "test"}); err != nil {
		s.t.Fatal(err)
	}
	var info struct{ Token string }
	s.get("/api/session", &info)
	s.token = info.Token
}

type problem struct{ Severity, Title, Detail, Remedy, Link string }

// problems are those of the overview. Each says what to do.
func (s *system) problems() []problem {
	s.t.Helper()
	var o struct {
		Problems []problem
	}
	s.get("/api/overview", &o)
	for _, p := range o.Problems {
		if p.Title == "" || p.Detail == "" || p.Remedy == "" {
			s.t.Errorf("the problem %+v does not say what is wrong and what to do", p)
		}
	}
	return o.Problems
}

func (s *system) problem(title string) (p problem) {
	s.t.Helper()
	s.eventually("the problem "+title, func() bool {
		for _, p = range s.problems() {
			if strings.Contains(p.Title, title) {
				return true
			}
		}
		return false
	})
	if status, text := s.send("GET", "/health", nil); (p.Severity == "critical") != (status == http.StatusServiceUnavailable) {
		s.t.Errorf("%s is told as %+v, and /health says %s", title, p, text)
	}
	return p
}

// TestProblems: records left out, a query that has failed and a partition that is damaged are told
// in words, with what to do, the worst first.
func TestProblems(t *testing.T) {
	s := newSystem(t)
	s.flights(10)
	s.eventually("all is well", func() bool { return len(s.problems()) == 0 })

	var answer any
	s.post("/api/topics/flights/messages", `{"messages":[{"key":"k","value":"not json"}]}`, &answer)
	if p := s.problem("A record was left out"); p.Severity != "warning" {
		t.Errorf("a record that was left out is told as %+v", p)
	}

	s.restarted(func(dir string) {
		file := filepath.Join(dir, "log", "by_origin-0", "00000000000000000000.log")
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, info.Size()/2); err != nil {
			t.Fatal(err)
		}
	})
	if p := s.problem("partition by_origin-0"); p.Severity != "critical" {
		t.Errorf("damage is told as %+v", p)
	}

	c, err := kgo.NewClient(kgo.SeedBrokers(s.node.Addrs().Kafka))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	req := kmsg.NewDeleteTopicsRequest()
	req.TopicNames = []string{"flights"}
	topic := kmsg.NewDeleteTopicsRequestTopic()
	topic.Topic = kmsg.StringPtr("flights")
	req.Topics = append(req.Topics, topic)
	if _, err := c.Request(context.Background(), &req); err != nil {
		t.Fatal(err)
	}
	if p := s.problem("Query CTAS_BY_ORIGIN_1 has failed"); p.Severity != "critical" || p.Link != "#/queries/CTAS_BY_ORIGIN_1" {
		t.Errorf("the failed query is told as %+v", p)
	}
}
