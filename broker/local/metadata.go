package local

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tailrace/storage/damage"
	"tailrace/storage/env"
	"tailrace/storage/journal"
)

// metadataFiles names the two copies of the metadata log in the data folder. They are not
// .log files, which are Kafka's; formerMetadataFiles were.
var (
	metadataFiles       = [2]string{"metadata.journal", "metadata.copy.journal"}
	formerMetadataFiles = [2]string{"metadata.log", "metadata.copy.log"}
)

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
	opNode    = "node"    // the configuration of a node, or of all, is as the entry says
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

// metadata is what the metadata log says, replayed. The log is kept twice, in two files
// that are appended to one after the other: what is damaged in one is taken from the other.
type metadata struct {
	fs        env.FS
	dir       string
	files     [2]*journal.File // nil: a copy that cannot be written; the next start makes it anew
	failed    func(error)      // told when it is not known any more what is on disk
	clock     env.Clock
	synced    func(began time.Time) // told when append has made entries durable
	entries   int
	clusterID string
	nextID    int64
	topics    map[string]*topicMeta
	tasks     map[taskKey]taskMeta
	nodes     map[string]map[string]string // configurations of nodes, by scope
	// deleted are the ids of topics that the log says are gone.
	deleted map[[16]byte]bool
}

type topicMeta struct {
	Name       string
	ID         [16]byte
	Partitions int32
	Configs    map[string]string
	Internal   bool

	maxMessageBytes int
	retentionMs     int64 // commitlog.Topic.RetentionMs; set when the topic is published
}

type taskKey struct{ group, task string }

type taskMeta struct {
	producer int64
	owner    int64
}

func newMetadata(fs env.FS, dir string) *metadata {
	return &metadata{fs: fs, dir: dir, nextID: 1, topics: map[string]*topicMeta{}, tasks: map[taskKey]taskMeta{}, nodes: map[string]map[string]string{}, deleted: map[[16]byte]bool{}}
}

func (m *metadata) path(copy int) string { return m.fs.PathJoin(m.dir, metadataFiles[copy]) }

// reading is what one copy of the log says.
type reading struct {
	m        *metadata
	contents journal.Contents
	missing  bool
	fault    string // why it is not whole, "" when it is
	offset   int64  // of the damage, -1: the file as a whole
}

// readMetadata replays one copy. An error is one of the disk, or of a later version.
func readMetadata(fs env.FS, dir string, copy int) (reading, error) {
	r := reading{m: newMetadata(fs, dir), offset: -1}
	var later error
	c, err := journal.ReadFrames(fs, r.m.path(copy), func(payload []byte) error {
		var e entry
		err := json.Unmarshal(payload, &e)
		if err == nil {
			err = r.m.apply(&e)
		}
		if errors.Is(err, errLaterVersion) {
			later = err
		} else if err != nil && r.fault == "" {
			r.fault = fmt.Sprintf("entry %d cannot be read: %v", r.m.entries, err)
		}
		return nil
	})
	r.contents = c
	switch {
	case later != nil:
		return r, fmt.Errorf("metadata log %s: %w", r.m.path(copy), later)
	case env.IsNotExist(err):
		r.missing, r.fault = true, "the file is missing"
	case errors.Is(err, journal.ErrCorrupt):
		r.fault, r.offset = err.Error(), 0
	case err != nil:
		return r, fmt.Errorf("metadata log: %w", err)
	case len(c.Holes) > 0:
		r.fault, r.offset = fmt.Sprintf("%d bytes do not hold, and valid entries follow", c.Holes[0].To-c.Holes[0].From), c.Holes[0].From
	case r.m.clusterID == "":
		r.fault = "the file is empty"
	}
	return r, nil
}

// openMetadata replays the metadata log in dir. It takes the better of the two copies; the
// other is moved aside when it is damaged, and written anew. lost says that neither is
// whole: what they still tell is in the result, and its files are not written yet.
func openMetadata(fs env.FS, dir string, warn func(damage.Fault)) (m *metadata, lost bool, err error) {
	if err := renameFormer(fs, dir); err != nil {
		return nil, false, err
	}
	var rs [2]reading
	for i := range rs {
		if rs[i], err = readMetadata(fs, dir, i); err != nil {
			return nil, false, err
		}
	}
	best := 0
	if x, y := &rs[0], &rs[1]; x.fault != "" && y.fault == "" || (x.fault == "") == (y.fault == "") && y.contents.Frames > x.contents.Frames {
		best = 1
	}
	m, other := rs[best].m, &rs[1-best]
	if rs[best].fault != "" {
		for i := range rs {
			if !rs[i].missing {
				warn(damage.Fault{Part: "metadata log", File: m.path(i), Offset: rs[i].offset, Reason: rs[i].fault})
			}
		}
		return m, true, nil
	}
	if other.fault != "" && !other.missing {
		warn(damage.Fault{Part: "metadata log", File: m.path(1 - best), Offset: other.offset, Reason: other.fault, Remedy: "its copy is whole: nothing is lost"})
		if _, err := moveAside(fs, dir, metadataFiles[1-best]); err != nil {
			return nil, false, err
		}
	}
	live := len(m.topics) + len(m.tasks) + 2
	same := other.fault == "" && other.contents.Frames == rs[best].contents.Frames && rs[0].contents.Version == journal.Version && rs[1].contents.Version == journal.Version
	if !same || m.entries > 2*live+metadataSlack {
		return m, false, m.rewrite(max(rs[0].contents.Number, rs[1].contents.Number) + 1)
	}
	return m, false, m.openFiles(rs[0].contents, rs[1].contents)
}

// renameFormer gives the files of an older folder their names of today.
func renameFormer(fs env.FS, dir string) error {
	for i, former := range formerMetadataFiles {
		if _, err := fs.Stat(fs.PathJoin(dir, metadataFiles[i])); !env.IsNotExist(err) {
			continue
		}
		if err := fs.Rename(fs.PathJoin(dir, former), fs.PathJoin(dir, metadataFiles[i])); err != nil && !env.IsNotExist(err) {
			return err
		}
	}
	return nil // a rename that is lost in a crash is made again
}

func (m *metadata) openFiles(contents ...journal.Contents) (err error) {
	for i, c := range contents {
		if m.files[i], err = journal.OpenFile(m.fs, m.path(i), c); err != nil {
			return err
		}
	}
	return nil
}

// rewrite replaces the log by one that holds only what is alive, one copy after the other.
func (m *metadata) rewrite(number uint64) error {
	es := m.live()
	var contents []journal.Contents
	for i := range metadataFiles {
		if err := writeMetadata(m.fs, m.path(i), number, es); err != nil {
			return err
		}
		c, err := journal.ReadFrames(m.fs, m.path(i), func([]byte) error { return nil })
		if err != nil {
			return err
		}
		contents = append(contents, c)
	}
	m.entries = len(es)
	return m.openFiles(contents...)
}

func (m *metadata) close() error {
	var errs []error
	for _, f := range m.files {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// live are the entries that make the state anew.
func (m *metadata) live() []entry {
	es := []entry{{Op: opCluster, ID: m.clusterID}, {Op: opIDs, Next: m.nextID}}
	for _, t := range m.topics {
		es = append(es, t.entry())
	}
	for scope, configs := range m.nodes {
		es = append(es, entry{Op: opNode, Name: scope, Configs: configs})
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
	f, err := journal.CreateFile(fs, tmp, number, 0)
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

// append makes entries durable, then true. They are when the first copy has them; a second
// one that fails is given up until the next start, which makes it anew.
func (m *metadata) append(es ...entry) (err error) {
	payloads := make([][]byte, len(es))
	for i := range es {
		b, err := json.Marshal(&es[i])
		if err != nil {
			return err
		}
		payloads[i] = b
	}
	defer func(began time.Time) {
		if err == nil {
			m.synced(began)
		}
	}(m.clock.Now())
	if err := m.files[0].Append(payloads...); err != nil {
		if errors.Is(err, journal.ErrFailed) {
			m.failed(err)
		}
		return fmt.Errorf("metadata log: %w", err)
	}
	if m.files[1] != nil {
		if err := m.files[1].Append(payloads...); err != nil {
			_ = m.files[1].Close()
			_ = m.fs.Remove(m.path(1)) // it would be taken for the truth should the first be damaged
			m.files[1] = nil
		}
	}
	for i := range es {
		if err := m.apply(&es[i]); err != nil {
			return err
		}
	}
	return nil
}

// errLaterVersion: an entry that this version does not know.
var errLaterVersion = errors.New("the entry is of a later version of Tailrace, which is needed to open this folder")

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
		if t := m.topics[e.Name]; t != nil {
			m.deleted[t.ID] = true
		}
		delete(m.topics, e.Name)
	case opIDs:
		m.nextID = e.Next
	case opNode:
		m.nodes[e.Name] = e.Configs
		if len(e.Configs) == 0 {
			delete(m.nodes, e.Name)
		}
	case opTask:
		m.tasks[taskKey{e.Group, e.Task}] = taskMeta{e.Producer, e.Owner}
	case opForget:
		for k := range m.tasks {
			if k.group == e.Group {
				delete(m.tasks, k)
			}
		}
	default:
		return fmt.Errorf("%w (%q)", errLaterVersion, e.Op)
	}
	return nil
}
