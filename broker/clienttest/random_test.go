package clienttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"tailrace/broker/handler"
)

// asking are the requests that change nothing, or nothing that another is answered by.
var asking = []int16{1, 2, 3, 9, 10, 12, 13, 14, 15, 16, 19, 21, 23, 29, 30, 31, 32, 34, 35, 37, 43, 45, 46, 48, 50, 55, 57, 60, 61, 66, 74, 75}

// Random requests at random versions, of values that are likely to matter, are answered as by
// Apache Kafka. Without TAILRACE_SEED they are the same ones each time: who looks for more gives
// other seeds.
func TestRandomRequestsAreKafkas(t *testing.T) {
	addr := os.Getenv("TAILRACE_KAFKA")
	if addr == "" {
		addr, _ = kafka(t)
	}
	seeds := []uint64{1, 2, 3}
	if seed, err := strconv.ParseUint(os.Getenv("TAILRACE_SEED"), 10, 64); err == nil {
		seeds = []uint64{seed}
	}
	rounds := 2000
	if n, err := strconv.Atoi(os.Getenv("TAILRACE_ROUNDS")); err == nil {
		rounds = n
	}
	theirs, ours := prepare(t, addr, time.Second), prepare(t, start(t, quiet()).addr, 0)
	ranges := map[int16]handler.Served{}
	for _, api := range handler.ServedAPIs() {
		ranges[api.Key] = api
	}
	for _, seed := range seeds {
		t.Logf("TAILRACE_SEED=%d", seed)
		g := &generator{rand.New(rand.NewPCG(seed, 0))}
		for range rounds {
			api := ranges[asking[g.IntN(len(asking))]]
			if req := g.request(api.Key); req != nil {
				sameAnswer(t, ours, theirs, req, api.Min+int16(g.IntN(int(api.Max-api.Min)+1)))
			}
		}
	}
}

// request is a random one, or nil if it is of what no two brokers have alike.
func (g *generator) request(key int16) kmsg.Request {
	req := kmsg.RequestForKey(key)
	g.fill(reflect.ValueOf(req).Elem(), kmsg.NameForKey(key))
	switch req := req.(type) {
	case *kmsg.FetchRequest: // and of a partition
		for i := range req.Topics {
			req.Topics[i].Partitions = req.Topics[i].Partitions[:min(len(req.Topics[i].Partitions), 1)]
		}
	case *kmsg.DescribeLogDirsRequest:
		if req.Topics == nil { // how large __consumer_offsets is
			return nil
		}
	case *kmsg.DescribeTopicPartitionsRequest: // all topics: __consumer_offsets is among them
		if len(req.Topics) == 0 {
			return nil
		}
	}
	return req
}

// sameAnswer asks both brokers.
func sameAnswer(t *testing.T, ours, theirs *asked, req kmsg.Request, version int16) {
	want, got := theirs.answer(t, req, version), ours.answer(t, req, version)
	if slices.Equal(got, want) || failed(want) {
		return
	}
	var asked transcript
	text, _ := asked.render("", reflect.ValueOf(req).Elem(), "    ")
	t.Errorf("%s v%d\n%s\n%s", kmsg.NameForKey(req.Key()), version, text, difference(got, want))
}

// failed reports whether Kafka's code threw where it does not mean to: it closes the connection,
// or tells UNKNOWN_SERVER_ERROR.
func failed(answer []string) bool {
	return slices.ContainsFunc(answer, func(l string) bool { return l == "no answer" || strings.Contains(l, "ErrorCode -1") })
}

// asked is one of the two brokers.
type asked struct {
	addr    string
	id      [16]byte // of odd1
	clients map[string]*kgo.Client
}

// prepare makes what the requests are about.
func prepare(t *testing.T, addr string, pause time.Duration) *asked {
	a := &asked{addr: addr, clients: map[string]*kgo.Client{}}
	hold(t, addr, 0, pause, func(c *conversation) {
		c.heard.names = map[string]string{}
		c.create("a topic", func(_ *kmsg.CreateTopicsRequest, t *kmsg.CreateTopicsRequestTopic) {
			t.Topic, t.NumPartitions = odd1, 2
		})
		c.create("another", func(_ *kmsg.CreateTopicsRequest, t *kmsg.CreateTopicsRequestTopic) { t.Topic = odd2 })
		time.Sleep(pause)
		m := ask[*kmsg.MetadataResponse](c, &kmsg.MetadataRequest{Topics: []kmsg.MetadataRequestTopic{{Topic: text(odd1)}}})
		a.id = m.Topics[0].TopicID
		c.oddProduce(a.id)
		q := kmsg.NewPtrOffsetCommitRequest()
		q.Group, q.Generation = "odd-group", -1
		p := kmsg.NewOffsetCommitRequestTopicPartition()
		p.Offset, p.Metadata = 1, text("here")
		q.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: odd1, TopicID: a.id, Partitions: []kmsg.OffsetCommitRequestTopicPartition{p}}}
		ask[*kmsg.OffsetCommitResponse](c, q)
	})
	t.Cleanup(func() {
		for _, cl := range a.clients {
			cl.Close()
		}
		hold(t, addr, 0, 0, func(c *conversation) {
			ask[*kmsg.DeleteTopicsResponse](c, &kmsg.DeleteTopicsRequest{TimeoutMillis: 10000,
				Topics: []kmsg.DeleteTopicsRequestTopic{{Topic: text(odd1)}, {Topic: text(odd2)}}})
			ask[*kmsg.DeleteGroupsResponse](c, &kmsg.DeleteGroupsRequest{Groups: []string{"odd-group"}})
		})
	})
	return a
}

// answer sends a request at a version and renders what comes back.
func (a *asked) answer(t *testing.T, req kmsg.Request, version int16) []string {
	key := fmt.Sprint(req.Key(), " ", version)
	cl := a.clients[key]
	if cl == nil {
		v := kversion.Stable()
		v.SetMaxKeyVersion(req.Key(), version)
		var err error
		if cl, err = kgo.NewClient(kgo.SeedBrokers(a.addr), kgo.MaxVersions(v), kgo.RequestRetries(0)); err != nil {
			t.Fatal(err)
		}
		if err := cl.Ping(ctxOf(t)); err != nil {
			t.Fatal(err)
		}
		a.clients[key] = cl
	}
	setIDs(reflect.ValueOf(req).Elem(), idOfOdd1, a.id)
	defer setIDs(reflect.ValueOf(req).Elem(), a.id, idOfOdd1)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	resp, err := cl.Broker(1).Request(ctx, req)
	if err != nil {
		return []string{"no answer"}
	}
	if m, ok := resp.(*kmsg.DescribeConfigsResponse); ok { // what all of a broker has is its own
		for i := range m.Resources {
			if r := &m.Resources[i]; r.ResourceType != kmsg.ConfigResourceTypeTopic {
				r.Configs = nil
			}
		}
	}
	var heard transcript
	text, _ := heard.render(kmsg.NameForKey(req.Key()), reflect.ValueOf(resp).Elem(), "  ")
	return strings.Split(text, "\n")
}

// idOfOdd1 stands for the id that each broker has given to odd1.
var idOfOdd1 = [16]byte{1, 1}

func setIDs(v reflect.Value, from, to [16]byte) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "UnknownTags" {
				setIDs(v.Field(i), from, to)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			setIDs(v.Index(i), from, to)
		}
	case reflect.Array:
		if v.Interface() == from {
			v.Set(reflect.ValueOf(to))
		}
	}
}

// generator fills requests.
type generator struct{ *rand.Rand }

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// fixed are fields that would have a request wait, change something, or lean on what was before.
var fixed = map[string]any{
	"TimeoutMillis": int32(5000), "MaxWaitMillis": int32(1), "MinBytes": int32(0), "MaxBytes": int32(1 << 20), "ReplicaID": int32(-1), "ValidateOnly": true,
	"AllowAutoTopicCreation": false, "SessionID": int32(0), "SessionEpoch": int32(-1), "IncludeDocumentation": false, "ClusterID": (*string)(nil), "Rack": "",
}

func (g *generator) fill(v reflect.Value, path string) {
	name := path[strings.LastIndexByte(path, '.')+1:]
	if f, ok := fixed[name]; ok && reflect.TypeOf(f) == v.Type() {
		v.Set(reflect.ValueOf(f))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if n := v.Type().Field(i).Name; n != "Version" && n != "UnknownTags" && n != "ReplicaState" && n != "ForgottenTopics" && n != "ReplicaDirectoryID" {
				g.fill(v.Field(i), path+"."+n)
			}
		}
	case reflect.Pointer:
		if g.IntN(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			g.fill(v.Elem(), path)
		}
	case reflect.Slice:
		n := pick(g, -1, 0, 1, 1, 1, 2)
		if n < 0 || v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		if name == "Topics" { // Kafka puts together what is asked of a topic that is named twice
			n = min(n, 1)
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			g.fill(v.Index(i), path)
		}
	case reflect.Array:
		v.Set(reflect.ValueOf(pick(g, [16]byte{}, idOfOdd1, idOfOdd1, [16]byte{9})))
	case reflect.String:
		v.SetString(g.name(path, name))
	case reflect.Bool:
		v.SetBool(g.IntN(2) == 0)
	case reflect.Int8:
		if name == "IsolationLevel" {
			v.SetInt(int64(g.IntN(2)))
			return
		}
		if strings.HasPrefix(path, "FindCoordinator") { // Kafka has coordinators of transactions
			v.SetInt(int64(pick(g, 0, 0, 2, 9, -1)))
			return
		}
		v.SetInt(int64(pick(g, 0, 1, 2, 2, 3, 4, 9, -1)))
	case reflect.Int16, reflect.Int32:
		v.SetInt(int64(pick(g, 0, 0, 0, 1, 1, 2, 5, -1, -1, -2, 99)))
	case reflect.Int64:
		v.SetInt(pick[int64](g, 0, 0, 1, 2, 3, 5, 9, -1, -2, -3, -9, 99, 1000, 2500, 1<<40))
	}
}

func (g *generator) name(path, name string) string {
	switch {
	case strings.HasPrefix(path, "FindCoordinator"), strings.Contains(path, "Group"):
		return pick(g, "odd-group", "odd-group", "nobody", "")
	case strings.HasSuffix(path, "Configs.Name"), name == "ConfigNames":
		return pick(g, "retention.ms", "cleanup.policy", "no.such")
	case name == "Value":
		return pick(g, "1000", "delete", "", "x")
	case name == "Topic", name == "TopicNames", name == "ResourceName", name == "Topics":
		return pick(g, odd1, odd1, odd2, "nobody", "1", "", "a b", "odd_one")
	}
	return pick(g, "x", "", "metadata.version", "user", "Stable", "Ongoing")
}
