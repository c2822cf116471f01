package local

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/journal"
	"tailrace/storage/segment"
)

// Finding is one thing that is wrong in a data folder.
type Finding struct {
	Part   string // "partition t-0", "metadata log", ...
	File   string
	Offset int64 // in the file; -1: the file as a whole
	Reason string
	// Remedy says what the next start does about it, or what Repair would.
	Remedy string
	// Damage tells damage from what is made anew without a loss.
	Damage bool
}

// Offline is a data folder that no server has open.
type Offline struct {
	fs    env.FS
	dir   string
	log   *Log // never opened: its metadata and checkpoints only
	known knownOffsets
	close func() error
}

// OpenOffline takes the data folder's lock and reads its metadata. It changes nothing.
func OpenOffline(fs env.FS, dir string) (*Offline, []Finding, error) {
	if _, err := fs.Stat(dir); err != nil {
		return nil, nil, err
	}
	lock, err := env.LockDir(fs, dir)
	if err != nil {
		return nil, nil, err
	}
	c := Config{FS: fs, Dir: dir}.WithDefaults()
	l := &Log{c: c, files: segment.NewFiles(fs, 64)}
	o := &Offline{fs: fs, dir: dir, log: l, close: lock.Close}
	found, err := o.readMetadata()
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	l.setNodeConfig(l.admin.meta.nodes)
	return o, found, nil
}

// Close lets go of the folder.
func (o *Offline) Close() error { return o.close() }

func (o *Offline) readMetadata() (found []Finding, err error) {
	var rs [2]reading
	best := -1
	for i := range rs {
		if rs[i], err = readMetadata(o.fs, o.dir, i); err != nil {
			return nil, err
		}
		if rs[i].fault == "" && (best < 0 || rs[i].contents.Frames > rs[best].contents.Frames) {
			best = i
		}
	}
	for i := range rs {
		if rs[i].fault == "" || rs[i].missing && best >= 0 {
			continue
		}
		f := Finding{Part: "metadata log", File: o.log.path(metadataFiles[i]), Offset: rs[i].offset, Reason: rs[i].fault, Damage: true,
			Remedy: "the next start takes the other copy, which is whole"}
		if best < 0 {
			f.Remedy = "the next start puts together what both copies and the folders of partitions tell"
		}
		found = append(found, f)
	}
	o.log.admin.meta = rs[max(best, 0)].m
	for name, m := range map[string]*map[commitlog.TopicPartition]int64{recoveryFile: &o.known.points, startsFile: &o.known.starts, cleanerFile: &o.known.cleaned} {
		offsets, fault := (&checkpoint{fs: o.fs, path: o.log.path(name)}).read()
		if *m = offsets; fault != "" {
			found = append(found, Finding{Part: "checkpoint", File: o.log.path(name), Offset: -1, Reason: fault,
				Remedy: "the next start reads the logs from their beginning; what is missing at their ends cannot be told"})
		}
	}
	slices.SortFunc(found, func(a, b Finding) int { return strings.Compare(a.File, b.File) })
	return found, nil
}

// partitions calls fn for each partition, in order.
func (o *Offline) partitions(fn func(tp commitlog.TopicPartition, opts segment.Options) error) error {
	for _, name := range slices.Sorted(maps.Keys(o.log.admin.meta.topics)) {
		m := o.log.admin.meta.topics[name]
		for n := range m.Partitions {
			tp := commitlog.TopicPartition{Topic: name, Partition: commitlog.PartitionID(n)}
			opts := o.log.segmentOptions(m, tp, o.known)
			opts.Damaged = nil
			if err := fn(tp, opts); err != nil {
				return err
			}
		}
	}
	return nil
}

// Verify checks everything in the folder. each is told of every partition, so that a caller
// can show how far it is; findings go to found.
func (o *Offline) Verify(each func(commitlog.TopicPartition, segment.Report), found func(Finding)) error {
	if err := o.verifyJournal(found); err != nil {
		return err
	}
	names, err := o.fs.List(o.dir)
	if err != nil {
		return err
	}
	for _, f := range o.log.partitionFolders(names) {
		m := o.log.admin.meta.topics[f.topic]
		switch ours := m != nil && f.partition < m.Partitions && !f.deleted; {
		case !ours && !(f.known && o.log.admin.meta.deleted[f.id]) && !f.deleted:
			found(Finding{Part: "folder " + f.name, File: o.log.path(f.name), Offset: -1, Reason: "it is of no topic that is known", Damage: true,
				Remedy: "the next start moves it to " + o.log.path(lostFolder)})
		case ours && (!f.known || f.id != m.ID):
			found(Finding{Part: "folder " + f.name, File: o.fs.PathJoin(o.log.path(f.name), segment.MetadataFile), Offset: -1,
				Reason: "it does not hold the topic's id", Remedy: "the next start writes it anew"})
		}
	}
	return o.partitions(func(tp commitlog.TopicPartition, opts segment.Options) error {
		r, err := segment.Verify(opts)
		if err != nil {
			found(Finding{Part: "partition " + tp.String(), File: opts.Dir, Offset: -1, Reason: err.Error(), Damage: true,
				Remedy: "restore the folder from a backup"})
			return nil
		}
		for _, h := range r.Holes {
			found(Finding{Part: "partition " + tp.String(), File: h.File, Offset: h.Pos, Damage: true,
				Reason: fmt.Sprintf("records %d to %d cannot be read: %s", h.From, h.To-1, h.Reason),
				Remedy: "restore the folder from a backup; or repair makes it a gap, and keeps the damaged file"})
		}
		for _, n := range r.Notes {
			found(Finding{Part: "partition " + tp.String(), File: opts.Dir, Offset: -1, Reason: n})
		}
		if r.TornTail > 0 {
			found(Finding{Part: "partition " + tp.String(), File: opts.Dir, Offset: -1,
				Reason: fmt.Sprintf("a torn tail of %d bytes behind the last record", r.TornTail), Remedy: "the next start cuts it: nobody was promised it"})
		}
		each(tp, r)
		return nil
	})
}

func (o *Offline) verifyJournal(found func(Finding)) error {
	err := journal.Verify(o.fs, o.log.path("journal"), func(d journal.Damage) {
		remedy := "the next start carries out what can be read and keeps the file as " + o.fs.PathBase(d.File) + ".damaged"
		if d.Offset < 0 {
			remedy = "the next start goes on without it"
		}
		found(Finding{Part: "journal", File: d.File, Offset: d.Offset, Reason: d.Reason, Damage: true, Remedy: remedy})
	})
	if env.IsNotExist(err) {
		return nil
	}
	return err
}

// Repair makes what cannot be read of the partitions gaps, so that readers go over it, and
// tells what it does. Damaged files are kept in lost+found. Everything else that is wrong is
// put right by the next start.
func (o *Offline) Repair(say func(string)) error {
	return o.partitions(func(tp commitlog.TopicPartition, opts segment.Options) error {
		r, err := segment.Verify(opts)
		if err != nil || len(r.Holes) == 0 {
			return nil // verify has told
		}
		err = segment.Repair(opts, r, func(path string) error {
			name := o.fs.PathBase(path)
			to, err := moveAsideFrom(o.fs, o.dir, o.fs.PathDir(path), name, tp.String()+"."+name)
			if err == nil {
				say(fmt.Sprintf("partition %s: %s is kept as %s", tp, name, to))
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("partition %s: %w", tp, err)
		}
		for _, h := range r.Holes {
			say(fmt.Sprintf("partition %s: records %d to %d are given up", tp, h.From, h.To-1))
		}
		return nil
	})
}
