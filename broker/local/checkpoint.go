package local

import (
	"bytes"
	"fmt"
	"hash/crc32"
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
//	crc32c <of the lines before it, 8 hex digits>
//
// The last line is not Kafka's: what these files say decides what is taken for damage.
type checkpoint struct {
	fs   env.FS
	path string
	last []byte
}

// read returns the offsets of the file. One that is missing or damaged tells nothing: what
// it would have saved from is looked for in the log itself.
func (c *checkpoint) read() (offsets map[commitlog.TopicPartition]int64, fault string) {
	b, err := env.ReadFile(c.fs, c.path)
	if err != nil {
		return nil, err.Error()
	}
	text, sum, found := strings.Cut(string(b), crcLine)
	if found && strings.TrimSpace(sum) != checksumOf(text) {
		return nil, "its checksum does not hold"
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) < 2 || lines[0] != "0" || lines[1] != strconv.Itoa(len(lines)-2) {
		return nil, "it is cut short"
	}
	out := map[commitlog.TopicPartition]int64{}
	for _, line := range lines[2:] {
		f := strings.Fields(line)
		if len(f) != 3 {
			return nil, "it has a line that cannot be read"
		}
		n, err1 := strconv.ParseInt(f[1], 10, 32)
		off, err2 := strconv.ParseInt(f[2], 10, 64)
		if err1 != nil || err2 != nil {
			return nil, "it has a line that cannot be read"
		}
		out[commitlog.TopicPartition{Topic: f[0], Partition: commitlog.PartitionID(n)}] = off
	}
	return out, ""
}

const crcLine = "crc32c "

func checksumOf(text string) string {
	return fmt.Sprintf("%08x", crc32.Checksum([]byte(text), castagnoli))
}

// write stores the offsets durably, unless they are what the file holds.
func (c *checkpoint) write(topics []commitlog.TopicPartition, offsets []int64) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "0\n%d\n", len(topics))
	for i, tp := range topics {
		fmt.Fprintf(&b, "%s %d %d\n", tp.Topic, tp.Partition, offsets[i])
	}
	sum := checksumOf(b.String())
	fmt.Fprintf(&b, "%s%s\n", crcLine, sum)
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
