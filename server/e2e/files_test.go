package e2e

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestFilesPage: every file that a server leaves on disk is on docs/operations/files.md.
func TestFilesPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations/files.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := strings.NewReplacer(`<number>`, `\d+`, `<offset>`, `\d{20}`, `<topic>`, `[^/]+`, `<partition>`, `\d+`,
		`<kind>`, `[a-z]+`, `<time>`, `[^/]+`, `<anything>`, `.+`)
	var patterns []*regexp.Regexp
	for _, row := range regexp.MustCompile("(?m)^\\| ((?:`[^`]+`(?:, )?)+) \\|").FindAllStringSubmatch(string(page), -1) {
		for _, name := range strings.Split(row[1], ", ") {
			quoted := regexp.QuoteMeta(strings.Trim(name, "`"))
			patterns = append(patterns, regexp.MustCompile("^"+kinds.Replace(quoted)+"$"))
		}
	}
	seen := map[string]bool{}
	look := func(dir string) {
		t.Helper()
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil // gone meanwhile
			}
			rel, _ := filepath.Rel(dir, path)
			for _, p := range patterns {
				if p.MatchString(filepath.ToSlash(rel)) {
					seen[p.String()] = true
					return nil
				}
			}
			t.Errorf("%s is not on the page of files", rel)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	b := newBusy(t, "log.segment.bytes=1048576", "log.cleaner.backoff.ms=100", "log.retention.check.interval.ms=100")
	b.exec(b.sql, `CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR) WITH (kafka_topic='compacted', value_format='JSON', partitions=1, cleanup_policy='compact')`)
	b.fill("compacted", 3<<20)
	b.exec(b.sql, `CREATE STREAM short (v VARCHAR) WITH (kafka_topic='short', value_format='JSON', partitions=1, retention_ms=1)`)
	b.fill("short", 3<<20)
	saw := func(kind string) bool {
		for p := range seen {
			if strings.Contains(p, kind) {
				return true
			}
		}
		return false
	}
	eventually(t, func() error {
		look(b.dir)
		if !saw(`\.deleted`) || !saw("compacted-segments") {
			return errors.New("nothing has been deleted, or compacted")
		}
		return nil
	})
	b.kill()
	look(b.dir)
	b.start()
	look(b.dir)
	b.stop()
	look(b.dir)
	for _, kind := range []string{`\.kafka_cleanshutdown`, `\.journal$`, `\.snapshot`, `\.timeindex$`, `state/`} {
		if !saw(kind) {
			t.Errorf("no file %s was seen: the server did not do what makes it", kind)
		}
	}
}

// fill produces records of 1 KiB, 1,000 keys.
func (s *server) fill(topic string, bytes int) {
	s.t.Helper()
	c := s.client(kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerLinger(5*time.Millisecond))
	defer c.Close()
	var rs []*kgo.Record
	for i := range bytes >> 10 {
		rs = append(rs, &kgo.Record{Topic: topic, Key: fmt.Appendf(nil, "%d", i%1000), Value: make([]byte, 1<<10)})
	}
	if err := c.ProduceSync(context.Background(), rs...).FirstErr(); err != nil {
		s.t.Fatal(err)
	}
}
