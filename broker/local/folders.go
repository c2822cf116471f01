package local

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/damage"
	"tailrace/storage/env"
	"tailrace/storage/journal"
	"tailrace/storage/segment"
)

// lostFolder takes, in the data folder, what is damaged or of nobody: it is never removed
// by the server.
const lostFolder = "lost+found"

// moveAside moves a file or folder of dir into lost+found, under a name that tells when,
// and returns that.
func moveAside(fs env.FS, dir, name string) (string, error) {
	return moveAsideFrom(fs, dir, dir, name, name)
}

// moveAsideFrom is moveAside of name in the folder from, to be known as as.
func moveAsideFrom(fs env.FS, dir, from, name, as string) (string, error) {
	lost := fs.PathJoin(dir, lostFolder)
	if err := env.MakeDir(fs, lost); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		to := fs.PathJoin(lost, fmt.Sprintf("%s.%d", as, n))
		if _, err := fs.Stat(to); !env.IsNotExist(err) {
			continue
		}
		if err := fs.Rename(fs.PathJoin(from, name), to); err != nil {
			return "", err
		}
		return to, env.SyncDir(fs, from)
	}
}

// warn logs damage by which nothing is out of service.
func (l *Log) warn(f damage.Fault) {
	l.c.Logger.Warn("damage", "part", f.Part, "file", f.File, "offset", f.Offset, "reason", f.Reason, "remedy", f.Remedy)
}

// folder is a partition's folder by its name, and the topic id inside of it.
type folder struct {
	name, topic string
	partition   int32
	deleted     bool // renamed by a deletion that was cut short
	id          [16]byte
	known       bool // id could be read
}

// partitionFolders picks the folders of partitions from the names in the data folder.
func (l *Log) partitionFolders(names []string) []folder {
	var out []folder
	for _, name := range names {
		base, deleted := strings.CutSuffix(name, ".delete")
		i := strings.LastIndexByte(base, '-')
		if i <= 0 {
			continue
		}
		n, err := strconv.ParseInt(base[i+1:], 10, 32)
		if err != nil || n < 0 || CheckTopicName(base[:i]) != nil {
			continue
		}
		f := folder{name: name, topic: base[:i], partition: int32(n), deleted: deleted}
		f.id, f.known = l.topicIDIn(name)
		out = append(out, f)
	}
	return out
}

// topicIDIn reads the topic id of a partition's folder.
func (l *Log) topicIDIn(name string) (id [16]byte, ok bool) {
	b, err := env.ReadFile(l.c.FS, l.c.FS.PathJoin(l.path(name), segment.MetadataFile))
	if err != nil {
		return id, false
	}
	for _, line := range strings.Split(string(b), "\n") {
		if text, found := strings.CutPrefix(strings.TrimSpace(line), "topic_id: "); found {
			n, err := base64.RawURLEncoding.Decode(id[:], []byte(text))
			return id, err == nil && n == len(id)
		}
	}
	return id, false
}

// clearFolders removes the folders of partitions that are known to be dropped, and moves
// aside those that nobody knows. What a folder says of its topic may be damaged: the
// metadata log, which has checksums and a copy, is believed against it.
func (l *Log) clearFolders(names []string) error {
	meta := l.admin.meta
	for _, f := range l.partitionFolders(names) {
		m := meta.topics[f.topic]
		ours := m != nil && f.partition < m.Partitions && !f.deleted
		switch {
		case f.deleted, f.known && meta.deleted[f.id]:
			l.c.Logger.Info("removing the folder of a deleted partition", "folder", f.name)
			if err := l.c.FS.RemoveAll(l.path(f.name)); err != nil {
				return err
			}
		case !ours:
			to, err := moveAside(l.c.FS, l.c.Dir, f.name)
			if err != nil {
				return err
			}
			l.warn(damage.Fault{Part: "folder " + f.name, File: l.path(f.name), Offset: -1, Reason: "it is of no topic that is known",
				Remedy: "it was moved to " + to + "; remove it when you do not need it"})
		case !f.known || f.id != m.ID:
			l.warn(damage.Fault{Part: "folder " + f.name, File: l.c.FS.PathJoin(l.path(f.name), segment.MetadataFile), Offset: -1,
				Reason: "it does not hold the topic's id", Remedy: "it is written anew"})
			if err := segment.WriteMetadata(l.c.FS, l.path(f.name), m.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// recoverMetadata makes the best of a metadata log of which no copy is whole, or that is
// not there: an empty folder is a new log; else topics that the log does not name are taken
// from their folders. Their configuration is lost: they are kept for ever, until somebody
// says otherwise.
func (l *Log) recoverMetadata(meta *metadata, names []string) error {
	fs := l.c.FS
	folders := l.partitionFolders(names)
	used := len(folders) > 0 || slices.ContainsFunc(names, func(name string) bool {
		return name == propsFile || name == recoveryFile || slices.Contains(metadataFiles[:], name)
	})
	if meta.clusterID == "" {
		meta.clusterID = l.clusterIDOf(propsFile)
	}
	if meta.clusterID == "" {
		meta.clusterID = l.newClusterID()
	}
	if !used {
		return meta.rewrite(1)
	}
	var found []string
	for _, f := range folders {
		if f.deleted || f.known && meta.deleted[f.id] {
			continue
		}
		m := meta.topics[f.topic]
		if m == nil {
			m = &topicMeta{Name: f.topic, ID: f.id, Configs: map[string]string{"retention.ms": "-1", "retention.bytes": "-1"}}
			if f.topic == OffsetsTopic {
				m.Configs, m.Internal = offsetsConfigs, true
			}
			if !f.known {
				l.c.Rand.Read(m.ID[:])
			}
			meta.topics[f.topic] = m
			found = append(found, f.topic)
		}
		if f.known && m.ID != f.id && slices.Contains(found, f.topic) {
			m.ID = f.id // of a folder whose id can be read
		}
		m.Partitions = max(m.Partitions, f.partition+1)
	}
	if m := meta.topics[OffsetsTopic]; m != nil {
		m.Partitions = max(m.Partitions, OffsetsPartitions)
	}
	slices.Sort(found)
	meta.nextID += lostProducerIDs
	number := uint64(1)
	for _, name := range metadataFiles {
		if _, err := fs.Stat(l.path(name)); err != nil {
			continue
		}
		if c, err := journal.ReadFrames(fs, l.path(name), func([]byte) error { return nil }); err == nil {
			number = max(number, c.Number+1)
		}
		if _, err := moveAside(fs, l.c.Dir, name); err != nil {
			return err
		}
	}
	l.c.Damage.Report(damage.Fault{Part: "metadata log", File: l.path(metadataFiles[0]), Offset: -1,
		Reason: fmt.Sprintf("no copy of it is whole: %d topics are known from it, and these were found by their folders, without their configuration: %s",
			len(meta.topics)-len(found), strings.Join(found, ", ")),
		Remedy: "compare the topics and their configurations (retention of those found is off) with what you expect; the damaged files are in " +
			l.path(lostFolder) + "; this is told until the next start"})
	return meta.rewrite(number)
}

// lostProducerIDs is how many producer ids may have been given out without the damaged
// metadata log telling.
const lostProducerIDs = 1_000_000

// clusterIDOf reads the cluster's id from Kafka's meta.properties.
func (l *Log) clusterIDOf(name string) string {
	b, err := env.ReadFile(l.c.FS, l.path(name))
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(b), "\n") {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "cluster.id="); ok && len(id) == 22 {
			return id
		}
	}
	return ""
}

// reportPartition tells that a partition is out of service.
func (l *Log) reportPartition(tp commitlog.TopicPartition, cause error) {
	l.c.Damage.Report(damage.Fault{Part: "partition " + tp.String(), File: l.path(tp.String()), Offset: -1, Reason: cause.Error(),
		Remedy: "restore the folder from a backup, or keep what is whole of it: stop the server and run tailrace log repair " + l.c.Dir})
}

// writesTo names the part of a partition that a failing disk takes out of service.
func writesTo(tp commitlog.TopicPartition) string { return "writes to partition " + tp.String() }

// reportFailed tells that the disk has failed a write, so that it is not known what of it is
// there: nothing more is written before the files are read again.
func (l *Log) reportFailed(part, path string, err error) {
	l.c.Damage.Report(damage.Fault{Part: part, File: path, Offset: -1, Reason: err.Error(),
		Remedy: "reads go on; see to the disk, then restart the server: what was acknowledged is there"})
}

// reportHoles tells which records of a partition are damaged; the others are served.
func (l *Log) reportHoles(tp commitlog.TopicPartition, holes []segment.Hole) {
	part := "records of partition " + tp.String()
	if len(holes) == 0 {
		l.c.Damage.Clear(part)
		return
	}
	var ranges []string
	for _, h := range holes {
		ranges = append(ranges, fmt.Sprintf("%d to %d", h.From, h.To-1))
	}
	l.c.Damage.Report(damage.Fault{Part: part, File: holes[0].File, Offset: holes[0].Pos,
		Reason: fmt.Sprintf("offsets %s cannot be read (%s); what lies before and behind is served", strings.Join(ranges, ", "), holes[0].Reason),
		Remedy: "restore them from a backup, or go on without them: stop the server and run tailrace log repair " + l.c.Dir})
}

// unavailable is a partition that cannot be opened: it is out of service, and what the
// checkpoints say of it is kept.
func (l *Log) unavailable(m *topicMeta, tp commitlog.TopicPartition, known knownOffsets, cause error) *partition.Partition {
	l.reportPartition(tp, cause)
	cfg := partitionConfig(l.topicDefaults(), m.Configs)
	return partition.NewUnavailable(partition.Options{TopicPartition: tp, TopicID: m.ID, Config: cfg, Clock: l.c.Clock,
		Flusher: l.flusher, StoreStarts: l.storeStarts}, segment.Unavailable(l.segmentOptions(m, tp, known), cause), cause)
}
