// Package env is the seam to the machine: file system, clock and random numbers. What
// decides something gets these handed in, so that a test can run it in memory, with a
// clock that it moves itself, and from one seed.
package env

import (
	"github.com/cockroachdb/pebble/v2/vfs"
)

// FS is the file system. Pebble's own interface, so that state and log share it, and so
// that its in-memory, crash-cloning and fault-injecting file systems serve our tests.
type FS = vfs.FS

// File is an open file of an FS.
type File = vfs.File

// Disk is the machine's file system.
var Disk FS = vfs.Default

// NoFd is what File.Fd returns when there is no descriptor behind the file.
const NoFd = vfs.InvalidFd

// Disk I/O categories: they label writes in Pebble's disk statistics.
const (
	// LogWrites are appends to segments and their indexes.
	LogWrites vfs.DiskWriteCategory = "tailrace-log"
	// MetaWrites are checkpoints, metadata and journals.
	MetaWrites vfs.DiskWriteCategory = "tailrace-meta"
)
