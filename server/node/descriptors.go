package node

import (
	"fmt"

	"tailrace/server/config"
	"tailrace/storage/env"
)

// room is how the descriptors of the process are shared out, so that clients never take those
// that files need: connections of each port, and segment files that stay open between uses.
type room struct{ kafka, pg, http, files int }

const (
	// spareDescriptors are those of the state, the journal, the catalogue and the listeners.
	spareDescriptors = 64
	// leastDescriptors is what a server needs to be of use.
	leastDescriptors = 128
	// cachedFiles is how many segment files stay open when there is room for them.
	cachedFiles = 4096
	httpConns   = 1024
)

// shareOut divides limit. wanted is what the configuration asks for in all; when limit is
// less, every part is cut.
func shareOut(limit int, cfg config.Config) (r room, wanted int, err error) {
	r = room{cfg.MaxConnections, cfg.PGMaxConnections, httpConns, cachedFiles}
	wanted = r.kafka + r.pg + r.http + r.files + spareDescriptors
	switch {
	case limit < leastDescriptors:
		return r, wanted, fmt.Errorf("the process may have %d file descriptors, a server needs at least %d: raise it with ulimit -n", limit, leastDescriptors)
	case limit < wanted:
		// The spare is a quarter, as far as it goes.
		left := limit - max(spareDescriptors, min(limit/4, 1024))
		r.kafka, r.pg = min(r.kafka, left/2), min(r.pg, left/8)
		r.http, r.files = min(r.http, left/8), min(r.files, left/4)
	}
	return r, wanted, nil
}

// shareDescriptors shares out what the process has, and says so when it is not enough.
func (n *Node) shareDescriptors() (err error) {
	limit := env.DescriptorLimit()
	var wanted int
	if n.room, wanted, err = shareOut(limit, n.cfg); err == nil && limit < wanted {
		n.logger.Warn("fewer file descriptors than the configuration asks for: connections and open files are limited to what there is",
			"remedy", "raise ulimit -n", "limit", limit, "needed", wanted, "kafka_connections", n.room.kafka, "postgres_connections", n.room.pg, "open_segment_files", n.room.files)
	}
	return err
}
