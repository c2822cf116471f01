package clienttest

import (
	"context"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// classPath is where Java finds classes: a folder of jars, and after it what a test has
// compiled.
type classPath string

// jars are those of Apache Kafka: kafka (broker, tools, Streams) or connect (Connect,
// MirrorMaker).
func jars(t *testing.T, which string) classPath {
	t.Helper()
	dir := fetched(t, which)
	if found, _ := filepath.Glob(filepath.Join(dir, "kafka-clients-*.jar")); len(found) == 0 {
		t.Skipf("no Kafka jars in %s", dir)
	}
	need(t, "java")
	class := classPath(filepath.Join(dir, "*"))
	if which == "kafka" {
		archiveOnce.Do(func() { class.archiveClasses(t) })
	}
	return class
}

// with is a class path that has the classes of a folder too.
func (c classPath) with(dir string) classPath { return c + ":" + classPath(dir) }

// java is a Java program, its main class and arguments, that starts fast and says nothing of
// its own: it is compiled once, and takes its classes from the archive if there is one.
func (c classPath) java(ctx context.Context, args ...string) *exec.Cmd {
	flags := []string{"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", string(c)}
	if archive := c.archive(); archive != "" {
		if _, err := os.Stat(archive); err == nil {
			flags = append(flags, "-XX:SharedArchiveFile="+archive, "-Xlog:disable") // no word if it is of no use
		}
	}
	return exec.CommandContext(ctx, "java", append(flags, args...)...)
}

var archiveOnce sync.Once

// archive names the file with the classes of Kafka's tools as a virtual machine lays them out
// in memory (JEP 350): a tool that starts from it takes half of the time. It belongs to one
// build of Java, and lies with the jars, so that it goes when they do.
func (c classPath) archive() string {
	dir, _, _ := strings.Cut(string(c), "*")
	return filepath.Join(dir, fmt.Sprintf("tools-%08x.jsa", javaBuild()))
}

var javaBuild = sync.OnceValue(func() uint32 {
	out, _ := exec.Command("java", "-version").CombinedOutput()
	return crc32.ChecksumIEEE(out)
})

// archiveClasses makes the archive, once for all runs: of what a tool loads that asks a node.
// Where it cannot be made, programs start without it. A half of one would end them, so that
// it comes to its name when it is whole.
func (c classPath) archiveClasses(t *testing.T) {
	t.Helper()
	archive := c.archive()
	if _, err := os.Stat(archive); err == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	half := fmt.Sprint(archive, ".", os.Getpid())
	defer os.Remove(half)
	cmd := c.java(ctx, "-XX:ArchiveClassesAtExit="+half, "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", start(t, quiet()).addr, "--list")
	if cmd.Run() == nil {
		_ = os.Rename(half, archive)
	}
}
