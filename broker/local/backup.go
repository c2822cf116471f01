package local

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"slices"
	"time"

	"tailrace/broker/partition"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/segment"
)

// backupFile lists what a backup holds. It is written last: without it a backup is not whole.
const backupFile = "backup.json"

// Backup is what backup.json says.
type Backup struct {
	Version int              `json:"version"` // 1
	Cluster string           `json:"cluster"`
	Taken   time.Time        `json:"taken"`
	Files   []segment.Copied `json:"files"` // names are relative to the backup's folder
}

// Bytes is the size of all files.
func (b *Backup) Bytes() (n int64) {
	for _, f := range b.Files {
		n += f.Bytes
	}
	return n
}

// ErrBackup says that a folder cannot take a backup, or holds none that is whole.
var ErrBackup = errors.New("backup")

// copying is a partition and how much of it is copied.
type copying struct {
	p              *partition.Partition
	to             segment.Mark
	start, cleaned int64
}

// Backup copies the log, as of one moment, into a folder that must not exist. The log
// serves meanwhile; retention and compaction wait. The folder is a data folder without
// state: a server can be started on it (queries fill their state from the changelogs).
//
// The moment lies between two commits of tasks: output, changelogs and positions of every
// query agree. Committed positions are taken before the records that they count, so that
// no group of consumers is ahead of its topic.
func (l *Log) Backup(ctx context.Context, dir string) (*Backup, error) {
	if err := l.alive(); err != nil {
		return nil, err
	}
	fs := l.c.FS
	if _, err := fs.Stat(dir); err == nil {
		return nil, fmt.Errorf("%w: %s exists already: name a new folder", ErrBackup, dir)
	} else if !env.IsNotExist(err) {
		return nil, err
	}
	l.maintenance.Lock()
	defer l.maintenance.Unlock()
	var parts []copying
	var meta []entry
	if err := l.commits.between(func() { parts, meta = l.moment() }); err != nil {
		return nil, err
	}
	b := &Backup{Version: 1, Cluster: l.ClusterID(), Taken: l.c.Clock.Now().UTC()}
	inner := fs.PathJoin(dir, "log")
	if err := env.MakeDir(fs, inner); err != nil {
		return nil, err
	}
	for _, c := range parts {
		name := c.p.TopicPartition().String()
		files, err := c.p.Log().CopyTo(ctx, fs.PathJoin(inner, name), c.to)
		if err != nil {
			return nil, fmt.Errorf("%w of partition %s: %w", ErrBackup, name, err)
		}
		for _, f := range files {
			f.Name = "log/" + name + "/" + f.Name
			b.Files = append(b.Files, f)
		}
	}
	if err := l.backupMetadata(b, inner, parts, meta); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return nil, err
	}
	return b, env.ReplaceFile(fs, fs.PathJoin(dir, backupFile), append(text, '\n'))
}

// moment is the state of everything between two commits.
func (l *Log) moment() ([]copying, []entry) {
	l.admin.Lock()
	defer l.admin.Unlock()
	ps := l.allPartitions()
	rank := func(p *partition.Partition) int {
		if p.TopicPartition().Topic == OffsetsTopic {
			return 0
		}
		return 1
	}
	slices.SortFunc(ps, func(a, b *partition.Partition) int {
		x, y := a.TopicPartition(), b.TopicPartition()
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(x.Topic, y.Topic), cmp.Compare(x.Partition, y.Partition))
	})
	var out []copying
	for _, p := range ps {
		if to := p.Log().End(); to.Offset > 0 {
			out = append(out, copying{p, to, p.Log().Start(), p.Log().CleanedTo()})
		}
	}
	return out, l.admin.meta.live()
}

// backupMetadata writes the files of the data folder that are of no partition.
func (l *Log) backupMetadata(b *Backup, dir string, parts []copying, meta []entry) error {
	fs := l.c.FS
	for _, name := range metadataFiles {
		if err := writeMetadata(fs, fs.PathJoin(dir, name), 1, meta); err != nil {
			return err
		}
	}
	props, err := env.ReadFile(fs, l.path(propsFile))
	if err == nil {
		err = env.ReplaceFile(fs, fs.PathJoin(dir, propsFile), props)
	}
	if err != nil {
		return err
	}
	tps := make([]commitlog.TopicPartition, len(parts))
	var offsets [3][]int64
	for i, c := range parts {
		tps[i] = c.p.TopicPartition()
		for k, v := range []int64{c.to.Offset, c.start, c.cleaned} {
			offsets[k] = append(offsets[k], v)
		}
	}
	for i, name := range []string{recoveryFile, startsFile, cleanerFile} {
		cp := checkpoint{fs: fs, path: fs.PathJoin(dir, name)}
		if err := cp.write(tps, offsets[i]); err != nil {
			return err
		}
	}
	for _, name := range []string{metadataFiles[0], metadataFiles[1], propsFile, recoveryFile, startsFile, cleanerFile} {
		content, err := env.ReadFile(fs, fs.PathJoin(dir, name))
		if err != nil {
			return err
		}
		b.Files = append(b.Files, segment.Copied{Name: "log/" + name, Bytes: int64(len(content)), CRC: crc32.Checksum(content, castagnoli)})
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Restore copies a backup into a folder that must be new or empty, and checks every file
// against what the backup says of it. What it could not finish is to be removed.
func Restore(ctx context.Context, fs env.FS, from, to string) (*Backup, error) {
	if names, err := fs.List(to); err == nil && len(names) > 0 {
		return nil, fmt.Errorf("%w: %s is not empty: a backup is restored into a new folder", ErrBackup, to)
	}
	text, err := env.ReadFile(fs, fs.PathJoin(from, backupFile))
	if env.IsNotExist(err) {
		return nil, fmt.Errorf("%w: %s has no %s: it is no backup, or one that was not finished", ErrBackup, from, backupFile)
	}
	if err != nil {
		return nil, err
	}
	var b Backup
	if err := json.Unmarshal(text, &b); err != nil || b.Version != 1 {
		return nil, fmt.Errorf("%w: %s of %s cannot be read (version %d): %v", ErrBackup, backupFile, from, b.Version, err)
	}
	made := map[string]bool{}
	for _, f := range b.Files {
		if !filepath.IsLocal(f.Name) {
			return nil, fmt.Errorf("%w: %s of %s names a file outside of it: %q", ErrBackup, backupFile, from, f.Name)
		}
		target := fs.PathJoin(to, f.Name)
		if dir := fs.PathDir(target); !made[dir] {
			if err := env.MakeDir(fs, dir); err != nil {
				return nil, err
			}
			made[dir] = true
		}
		if err := restoreFile(ctx, fs, fs.PathJoin(from, f.Name), target, f); err != nil {
			return nil, err
		}
	}
	for dir := range made {
		if err := env.SyncDir(fs, dir); err != nil {
			return nil, err
		}
	}
	return &b, nil
}

func restoreFile(ctx context.Context, fs env.FS, from, to string, want segment.Copied) (err error) {
	src, err := fs.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := fs.Create(to, env.LogWrites)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	sum := crc32.New(castagnoli)
	n, err := io.Copy(io.MultiWriter(dst, sum), io.TeeReader(src, done{ctx}))
	if err != nil {
		return err
	}
	if n != want.Bytes || sum.Sum32() != want.CRC {
		return fmt.Errorf("%w: %s is damaged: %d bytes with checksum %08x, the backup was made with %d and %08x", ErrBackup, from, n, sum.Sum32(), want.Bytes, want.CRC)
	}
	return dst.Sync()
}

// done ends a copy when its context ends.
type done struct{ ctx context.Context }

// Write implements io.Writer.
func (d done) Write(p []byte) (int, error) { return len(p), d.ctx.Err() }
