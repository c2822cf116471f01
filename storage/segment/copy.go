package segment

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"tailrace/storage/env"
	"tailrace/storage/record"
)

// Copied is a file that CopyTo has written: its name in the folder, its size, and its
// CRC-32C.
type Copied struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	CRC   uint32 `json:"crc32c"`
}

// CopyTo copies the log, up to a mark that End has given, into the folder dir, which it
// makes: batches, producer snapshots and the small files beside them; Open makes the
// indexes again. The log may be appended to meanwhile, but not compacted or trimmed. Every
// batch is checked on the way: a copy of damage is no backup. When CopyTo returns the copy
// is durable.
func (l *Log) CopyTo(ctx context.Context, dir string, to Mark) ([]Copied, error) {
	fs := l.o.FS
	if err := env.MakeDir(fs, dir); err != nil {
		return nil, err
	}
	var out []Copied
	for _, p := range l.partsUpTo(to) {
		c, err := l.copySegment(ctx, p, dir)
		if err != nil {
			return nil, fmt.Errorf("copy %s: %w", p.s.logPath(), err)
		}
		out = append(out, c)
	}
	names, err := fs.List(l.o.Dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if base, ok := strings.CutSuffix(name, snapshotSuffix); ok {
			if offset, err := strconv.ParseInt(base, 10, 64); err != nil || offset > to.Offset {
				continue
			}
		} else if name != MetadataFile && name != epochFile && name != chainName {
			continue
		}
		content, err := env.ReadFile(fs, fs.PathJoin(l.o.Dir, name))
		if env.IsNotExist(err) {
			continue // a snapshot that a newer one has replaced: it only saves work
		}
		if err == nil {
			err = env.ReplaceFile(fs, fs.PathJoin(dir, name), content)
		}
		if err != nil {
			return nil, fmt.Errorf("copy %s/%s: %w", l.o.Dir, name, err)
		}
		out = append(out, Copied{name, int64(len(content)), crc32.Checksum(content, castagnoli)})
	}
	return out, env.SyncDir(fs, dir)
}

// part is as much of a segment as a mark covers.
type part struct {
	s    *seg
	size int64
}

func (l *Log) partsUpTo(to Mark) []part {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var out []part
	for _, s := range l.mu.segs {
		switch {
		case s.base < to.base:
			out = append(out, part{s, s.size})
		case s.base == to.base:
			out = append(out, part{s, to.pos})
		}
	}
	return out
}

// copySegment copies the batches of a part, each checked.
func (l *Log) copySegment(ctx context.Context, p part, dir string) (c Copied, err error) {
	fs := l.o.FS
	from, err := l.o.Files.acquire(&p.s.log, p.s.logPath(), readOnly)
	if err != nil {
		return c, err
	}
	defer from.Release()
	c.Name = fs.PathBase(p.s.logPath())
	to, err := fs.Create(fs.PathJoin(dir, c.Name), env.LogWrites)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	sc := scanner{full: true, chunk: scanChunk}
	sc.start(from, 0, p.size)
	for sc.step() {
		if _, err := record.Verify(sc.batch); err != nil {
			return c, fmt.Errorf("%w at position %d", err, sc.pos)
		}
		if _, err := to.Write(sc.batch); err != nil {
			return c, err
		}
		c.CRC = crc32.Update(c.CRC, castagnoli, sc.batch)
		c.Bytes += int64(len(sc.batch))
		if err := ctx.Err(); err != nil {
			return c, err
		}
	}
	if sc.err != nil {
		return c, sc.err
	}
	return c, to.Sync()
}
