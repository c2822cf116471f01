package console

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
)

// produceBody is some messages for one topic.
type produceBody struct {
	Messages []newMessage `json:"messages" doc:"1 to 1000."`
}

type newMessage struct {
	Partition *int32      `json:"partition,omitempty" doc:"Default: by the key, as Kafka's producers do; without a key the partitions take turns."`
	Key       *string     `json:"key,omitempty" doc:"null: none."`
	Value     *string     `json:"value,omitempty" doc:"null: a tombstone."`
	KeyAs     string      `json:"key_as,omitempty" doc:"How key is written: text (default), json, int, bigint, double, base64, hex."`
	ValueAs   string      `json:"value_as,omitempty" doc:"As key_as."`
	Headers   []newHeader `json:"headers,omitempty"`
	Timestamp *int64      `json:"timestamp,omitempty" doc:"ms since 1970; default: now."`
}

type newHeader struct {
	Key   string  `json:"key"`
	Value *string `json:"value"`
}

// produceResult says where the messages are.
type produceResult struct {
	Messages []produced `json:"messages"`
}

type produced struct {
	Partition int32 `json:"partition"`
	Offset    int64 `json:"offset"`
}

// maxProduced bounds the messages of one request.
const maxProduced = 1000

// encodings turn what is typed into the bytes of a key or value.
var encodings = map[string]func(string) ([]byte, error){
	"":     func(s string) ([]byte, error) { return []byte(s), nil },
	"text": func(s string) ([]byte, error) { return []byte(s), nil },
	"json": func(s string) ([]byte, error) {
		var v json.RawMessage
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			return nil, err
		}
		return []byte(s), nil
	},
	"int": func(s string) ([]byte, error) {
		n, err := strconv.ParseInt(s, 10, 32)
		return binary.BigEndian.AppendUint32([]byte{}, uint32(n)), err
	},
	"bigint": func(s string) ([]byte, error) {
		n, err := strconv.ParseInt(s, 10, 64)
		return binary.BigEndian.AppendUint64([]byte{}, uint64(n)), err
	},
	"double": func(s string) ([]byte, error) {
		f, err := strconv.ParseFloat(s, 64)
		return binary.BigEndian.AppendUint64([]byte{}, math.Float64bits(f)), err
	},
	"base64": func(s string) ([]byte, error) {
		b, err := base64.StdEncoding.DecodeString(s)
		return append([]byte{}, b...), err
	},
	"hex": func(s string) ([]byte, error) {
		b, err := hex.DecodeString(s)
		return append([]byte{}, b...), err
	},
}

// encode is a key or value as bytes; which names it in errors.
func encode(which string, text *string, as string) ([]byte, error) {
	f, ok := encodings[as]
	if !ok {
		return nil, badBody(fmt.Sprintf("%s_as must be one of text, json, int, bigint, double, base64, hex, not %q", which, clip(as)))
	}
	if text == nil {
		return nil, nil
	}
	out, err := f(*text)
	if err != nil {
		return nil, badBody(fmt.Sprintf("%s is not of the kind %s: %v", which, as, err))
	}
	return out, nil
}

// produce appends messages. Those of one partition are one batch, which is taken whole or not at
// all; several partitions are written one after the other.
func (k *Console) produce(r *request) (any, error) {
	body := r.body.(*produceBody)
	topic, err := k.c.Log.Topic(r.Context(), r.text("topic"))
	if err != nil {
		return nil, err
	}
	if err := k.c.Log.MayChange(topic.Name); err != nil {
		return nil, forbidden(err.Error())
	}
	if err := k.c.Catalog.CheckWritable(topic.Name); err != nil {
		return nil, forbidden(err.Error())
	}
	if n := len(body.Messages); n == 0 || n > maxProduced {
		return nil, badBody(fmt.Sprintf("messages must hold 1 to %d messages, not %d", maxProduced, n))
	}
	out := produceResult{Messages: make([]produced, len(body.Messages))}
	builders := map[int32]*record.Builder{}
	var order []int32
	for i, m := range body.Messages {
		p, err := k.add(builders, topic, m)
		if err != nil {
			if len(body.Messages) > 1 {
				err = fmt.Errorf("message %d: %w", i+1, err)
			}
			return nil, badBody(err.Error())
		}
		if builders[p].Count() == 1 {
			order = append(order, p)
		}
		out.Messages[i] = produced{Partition: p, Offset: int64(builders[p].Count() - 1)}
	}
	for _, p := range order {
		base, err := k.append(r, topic.Name, p, builders[p])
		if err != nil {
			return nil, err
		}
		for i := range out.Messages {
			if out.Messages[i].Partition == p {
				out.Messages[i].Offset += base
			}
		}
	}
	return out, nil
}

// add puts a message into the batch of its partition.
func (k *Console) add(builders map[int32]*record.Builder, topic commitlog.Topic, m newMessage) (int32, error) {
	key, err := encode("key", m.Key, m.KeyAs)
	if err != nil {
		return 0, err
	}
	value, err := encode("value", m.Value, m.ValueAs)
	if err != nil {
		return 0, err
	}
	at := k.c.Clock.Now().UnixMilli()
	if m.Timestamp != nil {
		if at = *m.Timestamp; at < 0 {
			return 0, badBody("timestamp must be 0 or more")
		}
	}
	var p int32
	switch {
	case m.Partition != nil:
		if p = *m.Partition; p < 0 || p >= topic.Partitions {
			return 0, badBody(fmt.Sprintf("partition must be between 0 and %d, not %d", topic.Partitions-1, p))
		}
	case key != nil:
		p = record.PartitionFor(key, topic.Partitions)
	default:
		p = int32(k.turn.Add(1) % uint32(topic.Partitions))
	}
	var headers []record.RecordHeader
	for _, h := range m.Headers {
		if h.Key == "" {
			return 0, badBody("a header must have a key")
		}
		out := record.RecordHeader{Key: []byte(h.Key)}
		if h.Value != nil {
			out.Value = append([]byte{}, *h.Value...)
		}
		headers = append(headers, out)
	}
	if builders[p] == nil {
		builders[p] = record.NewBuilder(record.Options{})
	}
	builders[p].Append(at, key, value, headers)
	return p, nil
}

// append adds a batch as a producer with acks=all does.
func (k *Console) append(r *request, topic string, p int32, b *record.Builder) (int64, error) {
	batch, err := b.Finish()
	if err != nil {
		return 0, err
	}
	part, err := k.c.Log.Partition(commitlog.TopicPartition{Topic: topic, Partition: commitlog.PartitionID(p)})
	if err != nil {
		return 0, err
	}
	res, err := part.Append(r.Context(), batch, partition.AppendOptions{Acks: commitlog.AcksDurable})
	if err != nil {
		e := asAPIError(err)
		if e.status == http.StatusInternalServerError {
			return 0, err
		}
		return 0, e
	}
	return int64(res.BaseOffset), nil
}
