package env

import "github.com/cockroachdb/pebble/v2/vfs"

// NewMemory makes a file system that lives in memory, for servers that keep nothing.
func NewMemory() FS { return vfs.NewMem() }
