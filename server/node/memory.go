package node

import (
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"tailrace/storage/memory"
)

// leastMemory is what a server takes before anybody asks anything of it.
const leastMemory = 128 << 20

// shareMemory divides memory.bytes, by default three quarters of what the machine or the
// cgroup has, and tells the collector of it: a heap that may double before it is looked
// through would take twice what its accounts say.
func (n *Node) shareMemory() {
	limit := n.cfg.MemoryBytes
	if limit == 0 {
		limit = max(leastMemory, machineMemory(os.DirFS("/"))/4*3)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
	n.memory = memory.New(limit)
	n.stateBytes = min(n.cfg.StateMemoryBytes, n.memory.Limit()/2)
	n.statements = n.memory.Account("statements", 0)
	n.connections = n.memory.Account("connections", 0)
}

// machineMemory is how many bytes this process may have: what the machine has, or less where
// one of its control groups is given less.
func machineMemory(files fs.FS) int64 {
	least := int64(math.MaxInt64)
	if b, err := fs.ReadFile(files, "proc/meminfo"); err == nil {
		for _, line := range strings.Split(string(b), "\n") {
			if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemTotal:" {
				if kb, err := strconv.ParseInt(f[1], 10, 64); err == nil {
					least = kb << 10
				}
			}
		}
	}
	for _, file := range groupLimits(files) {
		if b, err := fs.ReadFile(files, file); err == nil {
			if bytes, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil {
				least = min(least, bytes)
			}
		}
	}
	if least == math.MaxInt64 {
		return 4 << 30 // nothing tells
	}
	return least
}

// groupLimits are the files that may limit the memory of this process: those of its control
// group and of the groups around it, of both versions. Inside of a container its own group
// stands at the root.
func groupLimits(files fs.FS) []string {
	out := []string{"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"}
	b, _ := fs.ReadFile(files, "proc/self/cgroup")
	for _, line := range strings.Split(string(b), "\n") {
		parts := strings.SplitN(line, ":", 3) // number:controllers:path
		if len(parts) < 3 {
			continue
		}
		root, name := "sys/fs/cgroup", "memory.max"
		if parts[1] != "" {
			if !slices.Contains(strings.Split(parts[1], ","), "memory") {
				continue
			}
			root, name = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}
		for dir := path.Clean(parts[2]); dir != "/" && dir != "."; dir = path.Dir(dir) {
			out = append(out, path.Join(root, dir, name))
		}
	}
	return out
}
