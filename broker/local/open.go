package local

import (
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/damage"
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
	var files *segment.Files
	c.FS = env.Frugal(c.FS, c.Clock, func() { files.Shed() })
	files = segment.NewFiles(c.FS, c.MaxOpenFiles)
	l := &Log{c: c, lock: lock, files: files, meters: newMeters(), closing: make(chan struct{})}
	l.flusher = partition.NewFlusher(flushWorkers, l.flushed)
	l.mu.byName, l.mu.byID = map[string]*topic{}, map[[16]byte]*topic{}
	l.mu.folded = map[string]string{}
	l.offsets = newOffsets(l)
	cp := &l.checkpoints
	cp.recovery = checkpoint{fs: c.FS, path: l.path(recoveryFile)}
	cp.starts = checkpoint{fs: c.FS, path: l.path(startsFile)}
	cp.cleaner = checkpoint{fs: c.FS, path: l.path(cleanerFile)}
	began := c.Clock.Now()
	err = l.open()
	l.recovery.Took = c.Clock.Now().Sub(began)
	if err != nil {
		l.flusher.Close()
		return nil, errors.Join(fmt.Errorf("open %s: %w", c.Dir, err), lock.Close())
	}
	l.tellRecovery()
	return l, nil
}

func (l *Log) open() error {
	names, err := l.c.FS.List(l.c.Dir)
	if err != nil {
		return err
	}
	meta, lost, err := openMetadata(l.c.FS, l.c.Dir, l.warn)
	if err == nil && lost {
		err = l.recoverMetadata(meta, names)
	}
	if err != nil {
		return err
	}
	meta.clock = l.c.Clock
	meta.synced = func(began time.Time) { l.synced(l.meters.metadataSync, began, "file", "metadata") }
	meta.failed = func(err error) { l.reportFailed("changes of topics", meta.path(0), err) }
	l.admin.meta = meta
	l.setNodeConfig(meta.nodes)
	l.ids.next, l.ids.limit = meta.nextID, meta.nextID
	if err := l.openProperties(meta.clusterID); err != nil {
		return err
	}
	if err := l.openTopics(names); err != nil {
		return err
	}
	if err := l.mendOffsetsTopic(); err != nil {
		return err
	}
	if err := l.openCommits(); err != nil {
		return err
	}
	if t := l.mu.byName[OffsetsTopic]; t != nil {
		l.offsets.load(t.parts, l.disable)
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

// disable takes a partition out of service whose records turned out to be damaged.
func (l *Log) disable(p *partition.Partition, cause error) {
	p.Disable(cause)
	l.reportPartition(p.TopicPartition(), cause)
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

// openTopics opens every partition that the metadata names. Folders of those that it says
// are gone are removed; any other that it does not know is moved aside. A partition that
// cannot be opened is out of service, alone.
func (l *Log) openTopics(names []string) error {
	if err := l.clearFolders(names); err != nil {
		return err
	}
	_, err := l.c.FS.Stat(l.path(cleanFile))
	clean := err == nil
	var known knownOffsets
	known.points = l.readCheckpoint(&l.checkpoints.recovery)
	known.starts = l.readCheckpoint(&l.checkpoints.starts)
	known.cleaned = l.readCheckpoint(&l.checkpoints.cleaner)
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
	var next, scanned, truncated atomic.Int64
	var wg sync.WaitGroup
	for range openWorkers {
		wg.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(jobs); i = next.Add(1) - 1 {
				j := jobs[i]
				tp := commitlog.TopicPartition{Topic: j.t.meta.Name, Partition: commitlog.PartitionID(j.n)}
				p, rec, err := l.openPartition(j.t.meta, tp, known)
				if err != nil {
					p = l.unavailable(j.t.meta, tp, known, err)
				}
				j.t.parts[j.n] = p
				scanned.Add(rec.ScannedBytes)
				truncated.Add(rec.Truncated)
			}
		})
	}
	wg.Wait()
	l.recovery.Clean, l.recovery.Partitions, l.recovery.Verified = clean || len(jobs) == 0, len(jobs), scanned.Load()
	l.recovery.Truncated = truncated.Load()
	return nil
}

// knownOffsets are what the checkpoints say of all partitions; nil: nothing.
type knownOffsets struct {
	points, starts, cleaned map[commitlog.TopicPartition]int64
}

// readCheckpoint reads a checkpoint of a folder that has been used.
func (l *Log) readCheckpoint(c *checkpoint) map[commitlog.TopicPartition]int64 {
	offsets, fault := c.read()
	if fault != "" && len(l.admin.meta.topics) > 0 {
		l.warn(damage.Fault{Part: "checkpoint", File: c.path, Offset: -1, Reason: fault,
			Remedy: "the logs are read from their beginning, which takes longer; what is missing at their ends cannot be told"})
	}
	return offsets
}

// segmentOptions open the log of a partition.
func (l *Log) segmentOptions(m *topicMeta, tp commitlog.TopicPartition, known knownOffsets) segment.Options {
	return segment.Options{
		FS: l.c.FS, Files: l.files, Dir: l.path(tp.String()), TopicID: m.ID, Config: partitionConfig(l.topicDefaults(), m.Configs).Segment,
		Now: l.c.Clock.Now(), RecoveryPoint: known.points[tp], StartOffset: known.starts[tp], StartUnknown: known.starts == nil,
		CleanedTo: known.cleaned[tp], Damaged: func(holes []segment.Hole) { l.reportHoles(tp, holes) },
		Failed: func(err error) { l.reportFailed(writesTo(tp), l.path(tp.String()), err) },
	}
}

func (l *Log) openPartition(m *topicMeta, tp commitlog.TopicPartition, known knownOffsets) (*partition.Partition, segment.Recovery, error) {
	cfg := partitionConfig(l.topicDefaults(), m.Configs)
	log, rec, err := segment.Open(l.segmentOptions(m, tp, known))
	if err != nil {
		return nil, rec, err
	}
	if rec.Truncated > 0 {
		l.c.Logger.Warn("log lost its torn tail", "partition", tp.String(), "bytes", rec.Truncated, "reason", rec.Reason)
	}
	// What was found may be in the page cache only: it is served when it is on disk.
	if log.End().Offset > log.Flushed() {
		if _, err := log.Flush(); err != nil {
			return nil, rec, err
		}
	}
	return partition.New(partition.Options{
		TopicPartition: tp, TopicID: m.ID, Config: cfg, Clock: l.c.Clock, Flusher: l.flusher, StoreStarts: l.storeStarts, System: l.isSystem(tp.Topic),
	}, log), rec, nil
}

// publish makes a topic known.
func (l *Log) publish(t *topic) {
	t.meta.retentionMs = -1
	config := partitionConfig(l.topicDefaults(), t.meta.Configs)
	t.meta.maxMessageBytes = min(config.MaxMessageBytes, int(config.Segment.SegmentBytes))
	if c := config.Segment; c.Delete && c.RetentionAge >= 0 && !c.RetentionByAppend {
		t.meta.retentionMs = c.RetentionAge.Milliseconds()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.byName[t.meta.Name] = t
	l.mu.byID[t.meta.ID] = t
	l.mu.folded[fold(t.meta.Name)] = t.meta.Name
}
