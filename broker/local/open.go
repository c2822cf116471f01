package local

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/segment"
)

// openWorkers is how many partitions are recovered side by side.
const openWorkers = 4

// Open opens the log in c.Dir, making it when the folder is empty, and recovers what a
// crash left. It fails when another server holds the folder.
func Open(c Config) (*Log, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.TopicDefaults, _ = parseConfigs(c.TopicDefaults) // valid, as was just checked
	if err := env.MakeDir(c.FS, c.Dir); err != nil {
		return nil, err
	}
	lock, err := env.LockDir(c.FS, c.Dir)
	if err != nil {
		return nil, err
	}
	l := &Log{c: c, lock: lock, files: segment.NewFiles(c.FS, c.MaxOpenFiles),
		flusher: partition.NewFlusher(flushWorkers), closing: make(chan struct{})}
	l.mu.byName, l.mu.byID = map[string]*topic{}, map[[16]byte]*topic{}
	l.mu.folded = map[string]string{}
	l.offsets = newOffsets(l)
	cp := &l.checkpoints
	cp.recovery = checkpoint{fs: c.FS, path: l.path(recoveryFile)}
	cp.starts = checkpoint{fs: c.FS, path: l.path(startsFile)}
	cp.cleaner = checkpoint{fs: c.FS, path: l.path(cleanerFile)}
	if err := l.open(); err != nil {
		l.flusher.Close()
		return nil, errors.Join(fmt.Errorf("open %s: %w", c.Dir, err), lock.Close())
	}
	return l, nil
}

func (l *Log) open() error {
	meta, err := openMetadata(l.c.FS, l.c.Dir, l.newClusterID)
	if err != nil {
		return err
	}
	l.admin.meta = meta
	l.ids.next, l.ids.limit = meta.nextID, meta.nextID
	if err := l.openProperties(meta.clusterID); err != nil {
		return err
	}
	if err := l.openTopics(); err != nil {
		return err
	}
	if err := l.openCommits(); err != nil {
		return err
	}
	if t := l.mu.byName[OffsetsTopic]; t != nil {
		if err := l.offsets.load(t.parts); err != nil {
			return err
		}
	}
	// Offsets of topics that are gone leave the checkpoints before the names come back.
	if err := l.storeCheckpoints(); err != nil {
		return err
	}
	// From here on the folder is in use: a marker of a clean end would be a lie.
	if err := l.c.FS.Remove(l.path(cleanFile)); err != nil && !env.IsNotExist(err) {
		return err
	}
	l.commits.start()
	l.background.Add(1)
	go l.runBackground()
	return nil
}

func (l *Log) newClusterID() string {
	for {
		var id [16]byte
		l.c.Rand.Read(id[:])
		if s := base64.RawURLEncoding.EncodeToString(id[:]); s[0] != '-' {
			return s // a leading dash is taken for an option by Kafka's tools
		}
	}
}

// openProperties keeps Kafka's meta.properties beside the metadata log.
func (l *Log) openProperties(clusterID string) error {
	text := fmt.Sprintf("#\ncluster.id=%s\nnode.id=%d\nversion=1\n", clusterID, l.c.NodeID)
	if b, err := env.ReadFile(l.c.FS, l.path(propsFile)); err == nil && string(b) == text {
		return nil
	}
	return env.ReplaceFile(l.c.FS, l.path(propsFile), []byte(text))
}

// openTopics opens every partition that the metadata names and removes the folders of
// those that it does not.
func (l *Log) openTopics() error {
	names, err := l.c.FS.List(l.c.Dir)
	if err != nil {
		return err
	}
	if err := l.removeStale(names); err != nil {
		return err
	}
	_, err = l.c.FS.Stat(l.path(cleanFile))
	clean := err == nil
	points := l.checkpoints.recovery.read()
	starts := l.checkpoints.starts.read()
	cleaned := l.checkpoints.cleaner.read()
	type job struct {
		t *topic
		n int32
	}
	var jobs []job
	for _, m := range l.admin.meta.topics {
		t := &topic{meta: m, parts: make([]*partition.Partition, m.Partitions)}
		l.publish(t)
		for n := range m.Partitions {
			jobs = append(jobs, job{t, n})
		}
	}
	var next, scanned atomic.Int64
	errs := make([]error, openWorkers)
	var wg sync.WaitGroup
	for w := range openWorkers {
		wg.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(jobs) && errs[w] == nil; i = next.Add(1) - 1 {
				j := jobs[i]
				tp := commitlog.TopicPartition{Topic: j.t.meta.Name, Partition: commitlog.PartitionID(j.n)}
				var n int64
				j.t.parts[j.n], n, errs[w] = l.openPartition(j.t.meta, tp, points[tp], starts[tp], cleaned[tp])
				scanned.Add(n)
			}
		})
	}
	wg.Wait()
	if !clean && len(jobs) > 0 {
		l.c.Logger.Info("log recovered after an unclean shutdown", "partitions", len(jobs), "verified_bytes", scanned.Load())
	}
	return errors.Join(errs...)
}

func (l *Log) openPartition(m *topicMeta, tp commitlog.TopicPartition, point, start, cleaned int64) (*partition.Partition, int64, error) {
	cfg := partitionConfig(l.c.TopicDefaults, m.Configs)
	log, rec, err := segment.Open(segment.Options{
		FS: l.c.FS, Files: l.files, Dir: l.path(tp.String()), TopicID: m.ID, Config: cfg.Segment,
		Now: l.c.Clock.Now(), RecoveryPoint: point, StartOffset: start, CleanedTo: cleaned,
	})
	if err != nil {
		return nil, 0, err
	}
	if rec.Truncated > 0 {
		l.c.Logger.Warn("log lost its torn tail", "partition", tp.String(), "bytes", rec.Truncated, "reason", rec.Reason)
	}
	// What was found may be in the page cache only: it is served when it is on disk.
	if log.End().Offset > log.Flushed() {
		if _, err := log.Flush(); err != nil {
			return nil, 0, err
		}
	}
	return partition.New(partition.Options{
		TopicPartition: tp, TopicID: m.ID, Config: cfg, Clock: l.c.Clock, Flusher: l.flusher, StoreStarts: l.storeStarts,
	}, log), rec.ScannedBytes, nil
}

// removeStale removes the folders of deleted topics.
func (l *Log) removeStale(names []string) error {
	for _, name := range names {
		base, deleted := strings.CutSuffix(name, ".delete")
		i := strings.LastIndexByte(base, '-')
		if i <= 0 {
			continue
		}
		n, err := strconv.ParseInt(base[i+1:], 10, 32)
		if err != nil {
			continue
		}
		m := l.admin.meta.topics[base[:i]]
		if !deleted && m != nil && int32(n) < m.Partitions && l.belongs(name, m) {
			continue
		}
		l.c.Logger.Info("removing the folder of a deleted partition", "folder", name)
		if err := l.c.FS.RemoveAll(l.path(name)); err != nil {
			return err
		}
	}
	return nil
}

// belongs reports whether a folder is of this topic and not of an earlier one of the
// same name.
func (l *Log) belongs(folder string, m *topicMeta) bool {
	b, err := env.ReadFile(l.c.FS, l.c.FS.PathJoin(l.path(folder), segment.MetadataFile))
	if err != nil {
		return true
	}
	want := "topic_id: " + base64.RawURLEncoding.EncodeToString(m.ID[:])
	return slices.Contains(strings.Split(strings.TrimSpace(string(b)), "\n"), want)
}

// publish makes a topic known.
func (l *Log) publish(t *topic) {
	t.meta.retentionMs = -1
	if c := partitionConfig(l.c.TopicDefaults, t.meta.Configs).Segment; c.Delete && c.RetentionAge >= 0 && !c.RetentionByAppend {
		t.meta.retentionMs = c.RetentionAge.Milliseconds()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.byName[t.meta.Name] = t
	l.mu.byID[t.meta.ID] = t
	l.mu.folded[fold(t.meta.Name)] = t.meta.Name
}
