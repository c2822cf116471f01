package segment

import (
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tailrace/storage/env"
	"tailrace/storage/record"
)

// Dump prints a file of a partition's folder in a readable form; ok is false when it is
// none of those. Of a .log file it prints a line a batch and, when asked, a line a record,
// as show has it (nil: keys and values as text or hexadecimal).
func Dump(fs env.FS, name string, w io.Writer, records bool, show func(r *record.Record) string) (ok bool, err error) {
	base, _ := strconv.ParseInt(strings.TrimSuffix(path.Base(name), path.Ext(name)), 10, 64)
	switch path.Ext(name) {
	case ".log", ".deleted", ".cleaned":
		return true, dumpLog(fs, name, w, records, show)
	case ".index":
		return true, dumpIndex(fs, name, w, offsetEntry, func(e []byte) string {
			return fmt.Sprintf("offset: %d position: %d", base+entryDelta(e), entryPos(e))
		})
	case ".timeindex":
		return true, dumpIndex(fs, name, w, timeEntry, func(e []byte) string {
			return fmt.Sprintf("timestamp: %d (%s) offset: %d", entryTime(e), clockText(entryTime(e)), base+entryTimeDelta(e))
		})
	case snapshotSuffix:
		return true, dumpSnapshot(fs, name, w)
	}
	return false, nil
}

func clockText(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

func dumpLog(fs env.FS, name string, w io.Writer, records bool, show func(*record.Record) string) error {
	f, err := fs.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if show == nil {
		show = func(r *record.Record) string { return "key: " + Text(r.Key) + " value: " + Text(r.Value) }
	}
	sc := scanner{full: true, chunk: scanChunk}
	sc.start(f, 0, st.Size())
	var it record.Iter
	for {
		for sc.step() {
			if err := dumpBatch(w, &sc, &it, records, show); err != nil {
				return err
			}
		}
		if sc.err == nil || zeroes(f, sc.pos, st.Size()) {
			if sc.err != nil {
				fmt.Fprintf(w, "position: %d end: %d bytes are reserved\n", sc.pos, st.Size()-sc.pos)
			}
			return nil
		}
		at, _, ok := nextWhole(f, sc.pos+1, st.Size(), 0, 1<<62)
		if !ok {
			fmt.Fprintf(w, "position: %d DAMAGED or torn: %v; no batch follows in %d bytes\n", sc.pos, sc.err, st.Size()-sc.pos)
			return nil
		}
		fmt.Fprintf(w, "position: %d DAMAGED: %v; the next batch is at %d\n", sc.pos, sc.err, at)
		sc.start(f, at, st.Size())
	}
}

func dumpBatch(w io.Writer, sc *scanner, it *record.Iter, records bool, show func(*record.Record) string) error {
	h := &sc.h
	valid := true
	if _, err := record.Verify(sc.batch); err != nil {
		valid = false
	}
	_, err := fmt.Fprintf(w, "baseOffset: %d lastOffset: %d count: %d baseSequence: %d lastSequence: %d producerId: %d producerEpoch: %d partitionLeaderEpoch: %d isTransactional: %v isControl: %v position: %d maxTimestamp: %d (%s) size: %d magic: 2 compresscodec: %s isvalid: %v\n",
		h.BaseOffset, h.LastOffset(), h.Count, h.BaseSequence, h.LastSequence(), h.ProducerID, h.ProducerEpoch, h.LeaderEpoch, h.Transactional(), h.Control(),
		sc.pos, h.MaxTimestamp, clockText(h.MaxTimestamp), h.Size(), h.Codec(), valid)
	if err != nil || !records || !valid {
		return err
	}
	if err := it.Reset(sc.batch); err != nil {
		return err
	}
	for it.Next() {
		r := it.Record()
		var headers []string
		for hd := range r.Headers {
			headers = append(headers, fmt.Sprintf("%s=%s", hd.Key, Text(hd.Value)))
		}
		if _, err := fmt.Fprintf(w, "| offset: %d timestamp: %d headers: [%s] %s\n", r.Offset, r.Timestamp, strings.Join(headers, ","), show(r)); err != nil {
			return err
		}
	}
	return it.Err()
}

// Text is bytes as a person reads them: text in quotes, or hexadecimal; null for none.
func Text(b []byte) string {
	if b == nil {
		return "null"
	}
	if utf8.Valid(b) && strings.IndexFunc(string(b), func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }) < 0 {
		return strconv.Quote(string(b))
	}
	return "0x" + hex.EncodeToString(b)
}

func dumpIndex(fs env.FS, name string, w io.Writer, entry int, show func([]byte) string) error {
	b, err := env.ReadFile(fs, name)
	if err != nil {
		return err
	}
	for i := 0; i+entry <= len(b); i += entry {
		if _, err := fmt.Fprintln(w, show(b[i:i+entry])); err != nil {
			return err
		}
	}
	return nil
}

func dumpSnapshot(fs env.FS, name string, w io.Writer) error {
	b, err := env.ReadFile(fs, name)
	if err != nil {
		return err
	}
	t, err := decodeProducers(b)
	if err != nil {
		return err
	}
	for id, p := range t.byID {
		for i := range p.batches[:p.n] {
			e := &p.batches[i]
			fmt.Fprintf(w, "producerId: %d producerEpoch: %d lastSequence: %d lastOffset: %d offsetDelta: %d timestamp: %d (%s)\n",
				id, p.epoch, e.LastSequence, e.LastOffset, e.OffsetDelta, e.Timestamp, clockText(e.Timestamp))
		}
	}
	return nil
}
