// Package local is the log of one node: its topics, their partitions as Kafka's files,
// the offsets of consumer groups, and commits that are atomic over all of them. It
// implements commitlog.Log in process; the Kafka handlers serve the same Log by TCP.
//
//	data folder
//	  .lock                               held while a server runs
//	  meta.properties                     cluster id and node id
//	  metadata.journal                    topics, producer ids, tasks
//	  recovery-point-offset-checkpoint    what need not be verified after a crash
//	  log-start-offset-checkpoint         what DeleteRecords and retention took
//	  cleaner-offset-checkpoint           what has been compacted
//	  .kafka_cleanshutdown                the last run ended well
//	  journal/                            commits whose partitions are not fsynced yet
//	  <topic>-<partition>/                package segment
//
// Lock order: task.mu, Log.admin, Log.mu, then those of package partition.
package local

import (
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/damage"
	"tailrace/storage/env"
	"tailrace/storage/journal"
	"tailrace/storage/segment"
)

// Config says where a node keeps its log and how.
type Config struct {
	FS     env.FS // default env.Disk
	Dir    string
	Clock  env.Clock    // default env.SystemClock
	Rand   env.Rand     // default env.SystemRand
	Logger *slog.Logger // default: discard
	NodeID int32        // default 1

	// DefaultPartitions are those of a topic made without a count. Kafka: num.partitions.
	DefaultPartitions int32 // default 1
	// TopicDefaults are node-wide defaults of topic configurations, by topic key.
	TopicDefaults map[string]string
	// RetentionCheckInterval is how often retention looks at the logs. Kafka:
	// log.retention.check.interval.ms.
	RetentionCheckInterval time.Duration // default 5 min
	// CompactionBackoff is how often compaction looks for work. Kafka:
	// log.cleaner.backoff.ms.
	CompactionBackoff time.Duration // default 15 s
	// CheckpointInterval is how often recovery points are stored, and so bounds what is
	// verified after a crash. Kafka: log.flush.offset.checkpoint.interval.ms.
	CheckpointInterval time.Duration // default 2 s
	// ProducerExpiry is after what silence an idempotent producer is forgotten. Kafka:
	// producer.id.expiration.ms.
	ProducerExpiry time.Duration // default 24 h
	// Owned are the names of the engine that uses the log in process; clients change nothing
	// that is its own.
	Owned commitlog.Names
	// Damage takes what is out of service; default: a ledger of its own.
	Damage *damage.Ledger
	// SlowDisk is how long an fsync or a commit may take before the log says so; 0: for ever.
	SlowDisk time.Duration
	// MaxOpenFiles bounds the segment files that stay open between uses.
	MaxOpenFiles int // default 4096
}

// WithDefaults fills in the defaults.
func (c Config) WithDefaults() Config {
	if c.FS == nil {
		c.FS = env.Disk
	}
	if c.Clock == nil {
		c.Clock = env.SystemClock
	}
	if c.Rand == nil {
		c.Rand = env.SystemRand
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Damage == nil {
		c.Damage = damage.NewLedger(c.Logger, c.Clock.Now)
	}
	setDefault(&c.NodeID, 1)
	setDefault(&c.DefaultPartitions, 1)
	setDefault(&c.RetentionCheckInterval, 5*time.Minute)
	setDefault(&c.CompactionBackoff, 15*time.Second)
	setDefault(&c.CheckpointInterval, 2*time.Second)
	setDefault(&c.ProducerExpiry, 24*time.Hour)
	setDefault(&c.MaxOpenFiles, 4096)
	return c
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Validate reports every fault of the configuration.
func (c Config) Validate() error {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("the data folder is not set"))
	}
	if c.DefaultPartitions < 0 || c.DefaultPartitions > MaxPartitions {
		errs = append(errs, errors.New("num.partitions must be from 1 to 10000"))
	}
	if _, err := parseConfigs(c.TopicDefaults); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// flushWorkers is how many partitions are fsynced side by side: the file system's journal
// commits once for those that wait together.
const flushWorkers = 4

// Log is a node's log. It implements commitlog.Log.
type Log struct {
	c       Config
	lock    io.Closer
	files   *segment.Files
	flusher *partition.Flusher
	offsets *Offsets
	commits *committer

	checkpoints struct {
		sync.Mutex
		recovery, starts, cleaner checkpoint
	}
	ids struct {
		sync.Mutex
		next, limit int64
	}
	// admin orders the changes of topics, and guards the metadata log.
	admin struct {
		sync.Mutex
		meta *metadata
	}
	mu struct {
		sync.RWMutex
		byName map[string]*topic
		byID   map[[16]byte]*topic
		folded map[string]string // name with '.' as '_' -> name
		closed bool
	}
	// node is the configuration that changes while the node runs.
	node     atomic.Pointer[nodeConfig]
	meters   meters
	recovery Recovery
	// maintenance is held while files are removed or replaced, and while a backup reads them.
	maintenance sync.Mutex
	closing     chan struct{}
	background  sync.WaitGroup
}

// topic is a topic at one moment; a change makes a new one.
type topic struct {
	meta  *topicMeta
	parts []*partition.Partition
}

var _ commitlog.Log = (*Log)(nil)

// ClusterID is the 22 characters that name the cluster, made with the folder.
func (l *Log) ClusterID() string {
	l.admin.Lock()
	defer l.admin.Unlock()
	return l.admin.meta.clusterID
}

// NodeID is the configured id of the node.
func (l *Log) NodeID() int32 { return l.c.NodeID }

// Dir is the folder of the log, from the root of the file system.
func (l *Log) Dir() string {
	if dir, err := filepath.Abs(l.c.Dir); err == nil {
		return dir
	}
	return l.c.Dir
}

// DiskBytes is the size of the disk that the log is on, and how much of it is left; -1 when
// that is not known.
func (l *Log) DiskBytes() (total, usable int64) {
	u, err := l.c.FS.GetDiskUsage(l.c.Dir)
	if err != nil {
		return -1, -1
	}
	return int64(u.TotalBytes), int64(u.AvailBytes)
}

// DiskUsed is how much of that disk is used, by whatever there is on it.
func (l *Log) DiskUsed() int64 {
	u, err := l.c.FS.GetDiskUsage(l.c.Dir)
	if err != nil {
		return -1
	}
	return int64(u.UsedBytes)
}

// MetadataEnd is how many entries the metadata log has.
func (l *Log) MetadataEnd() int64 {
	l.admin.Lock()
	defer l.admin.Unlock()
	return int64(l.admin.meta.entries)
}

// Settings is the configuration of the log, with its defaults.
func (l *Log) Settings() Config { return l.c }

// Offsets is the store of committed offsets and group metadata.
func (l *Log) Offsets() *Offsets { return l.offsets }

// Close stops the service, makes everything durable and lets go of the folder.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.mu.closed {
		l.mu.Unlock()
		return nil
	}
	l.mu.closed = true
	l.mu.Unlock()
	close(l.closing)
	applied := l.commits.stop()
	l.background.Wait()
	l.admin.Lock()
	defer l.admin.Unlock()
	var errs []error
	for _, p := range l.allPartitions() {
		errs = append(errs, p.Close())
	}
	l.flusher.Close()
	err := errors.Join(errs...)
	if err == nil {
		err = l.storeCheckpoints()
	}
	if err == nil && applied {
		err = l.commits.forgetAll()
	}
	if err == nil {
		err = env.ReplaceFile(l.c.FS, l.path(cleanFile), []byte("{\"version\":0}\n"))
	}
	return errors.Join(err, l.commits.journal.Close(), l.admin.meta.close(), l.lock.Close())
}

func (l *Log) path(name string) string { return l.c.FS.PathJoin(l.c.Dir, name) }

// allPartitions returns every partition of every topic.
func (l *Log) allPartitions() []*partition.Partition {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var out []*partition.Partition
	for _, t := range l.mu.byName {
		out = append(out, t.parts...)
	}
	return out
}

// openJournal opens the journal of commits; visit redoes one.
func (l *Log) openJournal(visit func([]byte) error) (*journal.Journal, error) {
	return journal.Open(l.c.FS, l.path("journal"), visit, func(d journal.Damage) {
		l.c.Damage.Report(damage.Fault{Part: "journal", File: d.File, Offset: d.Offset, Reason: d.Reason,
			Remedy: "commits of queries that were made just before the server stopped may be missing: compare their results with their input, or make them anew; the file is kept"})
	})
}
