package clienttest

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// masked are the fields whose value is a broker's own: it counts only whether there is one.
var masked = regexp.MustCompile(`\.(ErrorMessage|Documentation|ClusterID|Host|Port|TopicID|ProducerID|RecordBatches|ReplicaDirectoryID|MemberID|LeaderID|Dir|TotalBytes|UsableBytes|Size)$|^DescribeQuorum.*\.(HighWatermark|LogEndOffset|LeaderEpoch|Listeners\.Name)$`)

// own are the topics, configurations and features that only one of the brokers has, or has with
// a value of its own: Kafka writes min.insync.replicas as a dynamic default when it is formatted.
var own = regexp.MustCompile(`^\s*(Topic "__consumer_offsets"|Name "(__consumer_offsets|no\.such\.key|tailrace\.retention\.clock|flush\.messages|min\.insync\.replicas|[a-z.]*\.version)")`)

var apiKey = regexp.MustCompile(`^\s*ApiKey (\d+)`)

// left reports whether an element is not compared: it is one broker's own, or an API that is
// not served here.
func left(text string) bool {
	if m := apiKey.FindStringSubmatch(text); m != nil {
		key, _ := strconv.ParseInt(m[1], 10, 16)
		return !served(int16(key))
	}
	return own.MatchString(text)
}

// apartFields are where we differ from Kafka on purpose, whatever the request.
var apartFields = map[string]string{
	"Produce.Topics.Partitions.ErrorMessage":                            apart["Produce.Topics.Partitions.ErrorMessage"],
	"Fetch.Topics.Partitions.AbortedTransactions":                       apart["Fetch.Topics.Partitions.AbortedTransactions"],
	"ApiVersions.FinalizedFeaturesEpoch":                                "an offset of Kafka's metadata; ours never change",
	"CreateTopics.Topics.TopicID":                                       "Kafka makes one up where it only validates",
	"DescribeProducers.Topics.Partitions.ErrorMessage":                  "ours has one to every error",
	"DescribeProducers.Topics.Partitions.ActiveProducers.LastTimestamp": "ours is the time of the append, from which the producer's age counts",
	"CreatePartitions.Topics.ErrorMessage":                              "ours has one to every error",
}

// transcript is what a broker answered, request by request, in lines that are the same for
// two brokers that mean the same.
type transcript struct {
	names map[string]string // of what a broker names itself, such as members
	parts [][]string        // the first line of each says what was asked
}

func (t *transcript) add(what string, resp kmsg.Response) {
	head := fmt.Sprintf("%s v%d", kmsg.NameForKey(resp.Key()), resp.GetVersion())
	if what != "" {
		head += ", " + what
	}
	part := []string{head}
	if apartHere[strings.Replace(head, fmt.Sprintf(" v%d", resp.GetVersion()), "", 1)] != "" {
		// only that it was asked
	} else if text, _ := t.render(kmsg.NameForKey(resp.Key()), reflect.ValueOf(resp).Elem(), "  "); text != "" {
		part = append(part, strings.Split(text, "\n")...)
	}
	t.parts = append(t.parts, part)
}

// render writes the fields that are not zero, one a line; the elements of lists in an order
// of their own, since Kafka keeps many in maps, and on one line when nothing is inside them.
func (t *transcript) render(path string, v reflect.Value, indent string) (text string, flat bool) {
	var lines []string
	flat = true
	for name, f := range schemaFields(v) {
		path := path + "." + name
		if apartFields[path] != "" {
			continue
		}
		if f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		} else if f.IsZero() {
			continue
		}
		switch {
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			flat = false
			lines = append(lines, t.items(path, indent+name, f, indent+"  ")...)
		case f.Kind() == reflect.Struct:
			flat = false
			inside, _ := t.render(path, f, indent+"  ")
			lines = append(lines, indent+name, inside)
		default:
			lines = append(lines, indent+name+" "+t.value(path, f))
		}
	}
	return strings.Join(lines, "\n"), flat
}

func (t *transcript) items(path, head string, v reflect.Value, indent string) []string {
	if v.Len() == 0 {
		return []string{head + " []"}
	}
	var items []string
	for i := range v.Len() {
		text, flat := t.render(path, v.Index(i), indent)
		switch {
		case left(text):
			continue
		case flat:
			text = " " + strings.ReplaceAll(strings.TrimSpace(text), "\n"+indent, ", ")
		default:
			text = "\n" + text
		}
		items = append(items, head+text)
	}
	slices.Sort(items)
	return items
}

func (t *transcript) value(path string, v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String && t.names[v.String()] != "":
		return t.names[v.String()]
	case strings.HasSuffix(path, ".ErrorMessage"):
		return "…"
	case masked.MatchString(path) && !v.IsZero() && !(v.Kind() == reflect.Slice && v.Len() == 0):
		return "…"
	case v.Kind() == reflect.Int64 && time.Since(time.UnixMilli(v.Int())).Abs() < time.Hour:
		return "now"
	case v.Kind() == reflect.String:
		return fmt.Sprintf("%q", v.String())
	}
	return fmt.Sprint(v.Interface())
}

// text is the transcript as it is recorded.
func (t *transcript) text() string {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(strings.Join(p, "\n") + "\n")
	}
	return b.String()
}
