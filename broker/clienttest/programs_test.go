package clienttest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/broker"
)

// program runs a command against the node and returns its standard output.
func program(t *testing.T, stdin string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	return output(t, stdin, exec.CommandContext(ctx, name, args...))
}

// output runs a command to its end and returns its standard output.
func output(t *testing.T, stdin string, cmd *exec.Cmd) string {
	t.Helper()
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s\n%s", strings.Join(cmd.Args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

// need skips the test unless the program is installed.
func need(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// pythonWith finds a Python that has a module.
func pythonWith(t *testing.T, module string) string {
	t.Helper()
	for _, py := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(py, "-c", "import "+module).Run() == nil {
			return py
		}
	}
	t.Skipf("no Python with the module %s is installed", module)
	return ""
}

func TestKcat(t *testing.T) {
	kcat := need(t, "kcat")
	n := start(t, broker.Config{})
	// The topic is made on first use. kcat gives up on its first look, as on Kafka.
	program(t, "", kcat, "-b", n.addr, "-L", "-t", "kcat-topic")
	program(t, "k1:hello\nk2:wörld\n", kcat, "-b", n.addr, "-P", "-t", "kcat-topic", "-K:")
	for _, codec := range []string{"gzip", "snappy", "lz4", "zstd"} {
		program(t, strings.Repeat("squeezed\n", 200), kcat, "-b", n.addr, "-P", "-t", "kcat-"+codec, "-z", codec, "-X", "linger.ms=1000")
		if out := program(t, "", kcat, "-b", n.addr, "-C", "-t", "kcat-"+codec, "-e", "-q", "-o", "beginning"); out != strings.Repeat("squeezed\n", 200) {
			t.Errorf("%s: got %d bytes", codec, len(out))
		}
		// The point of announcing Produce from v0: old librdkafka does compress.
		if size := n.size("kcat-" + codec); size > 1600 {
			t.Errorf("%s: 3 KB of records take %d in the log", codec, size)
		}
	}
	if out := program(t, "", kcat, "-b", n.addr, "-C", "-t", "kcat-topic", "-e", "-q", "-f", "%k=%s@%o\n"); out != "k1=hello@0\nk2=wörld@1\n" {
		t.Errorf("consumed %q", out)
	}
	if out := program(t, "", kcat, "-b", n.addr, "-C", "-t", "kcat-topic", "-e", "-q", "-o", "-1"); out != "wörld\n" {
		t.Errorf("the last record: %q", out)
	}
	list := program(t, "", kcat, "-b", n.addr, "-L")
	if !strings.Contains(list, `topic "kcat-topic" with 1 partitions`) || !strings.Contains(list, n.addr) {
		t.Errorf("listing:\n%s", list)
	}
	if out := program(t, "", kcat, "-b", n.addr, "-G", "kcat-group", "-e", "-q", "kcat-topic", "-X", "auto.offset.reset=earliest"); out != "hello\nwörld\n" {
		t.Errorf("by group: %q", out)
	}
}

// size is the size of a topic's first partition.
func (n *node) size(topic string) int64 {
	n.t.Helper()
	d, err := n.log.Partition(tp(topic, 0))
	if err != nil {
		n.t.Fatal(err)
	}
	return d.SizeBytes()
}

// The producer and the consumer of a well-known tutorial, but for the address and an end.
const tutorialProducer = `
import sys
from json import dumps
from kafka import KafkaProducer
producer = KafkaProducer(
    bootstrap_servers=[sys.argv[1]],
    value_serializer=lambda x: dumps(x).encode('utf-8')
)
for j in range(200):
    data = {'counter': j}
    producer.send('topic_test', value=data)
producer.flush()
print('done')
`

const tutorialConsumer = `
import sys
from json import loads
from kafka import KafkaConsumer
consumer = KafkaConsumer(
    'topic_test',
    bootstrap_servers=[sys.argv[1]],
    auto_offset_reset='earliest',
    enable_auto_commit=True,
    group_id='my-group-id',
    value_deserializer=lambda x: loads(x.decode('utf-8'))
)
for i, event in enumerate(consumer):
    print(event.value['counter'])
    if i == int(sys.argv[2]) - 1:
        break
consumer.close()
`

func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program.py")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPythonTutorial(t *testing.T) {
	for _, py := range []string{"/usr/bin/python3", "python3"} {
		t.Run(py, func(t *testing.T) {
			if exec.Command(py, "-c", "import kafka").Run() != nil {
				t.Skipf("%s has no module kafka", py)
			}
			n := start(t, broker.Config{})
			if out := program(t, "", py, script(t, tutorialProducer), n.addr); out != "done\n" {
				t.Errorf("producer: %q", out)
			}
			consumer := script(t, tutorialConsumer)
			if out := program(t, "", py, consumer, n.addr, "200"); out != count(0, 200) {
				t.Errorf("first consumer:\n%s", out)
			}
			// It committed when it closed, so the next of the group goes on from there.
			program(t, "", py, script(t, tutorialProducer), n.addr)
			if out := program(t, "", py, consumer, n.addr, "200"); out != count(0, 200) {
				t.Errorf("second consumer:\n%s", out)
			}
		})
	}
}

func count(from, to int) string {
	var b strings.Builder
	for _, r := range numbered("", to)[from:] {
		b.Write(r.Value)
		b.WriteByte('\n')
	}
	return b.String()
}

const librdkafkaProgram = `
import sys
from confluent_kafka import Producer, Consumer
from confluent_kafka.admin import AdminClient, NewTopic
addr = sys.argv[1]
admin = AdminClient({'bootstrap.servers': addr})
for f in admin.create_topics([NewTopic('rd', num_partitions=3, replication_factor=1)]).values():
    f.result(30)
p = Producer({'bootstrap.servers': addr, 'enable.idempotence': True, 'compression.type': 'lz4', 'linger.ms': 5})
for i in range(3000):
    p.produce('rd', key=str(i), value=str(i))
    p.poll(0)
assert p.flush(30) == 0
c = Consumer({'bootstrap.servers': addr, 'group.id': 'rd-group', 'auto.offset.reset': 'earliest', 'session.timeout.ms': 6000})
c.subscribe(['rd'])
seen = set()
while len(seen) < 3000:
    m = c.poll(10)
    assert m is not None, 'only %d records' % len(seen)
    assert m.error() is None, m.error()
    assert m.value() not in seen
    seen.add(m.value())
c.commit(asynchronous=False)
print(sum(tp.offset for tp in c.committed(c.assignment(), 10)))
c.close()
`

// librdkafka 1.7 and later, through its Python binding.
func TestLibrdkafka(t *testing.T) {
	py := pythonWith(t, "confluent_kafka")
	n := start(t, broker.Config{})
	if out := program(t, "", py, script(t, librdkafkaProgram), n.addr); out != "3000\n" {
		t.Errorf("committed offsets add up to %q, want 3000", out)
	}
}

// Clients of different make read each other's records.
func TestClientsUnderstandEachOther(t *testing.T) {
	py := pythonWith(t, "kafka")
	n := start(t, broker.Config{})
	program(t, "", py, script(t, tutorialProducer), n.addr)
	got := values(t, n.client(kgo.ConsumeTopics("topic_test")), 200)
	if v := string(got[199].Value); v != `{"counter": 199}` {
		t.Errorf("the last record is %s", v)
	}
}

// confluent-kafka-go needs cgo and 60 MB of bundled librdkafka, so it is a module of its
// own, and is run only where it has been downloaded.
func TestConfluentGo(t *testing.T) {
	need(t, "gcc")
	offline := append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=1")
	list := exec.Command("go", "list", "-test", "-deps", ".")
	list.Dir, list.Env = "confluent", offline
	if out, err := list.CombinedOutput(); err != nil {
		t.Skipf("confluent-kafka-go is not downloaded (go -C broker/clienttest/confluent mod download): %.200s", out)
	}
	n := start(t, broker.Config{})
	cmd := exec.Command("go", "test", "-count=1", "-timeout=5m", ".")
	cmd.Dir, cmd.Env = "confluent", append(offline, "TAILRACE_ADDR="+n.addr)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// nodeWith skips the test unless Node finds the module (on NODE_PATH).
func nodeWith(t *testing.T, module string) string {
	t.Helper()
	node := need(t, "node")
	if exec.Command(node, "-e", "require.resolve('"+module+"')").Run() != nil {
		t.Skipf("node does not find %s: make clients fetches it", module)
	}
	return node
}

const kafkajsProgram = `
const { Kafka, logLevel, CompressionTypes } = require('kafkajs')
const kafka = new Kafka({ clientId: 'js', brokers: [process.argv[1]], logLevel: logLevel.ERROR })
async function main () {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'js', numPartitions: 2 }] })
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  for (let b = 0; b < 10; b++) {
    await producer.send({ topic: 'js', compression: b % 2 ? CompressionTypes.GZIP : CompressionTypes.None,
      messages: [...Array(100).keys()].map(i => ({ key: 'k' + i, value: String(b * 100 + i) })) })
  }
  const consumer = kafka.consumer({ groupId: 'js-group' })
  await consumer.connect()
  await consumer.subscribe({ topics: ['js'], fromBeginning: true })
  const seen = new Set()
  await new Promise((resolve) => consumer.run({ eachMessage: async ({ message }) => {
    seen.add(message.value.toString())
    if (seen.size === 1000) resolve()
  } }))
  await consumer.stop()
  await consumer.disconnect()
  const offsets = await admin.fetchOffsets({ groupId: 'js-group', topics: ['js'] })
  console.log(seen.size, offsets[0].partitions.length)
  await producer.disconnect()
  await admin.disconnect()
}
main().catch(e => { console.error(e); process.exit(1) })
`

// kafkajs never speaks a flexible version.
func TestKafkaJS(t *testing.T) {
	node := nodeWith(t, "kafkajs")
	n := start(t, broker.Config{})
	if out := program(t, "", node, "-e", kafkajsProgram, n.addr); out != "1000 2\n" {
		t.Errorf("got %q", out)
	}
}

const platformaticProgram = `
const { Producer, Consumer, Admin, stringSerializers, stringDeserializers } = require('@platformatic/kafka')
const base = { clientId: 'pf', bootstrapBrokers: [process.argv[1]] }
async function main () {
  const admin = new Admin(base)
  await admin.createTopics({ topics: ['pf'], partitions: 2, replicas: 1 })
  const producer = new Producer({ ...base, serializers: stringSerializers })
  await producer.send({ messages: [...Array(500).keys()].map(i => ({ topic: 'pf', key: 'k' + i, value: String(i) })) })
  const consumer = new Consumer({ ...base, groupId: 'pf-group', deserializers: stringDeserializers })
  const stream = await consumer.consume({ topics: ['pf'], mode: 'earliest', autocommit: true, sessionTimeout: 10000, heartbeatInterval: 500 })
  const seen = new Set()
  for await (const m of stream) {
    seen.add(m.value)
    if (seen.size === 500) break
  }
  console.log(seen.size)
  await consumer.close(true)
  await producer.close()
  await admin.close()
}
main().then(() => process.exit(0), e => { console.error(e); process.exit(1) })
`

// @platformatic/kafka speaks the newest versions only.
func TestPlatformaticKafka(t *testing.T) {
	node := nodeWith(t, "@platformatic/kafka")
	n := start(t, broker.Config{})
	if out := program(t, "", node, "-e", platformaticProgram, n.addr); out != "500\n" {
		t.Errorf("got %q", out)
	}
}

// TestRustClient: rskafka, which shares no code with any other client.
func TestRustClient(t *testing.T) {
	client := need(t, filepath.Join(fetched(t, "rust"), "debug", "kafka"))
	n := start(t, broker.Config{})
	if out := program(t, "", client, n.addr); out != "100 4950\n" {
		t.Errorf("end and sum are %q", out)
	}
}
