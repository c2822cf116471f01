package local

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"tailrace/storage/commitlog"
	"tailrace/storage/env"
)

// Files of the data folder, with Kafka's names and formats.
const (
	recoveryFile = "recovery-point-offset-checkpoint"
	startsFile   = "log-start-offset-checkpoint"
	cleanerFile  = "cleaner-offset-checkpoint"
	cleanFile    = ".kafka_cleanshutdown"
	propsFile    = "meta.properties"
)

// checkpoint is a file of one offset a partition:
//
//	0
//	<count>
//	<topic> <partition> <offset>
type checkpoint struct {
	fs   env.FS
	path string
	last []byte
}

// read returns the offsets of the file. A missing or damaged file is empty: each of these
// files only saves work.
func (c *checkpoint) read() map[commitlog.TopicPartition]int64 {
	out := map[commitlog.TopicPartition]int64{}
	b, err := env.ReadFile(c.fs, c.path)
	if err != nil {
		return out
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) < 2 || lines[0] != "0" {
		return out
	}
	for _, line := range lines[2:] {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		n, err1 := strconv.ParseInt(f[1], 10, 32)
		off, err2 := strconv.ParseInt(f[2], 10, 64)
		if err1 == nil && err2 == nil {
			out[commitlog.TopicPartition{Topic: f[0], Partition: commitlog.PartitionID(n)}] = off
		}
	}
	return out
}

// write stores the offsets durably, unless they are what the file holds.
func (c *checkpoint) write(topics []commitlog.TopicPartition, offsets []int64) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "0\n%d\n", len(topics))
	for i, tp := range topics {
		fmt.Fprintf(&b, "%s %d %d\n", tp.Topic, tp.Partition, offsets[i])
	}
	if bytes.Equal(b.Bytes(), c.last) {
		return nil
	}
	content := bytes.Clone(b.Bytes())
	if err := env.ReplaceFile(c.fs, c.path, b.Bytes()); err != nil {
		c.last = nil
		return err
	}
	c.last = content
	return nil
}
