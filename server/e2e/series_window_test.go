package e2e

import "slices"

// windows counts events by key and window, in the order of each partition, and forgets
// what comes later than grace after its window: Kafka Streams' rule, window end + grace
// <= stream time.
func (in *input) windows(size, advance, grace int64) sums {
	out := sums{}
	for _, partition := range in.evs {
		streamTime := int64(0)
		for _, e := range partition {
			streamTime = max(streamTime, e.val.TS)
			for start := e.val.TS / advance * advance; start > e.val.TS-size; start -= advance {
				if start+size+grace > streamTime {
					out.add(line(e.key, start), e.val.V)
				}
			}
		}
	}
	return out
}

// finals are the windows that stream time has left behind.
func (in *input) finals(size, advance, grace int64) map[string]string {
	all := in.windows(size, advance, grace).rows()
	for _, partition := range in.evs {
		streamTime := int64(0)
		for _, e := range partition {
			streamTime = max(streamTime, e.val.TS)
		}
		for _, e := range partition {
			for start := e.val.TS / advance * advance; start > e.val.TS-size; start -= advance {
				if start+size+grace > streamTime {
					delete(all, line(e.key, start))
				}
			}
		}
	}
	return all
}

// kindWindows count events by g and window, late ones too.
func (in *input) kindWindows(size int64) sums {
	out := sums{}
	in.each(func(e evRecord) { out.add(line(e.G, e.TS/size*size), e.V) })
	return out
}

// session is a run of events of one key.
type session struct{ start, end, n, total int64 }

// sessions are the runs of each key's events with gaps of at most gap, in the order of each
// partition, by key and bounds: an event joins what it touches, and is forgotten if what comes
// of that would have ended more than grace and gap ago, as in Kafka Streams. finals are those
// that stream time has left behind: also those that came out before a late event made them part
// of others.
func (in *input) sessions(gap, grace int64) (all, finals map[string]string) {
	all, finals = map[string]string{}, map[string]string{}
	for _, partition := range in.evs {
		closed, byKey := int64(0), map[string][]session{}
		put := func(to map[string]string, key string, s session) {
			to[line(key, s.start, s.end)] = line(s.n, s.total)
		}
		for _, e := range partition {
			ts := e.val.TS
			merged, apart := session{ts, ts, 1, e.val.V}, []session(nil)
			for _, s := range byKey[e.key] {
				if s.end < ts-gap || s.start > ts+gap {
					apart = append(apart, s)
					continue
				}
				merged = session{min(merged.start, s.start), max(merged.end, s.end), merged.n + s.n, merged.total + s.total}
			}
			before := closed
			if closed = max(closed, ts-grace-gap); merged.end < closed {
				continue
			}
			for _, s := range byKey[e.key] {
				if !slices.Contains(apart, s) && s.end < before {
					put(finals, e.key, s)
				}
			}
			byKey[e.key] = append(apart, merged)
		}
		for key, sessions := range byKey {
			for _, s := range sessions {
				put(all, key, s)
				if s.end < closed {
					put(finals, key, s)
				}
			}
		}
	}
	return all, finals
}
