package node

import (
	"testing"
	"testing/fstest"
)

// TestMachineMemory: the least of what the machine has and what the control groups around the
// process are given.
func TestMachineMemory(t *testing.T) {
	machine := map[string]string{"proc/meminfo": "MemFree: 1 kB\nMemTotal:       8388608 kB\n"}
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"a machine", nil, 8 << 30},
		{"a container", map[string]string{"sys/fs/cgroup/memory.max": "1073741824\n", "proc/self/cgroup": "0::/\n"}, 1 << 30},
		{"a unit without a limit in a slice with one", map[string]string{"proc/self/cgroup": "0::/big.slice/it.service\n",
			"sys/fs/cgroup/big.slice/it.service/memory.max": "max\n", "sys/fs/cgroup/big.slice/memory.max": "2147483648\n"}, 2 << 30},
		{"a group of version 1", map[string]string{"proc/self/cgroup": "3:cpu,cpuacct:/other\n2:memory:/h6\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n", "sys/fs/cgroup/memory/h6/memory.limit_in_bytes": "536870912\n"}, 512 << 20},
	} {
		files := fstest.MapFS{}
		for _, m := range []map[string]string{machine, c.files} {
			for name, text := range m {
				files[name] = &fstest.MapFile{Data: []byte(text)}
			}
		}
		if got := machineMemory(files); got != c.want {
			t.Errorf("%s has %d bytes, want %d", c.name, got, c.want)
		}
	}
}
