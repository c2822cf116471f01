package console

import (
	"context"

	"tailrace/executor"
	"tailrace/storage/commitlog"
)

// sample fills the rings until the console closes.
func (k *Console) sample() {
	timer := k.c.Clock.NewTimer(sampleInterval)
	defer timer.Stop()
	k.takeSample()
	for {
		select {
		case <-k.ctx.Done():
			return
		case <-timer.C():
			k.takeSample()
			timer.Reset(sampleInterval)
		}
	}
}

// takeSample looks at everything once. It touches each partition and each group: some
// milliseconds for 10,000 of them.
func (k *Console) takeSample() {
	s := sample{at: k.c.Clock.Now().UnixMilli()}
	if k.c.Traffic != nil {
		s.bytesIn, s.bytesOut = k.c.Traffic()
	}
	if k.c.Memory != nil {
		for i, u := range k.c.Memory.Usage() {
			if i < ringAccounts {
				s.memory[i] = u.Used
			}
		}
	}
	_, s.diskFree = k.c.Log.DiskBytes()
	s.errors = k.c.Engine.Counts().Errors
	k.sampleQueries(&s)
	ends, lags, read := map[string]int64{}, map[string]int64{}, map[string]int64{}
	k.sampleTopics(&s, ends)
	k.sampleGroups(&s, lags, read)

	r := &k.rings
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, ok := r.node.last(); ok {
		s.recordsIn, s.recordsRead = last.recordsIn+growth(r.ends, ends, true), last.recordsRead+growth(r.read, read, false)
	}
	r.ends, r.read = ends, read
	r.node.add(s)
	for id := range r.groups {
		if _, ok := lags[id]; !ok {
			delete(r.groups, id)
		}
	}
	// Where there are more groups than rings, those of users come before those of queries.
	for _, owned := range []bool{false, true} {
		for id, lag := range lags {
			if k.names.OwnsGroup(id) == owned {
				r.addLag(id, groupSample{s.at, lag})
			}
		}
	}
}

// addLag notes the lag of a group, if there is a ring for it; r.mu is held.
func (r *rings) addLag(id string, s groupSample) {
	g := r.groups[id]
	if g == nil {
		if len(r.groups) >= ringGroups {
			return
		}
		g = &ring[groupSample]{}
		r.groups[id] = g
	}
	g.add(s)
}

// growth sums by how much counters have grown; born counts those that were not there before
// from 0. What has shrunk (a topic made anew, a group that was reset) counts nothing.
func growth(was, is map[string]int64, born bool) int64 {
	sum := int64(0)
	for name, n := range is {
		if before, ok := was[name]; ok || born {
			sum += max(0, n-before)
		}
	}
	return sum
}

func (k *Console) sampleQueries(s *sample) {
	for _, id := range k.c.Engine.Queries() {
		st, err := k.c.Engine.Status(id)
		if err != nil {
			continue // it has just ended
		}
		s.queries++
		if st.State == executor.Failed || st.State == executor.Fenced {
			s.failed++
		}
		s.rowsIn += st.RowsIn
		s.rowsOut += st.RowsOut
		s.commits += st.Commits
		s.queryLag += sumLag(st)
	}
}

func sumLag(st executor.Status) int64 {
	sum := int64(0)
	for _, n := range st.Lag {
		sum += n
	}
	return sum
}

func (k *Console) sampleTopics(s *sample, ends map[string]int64) {
	topics, err := k.c.Log.Topics(context.Background())
	if err != nil {
		return
	}
	for _, t := range topics {
		s.partitions += t.Partitions
		for p := range t.Partitions {
			part, err := k.c.Log.Partition(commitlog.TopicPartition{Topic: t.Name, Partition: commitlog.PartitionID(p)})
			if err != nil {
				continue
			}
			s.logBytes += part.SizeBytes()
			if !k.hidden(t) {
				ends[t.Name] += int64(part.Bounds().HighWatermark)
			}
		}
	}
}

// hidden reports whether a topic is listed only on demand: it is the server's own.
func (k *Console) hidden(t commitlog.Topic) bool {
	return t.Internal || k.names.OwnsTopic(t.Name) || t.Name == commitlog.OffsetsTopic
}

func (k *Console) sampleGroups(s *sample, lags, read map[string]int64) {
	for _, id := range k.c.Log.Offsets().Groups() {
		if id == k.names.CommandTopic() {
			continue
		}
		sum, lag := int64(0), int64(0)
		for tp, o := range k.c.Groups.Offsets(id) {
			sum += int64(o.Offset)
			if part, err := k.c.Log.Partition(tp); err == nil {
				lag += max(0, int64(part.Bounds().HighWatermark-o.Offset))
			}
		}
		read[id], lags[id] = sum, lag
		if !k.names.OwnsGroup(id) {
			s.groupLag += lag
		}
	}
}
