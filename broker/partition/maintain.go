package partition

import (
	"time"

	"tailrace/storage/segment"
)

// Removed is what retention or compaction has taken from a log.
type Removed struct {
	Segments int
	Bytes    int64
	// Start is the log start afterwards.
	Start Offset
}

// Maintain deletes what retention allows and forgets producers that have been silent for
// longer than expiry.
func (p *Partition) Maintain(now time.Time, expiry time.Duration) (Removed, error) {
	p.appendMu.Lock()
	defer p.appendMu.Unlock()
	if err := p.gone(); err != nil {
		return Removed{}, nil
	}
	p.log.ExpireProducers(now.Add(-expiry))
	before := p.log.Size()
	n, err := p.log.Retain(now, int64(p.Bounds().HighWatermark), p.starts)
	after := p.log.Stat()
	return Removed{Segments: n, Bytes: before - after.Bytes, Start: Offset(after.Start)}, err
}

// Compact runs the compaction that is due below limit, which must be a stored recovery
// point, and reports whether there was one. Above it recovery could not tell the gaps of
// a compaction from those that a crash has torn. reclaimed is by how many bytes the log has
// shrunk.
func (p *Partition) Compact(now time.Time, limit Offset) (done bool, reclaimed int64, err error) {
	p.appendMu.Lock()
	var c *segment.Compaction
	if p.gone() == nil {
		c, err = p.log.PlanCompaction(now, min(int64(limit), p.log.Flushed()))
	}
	p.appendMu.Unlock()
	if c == nil || err != nil {
		return false, 0, err
	}
	if err := c.Run(); err != nil {
		return true, 0, err
	}
	p.appendMu.Lock()
	defer p.appendMu.Unlock()
	before := p.log.Size()
	err = c.Install()
	return true, before - p.log.Size(), err
}
