package local

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"tailrace/storage/env"
	"tailrace/storage/journal"
	"tailrace/storage/record"
	"tailrace/storage/segment"
)

// Dump prints a file of the data folder in a readable form: segments, indexes, snapshots,
// journal, metadata log, and what is text already. With records it prints every record of
// a segment too; those of OffsetsTopic are decoded.
func Dump(fs env.FS, name string, w io.Writer, records bool) error {
	base := path.Base(name)
	switch {
	case slices.Contains(metadataFiles[:], base):
		return dumpFrames(fs, name, w, func(payload []byte) error {
			_, err := fmt.Fprintln(w, string(payload))
			return err
		})
	case strings.Contains(base, ".journal"):
		return dumpFrames(fs, name, w, func(payload []byte) error { return dumpCommit(w, payload) })
	}
	var show func(*record.Record) string
	if strings.HasPrefix(path.Base(path.Dir(name)), OffsetsTopic+"-") {
		show = offsetsRecord
	}
	if ok, err := segment.Dump(fs, name, w, records, show); ok {
		return err
	}
	b, err := env.ReadFile(fs, name)
	if err != nil {
		return err
	}
	if text := segment.Text(b); strings.HasPrefix(text, "0x") {
		return fmt.Errorf("%s is no file that a log has", name)
	}
	_, err = w.Write(b)
	return err
}

func dumpFrames(fs env.FS, name string, w io.Writer, show func([]byte) error) error {
	c, err := journal.ReadFrames(fs, name, show)
	if err != nil {
		return err
	}
	for _, h := range c.Holes {
		fmt.Fprintf(w, "DAMAGED: bytes %d to %d do not hold, and valid entries follow\n", h.From, h.To-1)
	}
	_, err = fmt.Fprintf(w, "file %d of version %d: %d entries, up to byte %d\n", c.Number, c.Version, c.Frames, c.End)
	return err
}

// dumpCommit prints an entry of the commit journal.
func dumpCommit(w io.Writer, payload []byte) error {
	r := formatReader{payload, true}
	version := r.take(1)[0]
	group := string(r.take(int(r.i32())))
	task := string(r.take(int(r.i32())))
	owner := r.i64()
	fmt.Fprintf(w, "commit version: %d group: %s task: %s owner: %d\n", version, group, task, owner)
	for n := r.i32(); n > 0 && r.ok; n-- {
		id := r.take(16)
		partition := r.i32()
		batch := r.take(int(r.i32()))
		if !r.ok {
			break
		}
		h, err := record.ParseHeader(batch)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "| topicId: %x partition: %d count: %d producerId: %d baseSequence: %d size: %d\n", id, partition, h.Count, h.ProducerID, h.BaseSequence, h.Size())
	}
	if !r.ok {
		return errCommitFormat
	}
	return nil
}

// offsetsRecord shows a record of OffsetsTopic.
func offsetsRecord(r *record.Record) string {
	k, known, err := decodeOffsetsKey(r.Key)
	switch {
	case err != nil || !known:
		return "key: " + segment.Text(r.Key) + " value: " + segment.Text(r.Value)
	case k.isGroup:
		return fmt.Sprintf("group: %s metadata: %d bytes", k.group, len(r.Value))
	case r.Value == nil:
		return fmt.Sprintf("group: %s partition: %s forgotten", k.group, k.tp)
	}
	v, err := decodeOffsetValue(r.Value)
	if err != nil {
		return fmt.Sprintf("group: %s partition: %s value: %s", k.group, k.tp, segment.Text(r.Value))
	}
	return fmt.Sprintf("group: %s partition: %s offset: %d metadata: %s committed: %d", k.group, k.tp, v.Offset, segment.Text([]byte(v.Metadata)), v.CommitMs)
}
