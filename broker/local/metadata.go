package local

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"tailrace/storage/env"
	"tailrace/storage/journal"
)

// metadataFile names the metadata log in the data folder.
const metadataFile = "metadata.log"

// metadataSlack is how many dead entries the metadata log may hold, beyond as many as
// live ones, before it is written anew on opening.
const metadataSlack = 1000

// Ops of metadata entries.
const (
	opTopic   = "topic"   // a topic is as the entry says
	opDelete  = "delete"  // a topic is gone
	opIDs     = "ids"     // producer ids below Next may have been given out
	opTask    = "task"    // a task commits as this producer, on behalf of this owner
	opForget  = "forget"  // the tasks of a group are gone
	opCluster = "cluster" // the cluster's id
)

// entry is one line of the metadata log: JSON, since it is small, rare, and read by people
// when something is wrong.
type entry struct {
	Op         string            `json:"op"`
	Name       string            `json:"name,omitempty"`
	ID         string            `json:"id,omitempty"` // hex
	Partitions int32             `json:"partitions,omitempty"`
	Configs    map[string]string `json:"configs,omitempty"`
	Internal   bool              `json:"internal,omitempty"`
	Next       int64             `json:"next,omitempty"`
	Group      string            `json:"group,omitempty"`
	Task       string            `json:"task,omitempty"`
	Producer   int64             `json:"producer,omitempty"`
	Owner      int64             `json:"owner,omitempty"`
}

// metadata is what the metadata log says, replayed.
type metadata struct {
	fs        env.FS
	path      string
	file      *journal.File
	entries   int
	clusterID string
	nextID    int64
	topics    map[string]*topicMeta
	tasks     map[taskKey]taskMeta
}

type topicMeta struct {
	Name       string
	ID         [16]byte
	Partitions int32
	Configs    map[string]string
	Internal   bool

	retentionMs int64 // commitlog.Topic.RetentionMs; set when the topic is published
}

type taskKey struct{ group, task string }

type taskMeta struct {
	producer int64
	owner    int64
}

// openMetadata replays the metadata log in dir, or begins one for a new cluster.
func openMetadata(fs env.FS, dir string, newClusterID func() string) (*metadata, error) {
	m := &metadata{
		fs: fs, path: fs.PathJoin(dir, metadataFile), nextID: 1,
		topics: map[string]*topicMeta{}, tasks: map[taskKey]taskMeta{},
	}
	number, end, err := journal.ReadFrames(fs, m.path, m.replay)
	if err != nil && !env.IsNotExist(err) {
		return nil, fmt.Errorf("metadata log: %w", err)
	}
	live := len(m.topics) + len(m.tasks) + 2
	if m.clusterID != "" && m.entries <= 2*live+metadataSlack {
		m.file, err = journal.OpenFile(fs, m.path, number, end)
		return m, err
	}
	if m.clusterID == "" {
		m.clusterID = newClusterID()
	}
	return m, m.rewrite(number + 1)
}

// rewrite replaces the log by one that holds only what is alive.
func (m *metadata) rewrite(number uint64) error {
	es := m.live()
	if err := writeMetadata(m.fs, m.path, number, es); err != nil {
		return err
	}
	m.entries = len(es)
	_, end, err := journal.ReadFrames(m.fs, m.path, func([]byte) error { return nil })
	if err != nil {
		return err
	}
	m.file, err = journal.OpenFile(m.fs, m.path, number, end)
	return err
}

// live are the entries that make the state anew.
func (m *metadata) live() []entry {
	es := []entry{{Op: opCluster, ID: m.clusterID}, {Op: opIDs, Next: m.nextID}}
	for _, t := range m.topics {
		es = append(es, t.entry())
	}
	for k, t := range m.tasks {
		es = append(es, entry{Op: opTask, Group: k.group, Task: k.task, Producer: t.producer, Owner: t.owner})
	}
	return es
}

// writeMetadata puts a log of these entries in place, whole and durable.
func writeMetadata(fs env.FS, path string, number uint64, es []entry) error {
	tmp := path + ".tmp"
	if err := fs.Remove(tmp); err != nil && !env.IsNotExist(err) {
		return err
	}
	f, err := journal.CreateFile(fs, tmp, number)
	if err != nil {
		return err
	}
	payloads := make([][]byte, len(es))
	for i := range es {
		if payloads[i], err = json.Marshal(&es[i]); err != nil {
			return err
		}
	}
	if err = errors.Join(f.Append(payloads...), f.Close()); err != nil {
		return err
	}
	if err := fs.Rename(tmp, path); err != nil {
		return err
	}
	return env.SyncDir(fs, fs.PathDir(path))
}

func (t *topicMeta) entry() entry {
	return entry{Op: opTopic, Name: t.Name, ID: hex.EncodeToString(t.ID[:]), Partitions: t.Partitions,
		Configs: t.Configs, Internal: t.Internal}
}

// append makes entries durable, then true.
func (m *metadata) append(es ...entry) error {
	payloads := make([][]byte, len(es))
	for i := range es {
		b, err := json.Marshal(&es[i])
		if err != nil {
			return err
		}
		payloads[i] = b
	}
	if err := m.file.Append(payloads...); err != nil {
		return fmt.Errorf("metadata log: %w", err)
	}
	for i := range es {
		if err := m.apply(&es[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *metadata) replay(payload []byte) error {
	var e entry
	if err := json.Unmarshal(payload, &e); err != nil {
		return err
	}
	return m.apply(&e)
}

func (m *metadata) apply(e *entry) error {
	m.entries++
	switch e.Op {
	case opCluster:
		m.clusterID = e.ID
	case opTopic:
		t := &topicMeta{Name: e.Name, Partitions: e.Partitions, Configs: e.Configs, Internal: e.Internal}
		if n, err := hex.Decode(t.ID[:], []byte(e.ID)); err != nil || n != len(t.ID) {
			return fmt.Errorf("topic %s has id %q", e.Name, e.ID)
		}
		m.topics[e.Name] = t
	case opDelete:
		delete(m.topics, e.Name)
	case opIDs:
		m.nextID = e.Next
	case opTask:
		m.tasks[taskKey{e.Group, e.Task}] = taskMeta{e.Producer, e.Owner}
	case opForget:
		for k := range m.tasks {
			if k.group == e.Group {
				delete(m.tasks, k)
			}
		}
	default:
		return fmt.Errorf("unknown entry %q", e.Op)
	}
	return nil
}
