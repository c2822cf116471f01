package group

import (
	"context"
	"slices"
	"time"

	"tailrace/storage/commitlog"
)

// Listing is one group as ListGroups shows it.
type Listing struct {
	ID           string
	ProtocolType string
	State        State
}

// List shows all groups, those that only have offsets too, in order of name.
func (c *Coordinator) List() []Listing {
	c.mu.Lock()
	es := make([]*entry, 0, len(c.mu.groups))
	for _, e := range c.mu.groups {
		es = append(es, e)
	}
	c.mu.Unlock()
	var out []Listing
	seen := map[string]bool{}
	for _, e := range es {
		e.mu.Lock()
		if !e.gone && !e.g.idle() {
			out = append(out, Listing{e.g.ID(), e.g.ProtocolType(), e.g.State()})
			seen[e.g.ID()] = true
		}
		e.mu.Unlock()
	}
	for _, id := range c.offsets.Groups() {
		if !seen[id] {
			out = append(out, Listing{ID: id, State: Empty})
		}
	}
	slices.SortFunc(out, func(a, b Listing) int {
		switch {
		case a.ID < b.ID:
			return -1
		case a.ID > b.ID:
			return 1
		}
		return 0
	})
	return out
}

// Describe shows one group; an unknown one is Dead with code GROUP_ID_NOT_FOUND.
func (c *Coordinator) Describe(id string) (d Description) {
	found := c.with(id, false, func(e *entry, _ time.Time) Ready {
		d = e.g.Describe()
		return Ready{}
	})
	switch {
	case found:
		return d
	case c.hasOffsets(id):
		return Description{ID: id, State: Empty}
	}
	return Description{Code: codeNotFound, ID: id, State: Dead}
}

func (c *Coordinator) hasOffsets(id string) bool { return len(c.offsets.Fetch(id)) > 0 }

// Delete forgets a group that has no members, with its offsets.
func (c *Coordinator) Delete(ctx context.Context, id string) (code Code) {
	found := c.with(id, false, func(e *entry, now time.Time) Ready {
		if e.commits > 0 {
			code = codeNonEmpty
			return Ready{}
		}
		if code = e.g.Kill(now); code != 0 {
			return Ready{}
		}
		code = c.remove(ctx, id)
		c.forget(e)
		return Ready{}
	})
	switch {
	case found:
		return code
	case c.hasOffsets(id):
		return c.remove(ctx, id)
	}
	return codeNotFound
}

func (c *Coordinator) remove(ctx context.Context, id string) Code {
	if err := c.offsets.DeleteGroup(ctx, id); err != nil {
		c.cfg.Logger.Error("cannot delete group", "group", id, "err", err)
		return codeNotAvailable
	}
	return 0
}

// DeleteOffsets forgets the positions of a group in some partitions, unless members
// read their topics.
func (c *Coordinator) DeleteOffsets(ctx context.Context, id string, tps []commitlog.TopicPartition) (code Code, each []Code) {
	if id == "" {
		return codeInvalidGroup, nil
	}
	each = make([]Code, len(tps))
	found := c.with(id, false, func(e *entry, _ time.Time) Ready {
		if e.g.State() != Empty && e.g.ProtocolType() != "consumer" {
			code = codeNonEmpty
			return Ready{}
		}
		for i, tp := range tps {
			if e.g.subscribed(tp.Topic) {
				each[i] = codeSubscribed
			}
		}
		return Ready{}
	})
	switch {
	case code != 0:
		return code, nil
	case !found && !c.hasOffsets(id):
		return codeNotFound, nil
	}
	var drop []commitlog.TopicPartition
	for i, tp := range tps {
		if each[i] == 0 {
			drop = append(drop, tp)
		}
	}
	if len(drop) == 0 {
		return 0, each
	}
	if err := c.offsets.Delete(ctx, id, drop); err != nil {
		c.cfg.Logger.Error("cannot delete offsets", "group", id, "err", err)
		return codeNotAvailable, nil
	}
	return 0, each
}

// Offsets returns a copy of all positions of a group; nil when it has none.
func (c *Coordinator) Offsets(id string) map[commitlog.TopicPartition]CommittedOffset {
	return c.offsets.Fetch(id)
}

// Offset returns the position of a group in one partition.
func (c *Coordinator) Offset(id string, tp commitlog.TopicPartition) (CommittedOffset, bool) {
	return c.offsets.FetchOne(id, tp)
}

// expireOffsets forgets positions of groups that have been empty for longer than the
// retention, and groups of which nothing is left.
func (c *Coordinator) expireOffsets() {
	c.mu.Lock()
	ids := make([]string, 0, len(c.mu.groups))
	for id := range c.mu.groups {
		ids = append(ids, id)
	}
	c.mu.Unlock()
	for _, id := range ids {
		c.with(id, false, func(e *entry, now time.Time) Ready {
			if e.g.State() != Empty || e.commits > 0 || !e.stored {
				return Ready{}
			}
			c.expire(e, now.Add(-c.cfg.OffsetsRetention))
			return Ready{}
		})
	}
	for _, id := range c.offsets.Groups() {
		if c.cfg.Keep == nil || !c.cfg.Keep(id) {
			c.expireSimple(id)
		}
	}
}

// expireSimple forgets positions of a group that never had members, each by when it was
// committed. The entry that it makes for a moment keeps commits away meanwhile.
func (c *Coordinator) expireSimple(id string) {
	if _, ok := c.offsets.Group(id); ok {
		return // had members: goes as a whole
	}
	before := c.cfg.Clock.Now().Add(-c.cfg.OffsetsRetention).UnixMilli()
	old := func() (tps []commitlog.TopicPartition) {
		for tp, o := range c.offsets.Fetch(id) {
			if o.CommitMs < before {
				tps = append(tps, tp)
			}
		}
		return tps
	}
	if len(old()) == 0 {
		return
	}
	c.with(id, true, func(e *entry, now time.Time) Ready {
		if !e.g.idle() || e.commits > 0 {
			return Ready{}
		}
		if err := c.offsets.Delete(c.ctx, id, old()); err != nil {
			c.cfg.Logger.Error("cannot expire offsets", "group", id, "err", err)
		}
		if e.g.Kill(now) == 0 {
			c.forget(e)
		}
		return Ready{}
	})
}

// expire handles one empty group; the caller holds its lock.
func (c *Coordinator) expire(e *entry, before time.Time) {
	all := c.offsets.Fetch(e.g.ID())
	if e.g.StateSince().After(before) && len(all) > 0 {
		return
	}
	var old []commitlog.TopicPartition
	for tp, o := range all {
		if o.CommitMs < before.UnixMilli() {
			old = append(old, tp)
		}
	}
	if len(old) == len(all) {
		if c.remove(c.ctx, e.g.ID()) == 0 {
			e.g.Kill(c.cfg.Clock.Now())
			c.forget(e)
		}
		return
	}
	if len(old) > 0 {
		if err := c.offsets.Delete(c.ctx, e.g.ID(), old); err != nil {
			c.cfg.Logger.Error("cannot expire offsets", "group", e.g.ID(), "err", err)
		}
	}
}

// Held is the number of groups in memory. Groups that only have offsets are not.
func (c *Coordinator) Held() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.mu.groups)
}
